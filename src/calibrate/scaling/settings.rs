//! Settings of the scaling of the noise.

use crate::calibrate::escape::{MinimaSettings, Sizes};
use crate::tail::Estimator;

/// The settings of `[noise_scaling]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingSettings {
    /// The minima and how they are reached.
    pub minima: MinimaSettings,
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
