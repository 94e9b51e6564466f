//! The tail index, and the errors of this module.

use std::fmt;

use thiserror::Error;

/// Tail index `α` of a symmetric stable law, `0 < α ≤ 2`.
///
/// `P(|X| > x) ~ C x^-α` for `α < 2`; the variance is infinite, and for `α ≤ 1` the mean does not exist.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Alpha(f64);

impl Alpha {
    /// The Gaussian case, `α = 2`.
    pub const GAUSSIAN: Alpha = Alpha(2.0);

    /// A tail index.
    ///
    /// # Errors
    /// [`NoiseError::Alpha`] unless `0 < alpha <= 2`.
    pub fn new(alpha: f64) -> Result<Self, NoiseError> {
        if !(alpha > 0.0 && alpha <= 2.0) {
            return Err(NoiseError::Alpha { alpha });
        }
        Ok(Alpha(alpha))
    }

    /// The value.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Whether the law is Gaussian, so that the motion is continuous.
    pub fn is_gaussian(self) -> bool {
        self.0 == 2.0
    }
}

impl fmt::Display for Alpha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Errors in the parameters of a noise.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum NoiseError {
    /// The tail index is outside `(0, 2]`.
    #[error("tail index α = {alpha} is outside (0, 2]")]
    Alpha {
        /// The rejected value.
        alpha: f64,
    },
    /// The unit density does not exist for Gaussian noise.
    #[error("the unit measure needs α < 2: at α = 2 there are no jumps")]
    UnitGaussian,
    /// A noise level that is not a positive number.
    #[error("noise level ε = {epsilon} is not a positive finite number")]
    Epsilon {
        /// The rejected value.
        epsilon: f64,
    },
    /// A learning rate that is not a positive number.
    #[error("learning rate η = {eta} is not a positive finite number")]
    LearningRate {
        /// The rejected value.
        eta: f64,
    },
    /// The amplitude's shape does not fit the problem.
    #[error("amplitude Σ is {found}, the basin has dimension {dim}")]
    AmplitudeShape {
        /// Dimension of the problem.
        dim: usize,
        /// The shape that was given.
        found: String,
    },
    /// The parts of a low-rank plus diagonal amplitude do not fit together.
    #[error(
        "U of {} × {} and V of {} × {} do not fit a diagonal of length {dim}: both need as many rows, and as many columns as each other",
        left.0, left.1, right.0, right.1
    )]
    FactorShape {
        /// Length of the diagonal.
        dim: usize,
        /// Rows and columns of `U`.
        left: (usize, usize),
        /// Rows and columns of `V`.
        right: (usize, usize),
    },
    /// A parameter of a noise law that has no such law, or a combination that is not built.
    #[error("{law} noise: {what}")]
    Law {
        /// Name of the law.
        law: &'static str,
        /// What is wrong.
        what: String,
    },
    /// Measured noise vectors that cannot be drawn.
    #[error("the measured noise vectors cannot be used: {what}")]
    Empirical {
        /// What is wrong.
        what: String,
    },
    /// An entry of the amplitude is not finite, or the amplitude is zero.
    #[error("amplitude Σ has the entry {value}; entries must be finite and not all zero")]
    AmplitudeEntry {
        /// The rejected value.
        value: f64,
    },
}

impl NoiseError {
    pub(crate) fn law(law: &'static str, what: String) -> Self {
        NoiseError::Law { law, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_and_nan_are_refused() {
        for bad in [0.0, -1.0, 2.5, f64::NAN, f64::INFINITY] {
            assert!(Alpha::new(bad).is_err(), "{bad}");
        }
        assert_eq!(Alpha::new(1.5).map(Alpha::get), Ok(1.5));
    }
}
