//! # Slope of the mean exit time against the noise level
//!
//! As `ε → 0` the mean exit time is `E Γ ~ ε^-α / C`: on logarithmic axes a line of slope `-α`. The line is fitted by
//! least squares with weights `1/s_i²`, where `s_i` is the standard error of `ln Γ̄_i`. These errors are known from the
//! paths, so the interval of the slope is Gaussian with `s_b² = 1/Σ w_i (x_i - x̄)²` and is not widened by the scatter
//! about the line. `χ² = Σ w_i r_i²` tests whether the points lie on a line: if they do, it has `k - 2` degrees of freedom.
//!
//! # References
//! - Press, Teukolsky, Vetterling, Flannery (2007), *Numerical Recipes*, 3rd ed., section 15.2.

use serde::Serialize;
use statrs::function::gamma::checked_gamma_ur;

use super::{Confidence, Estimate, ExitError};

/// Mean exit time at one noise level, on the logarithmic scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelMean {
    ln_epsilon: f64,
    ln_mean: f64,
    standard_error: f64,
}

impl LevelMean {
    /// The mean at noise level `epsilon`, with the level of its interval.
    ///
    /// The standard error of its logarithm is the interval's logarithmic width over that of a Gaussian interval.
    ///
    /// # Errors
    /// [`ExitError::Epsilon`] unless `0 < ε < ∞`; [`ExitError::NoLogarithm`] unless the interval is positive, finite and
    /// wider than a point.
    pub fn new(epsilon: f64, mean: Estimate, confidence: Confidence) -> Result<Self, ExitError> {
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return Err(ExitError::Epsilon { epsilon });
        }
        let ln = mean.ln()?;
        let standard_error = (ln.hi - ln.lo) / (2.0 * confidence.gaussian_width());
        if standard_error == 0.0 {
            let Estimate { value, lo, hi } = mean;
            return Err(ExitError::NoLogarithm { value, lo, hi });
        }
        Ok(LevelMean { ln_epsilon: epsilon.ln(), ln_mean: ln.value, standard_error })
    }
}

/// A line `ln Γ̄ = intercept + slope · ln ε`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SlopeFit {
    /// The slope, `-α` in the limit `ε → 0`.
    pub slope: Estimate,
    /// Standard error of the slope.
    pub standard_error: f64,
    /// Logarithm of the mean at `ε = 1`.
    pub intercept: f64,
    /// Weighted sum of squared residuals.
    pub chi_square: f64,
    /// Its degrees of freedom, the number of points less two.
    pub degrees_of_freedom: usize,
    /// Probability of a larger `chi_square` if the points lie on a line; `None` for two points.
    pub p_value: Option<f64>,
}

/// The weighted least-squares line through mean exit times at several noise levels.
///
/// # Errors
/// [`ExitError::TooFewLevels`] unless two noise levels differ.
pub fn fit_slope(points: &[LevelMean], confidence: Confidence) -> Result<SlopeFit, ExitError> {
    let mut levels: Vec<f64> = points.iter().map(|p| p.ln_epsilon).collect();
    levels.sort_unstable_by(f64::total_cmp);
    levels.dedup();
    if levels.len() < 2 {
        return Err(ExitError::TooFewLevels { found: levels.len() });
    }
    let weight = |p: &LevelMean| p.standard_error.powi(-2);
    let sum = |f: &dyn Fn(&LevelMean) -> f64| points.iter().map(|p| weight(p) * f(p)).sum::<f64>();
    let total = sum(&|_| 1.0);
    let (x, y) = (sum(&|p| p.ln_epsilon) / total, sum(&|p| p.ln_mean) / total);
    let spread = sum(&|p| (p.ln_epsilon - x).powi(2));
    let slope = sum(&|p| (p.ln_epsilon - x) * (p.ln_mean - y)) / spread;
    let chi_square = sum(&|p| (p.ln_mean - y - slope * (p.ln_epsilon - x)).powi(2));
    let standard_error = spread.sqrt().recip();
    let degrees_of_freedom = points.len() - 2;
    Ok(SlopeFit {
        slope: Estimate::symmetric(slope, confidence.gaussian_width() * standard_error),
        standard_error,
        intercept: y - slope * x,
        chi_square,
        degrees_of_freedom,
        p_value: checked_gamma_ur(0.5 * degrees_of_freedom as f64, 0.5 * chi_square).ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(epsilon: f64, mean: f64, relative_error: f64) -> LevelMean {
        let width = Confidence::DEFAULT.gaussian_width() * relative_error;
        let estimate = Estimate { value: mean, lo: mean * (-width).exp(), hi: mean * width.exp() };
        LevelMean::new(epsilon, estimate, Confidence::DEFAULT).unwrap()
    }

    #[test]
    fn a_power_law_is_found_exactly() {
        let points: Vec<_> =
            [0.3f64, 0.1, 0.03, 0.01].iter().map(|&e| point(e, 2.5 * e.powf(-1.5), 0.1 * e.sqrt())).collect();
        let fit = fit_slope(&points, Confidence::DEFAULT).unwrap();
        assert!((fit.slope.value + 1.5).abs() < 1e-12 && (fit.intercept - 2.5f64.ln()).abs() < 1e-12);
        assert!(fit.chi_square < 1e-20 && fit.degrees_of_freedom == 2);
        assert_eq!(fit.p_value.map(|p| (p * 1e9).round()), Some(1e9));
    }

    /// ln ε = 0, -1, -2 with ln mean 0, 1, 3 and errors 1, 1, 2: by hand, weights 1, 1, 1/4, x̄ = -2/3, ȳ = 7/9,
    /// spread 1, slope -4/3, intercept -1/9, residuals 1/9, -2/9, 4/9, χ² = 1/9.
    #[test]
    fn weights_enter_as_they_should() {
        let points =
            [point(1.0, 1.0, 1.0), point((-1f64).exp(), 1f64.exp(), 1.0), point((-2f64).exp(), 3f64.exp(), 2.0)];
        let fit = fit_slope(&points, Confidence::DEFAULT).unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(fit.slope.value, -4.0 / 3.0) && near(fit.standard_error, 1.0), "{fit:?}");
        assert!(near(fit.intercept, -1.0 / 9.0) && near(fit.chi_square, 1.0 / 9.0), "{fit:?}");
        // P(χ²(1) > 1/9) = erfc(√(1/18)).
        assert!(near(fit.p_value.unwrap(), statrs::function::erf::erfc((1f64 / 18.0).sqrt())), "{fit:?}");
    }

    #[test]
    fn a_line_needs_two_levels() {
        assert_eq!(fit_slope(&[], Confidence::DEFAULT), Err(ExitError::TooFewLevels { found: 0 }));
        let same = [point(0.1, 1.0, 0.1), point(0.1, 2.0, 0.1)];
        assert_eq!(fit_slope(&same, Confidence::DEFAULT), Err(ExitError::TooFewLevels { found: 1 }));
        let two = fit_slope(&[point(0.1, 1.0, 0.1), point(0.2, 2.0, 0.1)], Confidence::DEFAULT).unwrap();
        assert_eq!((two.degrees_of_freedom, two.p_value), (0, None));
        let exact = Estimate { value: 1.0, lo: 1.0, hi: 1.0 };
        assert!(LevelMean::new(0.1, exact, Confidence::DEFAULT).is_err());
        assert!(LevelMean::new(0.0, Estimate { hi: 2.0, ..exact }, Confidence::DEFAULT).is_err());
    }
}
