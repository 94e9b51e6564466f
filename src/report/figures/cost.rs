//! The figure `cost-vs-epsilon`.

use crate::exit::{Confidence, Estimate};
use crate::experiment::swept_parameters;
use crate::report::columns::{label, series_columns};
use crate::report::plot::axis::with_error;
use crate::report::select::{alpha, alpha_label, distinct, epsilon};
use crate::report::{DataKind, Point, Scale, Series, SeriesFigure, Stated};
use crate::results::CellResult;

/// Error that is paid for, at 95 % and in units of the mean: bias and half-width of the interval, added in squares.
const ERROR: f64 = 0.01;

/// Time on one thread to an error of 1 % of `E Γ`, bias included, against the noise level: a series for every scheme, and for every dynamics or basin
/// if these differ, and a panel for every tail index. `seconds` is the time of one path of each cell. Where the bias alone exceeds 1 %, no number of
/// paths suffices: there is no point.
pub(in crate::report) fn cost_vs_epsilon(results: &[CellResult], seconds: &[f64]) -> SeriesFigure {
    let curves = cost_curves(results, seconds);
    let panel = |tail: f64| {
        let series = curves.iter().filter(|curve| curve.alpha == tail).map(|curve| {
            let CostCurve { label, slope, biased, .. } = curve;
            let label = label.clone();
            let mut stated: Vec<Stated> = slope.map(|slope| slope.stated(&label)).into_iter().collect();
            stated.extend((*biased > 0).then(|| Stated::new(label.as_str(), DataKind::LeftOut, f64::from(*biased))));
            Series {
                label,
                note: note(*slope, *biased),
                stated,
                points: curve.points.clone(),
                joined: true,
                ..Series::default()
            }
        });
        (alpha_label(tail), series.collect())
    };
    SeriesFigure {
        stem: "cost-vs-epsilon".to_owned(),
        title: "Time to an error of 1 % in the mean escape time, bias included".to_owned(),
        remark: "powers of ε ± 95 %".to_owned(),
        x_label: "noise level ε".to_owned(),
        y_label: "seconds on one thread".to_owned(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        panels: distinct(results.iter().map(alpha)).into_iter().map(panel).collect(),
        ..SeriesFigure::default()
    }
}

/// The cost of one scheme at one tail index, for one dynamics and basin.
pub(in crate::report) struct CostCurve {
    pub alpha: f64,
    /// The scheme, with what else tells cells at one tail index and noise level apart.
    pub label: String,
    /// Seconds at each noise level that can be reached.
    pub points: Vec<Point>,
    /// Number of the other levels, whose bias alone is larger than the error.
    pub biased: u32,
    /// The power of `ε`.
    pub slope: Option<CostSlope>,
}

/// The cost of every scheme, where the time of a path of each cell is known.
pub(in crate::report) fn cost_curves(results: &[CellResult], seconds: &[f64]) -> Vec<CostCurve> {
    let timed: Vec<(&CellResult, f64)> = results.iter().zip(seconds.iter().copied()).collect();
    let parameters = swept_parameters(results.iter().map(|r| &r.plan));
    let all: Vec<&CellResult> = results.iter().collect();
    let columns = series_columns(&all, "scheme", &parameters);
    let name = |r: &CellResult| label(r, &columns);
    let curve = |(alpha, label): (f64, String)| {
        let cells = timed.iter().filter(|(r, _)| self::alpha(r) == alpha && name(r) == label);
        let (mut points, mut biased) = (Vec::new(), 0u32);
        for (result, seconds) in cells {
            match cost(result, *seconds) {
                Some(Cost::Seconds(seconds)) => points.push(Point::exact(epsilon(result), seconds)),
                Some(Cost::Unreachable) => biased += 1,
                None => {}
            }
        }
        CostCurve { alpha, label, slope: exponent(&points), points, biased }
    };
    distinct(timed.iter().map(|(r, _)| (alpha(r), name(r)))).into_iter().map(curve).collect()
}

/// What an error of 1 % costs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cost {
    Seconds(f64),
    /// The bias alone is larger.
    Unreachable,
}

/// The cost by the measured mean; the bias is that from the exact mean, where there is one.
fn cost(result: &CellResult, seconds: f64) -> Option<Cost> {
    let mean = result.supported_mean()?;
    let bias = result.exact_mean.map_or(0.0, |exact| bias(mean.scaled(1.0 / exact)));
    if result.paths() == 0 || seconds <= 0.0 {
        return None;
    }
    let half_width = 0.5 * (mean.hi - mean.lo) / mean.value;
    let paths = paths_needed(result.paths(), half_width, bias);
    Some(paths.map_or(Cost::Unreachable, |paths| Cost::Seconds(paths * seconds)))
}

/// The relative bias of a mean in units of the exact one, at 0 where noise explains it: the square of the deviation less its variance.
fn bias(relative: Estimate) -> f64 {
    let error = 0.5 * (relative.hi - relative.lo) / Confidence::DEFAULT.gaussian_width();
    let square = (relative.value - 1.0).powi(2) - error * error;
    // A bias counts only if the interval excludes 0.
    if relative.contains(1.0) { 0.0 } else { square.max(0.0).sqrt() }
}

/// Paths to an error of 1 %, given the half-width that `paths` gave, which falls with the root of their number; `None` where the bias is
/// too large.
fn paths_needed(paths: usize, half_width: f64, bias: f64) -> Option<f64> {
    let left = ERROR * ERROR - bias * bias;
    (left > 0.0).then(|| paths as f64 * half_width * half_width / left)
}

/// The exponent, and the levels that no number of paths brings to 1 %.
fn note(slope: Option<CostSlope>, biased: u32) -> Option<String> {
    let levels = (biased > 0).then(|| format!("bias > 1 % at {biased} level{}", if biased == 1 { "" } else { "s" }));
    let slope = slope.map(|slope| format!("ε^{{{}}}", with_error(slope.value, slope.half_width)));
    let parts: Vec<String> = slope.into_iter().chain(levels).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A power of `ε`, with the half-width of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct CostSlope {
    pub value: f64,
    pub half_width: f64,
}

impl CostSlope {
    /// The power with its 95 % interval.
    fn stated(&self, series: &str) -> Stated {
        let CostSlope { value, half_width } = *self;
        Stated::within(series, DataKind::Slope, [value, value - half_width, value + half_width])
    }
}

/// The power of `ε` by which the cost goes, by least squares, with Student's interval from the scatter.
fn exponent(points: &[Point]) -> Option<CostSlope> {
    if points.len() < 3 {
        return None;
    }
    let n = points.len() as f64;
    let logs: Vec<(f64, f64)> = points.iter().map(|p| (p.x.ln(), p.y.ln())).collect();
    let (x, y) = (logs.iter().map(|l| l.0).sum::<f64>() / n, logs.iter().map(|l| l.1).sum::<f64>() / n);
    let spread = logs.iter().map(|l| (l.0 - x).powi(2)).sum::<f64>();
    let slope = logs.iter().map(|l| (l.0 - x) * (l.1 - y)).sum::<f64>() / spread;
    let rest = logs.iter().map(|l| (l.1 - y - slope * (l.0 - x)).powi(2)).sum::<f64>();
    let width = Confidence::DEFAULT.student_width(n - 2.0);
    Some(CostSlope { value: slope, half_width: width * (rest / (n - 2.0) / spread).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ln y = 0, 1, 1 at ln x = 0, 1, 2 by hand: slope 1/2, residuals -1/6, 1/3, -1/6, standard error √(1/12); t of one degree is 12.706.
    #[test]
    fn a_power_has_students_interval() {
        let points = [(0.0f64, 0.0f64), (1.0, 1.0), (2.0, 1.0)].map(|(x, y)| Point::exact(x.exp(), y.exp()));
        let slope = exponent(&points).unwrap();
        assert!((slope.value - 0.5).abs() < 1e-12);
        assert!((slope.half_width - 12.7062 * (1.0f64 / 12.0).sqrt()).abs() < 1e-3, "{slope:?}");
        assert_eq!(exponent(&points[..2]), None);
    }

    #[test]
    fn bias_costs_paths() {
        let unbiased = paths_needed(1000, 0.02, 0.0).unwrap();
        assert!((unbiased - 4000.0).abs() < 1e-9);
        // .006² + .008² = .01².
        assert!((paths_needed(1000, 0.02, 0.006).unwrap() - 6250.0).abs() < 1e-9);
        assert_eq!(paths_needed(1000, 0.02, 0.01), None);
    }

    /// Noise does not count as a bias; a deviation of five standard errors does.
    #[test]
    fn bias_is_what_noise_does_not_explain() {
        assert_eq!(bias(Estimate::symmetric(1.004, 0.005)), 0.0);
        let error = 0.005 / Confidence::DEFAULT.gaussian_width();
        let found = bias(Estimate::symmetric(1.0 + 5.0 * error, 0.005));
        assert!((found - 24f64.sqrt() * error).abs() < 1e-12, "{found}");
    }
}
