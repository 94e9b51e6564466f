//! Where exits land and when targets are hit, for the findings.

use std::fmt::Write;

use super::number;
use super::select::title;
use crate::results::{CellResult, Hitting, Landings};

/// The shares of the exits that land in each well, beside the predicted ones.
pub(super) fn landings(text: &mut String, results: &[CellResult]) {
    let mut rows = String::new();
    for landings in Landings::all(results).iter().filter(|landings| landings.differ()) {
        let plan = &landings.result.plan;
        for well in 0..landings.result.landings.len() {
            let Some(share) = landings.share(well) else { continue };
            let _ = writeln!(
                rows,
                "| {} | {} | {} | {} | {} | {} of {} | {:.4} ({:.4} to {:.4}) | {} |",
                title(&plan.dynamics),
                plan.basin,
                plan.problem.noise().alpha(),
                number(plan.problem.noise().epsilon()),
                well + 1,
                landings.result.landings[well],
                landings.total(),
                share.value,
                share.lo,
                share.hi,
                landings.predicted.as_ref().map_or("–".to_owned(), |shares| format!("{:.4}", shares[well])),
            );
        }
    }
    if !rows.is_empty() {
        let _ = write!(
            text,
            "\n## Where exits land\n\nPredicted for ε → 0: the Lévy measure of the jumps from the minimum that leave the domain and end in the well, \
             as a share of all jumps that leave.\n\n\
             | dynamics | basin | α | ε | well | exits | share | predicted |\n|---|---|---|---|---|---|---|---|\n{rows}"
        );
    }
}

/// Mean hitting times of targets beside those of the predicted chain.
pub(super) fn hitting(text: &mut String, results: &[CellResult]) {
    let (mut rows, mut is_predicted) = (String::new(), false);
    for hitting in Hitting::all(results) {
        is_predicted |= hitting.predicted.is_some();
        let (plan, mean) = (&hitting.result.plan, hitting.result.supported_mean());
        let Some(mean) = mean else { continue };
        let interval = |value: f64, lo: f64, hi: f64| format!("{} ({} to {})", number(value), number(lo), number(hi));
        let _ = writeln!(
            rows,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            title(&plan.dynamics),
            plan.basin,
            plan.problem.noise().alpha(),
            number(plan.problem.noise().epsilon()),
            hitting.target(),
            interval(mean.value, mean.lo, mean.hi),
            hitting.predicted.map_or("–".to_owned(), number),
            hitting.ratio().map_or("–".to_owned(), |ratio| interval(ratio.value, ratio.lo, ratio.hi)),
        );
    }
    let predicted = if is_predicted {
        "Predicted for ε → 0: the mean first-passage time of the chain of the wells."
    } else {
        "The theory predicts them on a line, where the chain of the wells is known."
    };
    if !rows.is_empty() {
        let _ = write!(
            text,
            "\n## Hitting times of targets\n\n{predicted}\n\n\
             | dynamics | basin | α | ε | target | mean time | predicted | ratio |\n|---|---|---|---|---|---|---|---|\n{rows}"
        );
    }
}
