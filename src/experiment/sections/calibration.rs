//! `{ calibration = ".." }`: what an experiment takes from a measured network.

use std::rc::Rc;

use crate::calibrate::{Calibration, Coordinate, Measurement, Minimum, NoiseKind, OptimiserRun, SamplingAxis};
use crate::experiment::toml::diagnostics::Findings;
use crate::experiment::toml::node::{Kind, Node};
use crate::experiment::toml::reader::{TableReader, Value};
use crate::noise::Alpha;

/// Whether the value is a table that names a calibration.
pub(in crate::experiment) fn names_calibration(value: Value<'_>) -> bool {
    value.has_key("calibration")
}

/// A run of a calibration, with the keys that say which.
struct Source {
    calibration: Rc<Calibration>,
    run: usize,
}

impl Source {
    fn read(value: Value<'_>, table: &TableReader<'_>) -> Option<Self> {
        let name = table.need("calibration", "\"calibrate-digits\"");
        let optimiser = table.get("optimiser").map(|optimiser| optimiser.text());
        let name = name?;
        let calibration = match value.findings.calibration(name.text()?) {
            Ok(calibration) => calibration,
            Err(reason) => {
                let help = "make it with `levy-escape calibrate`; a name without a path is looked for in the folder of results";
                value.findings.push(name.refuse(reason).help(help));
                return None;
            }
        };
        let labels: Vec<&str> = calibration.runs.iter().map(|run| run.label.as_str()).collect();
        let run = match optimiser {
            Some(label) => {
                let label = label?;
                labels.iter().position(|known| *known == label)
            }
            None if labels.len() == 1 => Some(0),
            None => None,
        };
        let Some(run) = run else {
            let finding = value.refuse("which of its optimisers this is taken from is not clear");
            value.findings.push(finding.help(format!("give `optimiser`, one of: {}", labels.join(", "))));
            return None;
        };
        Some(Source { calibration, run })
    }

    fn run(&self) -> &OptimiserRun {
        &self.calibration.runs[self.run]
    }

    /// The minimum with its coordinates, of which there is at least one.
    fn minimum(&self, value: Value<'_>) -> Option<&Minimum> {
        let minimum = self.run().minimum.as_ref().filter(|minimum| !minimum.coordinates.is_empty());
        if minimum.is_none() {
            let run = self.run();
            let message = match &run.minimum {
                None => {
                    format!("the training {:?} did not come to its end, so that nothing was measured there", run.label)
                }
                Some(_) => format!("no coordinate of the training {:?} has a positive curvature", run.label),
            };
            value.findings.push(value.refuse(message));
        }
        minimum
    }
}

/// Means of `log |noise|` over the coordinates of the calibration, from which an amplitude follows for every `α`.
pub(in crate::experiment) fn read_mean_logs(value: Value<'_>) -> Option<Vec<f64>> {
    read_coordinates(value, |c| c.mean_log)
}

/// Root mean squares of the gradient at the coordinates of the calibration: Adam's `√v*`.
pub(in crate::experiment) fn read_gradient_sizes(value: Value<'_>) -> Option<Vec<f64>> {
    read_coordinates(value, Coordinate::gradient_size)
}

/// Curvatures at the coordinates of the calibration.
pub(in crate::experiment) fn read_curvatures(value: Value<'_>) -> Option<Vec<f64>> {
    read_coordinates(value, |c| c.curvature)
}

fn read_coordinates(value: Value<'_>, of: fn(&Coordinate) -> f64) -> Option<Vec<f64>> {
    let table = value.table()?;
    let source = Source::read(value, &table);
    table.finish();
    let source = source?;
    Some(source.minimum(value)?.coordinates.iter().map(of).collect())
}

/// Tail indices of the last measurement: measured, or of the Gaussian surrogate, or both.
pub(in crate::experiment) fn read_alphas(value: Value<'_>) -> Option<Vec<f64>> {
    const AXES: [&str; 3] = ["pooled", "batches", "iterations"];
    let table = value.table()?;
    let source = Source::read(value, &table);
    let of = table.get("of").map_or(Some(vec![0]), |of| {
        let word = |of: Value<'_>| of.word(&["measured", "surrogate"]);
        if of.is_list() { of.list()?.map(word).collect() } else { word(of).map(|which| vec![which]) }
    });
    let axis = table.get("axis").map_or(Some(0), |axis| axis.word(&AXES));
    let noise = table.get("noise").map_or(Some(0), |noise| noise.word(&["gradient", "direction"]));
    let estimator = table.get("estimator").map_or(Some("mohammadi"), |estimator| estimator.text());
    table.finish();
    let (source, of, axis, estimator) = (source?, of?, axis?, estimator?);
    let noise = if noise? == 1 { NoiseKind::Direction } else { NoiseKind::Gradient };
    let wanted = [SamplingAxis::Pooled, SamplingAxis::Batches, SamplingAxis::Iterations][axis].clone();
    let matching = |m: &&Measurement| m.noise == noise && m.axis == wanted;
    let refuse = |message: String| value.findings.push(value.refuse(message));
    let Some(measurement) = source.run().measurements.iter().rfind(matching) else {
        refuse(format!("the training {:?} holds no such measurement", source.run().label));
        return None;
    };
    let Some(pair) = measurement.indices.iter().find(|pair| pair.estimator == estimator) else {
        let known: Vec<&str> = measurement.indices.iter().map(|pair| pair.estimator.as_str()).collect();
        refuse(format!("no estimator {estimator:?}; the measurement holds {}", known.join(", ")));
        return None;
    };
    let mut alphas = Vec::new();
    for which in of {
        let record = if which == 1 { &pair.surrogate } else { &pair.measured };
        let Some((alpha, ..)) = record.index() else {
            refuse(format!("the calibration holds no tail index by {estimator:?}: it could not be estimated"));
            return None;
        };
        if Alpha::new(alpha).is_err() {
            refuse(format!("the calibrated α̂ = {alpha:.3} by {estimator:?} is no tail index of a stable law"));
            return None;
        }
        alphas.push(alpha);
    }
    Some(alphas)
}

/// Whether a text is the file of a calibration and not that of an experiment: it trains a network.
pub fn is_calibration(text: &str) -> bool {
    let Kind::Table(entries) = Node::parse(text, &Findings::default()).kind else { return false };
    entries.iter().any(|entry| entry.key == "network" || entry.key == "optimiser")
}

/// The calibrations that a text names without a path, which another run may have to make first.
pub fn calibrations_named(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    Node::parse(text, &Findings::default()).each_text("calibration", &mut |name| {
        if !names.contains(&name.to_string()) {
            names.push(name.to_string());
        }
    });
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::example;
    use crate::dynamics::Dynamics;
    use crate::experiment::Experiment;
    use crate::experiment::calibrations::FILE;
    use crate::noise::Amplitude;
    use std::path::Path;

    const GOOD: &str = "name = 'e'\npaths = 10\n[noise]\nalpha = { calibration = 'c' }\neta = 0.01\namplitude = { calibration = 'c' }\n\
        [[dynamics]]\nsgd = {}\n[[dynamics]]\nadam = { beta1 = 0.9, beta2 = 0.999, gradient_noise = { calibration = 'c' } }\n\
        [[basin]]\nname = 'measured'\npotential = { calibrated = { calibration = 'c' } }\ndomain = { box = { half_width = 0.1 } }\n\
        [scheme]\njump_adapted = {}\n";

    fn parse(text: &str, results: &Path) -> Result<Experiment, String> {
        Experiment::parse_with_results("e.toml", text, results).map_err(|errors| errors.to_string())
    }

    fn folder(json: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("c")).unwrap();
        std::fs::write(dir.path().join("c").join(FILE), json).unwrap();
        dir
    }

    #[test]
    fn everything_measured_reaches_the_cells() {
        let dir = folder(&serde_json::to_string_pretty(&example()).unwrap());
        let experiment = parse(GOOD, dir.path()).unwrap();
        let [sgd, adam] = experiment.cells.as_slice() else { panic!() };
        assert_eq!(sgd.problem.noise().alpha().get(), 1.3);
        let expected = crate::calibrate::scale_of(0.5, Alpha::new(1.3).unwrap());
        let Amplitude::Diagonal(scales) = sgd.problem.noise().amplitude() else { panic!() };
        assert!(scales.len() == 2 && scales[0] == expected);
        let mut slope = [0.0; 2];
        sgd.problem.basin().potential().gradient(&[1.0, 1.0], &mut slope);
        assert_eq!(slope, [5.0, 2.0]);
        let Dynamics::Adam(dynamics) = adam.problem.dynamics() else { panic!() };
        assert_eq!(dynamics.noise_scales(adam.problem.noise(), 2), [0.5, 0.5]);
        let both = GOOD
            .replace("alpha = { calibration = 'c' }", "alpha = { calibration = 'c', of = ['measured', 'surrogate'] }");
        assert_eq!(parse(&both, dir.path()).unwrap().cells[1].problem.noise().alpha().get(), 1.6);
        let path = GOOD.replace("'c'", &format!("'{}'", dir.path().join("c").join(FILE).display()));
        assert!(parse(&path, Path::new("nowhere")).is_ok());
        assert_eq!(calibrations_named(&path).len(), 1);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_reason() {
        let good = serde_json::to_string_pretty(&example()).unwrap();
        for (json, text, reason) in [
            (good.clone(), GOOD.replace("{ calibration = 'c' }\neta", "{ calibration = 'd' }\neta"), "cannot be read"),
            (
                good.clone(),
                GOOD.replace("calibration = 'c' }\neta", "calibration = 'c', optimiser = 'adam' }\neta"),
                "one of: sgd",
            ),
            (
                good.clone(),
                GOOD.replace("calibration = 'c' }\neta", "calibration = 'c', estimator = 'hill' }\neta"),
                "holds mohammadi",
            ),
            (
                good.clone(),
                GOOD.replace("calibration = 'c' }\neta", "calibration = 'c', axis = 'batches' }\neta"),
                "no such measurement",
            ),
            (
                good.clone(),
                GOOD.replace("calibration = 'c' }\neta", "calibration = 'c', off = 1 }\neta"),
                "did you mean `of`",
            ),
            (good.clone(), GOOD.replace("box = { half_width = 0.1 }", "box = [[-1, 1]]"), "dimension"),
            (
                good.clone(),
                GOOD.replace("amplitude = { calibration = 'c' }", "amplitude = [1, 2, 3]"),
                "a diagonal of length 3",
            ),
            (good.clone(), GOOD.replace("eta = 0.01", "eta = 0.01\nmeasure = 'unit'"), "scale of the standard"),
            (good.replace("\"value\": 1.3", "\"value\": 2.3"), GOOD.to_string(), "is no tail index"),
            (good.replace("\"schema_version\": 1", "\"schema_version\": 9"), GOOD.to_string(), "schema version 9"),
            (good.replace("\"curvature\": 2.0", "\"curvature\": NaN"), GOOD.to_string(), "is not a calibration"),
        ] {
            let dir = folder(&json);
            let error = parse(&text, dir.path()).unwrap_err();
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }
}
