//! # The likelihood of a stable law
//!
//! The mean log likelihood of magnitudes about a known location, maximal in the scale and then in α. The density is
//! [`StableDensity`](crate::noise::StableDensity)'s, tabulated for every α of the search ([`LogDensity`]), and the data are collected on a fine
//! grid ([`LogGrid`]).

use super::log_density::{LogDensity, SMALLEST};
use super::log_grid::LogGrid;
use super::optimum::{crossing, maximum};
use super::quantile_fit::QuantileFit;
use crate::exit::Estimate;
use crate::tail::TailError;
use crate::tail::order_statistics::median;

/// Fewest values for a fit.
pub const FEWEST: usize = 20;
/// Accuracy of `α̂`.
const TOLERANCE: f64 = 1e-6;
/// Above this α the search uses `log(2-α)`, since the optimum may be anywhere close to 2, or at 2.
const NEAR_GAUSSIAN: f64 = 1.97;
const NEAREST: f64 = 1e-6;
/// Smallest excess of the mean log likelihood of a law with α < 2 over the Gaussian: the accuracy of the tables.
const RESOLUTION: f64 = 1e-6;
/// The likelihood of a sample.
pub struct Likelihood {
    grid: LogGrid,
    /// `log s` at which the search starts.
    scale: f64,
}

/// A maximum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StableFit {
    pub alpha: f64,
    pub scale: f64,
    /// Mean log likelihood of an entry.
    pub mean_log_likelihood: f64,
}

impl Likelihood {
    /// The likelihood of `values`, none of which is 0.
    pub fn new(values: &[f64]) -> Self {
        let mut magnitudes: Vec<f64> = values.iter().map(|x| x.abs()).collect();
        let median = median(&mut magnitudes);
        Likelihood { grid: LogGrid::new(magnitudes.iter().copied(), median), scale: median.ln() }
    }

    /// The data.
    pub fn grid(&self) -> &LogGrid {
        &self.grid
    }

    /// The maximum. The search starts from McCulloch's estimate.
    pub fn fit(&self, values: &[f64]) -> Result<StableFit, TailError> {
        let start = QuantileFit::of(values).ok().map(|fit| fit.alpha).unwrap_or(1.0).clamp(SMALLEST + 0.1, 1.9);
        let mut width = (16.0 / (values.len() as f64).sqrt()).clamp(0.05, 1.0);
        let (alpha, height) = loop {
            let (lo, hi) = ((start - width).max(SMALLEST), (start + width).min(2.0));
            let (alpha, height) = maximum(lo, hi, TOLERANCE, |alpha| self.profile(alpha).map(|best| best.0))?;
            // An end of the range that is not a limit of α is not a maximum.
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

    /// The α at which twice the decrease of the log likelihood reaches `level`.
    pub fn interval(&self, fit: &StableFit, level: f64) -> Result<Estimate, TailError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Alpha, Seed, StableDensity, StableLaw, Stream};
    use rand_distr::Distribution;

    fn draws(alpha: f64, scale: f64, n: usize, path: u64) -> Vec<f64> {
        let law = StableLaw::new(Alpha::new(alpha).unwrap());
        law.sample_iter(Stream::new(Seed(23), 1, path)).take(n).map(|x: f64| scale * x).collect()
    }

    /// Compares table and grid with the density itself: the likelihood agrees to 1e-4 per entry and, more important, its maximum to a
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
}
