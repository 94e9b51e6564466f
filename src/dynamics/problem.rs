//! An escape problem: basin, dynamics and noise.

use thiserror::Error;

use super::{Adam, AdamSteps, Preconditioner, SgdSteps};
use crate::landscape::Basin;
use crate::noise::{LevyNoise, NoiseError};

/// The optimiser.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Dynamics {
    /// `dθ = -∇F dt + ε Σ dL`.
    Sgd,
    /// Adam with momentum and preconditioner.
    Adam(Adam),
    /// SGD step by step.
    SgdSteps(SgdSteps),
    /// Adam step by step.
    AdamSteps(AdamSteps),
}

impl Dynamics {
    /// The learning rate of a discrete optimiser; `None` for a stochastic differential equation.
    pub fn learning_rate(&self) -> Option<f64> {
        match self {
            Dynamics::Sgd | Dynamics::Adam(_) => None,
            Dynamics::SgdSteps(sgd) => Some(sgd.eta()),
            Dynamics::AdamSteps(adam) => Some(adam.eta()),
        }
    }
}

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
        "the decay {name} = {decay} is outside its range: it must be below 1 and positive, or 0 for β1 of the discrete Adam"
    )]
    Decay {
        /// `β1` or `β2`.
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
    /// Gradient-noise scales of another dimension.
    #[error("gradient_noise has {found} entries, the basin has dimension {dim}")]
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

/// A basin, a dynamics and the noise that drives it.
#[derive(Clone, Debug)]
pub struct Problem {
    basin: Basin,
    dynamics: Dynamics,
    noise: LevyNoise,
}

impl Problem {
    /// Joins basin, dynamics and noise.
    ///
    /// # Errors
    /// [`DynamicsError`] if the amplitude or the gradient-noise scales do not match the basin's dimension.
    pub fn new(basin: Basin, dynamics: Dynamics, noise: LevyNoise) -> Result<Self, DynamicsError> {
        noise.amplitude().check(basin.dim())?;
        if let Dynamics::Adam(adam) = &dynamics {
            adam.check(&noise, basin.dim())?;
        }
        Ok(Problem { basin, dynamics, noise })
    }

    /// Replaces the dynamics by one without its own gradient-noise scales.
    pub(crate) fn with_dynamics(&self, dynamics: Dynamics) -> Self {
        Problem { dynamics, ..self.clone() }
    }

    /// The basin.
    pub fn basin(&self) -> &Basin {
        &self.basin
    }

    /// The dynamics.
    pub fn dynamics(&self) -> &Dynamics {
        &self.dynamics
    }

    /// The noise.
    pub fn noise(&self) -> &LevyNoise {
        &self.noise
    }

    /// `Q*`, the preconditioner at rest in the minimum: the identity for SGD; `None` for the sampled second moment, which does
    /// not converge.
    pub fn preconditioner(&self) -> Option<Preconditioner> {
        match &self.dynamics {
            Dynamics::Sgd | Dynamics::SgdSteps(_) => Some(Preconditioner::identity()),
            Dynamics::Adam(adam) => adam.equilibrium(&self.basin, &self.noise),
            Dynamics::AdamSteps(_) => None,
        }
    }

    /// Exit distances forwards and backwards, along `± factor Q*⁻¹ Σ e_i` in units of that vector.
    pub(crate) fn jump_exits(&self, preconditioner: &Preconditioner, i: usize, factor: f64) -> [f64; 2] {
        if self.noise.amplitude().is_diagonal() {
            let v = self.noise.amplitude().diagonal_entry(i) / preconditioner.entry(i) * factor;
            return [v, -v].map(|v| self.basin.axis_exit_distance(i, v));
        }
        let unit = self.jump_direction(preconditioner, i);
        [factor, -factor].map(|factor| {
            let v: Vec<f64> = unit.iter().map(|v| v * factor).collect();
            self.basin.exit_distance(&v)
        })
    }

    /// `Q*⁻¹ Σ e_i`, the displacement of parameters at rest by a unit jump of noise coordinate `i`.
    pub fn jump_direction(&self, preconditioner: &Preconditioner, i: usize) -> Vec<f64> {
        let mut column = self.noise.amplitude().column(self.basin.dim(), i);
        preconditioner.divide(&mut column);
        column
    }
}
