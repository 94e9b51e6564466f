//! The optimisers, by the paper's formulas.
//!
//! SGD: `u ← μ u + g`, `θ ← θ - η u` (`μ = 0` is the paper's). Adam: `m ← β1 m + (1-β1) g`, `v ← β2 v + (1-β2) g²`,
//! `θ ← θ - η m̂/(√v̂ + ϵ)` with `m̂ = m/(1-β1^t)`, `v̂ = v/(1-β2^t)`.
//!
//! # References
//! - Kingma, Ba (2015), *Adam: A Method for Stochastic Optimization*, algorithm 1.

use super::CalibrateError;

/// An optimiser with its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimiser {
    /// Stochastic gradient descent.
    Sgd {
        /// Learning rate `η`.
        eta: f64,
        /// Momentum `μ`, in [0, 1).
        momentum: f64,
    },
    /// Adam.
    Adam {
        /// Learning rate `η`.
        eta: f64,
        /// Decay `β1` of the mean, in [0, 1).
        beta1: f64,
        /// Decay `β2` of the square, in [0, 1).
        beta2: f64,
        /// `ϵ`.
        stabilizer: f64,
    },
}

impl Optimiser {
    /// The name, as in a file.
    pub fn name(&self) -> &'static str {
        match self {
            Optimiser::Sgd { .. } => "sgd",
            Optimiser::Adam { .. } => "adam",
        }
    }

    /// Learning rate `η`.
    pub fn eta(&self) -> f64 {
        match *self {
            Optimiser::Sgd { eta, .. } | Optimiser::Adam { eta, .. } => eta,
        }
    }

    /// Whether the settings make sense.
    ///
    /// # Errors
    /// [`CalibrateError::Optimiser`] with the setting that does not.
    pub fn check(&self) -> Result<(), CalibrateError> {
        let positive = |name, value: f64| (name, value, value > 0.0 && value.is_finite());
        let decay = |name, value: f64| (name, value, (0.0..1.0).contains(&value));
        let settings = match *self {
            Optimiser::Sgd { eta, momentum } => vec![positive("eta", eta), decay("momentum", momentum)],
            Optimiser::Adam { eta, beta1, beta2, stabilizer } => vec![
                positive("eta", eta),
                decay("beta1", beta1),
                decay("beta2", beta2),
                ("stabilizer", stabilizer, stabilizer >= 0.0 && stabilizer.is_finite()),
            ],
        };
        match settings.iter().find(|setting| !setting.2) {
            Some(&(setting, value, _)) => Err(CalibrateError::Optimiser { setting, value }),
            None => Ok(()),
        }
    }
}

/// An optimiser at work: its averages for `dim` parameters.
#[derive(Clone, Debug)]
pub(super) struct Recursion {
    optimiser: Optimiser,
    steps: i32,
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl Recursion {
    pub fn new(optimiser: Optimiser, dim: usize) -> Self {
        let square = if matches!(optimiser, Optimiser::Adam { .. }) { vec![0.0; dim] } else { Vec::new() };
        Recursion { optimiser, steps: 0, mean: vec![0.0; dim], square }
    }

    /// One step along the gradient; both of length `dim`.
    pub fn step(&mut self, parameters: &mut [f32], gradient: &[f32]) {
        self.steps = self.steps.saturating_add(1);
        let moved = parameters.iter_mut().zip(gradient).zip(&mut self.mean);
        match self.optimiser {
            Optimiser::Sgd { eta, momentum } => {
                let (eta, momentum) = (eta as f32, momentum as f32);
                for ((theta, g), u) in moved {
                    *u = momentum * *u + g;
                    *theta -= eta * *u;
                }
            }
            Optimiser::Adam { eta, beta1, beta2, stabilizer } => {
                let rate = (eta / (1.0 - beta1.powi(self.steps))) as f32;
                let correction = (1.0 - beta2.powi(self.steps)).sqrt().recip() as f32;
                let (b1, b2, c1, c2) = (beta1 as f32, beta2 as f32, (1.0 - beta1) as f32, (1.0 - beta2) as f32);
                let stabilizer = stabilizer as f32;
                for (((theta, g), m), v) in moved.zip(&mut self.square) {
                    *m = b1 * *m + c1 * g;
                    *v = b2 * *v + c2 * g * g;
                    *theta -= rate * *m / (v.sqrt() * correction + stabilizer);
                }
            }
        }
    }

    /// `v̂`, the corrected average of squares; nothing for SGD and before the first step.
    pub fn second_moment(&self) -> Option<Vec<f64>> {
        match self.optimiser {
            Optimiser::Adam { beta2, .. } if self.steps > 0 => {
                let correction = 1.0 - beta2.powi(self.steps);
                Some(self.square.iter().map(|&v| f64::from(v) / correction).collect())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let adam = Optimiser::Adam { eta: 1e-3, beta1: 0.9, beta2: 0.999, stabilizer: 1e-8 };
        assert!(adam.check().is_ok());
        for bad in [
            Optimiser::Sgd { eta: 0.0, momentum: 0.0 },
            Optimiser::Sgd { eta: f64::NAN, momentum: 0.0 },
            Optimiser::Sgd { eta: 0.1, momentum: 1.0 },
            Optimiser::Adam { eta: 1e-3, beta1: -0.1, beta2: 0.999, stabilizer: 1e-8 },
            Optimiser::Adam { eta: 1e-3, beta1: 0.9, beta2: 1.0, stabilizer: 1e-8 },
            Optimiser::Adam { eta: 1e-3, beta1: 0.9, beta2: 0.999, stabilizer: -1.0 },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
