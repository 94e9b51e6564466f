//! The figure `sde-vs-steps`: discrete optimisers and their SDEs.

use crate::dynamics::{Dynamics, SecondMoment};
use crate::report::select::{alpha, alpha_label, basin_title, distinct, title};
use crate::report::slopes::{SLOPE_REMARK, slope_text, small_level_slope};
use crate::report::{FittedSlope, Point, Scale, Series, SeriesFigure, number};
use crate::results::CellResult;

/// The slope is fitted over the lowest factor of this in `η`.
const SLOPE_RANGE: f64 = 12.0;

/// Mean escape time against the learning rate, SGD left, Adam right: the SDE, its prediction, and the steps. Optimisers and settings
/// without an SDE have a panel for each name.
pub(in crate::report) fn sde_vs_steps(results: &[CellResult]) -> SeriesFigure {
    let basins = distinct(results.iter().map(|r| r.plan.basin.clone()));
    let several_tails = distinct(results.iter().map(alpha)).len() > 1;
    let mut panels = Vec::new();
    for basin in &basins {
        let of_basin = || results.iter().filter(|r| r.plan.basin == *basin && r.plan.eta.is_some());
        let panel = |r: &CellResult| PanelKind::of(r.plan.problem.dynamics());
        let others = of_basin().filter(|r| panel(r) == PanelKind::Other).map(|r| title(&r.plan.dynamics));
        let named = distinct(others).into_iter().map(|name| (name, PanelKind::Other));
        let with_sde = [("SGD".to_owned(), PanelKind::Sgd), ("Adam".to_owned(), PanelKind::Adam)];
        for (name, kind) in with_sde.into_iter().chain(named) {
            let is_here =
                |r: &&CellResult| panel(r) == kind && (kind != PanelKind::Other || title(&r.plan.dynamics) == name);
            let series = panel_series(&of_basin().filter(is_here).collect::<Vec<_>>(), several_tails);
            if !series.is_empty() {
                let title = if basins.len() > 1 { format!("{name}, {}", basin_title(basin)) } else { name };
                panels.push((title, series));
            }
        }
    }
    SeriesFigure {
        stem: "sde-vs-steps".to_owned(),
        title: "Steps of the optimisers and their SDEs at the same learning rate".to_owned(),
        remark: SLOPE_REMARK.to_owned(),
        x_label: "learning rate η".to_owned(),
        y_label: "mean escape time E Γ".to_owned(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        panels,
        ..SeriesFigure::default()
    }
}

/// Which panel shows a dynamics.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PanelKind {
    Sgd,
    Adam,
    /// An optimiser without an SDE.
    Other,
}

impl PanelKind {
    fn of(dynamics: &Dynamics) -> Self {
        match dynamics {
            Dynamics::Sgd => PanelKind::Sgd,
            Dynamics::SgdSteps(sgd) if sgd.is_plain() => PanelKind::Sgd,
            Dynamics::Adam(_) => PanelKind::Adam,
            Dynamics::AdamSteps(adam) if adam.is_plain() => PanelKind::Adam,
            _ => PanelKind::Other,
        }
    }
}

/// What the points of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SeriesKind {
    Sde,
    /// The SDE of Adam whose constant second moment is that of heavy-tailed noise.
    StableSde,
    /// The SDE of Adam whose second moment contains the sampled noise.
    SampledSde,
    Steps,
}

impl SeriesKind {
    fn of(dynamics: &Dynamics) -> Self {
        match dynamics {
            Dynamics::Adam(adam) if adam.second_moment() == SecondMoment::Sampled => SeriesKind::SampledSde,
            Dynamics::Adam(adam) if adam.second_moment() == SecondMoment::Stable => SeriesKind::StableSde,
            dynamics if dynamics.learning_rate().is_some() => SeriesKind::Steps,
            _ => SeriesKind::Sde,
        }
    }

    fn name(self) -> &'static str {
        match self {
            SeriesKind::Sde => "SDE",
            SeriesKind::StableSde => "SDE, v of the law",
            SeriesKind::SampledSde => "SDE, sampled v",
            SeriesKind::Steps => "steps",
        }
    }
}

/// One series for every kind and tail index; the label has the tail index if the figure has several.
fn panel_series(cells: &[&CellResult], several_tails: bool) -> Vec<Series> {
    let key = |r: &CellResult| (SeriesKind::of(r.plan.problem.dynamics()), alpha(r));
    let series = distinct(cells.iter().map(|r| key(r))).into_iter().map(|(kind, tail)| {
        let members: Vec<&CellResult> = cells.iter().copied().filter(|r| key(r) == (kind, tail)).collect();
        let name = kind.name();
        let point = |r: &CellResult| {
            let mean = r.supported_mean()?;
            Some(Point { x: r.plan.eta?, y: mean.value, lo: mean.lo, hi: mean.hi })
        };
        let predicted = |r: &CellResult| Some((r.plan.eta?, r.prediction.as_ref()?.mean_time()));
        let exact = |r: &CellResult| Some((r.plan.eta?, r.exact_mean?));
        let label = if several_tails { format!("{name}, {}", alpha_label(tail)) } else { name.to_owned() };
        let slope = small_level_slope(&members, |r| r.plan.eta, SLOPE_RANGE).map(FittedSlope::from);
        Series {
            label: label.clone(),
            points: members.iter().filter_map(|r| point(r)).collect(),
            predicted: members.iter().filter(|_| kind == SeriesKind::Sde).filter_map(|r| predicted(r)).collect(),
            exact: members.iter().filter_map(|r| exact(r)).collect(),
            note: slope.as_ref().map(slope_note),
            stated: slope.map_or(Vec::new(), |slope| slope.stated(&label)),
            ..Series::default()
        }
    });
    series.collect()
}

/// The local slope of `log E Γ` on `log η` where `η` is small.
fn slope_note(slope: &FittedSlope) -> String {
    let text = slope_text(slope);
    format!("{text}, η ≤ {}", number(slope.up_to))
}
