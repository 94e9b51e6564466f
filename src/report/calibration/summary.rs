//! A text summary of a calibration.

use crate::calibrate::{
    Calibration, Ended, IndexPair, IndexRecord, LawScore, Measurement, NoiseKind, OptimiserRun, SamplingAxis,
};
use crate::exit::{Estimate, ratio_of_signed};
use crate::report::words::p_value;

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
            "      {whose}{} by {}; surrogate {}{}{}",
            index(&pair.measured),
            pair.estimator,
            index(&pair.surrogate),
            verdict(pair).map_or(String::new(), |verdict| format!(": {verdict}")),
            scale_share(pair).map_or(String::new(), |share| {
                let [value, lo, hi] = [share.value, share.lo, share.hi].map(|share| 100.0 * share);
                format!("; the scales explain {value:.0} % ({lo:.0} to {hi:.0} %) of 1/α̂ − 1/2")
            })
        ));
    }
}

fn median_of(parameters: Option<usize>) -> &'static str {
    if parameters.is_some() { "median " } else { "" }
}

/// `gradient` or `direction`.
pub(in crate::report) fn kind_name(kind: NoiseKind) -> &'static str {
    match kind {
        NoiseKind::Gradient => "gradient",
        NoiseKind::Direction => "direction",
    }
}

/// `α̂ = 1.12 (1.10 to 1.14)`.
fn index(record: &IndexRecord) -> String {
    match record {
        IndexRecord::Index { value, lo, hi } => format!("α̂ = {value:.2} ({lo:.2} to {hi:.2})"),
        IndexRecord::Undefined(reason) => format!("no α̂ ({reason})"),
    }
}

/// Share of the excess over Gaussian noise that differing scales explain, on the additive scale of Mohammadi's estimator:
/// `(1/α_surrogate - 1/2)/(1/α_measured - 1/2)` with Fieller's interval, both indices taken as independent. `None` for other estimators, and
/// where `α = 2` is not excluded, so that there is no excess to share.
fn scale_share(pair: &IndexPair) -> Option<Estimate> {
    let excess = |record: &IndexRecord| {
        let (value, lo, hi) = record.index()?;
        let inverse = Estimate { value, lo, hi }.reciprocal();
        Some(Estimate { value: inverse.value - 0.5, lo: inverse.lo - 0.5, hi: inverse.hi - 0.5 })
    };
    let sums = pair.estimator.starts_with("mohammadi");
    let (surrogate, measured) = (excess(&pair.surrogate)?, excess(&pair.measured)?);
    ratio_of_signed(surrogate, measured).filter(|_| sums && measured.lo > 0.0)
}

/// What an index says beside that of its surrogate; `None` without both.
pub(in crate::report) fn verdict(pair: &IndexPair) -> Option<&'static str> {
    let ((_, lo, hi), (_, low, high)) = (pair.measured.index()?, pair.surrogate.index()?);
    // Dependent neighbours also make sums grow faster.
    let sums = pair.estimator.starts_with("mohammadi");
    Some(if hi < low && sums {
        "heavier tails than the scales alone explain, or neighbours that move together"
    } else if hi < low {
        "heavier tails than the scales alone explain"
    } else if lo > high {
        "lighter tails than Gaussian noise of these scales"
    } else {
        "no heavy tails beyond the scales"
    })
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
    let leads: Vec<String> = fit.held_out.iter().filter_map(lead).collect();
    let leads = if leads.is_empty() { String::new() } else { format!("; {}", leads.join(", ")) };
    let student = fit.student.map_or(String::new(), |fit| {
        format!(
            ". From Student's t with ν = {:.2}: KS {:.3} ({}), Anderson-Darling {:.1} ({})",
            fit.freedom,
            fit.kolmogorov,
            p_value(fit.kolmogorov_p),
            fit.anderson_darling,
            p_value(fit.anderson_darling_p)
        )
    });
    lines.push(format!(
        "    {what}: held-out log-likelihood per value {}; best: {}{leads}. From the stable law with α = {:.2}: KS {:.3} ({}), Anderson-Darling {:.1} \
         ({}){student}",
        laws.join(", "),
        best.map_or("none", |law| law.law.as_str()),
        fit.alpha,
        fit.kolmogorov,
        p_value(fit.kolmogorov_p),
        fit.anderson_darling,
        p_value(fit.anderson_darling_p),
    ));
}

/// Which of a law and the stable law predicts held-out values better, if the interval of the difference says so.
fn lead(score: &LawScore) -> Option<String> {
    let lead = score.stable_ahead_by?;
    let law = &score.law;
    Some(if lead.lo > 0.0 {
        format!("stable ahead of {law} by {:.4} ({:.4} to {:.4})", lead.value, lead.lo, lead.hi)
    } else if lead.hi < 0.0 {
        format!("{law} ahead of stable by {:.4} ({:.4} to {:.4})", -lead.value, -lead.hi, -lead.lo)
    } else {
        format!("stable and {law} do not differ ({:.4} to {:.4})", lead.lo, lead.hi)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::{LeadRecord, example};

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

    /// The difference is stated with its sign and its interval, and not where the interval contains 0.
    #[test]
    fn laws_are_ordered_only_by_intervals() {
        let said = |value: f64| {
            let stable_ahead_by = Some(LeadRecord { value, lo: value - 0.01, hi: value + 0.01 });
            lead(&LawScore { law: "student".to_string(), log_likelihood: Some(-1.0), stable_ahead_by }).unwrap()
        };
        assert_eq!(said(-0.05), "student ahead of stable by 0.0500 (0.0400 to 0.0600)");
        assert_eq!(said(0.05), "stable ahead of student by 0.0500 (0.0400 to 0.0600)");
        assert_eq!(said(-0.005), "stable and student do not differ (-0.0150 to 0.0050)");
    }

    /// The digits: SGD 1.63 against 1.45, Adam 1.83 against 1.67, its direction 1.93 against 1.71, so shares of 60, 47 and 21 %. Power: a
    /// surrogate equal to the measurement explains all of it, one of index 2 nothing; without an excess there is no share.
    #[test]
    fn shares_of_the_scales() {
        let index = |value: f64| IndexRecord::Index { value, lo: value - 0.05, hi: value + 0.05 };
        let share = |measured: f64, surrogate: f64| {
            let estimator = "mohammadi".to_string();
            scale_share(&IndexPair { estimator, measured: index(measured), surrogate: index(surrogate) })
        };
        for (measured, surrogate, expected) in [(1.45, 1.63, 0.60), (1.67, 1.83, 0.47), (1.71, 1.93, 0.21)] {
            let share = share(measured, surrogate).unwrap();
            assert!((share.value - expected).abs() < 0.005 && !share.contains(1.0), "{share:?}");
        }
        let (all, none) = (share(1.3, 1.3).unwrap(), share(1.3, 2.0).unwrap());
        assert!((all.value - 1.0).abs() < 1e-12 && all.contains(1.0) && !all.contains(0.5));
        assert!(none.value.abs() < 1e-12 && none.contains(0.0) && !none.contains(0.5));
        assert_eq!(share(1.97, 1.98), None);
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
