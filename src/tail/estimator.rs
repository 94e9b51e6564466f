//! The choice of an estimator.

use super::{Hill, IntervalSettings, Koutrouvelis, MaximumLikelihood, McCulloch, Mohammadi};
use super::{TailError, TailIndex, TailSample};
use crate::exit::Estimate;

/// Relative width below which an interval consists of rounding errors.
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
    /// From the growth of sums; the estimator of the paper.
    Mohammadi(Mohammadi),
    /// From the empirical characteristic function.
    Koutrouvelis(Koutrouvelis),
    /// From two quantiles.
    McCulloch(McCulloch),
    /// From the largest entries, for any law of the others.
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

    /// Name in tables and on the command line.
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
        // If the entries repeat, the width of the interval consists of rounding errors.
        if hi - lo > NARROWEST * value {
            Ok(index)
        } else {
            Err(TailError::NoWidth { estimator: index.estimator, value })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
