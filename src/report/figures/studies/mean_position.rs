//! The figure `mean-position`: mean positions at rest against the ratio of the curvatures of the two sides.

use crate::report::select::{alpha_label, distinct, title};
use crate::report::{Point, Scale, Series, SeriesFigure};
use crate::results::MeanPositionResult;

/// Mean position towards the flat side in scales at rest: a panel for every dynamics, a series for every tail index, and for every dimension if
/// there are several.
pub(in crate::report) fn mean_position(results: &[MeanPositionResult]) -> SeriesFigure {
    let alpha = |r: &MeanPositionResult| r.plan.problem.noise().alpha().get();
    let dims = distinct(results.iter().map(MeanPositionResult::dim));
    let tails = distinct(results.iter().map(alpha));
    let label = |tail: f64, dim: usize| match (tails.len() > 1, dims.len() > 1) {
        (_, false) => alpha_label(tail),
        (false, true) => format!("d = {dim}"),
        (true, true) => format!("{}, d = {dim}", alpha_label(tail)),
    };
    let panel = |name: &String| {
        let series = tails.iter().flat_map(|tail| dims.iter().map(move |dim| (*tail, *dim))).map(|(tail, dim)| {
            let here = results.iter().filter(|r| title(&r.plan.name) == *name && alpha(r) == tail && r.dim() == dim);
            let mut series = Series { label: label(tail, dim), ..Series::default() };
            for result in here {
                for axis in 0..result.dim() {
                    let x = result.asymmetry(axis);
                    let factor = result.flat_side(axis).unwrap_or(1.0) / result.scales[axis];
                    if !factor.is_finite() {
                        continue;
                    }
                    if let Some(mean) = result.mean(axis) {
                        let [a, b] = [mean.lo * factor, mean.hi * factor];
                        series.points.push(Point { x, y: mean.value * factor, lo: a.min(b), hi: a.max(b) });
                    }
                    series.predicted.extend(result.predicted(axis).map(|y| (x, y * factor)));
                }
            }
            series
        });
        (name.clone(), series.filter(|s| !s.points.is_empty()).collect())
    };
    let names = distinct(results.iter().map(|r| title(&r.plan.name)));
    SeriesFigure {
        stem: "mean-position".to_owned(),
        x_label: "curvature of the steep side over that of the flat side".to_owned(),
        y_label: "mean position in scales at rest".to_owned(),
        x_scale: Scale::Log,
        y_scale: Scale::Linear,
        panels: names.iter().map(panel).collect(),
        levels: vec![(0.0, "minimum".to_owned())],
        ..SeriesFigure::default()
    }
}
