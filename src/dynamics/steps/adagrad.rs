//! # AdaGrad
//!
//! `s_{k+1} = s_k + g_k²` from `s_0`, then `θ_{k+1} = θ_k - η g_k/(√s_{k+1} + ϵ)`. This is `torch.optim.Adagrad` with `lr_decay = 0`. The sum never
//! falls, so the steps shrink for ever, and the faster the heavier the noise: `√s_k` grows as `k^(1/α)`. The mean escape time need not be
//! finite.
//!
//! # References
//! - Duchi, Hazan, Singer (2011), *Adaptive Subgradient Methods for Online Learning and Stochastic Optimization*, section 1.1.

use super::recursion::{Recursion, Stepper};
use super::settings::StepSettings;
use crate::dynamics::error::DynamicsError;

/// AdaGrad with the learning rate `η`: `s ← s + g²`, `θ ← θ - η g/(√s + ϵ)`.
///
/// # References
/// - Duchi, Hazan, Singer (2011), *Adaptive Subgradient Methods for Online Learning and Stochastic Optimization*, section 1.1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdagradSteps {
    eta: f64,
    initial: f64,
    stabilizer: f64,
    settings: StepSettings,
}

impl AdagradSteps {
    /// AdaGrad with learning rate `eta`, `s_0 = 0` and `ϵ = 1e-10`.
    ///
    /// # Errors
    /// [`DynamicsError::LearningRate`] unless `eta` is positive and finite.
    pub fn new(eta: f64) -> Result<Self, DynamicsError> {
        let eta = DynamicsError::check_learning_rate(eta)?;
        Ok(AdagradSteps { eta, initial: 0.0, stabilizer: 1e-10, settings: StepSettings::default() })
    }

    /// Sets the first value `s_0` of the sum of squares.
    ///
    /// # Errors
    /// [`DynamicsError::InitialSum`] unless it is finite and not negative.
    pub fn with_initial(mut self, initial: f64) -> Result<Self, DynamicsError> {
        if !(initial >= 0.0 && initial.is_finite()) {
            return Err(DynamicsError::InitialSum { initial });
        }
        self.initial = initial;
        Ok(self)
    }

    /// Sets the stabilizer `ϵ`.
    ///
    /// # Errors
    /// [`DynamicsError::Stabilizer`] unless it is positive and finite.
    pub fn with_stabilizer(mut self, stabilizer: f64) -> Result<Self, DynamicsError> {
        self.stabilizer = DynamicsError::check_stabilizer(stabilizer)?;
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

    /// First value `s_0` of the sum of squares.
    pub fn initial(&self) -> f64 {
        self.initial
    }

    /// Stabilizer `ϵ`.
    pub fn stabilizer(&self) -> f64 {
        self.stabilizer
    }

    /// Clipping, weight decay and schedule.
    pub fn settings(&self) -> &StepSettings {
        &self.settings
    }

    /// The recursion in `dim` dimensions.
    pub(crate) fn stepper(&self, dim: usize) -> Stepper<AdagradRecursion> {
        let recursion = AdagradRecursion { adagrad: *self, sum: vec![self.initial; dim] };
        Stepper::new(recursion, self.eta, self.settings)
    }

    pub(crate) fn describe(&self) -> String {
        format!("steps of AdaGrad, η = {}{}", self.eta, self.settings)
    }
}

/// State of one path of [`AdagradSteps`].
#[derive(Clone, Debug)]
pub(crate) struct AdagradRecursion {
    adagrad: AdagradSteps,
    sum: Vec<f64>,
}

impl Recursion for AdagradRecursion {
    const LINEAR: bool = false;

    fn start(&mut self) {
        self.sum.fill(self.adagrad.initial);
    }

    fn step(&mut self, theta: &mut [f64], gradient: &[f64], eta: f64) {
        for ((x, g), s) in theta.iter_mut().zip(gradient).zip(&mut self.sum) {
            *s += g * g;
            *x -= eta * (g / (s.sqrt() + self.adagrad.stabilizer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Under a constant gradient step `k` is `η/√k`.
    #[test]
    fn the_steps_shrink_as_the_root_of_their_number() {
        let mut stepper = AdagradSteps::new(0.5).unwrap().stepper(1);
        let mut before = 0.0;
        let mut theta = [0.0];
        for k in 1..100 {
            stepper.step(&mut theta, &mut [-3.0]);
            assert!(((theta[0] - before) / (0.5 / f64::from(k).sqrt()) - 1.0).abs() < 1e-9, "{k}");
            before = theta[0];
        }
    }

    #[test]
    fn settings_without_meaning_are_refused() {
        let adagrad = AdagradSteps::new(0.1).unwrap();
        assert!(AdagradSteps::new(-0.1).is_err() && adagrad.with_initial(-1.0).is_err());
        assert!(adagrad.with_initial(f64::NAN).is_err() && adagrad.with_stabilizer(0.0).is_err());
    }
}
