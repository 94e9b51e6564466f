//! Placeholder until the estimators are there.
use super::calibration::{Measurement, NoiseKind};
use super::network::LayerRange;
use super::samples::{Samples, Watch};
use super::train::PooledSample;
use crate::noise::Seed;

pub(super) struct Scene {
    pub iteration: u64,
    pub seed: Seed,
    pub watch: Watch,
    pub layers: Vec<LayerRange>,
}
pub(super) fn at_fixed_parameters(_: &Scene, _: NoiseKind, _: &Samples) -> Vec<Measurement> { Vec::new() }
pub(super) fn over_iterations(_: &Scene, _: NoiseKind, _: &Samples) -> Vec<Measurement> { Vec::new() }
pub(super) fn pooled_sample(s: &Scene, samples: &Samples) -> PooledSample {
    let values = samples.wide.pooled(|i| s.watch.pooled[i]);
    PooledSample { iteration: s.iteration, surrogate: values.clone(), values }
}
