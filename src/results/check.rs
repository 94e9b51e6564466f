//! Checks of the results: measured means against exact ones, and censored samples against the law that their mean assumes.

use super::cell::{CellResult, Check};
use crate::exit::Confidence;

/// Bias of a mean that the accuracy contract allows.
const ALLOWED_BIAS: f64 = 0.005;
/// Probability that a run with correct means has a cell that is off.
const FALSE_ALARM: f64 = 0.05;

/// Compares every mean with the exact one, if that is known. The intervals hold with 95 % for all compared cells together (Bonferroni): of
/// 100 correct cells, five would lie outside their individual 95 % intervals.
pub(super) fn check_means(results: &mut [CellResult]) {
    let compared = results.iter().filter(|result| result.exact_mean.is_some() && result.mean().is_some()).count();
    let Ok(confidence) = Confidence::new(1.0 - FALSE_ALARM / compared.max(1) as f64) else { return };
    for result in results {
        result.check = result.exact_mean.and_then(|exact| {
            let mean = result.moments.mean(confidence).ok()?.estimate;
            let slack = ALLOWED_BIAS * exact;
            let holds = mean.lo - slack <= exact && exact <= mean.hi + slack;
            Some(if holds { Check::Ok } else { Check::Off })
        });
    }
}

/// Warnings about the means of a run: means that are off, and means of censored paths whose law is not exponential.
pub fn check_warnings(results: &[CellResult]) -> Vec<String> {
    let mut warnings = Vec::new();
    for result in results {
        let (cell, mean) = (result.plan.index, result.moments.mean(Confidence::DEFAULT).ok());
        if let (Some(Check::Off), Some(exact), Some(mean)) = (result.check, result.exact_mean, mean) {
            warnings.push(format!(
                "cell {cell}: the mean exit time {:.5} ({:.5} to {:.5}) does not agree with the exact mean {exact:.5}",
                mean.estimate.value, mean.estimate.lo, mean.estimate.hi
            ));
        }
        let max_time = result.plan.limits.max_time;
        if let Some(p) = result.rejected_exponential() {
            warnings.push(format!(
                "cell {cell}: {} of {} paths were censored at max_time = {max_time}, and the exits reject the exponential law that the mean \
                 assumes (p = {p:.1e}): use restricted_mean, or raise max_time",
                result.moments.censored(),
                result.moments.followed()
            ));
        }
    }
    warnings
}
