//! The runs on a device against [`Walk::run`] on the processor.

use std::time::Duration;

use candle_core::{Device, Tensor};

use super::{NetworkOnDevice, RunsTogether};
use crate::calibrate::data::images::DataSet;
use crate::calibrate::escape::mlp::{Buffers, Mlp};
use crate::calibrate::escape::walk::{Landscape, Run, Walk};
use crate::calibrate::escape::{Activation, Nested, SetKind};
use crate::calibrate::training::Optimiser;
use crate::noise::{Seed, Stream};
use crate::scheme::StopFlag;

const KEY: Seed = Seed(11);
const STREAM: u64 = 3;
const BATCH: usize = 6;
const RUNS: usize = 12;

const OPTIMISERS: [Optimiser; 3] = [
    Optimiser::Sgd { eta: 0.2, momentum: 0.0 },
    Optimiser::Sgd { eta: 0.03, momentum: 0.9 },
    Optimiser::Adam { eta: 0.012, beta1: 0.9, beta2: 0.99, stabilizer: 1e-8 },
];

/// A network at some point, which takes the place of a minimum.
struct Place {
    mlp: Mlp,
    theta: Vec<f64>,
    loss: f64,
    second_moment: Vec<f64>,
}

impl Place {
    fn new(activation: Activation) -> Self {
        let mut images = DataSet::digits().train;
        images.truncate(60);
        let mlp = Mlp::new(&images, &[7, 5], 10, activation, 0.01);
        let mut theta = mlp.weights(&mut Stream::new(Seed(1), 0, 0));
        let (mut work, mut gradient) = (Buffers::default(), vec![0.0; mlp.dim()]);
        let mut loss = 0.0;
        for _ in 0..150 {
            loss = mlp.full(&theta, &mut work, &mut gradient);
            theta.iter_mut().zip(&gradient).for_each(|(t, g)| *t -= 0.3 * g);
        }
        let second_moment = gradient.iter().map(|g| g * g + 1e-3).collect();
        Place { mlp, theta, loss, second_moment }
    }

    fn on(&self, device: &Device) -> NetworkOnDevice {
        NetworkOnDevice::new(&self.mlp, &self.theta, self.loss, device).unwrap()
    }

    fn walk<'w>(&'w self, optimiser: Optimiser, sets: &'w [Nested], stop: &'w StopFlag) -> Walk<'w> {
        let second_moment = &self.second_moment;
        Walk { optimiser, second_moment, sets, max_steps: 60, loss_every: 4, losses: true, stop }
    }

    fn on_processor(&self, walk: &Walk<'_>) -> Vec<Run> {
        let run = |run| walk.run(&mut self.around(), &mut Stream::new(KEY, STREAM, run));
        (0..RUNS as u64).map(run).collect()
    }

    fn around(&self) -> Around<'_> {
        Around { place: self, work: Buffers::default(), spare: vec![0.0; self.theta.len()] }
    }
}

struct Around<'p> {
    place: &'p Place,
    work: Buffers,
    spare: Vec<f64>,
}

impl Around<'_> {
    fn theta(&self, x: &[f64]) -> Vec<f64> {
        self.place.theta.iter().zip(x).map(|(t, x)| t + x).collect()
    }
}

impl Landscape for Around<'_> {
    fn gradient(&mut self, x: &[f64], stream: &mut Stream, out: &mut [f64]) {
        let theta = self.theta(x);
        self.place.mlp.minibatch(&theta, BATCH, stream, &mut self.work, out);
    }

    fn excess(&mut self, x: &[f64]) -> f64 {
        let theta = self.theta(x);
        self.place.mlp.full(&theta, &mut self.work, &mut self.spare) - self.place.loss
    }
}

/// Balls, boxes and levels, which the runs leave at different steps, if at all.
fn sets() -> [Nested; 3] {
    let nested = |kind, sizes: [f64; 4]| Nested { kind, sizes: sizes.to_vec() };
    [
        nested(SetKind::Ball, [0.05, 0.2, 0.5, 1.0]),
        nested(SetKind::Box, [0.01, 0.03, 0.06, 0.2]),
        nested(SetKind::Level, [1e-3, 4e-3, 0.01, 0.03]),
    ]
}

/// The same steps; lengths and losses within `tolerance`.
fn must_agree(found: &[Run], expected: &[Run], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!((found.steps, found.stopped), (expected.steps, expected.stopped), "{what}, run {i}");
        for (family, (found, expected)) in found.passages.iter().zip(&expected.passages).enumerate() {
            assert_eq!(found.len(), expected.len(), "{what}, run {i}, family {family}");
            for (found, expected) in found.iter().zip(expected) {
                let near = |a: f64, b: f64| (a - b).abs() <= tolerance * b.abs();
                let both = |a: Option<f64>, b: Option<f64>| match (a, b) {
                    (Some(a), Some(b)) => near(a, b),
                    (a, b) => a == b,
                };
                let same = found.step == expected.step
                    && near(found.largest, expected.largest)
                    && both(found.last, expected.last)
                    && both(found.excess, expected.excess);
                assert!(same, "{what}, run {i}, family {family}: {found:?} for {expected:?}");
            }
        }
    }
}

fn together<'r>(walk: Walk<'r>, network: &'r NetworkOnDevice) -> RunsTogether<'r> {
    RunsTogether { walk, network, batch: BATCH, key: KEY, stream: STREAM }
}

#[test]
fn runs_together_have_the_passages_of_single_runs() {
    let (sets, stop) = (sets(), StopFlag::default());
    for activation in Activation::ALL {
        let place = Place::new(activation);
        let network = place.on(&Device::Cpu);
        for optimiser in OPTIMISERS {
            let expected = place.on_processor(&place.walk(optimiser, &sets, &stop));
            let what = format!("{activation:?}, {optimiser:?}");
            // The comparison covers runs that drop out at different steps.
            let mut ends: Vec<u64> = expected.iter().map(|run| run.steps).collect();
            ends.sort_unstable();
            ends.dedup();
            assert!(ends.len() > 2, "{what}: {ends:?}");
            let together = together(place.walk(optimiser, &sets, &stop), &network);
            must_agree(&together.run(RUNS).unwrap(), &expected, 1e-9, &what);
            must_agree(&together.in_groups(RUNS, 5).unwrap(), &expected, 1e-9, &what);
        }
    }
}

/// The loss of all images in parts, the last of which is smaller.
#[test]
fn the_loss_does_not_depend_on_the_parts() {
    for activation in Activation::ALL {
        let place = Place::new(activation);
        let network = place.on(&Device::Cpu);
        let x: Vec<f64> = (0..3 * place.theta.len()).map(|i| 0.3 * (i as f64).sin()).collect();
        let rows = Tensor::from_slice(&x, (3, place.theta.len()), &Device::Cpu).unwrap();
        let mut around = place.around();
        let expected: Vec<f64> = x.chunks_exact(place.theta.len()).map(|x| around.excess(x)).collect();
        for at_once in [1, 7, 60] {
            let found = network.excess_in_parts(&rows, at_once).unwrap();
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found / expected - 1.0).abs() < 1e-12, "{activation:?}, {at_once}: {found} for {expected}");
            }
        }
    }
}

/// Only NaN leaves infinite sets.
#[test]
fn diverged_runs_leave_every_set() {
    let nested = |kind| Nested { kind, sizes: vec![f64::INFINITY] };
    let (sets, stop) = ([SetKind::Ball, SetKind::Box].map(nested), StopFlag::default());
    let place = Place::new(Activation::Tanh);
    let network = place.on(&Device::Cpu);
    let walk = || place.walk(Optimiser::Sgd { eta: 1e300, momentum: 0.9 }, &sets, &stop);
    let steps = |runs: &[Run]| -> Vec<u64> { runs.iter().map(|run| run.steps).collect() };
    let (expected, found) = (place.on_processor(&walk()), together(walk(), &network).run(RUNS).unwrap());
    assert!(steps(&expected).iter().all(|steps| (2..60).contains(steps)), "{:?}", steps(&expected));
    assert_eq!(steps(&found), steps(&expected));
    assert!(found.iter().flat_map(|run| &run.passages).all(|passages| passages.len() == 1));
}

/// No run would end by itself.
#[test]
fn a_stop_ends_all_runs() {
    let sets = [Nested { kind: SetKind::Ball, sizes: vec![1e9] }];
    let stop = StopFlag::default();
    let place = Place::new(Activation::Tanh);
    let network = place.on(&Device::Cpu);
    let together = together(Walk { max_steps: u64::MAX, ..place.walk(OPTIMISERS[0], &sets, &stop) }, &network);
    let runs = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(200));
            stop.stop();
        });
        together.in_groups(RUNS, 8).unwrap()
    });
    assert_eq!(runs.len(), RUNS);
    assert!(runs.iter().all(|run| run.stopped));
    // The second group had not begun.
    assert!(runs[8..].iter().all(|run| run.steps == 0));
}

/// Needs a GPU: the passages there against those of the processor.
#[cfg(feature = "cuda")]
#[test]
fn a_gpu_gives_the_passages_of_the_processor() {
    let gpu = Device::new_cuda(0).expect("the tests of the feature cuda need a GPU");
    let (sets, stop) = (sets(), StopFlag::default());
    for activation in Activation::ALL {
        let place = Place::new(activation);
        let network = place.on(&gpu);
        for optimiser in OPTIMISERS {
            let expected = place.on_processor(&place.walk(optimiser, &sets, &stop));
            let found = together(place.walk(optimiser, &sets, &stop), &network).run(RUNS).unwrap();
            must_agree(&found, &expected, 1e-9, &format!("{activation:?}, {optimiser:?}"));
        }
    }
}
