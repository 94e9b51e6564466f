//! # Maximum likelihood
//!
//! `α̂` and `ŝ` maximise `Σ log f_α(x_i/s) - n log s` over `0.3 <= α <= 2` and `s > 0`, see
//! [`Likelihood`]. The location is that of the sample and is not fitted: by symmetry its error does not affect `α̂` and `ŝ` to first order.
//!
//! The interval is that of the profile likelihood, `{α : 2 [ℓ(α̂) - ℓ(α)] <= r χ²}`. It needs no symmetry about `α̂`, and ends at 2
//! if 2 is not excluded. `r` corrects for dependence ([`IntervalSettings::dependence`]): it is the ratio of the long-run variance of the
//! efficient score to its variance, 1 for independent entries.
//!
//! # References
//! - DuMouchel (1973), *On the Asymptotic Normality of the Maximum-Likelihood Estimate when Sampling from a Stable
//!   Distribution*, Ann. Statist. 1.
//! - Nolan (2001), *Maximum Likelihood Estimation and Diagnostics for Stable Distributions*, in Lévy Processes, Birkhäuser.

use crate::tail::dependence::variance_of_mean;
use crate::tail::law::{FEWEST, Likelihood, LogDensity, SMALLEST, StableFit};
use crate::tail::{IntervalSettings, Settings, TailError, TailIndex, TailSample};

/// Maximum likelihood of `α` and the scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaximumLikelihood;

/// Above this α the variance of the score is negligible.
const LAST_SCORE: f64 = 1.98;

impl MaximumLikelihood {
    pub(in crate::tail) fn estimate(
        self,
        sample: &TailSample,
        settings: &IntervalSettings,
    ) -> Result<TailIndex, TailError> {
        let values = sample.at_least(FEWEST)?;
        let likelihood = Likelihood::new(values);
        let fit = likelihood.fit(values)?;
        let length = settings.length(values.len());
        let level = settings.confidence.gaussian_width().powi(2) * inflation(values, &fit, length)?;
        Ok(TailIndex {
            estimator: "maximum-likelihood",
            alpha: likelihood.interval(&fit, level)?,
            scale: Some(fit.scale),
            location: sample.location(),
            n: values.len(),
            zero_share: sample.zero_share(),
            settings: Settings::MaximumLikelihood { dependence: length },
        })
    }
}

/// Ratio of the long-run variance of the efficient score of α to its variance.
fn inflation(values: &[f64], fit: &StableFit, length: usize) -> Result<f64, TailError> {
    const STEP: f64 = 0.01;
    let alpha = fit.alpha.clamp(SMALLEST + STEP, LAST_SCORE);
    let [below, here, above] = [alpha - STEP, alpha, alpha + STEP].map(LogDensity::new);
    let (below, here, above) = (below?, here?, above?);
    let scale = fit.scale.ln();
    let scores: Vec<(f64, f64)> = values
        .iter()
        .map(|x| x.abs().ln() - scale)
        .map(|u| (above.at(u) - below.at(u), here.at(u - STEP) - here.at(u + STEP) - 2.0 * STEP))
        .collect();
    let products = scores.iter().fold((0.0, 0.0), |(both, own), (a, s)| (both + a * s, own + s * s));
    let efficient: Vec<f64> = scores.iter().map(|(a, s)| a - products.0 / products.1 * s).collect();
    Ok(variance_of_mean(&efficient, length)? / variance_of_mean(&efficient, 1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Alpha, Seed, StableLaw, Stream};
    use crate::tail::Centre;
    use rand_distr::Distribution;

    fn draws(alpha: f64, scale: f64, n: usize, path: u64) -> Vec<f64> {
        let law = StableLaw::new(Alpha::new(alpha).unwrap());
        law.sample_iter(Stream::new(Seed(23), 1, path)).take(n).map(|x: f64| scale * x).collect()
    }

    #[test]
    fn gaussian_data_give_two() {
        for path in 0..10 {
            let sample = TailSample::new(&draws(2.0, 0.5, 20_000, path), Centre::Zero).unwrap();
            let index = MaximumLikelihood.estimate(&sample, &IntervalSettings::default()).unwrap();
            assert!(index.alpha.hi == 2.0 && index.alpha.value > 1.99 && index.alpha.lo > 1.95, "{:?}", index.alpha);
        }
    }
}
