//! Minima, runs and predictions.

use candle_core::Device;
use rayon::prelude::*;

use super::found_minimum::{EscapeMinimum, NetworkInput};
use super::hessian::Quadratic;
use super::laws::{GradientLaw, Model};
use super::noise::NoiseSample;
use super::passages::{EscapeRow, formula, means, rows};
use super::sets::{Nested, nested};
use super::settings::EscapeSettings;
use super::together::{NetworkOnDevice, RunsTogether};
use super::walk::{Landscape, Run, Walk};
use crate::calibrate::training::Optimiser;
use crate::noise::{Seed, Stream};
use crate::scheme::StopFlag;

/// The numbers of the streams of configuration `c` begin at `FIRST + c * STRIDE`: noise, runs, and one for every law.
const FIRST: u64 = 16;
const STRIDE: u64 = 8;

/// What an escape is measured on.
pub(in crate::calibrate) struct EscapeInput<'s> {
    pub settings: &'s EscapeSettings,
    pub network: &'s NetworkInput<'s>,
    /// Runs the restarts if it is an NVIDIA GPU; otherwise the processor does. Apple's have no double precision.
    pub device: &'s Device,
    /// Called with the numbers of minimum and configuration before these are measured.
    pub begins: &'s (dyn Fn(usize, usize) + Sync),
    /// Called with the same numbers and the steps of all restarts, before the predictions.
    pub restarted: &'s (dyn Fn(usize, usize, u64) + Sync),
}

/// All sets of one optimiser, learning rate and batch size at one minimum.
#[derive(Clone, Debug, PartialEq)]
pub struct EscapeCell {
    /// Number of the minimum.
    pub minimum: usize,
    /// Label of the optimiser.
    pub optimiser: String,
    /// Learning rate.
    pub eta: f64,
    /// Images per batch.
    pub batch: usize,
    /// Tail index of the pooled noise at the minimum, and that of its Gaussian surrogate.
    pub alpha: [f64; 2],
    /// One row a set.
    pub rows: Vec<EscapeRow>,
}

/// The result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkEscape {
    /// The minima.
    pub minima: Vec<EscapeMinimum>,
    /// The cells.
    pub cells: Vec<EscapeCell>,
    /// Cells that have no row, each with the reason.
    pub left_out: Vec<String>,
    /// A stop was requested before the last cell.
    pub stopped: bool,
    /// The device of the restarts: `cpu` or `cuda`.
    pub device: String,
}

/// Measures the escapes from every minimum. The result depends on neither threads nor their number. A stop keeps the cells that are complete.
pub(in crate::calibrate) fn network_escape(input: &EscapeInput<'_>) -> NetworkEscape {
    let device = if input.device.is_cuda() { "cuda" } else { "cpu" };
    let mut found = NetworkEscape { device: device.to_owned(), ..NetworkEscape::default() };
    for number in 1..=input.settings.minima.count {
        if input.network.stop.is_set() || from_minimum(input, number, &mut found).is_none() {
            found.stopped = true;
            break;
        }
    }
    found
}

/// `None` after a stop.
fn from_minimum(input: &EscapeInput<'_>, number: usize, found: &mut NetworkEscape) -> Option<()> {
    let EscapeInput { settings, network, .. } = *input;
    let minimum = network.minimum(&settings.minima, settings.rank, number)?;
    found.minima.push(minimum.record.clone());
    let Some(quadratic) = &minimum.quadratic else { return Some(()) };
    let (dim, key) = (minimum.mlp.dim(), minimum.key);
    let on_device = match input.device.is_cuda().then(|| minimum.on(input.device)).transpose() {
        Ok(on_device) => on_device,
        Err(error) => {
            found.left_out.push(format!("minimum {number}: {error}"));
            return Some(());
        }
    };
    let mut cell = 0;
    for &batch in &settings.batches {
        let around = || minimum.around(batch);
        let mut stream = Stream::new(key, FIRST, batch as u64);
        let noise = match NoiseSample::draw(&mut around(), dim, settings.noise_batches, settings.estimator, &mut stream)
        {
            Ok(noise) => noise,
            Err(error) => {
                found.left_out.push(format!("minimum {number}, batch {batch}: {error}"));
                continue;
            }
        };
        for (label, optimiser) in network.optimisers {
            for factor in &settings.eta_factors {
                cell += 1;
                (input.begins)(number, cell as usize);
                let configuration = Configuration {
                    settings,
                    optimiser: scaled(*optimiser, *factor),
                    noise: &noise,
                    quadratic,
                    key,
                    cell,
                    stop: network.stop,
                };
                let runs = match &on_device {
                    None => configuration.runs(&around),
                    Some(network) => match configuration.runs_together(network, batch) {
                        Ok(runs) => runs,
                        Err(error) => {
                            found.left_out.push(format!(
                                "minimum {number}, {label} at η = {}, batch {batch}: {error}",
                                configuration.optimiser.eta()
                            ));
                            continue;
                        }
                    },
                };
                (input.restarted)(number, cell as usize, runs.iter().map(|run| run.steps).sum());
                let rows = configuration.measure(&runs)?;
                found.cells.push(EscapeCell {
                    minimum: number,
                    optimiser: label.clone(),
                    eta: configuration.optimiser.eta(),
                    batch,
                    alpha: noise.alpha.map(|alpha| alpha.get()),
                    rows,
                });
            }
        }
    }
    Some(())
}

pub(in crate::calibrate) fn scaled(optimiser: Optimiser, factor: f64) -> Optimiser {
    match optimiser {
        Optimiser::Sgd { eta, momentum } => Optimiser::Sgd { eta: factor * eta, momentum },
        Optimiser::Adam { eta, beta1, beta2, stabilizer } => {
            Optimiser::Adam { eta: factor * eta, beta1, beta2, stabilizer }
        }
    }
}

/// One optimiser, learning rate and batch size at one minimum.
pub(super) struct Configuration<'c> {
    pub settings: &'c EscapeSettings,
    pub optimiser: Optimiser,
    pub noise: &'c NoiseSample,
    pub quadratic: &'c Quadratic,
    pub key: Seed,
    pub cell: u64,
    pub stop: &'c StopFlag,
}

impl Configuration<'_> {
    /// The restarts, on all threads.
    pub fn runs<L: Landscape>(&self, landscape: &(impl Fn() -> L + Sync)) -> Vec<Run> {
        let sets = nested(self.settings);
        let walk = self.walk(&sets, true);
        let run = |run| walk.run(&mut landscape(), &mut Stream::new(self.key, self.stream(), run));
        (0..self.settings.runs as u64).into_par_iter().map(run).collect()
    }

    /// The same restarts on a device.
    pub fn runs_together(&self, network: &NetworkOnDevice, batch: usize) -> candle_core::Result<Vec<Run>> {
        let sets = nested(self.settings);
        let walk = self.walk(&sets, true);
        RunsTogether { walk, network, batch, key: self.key, stream: self.stream() }.run(self.settings.runs)
    }

    /// Number of the stream of the restarts, before those of the laws.
    fn stream(&self) -> u64 {
        FIRST + self.cell * STRIDE
    }

    fn walk<'w>(&'w self, sets: &'w [Nested], losses: bool) -> Walk<'w> {
        Walk {
            optimiser: self.optimiser,
            second_moment: &self.noise.second_moment,
            sets,
            max_steps: self.settings.max_steps,
            loss_every: self.settings.loss_every,
            losses,
            stop: self.stop,
        }
    }

    /// The rows of the restarts with their predictions; `None` after a stop.
    pub fn measure(&self, runs: &[Run]) -> Option<Vec<EscapeRow>> {
        let sets = nested(self.settings);
        let walk = self.walk(&sets, false);
        if runs.iter().any(|run| run.stopped) {
            return None;
        }
        let laws = [
            GradientLaw::stable(self.noise, self.noise.alpha[0]),
            GradientLaw::stable(self.noise, self.noise.alpha[1]),
            GradientLaw::gaussian(self.noise),
            GradientLaw::Empirical(&self.noise.vectors),
        ];
        let mut predicted: Vec<Vec<Run>> = Vec::new();
        for (noise, number) in laws.iter().zip(self.stream() + 1..) {
            let model = || Model { quadratic: self.quadratic, noise };
            let runs = (0..self.settings.predicted_runs as u64)
                .into_par_iter()
                .map(|run| walk.run(&mut model(), &mut Stream::new(self.key, number, run)));
            predicted.push(runs.collect());
        }
        if predicted.iter().flatten().any(|run| run.stopped) {
            return None;
        }
        let mut all = Vec::new();
        for (family, nested) in sets.iter().enumerate() {
            let mut measured = rows(runs, family, nested);
            let by_law: Vec<Vec<Option<f64>>> = predicted.iter().map(|runs| means(runs, family, nested)).collect();
            let formula = formula(self.noise, self.optimiser, self.quadratic, nested);
            for (i, row) in measured.iter_mut().enumerate() {
                row.predicted.stable = by_law[0][i];
                row.predicted.surrogate = by_law[1][i];
                row.predicted.gaussian = by_law[2][i];
                row.predicted.empirical = by_law[3][i];
                row.predicted.formula = formula[i];
            }
            all.extend(measured);
        }
        Some(all)
    }
}
