//! The figure `cost-vs-epsilon`.

use crate::report::plot::axis::with_error;
use crate::report::select::{alpha, alpha_label, distinct, epsilon};
use crate::report::{Point, Scale, Series, SeriesFigure};
use crate::results::CellResult;

/// Half-width of the interval that is paid for, in units of the mean.
const HALF_WIDTH: f64 = 0.01;

/// Time on one thread to a 95 % interval of ±1 % of `E Γ` against the noise level, one series a scheme, a panel for every tail index;
/// `seconds` is what a path of every cell costs.
pub(in crate::report) fn cost_vs_epsilon(results: &[CellResult], seconds: &[f64]) -> SeriesFigure {
    let timed: Vec<(&CellResult, f64)> = results.iter().zip(seconds.iter().copied()).collect();
    let panel = |tail: f64| {
        let schemes = distinct(timed.iter().map(|(r, _)| r.plan.scheme.name()));
        let series = schemes.into_iter().map(|scheme| {
            let cells = timed.iter().filter(|(r, _)| alpha(r) == tail && r.plan.scheme.name() == scheme);
            let points: Vec<Point> = cells.filter_map(|(r, seconds)| cost(r, *seconds)).collect();
            Series { label: scheme.to_owned(), note: exponent(&points), points, joined: true, ..Series::default() }
        });
        (alpha_label(tail), series.collect())
    };
    SeriesFigure {
        stem: "cost-vs-epsilon".to_owned(),
        title: "What 1 % of the mean escape time costs".to_owned(),
        x_label: "noise level ε".to_owned(),
        y_label: "seconds on one thread".to_owned(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        panels: distinct(results.iter().map(alpha)).into_iter().map(panel).collect(),
        ..SeriesFigure::default()
    }
}

/// The paths that were run have an interval of some width, which falls with the root of their number.
fn cost(result: &CellResult, seconds: f64) -> Option<Point> {
    let mean = result.mean()?;
    let half_width = 0.5 * (mean.hi - mean.lo) / mean.value;
    let paths = result.paths() as f64 * (half_width / HALF_WIDTH).powi(2);
    (seconds > 0.0 && paths > 0.0).then(|| Point::exact(epsilon(result), paths * seconds))
}

/// The power of `ε` by which the cost goes, by least squares, with its standard error from the scatter.
fn exponent(points: &[Point]) -> Option<String> {
    if points.len() < 3 {
        return None;
    }
    let n = points.len() as f64;
    let logs: Vec<(f64, f64)> = points.iter().map(|p| (p.x.ln(), p.y.ln())).collect();
    let (x, y) = (logs.iter().map(|l| l.0).sum::<f64>() / n, logs.iter().map(|l| l.1).sum::<f64>() / n);
    let spread = logs.iter().map(|l| (l.0 - x).powi(2)).sum::<f64>();
    let slope = logs.iter().map(|l| (l.0 - x) * (l.1 - y)).sum::<f64>() / spread;
    let rest = logs.iter().map(|l| (l.1 - y - slope * (l.0 - x)).powi(2)).sum::<f64>();
    Some(format!("ε^{{{}}}", with_error(slope, (rest / (n - 2.0) / spread).sqrt())))
}
