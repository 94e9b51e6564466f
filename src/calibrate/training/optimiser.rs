//! The optimisers, with the formulas of the paper.
//!
//! SGD: `u ← μ u + g`, `θ ← θ - η u` (the paper has `μ = 0`). Adam: `m ← β1 m + (1-β1) g`, `v ← β2 v + (1-β2) g²`,
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
    /// The name used in files.
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

    /// Checks the settings.
    ///
    /// # Errors
    /// [`CalibrateError::Optimiser`] with the rejected setting.
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

/// The state of an optimiser: its averages for `dim` parameters.
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

    /// One step with the given gradient; both slices have length `dim`.
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

    /// `v̂`, the bias-corrected average of squares; `None` for SGD and before the first step.
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

    /// Gradient of an ill-conditioned quadratic in four parameters, with a force that changes from step to step.
    fn gradient(theta: &[f32], step: i32) -> Vec<f32> {
        const A: [[f64; 4]; 4] =
            [[4.0, 1.0, 0.0, 0.5], [1.0, 3.0, -0.5, 0.0], [0.0, -0.5, 0.2, 0.1], [0.5, 0.0, 0.1, 0.05]];
        let force = [
            if step % 2 == 0 { 0.3 } else { -0.3 },
            0.1 * f64::from(step * 7 % 5 - 2),
            if step % 3 == 0 { 2.0 } else { 0.0 },
            0.01 * f64::from(step) / 50.0,
        ];
        let row = |row: &[f64; 4]| row.iter().zip(theta).map(|(a, &t)| a * f64::from(t)).sum::<f64>();
        A.iter().zip(force).map(|(a, force)| (row(a) + force) as f32).collect()
    }

    /// Values after 1, 2, 10 and 50 steps, from `torch.optim.SGD` and `torch.optim.Adam` of PyTorch 1.13 in double precision.
    #[test]
    fn recursions_match_pytorch() {
        let sgd = |eta, momentum| Optimiser::Sgd { eta, momentum };
        let adam = |beta1, beta2, stabilizer| Optimiser::Adam { eta: 0.03, beta1, beta2, stabilizer };
        for (optimiser, reference) in [
            (sgd(0.05, 0.0), SGD),
            (sgd(0.02, 0.9), MOMENTUM),
            (adam(0.9, 0.999, 1e-8), ADAM),
            (adam(0.8, 0.95, 1e-2), STABLE),
        ] {
            let mut theta = vec![1.0, -2.0, 3.0, 0.5];
            let mut recursion = Recursion::new(optimiser, 4);
            for step in 0..50 {
                let slope = gradient(&theta, step);
                recursion.step(&mut theta, &slope);
                let Some(at) = [1, 2, 10, 50].iter().position(|&n| n == step + 1) else { continue };
                for (ours, theirs) in theta.iter().zip(reference[at]) {
                    assert!(
                        (f64::from(*ours) - theirs).abs() < 1e-5,
                        "{optimiser:?}, step {step}: {ours} and {theirs}"
                    );
                }
            }
        }
    }

    const SGD: [[f64; 4]; 4] = [
        [0.8725, -1.665, 2.8175, 0.45875],
        [0.78478125, -1.3884375, 2.74540625, 0.421693125],
        [0.23006204528147625, -0.20092796559715362, 2.0856455346891463, 0.21777925807360424],
        [-0.028338866528490058, 0.12227707815605543, 0.43934257058529513, -0.03152366899728418],
    ];
    const MOMENTUM: [[f64; 4]; 4] = [
        [0.949, -1.866, 2.927, 0.4835],
        [0.865665, -1.62315, 2.829965, 0.45281849999999996],
        [-0.4052841487403231, 1.2020911821284732, 1.4517742892781633, 0.004849215533232747],
        [0.1457551438995832, -0.5362770244583026, -3.077261361502318, 0.16765640433888868],
    ];
    const ADAM: [[f64; 4]; 4] = [
        [0.9700000001176471, -1.9700000000447762, 2.970000000082192, 0.47000000036363637],
        [0.9406264594540397, -1.940039344510155, 2.942551281627965, 0.44002061036796375],
        [0.7109020425361597, -1.7015999734307878, 2.7248377718678114, 0.20265665512263822],
        [0.2585596235753762, -0.6508427870401978, 1.7488377901938508, -0.7574650441674222],
    ];
    const STABLE: [[f64; 4]; 4] = [
        [0.9701171875, -1.9700447093889717, 2.970081967213115, 0.47035928143712574],
        [0.9410364792317807, -1.9401505889666326, 2.9431292695993894, 0.4407547386712983],
        [0.7155605581165029, -1.7028257181726074, 2.7278052438436946, 0.2076925269033563],
        [0.2739111512805083, -0.6524526482266105, 1.7554055715491115, -0.7660036669924754],
    ];
}
