//! Settings of the scaling of the noise.

use crate::calibrate::escape::{Activation, Sizes};
use crate::tail::Estimator;

/// The settings of `[noise_scaling]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingSettings {
    /// Activation between the layers.
    pub activation: Activation,
    /// `w` of the loss `F = cross-entropy + ½ w |θ|²`.
    pub weight_decay: f64,
    /// Number of trainings, each from its own weights.
    pub minima: usize,
    /// Full-batch descent ends when `|∇F|` has fallen to this share of its value where the descent began.
    pub tolerance: f64,
    /// Most iterations of that descent.
    pub descent: u64,
    /// Images per batch, ascending.
    pub batches: Vec<usize>,
    /// Factors on the learning rate of every optimiser of the file.
    pub eta_factors: Vec<f64>,
    /// Batches whose noise is measured at the minimum, for every batch size, and at every distance.
    pub noise_batches: usize,
    /// Estimator of the tail index.
    pub estimator: Estimator,
    /// Restarts from each minimum, for every optimiser, learning rate and batch size.
    pub runs: usize,
    /// Steps after which a run that has not left every ball is censored.
    pub max_steps: u64,
    /// Radii of the balls `|θ - θ*| ≤ r`.
    pub radii: Sizes,
    /// Paths along which the noise is measured, at their exits from the balls.
    pub paths: usize,
}
