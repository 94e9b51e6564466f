//! Compares the training steps of a calibration with those of a bare candle loop: `cargo bench --bench training`.
//!
//! Both use the same network, batches and learning rate, alternately, on one thread each. The training time of a calibration is
//! the time that its run reports: batch, gradient, step, and the check for divergence. The bare loop is what a user of candle
//! would write: forward pass, backward pass and a step of every parameter. It uses candle's `max_pool2d`, whose gradient is
//! wrong but not slower.
//!
//! Then the restarts of `[escape]`: steps of all runs per second, on all threads of the processor and, if this build supports a GPU and the machine
//! has one, on that.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use candle_core::{DType, Device, Result, Tensor, Var};
use levy_escape::Seed;
use levy_escape::calibrate::{
    Activation, Architecture, CalibrationObserver, CalibrationSettings, DataSet, DataSource, DeviceChoice,
    EscapeSettings, Event, Images, MinimaSettings, Optimiser, Sizes, calibrate,
};
use levy_escape::engine::StopFlag;
use levy_escape::tail::Estimator;
use rand::RngExt;
use rand::seq::SliceRandom;

const TURNS: usize = 15;
const ETA: f64 = 0.01;

/// A network, its images and its batches.
struct Task {
    name: &'static str,
    architecture: Architecture,
    data: DataSet,
    batch: usize,
    steps: u64,
}

fn main() {
    let mlp = |widths: &[usize]| Architecture::Mlp { hidden: widths.to_vec() };
    let task = |name, architecture, data, batch, steps| Task { name, architecture, data, batch, steps };
    let tasks = [
        task("mlp 64-64-32-10, digits", mlp(&[64, 32]), DataSet::digits(), 32, 300),
        task("mlp 784-128-64-10, 28 × 28", mlp(&[128, 64]), random_images(), 64, 100),
        task("lenet, 28 × 28", Architecture::LeNet, random_images(), 64, 8),
    ];
    // Each training runs on its own thread, so the bare loop does too.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    println!("{:28} {:>6} {:>10} {:>10} {:>22}", "", "batch", "ours", "bare", "ours / bare");
    for task in &tasks {
        let mut bare = Bare::new(task).expect("the bare loop");
        let turn = |_| (ours(task), pool.install(|| bare.run(task.steps).expect("the bare loop")));
        let (ours, bare): (Vec<f64>, Vec<f64>) = (0..TURNS).map(turn).unzip();
        let ratios = ours.iter().zip(&bare).map(|(ours, bare)| ours / bare).collect();
        let [[_, ours, _], [_, bare, _], [low, middle, high]] = [ours, bare, ratios].map(quartiles);
        println!(
            "{:28} {:>6} {:>7.3} ms {:>7.3} ms {middle:>6.3} ({low:.3} to {high:.3})",
            task.name,
            task.batch,
            1e3 * ours,
            1e3 * bare,
        );
    }
    restarts();
}

/// Prints the speed of the restarts from a minimum of the network of `experiments/network_escape.toml`.
fn restarts() {
    let (gpu, reason) = DeviceChoice::Auto.open().expect("a device");
    println!("\n{:28} {:>6} {:>10} {:>18} {:>18}", "", "batch", "runs", "cpu, steps/s", "gpu, steps/s");
    for (batch, runs) in [(16, 40), (64, 40), (16, 1_000), (64, 1_000)] {
        let cpu = steps_per_second(&Device::Cpu, batch, runs);
        let gpu = gpu.is_cuda().then(|| steps_per_second(&gpu, batch, runs));
        let gpu = gpu.map_or("-".to_string(), |speed| format!("{speed:.0}"));
        println!("{:28} {batch:>6} {runs:>10} {cpu:>18.0} {gpu:>18}", "restarts, 64-8-10, digits");
    }
    if !gpu.is_cuda() {
        println!("no GPU: {reason}");
    }
}

/// Steps per second of restarts that leave no set.
fn steps_per_second(device: &Device, batch: usize, runs: usize) -> f64 {
    const MAX_STEPS: u64 = 100;
    let mut data = DataSet::digits();
    data.train.truncate(600);
    let minima =
        MinimaSettings { count: 1, activation: Activation::Tanh, weight_decay: 5e-3, tolerance: 1e-3, descent: 5_000 };
    let escape = EscapeSettings {
        minima,
        runs,
        max_steps: MAX_STEPS,
        batches: vec![batch],
        eta_factors: vec![1.0],
        radii: Sizes { from: 1e3, to: 1e4, count: 2 },
        boxes: None,
        levels: None,
        loss_every: 1,
        noise_batches: 50,
        estimator: Estimator::KOUTROUVELIS,
        predicted_runs: 2,
        rank: 2,
    };
    let settings = CalibrationSettings {
        escape: Some(escape),
        iterations: 500,
        batch: 32,
        ..settings(Architecture::Mlp { hidden: vec![8] }, 0.1)
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let watch = Stopwatch::default();
    let found = calibrate(&settings, &data, device, threads, &StopFlag::default(), &watch).expect("a calibration");
    assert!(found.escape.is_some_and(|escape| escape.complete()), "the minimum was not reached");
    let clock = watch.restarts.lock().expect("one thread");
    (MAX_STEPS * runs as u64) as f64 / clock.1.as_secs_f64()
}

fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[quarter * (values.len() - 1) / 4])
}

fn random_images() -> DataSet {
    let mut rng = levy_escape::noise::Stream::new(Seed(1), 0, 0);
    let mut images = |count: usize| Images {
        shape: [1, 28, 28],
        pixels: (0..784 * count).map(|_| rng.random_range(-1.0..1.0)).collect(),
        labels: (0..count).map(|i| (i % 10) as u8).collect(),
    };
    DataSet { name: "random".to_string(), classes: 10, train: images(640), test: images(10) }
}

/// Sums the time between [`Event::Training`] and [`Event::Trained`] and that of the restarts, as the program does.
#[derive(Default)]
struct Stopwatch {
    training: Mutex<(Option<Instant>, Duration)>,
    restarts: Mutex<(Option<Instant>, Duration)>,
}

impl CalibrationObserver for Stopwatch {
    fn event(&self, _: usize, event: Event) {
        let mut clock = self.training.lock().expect("one thread");
        match event {
            Event::Training => clock.0 = Some(Instant::now()),
            Event::Trained { .. } => {
                let since = clock.0.take();
                clock.1 += since.map_or(Duration::ZERO, |since| since.elapsed());
            }
            _ => {}
        }
    }

    fn escaping(&self, _: usize, _: usize) {
        self.restarts.lock().expect("one thread").0 = Some(Instant::now());
    }

    fn restarted(&self, _: usize, _: usize, _: u64) {
        let mut clock = self.restarts.lock().expect("one thread");
        let since = clock.0.take();
        clock.1 += since.map_or(Duration::ZERO, |since| since.elapsed());
    }
}

/// Seconds per step of a calibration with the fewest measurements possible.
fn ours(task: &Task) -> f64 {
    let settings =
        CalibrationSettings { batch: task.batch, iterations: task.steps, ..settings(task.architecture.clone(), ETA) };
    let watch = Stopwatch::default();
    calibrate(&settings, &task.data, &Device::Cpu, 1, &StopFlag::default(), &watch).expect("a calibration");
    let clock = watch.training.lock().expect("one thread");
    clock.1.as_secs_f64() / task.steps as f64
}

/// SGD with the fewest measurements possible.
fn settings(network: Architecture, eta: f64) -> CalibrationSettings {
    CalibrationSettings {
        escape: None,
        scaling: None,
        name: "bench".to_string(),
        seed: Seed(1),
        device: DeviceChoice::Cpu,
        data: DataSource::Digits,
        train_images: None,
        test_images: None,
        network,
        batch: 1,
        optimisers: vec![("sgd".to_string(), Optimiser::Sgd { eta, momentum: 0.0 })],
        iterations: 1,
        measurements: 1,
        noise_batches: 2,
        window: 0,
        coordinates: 0,
    }
}

/// The bare loop.
struct Bare {
    convolutional: bool,
    parameters: Vec<Var>,
    images: Tensor,
    labels: Tensor,
    batch: usize,
    order: Vec<u32>,
    next: usize,
}

impl Bare {
    fn new(task: &Task) -> Result<Self> {
        let (images, device) = (&task.data.train, Device::Cpu);
        let [channels, height, width] = images.shape;
        let count = images.count();
        let mut parameters = Vec::new();
        let mut layer = |weight: &[usize]| -> Result<()> {
            parameters.push(Var::rand(-0.1f32, 0.1f32, weight, &device)?);
            parameters.push(Var::zeros(weight[0], DType::F32, &device)?);
            Ok(())
        };
        let (inputs, widths) = match &task.architecture {
            Architecture::Mlp { hidden } => (images.size(), hidden.clone()),
            _ => {
                layer(&[6, channels, 5, 5])?;
                layer(&[16, 6, 5, 5])?;
                (400, vec![120, 84])
            }
        };
        let widths: Vec<usize> = [inputs].into_iter().chain(widths).chain([10]).collect();
        widths.windows(2).try_for_each(|pair| layer(&[pair[1], pair[0]]))?;
        let labels: Vec<u32> = images.labels.iter().map(|&label| u32::from(label)).collect();
        Ok(Bare {
            convolutional: matches!(task.architecture, Architecture::LeNet),
            parameters,
            images: Tensor::from_slice(&images.pixels, (count, channels, height, width), &device)?,
            labels: Tensor::from_vec(labels, count, &device)?,
            batch: task.batch,
            order: (0..count as u32).collect(),
            next: count,
        })
    }

    /// Seconds per step, over the given number of steps.
    fn run(&mut self, steps: u64) -> Result<f64> {
        let clock = Instant::now();
        for _ in 0..steps {
            self.step()?;
        }
        Ok(clock.elapsed().as_secs_f64() / steps as f64)
    }

    fn step(&mut self) -> Result<()> {
        if self.next + self.batch > self.order.len() {
            self.order.shuffle(&mut levy_escape::noise::Stream::new(Seed(2), 0, 0));
            self.next = 0;
        }
        let numbers = Tensor::new(&self.order[self.next..self.next + self.batch], &Device::Cpu)?;
        self.next += self.batch;
        let logits = self.logits(&self.images.index_select(&numbers, 0)?)?;
        let labels = self.labels.index_select(&numbers, 0)?;
        let shifted = logits.broadcast_sub(&logits.max_keepdim(1)?.detach())?;
        let log_sum = shifted.exp()?.sum_keepdim(1)?.log()?;
        let loss = (log_sum - shifted.gather(&labels.unsqueeze(1)?, 1)?)?.mean_all()?;
        let gradients = loss.backward()?;
        for parameter in &self.parameters {
            let Some(gradient) = gradients.get(parameter) else { continue };
            parameter.set(&(parameter.as_tensor() - (gradient * ETA)?)?)?;
        }
        Ok(())
    }

    fn logits(&self, images: &Tensor) -> Result<Tensor> {
        let (mut x, mut layers) = (images.clone(), self.parameters.chunks(2).peekable());
        for padding in [2, 0].into_iter().take(if self.convolutional { 2 } else { 0 }) {
            let Some([weight, bias]) = layers.next() else { break };
            let bias = bias.reshape((1, bias.elem_count(), 1, 1))?;
            x = x.conv2d(weight, padding, 1, 1, 1)?.broadcast_add(&bias)?.max_pool2d(2)?.relu()?;
        }
        x = x.flatten_from(1)?;
        while let Some([weight, bias]) = layers.next() {
            x = x.matmul(&weight.t()?)?.broadcast_add(bias)?;
            x = if layers.peek().is_some() { x.relu()? } else { x };
        }
        Ok(x)
    }
}
