//! What a run found, in a few sentences with numbers.

use crate::exit::Estimate;
use crate::report::number;
use crate::report::select::epsilon;
use crate::results::{CellResult, Check, Pair};

/// Measurements against predictions and exact means, or `None` if nothing is compared.
pub fn answer(results: &[CellResult]) -> Option<String> {
    let sentences = [predicted(results), transitions(results), ratios(results), exact(results)];
    let sentences: Vec<String> = sentences.into_iter().flatten().collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// `λ E Γ` at the smallest noise level, where the theorem is closest to its limit.
fn predicted(results: &[CellResult]) -> Option<String> {
    let bounded = || results.iter().filter(|r| !r.is_well() && r.lambda_mean().is_some());
    let lowest = bounded().map(epsilon).reduce(f64::min)?;
    let ratios: Vec<Estimate> =
        bounded().filter(|r| epsilon(r) == lowest).filter_map(CellResult::lambda_mean).collect();
    let level = if bounded().any(|r| epsilon(r) > lowest) { ", the smallest noise level" } else { "" };
    Some(format!(
        "At ε = {}{level}, the mean escape time is {} times the predicted 1/λ; {}.",
        number(lowest),
        span(&ratios),
        contain(&ratios, |_| 1.0, "1, the limit ε → 0")
    ))
}

fn transitions(results: &[CellResult]) -> Option<String> {
    let wells = || results.iter().filter(|r| r.is_well() && r.prediction.is_some());
    let lowest = wells().map(epsilon).reduce(f64::min)?;
    let share = |r: &CellResult| Some(r.rate()?.scaled(1.0 / r.prediction.as_ref()?.rate));
    let shares: Vec<Estimate> = wells().filter(|r| epsilon(r) == lowest).filter_map(share).collect();
    let range = (!shares.is_empty()).then(|| span(&shares))?;
    Some(format!("At ε = {}, transition rates between wells are {range} times the predicted ones.", number(lowest)))
}

fn ratios(results: &[CellResult]) -> Option<String> {
    let measured = |pair: Pair<'_>| Some((pair.gamma_ratio()?, pair.theory.predicted_ratio()));
    let (ratios, predictions): (Vec<Estimate>, Vec<f64>) = Pair::all(results).filter_map(measured).unzip();
    if ratios.is_empty() {
        return None;
    }
    let held = contain(&ratios, |index| predictions[index], "the prediction");
    Some(format!("Adam stays {} times as long as SGD; {held}.", span(&ratios)))
}

fn exact(results: &[CellResult]) -> Option<String> {
    let checks: Vec<Check> = results.iter().filter_map(|r| r.check).collect();
    let agree = checks.iter().filter(|check| **check == Check::Ok).count();
    match checks.len() {
        0 => None,
        1 if agree == 1 => Some("The mean agrees with the exact one.".to_owned()),
        1 => Some("The mean does not agree with the exact one.".to_owned()),
        total if agree == total => Some(format!("All {total} means with an exact solution agree with it.")),
        total => Some(format!("{agree} of {total} means with an exact solution agree with it.")),
    }
}

fn contain(estimates: &[Estimate], expected: impl Fn(usize) -> f64, what: &str) -> String {
    let held = estimates.iter().enumerate().filter(|(index, estimate)| estimate.contains(expected(*index))).count();
    match (held, estimates.len()) {
        (1, 1) => format!("its 95 % interval contains {what}"),
        (_, 1) => format!("its 95 % interval does not contain {what}"),
        (held, total) => format!("{held} of {total} intervals contain {what}"),
    }
}

/// The value with its interval, or the range of several values.
fn span(estimates: &[Estimate]) -> String {
    if let [only] = estimates {
        return format!("{} ({} to {})", number(only.value), number(only.lo), number(only.hi));
    }
    let lo = estimates.iter().map(|e| e.value).fold(f64::INFINITY, f64::min);
    let hi = estimates.iter().map(|e| e.value).fold(f64::NEG_INFINITY, f64::max);
    let [lo, hi] = [lo, hi].map(number);
    if lo == hi { lo } else { format!("{lo} to {hi}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_its_interval_and_several_their_range() {
        let estimate = |value: f64| Estimate { value, lo: value - 0.1, hi: value + 0.1 };
        assert_eq!(span(&[estimate(1.0)]), "1 (0.9 to 1.1)");
        assert_eq!(span(&[estimate(1.0), estimate(0.5), estimate(2.0)]), "0.5 to 2");
        let both = [estimate(1.05), estimate(2.0)];
        assert_eq!(contain(&both, |_| 1.0, "1"), "1 of 2 intervals contain 1");
        assert_eq!(contain(&both[1..], |_| 1.0, "1"), "its 95 % interval does not contain 1");
    }
}
