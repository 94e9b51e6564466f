//! `[noise_scaling]` of a calibration file: how the scaling of the gradient noise at the minimum is measured.

use super::escape::{ESTIMATORS, MOST_IMAGES, MOST_RUNS, MOST_STEPS, read_all, read_factors, read_minima, read_sizes};
use crate::calibrate::ScalingSettings;
use crate::experiment::toml::reader::Value;

/// Reads `[noise_scaling]`.
pub(in crate::experiment) fn read_noise_scaling(value: Value<'_>) -> Option<ScalingSettings> {
    let table = value.table()?;
    let whole = |key, lo, hi, default| table.get(key).map_or(Some(default), |value| value.integer(lo, hi));
    let minima = read_minima(&table);
    let batches_value = table.need("batches", "[8, 16, 32, 64]");
    let batches = batches_value.and_then(|value| read_all(value, |size| size.integer(1, MOST_IMAGES)));
    let eta_factors = match table.get("eta_factors") {
        Some(value) => read_factors(value),
        None => Some(vec![0.5, 1.0, 2.0]),
    };
    let radii = table.need("radii", "{ from = 0.05, to = 0.5, count = 10 }").and_then(read_sizes);
    let noise_batches = whole("noise_batches", 10, MOST_RUNS, 400);
    let estimator = table
        .get("estimator")
        .map_or(Some(ESTIMATORS[0]), |value| value.named(&ESTIMATORS, |estimator| estimator.name()));
    let (runs, max_steps) = (whole("runs", 2, MOST_RUNS, 100), whole("max_steps", 1, MOST_STEPS, 10_000));
    let paths = whole("paths", 2, MOST_RUNS, 10);
    table.finish();
    let batches: Vec<usize> = batches?.into_iter().map(|size| size as usize).collect();
    if !batches.is_sorted_by(|a, b| a < b) {
        batches_value?.report_with_help("`batches` must ascend", "give each batch size once, the smallest first");
        return None;
    }
    Some(ScalingSettings {
        minima: minima?,
        batches,
        eta_factors: eta_factors?,
        noise_batches: noise_batches? as usize,
        estimator: estimator?,
        runs: runs? as usize,
        max_steps: max_steps?,
        radii: radii?,
        paths: paths? as usize,
    })
}
