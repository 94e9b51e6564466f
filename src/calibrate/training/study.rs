//! Estimates tail indices of noise samples and of their Gaussian surrogates.

use rand::Rng;

use super::error::Halt;
use super::network::LayerRange;
use super::samples::NoiseSamples;
use super::samples::{SampleTable, Samples, Watch};
use crate::calibrate::data::batches::Purpose;
use crate::calibrate::measurement::{
    FitRecord, IndexPair, IndexRecord, LawScore, LeadRecord, Measurement, NoiseKind, SamplingAxis, StudentRecord,
};
use crate::noise::Seed;
use crate::scheme::StopFlag;
use crate::tail::{
    BlockLength, Centre, Estimator, GaussianSurrogate, IntervalSettings, Mohammadi, TailError, TailSample, Zeros,
    goodness_of_fit, held_out, student_fit,
};

/// The paper's estimator as published, which replaces every exact zero by 2^-52.
const FLOORED: Estimator =
    Estimator::Mohammadi(Mohammadi { block: BlockLength::LargestDivisor, zeros: Zeros::Floored });
/// For one parameter at a time: estimators that ignore the order of the values, because consecutive steps are dependent.
const OF_VALUES: [Estimator; 2] = [Estimator::KOUTROUVELIS, Estimator::MCCULLOCH];

/// Largest number of values in a fit.
const FITTED: usize = 20_000;

/// The common context of the samples of one measurement.
pub(super) struct Scene {
    pub iteration: u64,
    pub seed: Seed,
    pub watch: Watch,
    pub layers: Vec<LayerRange>,
    /// Whether laws are fitted as well, which happens at the end of a training.
    pub fits: bool,
    pub stop: StopFlag,
}

impl Scene {
    /// The Gaussian surrogate of a table, row by row; `number` distinguishes the tables of one iteration.
    fn surrogate(&self, table: &SampleTable, number: u64) -> Result<Vec<f64>, TailError> {
        let seed = Seed(Purpose::Surrogate(self.iteration).stream(self.seed, number).next_u64());
        GaussianSurrogate::of_rows(&table.pooled(|_| true), table.columns()).map(|surrogate| surrogate.draw(seed))
    }

    fn measurement(&self, noise: NoiseKind, axis: SamplingAxis, count: usize, zero_share: f64) -> Measurement {
        let (iteration, indices) = (self.iteration, Vec::new());
        Measurement { iteration, noise, axis, count, parameters: None, zero_share, indices, fit: None }
    }
}

/// Numbers that distinguish the surrogates of one iteration.
fn table_number(noise: NoiseKind, table: u64) -> u64 {
    match noise {
        NoiseKind::Gradient => 2 * table,
        NoiseKind::Direction => 2 * table + 1,
    }
}

/// Measures all axes at fixed parameters: pooled, by layer, and one parameter over batches.
pub(super) fn at_fixed_parameters(
    scene: &Scene,
    noise: NoiseKind,
    samples: &Samples,
) -> Result<Vec<Measurement>, Halt> {
    let table = &samples.wide;
    let surrogate = scene.surrogate(table, table_number(noise, 0));
    let columns = table.columns();
    let pooled = |axis, estimators: &[Estimator], keep: &dyn Fn(usize) -> bool| {
        let data = table.pooled(keep);
        let zeros = zero_share(&data);
        let same = surrogate.as_ref().map(|all| {
            all.iter().enumerate().filter(|(i, _)| keep(i % columns)).map(|(_, x)| *x).collect::<Vec<f64>>()
        });
        let pair = |estimator: &Estimator| {
            Halt::unless(&scene.stop)?;
            let same = same.as_ref().map_err(|error| (*error).clone());
            Ok(IndexPair {
                estimator: name(estimator),
                measured: record(index(estimator, &data)),
                surrogate: record(same.and_then(|data| index(estimator, data))),
            })
        };
        let indices: Result<Vec<IndexPair>, Halt> = estimators.iter().map(pair).collect();
        indices.map(|indices| Measurement { indices, ..scene.measurement(noise, axis, data.len(), zeros) })
    };
    let all: Vec<Estimator> = Estimator::ALL.into_iter().chain([FLOORED]).collect();
    let together = pooled(SamplingAxis::Pooled, &all, &|i| scene.watch.pooled[i])?;
    let fit = || fit(scene, table_number(noise, 0), &table.pooled(|i| scene.watch.pooled[i]));
    let mut found = vec![Measurement { fit: scene.fits.then(fit).flatten(), ..together }];
    for layer in &scene.layers {
        let inside = |i: usize| layer.range.contains(&scene.watch.wide[i]);
        let estimators = [Estimator::MOHAMMADI, Estimator::MCCULLOCH];
        found.push(pooled(SamplingAxis::Layer(layer.name.clone()), &estimators, &inside)?);
    }
    let single = one_by_one(scene, noise, SamplingAxis::Batches, 1, &samples.long)?;
    let fit = || self::fit(scene, table_number(noise, 1), &over_scales(&samples.long));
    found.push(Measurement { fit: scene.fits.then(fit).flatten(), ..single });
    Halt::unless(&scene.stop)?;
    Ok(found)
}

/// The fit of three laws; `None` if one cannot be fitted.
fn fit(scene: &Scene, number: u64, values: &[f64]) -> Option<FitRecord> {
    let values = &values[..values.len().min(FITTED)];
    let sample = TailSample::new(values, Centre::Zero).ok()?;
    let seed = Seed(Purpose::Surrogate(scene.iteration).stream(scene.seed, number).next_u64());
    let stable = goodness_of_fit(&sample, seed).ok()?;
    let student = student_fit(&sample, seed).ok().filter(|fit| fit.distances.anderson_darling.is_finite());
    let scores = held_out(&sample, &IntervalSettings::default()).ok()?;
    let score = |mean: f64| Some(mean).filter(|mean| mean.is_finite());
    Some(FitRecord {
        count: sample.values().len(),
        alpha: stable.alpha,
        scale: stable.scale,
        kolmogorov: stable.distances.kolmogorov,
        kolmogorov_p: stable.distances.kolmogorov_p,
        anderson_darling: stable.distances.anderson_darling,
        anderson_darling_p: stable.distances.anderson_darling_p,
        held_out: scores
            .iter()
            .map(|s| LawScore {
                law: s.law.to_string(),
                log_likelihood: score(s.mean_log_likelihood),
                stable_ahead_by: s.stable_ahead_by.map(|e| LeadRecord { value: e.value, lo: e.lo, hi: e.hi }),
            })
            .collect(),
        student: student.map(|fit| StudentRecord {
            freedom: fit.freedom,
            scale: fit.scale,
            kolmogorov: fit.distances.kolmogorov,
            kolmogorov_p: fit.distances.kolmogorov_p,
            anderson_darling: fit.distances.anderson_darling,
            anderson_darling_p: fit.distances.anderson_darling_p,
        }),
    })
}

/// The values of a table, each divided by the scale of its column, row by row; columns without noise are left out.
fn over_scales(table: &SampleTable) -> Vec<f64> {
    let data = table.pooled(|_| true);
    let Ok(gaussian) = GaussianSurrogate::of_rows(&data, table.columns()) else { return Vec::new() };
    let scales = gaussian.scales().iter().cycle();
    data.iter().zip(scales).filter(|(_, scale)| **scale > 0.0).map(|(x, scale)| x / scale).collect()
}

/// One parameter at a time over the last steps of training.
pub(super) fn over_iterations(scene: &Scene, noise: NoiseKind, samples: &Samples) -> Result<Measurement, Halt> {
    one_by_one(scene, noise, SamplingAxis::Iterations, 2, &samples.long)
}

/// The data for a figure of the law of the noise.
pub(super) fn noise_samples(scene: &Scene, samples: &Samples) -> NoiseSamples {
    let keep = |i: usize| scene.watch.pooled[i];
    let columns = samples.wide.columns();
    let surrogate = scene.surrogate(&samples.wide, table_number(NoiseKind::Gradient, 0)).unwrap_or_default();
    let surrogate = surrogate.into_iter().enumerate().filter(|(i, _)| keep(i % columns)).map(|(_, x)| x).collect();
    NoiseSamples { pooled: samples.wide.pooled(keep), surrogate, single: over_scales(&samples.long) }
}

/// Medians over the columns of a table, each of which is a sample.
fn one_by_one(
    scene: &Scene,
    noise: NoiseKind,
    axis: SamplingAxis,
    number: u64,
    table: &SampleTable,
) -> Result<Measurement, Halt> {
    let columns = table.columns();
    let surrogate = scene.surrogate(table, table_number(noise, number));
    let column = |i: usize| table.column(i).collect::<Vec<f64>>();
    let same = |data: &[f64], i: usize| data.iter().skip(i).step_by(columns).copied().collect::<Vec<f64>>();
    let pair = |estimator: &Estimator| {
        Halt::unless(&scene.stop)?;
        Ok(IndexPair {
            estimator: name(estimator),
            measured: median((0..columns).map(|i| index(estimator, &column(i)))),
            surrogate: match &surrogate {
                Ok(data) => median((0..columns).map(|i| index(estimator, &same(data, i)))),
                Err(error) => IndexRecord::Undefined(error.to_string()),
            },
        })
    };
    let indices = OF_VALUES.iter().map(pair).collect::<Result<Vec<IndexPair>, Halt>>()?;
    let zeros = zero_share(&table.pooled(|_| true));
    Ok(Measurement { indices, parameters: Some(columns), ..scene.measurement(noise, axis, table.rows(), zeros) })
}

fn name(estimator: &Estimator) -> String {
    if *estimator == FLOORED { "mohammadi-floored".to_string() } else { estimator.name().to_string() }
}

fn zero_share(data: &[f64]) -> f64 {
    data.iter().filter(|x| **x == 0.0).count() as f64 / data.len().max(1) as f64
}

/// `α̂` with its interval.
fn index(estimator: &Estimator, data: &[f64]) -> Result<(f64, f64, f64), TailError> {
    let sample = TailSample::new(data, Centre::Zero)?;
    let alpha = estimator.estimate(&sample, &IntervalSettings::default())?.alpha;
    Ok((alpha.value, alpha.lo, alpha.hi))
}

fn record(index: Result<(f64, f64, f64), TailError>) -> IndexRecord {
    match index {
        Ok((value, lo, hi)) if hi.is_finite() => IndexRecord::Index { value, lo, hi },
        Ok((value, ..)) => IndexRecord::Undefined(format!("{value:.2}, with an interval without end")),
        Err(error) => IndexRecord::Undefined(error.to_string()),
    }
}

/// The median with the 95 % interval from order statistics. Tails lighter than Gaussian rank above every index, and tails too
/// heavy for the estimator rank below. Parameters without an index for another reason are left out.
fn median(indices: impl Iterator<Item = Result<(f64, f64, f64), TailError>>) -> IndexRecord {
    let mut reason = None;
    let mut ranked: Vec<f64> = Vec::new();
    for index in indices {
        match index {
            Ok((value, ..)) => ranked.push(value),
            Err(TailError::LighterThanGaussian { .. }) => ranked.push(f64::INFINITY),
            Err(TailError::TooHeavy { .. }) => ranked.push(0.0),
            Err(error) => reason = Some(error),
        }
    }
    ranked.sort_by(f64::total_cmp);
    let n = ranked.len();
    if n < 6 {
        let reason = reason.map_or("too few parameters".to_string(), |error| error.to_string());
        return IndexRecord::Undefined(format!("{n} parameters have an index: {reason}"));
    }
    // The number of values below the median is binomial with mean n/2 and variance n/4.
    let aside = 0.98 * (n as f64).sqrt();
    let lo = (0.5 * n as f64 - aside).floor().max(0.0) as usize;
    let hi = (0.5 * n as f64 + aside).ceil() as usize;
    let (value, lo, hi) = (ranked[n / 2], ranked[lo], ranked[hi.min(n - 1)]);
    match value {
        value if value.is_infinite() => {
            IndexRecord::Undefined("more than half of the parameters have tails lighter than Gaussian".to_string())
        }
        0.0 => IndexRecord::Undefined(
            "more than half of the parameters have tails too heavy for the estimator".to_string(),
        ),
        value => IndexRecord::Index { value, lo, hi: hi.min(2f64.max(value)) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Alpha, StableLaw, Stream};
    use rand::RngExt;
    use rand_distr::{Distribution, StandardNormal};

    fn scene(columns: usize) -> Scene {
        Scene {
            iteration: 1,
            seed: Seed(1),
            watch: Watch { wide: (0..columns).collect(), pooled: vec![true; columns], long: (0..columns).collect() },
            layers: vec![LayerRange { name: "only".to_string(), range: 0..columns }],
            fits: true,
            stop: StopFlag::default(),
        }
    }

    fn samples(scene: &Scene, mut draw: impl FnMut(usize) -> f64) -> Samples {
        let mut samples = Samples::default();
        let columns = scene.watch.wide.len();
        for row in 0..300 {
            let vector: Vec<f32> = (0..columns).map(|c| draw(c) as f32).collect();
            samples.push(&vector, &scene.watch, row, 300);
        }
        samples
    }

    fn indices(found: &[Measurement], axis: SamplingAxis, estimator: &str) -> [(f64, f64, f64); 2] {
        let measurement = found.iter().find(|m| m.axis == axis).unwrap();
        let pair = measurement.indices.iter().find(|pair| pair.estimator == estimator).unwrap();
        [pair.measured.index().unwrap(), pair.surrogate.index().unwrap()]
    }

    /// Gaussian noise whose scales span decades: the pooled index is far below 2, and so is the surrogate's; single parameters
    /// show no heavy tail. Power: SαS noise of the same scales is distinguished from its surrogate on both axes.
    #[test]
    fn the_surrogate_unmasks_scales_and_lets_heavy_tails_pass() {
        let scene = scene(300);
        let scale = |c: usize| (3.0 * (c as f64 * 0.618).fract()).exp2().powi(2);
        let mut stream = Stream::new(Seed(9), 0, 0);
        let gaussian = samples(&scene, |c| scale(c) * stream.sample::<f64, _>(StandardNormal));
        let found = at_fixed_parameters(&scene, NoiseKind::Gradient, &gaussian).unwrap();
        let [measured, surrogate] = indices(&found, SamplingAxis::Pooled, "mohammadi");
        assert!(measured.0 < 1.8 && measured.1 < surrogate.2 && surrogate.1 < measured.2, "{measured:?} {surrogate:?}");
        let [measured, surrogate] = indices(&found, SamplingAxis::Batches, "koutrouvelis");
        assert!(measured.0 > 1.93 && surrogate.0 > 1.93, "{measured:?} {surrogate:?}");

        let law = StableLaw::new(Alpha::new(1.4).unwrap());
        let mut stream = Stream::new(Seed(10), 0, 0);
        let heavy = samples(&scene, |c| scale(c) * law.sample(&mut stream));
        let found = at_fixed_parameters(&scene, NoiseKind::Gradient, &heavy).unwrap();
        for (axis, estimator) in [(SamplingAxis::Pooled, "mcculloch"), (SamplingAxis::Batches, "koutrouvelis")] {
            let [measured, surrogate] = indices(&found, axis, estimator);
            assert!(measured.2 < surrogate.1, "{measured:?} {surrogate:?}");
        }
        let [measured, _] = indices(&found, SamplingAxis::Batches, "koutrouvelis");
        assert!((measured.0 - 1.4).abs() < 0.05, "{measured:?}");
    }

    #[test]
    fn constant_and_silent_noise_has_no_index() {
        let scene = scene(10);
        for value in [0.0, 3.0] {
            let found = at_fixed_parameters(&scene, NoiseKind::Gradient, &samples(&scene, |_| value)).unwrap();
            assert!(found.iter().flat_map(|m| &m.indices).all(|pair| pair.measured.index().is_none()), "{found:?}");
        }
    }

    #[test]
    fn a_stop_ends_a_measurement() {
        let scene = scene(10);
        scene.stop.stop();
        let found = at_fixed_parameters(&scene, NoiseKind::Gradient, &samples(&scene, |c| c as f64));
        assert!(matches!(found, Err(Halt::Stopped)));
    }

    #[test]
    fn the_median_ranks_what_is_lighter_than_gaussian_above_everything() {
        let lighter = || Err(TailError::LighterThanGaussian { statistic: "x", found: 3.0, gaussian: 2.0 });
        let ok = |value| Ok((value, value, value));
        let some = [ok(1.5), ok(1.6), lighter(), ok(1.7), ok(1.8), ok(1.4), ok(1.3)];
        assert_eq!(median(some.into_iter()).index().map(|i| i.0), Some(1.6));
        assert!(median((0..9).map(|_| lighter())).index().is_none());
        assert!(median((0..9).map(|_| Err(TailError::AllZero { n: 5 }))).index().is_none());
    }
}
