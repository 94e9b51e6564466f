//! A dynamics with the basin it is to leave.

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
    /// The learning rate of a dynamics that goes step by step, `None` for a stochastic differential equation.
    pub fn learning_rate(&self) -> Option<f64> {
        match self {
            Dynamics::Sgd | Dynamics::Adam(_) => None,
            Dynamics::SgdSteps(sgd) => Some(sgd.eta()),
            Dynamics::AdamSteps(adam) => Some(adam.eta()),
        }
    }
}

/// What can be wrong with a dynamics.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum DynamicsError {
    /// A rate that is not positive.
    #[error("the rate {name} = {rate} is not a positive finite number")]
    Rate {
        /// `β1` or `β2`.
        name: &'static str,
        /// The offending value.
        rate: f64,
    },
    /// A decay outside (0, 1).
    #[error("the decay {name} = {decay} is not inside (0, 1)")]
    Decay {
        /// `β1` or `β2`.
        name: &'static str,
        /// The offending value.
        decay: f64,
    },
    /// A learning rate that is not positive.
    #[error("the learning rate η = {eta} is not a positive finite number")]
    LearningRate {
        /// The offending value.
        eta: f64,
    },
    /// A stabilizer that does not do its work.
    #[error("the stabilizer ϵ = {stabilizer} {expected}")]
    Stabilizer {
        /// The offending value.
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
    /// A gradient-noise scale that makes `Q` vanish.
    #[error("the gradient-noise scale {scale} of axis {axis} leaves Adam nothing to divide by")]
    GradientNoise {
        /// The axis, counted from 0.
        axis: usize,
        /// The offending value.
        scale: f64,
    },
    /// The noise does not fit the basin.
    #[error(transparent)]
    Noise(#[from] NoiseError),
}

/// A basin, the dynamics that is to leave it and the noise that drives it.
#[derive(Clone, Debug)]
pub struct Problem {
    basin: Basin,
    dynamics: Dynamics,
    noise: LevyNoise,
}

impl Problem {
    /// Joins the three.
    ///
    /// # Errors
    /// [`DynamicsError`] if the amplitude or the gradient-noise scales do not fit the basin's dimension.
    pub fn new(basin: Basin, dynamics: Dynamics, noise: LevyNoise) -> Result<Self, DynamicsError> {
        noise.amplitude().check(basin.dim())?;
        if let Dynamics::Adam(adam) = &dynamics {
            adam.check(&noise, basin.dim())?;
        }
        Ok(Problem { basin, dynamics, noise })
    }

    /// The same basin and noise under a dynamics without scales of its own.
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

    /// `Q*`, the preconditioner at rest in the minimum: the identity for SGD, `None` where the second moment does not
    /// come to rest, as under heavy-tailed noise that is a part of it.
    pub fn preconditioner(&self) -> Option<Preconditioner> {
        match &self.dynamics {
            Dynamics::Sgd | Dynamics::SgdSteps(_) => Some(Preconditioner::identity()),
            Dynamics::Adam(adam) => adam.equilibrium(&self.basin, &self.noise),
            Dynamics::AdamSteps(_) => None,
        }
    }

    /// Exit distances ahead and behind, along `± factor Q*⁻¹ Σ e_i` in units of that vector.
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

    /// `Q*⁻¹ Σ e_i`, where a unit jump of noise coordinate `i` moves the parameters at rest.
    pub fn jump_direction(&self, preconditioner: &Preconditioner, i: usize) -> Vec<f64> {
        let mut column = self.noise.amplitude().column(self.basin.dim(), i);
        preconditioner.divide(&mut column);
        column
    }
}
