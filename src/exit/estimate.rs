//! Estimates with their intervals.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::erf::erfc_inv;
use std::f64::consts::SQRT_2;

use super::ExitError;

/// Level of a two-sided confidence interval, at least 1/2: a narrower interval may not contain its own estimate.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Confidence(f64);

impl Confidence {
    /// 95 %, the level of every interval in the result files.
    pub const DEFAULT: Confidence = Confidence(0.95);

    /// The level as a confidence.
    ///
    /// # Errors
    /// [`ExitError::Confidence`] unless `1/2 <= level < 1`.
    pub fn new(level: f64) -> Result<Self, ExitError> {
        if !(0.5..1.0).contains(&level) {
            return Err(ExitError::Confidence { level });
        }
        Ok(Confidence(level))
    }

    /// The number itself.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Probability `(1 - level)/2` on either side of the interval.
    pub fn tail(self) -> f64 {
        0.5 * (1.0 - self.0)
    }

    /// Half-width of the interval in standard errors of a Gaussian estimate, 1.96 at 95 %.
    pub fn gaussian_width(self) -> f64 {
        SQRT_2 * erfc_inv(1.0 - self.0)
    }

    /// The same with a variance from `degrees` degrees of freedom, by Student's law: 12.7 for one at 95 %. Infinite for none.
    pub fn student_width(self, degrees: f64) -> f64 {
        StudentsT::new(0.0, 1.0, degrees).map_or(f64::INFINITY, |law| law.inverse_cdf(1.0 - self.tail()))
    }
}

impl Default for Confidence {
    fn default() -> Self {
        Confidence::DEFAULT
    }
}

/// A value and its confidence interval, `lo <= value <= hi`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate itself.
    pub value: f64,
    /// Lower limit.
    pub lo: f64,
    /// Upper limit.
    pub hi: f64,
}

impl Estimate {
    /// `value ± half_width`.
    pub fn symmetric(value: f64, half_width: f64) -> Self {
        Estimate { value, lo: value - half_width, hi: value + half_width }
    }

    /// The estimate in other units; `factor > 0` is known without error.
    pub fn scaled(self, factor: f64) -> Self {
        Estimate { value: self.value * factor, lo: self.lo * factor, hi: self.hi * factor }
    }

    /// The estimate of `1/x`, for `x > 0`: the limits are exchanged, and a limit of 0 becomes infinite.
    pub fn reciprocal(self) -> Self {
        Estimate { value: 1.0 / self.value, lo: 1.0 / self.hi, hi: 1.0 / self.lo }
    }

    /// Whether the interval contains `x`.
    pub fn contains(&self, x: f64) -> bool {
        self.lo <= x && x <= self.hi
    }

    /// The estimate of `ln x`.
    ///
    /// # Errors
    /// [`ExitError::NoLogarithm`] unless the interval is positive and finite.
    pub fn ln(self) -> Result<Self, ExitError> {
        let Estimate { value, lo, hi } = self;
        if !(lo > 0.0 && lo <= value && value <= hi && hi.is_finite()) {
            return Err(ExitError::NoLogarithm { value, lo, hi });
        }
        Ok(Estimate { value: value.ln(), lo: lo.ln(), hi: hi.ln() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_widths() {
        for bad in [0.0, 0.4, 1.0, 95.0, f64::NAN] {
            assert!(Confidence::new(bad).is_err(), "{bad}");
        }
        assert!((Confidence::DEFAULT.gaussian_width() - 1.959_963_984_540_054).abs() < 1e-12);
        assert!((Confidence::new(0.9).unwrap().gaussian_width() - 1.644_853_626_951_472).abs() < 1e-12);
        assert!((Confidence::DEFAULT.student_width(1.0) - 12.706_205).abs() < 1e-5);
        assert!(Confidence::DEFAULT.student_width(0.0).is_infinite());
    }

    #[test]
    fn a_reciprocal_keeps_its_interval_in_order() {
        let mean = Estimate { value: 0.5, lo: 0.25, hi: 1.0 }.reciprocal();
        assert_eq!(mean, Estimate { value: 2.0, lo: 1.0, hi: 4.0 });
        assert!(Estimate::symmetric(1.0, 1.0).ln().is_err());
    }
}
