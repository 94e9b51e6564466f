//! Errors of the exact solver.

use thiserror::Error;

/// Why the solver gives no answer.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ExactError {
    /// Noise does not dominate drift at the edge, so the method does not apply.
    #[error(
        "the exact solver needs 1 < α <= 2, not α = {alpha}: for smaller α drift dominates at the edge of the interval"
    )]
    TailIndex {
        /// The rejected value.
        alpha: f64,
    },
    /// The noise scale `ε s` is not a positive finite number.
    #[error("noise scale ε s = {noise_scale} is not a positive finite number")]
    NoiseScale {
        /// The rejected value.
        noise_scale: f64,
    },
    /// The interval is empty or has no finite end.
    #[error("({lo}, {hi}) is no interval with a finite end")]
    Interval {
        /// Left end.
        lo: f64,
        /// Right end.
        hi: f64,
    },
    /// No force leads back from the open side of a half-line.
    #[error("no force leads back from the open side of ({lo}, {hi}), so the exit time has no finite mean")]
    NoReturn {
        /// Left end.
        lo: f64,
        /// Right end.
        hi: f64,
    },
    /// The force is not finite somewhere in the interval.
    #[error("the force at x = {x} is {force}")]
    Force {
        /// Where.
        x: f64,
        /// The rejected value.
        force: f64,
    },
    /// The start is not inside the interval.
    #[error("the start {start} is outside the interval ({lo}, {hi})")]
    Start {
        /// The rejected value.
        start: f64,
        /// Left end.
        lo: f64,
        /// Right end.
        hi: f64,
    },
    /// `E exp(-sΓ)` is infinite, or `s` is not finite.
    #[error("E exp(-sΓ) is finite for s > -{decay_rate}, not at s = {s}")]
    LaplaceArgument {
        /// The rejected value.
        s: f64,
        /// Decay rate of `P(Γ > t)`.
        decay_rate: f64,
    },
    /// A time that is not a positive finite number.
    #[error("time t = {time} is not a positive finite number")]
    Time {
        /// The rejected value.
        time: f64,
    },
    /// The boundary layer is too thin for any mesh of reasonable size.
    #[error("the boundary layer of thickness {thickness:.1e} is not resolved: ε is too small or α too near 1")]
    BoundaryLayer {
        /// Length over which noise and drift balance at an end of the interval; 0 if it underflows.
        thickness: f64,
    },
    /// The finest two discretisations disagree: a layer is not resolved, the drift is rough, or the answer is a small
    /// difference of large numbers, as at `α = 2` when exits are rarer than `10^9` relaxation times.
    #[error("not resolved: with {unknowns} unknowns the relative change of the answer is still {change:.1e}")]
    Unresolved {
        /// Unknowns of the finest discretisation.
        unknowns: usize,
        /// Relative change between the finest two.
        change: f64,
    },
    /// The linear system of a discretisation is singular.
    #[error("the linear system of {unknowns} unknowns is singular")]
    Singular {
        /// Its size.
        unknowns: usize,
    },
}
