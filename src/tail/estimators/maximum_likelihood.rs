//! # Maximum likelihood
//!
//! `α̂` and `ŝ` maximise `Σ log f_α(x_i/s) - n log s` over `0.3 <= α <= 2` and `s > 0`, with the density of
//! [`StableDensity`](crate::noise::StableDensity), tabulated for every α that is tried ([`LogDensity`]), and the data on a fine grid
//! ([`LogGrid`]). The location is the sample's and not fitted: by symmetry its error does not enter those of `α̂` and `ŝ`.
//!
//! The interval is that of the profile likelihood, `{α : 2 [ℓ(α̂) - ℓ(α)] <= r χ²}`. It needs no symmetry about `α̂`, and ends at 2
//! where 2 is not excluded. `r` allows for dependence ([`IntervalSettings::dependence`]): it is the long-run variance of the
//! efficient score over its variance, 1 for independent entries.
//!
//! # References
//! - DuMouchel (1973), *On the Asymptotic Normality of the Maximum-Likelihood Estimate when Sampling from a Stable
//!   Distribution*, Ann. Statist. 1.
//! - Nolan (2001), *Maximum Likelihood Estimation and Diagnostics for Stable Distributions*, in Lévy Processes, Birkhäuser.

use crate::exit::Estimate;
use crate::tail::dependence::variance_of_mean;
use crate::tail::log_density::{LogDensity, SMALLEST};
use crate::tail::log_grid::LogGrid;
use crate::tail::optimum::{crossing, maximum};
use crate::tail::sample::median;
use crate::tail::{IntervalSettings, McCulloch, Settings, TailError, TailIndex, TailSample};

/// Maximum likelihood of `α` and the scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaximumLikelihood;

/// Fewest values that a law is fitted to.
pub(in crate::tail) const FEWEST: usize = 20;
/// Accuracy of `α̂`.
const TOLERANCE: f64 = 1e-6;
/// Above, the optimum is sought in `log(2-α)`: it may be anywhere close to 2, or at 2.
const NEAR_GAUSSIAN: f64 = 1.97;
const NEAREST: f64 = 1e-6;
/// A law with α < 2 must be likelier than the Gaussian by this much an entry: the tables are no better.
const RESOLUTION: f64 = 1e-6;
/// Nearer to 2 the score has no variance to speak of.
const LAST_SCORE: f64 = 1.98;

/// The likelihood of a sample.
pub(in crate::tail) struct Likelihood {
    grid: LogGrid,
    /// `log s` to start with.
    scale: f64,
}

/// A maximum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::tail) struct StableFit {
    pub(in crate::tail) alpha: f64,
    pub(in crate::tail) scale: f64,
    /// Mean log likelihood of an entry.
    pub(in crate::tail) mean_log_likelihood: f64,
}

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

impl Likelihood {
    /// The likelihood of `values`, none of which is 0.
    pub(in crate::tail) fn new(values: &[f64]) -> Self {
        let mut magnitudes: Vec<f64> = values.iter().map(|x| x.abs()).collect();
        let median = median(&mut magnitudes);
        Likelihood { grid: LogGrid::new(magnitudes.iter().copied(), median), scale: median.ln() }
    }

    /// The data.
    pub(in crate::tail) fn grid(&self) -> &LogGrid {
        &self.grid
    }

    /// The maximum. McCulloch's estimate says where to look.
    pub(in crate::tail) fn fit(&self, values: &[f64]) -> Result<StableFit, TailError> {
        let start = McCulloch::index_of(values).unwrap_or(1.0).clamp(SMALLEST + 0.1, 1.9);
        let mut width = (16.0 / (values.len() as f64).sqrt()).clamp(0.05, 1.0);
        let (alpha, height) = loop {
            let (lo, hi) = ((start - width).max(SMALLEST), (start + width).min(2.0));
            let (alpha, height) = maximum(lo, hi, TOLERANCE, |alpha| self.profile(alpha).map(|best| best.0))?;
            // An end of the range that is not an end of the laws is no maximum.
            let inside = (alpha > lo + 1e-3 || lo == SMALLEST) && (alpha < hi - 1e-3 || hi == 2.0);
            if inside {
                break (alpha, height);
            }
            width *= 2.0;
        };
        if alpha < SMALLEST + 1e-3 {
            return Err(TailError::TooHeavy { smallest: SMALLEST });
        }
        let mut best = (alpha, height);
        if alpha > NEAR_GAUSSIAN {
            let (lo, hi) = (NEAREST.ln(), (2.0 - NEAR_GAUSSIAN + 0.01).ln());
            let (gap, height) = maximum(lo, hi, 1e-3, |gap| self.profile(2.0 - gap.exp()).map(|best| best.0))?;
            let gaussian = self.profile(2.0)?.0;
            for (alpha, height) in [(2.0 - gap.exp(), height), (2.0, gaussian + RESOLUTION)] {
                best = if height >= best.1 { (alpha, height) } else { best };
            }
        }
        let (mean_log_likelihood, scale) = self.profile(best.0)?;
        Ok(StableFit { alpha: best.0, scale: scale.exp(), mean_log_likelihood })
    }

    /// Mean log likelihood at `alpha`, maximal in the scale, and the logarithm of that scale.
    fn profile(&self, alpha: f64) -> Result<(f64, f64), TailError> {
        let table = LogDensity::new(alpha)?;
        Ok(self.grid.best_scale(self.scale, |u| table.at(u)))
    }

    /// Where twice the fall of the log likelihood reaches `level`.
    fn interval(&self, fit: &StableFit, level: f64) -> Result<Estimate, TailError> {
        let n = self.grid.len() as f64;
        let fall = |alpha: f64| Ok(2.0 * n * (fit.mean_log_likelihood - self.profile(alpha)?.0));
        let guess = (2.0 / n.sqrt()).min(0.5 * (fit.alpha - SMALLEST));
        if fall(SMALLEST)? < level {
            return Err(TailError::TooHeavy { smallest: SMALLEST });
        }
        let lo = crossing(fit.alpha, SMALLEST, level, fit.alpha - guess, fall)?;
        let open = fit.alpha == 2.0 || fall(2.0)? < level;
        let hi = if open { 2.0 } else { crossing(fit.alpha, 2.0, level, 2.0 * fit.alpha - lo, fall)? };
        Ok(Estimate { value: fit.alpha, lo, hi })
    }
}

/// Long-run variance of the efficient score of α over its variance.
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
    use crate::noise::{Alpha, Seed, StableDensity, StableLaw, Stream};
    use crate::tail::Centre;
    use rand_distr::Distribution;

    fn draws(alpha: f64, scale: f64, n: usize, path: u64) -> Vec<f64> {
        let law = StableLaw::new(Alpha::new(alpha).unwrap());
        law.sample_iter(Stream::new(Seed(23), 1, path)).take(n).map(|x: f64| scale * x).collect()
    }

    /// Table and grid against the density itself: the likelihood to 1e-4 an entry and, what counts, its maximum to a
    /// twentieth of the standard error.
    #[test]
    fn table_and_grid_do_not_move_the_maximum() {
        let n = 2000;
        for alpha in [1.1, 1.5, 1.9] {
            let data = draws(alpha, 3.0, n, 0);
            let likelihood = Likelihood::new(&data);
            let fit = likelihood.fit(&data).unwrap();
            let exact = |alpha: f64, scale: f64| {
                let law = StableDensity::new(Alpha::new(alpha).unwrap()).unwrap();
                data.iter().map(|x| law.pdf(x / scale).ln() - scale.ln()).sum::<f64>() / n as f64
            };
            let here = exact(fit.alpha, fit.scale);
            assert!((fit.mean_log_likelihood - here).abs() < 1e-4, "{alpha}: {} {here}", fit.mean_log_likelihood);
            // Newton's step of the exact likelihood from the maximum of the tabulated one, in α alone.
            let h = 1e-3;
            let (below, above) = (exact(fit.alpha - h, fit.scale), exact(fit.alpha + h, fit.scale));
            let step = -0.5 * h * (above - below) / (above + below - 2.0 * here);
            let error = 1.5 / (n as f64).sqrt();
            assert!(step.abs() < 0.05 * error, "{alpha}: {step} {error}");
        }
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
