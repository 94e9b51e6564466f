//! The findings about optimisers step by step, relative to plain SGD.

use std::fmt::Write;

use super::figures::studies::optimisers::law_labels;
use super::number;
use super::select::{basin_title, distinct, group_by, title};
use crate::results::{CellResult, OptimiserRow, Stay};

/// A table for every basin and law, what it shows, and whose order with SGD depends on the law.
pub(super) fn optimisers(text: &mut String, results: &[CellResult]) {
    let rows = OptimiserRow::all(results);
    // Two are compared in other words.
    if distinct(rows.iter().map(|row| &row.cell.plan.name)).len() < 3 {
        return;
    }
    let _ = write!(
        text,
        "\n## Optimisers step by step against plain SGD\n\nSteps until the exit, and their ratio to those of plain SGD, each with its 95 % interval. A lower \
         limit is given where paths were censored and fewer than 30 left, or where the exits reject an exponential law; it assumes no law.\n"
    );
    let mut orders: Vec<(String, Vec<(String, bool)>)> = Vec::new();
    let law = law_labels(rows.iter().map(|row| row.cell));
    for ((basin, law), cells) in group_by(results, |r| (r.plan.basin.clone(), law(r))) {
        let here: Vec<&OptimiserRow<'_>> =
            rows.iter().filter(|row| cells.iter().any(|cell| cell.plan.index == row.cell.plan.index)).collect();
        let Some(first) = here.first() else { continue };
        let _ = write!(
            text,
            "\n### {law}, {}\n\n| optimiser | η | exited | steps | ratio to SGD |\n|---|---|---|---|---|\n",
            basin_title(&first.cell.plan.basin)
        );
        for row in &here {
            let eta = row.eta();
            let steps = row.stay().map(|stay| stay.scaled(1.0 / eta));
            let ratio =
                if row.is_sgd() && row.step_ratio().is_none() { "1".to_owned() } else { stay(row.step_ratio()) };
            let _ = writeln!(
                text,
                "| {} | {} | {} of {} | {} | {ratio} |",
                title(&row.cell.plan.name),
                number(eta),
                row.cell.moments.exited(),
                row.cell.paths(),
                self::stay(steps),
            );
        }
        let compared = || here.iter().filter_map(|row| Some((row, row.step_ratio()?.interval())));
        let later = compared().filter(|(_, [_, lo, _])| *lo > 1.0);
        let earlier = compared().filter(|(_, [_, _, hi])| *hi < 1.0);
        let (n, n_later, n_earlier) = (compared().count(), later.clone().count(), earlier.clone().count());
        if n > 0 {
            let _ = writeln!(
                text,
                "\nOf {n} optimisers {n_later} leave after more steps than SGD, {n_earlier} after fewer, and {} are not distinguished from it.",
                n - n_later - n_earlier
            );
        }
        for (row, is_later) in later.map(|(row, _)| (row, true)).chain(earlier.map(|(row, _)| (row, false))) {
            let name = format!("{} (η = {}, {basin})", title(&row.cell.plan.name), number(row.eta()));
            match orders.iter_mut().find(|(other, _)| *other == name) {
                Some((_, seen)) => seen.push((law.clone(), is_later)),
                None => orders.push((name, vec![(law.clone(), is_later)])),
            }
        }
    }
    for (name, seen) in orders {
        let laws = |later: bool| {
            let of = seen.iter().filter(|(_, is_later)| *is_later == later).map(|(law, _)| law.as_str());
            of.collect::<Vec<_>>().join("; ")
        };
        if seen.iter().any(|(_, later)| *later != seen[0].1) {
            let (later, earlier) = (laws(true), laws(false));
            let _ = writeln!(text, "\n{name} leaves later than SGD under {later}, and earlier under {earlier}.");
        }
    }
}

/// `3.2 (2.9 to 3.5)`, or `at least 40`.
fn stay(stay: Option<Stay>) -> String {
    match stay {
        Some(Stay::Mean(mean)) => format!("{} ({} to {})", number(mean.value), number(mean.lo), number(mean.hi)),
        Some(Stay::AtLeast(limit)) => format!("at least {}", number(limit)),
        None => "–".to_owned(),
    }
}
