//! Settings of a network's escape.

use crate::tail::Estimator;

/// Activation between the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`. The loss has kinks, on which its minimum may lie: then no point has a small gradient.
    Relu,
    /// `tanh x`.
    Tanh,
}

impl Activation {
    /// Every activation.
    pub const ALL: [Activation; 2] = [Activation::Relu, Activation::Tanh];

    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Relu => "relu",
            Activation::Tanh => "tanh",
        }
    }
}

/// Sizes of nested sets, evenly spaced in the logarithm from `from` to `to`, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    /// The smallest.
    pub from: f64,
    /// The largest.
    pub to: f64,
    /// How many.
    pub count: usize,
}

impl Sizes {
    /// The sizes in ascending order.
    pub fn values(self) -> Vec<f64> {
        let steps = self.count.max(2) - 1;
        (0..self.count).map(|i| self.from * (self.to / self.from).powf(i as f64 / steps as f64)).collect()
    }
}

/// How the minima of a network are reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MinimaSettings {
    /// Number of trainings, each from its own weights.
    pub count: usize,
    /// Activation between the layers.
    pub activation: Activation,
    /// `w` of the loss `F = cross-entropy + ½ w |θ|²`.
    pub weight_decay: f64,
    /// Full-batch descent ends when `|∇F|` has fallen to this share of its value where the descent began.
    pub tolerance: f64,
    /// Most iterations of that descent.
    pub descent: u64,
}

/// The settings of `[escape]`.
#[derive(Clone, Debug, PartialEq)]
pub struct EscapeSettings {
    /// The minima and how they are reached.
    pub minima: MinimaSettings,
    /// Restarts from each minimum.
    pub runs: usize,
    /// Steps after which a run that has not left every set is censored.
    pub max_steps: u64,
    /// Images per batch.
    pub batches: Vec<usize>,
    /// Factors on the learning rate of every optimiser of the file.
    pub eta_factors: Vec<f64>,
    /// Radii of the balls `|θ - θ*| ≤ r`.
    pub radii: Sizes,
    /// Half-widths of the boxes `max_i |θ_i - θ*_i| ≤ b`.
    pub boxes: Option<Sizes>,
    /// Levels of the sets `F ≤ F* + h`.
    pub levels: Option<Sizes>,
    /// The full loss is looked at every so many steps.
    pub loss_every: u64,
    /// Batches whose noise is measured at the minimum, for every batch size.
    pub noise_batches: usize,
    /// Estimator of the tail index of the pooled noise.
    pub estimator: Estimator,
    /// Runs of each predicting simulation.
    pub predicted_runs: usize,
    /// Eigenvectors of the Hessian in the quadratic model, beside its diagonal.
    pub rank: usize,
}
