//! An escape problem: basin, dynamics and noise.

use super::error::DynamicsError;
use super::{AdagradSteps, Adam, AdamSteps, LionSteps, Preconditioner, RmspropSteps, SgdSteps, StepperVisitor};
use crate::landscape::Basin;
use crate::noise::LevyNoise;

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
    /// RMSProp step by step.
    RmspropSteps(RmspropSteps),
    /// AdaGrad step by step.
    AdagradSteps(AdagradSteps),
    /// Lion step by step.
    LionSteps(LionSteps),
}

impl Dynamics {
    /// The learning rate of a discrete optimiser; `None` for a stochastic differential equation.
    pub fn learning_rate(&self) -> Option<f64> {
        match self {
            Dynamics::Sgd | Dynamics::Adam(_) => None,
            Dynamics::SgdSteps(sgd) => Some(sgd.eta()),
            Dynamics::AdamSteps(adam) => Some(adam.eta()),
            Dynamics::RmspropSteps(rmsprop) => Some(rmsprop.eta()),
            Dynamics::AdagradSteps(adagrad) => Some(adagrad.eta()),
            Dynamics::LionSteps(lion) => Some(lion.eta()),
        }
    }

    /// The result of a visit to the recursion of a discrete optimiser in `dim` dimensions; `None` for a stochastic differential equation.
    pub(crate) fn visit_stepper<V: StepperVisitor>(&self, dim: usize, visitor: V) -> Option<V::Made> {
        Some(match self {
            Dynamics::Sgd | Dynamics::Adam(_) => return None,
            Dynamics::SgdSteps(sgd) => visitor.visit(sgd.stepper(dim), sgd.describe()),
            Dynamics::AdamSteps(adam) => visitor.visit(adam.stepper(dim), adam.describe()),
            Dynamics::RmspropSteps(rmsprop) => visitor.visit(rmsprop.stepper(dim), rmsprop.describe()),
            Dynamics::AdagradSteps(adagrad) => visitor.visit(adagrad.stepper(dim), adagrad.describe()),
            Dynamics::LionSteps(lion) => visitor.visit(lion.stepper(dim), lion.describe()),
        })
    }
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
    /// [`DynamicsError`] if the amplitude, the noise law or the gradient-noise scales do not match the basin's dimension.
    pub fn new(basin: Basin, dynamics: Dynamics, noise: LevyNoise) -> Result<Self, DynamicsError> {
        noise.amplitude().check(basin.dim())?;
        noise.check_law(basin.dim())?;
        if let Dynamics::Adam(adam) = &dynamics {
            adam.check(&noise, basin.dim())?;
        }
        Ok(Problem { basin, dynamics, noise })
    }

    /// Replaces the dynamics by one without its own gradient-noise scales.
    pub(crate) fn with_dynamics(&self, dynamics: Dynamics) -> Self {
        Problem { dynamics, ..self.clone() }
    }

    /// The same problem with the motion whose increments over `eta` are the noise of the steps.
    pub(crate) fn with_noise_spread_over(&self, eta: f64) -> Self {
        Problem { noise: self.noise.spread_over(eta), ..self.clone() }
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

    /// `Q*`, the preconditioner at rest in the minimum: the identity for SGD and its plain steps; `None` for the sampled second moment,
    /// which does not converge, and for all other steps.
    pub fn preconditioner(&self) -> Option<Preconditioner> {
        match &self.dynamics {
            Dynamics::Sgd => Some(Preconditioner::identity()),
            Dynamics::SgdSteps(sgd) => sgd.is_plain().then(Preconditioner::identity),
            Dynamics::Adam(adam) => adam.equilibrium(&self.basin, &self.noise),
            Dynamics::AdamSteps(_) | Dynamics::RmspropSteps(_) | Dynamics::AdagradSteps(_) | Dynamics::LionSteps(_) => {
                None
            }
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
