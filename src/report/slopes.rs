//! Slopes of the mean escape time on logarithmic axes, with the tests that belong to them.

use super::FittedSlope;
use super::plot::axis::with_error;
use crate::exit::{Confidence, LevelMean, SlopeFit, fit_slope};
use crate::results::CellResult;

/// The slope is a statement about small ε: it is fitted over the lowest one and a half decades.
pub const SLOPE_REACH: f64 = 31.7;

/// The slope over the cells whose level `at` is at most `reach` times the lowest one that has a mean, without means that rest on a law which the data reject.
pub fn small_level_slope(
    cells: &[&CellResult],
    at: impl Fn(&CellResult) -> Option<f64>,
    reach: f64,
) -> Option<SlopeFit> {
    let means: Vec<_> = cells.iter().filter_map(|r| Some((at(r)?, r.supported_mean()?))).collect();
    let lowest = means.iter().map(|m| m.0).fold(f64::INFINITY, f64::min);
    let low = means.into_iter().filter(|(level, _)| *level <= reach * lowest);
    let levels: Vec<LevelMean> =
        low.filter_map(|(level, mean)| LevelMean::new(level, mean, Confidence::DEFAULT).ok()).collect();
    fit_slope(&levels, Confidence::DEFAULT).ok()
}

/// What [`slope_text`] states.
pub const SLOPE_REMARK: &str = "slopes ± 95 %, p of a straight line";

/// `−1.20 ± 0.01, p = 0.31`, with the half-width of the 95 % interval and the `p` of χ²; `not a straight line` has no slope.
pub fn slope_text(slope: &FittedSlope) -> String {
    if slope.is_bent {
        return "not a straight line".to_owned();
    }
    let test = slope.straightness.map_or(String::new(), |p| format!(", p = {p:.2}"));
    format!("{}{test}", with_error(slope.value, slope.half_width))
}
