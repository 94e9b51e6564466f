//! Draws the figures of a calibration.

use std::path::Path;

use super::network_escape::{network_escape, network_escape_law};
use super::noise_scaling::noise_scaling;
use super::summary::kind_name;
use crate::calibrate::{
    Calibrated, Calibration, NetworkEscape, NoiseKind, OptimiserRun, SamplingAxis, TrainedRun, TrainingPoint,
};
use crate::experiment::{CalibrationFigure, FigureStyle};
use crate::report::drawing::{Drawing, drawn};
use crate::report::select::title;
use crate::report::{
    FigureError, NoiseTails, Point, ScaleDistribution, ScalesFigure, TailCurve, TailIndexFigure, TailsPanel,
    TrainingCurves, TrainingFigure,
};
use crate::tail::{Centre, FittedLaw, TailSample};

/// A curve along the iterations.
struct CurveKind {
    axis: SamplingAxis,
    estimator: &'static str,
    /// Legend text.
    label: &'static str,
}

const CURVES: [CurveKind; 4] = [
    CurveKind { axis: SamplingAxis::Pooled, estimator: "mohammadi", label: "pooled, Mohammadi (the paper's)" },
    CurveKind { axis: SamplingAxis::Pooled, estimator: "mcculloch", label: "pooled, McCulloch" },
    CurveKind { axis: SamplingAxis::Batches, estimator: "koutrouvelis", label: "one parameter over batches, median" },
    CurveKind {
        axis: SamplingAxis::Iterations,
        estimator: "koutrouvelis",
        label: "one parameter over iterations, median",
    },
];

/// Points of an empirical tail and of a fitted one, and the height where that ends.
const TAIL_POINTS: u32 = 40;
const LAW_POINTS: u32 = 120;
const LOWEST: f64 = 1e-6;

/// Draws one figure of a calibration into `dir` in the formats of `style`, with the table of its values, and returns it for a page.
///
/// # Errors
/// [`FigureError::Empty`] if nothing was measured that the figure shows; an error of the file system.
pub fn draw_calibration(
    kind: CalibrationFigure,
    found: &Calibrated,
    dir: &Path,
    style: &FigureStyle,
) -> Result<Drawing, FigureError> {
    match kind {
        CalibrationFigure::TailIndex => drawn(&tail_index(&found.calibration), dir, Some(style)),
        CalibrationFigure::Training => drawn(&training(&found.calibration), dir, Some(style)),
        CalibrationFigure::NoiseLaw => drawn(&noise_law(&found.runs), dir, Some(style)),
        CalibrationFigure::Scales => drawn(&scales(&found.runs), dir, Some(style)),
        CalibrationFigure::NetworkEscape => drawn(&network_escape(escape(found)), dir, Some(style)),
        CalibrationFigure::NoiseScaling => drawn(&noise_scaling(found.scaling.as_ref()), dir, Some(style)),
        CalibrationFigure::NetworkEscapeLaw => drawn(&network_escape_law(escape(found)), dir, Some(style)),
    }
}

/// The escapes; without `[escape]` there are none, and their figures are empty.
fn escape(found: &Calibrated) -> &NetworkEscape {
    const NONE: &NetworkEscape = &NetworkEscape {
        minima: Vec::new(),
        cells: Vec::new(),
        left_out: Vec::new(),
        stopped: false,
        device: String::new(),
    };
    found.escape.as_ref().unwrap_or(NONE)
}

fn tail_index(calibration: &Calibration) -> TailIndexFigure {
    let mut panels = Vec::new();
    for run in &calibration.runs {
        for kind in [NoiseKind::Gradient, NoiseKind::Direction] {
            let curves: Vec<TailCurve> = CURVES.iter().filter_map(|curve| tail_curve(run, kind, curve)).collect();
            if !curves.is_empty() {
                panels.push((format!("{}, {}", title(&run.label), kind_name(kind)), curves));
            }
        }
    }
    TailIndexFigure { panels }
}

fn tail_curve(run: &OptimiserRun, kind: NoiseKind, drawn: &CurveKind) -> Option<TailCurve> {
    let CurveKind { axis, estimator, label } = drawn;
    let mut curve = TailCurve { label: label.to_string(), ..TailCurve::default() };
    for measurement in run.measurements.iter().filter(|m| m.noise == kind && m.axis == *axis) {
        let Some(pair) = measurement.indices.iter().find(|pair| pair.estimator == *estimator) else { continue };
        let point = |(y, lo, hi)| Point { x: measurement.iteration as f64, y, lo, hi };
        curve.measured.extend(pair.measured.index().map(point));
        curve.surrogate.extend(pair.surrogate.index().map(point));
    }
    (!curve.measured.is_empty()).then_some(curve)
}

fn training(calibration: &Calibration) -> TrainingFigure {
    let curves = |run: &OptimiserRun| {
        let curve = |of: fn(&TrainingPoint) -> f64| {
            run.training.iter().filter(|p| p.iteration > 0).map(|p| (p.iteration as f64, of(p))).collect()
        };
        TrainingCurves {
            label: title(&run.label),
            train_loss: curve(|p| p.train_loss),
            test_loss: curve(|p| p.test_loss),
            train_accuracy: curve(|p| p.train_accuracy),
            test_accuracy: curve(|p| p.test_accuracy),
        }
    };
    TrainingFigure { runs: calibration.runs.iter().map(curves).collect() }
}

/// Tails of the pooled noise and of single parameters, against the three laws that fit best.
fn noise_law(runs: &[TrainedRun]) -> NoiseTails {
    let samples = || runs.iter().filter_map(|run| Some((title(&run.record.label), run.noise.as_ref()?)));
    let pooled = samples().map(|(run, noise)| TailsPanel {
        title: format!("{run}, pooled"),
        surrogate: tail(&noise.surrogate),
        ..tails(&noise.pooled)
    });
    let single = samples().map(|(run, noise)| TailsPanel {
        title: format!("{run}, each parameter over its scale"),
        ..tails(&noise.single)
    });
    NoiseTails { panels: pooled.chain(single).collect() }
}

/// The empirical tail and those of the fitted laws.
fn tails(values: &[f64]) -> TailsPanel {
    let mut panel = TailsPanel { measured: tail(values), ..TailsPanel::default() };
    let (Some(&(end, _)), Some(unit)) = (panel.measured.last(), median_size(values)) else { return panel };
    let over: Vec<f64> = values.iter().map(|x| x / unit).collect();
    let laws = TailSample::new(&over, Centre::Zero).and_then(|sample| FittedLaw::all(&sample));
    let at: Vec<f64> =
        (0..=LAW_POINTS).map(|i| 0.1 * (10.0 * end).powf(f64::from(i) / f64::from(LAW_POINTS))).collect();
    for law in laws.into_iter().flatten() {
        let Ok(heights) = law.tail(&at) else { continue };
        let curve = at.iter().copied().zip(heights).filter(|v| v.1 > LOWEST).collect();
        panel.laws.push((law_name(&law), curve));
    }
    panel
}

fn law_name(law: &FittedLaw) -> String {
    format!("{} law", law.name())
}

/// The empirical tail of `|x|` over its median at places evenly spaced in its logarithm.
fn tail(values: &[f64]) -> Vec<(f64, f64)> {
    let Some(unit) = median_size(values) else { return Vec::new() };
    let mut sizes: Vec<f64> = values.iter().map(|x| x.abs() / unit).filter(|x| *x > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    let n = sizes.len();
    let mut curve: Vec<(f64, f64)> = Vec::new();
    for i in 0..=TAIL_POINTS {
        let above = (n as f64).powf(1.0 - f64::from(i) / f64::from(TAIL_POINTS)).round() as usize;
        let at = sizes[n - above.clamp(1, n)];
        if at > 0.1 && curve.last().is_none_or(|last| at > last.0) {
            curve.push((at, above as f64 / n as f64));
        }
    }
    curve
}

/// Median of `|x|` over what is not zero.
fn median_size(values: &[f64]) -> Option<f64> {
    let mut sizes: Vec<f64> = values.iter().map(|x| x.abs()).filter(|x| *x > 0.0).collect();
    let middle = sizes.len() / 2;
    (!sizes.is_empty()).then(|| *sizes.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Scales up to a factor common to all parameters, which the distribution over its median does not show.
fn scales(runs: &[TrainedRun]) -> ScalesFigure {
    let distribution = |run: &TrainedRun, log: &dyn Fn(&[f64; 4]) -> f64| {
        let logs: Vec<f64> = run.parameters.iter().map(log).filter(|log| log.is_finite()).collect();
        let silent = 1.0 - logs.len() as f64 / run.parameters.len() as f64;
        ScaleDistribution { label: title(&run.record.label), logs, silent }
    };
    let of_gradient = |[_, mean_log, _, _]: &[f64; 4]| *mean_log;
    let of_direction = |[_, mean_log, _, square]: &[f64; 4]| mean_log - 0.5 * square.ln();
    let finished = || runs.iter().filter(|run| !run.parameters.is_empty());
    let gradient = finished().map(|run| distribution(run, &of_gradient)).collect();
    let adam = finished().filter(|run| run.record.betas.is_some());
    let direction: Vec<ScaleDistribution> = adam.map(|run| distribution(run, &of_direction)).collect();
    let mut panels = vec![("noise of the gradient".to_string(), gradient)];
    if !direction.is_empty() {
        panels.push(("over √E[g²], as Adam's Q".to_string(), direction));
    }
    ScalesFigure { panels }
}
