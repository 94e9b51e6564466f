//! # Slope of the mean exit time against the noise level
//!
//! As `ε → 0` the mean exit time is `E Γ ~ ε^-α / C`: on logarithmic axes a line of slope `-α`. The line is fitted by
//! least squares with weights `1/s_i²`, where `s_i` is the standard error of `ln Γ̄_i`. These errors are known from the
//! paths, so the interval of the slope is Gaussian with `s_b² = 1/Σ w_i (x_i - x̄)²` and is not widened by the scatter
//! about the line. `χ² = Σ w_i r_i²` tests whether the points lie on a line: if they do, it has `k - 2` degrees of freedom.
//!
//! The χ² test spreads its power over all deviations. A bend, the deviation that corrections of higher order in `ε` cause, is tested
//! separately: `c` in `ln Γ̄ = a + b x + c x²` is Gaussian with known variance. [`SlopeFit::straightness`] combines both tests.
//!
//! # References
//! - Press, Teukolsky, Vetterling, Flannery (2007), *Numerical Recipes*, 3rd ed., section 15.2.

use serde::Serialize;
use statrs::function::erf::erfc;
use statrs::function::gamma::checked_gamma_ur;
use std::f64::consts::SQRT_2;

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
    /// Its degrees of freedom, the number of points minus two.
    pub degrees_of_freedom: usize,
    /// Probability of a larger `chi_square` if the points lie on a line; `None` for two points.
    pub p_value: Option<f64>,
    /// Smallest and largest noise level of the fit.
    pub range: [f64; 2],
    /// The quadratic term; `None` for fewer than three different levels.
    pub curvature: Option<Curvature>,
}

/// The coefficient of `(ln ε)²` in a quadratic fit of `ln Γ̄`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Curvature {
    /// The coefficient `c`; the local slope changes by `2c` when `ε` grows by a factor of `e`.
    pub estimate: Estimate,
    /// Probability of a larger `|c|` if the points lie on a line.
    pub p_value: f64,
}

impl SlopeFit {
    /// Joint p-value of the line: Bonferroni's bound `2 min(p_χ², p_curvature)`; `None` for two points.
    pub fn straightness(&self) -> Option<f64> {
        let line = self.p_value?;
        Some(self.curvature.map_or(line, |bend| (2.0 * line.min(bend.p_value)).min(1.0)))
    }

    /// Whether the points contradict a line, with probability at most 1 % of doing so by chance.
    pub fn is_bent(&self) -> bool {
        self.straightness().is_some_and(|p| p < 0.01)
    }
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
    // The square of the centred abscissa, made orthogonal to the line.
    let skew = sum(&|p| (p.ln_epsilon - x).powi(3)) / spread;
    let bend = |p: &LevelMean| {
        let t = p.ln_epsilon - x;
        t * t - spread / total - skew * t
    };
    let bend_spread = sum(&|p| bend(p).powi(2));
    let curvature = (levels.len() > 2).then(|| {
        let value = sum(&|p| bend(p) * p.ln_mean) / bend_spread;
        let error = bend_spread.sqrt().recip();
        Curvature {
            estimate: Estimate::symmetric(value, confidence.gaussian_width() * error),
            p_value: erfc(value.abs() / error / SQRT_2),
        }
    });
    Ok(SlopeFit {
        slope: Estimate::symmetric(slope, confidence.gaussian_width() * standard_error),
        standard_error,
        intercept: y - slope * x,
        chi_square,
        degrees_of_freedom,
        p_value: checked_gamma_ur(0.5 * degrees_of_freedom as f64, 0.5 * chi_square).ok(),
        range: [levels[0].exp(), levels[levels.len() - 1].exp()],
        curvature,
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

    /// ln ε = 0, 1, 2, 3 of equal errors .1 and ln mean = 1, 0, 1, 4, which is (x - 1)² exactly: c = 1, its error .1/√Σ((x-1.5)²-1.25)² =
    /// .1/2, and χ² about the line of slope 1 is (1 + 1 + 1 + 1)/.01.
    #[test]
    fn a_parabola_is_found_exactly() {
        let points: Vec<_> = [(0, 1.0f64), (1, 0.0), (2, 1.0), (3, 4.0)]
            .iter()
            .map(|&(x, y)| point(f64::from(x).exp(), y.exp(), 0.1))
            .collect();
        let fit = fit_slope(&points, Confidence::DEFAULT).unwrap();
        let bend = fit.curvature.unwrap();
        let width = Confidence::DEFAULT.gaussian_width() * 0.05;
        assert!((bend.estimate.value - 1.0).abs() < 1e-9 && (bend.estimate.hi - 1.0 - width).abs() < 1e-9, "{bend:?}");
        assert!((fit.chi_square - 400.0).abs() < 1e-6 && (fit.slope.value - 1.0).abs() < 1e-9, "{fit:?}");
        assert!(fit.is_bent() && (fit.range[1] / 3f64.exp() - 1.0).abs() < 1e-12);
    }

    /// Six levels with errors of 1 % on a line: over 2,000 repeats the curvature test rejects at 5 % in a share within 4.5 standard errors of
    /// .05, and its interval covers 0; `is_bent` rejects at most 1 % plus 4.5 standard errors. False-positive rate 1e-5; the seed is fixed.
    /// Power: a local slope from -1.5 to -1.4 over the range, the size of the correction in an asymmetric basin, is found in over half.
    #[test]
    fn lines_are_rejected_as_often_as_stated_and_bends_more_often() {
        use crate::noise::{Seed, Stream};
        use rand::RngExt;
        use rand_distr::StandardNormal;
        let repeats = 2000u64;
        let shares = |bend: f64, cell: u64| {
            let mut rejected = [0u64; 2];
            for path in 0..repeats {
                let mut rng = Stream::new(Seed(77), cell, path);
                let levels = (0..6).map(|i| -0.6 * f64::from(i));
                let points: Vec<_> = levels
                    .map(|x| {
                        let error: f64 = 0.01 * rng.sample::<f64, _>(StandardNormal);
                        point(x.exp(), (-1.5 * x + bend * x * x + error).exp(), 0.01)
                    })
                    .collect();
                let fit = fit_slope(&points, Confidence::DEFAULT).unwrap();
                let curvature = fit.curvature.unwrap();
                assert_eq!(curvature.p_value < 0.05, !curvature.estimate.contains(0.0));
                rejected[0] += u64::from(curvature.p_value < 0.05);
                rejected[1] += u64::from(fit.is_bent());
            }
            rejected.map(|count| count as f64 / repeats as f64)
        };
        let band = |level: f64| 4.5 * (level * (1.0 - level) / repeats as f64).sqrt();
        let [curved, bent] = shares(0.0, 0);
        assert!((curved - 0.05).abs() < band(0.05) && bent < 0.01 + band(0.01), "{curved} {bent}");
        let [curved, bent] = shares(-0.1 / 6.0, 1);
        assert!(curved > 0.5 && bent > 0.5, "{curved} {bent}");
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
