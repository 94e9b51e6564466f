//! The errors of this module.

use thiserror::Error;

/// Reasons why a statistic cannot be computed.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ExitError {
    /// A confidence level outside [1/2, 1).
    #[error("confidence level {level} is outside [0.5, 1)")]
    Confidence {
        /// The offending value.
        level: f64,
    },
    /// An exit or censoring time that is negative or not finite.
    #[error("time {time} is not finite and non-negative")]
    Time {
        /// The offending value.
        time: f64,
    },
    /// The total time at risk is 0: there were no paths, or all diverged or left at time 0.
    #[error("no time at risk: {paths} paths, {diverged} of them diverged")]
    NoTimeAtRisk {
        /// Paths, diverged ones included.
        paths: usize,
        /// Paths that diverged.
        diverged: usize,
    },
    /// Too few paths left for the statistic.
    #[error("{exited} of {followed} paths left; the estimate needs {needed}")]
    TooFewExits {
        /// Paths that left.
        exited: usize,
        /// Paths that left or were censored.
        followed: usize,
        /// Exits needed.
        needed: usize,
    },
    /// A rate that is not a positive number.
    #[error("rate λ = {rate} is not a positive finite number")]
    Rate {
        /// The offending value.
        rate: f64,
    },
    /// A mean whose interval is not positive and finite has no logarithm.
    #[error("the mean {value} has the interval [{lo}, {hi}]; a logarithm needs positive finite limits")]
    NoLogarithm {
        /// The mean.
        value: f64,
        /// Lower limit.
        lo: f64,
        /// Upper limit.
        hi: f64,
    },
    /// A noise level that has no logarithm.
    #[error("noise level ε = {epsilon} is not a positive finite number")]
    Epsilon {
        /// The offending value.
        epsilon: f64,
    },
    /// A line needs two noise levels.
    #[error("a slope needs at least two different noise levels, found {found}")]
    TooFewLevels {
        /// Different noise levels.
        found: usize,
    },
}
