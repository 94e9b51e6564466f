//! Errors in a dynamics.

use thiserror::Error;

use crate::noise::NoiseError;

/// Errors in a dynamics.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum DynamicsError {
    /// A rate that is not positive.
    #[error("the rate {name} = {rate} is not a positive finite number")]
    Rate {
        /// `β1` or `β2`.
        name: &'static str,
        /// The rejected value.
        rate: f64,
    },
    /// A decay outside its range.
    #[error(
        "the decay {name} = {decay} is outside its range: it must be below 1 and positive, or 0 for β1 of the discrete Adam and both of Lion"
    )]
    Decay {
        /// `β1`, `β2` or `ρ`.
        name: &'static str,
        /// The rejected value.
        decay: f64,
    },
    /// A learning rate that is not positive.
    #[error("the learning rate η = {eta} is not a positive finite number")]
    LearningRate {
        /// The rejected value.
        eta: f64,
    },
    /// A stabilizer that is out of range.
    #[error("the stabilizer ϵ = {stabilizer} {expected}")]
    Stabilizer {
        /// The rejected value.
        stabilizer: f64,
        /// What is wrong with it.
        expected: &'static str,
    },
    /// A tail index for which the law of Adam's second moment is not computed.
    #[error("the law of Adam's second moment is computed for α ≥ 0.2, not for α = {alpha}")]
    SecondMomentIndex {
        /// The rejected value.
        alpha: f64,
    },
    /// Noise for which the law of Adam's second moment is not computed.
    #[error("the law of Adam's second moment is computed for SαS noise, not for {law} noise")]
    SecondMomentLaw {
        /// Name of the law.
        law: &'static str,
    },
    /// A momentum outside its range.
    #[error("the momentum μ = {momentum} is outside its range: it must be positive and below 1, or left out")]
    Momentum {
        /// The rejected value.
        momentum: f64,
    },
    /// A bound of the gradient that is not positive.
    #[error("the bound {bound} of the gradient is not a positive finite number")]
    ClippingBound {
        /// The rejected value.
        bound: f64,
    },
    /// A negative weight decay.
    #[error("the weight decay {coefficient} is not a finite number ≥ 0")]
    WeightDecay {
        /// The rejected value.
        coefficient: f64,
    },
    /// A first sum of squares that is negative.
    #[error("the first sum of squares {initial} is not a finite number ≥ 0")]
    InitialSum {
        /// The rejected value.
        initial: f64,
    },
    /// A schedule with too few or too many steps.
    #[error("a schedule needs between 1 and 2^53 steps, not {steps}")]
    ScheduleSteps {
        /// The rejected value.
        steps: u64,
    },
    /// A factor that is not in (0, 1].
    #[error("the factor {factor} of the learning rate is outside (0, 1]")]
    ScheduleFactor {
        /// The rejected value.
        factor: f64,
    },
    /// A lowest learning rate that is negative or above the learning rate.
    #[error("the lowest learning rate {lowest} does not lie between 0 and η = {eta}")]
    LowestRate {
        /// The rejected value.
        lowest: f64,
        /// The learning rate, or infinity if none is given yet.
        eta: f64,
    },
    /// Gradient-noise scales of another dimension.
    #[error("the length of gradient_noise is {found}, the basin has dimension {dim}")]
    GradientNoiseLength {
        /// How many were given.
        found: usize,
        /// How many are needed.
        dim: usize,
    },
    /// A gradient-noise scale for which an entry of `Q` is zero.
    #[error("the gradient-noise scale {scale} of axis {axis} makes an entry of Adam's Q zero or undefined")]
    GradientNoise {
        /// The axis, counted from 0.
        axis: usize,
        /// The rejected value.
        scale: f64,
    },
    /// The noise does not match the basin.
    #[error(transparent)]
    Noise(#[from] NoiseError),
}

impl DynamicsError {
    pub(super) fn check_learning_rate(eta: f64) -> Result<f64, Self> {
        if eta > 0.0 && eta.is_finite() { Ok(eta) } else { Err(DynamicsError::LearningRate { eta }) }
    }

    /// The stabilizer of steps, which divide by zero without one.
    pub(super) fn check_stabilizer(stabilizer: f64) -> Result<f64, Self> {
        if stabilizer > 0.0 && stabilizer.is_finite() {
            return Ok(stabilizer);
        }
        Err(DynamicsError::Stabilizer { stabilizer, expected: "is not a positive finite number" })
    }
}
