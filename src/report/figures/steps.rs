//! The figure `sde-vs-steps`: discrete optimisers and their SDEs.

use crate::dynamics::Dynamics;
use crate::exit::{Confidence, LevelMean, fit_slope};
use crate::report::plot::axis::with_error;
use crate::report::select::{alpha, alpha_label, distinct};
use crate::report::{Point, Scale, Series, SeriesFigure};
use crate::results::CellResult;

/// The slope is fitted over the lowest factor of this in `η`.
const SLOPE_RANGE: f64 = 12.0;

/// Mean escape time against the learning rate, SGD left, Adam right: the SDE, its prediction, and the steps.
pub(in crate::report) fn sde_vs_steps(results: &[CellResult]) -> SeriesFigure {
    let basins = distinct(results.iter().map(|r| r.plan.basin.clone()));
    let mut panels = Vec::new();
    for basin in &basins {
        for (name, of_panel) in [("SGD", is_sgd as fn(&Dynamics) -> bool), ("Adam", |dynamics| !is_sgd(dynamics))] {
            let cells: Vec<&CellResult> = results
                .iter()
                .filter(|r| r.plan.basin == *basin && r.plan.eta.is_some() && of_panel(r.plan.problem.dynamics()))
                .collect();
            let series = panel_series(&cells);
            if !series.is_empty() {
                let title = if basins.len() > 1 { format!("{name}, {basin}") } else { name.to_owned() };
                panels.push((title, series));
            }
        }
    }
    let bound = results.iter().find_map(|r| match r.plan.problem.dynamics() {
        Dynamics::AdamSteps(adam) => Some(adam.spike_bound() / adam.eta()).filter(|bound| bound.is_finite()),
        _ => None,
    });
    SeriesFigure {
        stem: "sde-vs-steps".to_owned(),
        title: bound
            .map_or(String::new(), |bound| format!("One gradient spike moves real Adam by {bound:.2} η at most")),
        x_label: "learning rate η".to_owned(),
        y_label: "mean escape time E Γ".to_owned(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        panels,
        ..SeriesFigure::default()
    }
}

fn is_sgd(dynamics: &Dynamics) -> bool {
    matches!(dynamics, Dynamics::Sgd | Dynamics::SgdSteps(_))
}

/// One series for every tail index, equation or steps.
fn panel_series(cells: &[&CellResult]) -> Vec<Series> {
    let key = |r: &CellResult| (r.plan.problem.dynamics().learning_rate().is_some(), alpha(r));
    let several = distinct(cells.iter().map(|r| alpha(r))).len() > 1;
    let series = distinct(cells.iter().map(|r| key(r))).into_iter().map(|(steps, tail)| {
        let members: Vec<&CellResult> = cells.iter().copied().filter(|r| key(r) == (steps, tail)).collect();
        let kind = if steps { "steps" } else { "SDE" };
        let point = |r: &CellResult| {
            let mean = r.mean()?;
            Some(Point { x: r.plan.eta?, y: mean.value, lo: mean.lo, hi: mean.hi })
        };
        let predicted = |r: &CellResult| Some((r.plan.eta?, r.prediction.as_ref()?.mean_time()));
        let exact = |r: &CellResult| Some((r.plan.eta?, r.exact_mean?));
        Series {
            label: if several { format!("{kind}, {}", alpha_label(tail)) } else { kind.to_owned() },
            points: members.iter().filter_map(|r| point(r)).collect(),
            predicted: members.iter().filter(|_| !steps).filter_map(|r| predicted(r)).collect(),
            exact: members.iter().filter_map(|r| exact(r)).collect(),
            note: slope(&members),
            ..Series::default()
        }
    });
    series.collect()
}

/// The local slope of `log E Γ` on `log η` where `η` is small.
fn slope(cells: &[&CellResult]) -> Option<String> {
    let rate = |r: &CellResult| r.plan.eta.filter(|_| r.mean().is_some());
    let lowest = cells.iter().filter_map(|r| rate(r)).fold(f64::INFINITY, f64::min);
    let levels: Vec<LevelMean> = cells
        .iter()
        .filter(|r| rate(r).is_some_and(|eta| eta <= SLOPE_RANGE * lowest))
        .filter_map(|r| LevelMean::new(r.plan.eta?, r.mean()?, Confidence::DEFAULT).ok())
        .collect();
    let slope = fit_slope(&levels, Confidence::DEFAULT).ok()?.slope;
    Some(format!("slope {}", with_error(slope.value, 0.5 * (slope.hi - slope.lo))))
}
