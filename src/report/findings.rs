//! What was claimed, predicted and measured, in words: `findings.md`.

use std::fmt::Write;

use super::number;
use super::select::{distinct, epsilon, title};
use crate::dynamics::Dynamics;
use crate::results::{CellResult, Pair, RandomProblemsResult};
use crate::theory::VolumeClaim;

/// The findings of an experiment, `None` where nothing is compared.
pub fn findings(results: &[CellResult], studies: &[RandomProblemsResult]) -> Option<String> {
    let mut text = String::new();
    theorem1(&mut text, results);
    theorem2(&mut text, results);
    random_problems(&mut text, studies);
    transitions(&mut text, results);
    steps(&mut text, results);
    (!text.is_empty()).then(|| format!("# What was claimed, predicted and measured\n{text}"))
}

/// `λ E Γ` at the smallest and the largest noise level of every dynamics.
fn theorem1(text: &mut String, results: &[CellResult]) {
    let predicted = |r: &&CellResult| r.ratio().is_some() && r.volume.is_finite();
    let levels = distinct(results.iter().filter(predicted).map(epsilon));
    let (Some(lowest), Some(highest)) =
        (levels.iter().copied().reduce(f64::min), levels.iter().copied().reduce(f64::max))
    else {
        return;
    };
    let mut lines = String::new();
    for dynamics in distinct(results.iter().filter(predicted).map(|r| r.plan.dynamics.clone())) {
        let at = |level: f64| {
            let cells = results.iter().filter(predicted).filter(|r| r.plan.dynamics == dynamics && epsilon(r) == level);
            let ratios: Vec<_> = cells.filter_map(CellResult::ratio).collect();
            let held = ratios.iter().filter(|ratio| ratio.contains(1.0)).count();
            let (lo, hi) = range(ratios.iter().map(|ratio| ratio.value))?;
            Some(format!("{} ({held} of {} intervals hold 1)", span(lo, hi), ratios.len()))
        };
        if let Some(small) = at(lowest) {
            let large = at(highest).filter(|_| highest > lowest);
            let large = large.map_or(String::new(), |large| format!("; at ε = {}: {large}", number(highest)));
            let _ = writeln!(lines, "- {}: λ E Γ at ε = {}: {small}{large}", title(&dynamics), number(lowest));
        }
    }
    if !lines.is_empty() {
        let _ =
            write!(text, "\n## Theorem 1\n\nClaimed as ε → 0: λ Γ is exponential with mean 1. Measured:\n\n{lines}");
    }
}

/// A sentence for each of the regimes of theorem 2.
fn theorem2(text: &mut String, results: &[CellResult]) {
    let pairs: Vec<Pair<'_>> = Pair::all(results).collect();
    if pairs.is_empty() {
        return;
    }
    let regime = |pair: &Pair<'_>| (pair.theory.volume_claim(), pair.theory.is_isotropic());
    let regimes = [
        ((VolumeClaim::AdamLater, true), "det Q > 1, Q a multiple of I", "Adam escapes later"),
        ((VolumeClaim::AdamLater, false), "det Q > 1, Q anisotropic", "Adam escapes later"),
        ((VolumeClaim::Nothing, true), "det Q = 1, Q = I", "nothing: the volumes tie"),
        ((VolumeClaim::Nothing, false), "det Q = 1, Q anisotropic", "nothing: the volumes tie"),
        ((VolumeClaim::AdamEarlier, true), "det Q < 1, Q a multiple of I", "Adam escapes earlier"),
        ((VolumeClaim::AdamEarlier, false), "det Q < 1, Q anisotropic", "Adam escapes earlier"),
    ];
    let _ = writeln!(text, "\n## Theorem 2: Γ_ADAM/Γ_SGD\n");
    let _ = writeln!(
        text,
        "| regime | pairs | the volume argument claims | the Radon measure predicts | measured | intervals that hold the prediction |"
    );
    let _ = writeln!(text, "|---|---|---|---|---|---|");
    for (key, name, claim) in regimes {
        let members: Vec<&Pair<'_>> = pairs.iter().filter(|pair| regime(pair) == key).collect();
        let measured: Vec<_> =
            members.iter().filter_map(|pair| Some((pair.ratio()?, pair.theory.predicted_ratio()))).collect();
        let Some((lo, hi)) = range(members.iter().map(|pair| pair.theory.predicted_ratio())) else { continue };
        let seen =
            range(measured.iter().map(|(ratio, _)| ratio.value)).map_or("–".to_owned(), |(lo, hi)| span(lo, hi));
        let held = measured.iter().filter(|(ratio, predicted)| ratio.contains(*predicted)).count();
        let _ = writeln!(
            text,
            "| {name} | {} | {claim} | {} | {seen} | {held} of {} |",
            members.len(),
            span(lo, hi),
            measured.len()
        );
    }
    let silent = pairs.iter().filter(|pair| regime(pair) == (VolumeClaim::Nothing, false));
    let apart = silent.clone().filter(|pair| pair.ratio().is_some_and(|ratio| !ratio.contains(1.0))).count();
    if apart > 0 {
        let _ = writeln!(
            text,
            "\nWhere the volumes tie and Q is anisotropic, {apart} of {} measured ratios differ from 1: the volume does not order the \
             escapes there, the measure does.",
            silent.count()
        );
    }
}

fn random_problems(text: &mut String, studies: &[RandomProblemsResult]) {
    if studies.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## Random problems at det Q = 1\n");
    let _ = writeln!(text, "The volume argument claims nothing. Predicted by the Radon measure:\n");
    for study in studies {
        let Some(share) = study.share() else { continue };
        let _ = writeln!(
            text,
            "- d = {}, α = {}: m(W_ADAM) < m(W_SGD) in {:.2} % ({:.2} to {:.2}) of {} problems; predicted Γ_ADAM/Γ_SGD in the median \
             {}, 5 % to 95 %: {} to {}",
            study.family.dim(),
            study.family.alpha(),
            100.0 * share.value,
            100.0 * share.lo,
            100.0 * share.hi,
            study.ratios.len(),
            number(study.quantile(0.5)),
            number(study.quantile(0.05)),
            number(study.quantile(0.95)),
        );
    }
}

/// Every well, at the smallest noise level.
fn transitions(text: &mut String, results: &[CellResult]) {
    let wells: Vec<&CellResult> = results.iter().filter(|r| r.volume.is_infinite() && r.prediction.is_some()).collect();
    let Some(lowest) = wells.iter().map(|r| epsilon(r)).reduce(f64::min) else { return };
    let _ = writeln!(text, "\n## Transitions between wells, ε = {}\n", number(lowest));
    let _ = writeln!(text, "| from | α | q predicted | q measured | measured / predicted |\n|---|---|---|---|---|");
    for cell in wells.iter().filter(|r| epsilon(r) == lowest) {
        let (Some(theory), Some(rate)) = (&cell.prediction, cell.rate()) else { continue };
        let share = rate.scaled(1.0 / theory.rate);
        let _ = writeln!(
            text,
            "| {} | {} | {:.4e} | {:.4e} | {:.3} ({:.3} to {:.3}) |",
            cell.plan.basin,
            cell.plan.problem.noise().alpha(),
            theory.rate,
            rate.value,
            share.value,
            share.lo,
            share.hi
        );
    }
}

/// The steps of both optimisers beside their equations, learning rate by learning rate.
fn steps(text: &mut String, results: &[CellResult]) {
    let mut rows = String::new();
    for steps in results {
        let sde = results.iter().find(|r| {
            let (a, b) = (steps.plan.problem.dynamics(), r.plan.problem.dynamics());
            let same =
                matches!((a, b), (Dynamics::SgdSteps(_), Dynamics::Sgd) | (Dynamics::AdamSteps(_), Dynamics::Adam(_)));
            same && steps.plan.eta == r.plan.eta
                && steps.plan.basin == r.plan.basin
                && steps.plan.problem.noise().alpha() == r.plan.problem.noise().alpha()
                && steps.plan.problem.noise().amplitude() == r.plan.problem.noise().amplitude()
        });
        let Some((sde, eta)) = sde.zip(steps.plan.eta) else { continue };
        let mean = |r: &CellResult| {
            r.mean().map_or("–".to_owned(), |m| format!("{} ({} to {})", number(m.value), number(m.lo), number(m.hi)))
        };
        let _ = writeln!(
            rows,
            "| {} | {} | {} | {} | {} |",
            title(&steps.plan.dynamics),
            steps.plan.problem.noise().alpha(),
            number(eta),
            mean(steps),
            mean(sde)
        );
    }
    if rows.is_empty() {
        return;
    }
    let bound = results.iter().find_map(|r| match r.plan.problem.dynamics() {
        Dynamics::AdamSteps(adam) if adam.spike_bound().is_finite() => Some(adam.spike_bound() / adam.eta()),
        _ => None,
    });
    let _ = writeln!(
        text,
        "\n## Steps beside the SDE: mean escape time\n\n| optimiser | α | η | steps | SDE |\n|---|---|---|---|---|\n{rows}"
    );
    if let Some(bound) = bound {
        let _ = writeln!(
            text,
            "One gradient spike, of any size, moves real Adam by at most {bound:.2} η in all, since it divides itself through v; a jump of \
             the SDE is divided by the Q from before it and has no bound. So real Adam needs several spikes to leave, and its escape \
             time does not follow the SDE's power of η."
        );
    }
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, x| match range {
        Some((lo, hi)) => Some((f64::min(lo, x), f64::max(hi, x))),
        None => Some((x, x)),
    })
}

fn span(lo: f64, hi: f64) -> String {
    let (lo, hi) = (format!("{lo:.3}"), format!("{hi:.3}"));
    if lo == hi { lo } else { format!("{lo} to {hi}") }
}
