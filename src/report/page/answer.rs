//! What a run found, in a few sentences with numbers.

use crate::exit::{Estimate, ratio_of_means};
use crate::noise::NoiseLaw;
use crate::report::figures::cost::{CostCurve, cost_curves};
use crate::report::figures::studies::optimisers::law_labels;
use crate::report::figures::studies::which_flatness::label;
use crate::report::findings::{is_sde_of, same_cell};
use crate::report::number;
use crate::report::plot::axis::with_error;
use crate::report::select::{alpha, alpha_label, basin_title, distinct, epsilon, group_by, title};
use crate::report::words::{between, extremes, interval};
use crate::results::{CellResult, Check, FlatnessOrder, OptimiserRow, Pair};
use crate::theory::{FlatnessMeasure, VolumeClaim};

/// Most sentences of an answer.
const SENTENCES: usize = 3;
/// Share of the intervals that contain a value where the value is said to hold.
const HOLDS: f64 = 0.8;

/// Ratios whose interval spans a larger factor are left out.
const WIDEST: f64 = 3.0;

/// The answer to the question of an experiment: what it compares, and then measurements against predictions and exact means. `None` if nothing is
/// compared. `seconds` is the time of a path of each cell, where the experiment asks for the cost.
pub fn answer(results: &[CellResult], seconds: &[f64]) -> Option<String> {
    let compared = [steps, truncated, flatness, optimisers].into_iter().map(|of| of(results));
    let mut compared = std::iter::once(costs(results, seconds)).chain(compared);
    let mut sentences = compared.find(|sentences| !sentences.is_empty()).unwrap_or_default();
    if sentences.is_empty() {
        let general = match regimes(results) {
            Some(regimes) => [Some(regimes), ratios(results), predicted(results), None, None],
            None => [volumes(results), predicted(results), transitions(results), ratios(results), exact(results)],
        };
        sentences = general.into_iter().flatten().collect();
    }
    sentences.truncate(SENTENCES);
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Powers of `ε` of the cost of every scheme, and the ratio of the costs at the smallest level that all reach.
fn costs(results: &[CellResult], seconds: &[f64]) -> Vec<String> {
    let curves = cost_curves(results, seconds);
    let mut sentences = Vec::new();
    for tail in distinct(curves.iter().map(|curve| curve.alpha)) {
        let of_tail: Vec<&CostCurve> = curves.iter().filter(|curve| curve.alpha == tail).collect();
        let power = |curve: &&CostCurve| {
            let slope = curve.slope?;
            Some(format!("ε^({}) with {}", with_error(slope.value, slope.half_width), curve.label))
        };
        let powers: Vec<String> = of_tail.iter().filter_map(power).collect();
        if !powers.is_empty() {
            let tail = alpha_label(tail);
            sentences.push(format!("At {tail}, the time to an error of 1 % goes as {}.", powers.join(" and as ")));
        }
        let levels = |curve: &CostCurve| curve.points.iter().map(|p| p.x).collect::<Vec<_>>();
        let [first, others @ ..] = of_tail.as_slice() else { continue };
        let shared = levels(first).into_iter().filter(|e| others.iter().all(|other| levels(other).contains(e)));
        let Some(lowest) = shared.reduce(f64::min) else { continue };
        let at = |curve: &CostCurve| curve.points.iter().find(|p| p.x == lowest).map_or(f64::NAN, |p| p.y);
        for other in others {
            let (ratio, level) = (at(other) / at(first), number(lowest));
            let [scheme, base] = [&other.label, &first.label];
            sentences.push(format!("At ε = {level}, {scheme} takes {} times as long as {base}.", number(ratio)));
        }
    }
    sentences
}

/// Mean times of steps relative to those of the SDE, for every optimiser.
fn steps(results: &[CellResult]) -> Vec<String> {
    let mut rows: Vec<(String, f64, Estimate)> = Vec::new();
    for steps in results.iter().filter(|r| r.plan.eta.is_some()) {
        let is_sde = |r: &&CellResult| is_sde_of(steps.plan.problem.dynamics(), r.plan.problem.dynamics());
        let Some(sde) = results.iter().find(|r| is_sde(r) && same_cell(steps, r)) else { continue };
        let means = steps.supported_mean().zip(sde.supported_mean());
        let ratio = means.and_then(|(steps, sde)| ratio_of_means(steps, sde).ok());
        let name = title(&steps.plan.dynamics).replace(", steps", "");
        rows.extend(ratio.zip(steps.plan.eta).map(|(ratio, eta)| (name, eta, ratio)));
    }
    let sentence = |name: String| {
        let of_name = || rows.iter().filter(|row| row.0 == name);
        let all: Vec<Estimate> = of_name().map(|row| row.2).collect();
        let held = all.iter().filter(|ratio| ratio.contains(1.0)).count();
        if held as f64 >= HOLDS * all.len() as f64 {
            let contain = contain(&all, |_| 1.0, "1");
            return format!("{name}: the steps stay {} times as long as the SDE; {contain}.", span(&all));
        }
        let levels = || of_name().map(|row| row.1);
        let ends = [levels().fold(0.0, f64::max), levels().fold(f64::INFINITY, f64::min)];
        let at = |eta: f64| {
            let ratios: Vec<Estimate> = of_name().filter(|row| row.1 == eta).map(|row| row.2).collect();
            (span(&ratios), number(eta))
        };
        match ends {
            [high, low] if high > low => {
                let ((large, high), (small, low)) = (at(high), at(low));
                format!(
                    "{name}: the steps stay {large} times as long as the SDE at η = {high}, and {small} times at η = {low}."
                )
            }
            [eta, _] => {
                let (ratio, eta) = at(eta);
                format!("{name}: the steps stay {ratio} times as long as the SDE at η = {eta}.")
            }
        }
    };
    distinct(rows.iter().map(|row| row.0.clone())).into_iter().map(sentence).collect()
}

/// How far truncation separates the basins at the smallest learning rate.
fn truncated(results: &[CellResult]) -> Vec<String> {
    let discrete = || results.iter().filter(|r| r.plan.problem.dynamics().learning_rate().is_some());
    let is_truncated = |r: &CellResult| matches!(r.plan.problem.noise().law(), NoiseLaw::Truncated { .. });
    let Some(eta) = discrete().filter_map(|r| r.plan.eta).reduce(f64::min).filter(|_| discrete().any(is_truncated))
    else {
        return Vec::new();
    };
    let tails = distinct(discrete().map(|r| alpha(r).to_bits())).len();
    let sentence = |((dynamics, tail), cells): ((String, u64), Vec<&CellResult>)| {
        let first = cells.first()?;
        let ratio = |r: &&CellResult| {
            let ratio = ratio_of_means(r.supported_mean()?, first.supported_mean()?).ok();
            let ratio = ratio.filter(|ratio| ratio.lo > 0.0 && ratio.hi < WIDEST * ratio.lo)?;
            Some(format!("{} ({})", number(ratio.value), basin_title(&r.plan.basin)))
        };
        let ratios: Vec<String> = cells[1..].iter().filter_map(ratio).collect();
        let (mut name, basin, eta) = (title(&dynamics), basin_title(&first.plan.basin), number(eta));
        if tails > 1 {
            name = format!("{name}, {}", alpha_label(f64::from_bits(tail)));
        }
        (!ratios.is_empty())
            .then(|| format!("{name}, η = {eta}: E Γ is {} times that of {basin}.", ratios.join(" and ")))
    };
    let at_lowest = discrete().filter(|r| r.plan.eta == Some(eta));
    group_by(at_lowest, |r| (r.plan.dynamics.clone(), alpha(r).to_bits())).into_iter().filter_map(sentence).collect()
}

/// How well each measure of flatness orders the escapes.
fn flatness(results: &[CellResult]) -> Vec<String> {
    let orders = FlatnessOrder::all(results);
    // All dimensions together, where there are several.
    let all: Vec<&FlatnessOrder> = match orders.iter().any(|order| order.dim.is_none()) {
        true => orders.iter().filter(|order| order.dim.is_none()).collect(),
        false => orders.iter().collect(),
    };
    if all.is_empty() {
        return Vec::new();
    }
    let mut taus: Vec<(FlatnessMeasure, Vec<Estimate>)> = FlatnessMeasure::ALL
        .iter()
        .enumerate()
        .map(|(index, measure)| (*measure, all.iter().map(|order| order.tau[index]).collect()))
        .collect();
    let mean = |of: &[Estimate]| of.iter().map(|tau| tau.value).sum::<f64>();
    taus.sort_by(|a, b| mean(&b.1).total_cmp(&mean(&a.1)));
    let text = |(measure, taus): &(FlatnessMeasure, Vec<Estimate>)| format!("{} for {}", range(taus), label(*measure));
    let listed: Vec<String> = taus.iter().map(text).collect();
    vec![format!("Kendall's τ with E Γ is {}.", listed.join(", "))]
}

/// How many optimisers stay longer than plain SGD.
fn optimisers(results: &[CellResult]) -> Vec<String> {
    let rows = OptimiserRow::all(results);
    let names = distinct(rows.iter().map(|row| &row.cell.plan.name)).len();
    let compared: Vec<(&OptimiserRow<'_>, [f64; 3])> =
        rows.iter().filter(|row| !row.is_sgd()).filter_map(|row| Some((row, row.step_ratio()?.interval()))).collect();
    if names < 3 || compared.is_empty() {
        return Vec::new();
    }
    let later = compared.iter().filter(|(_, [_, lo, _])| *lo > 1.0).count();
    let earlier = compared.iter().filter(|(_, [_, _, hi])| *hi < 1.0).count();
    let counts = format!(
        "Against plain SGD, {later} of {} pairs of optimiser and noise leave after more steps and {earlier} after fewer.",
        compared.len()
    );
    let largest = compared.iter().filter(|(_, [value, ..])| value.is_finite()).max_by(|a, b| a.1[0].total_cmp(&b.1[0]));
    let law = law_labels(rows.iter().map(|row| row.cell));
    let largest = largest.map(|(row, [value, lo, hi])| {
        let ratio = interval(Estimate { value: *value, lo: *lo, hi: *hi });
        format!("The largest measured ratio is {ratio}, of {} ({}).", title(&row.cell.plan.name), law(row.cell))
    });
    [counts].into_iter().chain(largest).collect()
}

/// Theorem 2 at the smallest noise level: which optimiser stays longer, by `det Q`.
fn regimes(results: &[CellResult]) -> Option<String> {
    let pairs = lowest_pairs(results);
    let claims = [
        (VolumeClaim::AdamLater, "det Q > 1"),
        (VolumeClaim::Nothing, "det Q = 1"),
        (VolumeClaim::AdamEarlier, "det Q < 1"),
    ];
    let mut parts = Vec::new();
    for (claim, name) in claims {
        let measured: Vec<Estimate> =
            pairs.iter().filter(|pair| pair.theory.volume_claim() == claim).filter_map(Pair::gamma_ratio).collect();
        let later = measured.iter().filter(|ratio| ratio.lo > 1.0).count();
        let earlier = measured.iter().filter(|ratio| ratio.hi < 1.0).count();
        if !measured.is_empty() {
            let total = measured.len();
            let rest = if later + earlier < total { "; the interval contains 1 in the others" } else { "" };
            let text = match (later, earlier) {
                (0, 0) => format!("the interval of Γ_ADAM/Γ_SGD contains 1 in all {total}"),
                (later, 0) => format!("Adam stays longer than SGD in {later} of {total} pairs{rest}"),
                (0, earlier) => format!("Adam leaves earlier than SGD in {earlier} of {total} pairs{rest}"),
                (later, earlier) => {
                    format!(
                        "Adam stays longer than SGD in {later} of {total} pairs and leaves earlier in {earlier}{rest}"
                    )
                }
            };
            parts.push(format!("{name}: {text}"));
        }
    }
    (parts.len() > 1).then(|| parts.join("; ") + ".")
}

/// The basins of one volume whose escape times differ most, where the noise level is the same everywhere.
fn volumes(results: &[CellResult]) -> Option<String> {
    let basins = || results.iter().filter(|r| r.prediction.is_some() && r.volume.is_finite());
    if distinct(basins().map(epsilon)).len() > 1 {
        return None;
    }
    let same = |r: &CellResult| {
        let (dim, scheme) = (r.plan.problem.basin().dim(), r.plan.scheme.name());
        (r.plan.dynamics.clone(), dim, alpha(r).to_bits(), scheme, format!("{:.9e}", r.volume))
    };
    let predicted = |r: &CellResult| r.prediction.as_ref().map_or(f64::NAN, |theory| theory.mean_time());
    let spread = |(_, cells): (_, Vec<&'_ CellResult>)| {
        let order = |a: &&&CellResult, b: &&&CellResult| predicted(a).total_cmp(&predicted(b));
        let (short, long) = (*cells.iter().min_by(order)?, *cells.iter().max_by(order)?);
        let measured = ratio_of_means(long.mean()?, short.mean()?).ok()?;
        Some((predicted(long) / predicted(short), measured, short.volume))
    };
    let all = group_by(basins(), same).into_iter().filter_map(spread);
    let (expected, measured, volume) = all.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(ratio, ..)| *ratio > 1.2)?;
    Some(format!(
        "Escape times from basins of one volume, {}, differ by a factor of {}; {} is predicted.",
        number(volume),
        interval(measured),
        number(expected)
    ))
}

/// `λ E Γ` at the smallest noise level, where the theorem is closest to its limit, and how many intervals contain 1 there and at the largest. Where
/// a dynamics lacks one of them, as with measured noise, which has levels of its own, all cells together.
fn predicted(results: &[CellResult]) -> Option<String> {
    let bounded = || results.iter().filter(|r| !r.is_well() && r.lambda_mean().is_some());
    let (lowest, highest) = extremes(bounded().map(epsilon))?;
    let of_dynamics = group_by(bounded(), |r| (r.plan.dynamics.clone(), alpha(r).to_bits()));
    let has_both = |cells: &[&CellResult]| [lowest, highest].iter().all(|end| cells.iter().any(|r| epsilon(r) == *end));
    if !of_dynamics.iter().all(|(_, cells)| has_both(cells)) {
        let ratios: Vec<Estimate> = bounded().filter_map(CellResult::lambda_mean).collect();
        return Some(format!(
            "From ε = {} to {}, the mean escape time is {} times the predicted 1/λ; {}.",
            number(lowest),
            number(highest),
            span(&ratios),
            contain(&ratios, |_| 1.0, "1, its limit as ε → 0")
        ));
    }
    let at = |level: f64| -> Vec<Estimate> {
        bounded().filter(|r| epsilon(r) == level).filter_map(CellResult::lambda_mean).collect()
    };
    let ratios = at(lowest);
    let level = if lowest < highest { ", the smallest noise level" } else { "" };
    let at_highest = if lowest < highest {
        let ratios = at(highest);
        let held = ratios.iter().filter(|ratio| ratio.contains(1.0)).count();
        format!(", and {held} of {} at ε = {}, the largest", ratios.len(), number(highest))
    } else {
        String::new()
    };
    Some(format!(
        "At ε = {}{level}, the mean escape time is {} times the predicted 1/λ; {}{at_highest}.",
        number(lowest),
        span(&ratios),
        contain(&ratios, |_| 1.0, "1, its limit as ε → 0")
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

/// The pairs of SGD and Adam at the smallest noise level.
fn lowest_pairs(results: &[CellResult]) -> Vec<Pair<'_>> {
    let lowest = Pair::all(results).map(|pair| epsilon(pair.adam)).fold(f64::INFINITY, f64::min);
    Pair::all(results).filter(|pair| epsilon(pair.adam) == lowest).collect()
}

fn ratios(results: &[CellResult]) -> Option<String> {
    let pairs = lowest_pairs(results);
    let level = epsilon(pairs.first()?.adam);
    let measured = |pair: &Pair<'_>| Some((pair.gamma_ratio()?, pair.theory.predicted_ratio()));
    let (ratios, predictions): (Vec<Estimate>, Vec<f64>) = pairs.iter().filter_map(measured).unzip();
    if ratios.is_empty() {
        return None;
    }
    let held = contain(&ratios, |index| predictions[index], "the prediction");
    let several = Pair::all(results).any(|pair| epsilon(pair.adam) > level);
    let start = if several { format!("At ε = {}, Adam", number(level)) } else { "Adam".to_owned() };
    Some(format!("{start} stays {} times as long as SGD; {held}.", span(&ratios)))
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
    if let [only] = estimates { interval(*only) } else { range(estimates) }
}

/// `0.5 to 2`.
fn range(estimates: &[Estimate]) -> String {
    extremes(estimates.iter().map(|e| e.value)).map_or("–".to_owned(), |(lo, hi)| between(lo, hi))
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
