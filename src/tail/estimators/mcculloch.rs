//! # McCulloch's estimator, symmetric case
//!
//! The ratio of quantiles `ν = (x_.95 - x_.05)/(x_.75 - x_.25)` does not depend on the scale and decreases with α, from 27 at .5 to 2.439 at 2.
//! At `α̂` the ratio of the law equals that of the sample; `ŝ` then makes the quartiles agree. Since the law is symmetric about a known
//! location, the quantiles are those of `|x|`: its median and its ninth decile, which halves the variance of the odd part of `ν`.
//! The ratio is inverted with the quantiles of [`StableDensity`], without a table.
//!
//! The interval is asymptotic, through the influence of an entry on both quantiles, corrected for dependence
//! ([`IntervalSettings::dependence`]), and cut at 2. Extreme entries do not matter: it is the most robust of the estimators.
//!
//! # References
//! - McCulloch (1986), *Simple Consistent Estimators of Stable Distribution Parameters*, Comm. Statist. Simul. 15.

use crate::tail::law::QuantileFit;
use crate::tail::{IntervalSettings, Settings, TailError, TailIndex, TailSample};

/// McCulloch's estimator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct McCulloch;

const FEWEST: usize = 20;

impl McCulloch {
    pub(in crate::tail) fn estimate(
        self,
        sample: &TailSample,
        settings: &IntervalSettings,
    ) -> Result<TailIndex, TailError> {
        let fit = McCulloch::fit(sample)?;
        let error = settings.standard_error(&fit.influence(sample.values())?)?;
        Ok(TailIndex {
            estimator: "mcculloch",
            alpha: settings.up_to_two("McCulloch's α", fit.raw, error)?,
            scale: Some(fit.scale),
            location: sample.location(),
            n: sample.values().len(),
            zero_share: sample.zero_share(),
            settings: Settings::McCulloch { dependence: settings.length(sample.values().len()) },
        })
    }

    /// The fit without its interval.
    pub(in crate::tail) fn fit(sample: &TailSample) -> Result<QuantileFit, TailError> {
        QuantileFit::of(sample.at_least(FEWEST)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::Centre;

    #[test]
    fn light_heavy_and_tied_samples_are_refused() {
        let estimate = |data: Vec<f64>| {
            let sample = TailSample::new(&data, Centre::Zero).unwrap();
            McCulloch.estimate(&sample, &IntervalSettings::default())
        };
        // Shuffled, because sorted entries would count as dependent.
        let ramp = (0..2000).map(|i| f64::from(i * 737 % 2000) - 999.5);
        assert!(matches!(estimate(ramp.clone().collect()), Err(TailError::LighterThanGaussian { .. })));
        assert!(matches!(estimate(ramp.map(|x| (0.05 * x).exp()).collect()), Err(TailError::TooHeavy { .. })));
        let tied = (0..100).map(|i| if i < 95 { 1.0 } else { f64::from(i).sqrt() });
        assert!(matches!(estimate(tied.collect()), Err(TailError::Ties { .. })));
        assert!(matches!(estimate(vec![1.0, 2.0, 3.0]), Err(TailError::TooFew { .. })));
    }
}
