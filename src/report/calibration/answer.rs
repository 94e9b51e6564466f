//! What a calibration found, in a few sentences.

use super::summary::verdict;
use crate::calibrate::{
    Calibrated, Calibration, Ended, EscapeRow, ExponentOf, NetworkEscape, NoiseKind, NoiseScaling, OptimiserRun,
    SamplingAxis, ScaleQuantity, SetKind,
};
use crate::report::number;
use crate::report::select::title;
use crate::report::words::{between, extremes};

/// The estimator of the answer: the figure of the tail indices shows it, and it does not depend on the order of the values.
const ESTIMATOR: &str = "mcculloch";
/// Mean steps from which on a prediction is compared: a set that the first step leaves says nothing about the law of the noise.
const LEAST_STEPS: f64 = 2.0;
/// Share of the ratios outside the range that is given, on either side.
const TAIL: f64 = 0.05;

/// The answer: how heavy the tails of the gradient noise are, which law of the noise predicts the escapes, and how the noise scales with the
/// batch. `None` if nothing was measured.
pub fn calibration_answer(found: &Calibrated) -> Option<String> {
    let escape = found.escape.as_ref().and_then(escapes);
    let scaling = found.scaling.as_ref().and_then(scaling);
    let sentences: Vec<String> = escape.into_iter().chain(scaling).chain(tails(&found.calibration)).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// What is missing, and why.
pub fn calibration_warnings(found: &Calibrated) -> Vec<String> {
    let mut warnings = Vec::new();
    for run in &found.calibration.runs {
        match run.ended {
            Ended::Complete { .. } => {}
            Ended::Diverged { iteration } => warnings.push(format!("{}: diverged at step {iteration}", run.label)),
            Ended::Stopped { iteration } => warnings.push(format!("{}: stopped after {iteration} steps", run.label)),
        }
    }
    let escape = found.escape.as_ref().map(|e| ("escapes", &e.minima, &e.left_out, e.stopped));
    let scaling = found.scaling.as_ref().map(|s| ("the scaling of the noise", &s.minima, &s.left_out, s.stopped));
    for (what, minima, left_out, stopped) in escape.into_iter().chain(scaling) {
        let far = minima.iter().filter(|minimum| !minimum.reached);
        warnings.extend(far.map(|m| format!("minimum {} was not reached, and nothing was measured there", m.number)));
        warnings.extend(left_out.iter().map(|reason| format!("left out: {reason}")));
        if stopped {
            warnings.push(format!("{what}: stopped before the last measurement"));
        }
    }
    warnings
}

/// The tail index of the pooled gradient noise at the end of every training, beside that of its surrogate.
fn tails(calibration: &Calibration) -> Option<String> {
    let of = |run: &OptimiserRun| {
        let pooled =
            run.measurements.iter().filter(|m| m.noise == NoiseKind::Gradient && m.axis == SamplingAxis::Pooled);
        let last = pooled.max_by_key(|m| m.iteration)?;
        let pair = last.indices.iter().find(|pair| pair.estimator == ESTIMATOR)?;
        let ((alpha, lo, hi), (surrogate, ..)) = (pair.measured.index()?, pair.surrogate.index()?);
        let label = title(&run.label);
        Some(format!("{label} {alpha:.2} ({lo:.2} to {hi:.2}) against {surrogate:.2}, {}", verdict(pair)?))
    };
    let each: Vec<String> = calibration.runs.iter().filter_map(of).collect();
    (!each.is_empty()).then(|| {
        format!(
            "Tail index of the gradient noise at the end of the training, all parameters, by McCulloch's estimator, against Gaussian noise \
             of the same scales: {}.",
            each.join("; ")
        )
    })
}

/// Which law of the noise predicts the steps out of balls.
fn escapes(escape: &NetworkEscape) -> Option<String> {
    let balls = || escape.cells.iter().flat_map(|cell| &cell.rows).filter(|row| row.set == SetKind::Ball);
    let left: Vec<&EscapeRow> = balls().filter(|row| row.mean.is_some_and(|mean| mean.value >= LEAST_STEPS)).collect();
    let ratios = |name: &str, of: fn(&EscapeRow) -> Option<f64>| {
        let ratios: Vec<f64> = left.iter().filter_map(|row| Some(of(row)? / row.mean?.value)).collect();
        Some(format!("{name} {}", middle(ratios)?))
    };
    let laws = [
        ratios("Gaussian noise", |row| row.predicted.gaussian),
        ratios("noise drawn from the measured vectors", |row| row.predicted.empirical),
        ratios("SαS noise at the index of the surrogate", |row| row.predicted.surrogate),
        ratios("SαS noise at the measured index", |row| row.predicted.stable),
        ratios("the formula of Theorem 1", |row| row.predicted.formula),
    ];
    let laws: Vec<String> = laws.into_iter().flatten().collect();
    let variation = extremes(left.iter().filter_map(|row| row.variation));
    let variation = variation.map_or(String::new(), |(lo, hi)| {
        format!(" The steps have coefficients of variation of {}; those of an exponential law have 1.", between(lo, hi))
    });
    (!laws.is_empty()).then(|| {
        format!(
            "Predicted over measured mean steps out of {} balls that every run left, median and middle 90 %: {}.{variation}",
            left.len(),
            laws.join(", ")
        )
    })
}

/// `0.97 (0.56 to 1.2)`: the median, and the range without a twentieth on either side.
fn middle(mut values: Vec<f64>) -> Option<String> {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((share * values.len().saturating_sub(1) as f64).round() as usize).copied();
    let [low, median, high] = [TAIL, 0.5, 1.0 - TAIL].map(at);
    Some(format!("{} ({})", number(median?), between(low?, high?)))
}

/// How scale and tail index depend on the batch.
fn scaling(scaling: &NoiseScaling) -> Option<String> {
    let of_rms = scaling.cells.iter().flat_map(|cell| &cell.exponents);
    let of_rms = of_rms.filter(|exponent| exponent.of == ExponentOf::Scale(ScaleQuantity::Rms));
    let (lo, hi) = extremes(of_rms.map(|exponent| exponent.fit.slope.value))?;
    let index = |end: fn(&[crate::calibrate::SizeRow]) -> Option<&crate::calibrate::SizeRow>| {
        let ends = || scaling.cells.iter().filter_map(|cell| end(&cell.sizes));
        let (lo, hi) = extremes(ends().filter_map(|row| row.alpha[0]))?;
        Some(format!("{} at S = {}", between(lo, hi), ends().next()?.batch))
    };
    let indices = index(|sizes| sizes.first()).zip(index(|sizes| sizes.last()));
    let indices = indices
        .map_or(String::new(), |(few, many)| format!("; the tail index of the pooled noise is {few} and {many}"));
    let count = scaling.cells.len();
    let minima = if count == 1 { "minimum" } else { "minima" };
    Some(format!(
        "At {count} {minima} the root mean square of the noise goes with the batch size as S^b, b = {}, and b = −0.5 for noise of finite \
         variance{indices}.",
        between(lo, hi)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::{EscapeCell, EscapePredictions, example};
    use crate::exit::Estimate;

    #[test]
    fn a_training_is_answered_beside_its_surrogate() {
        let mut calibration = example();
        calibration.runs[0].measurements[0].indices[0].estimator = ESTIMATOR.to_owned();
        let found = Calibrated { calibration, runs: Vec::new(), escape: None, scaling: None };
        let answer = calibration_answer(&found).unwrap();
        assert!(
            answer.contains("1.30 (1.25 to 1.35) against 1.60, heavier tails than the scales alone explain."),
            "{answer}"
        );
        assert!(calibration_warnings(&found).is_empty());
    }

    /// Sets that the first steps leave are not counted, and boxes are not balls.
    #[test]
    fn predictions_are_compared_where_several_steps_lead_out() {
        let row = |set, mean: f64, stable| EscapeRow {
            set,
            size: 1.0,
            runs: 2,
            steps: vec![mean; 2],
            mean: Some(Estimate { value: mean, lo: mean, hi: mean }),
            half: None,
            variation: Some(0.1 * mean),
            one_step_share: None,
            slope: None,
            largest_step: None,
            excess: None,
            predicted: EscapePredictions { stable: Some(stable), ..EscapePredictions::default() },
        };
        let rows = vec![
            row(SetKind::Ball, 2.0, 1.0),
            row(SetKind::Ball, 4.0, 1.0),
            row(SetKind::Ball, 5.0, 5.0),
            row(SetKind::Ball, 1.9, 99.0),
            row(SetKind::Box, 5.0, 99.0),
        ];
        let cell = EscapeCell { minimum: 1, optimiser: "sgd".to_owned(), eta: 0.1, batch: 8, alpha: [1.5, 1.8], rows };
        let answer = escapes(&NetworkEscape { cells: vec![cell], ..NetworkEscape::default() }).unwrap();
        assert!(answer.contains("out of 3 balls") && answer.contains("measured index 0.5 (0.25 to 1)."), "{answer}");
        assert!(answer.contains("variation of 0.2 to 0.5;") && !answer.contains("Gaussian"), "{answer}");
    }

    #[test]
    fn ranges_leave_out_a_twentieth() {
        assert_eq!(middle((0..=100).map(f64::from).collect()).unwrap(), "50 (5 to 95)");
        assert_eq!(middle(vec![2.0]).unwrap(), "2 (2)");
        assert_eq!(middle(Vec::new()), None);
    }
}
