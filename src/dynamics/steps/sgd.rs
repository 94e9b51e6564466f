//! # SGD
//!
//! Without momentum `θ_{k+1} = θ_k - η g_k`. With momentum `b_{k+1} = μ b_k + g_k` from `b_0 = 0`, then `θ_{k+1} = θ_k - η b_{k+1}`; Nesterov's
//! form moves by `-η (g_k + μ b_{k+1})`. This is `torch.optim.SGD` with dampening 0.
//!
//! # References
//! - Polyak (1964), *Some methods of speeding up the convergence of iteration methods*.
//! - Sutskever, Martens, Dahl, Hinton (2013), *On the importance of initialization and momentum in deep learning*, section 2.

use super::recursion::{Recursion, Stepper};
use super::settings::StepSettings;
use crate::dynamics::error::DynamicsError;

/// Momentum of SGD with the decay `μ`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Momentum {
    /// The step is `-η b_{k+1}`.
    Classical(f64),
    /// The step is `-η (g_k + μ b_{k+1})`.
    Nesterov(f64),
}

impl Momentum {
    /// The decay `μ` per step.
    pub fn decay(&self) -> f64 {
        match *self {
            Momentum::Classical(decay) | Momentum::Nesterov(decay) => decay,
        }
    }
}

/// SGD with the learning rate `η`: `b ← μ b + g`, `θ ← θ - η b`, or `θ ← θ - η (g + μ b)` for Nesterov's momentum.
///
/// # References
/// - Sutskever, Martens, Dahl, Hinton (2013), *On the importance of initialization and momentum in deep learning*, section 2.
///
/// # Example
/// ```
/// use levy_escape::dynamics::{Momentum, SgdSteps};
///
/// let sgd = SgdSteps::new(0.1)?.with_momentum(Momentum::Nesterov(0.9))?;
/// assert!(!sgd.is_plain());
/// # Ok::<(), levy_escape::dynamics::DynamicsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdSteps {
    eta: f64,
    momentum: Option<Momentum>,
    settings: StepSettings,
}

impl SgdSteps {
    /// SGD with learning rate `eta`.
    ///
    /// # Errors
    /// [`DynamicsError::LearningRate`] unless it is positive and finite.
    pub fn new(eta: f64) -> Result<Self, DynamicsError> {
        let eta = DynamicsError::check_learning_rate(eta)?;
        Ok(SgdSteps { eta, momentum: None, settings: StepSettings::default() })
    }

    /// Sets the momentum.
    ///
    /// # Errors
    /// [`DynamicsError::Momentum`] unless its decay is in (0, 1).
    pub fn with_momentum(mut self, momentum: Momentum) -> Result<Self, DynamicsError> {
        if !(momentum.decay() > 0.0 && momentum.decay() < 1.0) {
            return Err(DynamicsError::Momentum { momentum: momentum.decay() });
        }
        self.momentum = Some(momentum);
        Ok(self)
    }

    /// Sets clipping, weight decay and schedule.
    ///
    /// # Errors
    /// [`DynamicsError::LowestRate`] if the schedule's lowest learning rate is above `η`.
    pub fn with_settings(mut self, settings: StepSettings) -> Result<Self, DynamicsError> {
        self.settings = settings.check(self.eta)?;
        Ok(self)
    }

    /// Learning rate `η`.
    pub fn eta(&self) -> f64 {
        self.eta
    }

    /// Momentum, if there is any.
    pub fn momentum(&self) -> Option<Momentum> {
        self.momentum
    }

    /// Clipping, weight decay and schedule.
    pub fn settings(&self) -> &StepSettings {
        &self.settings
    }

    /// Whether a step is `θ - η g`, without momentum or other settings: the Euler scheme of the SDE.
    pub fn is_plain(&self) -> bool {
        self.momentum.is_none() && self.settings == StepSettings::default()
    }

    /// The recursion in `dim` dimensions.
    pub(crate) fn stepper(&self, dim: usize) -> Stepper<SgdRecursion> {
        Stepper::new(SgdRecursion { momentum: self.momentum, buffer: vec![0.0; dim] }, self.eta, self.settings)
    }

    pub(crate) fn describe(&self) -> String {
        let momentum = match self.momentum {
            None => String::new(),
            Some(Momentum::Classical(decay)) => format!(", momentum {decay}"),
            Some(Momentum::Nesterov(decay)) => format!(", Nesterov momentum {decay}"),
        };
        format!("steps of SGD, η = {}{momentum}{}", self.eta, self.settings)
    }
}

/// State of one path of [`SgdSteps`].
#[derive(Clone, Debug)]
pub(crate) struct SgdRecursion {
    momentum: Option<Momentum>,
    buffer: Vec<f64>,
}

impl Recursion for SgdRecursion {
    const LINEAR: bool = true;

    fn start(&mut self) {
        self.buffer.fill(0.0);
    }

    fn step(&mut self, theta: &mut [f64], gradient: &[f64], eta: f64) {
        let coordinates = theta.iter_mut().zip(gradient).zip(&mut self.buffer);
        match self.momentum {
            None => theta.iter_mut().zip(gradient).for_each(|(x, g)| *x -= eta * g),
            Some(Momentum::Classical(decay)) => coordinates.for_each(|((x, g), b)| {
                *b = decay * *b + g;
                *x -= eta * *b;
            }),
            Some(Momentum::Nesterov(decay)) => coordinates.for_each(|((x, g), b)| {
                *b = decay * *b + g;
                *x -= eta * (g + decay * *b);
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A spike moves the parameters by `η/(1-μ)` times its size in the end, at once by `η`, or `η (1+μ)` for Nesterov.
    #[test]
    fn momentum_repeats_a_spike() {
        for (momentum, first) in [(Momentum::Classical(0.75), 1.0), (Momentum::Nesterov(0.75), 1.75)] {
            let mut stepper = SgdSteps::new(0.5).unwrap().with_momentum(momentum).unwrap().stepper(1);
            let mut theta = [0.0];
            stepper.step(&mut theta, &mut [-1.0]);
            assert_eq!(theta[0], 0.5 * first);
            (0..200).for_each(|_| stepper.step(&mut theta, &mut [0.0]));
            assert!((theta[0] - 0.5 / 0.25).abs() < 1e-12);
        }
    }

    #[test]
    fn settings_without_meaning_are_refused() {
        assert!(SgdSteps::new(0.0).is_err() && SgdSteps::new(f64::INFINITY).is_err());
        let sgd = SgdSteps::new(0.1).unwrap();
        for decay in [0.0, -0.5, 1.0, f64::NAN] {
            assert!(sgd.with_momentum(Momentum::Classical(decay)).is_err(), "{decay}");
        }
    }
}
