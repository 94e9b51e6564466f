//! The figure `mean-position`: mean positions at rest against the ratio of the curvatures of the two sides.

use crate::report::select::{alpha_label, distinct, title};
use crate::report::{Point, Scale, Series, SeriesFigure};
use crate::results::MeanPositionResult;

/// Mean position towards the flat side in stationary scales: a panel for every dynamics, a series for every tail index and noise level. On separate axes the
/// dimension makes no difference, so basins of all dimensions are in one series.
pub(in crate::report) fn mean_position(results: &[MeanPositionResult]) -> SeriesFigure {
    let label = |r: &MeanPositionResult| {
        let (alpha, level) = (alpha_label(r.plan.problem.noise().alpha().get()), r.level_label(results));
        if level.is_empty() { alpha } else { format!("{alpha}, {level}") }
    };
    let labels = distinct(results.iter().map(label));
    let panel = |name: &String| {
        let series = labels.iter().map(|of| {
            let here = results.iter().filter(|r| title(&r.plan.name) == *name && label(r) == *of);
            let mut series = Series { label: of.clone(), ..Series::default() };
            for (result, axis) in here.flat_map(|result| (0..result.dim()).map(move |axis| (result, axis))) {
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
            series.predicted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            series.predicted.dedup();
            series
        });
        (name.clone(), series.filter(|s| !s.points.is_empty()).collect())
    };
    let names = distinct(results.iter().map(|r| title(&r.plan.name)));
    SeriesFigure {
        stem: "mean-position".to_owned(),
        x_label: "curvatures, steep/flat side".to_owned(),
        y_label: "mean position, stationary scales".to_owned(),
        x_scale: Scale::Log,
        y_scale: Scale::Linear,
        panels: names.iter().map(panel).collect(),
        levels: vec![(0.0, "minimum".to_owned())],
        ..SeriesFigure::default()
    }
}
