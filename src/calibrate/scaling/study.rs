//! Minima, batch sizes, learning rates and distances.

use rayon::prelude::*;

use super::scales::{Scales, geometric_mean, varying};
use super::settings::ScalingSettings;
use super::stays::{StayRow, Stays};
use crate::calibrate::calibration::scale_of;
use crate::calibrate::escape::{EscapeMinimum, Landscape, NetworkInput, NoiseSample, centred, index, scaled};
use crate::calibrate::training::Optimiser;
use crate::exit::{Confidence, Estimate, LevelMean, SlopeFit, fit_slope};
use crate::noise::{Alpha, Seed, Stream};
use crate::scheme::StopFlag;

/// Numbers of the streams of one minimum, after those with which it is found: the noise by batch size, the paths and the noise along them, and from
/// `FIRST` the runs.
const NOISE: u64 = 3;
const PATHS: u64 = 4;
const ALONG: u64 = 5;
const FIRST: u64 = 1 << 32;
/// Fewest mean steps of a ball in a power law: a time of few steps is rounded up to the next one.
const FEWEST_STEPS: f64 = 5.0;

/// What the scaling is measured on.
pub(in crate::calibrate) struct ScalingInput<'s> {
    pub settings: &'s ScalingSettings,
    pub network: &'s NetworkInput<'s>,
    /// Called with the number of a minimum before it is measured.
    pub begins: &'s (dyn Fn(usize) + Sync),
}

/// A scale of the noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleQuantity {
    /// Root of the mean square of the entries.
    Rms,
    /// Typical length of a vector, `exp(E ln |ξ|)`.
    Norm,
    /// Typical size of an entry, `exp(E ln |ξ_i|)` over the parameters that vary from batch to batch.
    Typical,
}

impl ScaleQuantity {
    /// Every scale.
    pub const ALL: [ScaleQuantity; 3] = [ScaleQuantity::Typical, ScaleQuantity::Norm, ScaleQuantity::Rms];

    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            ScaleQuantity::Rms => "rms",
            ScaleQuantity::Norm => "norm",
            ScaleQuantity::Typical => "typical",
        }
    }

    fn of(self, scales: &Scales) -> Option<Estimate> {
        match self {
            ScaleQuantity::Rms => Some(scales.rms),
            ScaleQuantity::Norm => Some(scales.norm),
            ScaleQuantity::Typical => scales.typical,
        }
    }
}

/// The noise of one batch size at a minimum.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeRow {
    /// Images per batch `S`.
    pub batch: usize,
    /// `S (n-1)/(n-S)` for `n` images: the size with replacement of the same variance.
    pub effective: f64,
    /// The scales, in the order of [`ScaleQuantity::ALL`].
    pub scales: [Option<Estimate>; 3],
    /// Tail index of the pooled noise, of its Gaussian surrogate, and of the noise of each parameter over its own scale; an estimate above 2 counts
    /// as 2.
    pub alpha: [Option<f64>; 3],
    /// Parameters that vary from batch to batch.
    pub varying: usize,
}

/// How a step depends on the size of the gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepRule {
    /// In proportion, as that of SGD.
    Proportional,
    /// Relative to the root of their mean square, as that of Adam.
    Normalised,
}

impl StepRule {
    fn of(optimiser: Optimiser) -> Self {
        match optimiser {
            Optimiser::Sgd { .. } => StepRule::Proportional,
            Optimiser::Adam { .. } => StepRule::Normalised,
        }
    }
}

/// What an exponent belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ExponentOf {
    /// A scale, as a power of the batch size.
    Scale(ScaleQuantity),
    /// Mean steps at a learning rate and radius, as a power of the batch size.
    StepsByBatch {
        /// The rule of the optimiser.
        rule: StepRule,
        /// Learning rate.
        eta: f64,
        /// Radius.
        radius: f64,
    },
    /// Mean steps at a batch size and radius, as a power of the learning rate.
    StepsByEta {
        /// Images per batch.
        batch: usize,
        /// Radius.
        radius: f64,
    },
}

/// A fitted exponent.
#[derive(Clone, Debug, PartialEq)]
pub struct Exponent {
    /// What it belongs to.
    pub of: ExponentOf,
    /// Label of the optimiser; empty for a scale.
    pub optimiser: String,
    /// The weighted least-squares line in the logarithms.
    pub fit: SlopeFit,
}

/// The noise at the exits from one ball, relative to that at the minimum.
#[derive(Clone, Debug, PartialEq)]
pub struct DistanceRow {
    /// Radius of the ball.
    pub radius: f64,
    /// Paths that left it.
    pub paths: usize,
    /// Ratios of the scales, geometric means over the paths, in the order of [`ScaleQuantity::ALL`]; `None` for fewer than two paths.
    pub ratios: [Option<Estimate>; 3],
}

/// Everything at one minimum.
#[derive(Clone, Debug, PartialEq)]
pub struct MinimumScaling {
    /// Its number, from 1.
    pub minimum: usize,
    /// The noise by batch size.
    pub sizes: Vec<SizeRow>,
    /// Mean steps by optimiser, learning rate, batch size and radius.
    pub stays: Vec<StayRow>,
    /// The exponents.
    pub exponents: Vec<Exponent>,
    /// The noise on the way out.
    pub distances: Vec<DistanceRow>,
}

impl MinimumScaling {
    /// Tail indices that predict the exponents: of the pooled noise, and of each parameter over its scale, at the smallest batch.
    pub fn indices(&self) -> [Option<f64>; 2] {
        self.sizes.first().map_or([None; 2], |row| [row.alpha[0], row.alpha[2]])
    }
}

/// The result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NoiseScaling {
    /// The minima.
    pub minima: Vec<EscapeMinimum>,
    /// What was measured at those that were reached.
    pub cells: Vec<MinimumScaling>,
    /// What has no rows, each with the reason.
    pub left_out: Vec<String>,
    /// A stop was requested before the last minimum.
    pub stopped: bool,
}

/// Measures every minimum. The result depends on neither threads nor their number. A stop keeps the minima that are complete.
pub(in crate::calibrate) fn noise_scaling(input: &ScalingInput<'_>) -> NoiseScaling {
    let mut found = NoiseScaling::default();
    for number in 1..=input.settings.minima.count {
        if input.network.stop.is_set() || at_minimum(input, number, &mut found).is_none() {
            found.stopped = true;
            break;
        }
    }
    found
}

/// `None` after a stop.
fn at_minimum(input: &ScalingInput<'_>, number: usize, found: &mut NoiseScaling) -> Option<()> {
    let ScalingInput { settings, network, .. } = *input;
    (input.begins)(number);
    let minimum = network.minimum(&settings.minima, 0, number)?;
    found.minima.push(minimum.record.clone());
    if minimum.quadratic.is_none() {
        return Some(());
    }
    let (optimisers, stop, mlp) = (network.optimisers, network.stop, &minimum.mlp);
    let place = Place { settings, optimisers, images: Some(mlp.images()), dim: mlp.dim(), key: minimum.key, stop };
    match place.measure(number, &|batch| minimum.around(batch))? {
        Ok(cell) => found.cells.push(cell),
        Err(reason) => found.left_out.push(format!("minimum {number}: {reason}")),
    }
    Some(())
}

/// A minimum at which everything is measured.
pub(super) struct Place<'p> {
    pub settings: &'p ScalingSettings,
    pub optimisers: &'p [(String, Optimiser)],
    /// Images that batches are drawn from without replacement; `None` for independent draws.
    pub images: Option<usize>,
    pub dim: usize,
    pub key: Seed,
    pub stop: &'p StopFlag,
}

impl Place<'_> {
    /// Everything, or the reason why the noise cannot be described; `None` after a stop. `landscape` takes the batch size.
    pub fn measure<L: Landscape>(
        &self,
        minimum: usize,
        landscape: &(impl Fn(usize) -> L + Sync),
    ) -> Option<Result<MinimumScaling, String>> {
        let settings = self.settings;
        let sample = |&batch: &usize| {
            let mut stream = Stream::new(self.key, NOISE, batch as u64);
            let noise = NoiseSample::draw(
                &mut landscape(batch),
                self.dim,
                settings.noise_batches,
                settings.estimator,
                &mut stream,
            );
            noise.map_err(|error| format!("batch {batch}: {error}"))
        };
        let samples: Result<Vec<NoiseSample>, String> = settings.batches.par_iter().map(sample).collect();
        if self.stop.is_set() {
            return None;
        }
        let samples = match samples {
            Ok(samples) => samples,
            Err(reason) => return Some(Err(reason)),
        };
        let kept = samples.first().map_or(Vec::new(), |noise| varying(noise.vectors.values(), self.dim));
        let sizes: Vec<SizeRow> =
            settings.batches.iter().zip(&samples).map(|(&batch, noise)| self.size_row(batch, noise, &kept)).collect();
        let mut stays = Vec::new();
        let mut cell = FIRST;
        for (label, optimiser) in self.optimisers {
            for factor in &settings.eta_factors {
                for (&batch, noise) in settings.batches.iter().zip(&samples) {
                    let stay = self.stays(scaled(*optimiser, *factor), noise, cell);
                    stays.extend(stay.measure(label, batch, &|| landscape(batch))?);
                    cell += 1;
                }
            }
        }
        let distances = match (self.optimisers.first(), settings.batches.first(), samples.first()) {
            (Some((_, optimiser)), Some(&batch), Some(noise)) => {
                self.distances(*optimiser, batch, noise, &kept, landscape)?
            }
            _ => Vec::new(),
        };
        let exponents = self.exponents(&sizes, &stays);
        Some(Ok(MinimumScaling { minimum, sizes, stays, exponents, distances }))
    }

    fn stays<'s>(&'s self, optimiser: Optimiser, noise: &'s NoiseSample, cell: u64) -> Stays<'s> {
        let Place { settings, key, stop, .. } = *self;
        Stays { settings, optimiser, second_moment: &noise.second_moment, key, cell, stop }
    }

    fn effective(&self, batch: usize) -> f64 {
        let size = batch as f64;
        self.images.map_or(size, |n| size * (n as f64 - 1.0) / (n as f64 - size))
    }

    fn size_row(&self, batch: usize, noise: &NoiseSample, kept: &[usize]) -> SizeRow {
        let rows = noise.vectors.values();
        let scales = Scales::of(rows, self.dim, kept);
        let alpha = noise.alpha.map(Alpha::get);
        // Scales at any index have the same ratios.
        let of_two: Vec<f64> = noise.mean_log.iter().map(|log| scale_of(*log, Alpha::GAUSSIAN)).collect();
        let single: Vec<f64> =
            rows.chunks_exact(self.dim).flat_map(|row| kept.iter().map(|&i| row[i] / of_two[i])).collect();
        let single = index(self.settings.estimator, &single).ok().map(Alpha::get);
        SizeRow {
            batch,
            effective: self.effective(batch),
            scales: ScaleQuantity::ALL.map(|quantity| quantity.of(&scales)),
            alpha: [Some(alpha[0]), Some(alpha[1]), single],
            varying: kept.len(),
        }
    }

    /// The noise where paths of the first optimiser leave the balls. `None` after a stop.
    fn distances<L: Landscape>(
        &self,
        optimiser: Optimiser,
        batch: usize,
        noise: &NoiseSample,
        kept: &[usize],
        landscape: &(impl Fn(usize) -> L + Sync),
    ) -> Option<Vec<DistanceRow>> {
        let stays = self.stays(optimiser, noise, PATHS);
        let sets = [stays.balls()];
        let radii = &sets[0].sizes;
        let at_minimum = Scales::of(noise.vectors.values(), self.dim, kept);
        let path = |path: u64| {
            let mut ratios: Vec<[Option<f64>; 3]> = Vec::new();
            let watch = |ball: usize, x: &[f64]| {
                let mut stream = Stream::new(self.key, ALONG, path * radii.len() as u64 + ball as u64);
                let (rows, _) = centred(&mut landscape(batch), x, self.settings.noise_batches, &mut stream);
                let here = Scales::of(&rows, self.dim, kept);
                let ratio = |quantity: ScaleQuantity| {
                    let [here, there] = [&here, &at_minimum].map(|scales| quantity.of(scales).map(|e| e.value.ln()));
                    Some(here? - there?).filter(|log| log.is_finite())
                };
                ratios.push(ScaleQuantity::ALL.map(ratio));
            };
            let run =
                stays.walk(&sets).run_watched(&mut landscape(batch), &mut Stream::new(self.key, PATHS, path), watch);
            (!run.stopped).then_some(ratios)
        };
        let paths: Option<Vec<_>> = (0..self.settings.paths as u64).into_par_iter().map(path).collect();
        let paths = paths?;
        let row = |(ball, &radius): (usize, &f64)| {
            let here: Vec<&[Option<f64>; 3]> = paths.iter().filter_map(|ratios| ratios.get(ball)).collect();
            let ratio = |k: usize| {
                let logs: Option<Vec<f64>> = here.iter().map(|ratios| ratios[k]).collect();
                geometric_mean(&logs?)
            };
            DistanceRow { radius, paths: here.len(), ratios: [0, 1, 2].map(ratio) }
        };
        Some(radii.iter().enumerate().map(row).collect())
    }

    /// Lines in the logarithms through three points or more.
    fn exponents(&self, sizes: &[SizeRow], stays: &[StayRow]) -> Vec<Exponent> {
        let mut found = Vec::new();
        for (k, quantity) in ScaleQuantity::ALL.into_iter().enumerate() {
            let points = sizes.iter().filter_map(|row| Some((row.effective, row.scales[k]?)));
            let fit = power(points);
            found.extend(fit.map(|fit| Exponent { of: ExponentOf::Scale(quantity), optimiser: String::new(), fit }));
        }
        for (label, optimiser) in self.optimisers {
            let rule = StepRule::of(*optimiser);
            let etas = || self.settings.eta_factors.iter().map(|factor| scaled(*optimiser, *factor).eta());
            for radius in self.settings.radii.values() {
                let is_long = |row: &&StayRow| row.mean.is_some_and(|mean| mean.value >= FEWEST_STEPS);
                let here =
                    || stays.iter().filter(is_long).filter(move |row| row.optimiser == *label && row.radius == radius);
                for eta in etas() {
                    let points = here().filter(|row| row.eta == eta);
                    let fit = power(points.filter_map(|row| Some((self.effective(row.batch), row.mean?))));
                    let of = ExponentOf::StepsByBatch { rule, eta, radius };
                    found.extend(fit.map(|fit| Exponent { of, optimiser: label.clone(), fit }));
                }
                for &batch in &self.settings.batches {
                    let points = here().filter(|row| row.batch == batch);
                    let fit = power(points.filter_map(|row| Some((row.eta, row.mean?))));
                    let of = ExponentOf::StepsByEta { batch, radius };
                    found.extend(fit.map(|fit| Exponent { of, optimiser: label.clone(), fit }));
                }
            }
        }
        found
    }
}

/// The line through three points or more. A mean whose interval reaches 0, or has no width as that of balls left by the first step, has no
/// logarithm with an error and is left out.
fn power(points: impl Iterator<Item = (f64, Estimate)>) -> Option<SlopeFit> {
    let levels = points.filter_map(|(x, mean)| LevelMean::new(x, mean, Confidence::DEFAULT).ok());
    let levels: Vec<LevelMean> = levels.collect();
    if levels.len() < 3 {
        return None;
    }
    fit_slope(&levels, Confidence::DEFAULT).ok()
}
