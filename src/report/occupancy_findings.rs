//! What an occupancy found, in sentences and tables with numbers.

use std::fmt::Write;

use super::findings::findings;
use super::number;
use super::select::{alpha_label, basin_title, title};
use super::words::{between, extremes, interval};
use crate::exit::Estimate;
use crate::results::{OccupancyResult, RandomProblemsResult};

/// Transitions of a pair of wells from which on its rate is compared in the answer: its interval is then narrower than ± 7 %.
const MANY: u64 = 1_000;

/// The dynamics and tail index of every result, and whatever else distinguishes them.
fn names(results: &[OccupancyResult]) -> Vec<String> {
    let noise = |r: &OccupancyResult| r.plan.problem.noise().clone();
    let others: [&dyn Fn(&OccupancyResult) -> String; 4] = [
        &|r| basin_title(&r.plan.basin),
        &|r| noise(r).law().to_string(),
        &|r| format!("ε = {}", number(noise(r).epsilon())),
        &|r| r.plan.eta.map_or(String::new(), |eta| format!("η = {}", number(eta))),
    ];
    let distinguishing: Vec<_> =
        others.into_iter().filter(|of| results.windows(2).any(|pair| of(&pair[0]) != of(&pair[1]))).collect();
    let name = |r: &OccupancyResult| {
        let mut parts = vec![title(&r.plan.dynamics).to_string()];
        parts.extend(r.plan.parameter("alpha").map(alpha_label));
        parts.extend(distinguishing.iter().map(|of| of(r)).filter(|part| !part.is_empty()));
        parts.join(", ")
    };
    results.iter().map(name).collect()
}

/// Where the paths of every cell are at the end, and how the rates compare with the predicted ones; `None` without a result.
pub fn occupancy_answer(results: &[OccupancyResult]) -> Option<String> {
    if results.is_empty() {
        return None;
    }
    let sentence = |(result, name): (&OccupancyResult, String)| {
        let last = result.occupancy.times().len() - 1;
        let shares = (0..result.wells()).filter_map(|well| Some((well, result.share(last, well)?)));
        let (well, share) = shares.max_by(|a, b| a.1.value.total_cmp(&b.1.value))?;
        let time = result.occupancy.times()[last];
        let mut text =
            format!("{name}: at t = {} well {} holds {} of the paths", number(time), well + 1, interval(share));
        if let Some(law) = result.predicted(time) {
            let _ = write!(text, ", {} predicted", number(law[well]));
        }
        let ratios = result
            .pairs()
            .filter(|(i, j)| result.counts.transitions(*i, *j) >= MANY)
            .filter_map(|(i, j)| Some(result.rate(i, j)?.value / result.predicted_rate(i, j)?))
            .filter(|ratio| ratio.is_finite());
        if let Some((lo, hi)) = extremes(ratios) {
            let _ = write!(text, "; rates are {} times the predicted ones", between(lo, hi));
        }
        if result.has_diverged() {
            let share = result.diverged(last).map_or(0.0, |share| share.value);
            let _ = write!(text, "; {} of the paths diverged", number(share));
        }
        Some(text + ".")
    };
    let sentences: Vec<String> = results.iter().zip(names(results)).filter_map(sentence).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// The findings of an occupancy, and of random problems in the same file.
pub fn occupancy_findings(results: &[OccupancyResult], studies: &[RandomProblemsResult]) -> String {
    let mut text = findings(&[], studies, &[]).unwrap_or_else(|| "# Claims, predictions and measurements\n".to_owned());
    let interval = |e: Option<Estimate>| e.map_or("–".to_owned(), interval);
    for (result, name) in results.iter().zip(names(results)) {
        let (last, wells) = (result.occupancy.times().len() - 1, result.occupancy.wells());
        let is_plane = wells.dim() == 2;
        let widths_of = if is_plane { "widths along each axis" } else { "widths" };
        let barriers_of = if is_plane { "lowest barrier" } else { "barriers" };
        let stationary = result.chain.as_ref().map(|chain| chain.stationary());
        let predicted = result.predicted(result.occupancy.times()[last]);
        let _ = write!(
            text,
            "\n## {name}\n\nOccupancy at t = {} beside the law of the predicted chain, at that time and in the long run{}.\n\n\
             | well | minimum | {widths_of} | {barriers_of} | occupancy | predicted | stationary |\n|---|---|---|---|---|---|---|\n",
            number(result.occupancy.times()[last]),
            if stationary.is_some() { "" } else { "; these dynamics have no prediction" }
        );
        for well in 0..wells.count() {
            let side = |w: f64| if w.is_finite() { number(w) } else { "∞".to_owned() };
            let widths = (0..wells.dim()).filter_map(|axis| result.widths(well, axis)).flatten().map(side);
            let height = |b: Option<f64>| b.map_or("–".to_owned(), number);
            let barriers = if is_plane {
                height(result.lowest_barrier(well))
            } else {
                result.barriers(well).map(height).join(", ")
            };
            let minimum: Vec<String> = wells.minimum(well).iter().map(|x| number(*x)).collect();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} |",
                well + 1,
                minimum.join(", "),
                widths.collect::<Vec<_>>().join(", "),
                barriers,
                interval(result.share(last, well)),
                predicted.as_ref().map_or("–".to_owned(), |law| number(law[well])),
                stationary.as_ref().map_or("–".to_owned(), |law| number(law[well])),
            );
        }
        if result.has_diverged() {
            let _ = write!(
                text,
                "\n{} of {} paths diverged: their parameters overflowed after a large jump. They are in no well.\n",
                result.counts.diverged(last),
                result.counts.paths()
            );
        }
        let _ = write!(
            text,
            "\nTransition rates, counted from core to core of the wells.\n\n\
             | from | to | transitions | rate | predicted | ratio |\n|---|---|---|---|---|---|\n"
        );
        for (i, j) in result.pairs() {
            let (rate, predicted) = (result.rate(i, j), result.predicted_rate(i, j));
            let ratio = rate.zip(predicted.filter(|p| *p > 0.0)).map(|(rate, predicted)| rate.scaled(1.0 / predicted));
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} |",
                i + 1,
                j + 1,
                result.counts.transitions(i, j),
                interval(rate),
                predicted.map_or("–".to_owned(), number),
                interval(ratio),
            );
        }
    }
    text
}
