//! A result against a parameter, as an experiment asks for it.

use crate::experiment::{PlotSettings, RESULT_COLUMNS, swept_parameters};
use crate::report::columns::{axis_label, candidates, distinguishing, estimate, exact, label, predicted, value_label};
use crate::report::select::distinct;
use crate::report::{Point, Scale, Series, SeriesFigure};
use crate::results::CellResult;

/// With more series than this in one panel, each value of the first column that distinguishes them has a panel.
const SERIES: usize = 8;

/// The figure: a series for every value of the group, and a panel for every combination of what else varies; without a group, a series for
/// every combination. Values of theory and of the exact solver are drawn where they exist.
pub(in crate::report) fn plotted(results: &[CellResult], plot: &PlotSettings) -> SeriesFigure {
    let parameters = swept_parameters(results.iter().map(|result| &result.plan));
    let all: Vec<&CellResult> = results.iter().filter(|r| estimate(r, &plot.x).is_some()).collect();
    let fixed: Vec<&str> = [Some(plot.x.as_str()), plot.group.as_deref()].into_iter().flatten().collect();
    let rest = distinguishing(&all, &fixed, &candidates(&parameters));
    let (outer, inner): (&[&str], &[&str]) = match &plot.group {
        Some(_) => (&rest, &[]),
        None if rest.len() > 1 && distinct(all.iter().map(|r| label(r, &rest))).len() > SERIES => rest.split_at(1),
        None => (&[], &rest),
    };
    let series_of = |r: &CellResult| match &plot.group {
        Some(group) => value_label(r, group),
        None => label(r, inner),
    };
    let joined = !RESULT_COLUMNS.contains(&plot.x.as_str());
    let series = |cells: &[&CellResult], name: String| {
        let members = || cells.iter().copied().filter(|r| series_of(r) == name);
        let x = |r: &CellResult| estimate(r, &plot.x).map(|[x, ..]| x);
        let point = |r: &CellResult| {
            let [y, lo, hi] = estimate(r, &plot.y)?;
            Some(Point { x: x(r)?, y, lo, hi })
        };
        let (predicted, exact): (Vec<_>, Vec<_>) = (
            members().filter_map(|r| x(r).zip(predicted(r, &plot.y))).collect(),
            members().filter_map(|r| x(r).zip(exact(r, &plot.y))).collect(),
        );
        Series {
            points: members().filter_map(point).collect(),
            // A line through the points would hide that of theory.
            joined: joined && predicted.is_empty() && exact.is_empty(),
            predicted,
            exact,
            label: name,
            ..Series::default()
        }
    };
    let panel = |title: String| {
        let cells: Vec<&CellResult> = all.iter().copied().filter(|r| label(r, outer) == title).collect();
        let names = distinct(cells.iter().map(|r| series_of(r)));
        let series = names.into_iter().map(|name| series(&cells, name)).filter(|series| !series.points.is_empty());
        (title, series.collect::<Vec<Series>>())
    };
    let panels: Vec<(String, Vec<Series>)> = distinct(all.iter().map(|r| label(r, outer)))
        .into_iter()
        .map(panel)
        .filter(|(_, series)| !series.is_empty())
        .collect();
    let values = |column: &str| scale_of(all.iter().filter_map(|r| estimate(r, column)).map(|[value, ..]| value));
    SeriesFigure {
        stem: plot.name.clone(),
        x_label: axis_label(&plot.x).to_owned(),
        y_label: axis_label(&plot.y).to_owned(),
        x_scale: values(&plot.x),
        y_scale: values(&plot.y),
        panels,
        ..SeriesFigure::default()
    }
}

/// Logarithmic for positive values that span a factor of five.
pub(super) fn scale_of(values: impl Iterator<Item = f64>) -> Scale {
    let (lo, hi) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), value| (lo.min(value), hi.max(value)));
    if lo > 0.0 && hi >= 5.0 * lo { Scale::Log } else { Scale::Linear }
}
