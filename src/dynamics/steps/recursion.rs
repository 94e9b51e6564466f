//! What the optimisers have in common.

use super::settings::StepSettings;

/// The recursion of one optimiser with the state of one path.
pub(crate) trait Recursion: Clone + Send + Sync {
    /// Whether an infinite gradient gives an infinite step. Optimisers that divide by the size of the gradient give NaN.
    const LINEAR: bool;

    /// Resets to the state before the first step.
    fn start(&mut self);

    /// One step of `theta` with the learning rate `eta` by the gradient.
    fn step(&mut self, theta: &mut [f64], gradient: &[f64], eta: f64);
}

/// Visits the recursion of a discrete optimiser, which has a type of its own.
pub(crate) trait StepperVisitor {
    type Made;

    /// `stepper` is before its first step; `description` names the optimiser with its settings.
    fn visit<R: Recursion + 'static>(self, stepper: Stepper<R>, description: String) -> Self::Made;
}

/// A recursion with its settings and the number of steps it has made.
#[derive(Clone, Debug)]
pub(crate) struct Stepper<R> {
    recursion: R,
    eta: f64,
    settings: StepSettings,
    steps: u64,
}

impl<R: Recursion> Stepper<R> {
    /// A recursion before its first step.
    pub fn new(recursion: R, eta: f64, settings: StepSettings) -> Self {
        Stepper { recursion, eta, settings, steps: 0 }
    }

    /// Resets to the state before the first step.
    pub fn start(&mut self) {
        self.recursion.start();
        self.steps = 0;
    }

    /// One step of `theta` by the stochastic gradient, which is overwritten.
    pub fn step(&mut self, theta: &mut [f64], gradient: &mut [f64]) {
        let eta = self.settings.schedule().rate(self.eta, self.steps);
        if let Some(clipping) = self.settings.clipping() {
            clipping.apply(gradient);
        }
        if let Some(decay) = self.settings.weight_decay() {
            decay.apply(theta, gradient, eta);
        }
        self.recursion.step(theta, gradient, eta);
        self.steps += 1;
    }

    /// The base learning rate `η`.
    pub fn eta(&self) -> f64 {
        self.eta
    }

    /// Whether an infinite gradient gives an infinite step.
    pub fn is_linear(&self) -> bool {
        R::LINEAR && self.settings.clipping().is_none()
    }
}
