//! The figure `transitions`: measured rates between wells and the predicted `q_ij`.

use crate::experiment::swept_parameters;
use crate::report::columns::{label, series_columns};
use crate::report::select::{alpha, alpha_label, distinct, epsilon};
use crate::report::{Point, Scale, Series, SeriesFigure};
use crate::results::CellResult;

/// `q/Θ` against the noise level, a panel for every tail index: measured, and `½|s - x_i|^-α`, to which it tends.
pub(in crate::report) fn transitions(results: &[CellResult]) -> SeriesFigure {
    let wells: Vec<&CellResult> = results.iter().filter(|r| r.is_well() && r.prediction.is_some()).collect();
    let name = transition_name(&wells);
    let panel = |tail: f64| {
        let series = distinct(wells.iter().map(|r| name(r))).into_iter().map(|of_series| {
            let cells = wells.iter().filter(|r| alpha(r) == tail && name(r) == of_series);
            let mut series = Series { label: of_series.clone(), ..Series::default() };
            for cell in cells {
                let Some(theory) = &cell.prediction else { continue };
                let Some(measure) = theory.radon_measure else { continue };
                series.predicted.push((epsilon(cell), measure));
                if let Some(rate) = cell.supported_rate() {
                    let scaled = rate.scaled(1.0 / theory.theta);
                    series.points.push(Point { x: epsilon(cell), y: scaled.value, lo: scaled.lo, hi: scaled.hi });
                }
            }
            series
        });
        (alpha_label(tail), series.collect())
    };
    SeriesFigure {
        stem: "transitions".to_owned(),
        title: "Transition rates between wells".to_owned(),
        x_label: "noise level ε".to_owned(),
        y_label: "transition rate q / Θ(ε)".to_owned(),
        x_scale: Scale::Log,
        y_scale: Scale::Linear,
        is_spread: true,
        panels: distinct(wells.iter().map(|r| alpha(r))).into_iter().map(panel).collect(),
        ..SeriesFigure::default()
    }
}

/// Names of cells by their basin and, where they differ otherwise at one tail index and noise level, by the dynamics, the scheme and so on.
pub(in crate::report) fn transition_name(wells: &[&CellResult]) -> impl Fn(&CellResult) -> String {
    let parameters = swept_parameters(wells.iter().map(|r| &r.plan));
    let columns: Vec<String> = series_columns(wells, "basin", &parameters).into_iter().map(str::to_owned).collect();
    move |r| label(r, &columns)
}
