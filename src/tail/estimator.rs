//! What all estimators share: how they are asked, and what they answer.

use serde::Serialize;

use super::dependence::{default_length, variance_of_mean};
use super::log_density::SMALLEST;
use super::{Hill, Koutrouvelis, MaximumLikelihood, McCulloch, Mohammadi, TailError, TailSample, Zeros};
use crate::exit::{Confidence, Estimate};

/// Relative width of an interval below which it is one of rounding errors.
const NARROWEST: f64 = 1e-9;

/// An estimator of the tail index of a symmetric α-stable law, with its settings.
///
/// # Example
/// ```
/// use levy_escape::noise::{Alpha, Seed, StableLaw, Stream};
/// use levy_escape::tail::{Centre, Estimator, IntervalSettings, TailSample};
/// use rand_distr::Distribution;
///
/// let data: Vec<f64> = StableLaw::new(Alpha::new(1.5)?).sample_iter(Stream::new(Seed(1), 0, 0)).take(10_000).collect();
/// let sample = TailSample::new(&data, Centre::Zero)?;
/// let index = Estimator::KOUTROUVELIS.estimate(&sample, &IntervalSettings::default())?;
/// assert!((index.alpha.value - 1.5).abs() < 0.06);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Estimator {
    /// From the growth of sums; the paper's.
    Mohammadi(Mohammadi),
    /// From the empirical characteristic function.
    Koutrouvelis(Koutrouvelis),
    /// From two quantiles.
    McCulloch(McCulloch),
    /// From the largest entries, whatever the law of the others.
    Hill(Hill),
    /// From the likelihood of the stable law.
    MaximumLikelihood(MaximumLikelihood),
}

impl Estimator {
    /// The paper's estimator at its defaults.
    pub const MOHAMMADI: Estimator = Estimator::Mohammadi(Mohammadi::DEFAULT);
    /// Koutrouvelis' estimator.
    pub const KOUTROUVELIS: Estimator = Estimator::Koutrouvelis(Koutrouvelis);
    /// McCulloch's estimator.
    pub const MCCULLOCH: Estimator = Estimator::McCulloch(McCulloch);
    /// Hill's estimator at its default order.
    pub const HILL: Estimator = Estimator::Hill(Hill::DEFAULT);
    /// Maximum likelihood.
    pub const MAXIMUM_LIKELIHOOD: Estimator = Estimator::MaximumLikelihood(MaximumLikelihood);

    /// All estimators at their defaults.
    pub const ALL: [Estimator; 5] = [
        Estimator::MOHAMMADI,
        Estimator::KOUTROUVELIS,
        Estimator::MCCULLOCH,
        Estimator::HILL,
        Estimator::MAXIMUM_LIKELIHOOD,
    ];

    /// Its name in tables and on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Estimator::Mohammadi(_) => "mohammadi",
            Estimator::Koutrouvelis(_) => "koutrouvelis",
            Estimator::McCulloch(_) => "mcculloch",
            Estimator::Hill(_) => "hill",
            Estimator::MaximumLikelihood(_) => "maximum-likelihood",
        }
    }

    /// The tail index of a sample with its interval.
    ///
    /// # Errors
    /// [`TailError`]; an index that cannot be estimated is never replaced by another number.
    pub fn estimate(&self, sample: &TailSample, settings: &IntervalSettings) -> Result<TailIndex, TailError> {
        let index = match self {
            Estimator::Mohammadi(mohammadi) => mohammadi.estimate(sample, settings),
            Estimator::Koutrouvelis(koutrouvelis) => koutrouvelis.estimate(sample, settings),
            Estimator::McCulloch(mcculloch) => mcculloch.estimate(sample, settings),
            Estimator::Hill(hill) => hill.estimate(sample, settings),
            Estimator::MaximumLikelihood(likelihood) => likelihood.estimate(sample, settings),
        }?;
        let Estimate { value, lo, hi } = index.alpha;
        // Entries that repeat themselves leave no spread to make an interval of but rounding errors.
        if hi - lo > NARROWEST * value {
            Ok(index)
        } else {
            Err(TailError::NoWidth { estimator: index.estimator, value })
        }
    }
}

/// How intervals are made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct IntervalSettings {
    /// Their level.
    pub confidence: Confidence,
    /// Consecutive entries over which dependence is allowed for; `⌈n^(1/3)⌉` where none is given, 1 for independent entries.
    pub dependence: Option<usize>,
}

impl IntervalSettings {
    pub(super) fn length(&self, n: usize) -> usize {
        self.dependence.unwrap_or_else(|| default_length(n))
    }

    /// Standard error of an estimate that is a mean of `influence`.
    pub(super) fn standard_error(&self, influence: &[f64]) -> Result<f64, TailError> {
        variance_of_mean(influence, self.length(influence.len())).map(f64::sqrt)
    }

    /// The interval of an index whose estimate `raw` is asymptotically Gaussian, knowing that `α <= 2`: the `α` whose likelihood is within that of
    /// `z` standard errors of the best. Where `raw` lies above 2 the best is 2 itself, and the interval ends at `raw - √((raw-2)² + z² s²)`:
    /// it always has a width and covers at least as often as it says. Above by more than five standard errors the estimate contradicts every
    /// stable law.
    pub(super) fn up_to_two(&self, what: &'static str, raw: f64, error: f64) -> Result<Estimate, TailError> {
        IntervalSettings::of_a_law(what, raw, error)?;
        let half_width = self.confidence.gaussian_width() * error;
        let above = (raw - 2.0).max(0.0);
        let lo = raw - above.hypot(half_width);
        Ok(Estimate { value: raw.min(2.0), lo: lo.max(0.0), hi: (raw + half_width).min(2.0) })
    }

    /// As [`up_to_two`](Self::up_to_two), with a standard error that depends on α: all `α` that lie within `z` of their own.
    pub(super) fn inverted(
        &self,
        what: &'static str,
        raw: f64,
        error: f64,
        error_at: impl Fn(f64) -> f64,
    ) -> Result<Estimate, TailError> {
        IntervalSettings::of_a_law(what, raw, error)?;
        let z = self.confidence.gaussian_width();
        let above = (raw - 2.0).max(0.0);
        let within = |alpha: f64| (raw - alpha).abs() <= above.hypot(z * error_at(alpha));
        let value = raw.min(2.0);
        // Ends by bisection between the estimate and the end of the laws.
        let end = |limit: f64| {
            let (mut inside, mut outside) = (value, limit);
            if within(limit) {
                return limit;
            }
            for _ in 0..40 {
                let middle = 0.5 * (inside + outside);
                if within(middle) { inside = middle } else { outside = middle }
            }
            inside
        };
        Ok(Estimate { value, lo: end(SMALLEST), hi: end(2.0) })
    }

    /// Refuses an estimate that no stable law gives.
    fn of_a_law(what: &'static str, raw: f64, error: f64) -> Result<(), TailError> {
        if !raw.is_finite() || raw <= 0.0 {
            return Err(TailError::NoIndex { what, value: raw });
        }
        if raw - 5.0 * error > 2.0 {
            return Err(TailError::LighterThanGaussian { statistic: what, found: raw, gaussian: 2.0 });
        }
        Ok(())
    }
}

/// An estimated tail index.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TailIndex {
    /// Name of the estimator.
    pub estimator: &'static str,
    /// `α̂` with its interval.
    pub alpha: Estimate,
    /// Scale `s` of SαS(s), characteristic function `exp(-s^α |w|^α)`, where the estimator gives one.
    pub scale: Option<f64>,
    /// What was subtracted from the entries.
    pub location: f64,
    /// Entries used.
    pub n: usize,
    /// Share of exact zeros in the data.
    pub zero_share: f64,
    /// What the estimator settled on.
    pub settings: Settings,
}

/// What an estimator settled on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Settings {
    /// Of Mohammadi's estimator.
    Mohammadi {
        /// `K1`, entries to a sum.
        block: usize,
        /// Sums.
        blocks: usize,
        /// What was done with zeros.
        zeros: Zeros,
    },
    /// Of Koutrouvelis' estimator.
    Koutrouvelis {
        /// Frequencies of the characteristic function.
        frequencies: usize,
        /// Entries over which dependence is allowed for.
        dependence: usize,
    },
    /// Of McCulloch's estimator.
    McCulloch {
        /// Entries over which dependence is allowed for.
        dependence: usize,
    },
    /// Of Hill's estimator.
    Hill {
        /// `k`, largest entries used.
        order: usize,
    },
    /// Of maximum likelihood.
    MaximumLikelihood {
        /// Entries over which dependence is allowed for.
        dependence: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_a_width_wherever_the_estimate_falls() {
        let settings = IntervalSettings::default();
        let interval = |raw: f64| settings.up_to_two("α", raw, 0.1).unwrap();
        let width = settings.confidence.gaussian_width();
        let inside = interval(1.5);
        assert!((inside.lo - (1.5 - 0.1 * width)).abs() < 1e-12 && (inside.hi - (1.5 + 0.1 * width)).abs() < 1e-12);
        for raw in [1.9, 2.0, 2.1, 2.3, 2.5] {
            let found = interval(raw);
            assert!(found.hi == 2.0 && found.lo < found.value && found.hi - found.lo > 0.03, "{raw}: {found:?}");
        }
        assert!(settings.up_to_two("α", 2.51, 0.1).is_err());
    }

    #[test]
    fn data_that_repeat_themselves_have_no_interval() {
        let data: Vec<f64> = (0..100).map(|i| [1.0, -2.0, 3.5, 7.25][i % 4]).collect();
        let sample = TailSample::new(&data, crate::tail::Centre::Zero).unwrap();
        let mohammadi =
            Estimator::Mohammadi(Mohammadi { block: crate::tail::BlockLength::Entries(4), ..Mohammadi::DEFAULT });
        let refused = mohammadi.estimate(&sample, &IntervalSettings::default());
        assert!(matches!(refused, Err(TailError::NoWidth { .. })), "{refused:?}");
    }
}
