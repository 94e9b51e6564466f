//! Numbers in sentences and tables.

use super::number;
use crate::exit::Estimate;

/// `1 (0.9 to 1.1)`: a value with its interval.
pub fn interval(estimate: Estimate) -> String {
    format!("{} ({} to {})", number(estimate.value), number(estimate.lo), number(estimate.hi))
}

/// `0.003 to 0.3`, or one number if both are printed alike.
pub fn between(lo: f64, hi: f64) -> String {
    let [lo, hi] = [lo, hi].map(number);
    if lo == hi { lo } else { format!("{lo} to {hi}") }
}

/// The smallest and the largest value.
pub fn extremes(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().fold(None, |ends, x| {
        let (lo, hi) = ends.unwrap_or((x, x));
        Some((f64::min(lo, x), f64::max(hi, x)))
    })
}

/// `p = 0.314`, or `p < 0.001`.
pub fn p_value(p: f64) -> String {
    if p < 1e-3 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") }
}
