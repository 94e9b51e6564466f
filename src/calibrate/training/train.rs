//! Trains the network with one optimiser, with measurements along the way.

use candle_core::Device;

use super::error::Halt;
use super::network::{Loaded, Network};
use super::optimiser::Recursion;
use super::probe::{Direction, NoisePass, Probe, Smoothed, curvature, noise_of, noise_pass};
use super::samples::{Moments, NoiseSamples, Samples, Watch};
use super::settings::log_spaced;
use super::study::{self, Scene};
use super::{CalibrateError, CalibrationSettings, Optimiser};
use crate::calibrate::calibration::{Coordinate, Ended, Minimum, OptimiserRun, TrainingPoint};
use crate::calibrate::data::batches::{Batches, Purpose};
use crate::calibrate::measurement::NoiseKind;
use crate::noise::Seed;
use crate::scheme::StopFlag;
use crate::tail::{NpyArray, NpyError};

/// Points on the curves of loss and accuracy.
const CURVE_POINTS: usize = 40;
/// Least number of progress reports, independent of the points on the curves.
const REPORTS: u64 = 100;
/// Coordinates tried per requested curvature.
const TRIED: usize = 2;
/// Steps of the difference quotients; the larger one gives the error estimate.
const STEPS: [f32; 2] = [2e-3, 4e-3];

/// Progress events of a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// From now until the next event, the training only takes steps.
    Training,
    /// Steps done since [`Event::Training`].
    Trained {
        /// Their number.
        steps: u64,
    },
    /// The noise was measured after this total number of steps.
    Measured {
        /// The number.
        iteration: u64,
    },
}

/// Receives the events; several trainings can run at once.
pub trait CalibrationObserver: Sync {
    /// Called by training number `run`.
    fn event(&self, run: usize, event: Event);

    /// Called before the escapes of a configuration (optimiser, learning rate and batch) from a minimum are measured. Both are numbered from 1.
    fn escaping(&self, _minimum: usize, _configuration: usize) {}

    /// Called when the restarts of a configuration have ended, with the number of their steps together, and before their predictions.
    fn restarted(&self, _minimum: usize, _configuration: usize, _steps: u64) {}

    /// Called before the scaling of the noise at a minimum is measured, with its number from 1.
    fn scaling(&self, _minimum: usize) {}
}

/// A run, with the data for files other than the calibration.
pub struct TrainedRun {
    /// Its record in the calibration.
    pub record: OptimiserRun,
    /// Rows for the file of parameters: value, mean of `log |noise|` (NaN without noise), share of zeros, mean square. Empty if
    /// the training did not complete.
    pub parameters: Vec<[f64; 4]>,
    /// The gradient noise of the last measurement, for figures.
    pub noise: Option<NoiseSamples>,
    /// The noise vectors at the coordinates of the minimum, one after the other.
    pub vectors: Vec<f64>,
}

impl TrainedRun {
    /// The noise vectors as an array of batches × coordinates; `None` without coordinates.
    ///
    /// # Errors
    /// [`NpyError`] of the array.
    pub fn vectors_array(&self) -> Option<Result<NpyArray, NpyError>> {
        let columns = self.record.minimum.as_ref().map_or(0, |minimum| minimum.coordinates.len());
        (columns > 0).then(|| NpyArray::new(vec![self.vectors.len() / columns, columns], self.vectors.clone()))
    }

    /// The rows as an array of parameters × 4.
    ///
    /// # Errors
    /// [`NpyError`] of the array.
    pub fn parameters_array(&self) -> Result<NpyArray, NpyError> {
        NpyArray::new(vec![self.parameters.len(), 4], self.parameters.concat())
    }
}

/// One training with its inputs.
pub(super) struct Training<'t> {
    pub settings: &'t CalibrationSettings,
    pub number: usize,
    pub train: &'t Loaded,
    pub test: &'t Loaded,
    pub shape: [usize; 3],
    pub classes: usize,
    pub device: &'t Device,
    pub stop: &'t StopFlag,
    pub observer: &'t dyn CalibrationObserver,
}

/// The state of a training.
struct TrainingState<'t> {
    training: &'t Training<'t>,
    network: Network,
    watch: Watch,
    recursion: Recursion,
    parameters: Vec<f32>,
    steps: u64,
    record: OptimiserRun,
    window: Window,
    noise: Option<NoiseSamples>,
    vectors: Vec<f64>,
}

/// Noise recorded over the last steps.
struct Window {
    gradient: Samples,
    direction: Option<(Smoothed, Samples)>,
    steps: usize,
}

impl Training<'_> {
    fn optimiser(&self) -> Optimiser {
        self.settings.optimisers[self.number].1
    }

    fn seed(&self) -> Seed {
        self.settings.seed
    }

    /// Trains and measures.
    pub fn run(&self) -> Result<TrainedRun, CalibrateError> {
        let settings = self.settings;
        let mut stream = Purpose::Weights.stream(self.seed(), 0);
        let network = Network::new(&settings.network, self.shape, self.classes, &mut stream, self.device)?;
        let dim = network.dim();
        let smoothed = match self.optimiser() {
            Optimiser::Adam { beta1, .. } => Some((Smoothed::new(beta1, dim), Samples::default())),
            Optimiser::Sgd { .. } => None,
        };
        let mut progress = TrainingState {
            watch: Watch::new(self.seed(), dim, network.ranges()),
            recursion: Recursion::new(self.optimiser(), dim),
            parameters: network.parameters()?,
            steps: 0,
            record: self.empty_record(),
            window: Window { gradient: Samples::default(), direction: smoothed, steps: 0 },
            noise: None,
            vectors: Vec::new(),
            training: self,
            network,
        };
        let (ended, parameters) = match progress.train_and_finish() {
            Ok(done) => done,
            Err(Halt::Stopped) => (Ended::Stopped { iteration: progress.steps }, Vec::new()),
            Err(Halt::Failed(error)) => return Err(error),
        };
        progress.record.ended = ended;
        Ok(TrainedRun { record: progress.record, parameters, noise: progress.noise, vectors: progress.vectors })
    }

    fn empty_record(&self) -> OptimiserRun {
        let (label, optimiser) = &self.settings.optimisers[self.number];
        let (momentum, betas, stabilizer) = match *optimiser {
            Optimiser::Sgd { momentum, .. } => (Some(momentum), None, None),
            Optimiser::Adam { beta1, beta2, stabilizer, .. } => (None, Some([beta1, beta2]), Some(stabilizer)),
        };
        OptimiserRun {
            label: label.clone(),
            optimiser: optimiser.name().to_string(),
            eta: optimiser.eta(),
            momentum,
            betas,
            stabilizer,
            ended: Ended::Stopped { iteration: 0 },
            training: Vec::new(),
            measurements: Vec::new(),
            minimum: None,
        }
    }

    fn batches(&self, purpose: Purpose) -> Batches {
        Batches::new(self.seed(), purpose, self.settings.batch, self.train.count())
    }
}

impl TrainingState<'_> {
    /// Returns how it ended, and the rows for the file of parameters.
    fn train_and_finish(&mut self) -> Result<(Ended, Vec<[f64; 4]>), Halt> {
        let ended = self.train()?;
        let rows = match ended {
            Ended::Complete { iterations } => self.finish(iterations)?,
            _ => Vec::new(),
        };
        Ok((ended, rows))
    }

    fn train(&mut self) -> Result<Ended, Halt> {
        let settings = self.training.settings;
        let last = settings.iterations;
        let measured = log_spaced(last, settings.measurements);
        let curve = log_spaced(last, CURVE_POINTS);
        let mut batches = self.training.batches(Purpose::Training);
        let mut gradient = vec![0.0; self.network.dim()];
        self.assess(0)?;
        self.tell(Event::Training);
        let (mut steps, report) = (0, (last / REPORTS).max(1));
        for iteration in 1..=last {
            Halt::unless(self.training.stop)?;
            let loss = self.network.gradient(&self.training.train.pick(batches.draw())?, &mut gradient)?;
            if iteration + settings.window > last {
                self.follow(&gradient)?;
            }
            self.recursion.step(&mut self.parameters, &gradient);
            self.steps = iteration;
            steps += 1;
            if !(loss.is_finite() && self.parameters.iter().all(|theta| theta.is_finite())) {
                return Ok(Ended::Diverged { iteration });
            }
            self.network.set_parameters(&self.parameters)?;
            let (assess, measure) =
                (curve.binary_search(&iteration).is_ok(), measured.binary_search(&iteration).is_ok());
            if !(assess || measure) && iteration % report == 0 {
                self.tell(Event::Trained { steps });
                self.tell(Event::Training);
                steps = 0;
            }
            if assess || measure {
                self.tell(Event::Trained { steps });
                steps = 0;
                if !self.assess(iteration)? {
                    return Ok(Ended::Diverged { iteration });
                }
                if measure && iteration < last {
                    self.measure(iteration)?;
                }
                self.tell(Event::Training);
            }
        }
        Ok(Ended::Complete { iterations: last })
    }

    fn tell(&self, event: Event) {
        self.training.observer.event(self.training.number, event);
    }

    /// Records losses and accuracies; returns whether the losses are finite.
    fn assess(&mut self, iteration: u64) -> Result<bool, Halt> {
        let train = self.probe(self.training.train).quality()?;
        let test = self.probe(self.training.test).quality()?;
        if !(train.loss.is_finite() && test.loss.is_finite()) {
            return Ok(false);
        }
        self.record.training.push(TrainingPoint {
            iteration,
            train_loss: train.loss,
            train_accuracy: train.accuracy,
            test_loss: test.loss,
            test_accuracy: test.accuracy,
        });
        Ok(true)
    }

    fn probe<'p>(&'p self, data: &'p Loaded) -> Probe<'p> {
        Probe { network: &self.network, data, stop: self.training.stop }
    }

    /// The current `Q` and `β1` of Adam.
    fn direction(&self) -> Option<Direction> {
        let Optimiser::Adam { beta1, stabilizer, .. } = self.training.optimiser() else { return None };
        let q = self.recursion.second_moment()?.iter().map(|v| (v.sqrt() + stabilizer) as f32).collect();
        Some(Direction { beta: beta1, q })
    }

    /// Records the noise of one training step; `gradient` is that of its batch.
    fn follow(&mut self, gradient: &[f32]) -> Result<(), Halt> {
        let rows = self.training.settings.window as usize;
        let full = self.probe(self.training.train).full_gradient()?;
        let mut noise = vec![0.0; gradient.len()];
        noise_of(gradient, &full, &mut noise);
        let direction = self.direction();
        let window = &mut self.window;
        window.gradient.push(&noise, &self.watch, window.steps, rows);
        if let (Some((smoothed, samples)), Some(direction)) = (&mut window.direction, direction) {
            let mut smooth = vec![0.0; gradient.len()];
            smoothed.step(&noise, &direction.q, &mut smooth);
            if window.steps >= smoothed.warm_up() {
                samples.push(&smooth, &self.watch, window.steps, rows);
            }
        }
        window.steps += 1;
        Ok(())
    }

    /// Measures the noise at the current parameters.
    fn measure(&mut self, iteration: u64) -> Result<(NoisePass, Vec<f64>), Halt> {
        let probe = self.probe(self.training.train);
        let full = probe.full_gradient()?;
        let purpose = Purpose::Noise(iteration);
        let mut batches = self.training.batches(purpose);
        let direction = self.direction();
        let count = self.training.settings.noise_batches;
        let pass = noise_pass(probe, &mut batches, &full, count, direction.as_ref(), &self.watch)?;
        let scene = self.scene(iteration);
        let mut found = study::at_fixed_parameters(&scene, NoiseKind::Gradient, &pass.gradient)?;
        if let Some(samples) = &pass.direction {
            found.extend(study::at_fixed_parameters(&scene, NoiseKind::Direction, samples)?);
        }
        self.record.measurements.extend(found);
        self.tell(Event::Measured { iteration });
        Ok((pass, full))
    }

    fn scene(&self, iteration: u64) -> Scene {
        Scene {
            iteration,
            seed: self.training.seed(),
            watch: self.watch.clone(),
            layers: self.network.ranges().to_vec(),
            fits: iteration == self.training.settings.iterations,
            stop: self.training.stop.clone(),
        }
    }

    /// The last measurement, the noise of the window, and the minimum; the rows for the file of parameters.
    fn finish(&mut self, iteration: u64) -> Result<Vec<[f64; 4]>, Halt> {
        let (pass, full) = self.measure(iteration)?;
        let scene = self.scene(iteration);
        self.noise = Some(study::noise_samples(&scene, &pass.gradient));
        if self.window.steps > 0 {
            let window = &self.window;
            self.record.measurements.push(study::over_iterations(&scene, NoiseKind::Gradient, &window.gradient)?);
            if let Some((_, samples)) = &window.direction {
                self.record.measurements.push(study::over_iterations(&scene, NoiseKind::Direction, samples)?);
            }
        }
        let mut minimum = self.minimum(iteration, &pass.moments, &full)?;
        if !minimum.coordinates.is_empty() {
            minimum.noise_file = Some(format!("{}-noise.npy", self.record.label));
            self.vectors = self.noise_vectors(iteration, &full, &minimum)?;
        }
        self.record.minimum = Some(minimum);
        Ok((0..self.network.dim())
            .map(|i| {
                let moments = &pass.moments;
                let mean_log = moments.mean_log(i).unwrap_or(f64::NAN);
                [f64::from(self.parameters[i]), mean_log, moments.zero_share(i), moments.second_moment(i)]
            })
            .collect())
    }

    /// The noise of the batches of the last measurement at the coordinates of the minimum, row by row. The coordinates are known only
    /// after that measurement, so the batches are drawn again, with those by which Adam's direction warms up.
    fn noise_vectors(&self, iteration: u64, full: &[f64], minimum: &Minimum) -> Result<Vec<f64>, Halt> {
        let coordinates = minimum.coordinates.iter().map(|c| c.parameter).collect();
        let watch = Watch { wide: Vec::new(), pooled: Vec::new(), long: coordinates };
        let mut batches = self.training.batches(Purpose::Noise(iteration));
        let count = self.training.settings.noise_batches;
        let direction = self.direction();
        let pass = noise_pass(self.probe(self.training.train), &mut batches, full, count, direction.as_ref(), &watch)?;
        Ok(pass.gradient.long.pooled(|_| true))
    }

    /// Curvatures at the coordinates with the largest noise.
    fn minimum(&self, iteration: u64, moments: &Moments, full: &[f64]) -> Result<Minimum, Halt> {
        let wanted = self.training.settings.coordinates;
        let mut noisy: Vec<(usize, f64)> =
            (0..self.network.dim()).filter_map(|i| Some((i, moments.mean_log(i)?))).collect();
        noisy.retain(|&(i, _)| moments.zero_share(i) < 0.5);
        noisy.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let v = self.recursion.second_moment();
        let mut minimum = Minimum {
            iteration,
            gradient_norm: full.iter().map(|g| g * g).sum::<f64>().sqrt(),
            parameters_file: format!("{}.npy", self.record.label),
            noise_file: None,
            coordinates: Vec::new(),
            left_out: 0,
        };
        for &(i, mean_log) in noisy.iter().take(TRIED * wanted) {
            if minimum.coordinates.len() == wanted {
                break;
            }
            let along = |step| curvature(self.probe(self.training.train), &self.parameters, i, step);
            let (fine, coarse) = (along(STEPS[0])?, along(STEPS[1])?);
            let error = (fine - coarse).abs();
            if !(coarse > error) {
                minimum.left_out += 1;
                continue;
            }
            minimum.coordinates.push(Coordinate {
                parameter: i,
                mean_log,
                zero_share: moments.zero_share(i),
                second_moment: moments.second_moment(i),
                v: v.as_ref().map(|v| v[i]),
                curvature: coarse,
                curvature_error: error,
            });
        }
        Ok(minimum)
    }
}
