//! Minima, runs and predictions.

use rayon::prelude::*;

use super::hessian::Quadratic;
use super::laws::{GradientLaw, Model};
use super::minimum::{Descent, Training};
use super::mlp::{Buffers, Mlp};
use super::noise::NoiseSample;
use super::passages::{EscapeRow, formula, means, rows};
use super::sets::nested;
use super::settings::EscapeSettings;
use super::walk::{Landscape, Run, Walk};
use crate::calibrate::data::batches::Purpose;
use crate::calibrate::data::images::Images;
use crate::calibrate::training::Optimiser;
use crate::noise::{Seed, Stream};
use crate::scheme::StopFlag;

/// Numbers of the streams of one minimum, after those of its training.
const HESSIAN: u64 = 2;
/// Those of configuration `c` begin at `FIRST + c * STRIDE`: noise, runs, and one for every law.
const FIRST: u64 = 16;
const STRIDE: u64 = 8;

/// What an escape is measured on.
pub(in crate::calibrate) struct EscapeInput<'s> {
    pub settings: &'s EscapeSettings,
    pub seed: Seed,
    pub images: &'s Images,
    pub classes: usize,
    pub hidden: &'s [usize],
    pub optimisers: &'s [(String, Optimiser)],
    /// Batch and steps of the training.
    pub batch: usize,
    pub iterations: u64,
    pub stop: &'s StopFlag,
    /// Called with the numbers of minimum and configuration before these are measured.
    pub begins: &'s (dyn Fn(usize, usize) + Sync),
}

/// A minimum.
#[derive(Clone, Debug, PartialEq)]
pub struct EscapeMinimum {
    /// Its number, from 1.
    pub number: usize,
    /// Parameters of the network.
    pub parameters: usize,
    /// The loss `F*`.
    pub loss: f64,
    /// `|∇F|` where the full-batch descent began, and where it ended.
    pub gradient: [f64; 2],
    /// Iterations of the descent.
    pub steps: u64,
    /// Whether `|∇F|` fell as far as asked, to a point without a direction in which `F` falls.
    pub reached: bool,
    /// Smallest and largest Ritz value of the Hessian; `None` if `|∇F|` did not fall far enough.
    pub curvature: Option<[f64; 2]>,
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
}

/// The network around its minimum.
pub(in crate::calibrate) struct Around<'m> {
    mlp: &'m Mlp,
    minimum: &'m Descent,
    batch: usize,
    theta: Vec<f64>,
    spare: Vec<f64>,
    work: Buffers,
}

impl<'m> Around<'m> {
    pub fn new(mlp: &'m Mlp, minimum: &'m Descent, batch: usize) -> Self {
        let theta = minimum.theta.clone();
        Around { mlp, minimum, batch, spare: vec![0.0; theta.len()], theta, work: Buffers::default() }
    }

    fn place(&mut self, x: &[f64]) {
        self.theta.iter_mut().zip(&self.minimum.theta).zip(x).for_each(|((t, m), x)| *t = m + x);
    }
}

impl Landscape for Around<'_> {
    fn gradient(&mut self, x: &[f64], stream: &mut Stream, out: &mut [f64]) {
        self.place(x);
        self.mlp.minibatch(&self.theta, self.batch, stream, &mut self.work, out);
    }

    fn excess(&mut self, x: &[f64]) -> f64 {
        self.place(x);
        self.mlp.full(&self.theta, &mut self.work, &mut self.spare) - self.minimum.loss
    }
}

/// Measures the escapes from every minimum. The result depends on neither threads nor their number. A stop keeps the cells that are complete.
pub(in crate::calibrate) fn network_escape(input: &EscapeInput<'_>) -> NetworkEscape {
    let mut found = NetworkEscape::default();
    for number in 1..=input.settings.minima {
        if input.stop.is_set() {
            found.stopped = true;
            break;
        }
        from_minimum(input, number, &mut found);
    }
    found
}

fn from_minimum(input: &EscapeInput<'_>, number: usize, found: &mut NetworkEscape) {
    let EscapeInput { settings, stop, .. } = *input;
    let key = Seed(rand::Rng::next_u64(&mut Purpose::Escape.stream(input.seed, number as u64)));
    let mlp = Mlp::new(input.images, input.hidden, input.classes, settings.activation, settings.weight_decay);
    let minimum = train(input, &mlp, key);
    if stop.is_set() {
        found.stopped = true;
        return;
    }
    let is_stationary = minimum.gradient[1] <= settings.tolerance * minimum.gradient[0];
    let gradient = |x: &[f64]| {
        let theta: Vec<f64> = minimum.theta.iter().zip(x).map(|(t, x)| t + x).collect();
        let mut out = vec![0.0; theta.len()];
        // The Hessian of a large network takes long; after a stop it is not used.
        if stop.is_set() {
            return out;
        }
        mlp.full(&theta, &mut Buffers::default(), &mut out);
        out
    };
    let measure = || Quadratic::measure(mlp.dim(), settings.rank, &gradient, &mut Stream::new(key, HESSIAN, 0));
    let quadratic = is_stationary.then(measure);
    if stop.is_set() {
        found.stopped = true;
        return;
    }
    found.minima.push(EscapeMinimum {
        number,
        parameters: mlp.dim(),
        loss: minimum.loss,
        gradient: minimum.gradient,
        steps: minimum.steps,
        reached: quadratic.as_ref().is_some_and(is_minimum),
        curvature: quadratic.as_ref().map(|quadratic| quadratic.extremes),
    });
    let Some(quadratic) = quadratic.filter(is_minimum) else { return };
    let mut cell = 0;
    for &batch in &settings.batches {
        let around = || Around::new(&mlp, &minimum, batch);
        let mut stream = Stream::new(key, FIRST, batch as u64);
        let noise = match NoiseSample::draw(
            &mut around(),
            mlp.dim(),
            settings.noise_batches,
            settings.estimator,
            &mut stream,
        ) {
            Ok(noise) => noise,
            Err(error) => {
                found.left_out.push(format!("minimum {number}, batch {batch}: {error}"));
                continue;
            }
        };
        for (label, optimiser) in input.optimisers {
            for factor in &settings.eta_factors {
                cell += 1;
                (input.begins)(number, cell as usize);
                let configuration = Configuration {
                    settings,
                    optimiser: scaled(*optimiser, *factor),
                    noise: &noise,
                    quadratic: &quadratic,
                    key,
                    cell,
                    stop,
                };
                let Some(rows) = configuration.measure(&around) else {
                    found.stopped = true;
                    return;
                };
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
}

/// Whether the Hessian has no negative Ritz value.
pub(in crate::calibrate) fn is_minimum(quadratic: &Quadratic) -> bool {
    quadratic.extremes[0] > 0.0
}

/// SGD with the first learning rate of the file, then full-batch descent.
fn train(input: &EscapeInput<'_>, mlp: &Mlp, key: Seed) -> Descent {
    let eta = input.optimisers.first().map_or(0.1, |(_, optimiser)| optimiser.eta());
    let (batch, iterations, stop) = (input.batch, input.iterations, input.stop);
    let EscapeSettings { tolerance, descent, .. } = *input.settings;
    Training { key, eta, batch, iterations, tolerance, descent, stop }.run(mlp)
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
    /// The rows with their predictions; `None` after a stop.
    pub fn measure<L: Landscape>(&self, landscape: &(impl Fn() -> L + Sync)) -> Option<Vec<EscapeRow>> {
        let sets = nested(self.settings);
        let stream = FIRST + self.cell * STRIDE;
        let walk = |losses| Walk {
            optimiser: self.optimiser,
            second_moment: &self.noise.second_moment,
            sets: &sets,
            max_steps: self.settings.max_steps,
            loss_every: self.settings.loss_every,
            losses,
            stop: self.stop,
        };
        let runs: Vec<Run> = (0..self.settings.runs as u64)
            .into_par_iter()
            .map(|run| walk(true).run(&mut landscape(), &mut Stream::new(self.key, stream, run)))
            .collect();
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
        for (noise, number) in laws.iter().zip(stream + 1..) {
            let model = || Model { quadratic: self.quadratic, noise };
            let runs = (0..self.settings.predicted_runs as u64)
                .into_par_iter()
                .map(|run| walk(false).run(&mut model(), &mut Stream::new(self.key, number, run)));
            predicted.push(runs.collect());
        }
        if predicted.iter().flatten().any(|run| run.stopped) {
            return None;
        }
        let mut all = Vec::new();
        for (family, nested) in sets.iter().enumerate() {
            let mut measured = rows(&runs, family, nested);
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
