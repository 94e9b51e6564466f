//! A text summary of a calibration.

use crate::calibrate::{
    Calibration, Ended, IndexPair, IndexRecord, LawScore, Measurement, NoiseKind, OptimiserRun, SamplingAxis,
};

/// The measurements as text. Every tail index is shown with the index of Gaussian noise that has the same scales.
pub fn calibration_summary(calibration: &Calibration) -> String {
    let (data, network) = (&calibration.data, &calibration.network);
    let mut lines = vec![format!(
        "{}: {} with {} parameters on {} ({} images to train on, {} to test with), batches of {}, seed {}, {}",
        calibration.name,
        network.kind,
        network.parameters,
        data.name,
        data.train,
        data.test,
        calibration.batch,
        calibration.seed,
        calibration.device,
    )];
    for run in &calibration.runs {
        lines.push(String::new());
        describe(run, &mut lines);
    }
    lines.push(String::new());
    lines.push(
        "The surrogate is Gaussian noise with the scale and the share of zeros of every parameter, passed through the same estimator. \
         Only an index below that of the surrogate indicates tails heavier than Gaussian."
            .to_string(),
    );
    lines.join("\n") + "\n"
}

fn describe(run: &OptimiserRun, lines: &mut Vec<String>) {
    let ended = match run.ended {
        Ended::Complete { iterations } => format!("{iterations} steps"),
        Ended::Diverged { iteration } => {
            format!("diverged at step {iteration}; the results below were measured earlier")
        }
        Ended::Stopped { iteration } => format!("stopped after {iteration} steps"),
    };
    lines.push(format!("{} at learning rate {}: {ended}", run.label, run.eta));
    if let Some(point) = run.training.last() {
        lines.push(format!(
            "  after {} steps: test accuracy {:.1} %, test loss {:.3}; training accuracy {:.1} %, training loss {:.4}",
            point.iteration,
            100.0 * point.test_accuracy,
            point.test_loss,
            100.0 * point.train_accuracy,
            point.train_loss,
        ));
    }
    let Some(last) = run.measurements.iter().map(|m| m.iteration).max() else { return };
    for kind in [NoiseKind::Gradient, NoiseKind::Direction] {
        let found: Vec<&Measurement> =
            run.measurements.iter().filter(|m| m.iteration == last && m.noise == kind).collect();
        if found.is_empty() {
            continue;
        }
        lines.push(match kind {
            NoiseKind::Gradient => format!("  noise of the gradient after {last} steps:"),
            NoiseKind::Direction => {
                format!("  noise of Adam's direction, smoothed and divided by Q, after {last} steps:")
            }
        });
        found.iter().filter(|m| !matches!(m.axis, SamplingAxis::Layer(_))).for_each(|m| sentence(m, lines));
        layers(&found, lines);
        found.iter().for_each(|m| law(m, lines));
    }
    stability(run, last, lines);
    if let Some(minimum) = &run.minimum {
        let curvatures = minimum.coordinates.iter().map(|c| c.curvature);
        let (lo, hi) = curvatures.fold((f64::INFINITY, 0.0f64), |(lo, hi), c| (lo.min(c), hi.max(c)));
        let measured = match minimum.coordinates.len() {
            0 => "no coordinate of large noise has a positive curvature".to_string(),
            n => format!("curvature {lo:.3} to {hi:.3} along the {n} coordinates of the largest noise"),
        };
        let left_out = match minimum.left_out {
            0 => String::new(),
            n => format!(" ({n} others are not positive within their error)"),
        };
        lines.push(format!("  at the end: |∇F| = {:.2e}, {measured}{left_out}", minimum.gradient_norm));
    }
}

/// One axis with all its estimators and the conclusion from each.
fn sentence(measurement: &Measurement, lines: &mut Vec<String>) {
    let (what, whose) = match (&measurement.axis, measurement.parameters) {
        (SamplingAxis::Pooled, _) => {
            let zeros = 100.0 * measurement.zero_share;
            (format!("pooled ({} values, {zeros:.1} % zero)", measurement.count), "")
        }
        (SamplingAxis::Batches, n) => (format!("one parameter over {} batches", measurement.count), median_of(n)),
        (SamplingAxis::Iterations, n) => {
            (format!("one parameter over the last {} iterations", measurement.count), median_of(n))
        }
        (SamplingAxis::Layer(name), _) => (name.clone(), ""),
    };
    let n = measurement.parameters.map_or(String::new(), |n| format!(", {n} parameters"));
    lines.push(format!("    {what}{n}:"));
    for pair in &measurement.indices {
        lines.push(format!(
            "      {whose}{} by {}; surrogate {}{}",
            index(&pair.measured),
            pair.estimator,
            index(&pair.surrogate),
            verdict(pair)
        ));
    }
}

fn median_of(parameters: Option<usize>) -> &'static str {
    if parameters.is_some() { "median " } else { "" }
}

/// `α̂ = 1.12 (1.10 to 1.14)`.
fn index(record: &IndexRecord) -> String {
    match record {
        IndexRecord::Index { value, lo, hi } => format!("α̂ = {value:.2} ({lo:.2} to {hi:.2})"),
        IndexRecord::Undefined(reason) => format!("no α̂ ({reason})"),
    }
}

fn verdict(pair: &IndexPair) -> &'static str {
    let (Some((_, lo, hi)), Some((_, low, high))) = (pair.measured.index(), pair.surrogate.index()) else { return "" };
    // Dependent neighbours also make sums grow faster.
    let sums = pair.estimator.starts_with("mohammadi");
    if hi < low && sums {
        ": heavier tails than the scales alone explain, or neighbours that move together"
    } else if hi < low {
        ": heavier tails than the scales alone explain"
    } else if lo > high {
        ": lighter tails than Gaussian noise of these scales"
    } else {
        ": no heavy tails beyond the scales"
    }
}

/// Whether smoothing changes the index of single parameters. It does not for stable noise.
fn stability(run: &OptimiserRun, last: u64, lines: &mut Vec<String>) {
    let index = |kind: NoiseKind, axis: &SamplingAxis| {
        let found = run.measurements.iter().rfind(|m| m.iteration == last && m.noise == kind && m.axis == *axis)?;
        found.indices.first()?.measured.index()
    };
    let gradient = index(NoiseKind::Gradient, &SamplingAxis::Batches);
    let direction = index(NoiseKind::Direction, &SamplingAxis::Batches);
    let (Some(gradient), Some(direction)) = (gradient, direction) else { return };
    let conclusion = if gradient.2 < direction.1 {
        "the noise has heavier tails than Gaussian noise, but it is not stable"
    } else if direction.2 < gradient.1 {
        "the noise is not stable"
    } else if gradient.2 >= 2.0 {
        "the Gaussian index 2 is not excluded"
    } else {
        "stable noise is not contradicted"
    };
    lines.push(format!(
        "  sums of stable noise keep its index; that of single parameters is {:.2}, and {:.2} once smoothed over some steps: {conclusion}",
        gradient.0, direction.0,
    ));
}

/// All layers on one line, by the first estimator.
fn layers(found: &[&Measurement], lines: &mut Vec<String>) {
    let layer = |m: &&Measurement| {
        let SamplingAxis::Layer(name) = &m.axis else { return None };
        let pair = m.indices.first()?;
        let value =
            |record: &IndexRecord| record.index().map_or("–".to_string(), |(value, ..)| format!("{value:.2}"));
        Some(format!("{name} {} (surrogate {})", value(&pair.measured), value(&pair.surrogate)))
    };
    let estimator = found.iter().find(|m| matches!(m.axis, SamplingAxis::Layer(_))).and_then(|m| m.indices.first());
    let layers: Vec<String> = found.iter().filter_map(layer).collect();
    if let Some(pair) = estimator {
        lines.push(format!("    by layer, α̂ by {}: {}", pair.estimator, layers.join(", ")));
    }
}

/// Which law fits the sample best.
fn law(measurement: &Measurement, lines: &mut Vec<String>) {
    let Some(fit) = &measurement.fit else { return };
    let what = match measurement.axis {
        SamplingAxis::Pooled => "pooled",
        _ => "single parameters, each over its own scale",
    };
    let score = |score: Option<f64>| score.map_or("-∞".to_string(), |score| format!("{score:.3}"));
    let laws: Vec<String> =
        fit.held_out.iter().map(|law| format!("{} {}", law.law, score(law.log_likelihood))).collect();
    let best = fit.held_out.iter().max_by(|a, b| {
        let value = |law: &LawScore| law.log_likelihood.unwrap_or(f64::NEG_INFINITY);
        value(a).total_cmp(&value(b))
    });
    lines.push(format!(
        "    {what}: held-out log-likelihood a value {}; best: {}. From the stable law with α = {:.2}: KS {:.3} (p = {:.3}), \
         Anderson-Darling {:.1} (p = {:.3})",
        laws.join(", "),
        best.map_or("none", |law| law.law.as_str()),
        fit.alpha,
        fit.kolmogorov,
        fit.kolmogorov_p,
        fit.anderson_darling,
        fit.anderson_darling_p,
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::example;

    #[test]
    fn an_index_is_always_shown_with_its_surrogate() {
        let mut calibration = example();
        let text = calibration_summary(&calibration);
        assert!(
            text.contains("α̂ = 1.30 (1.25 to 1.35) by mohammadi; surrogate α̂ = 1.60 (1.55 to 1.65): heavier tails"),
            "{text}"
        );
        let indices = &mut calibration.runs[0].measurements[0].indices;
        indices[0].surrogate = IndexRecord::Index { value: 1.31, lo: 1.29, hi: 1.33 };
        assert!(calibration_summary(&calibration).contains("no heavy tails beyond the scales"));
        calibration.runs[0].measurements[0].indices[0].measured = IndexRecord::Undefined("all zero".to_string());
        assert!(calibration_summary(&calibration).contains("no α̂ (all zero)"));
    }

    #[test]
    fn an_index_that_smoothing_changes_is_not_stable() {
        let index = |value: f64| IndexRecord::Index { value, lo: value - 0.05, hi: 2f64.min(value + 0.05) };
        for (before, after, conclusion) in [
            (1.5, 1.9, "is 1.50, and 1.90 once smoothed over some steps: the noise has heavier tails"),
            (1.9, 1.5, "the noise is not stable"),
            (1.5, 1.53, "stable noise is not contradicted"),
            (2.0, 2.0, "the Gaussian index 2 is not excluded"),
        ] {
            let mut calibration = example();
            let measurements = &mut calibration.runs[0].measurements;
            let mut direction = Measurement { axis: SamplingAxis::Batches, ..measurements[0].clone() };
            direction.indices[0].measured = index(before);
            let gradient = direction.clone();
            direction.indices[0].measured = index(after);
            measurements.extend([gradient, Measurement { noise: NoiseKind::Direction, ..direction }]);
            let text = calibration_summary(&calibration);
            assert!(text.contains(conclusion), "{text}");
        }
    }
}
