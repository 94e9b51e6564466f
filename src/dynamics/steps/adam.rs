//! # Adam
//!
//! `m_{k+1} = b1 m_k + (1-b1) g_k`, `v_{k+1} = b2 v_k + (1-b2) g_k²`, then `θ_{k+1} = θ_k - η m̂/(√v̂ + ϵ)` with `m̂ = m/(1-b1^(k+1))`,
//! `v̂ = v/(1-b2^(k+1))`. AMSGrad replaces `v` by the largest `v` so far, before the bias correction. This is `torch.optim.Adam`, and `AdamW`
//! with decoupled weight decay.
//!
//! The noise enters `v`, so a gradient spike is divided by its own size. One spike of any size moves the parameters by at most
//! [`AdamSteps::spike_bound`].
//!
//! # References
//! - Kingma, Ba (2015), *Adam: A Method for Stochastic Optimization*, algorithm 1 and section 2.1.
//! - Reddi, Kale, Kumar (2018), *On the Convergence of Adam and Beyond*, algorithm 2.
//! - Loshchilov, Hutter (2019), *Decoupled Weight Decay Regularization*, algorithm 2.

use super::recursion::{Recursion, Stepper};
use super::settings::StepSettings;
use crate::dynamics::error::DynamicsError;

/// Adam with the learning rate `η`: `m ← b1 m + (1-b1) g`, `v ← b2 v + (1-b2) g²`, `θ ← θ - η m̂/(√v̂ + ϵ)`, where the hats divide by `1-b^k`.
///
/// # References
/// - Kingma, Ba (2015), *Adam: A Method for Stochastic Optimization*, algorithm 1.
///
/// # Example
/// ```
/// use levy_escape::dynamics::AdamSteps;
///
/// let adam = AdamSteps::new(1e-3, 0.9, 0.999)?;
/// assert!((adam.spike_bound() / 1e-3 - 31.77).abs() < 0.005);
/// # Ok::<(), levy_escape::dynamics::DynamicsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamSteps {
    eta: f64,
    decay1: f64,
    decay2: f64,
    stabilizer: f64,
    amsgrad: bool,
    settings: StepSettings,
}

impl AdamSteps {
    /// Adam with learning rate `eta`, decays `b1`, `b2` and `ϵ = 1e-8`.
    ///
    /// # Errors
    /// [`DynamicsError::LearningRate`] unless `eta` is positive and finite, [`DynamicsError::Decay`] unless
    /// `0 ≤ b1 < 1` and `0 < b2 < 1`. Without memory of the gradient, `b1 = 0`, Adam is RMSProp with a bias correction.
    pub fn new(eta: f64, b1: f64, b2: f64) -> Result<Self, DynamicsError> {
        if !(0.0..1.0).contains(&b1) {
            return Err(DynamicsError::Decay { name: "β1", decay: b1 });
        }
        if !(b2 > 0.0 && b2 < 1.0) {
            return Err(DynamicsError::Decay { name: "β2", decay: b2 });
        }
        let eta = DynamicsError::check_learning_rate(eta)?;
        Ok(AdamSteps {
            eta,
            decay1: b1,
            decay2: b2,
            stabilizer: 1e-8,
            amsgrad: false,
            settings: StepSettings::default(),
        })
    }

    /// Sets the stabilizer `ϵ`.
    ///
    /// # Errors
    /// [`DynamicsError::Stabilizer`] unless it is positive and finite: `v` can be zero without noise.
    pub fn with_stabilizer(mut self, stabilizer: f64) -> Result<Self, DynamicsError> {
        self.stabilizer = DynamicsError::check_stabilizer(stabilizer)?;
        Ok(self)
    }

    /// AMSGrad: the step divides by the root of the largest `v` so far.
    ///
    /// # References
    /// - Reddi, Kale, Kumar (2018), *On the Convergence of Adam and Beyond*, algorithm 2; with PyTorch's bias correction.
    pub fn with_amsgrad(mut self) -> Self {
        self.amsgrad = true;
        self
    }

    /// Sets clipping, weight decay and schedule. With [`super::WeightDecay::Decoupled`] this is AdamW.
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
        [self.decay1, self.decay2]
    }

    /// Stabilizer `ϵ`.
    pub fn stabilizer(&self) -> f64 {
        self.stabilizer
    }

    /// Whether this is AMSGrad.
    pub fn is_amsgrad(&self) -> bool {
        self.amsgrad
    }

    /// Clipping, weight decay and schedule.
    pub fn settings(&self) -> &StepSettings {
        &self.settings
    }

    /// Whether this is Adam as in the paper: no AMSGrad and no other settings.
    pub fn is_plain(&self) -> bool {
        !self.amsgrad && self.settings == StepSettings::default()
    }

    /// Largest displacement of a coordinate by one gradient spike of any size, summed over all later steps:
    /// `η (1-b1)/√(1-b2) / (1 - b1/√b2)`, 31.77 η at (.9, .999); infinite for `b1 ≥ √b2`. AMSGrad never forgets the spike: its bound
    /// is `η/√(1-b2)`.
    ///
    /// The bound is attained if `v` holds nothing but the spike and the bias corrections are 1.
    pub fn spike_bound(&self) -> f64 {
        let ratio = if self.amsgrad { self.decay1 } else { self.decay1 / self.decay2.sqrt() };
        if ratio >= 1.0 {
            return f64::INFINITY;
        }
        self.eta * (1.0 - self.decay1) / (1.0 - self.decay2).sqrt() / (1.0 - ratio)
    }

    /// The recursion in `dim` dimensions.
    pub(crate) fn stepper(&self, dim: usize) -> Stepper<AdamRecursion> {
        let zero = vec![0.0; dim];
        let largest = if self.amsgrad { zero.clone() } else { Vec::new() };
        let recursion = AdamRecursion { adam: *self, m: zero.clone(), v: zero, largest, powers: [1.0; 2] };
        Stepper::new(recursion, self.eta, self.settings)
    }

    pub(crate) fn describe(&self) -> String {
        format!(
            "steps of {}, η = {}{}; one gradient spike moves a coordinate by at most {:.4}",
            if self.amsgrad { "AMSGrad" } else { "Adam" },
            self.eta,
            self.settings,
            self.spike_bound()
        )
    }
}

/// State of one path of [`AdamSteps`]: `m`, `v` and AMSGrad's largest `v`, of length `d` each, and the powers of the decays.
#[derive(Clone, Debug)]
pub(crate) struct AdamRecursion {
    adam: AdamSteps,
    m: Vec<f64>,
    v: Vec<f64>,
    /// Empty without AMSGrad.
    largest: Vec<f64>,
    powers: [f64; 2],
}

impl Recursion for AdamRecursion {
    const LINEAR: bool = false;

    fn start(&mut self) {
        self.m.fill(0.0);
        self.v.fill(0.0);
        self.largest.fill(0.0);
        self.powers = [1.0; 2];
    }

    fn step(&mut self, theta: &mut [f64], gradient: &[f64], eta: f64) {
        let AdamSteps { decay1, decay2, stabilizer, .. } = self.adam;
        self.powers[0] *= decay1;
        self.powers[1] *= decay2;
        let [first, second] = self.powers.map(|power| 1.0 / (1.0 - power));
        let moments = theta.iter_mut().zip(gradient).zip(&mut self.m).zip(&mut self.v);
        if self.adam.amsgrad {
            for ((((x, g), m), v), largest) in moments.zip(&mut self.largest) {
                *m = decay1 * *m + (1.0 - decay1) * g;
                *v = decay2 * *v + (1.0 - decay2) * (g * g);
                *largest = largest.max(*v);
                *x -= eta * (first * *m) / ((second * *largest).sqrt() + stabilizer);
            }
            return;
        }
        for (((x, g), m), v) in moments {
            *m = decay1 * *m + (1.0 - decay1) * g;
            *v = decay2 * *v + (1.0 - decay2) * (g * g);
            *x -= eta * (first * *m) / ((second * *v).sqrt() + stabilizer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Total displacement by a spike after `steps` steps of gradient 0.
    fn moved_by(adam: AdamSteps, spike: f64, quiet: usize, background: f64) -> f64 {
        let mut stepper = adam.stepper(1);
        let mut theta = [0.0];
        // A background of alternating sign fills v and moves θ by at most one step.
        for k in 0..quiet {
            stepper.step(&mut theta, &mut [if k % 2 == 0 { background } else { -background }]);
        }
        let before = theta[0];
        stepper.step(&mut theta, &mut [spike]);
        for _ in 0..100_000 {
            stepper.step(&mut theta, &mut [0.0]);
        }
        (theta[0] - before).abs()
    }

    /// 31.77 η at (.9, .999), for a spike of any size; compares the closed form with the recursion.
    #[test]
    fn one_spike_moves_adam_by_at_most_its_bound() {
        let eta = 1e-3;
        let adam = AdamSteps::new(eta, 0.9, 0.999).unwrap().with_stabilizer(1e-30).unwrap();
        assert!((adam.spike_bound() / eta - 31.77).abs() < 0.005, "{}", adam.spike_bound() / eta);
        for spike in [1.0, 1e3, 1e6, 1e12] {
            let moved = moved_by(adam, spike, 50_000, 0.0);
            assert!((moved / adam.spike_bound() - 1.0).abs() < 1e-6, "{spike}: {moved}");
        }
        // Earlier contents of v and an active bias correction only reduce it.
        for (spike, quiet, background) in [(10.0, 50_000, 1.0), (1e9, 50_000, 1.0), (1e9, 0, 0.0), (1e9, 100, 0.0)] {
            assert!(moved_by(adam, spike, quiet, background) < adam.spike_bound() * (1.0 + 1e-9));
        }
        for (b1, b2) in [(0.5, 0.9), (0.95, 0.99)] {
            let adam = AdamSteps::new(eta, b1, b2).unwrap().with_stabilizer(1e-30).unwrap();
            assert!((moved_by(adam, 1e8, 50_000, 0.0) / adam.spike_bound() - 1.0).abs() < 1e-6);
        }
        assert_eq!(AdamSteps::new(eta, 0.9, 0.5).unwrap().spike_bound(), f64::INFINITY);
        let amsgrad = AdamSteps::new(eta, 0.9, 0.99).unwrap().with_stabilizer(1e-30).unwrap().with_amsgrad();
        assert!((amsgrad.spike_bound() / (10.0 * eta) - 1.0).abs() < 1e-9);
        assert!((moved_by(amsgrad, 1e6, 50_000, 0.0) / amsgrad.spike_bound() - 1.0).abs() < 1e-6);
    }

    /// The first step is `η` in the direction of the gradient, for any size of the gradient.
    #[test]
    fn the_first_step_is_one_learning_rate() {
        for gradient in [1e-3, 5.0, 1e200] {
            let mut stepper = AdamSteps::new(0.1, 0.9, 0.999).unwrap().stepper(2);
            let mut theta = [1.0, 1.0];
            stepper.step(&mut theta, &mut [gradient, -gradient]);
            let exact = if gradient > 1e150 { 1.0 } else { 0.9 };
            assert!((theta[0] - exact).abs() < 1e-6 && (theta[1] - (2.0 - exact)).abs() < 1e-6, "{theta:?}");
        }
    }

    /// Without memory of the gradient Adam is RMSProp with a bias correction: a spike moves it once, by at most `η/√(1-b2)`.
    #[test]
    fn without_momentum_a_spike_moves_once() {
        let adam = AdamSteps::new(1e-3, 0.0, 0.999).unwrap().with_stabilizer(1e-30).unwrap();
        assert!((adam.spike_bound() - 1e-3 / 0.001f64.sqrt()).abs() < 1e-9);
        assert!((moved_by(adam, 1e6, 50_000, 0.0) / adam.spike_bound() - 1.0).abs() < 1e-6);
        assert!(AdamSteps::new(1e-3, -0.1, 0.999).is_err() && AdamSteps::new(1e-3, 0.9, 0.0).is_err());
    }

    #[test]
    fn settings_without_meaning_are_refused() {
        assert!(AdamSteps::new(-1.0, 0.9, 0.999).is_err() && AdamSteps::new(0.1, 1.0, 0.999).is_err());
        assert!(AdamSteps::new(0.1, 0.9, 0.999).unwrap().with_stabilizer(0.0).is_err());
    }
}
