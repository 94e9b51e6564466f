//! # Lion
//!
//! `c_k = b1 m_k + (1-b1) g_k`, `θ_{k+1} = θ_k - η sign(c_k)`, `m_{k+1} = b2 m_k + (1-b2) g_k` from `m_0 = 0`, with `sign(0) = 0`. Its weight decay is
//! the decoupled one. Every coordinate moves by `η` or not at all, so no spike of the gradient reaches the edge by itself.
//!
//! # References
//! - Chen et al. (2023), *Symbolic Discovery of Optimization Algorithms*, algorithm 2.

use super::recursion::{Recursion, Stepper};
use super::settings::StepSettings;
use crate::dynamics::error::DynamicsError;

/// Lion with the learning rate `η`: `θ ← θ - η sign(b1 m + (1-b1) g)`, then `m ← b2 m + (1-b2) g`.
///
/// # References
/// - Chen et al. (2023), *Symbolic Discovery of Optimization Algorithms*, algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LionSteps {
    eta: f64,
    decays: [f64; 2],
    settings: StepSettings,
}

impl LionSteps {
    /// Lion with learning rate `eta` and decays `b1`, `b2`; the paper has .9 and .99.
    ///
    /// # Errors
    /// [`DynamicsError::LearningRate`] unless `eta` is positive and finite, [`DynamicsError::Decay`] unless `0 ≤ b1 < 1` and
    /// `0 ≤ b2 < 1`.
    pub fn new(eta: f64, b1: f64, b2: f64) -> Result<Self, DynamicsError> {
        for (name, decay) in [("β1", b1), ("β2", b2)] {
            if !(0.0..1.0).contains(&decay) {
                return Err(DynamicsError::Decay { name, decay });
            }
        }
        let eta = DynamicsError::check_learning_rate(eta)?;
        Ok(LionSteps { eta, decays: [b1, b2], settings: StepSettings::default() })
    }

    /// Sets clipping, weight decay and schedule. Lion's own weight decay is [`super::WeightDecay::Decoupled`].
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

    /// Decays `b1` and `b2` per step.
    pub fn decays(&self) -> [f64; 2] {
        self.decays
    }

    /// Clipping, weight decay and schedule.
    pub fn settings(&self) -> &StepSettings {
        &self.settings
    }

    /// The recursion in `dim` dimensions.
    pub(crate) fn stepper(&self, dim: usize) -> Stepper<LionRecursion> {
        Stepper::new(LionRecursion { decays: self.decays, m: vec![0.0; dim] }, self.eta, self.settings)
    }

    pub(crate) fn describe(&self) -> String {
        format!("steps of Lion, η = {}{}", self.eta, self.settings)
    }
}

/// State of one path of [`LionSteps`].
#[derive(Clone, Debug)]
pub(crate) struct LionRecursion {
    decays: [f64; 2],
    m: Vec<f64>,
}

impl Recursion for LionRecursion {
    const LINEAR: bool = false;

    fn start(&mut self) {
        self.m.fill(0.0);
    }

    fn step(&mut self, theta: &mut [f64], gradient: &[f64], eta: f64) {
        let [b1, b2] = self.decays;
        for ((x, g), m) in theta.iter_mut().zip(gradient).zip(&mut self.m) {
            let c = b1 * *m + (1.0 - b1) * g;
            // `signum(0)` is 1.
            if c != 0.0 {
                *x -= eta * c.signum();
            }
            *m = b2 * *m + (1.0 - b2) * g;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_one_learning_rate_or_none() {
        let mut stepper = LionSteps::new(0.25, 0.9, 0.99).unwrap().stepper(3);
        let mut theta = [0.0; 3];
        stepper.step(&mut theta, &mut [1e-9, -f64::INFINITY, 0.0]);
        assert_eq!(theta, [-0.25, 0.25, 0.0]);
        assert!(LionSteps::new(0.1, 1.0, 0.9).is_err() && LionSteps::new(0.1, 0.9, -0.1).is_err());
    }
}
