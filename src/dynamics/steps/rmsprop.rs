//! # RMSProp
//!
//! `v_{k+1} = ρ v_k + (1-ρ) g_k²`, then `θ_{k+1} = θ_k - η g_k/(√v_{k+1} + ϵ)`; with momentum `b_{k+1} = μ b_k + g_k/(√v_{k+1} + ϵ)` and
//! `θ_{k+1} = θ_k - η b_{k+1}`. This is `torch.optim.RMSprop`, without the centred form. Unlike Adam with `b1 = 0` it has no bias correction: the
//! first steps are longer than `η` by up to `1/√(1-ρ)`.
//!
//! # References
//! - Tieleman, Hinton (2012), *Lecture 6.5: RMSProp*, Coursera: Neural Networks for Machine Learning.

use super::recursion::{Recursion, Stepper};
use super::settings::StepSettings;
use crate::dynamics::error::DynamicsError;

/// RMSProp with the learning rate `η`: `v ← ρ v + (1-ρ) g²`, `θ ← θ - η g/(√v + ϵ)`.
///
/// # References
/// - Tieleman, Hinton (2012), *Lecture 6.5: RMSProp*, Coursera: Neural Networks for Machine Learning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmspropSteps {
    eta: f64,
    decay: f64,
    stabilizer: f64,
    momentum: f64,
    settings: StepSettings,
}

impl RmspropSteps {
    /// RMSProp with learning rate `eta`, decay `ρ`, `ϵ = 1e-8` and no momentum.
    ///
    /// # Errors
    /// [`DynamicsError::LearningRate`] unless `eta` is positive and finite, [`DynamicsError::Decay`] unless `0 < ρ < 1`.
    pub fn new(eta: f64, decay: f64) -> Result<Self, DynamicsError> {
        if !(decay > 0.0 && decay < 1.0) {
            return Err(DynamicsError::Decay { name: "ρ", decay });
        }
        let eta = DynamicsError::check_learning_rate(eta)?;
        Ok(RmspropSteps { eta, decay, stabilizer: 1e-8, momentum: 0.0, settings: StepSettings::default() })
    }

    /// Sets the stabilizer `ϵ`.
    ///
    /// # Errors
    /// [`DynamicsError::Stabilizer`] unless it is positive and finite.
    pub fn with_stabilizer(mut self, stabilizer: f64) -> Result<Self, DynamicsError> {
        self.stabilizer = DynamicsError::check_stabilizer(stabilizer)?;
        Ok(self)
    }

    /// Sets the momentum `μ` of the scaled gradient; 0 is none.
    ///
    /// # Errors
    /// [`DynamicsError::Momentum`] unless `0 ≤ μ < 1`.
    pub fn with_momentum(mut self, momentum: f64) -> Result<Self, DynamicsError> {
        if !(0.0..1.0).contains(&momentum) {
            return Err(DynamicsError::Momentum { momentum });
        }
        self.momentum = momentum;
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

    /// Decay `ρ` of the second moment per step.
    pub fn decay(&self) -> f64 {
        self.decay
    }

    /// Stabilizer `ϵ`.
    pub fn stabilizer(&self) -> f64 {
        self.stabilizer
    }

    /// Momentum `μ`; 0 is none.
    pub fn momentum(&self) -> f64 {
        self.momentum
    }

    /// Clipping, weight decay and schedule.
    pub fn settings(&self) -> &StepSettings {
        &self.settings
    }

    /// The recursion in `dim` dimensions.
    pub(crate) fn stepper(&self, dim: usize) -> Stepper<RmspropRecursion> {
        let recursion = RmspropRecursion { rmsprop: *self, v: vec![0.0; dim], buffer: vec![0.0; dim] };
        Stepper::new(recursion, self.eta, self.settings)
    }

    pub(crate) fn describe(&self) -> String {
        let momentum = if self.momentum > 0.0 { format!(", momentum {}", self.momentum) } else { String::new() };
        format!("steps of RMSProp, η = {}{momentum}{}", self.eta, self.settings)
    }
}

/// State of one path of [`RmspropSteps`].
#[derive(Clone, Debug)]
pub(crate) struct RmspropRecursion {
    rmsprop: RmspropSteps,
    v: Vec<f64>,
    buffer: Vec<f64>,
}

impl Recursion for RmspropRecursion {
    const LINEAR: bool = false;

    fn start(&mut self) {
        self.v.fill(0.0);
        self.buffer.fill(0.0);
    }

    fn step(&mut self, theta: &mut [f64], gradient: &[f64], eta: f64) {
        let RmspropSteps { decay, stabilizer, momentum, .. } = self.rmsprop;
        for (((x, g), v), b) in theta.iter_mut().zip(gradient).zip(&mut self.v).zip(&mut self.buffer) {
            *v = decay * *v + (1.0 - decay) * (g * g);
            *b = momentum * *b + g / (v.sqrt() + stabilizer);
            *x -= eta * *b;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first step is `η/√(1-ρ)`, whatever the gradient.
    #[test]
    fn the_first_step_has_no_bias_correction() {
        for gradient in [1e-3, 7.0, 1e100] {
            let mut theta = [0.0];
            RmspropSteps::new(0.1, 0.99).unwrap().stepper(1).step(&mut theta, &mut [gradient]);
            assert!((theta[0] + 1.0).abs() < 1e-3, "{theta:?}");
        }
    }

    #[test]
    fn settings_without_meaning_are_refused() {
        assert!(RmspropSteps::new(0.0, 0.9).is_err());
        assert!(RmspropSteps::new(0.1, 0.0).is_err() && RmspropSteps::new(0.1, 1.0).is_err());
        let rmsprop = RmspropSteps::new(0.1, 0.9).unwrap();
        assert!(rmsprop.with_momentum(1.0).is_err() && rmsprop.with_momentum(f64::NAN).is_err());
        assert!(rmsprop.with_stabilizer(0.0).is_err());
    }
}
