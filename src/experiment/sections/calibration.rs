//! `{ calibration = ".." }`: values taken from the calibration of a network.

use std::path::PathBuf;
use std::rc::Rc;

use crate::calibrate::{Calibration, Coordinate, Measurement, Minimum, NoiseKind, OptimiserRun, SamplingAxis};
use crate::experiment::toml::diagnostics::Diagnostics;
use crate::experiment::toml::node::{Kind, Node};
use crate::experiment::toml::reader::{TableReader, Value};
use crate::noise::Alpha;
use crate::tail::NpyArray;

/// Whether the value is a table that names a calibration.
pub(in crate::experiment) fn names_calibration(value: Value<'_>) -> bool {
    value.has_key("calibration")
}

/// One run of a calibration.
struct Source {
    /// Its name in the experiment file.
    name: String,
    calibration: Rc<Calibration>,
    /// The folder of its files.
    folder: PathBuf,
    run: usize,
}

impl Source {
    fn read(value: Value<'_>, table: &TableReader<'_>) -> Option<Self> {
        let name = table.need("calibration", "\"calibrate-digits\"");
        let optimiser = table.get("optimiser").map(|optimiser| optimiser.text());
        let name = name?;
        let mut calibrations = value.reading.calibrations.borrow_mut();
        let (read, folder) = (calibrations.get(name.text()?), calibrations.folder(name.text()?));
        let calibration = match read {
            Ok(calibration) => calibration,
            Err(reason) => {
                let help =
                    "make it with `levy-escape calibrate`; a name without a path is searched for in the results folder";
                name.report_with_help(reason, help);
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
            let help = format!("give `optimiser`, one of: {}", labels.join(", "));
            value.report_with_help("the calibration holds several optimisers", help);
            return None;
        };
        Some(Source { name: name.text()?.to_owned(), calibration, folder, run })
    }

    fn run(&self) -> &OptimiserRun {
        &self.calibration.runs[self.run]
    }

    /// The minimum, with at least one coordinate.
    fn minimum(&self, value: Value<'_>) -> Option<&Minimum> {
        let minimum = self.run().minimum.as_ref().filter(|minimum| !minimum.coordinates.is_empty());
        if minimum.is_none() {
            let run = self.run();
            let message = match &run.minimum {
                None => format!("the training {:?} did not finish, so its minimum was not measured", run.label),
                Some(_) => format!("no coordinate of the training {:?} has a positive curvature", run.label),
            };
            value.report(message);
        }
        minimum
    }
}

/// Means of `log |noise|` at the coordinates of the calibration. They give the amplitude at every `α`.
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

/// Measured noise vectors and where they come from.
pub(in crate::experiment) struct Vectors {
    /// Coordinates of a vector.
    pub dim: usize,
    /// The vectors, one after the other.
    pub values: Vec<f64>,
    /// The calibration and the label of its optimiser.
    pub source: String,
}

/// The noise vectors of the calibration.
pub(in crate::experiment) fn read_vectors(value: Value<'_>) -> Option<Vectors> {
    let table = value.table()?;
    let source = Source::read(value, &table);
    table.finish();
    let source = source?;
    let minimum = source.minimum(value)?;
    let Some(file) = &minimum.noise_file else {
        let message = "the calibration holds no noise vectors; those of older versions have none";
        value.report_with_help(message, "make it again: by `levy-escape calibrate` with `--force`, or in Python");
        return None;
    };
    let path = source.folder.join(file);
    let array = match NpyArray::read(&path) {
        Ok(array) => array,
        Err(error) => {
            value.report(format!("the noise vectors {} cannot be read: {error}", path.display()));
            return None;
        }
    };
    let (dim, shape) = (minimum.coordinates.len(), array.shape().to_vec());
    if shape.len() != 2 || shape[1] != dim {
        value.report(format!("{} holds an array of shape {shape:?}, not vectors of {dim} coordinates", path.display()));
        return None;
    }
    value.reading.budget.request(array.values().len() as u64, &value.node.span, &value.reading.diagnostics)?;
    let source = format!("{}/{}", source.name, source.run().label);
    Some(Vectors { dim, values: array.into_values(), source })
}

fn read_coordinates(value: Value<'_>, of: fn(&Coordinate) -> f64) -> Option<Vec<f64>> {
    let table = value.table()?;
    let source = Source::read(value, &table);
    table.finish();
    let source = source?;
    Some(source.minimum(value)?.coordinates.iter().map(of).collect())
}

/// The data from which a tail index was estimated.
#[derive(Clone, Copy)]
enum Origin {
    Measured,
    Surrogate,
}

/// Tail indices of the last measurement: those measured, those of the Gaussian surrogate, or both.
pub(in crate::experiment) fn read_alphas(value: Value<'_>) -> Option<Vec<f64>> {
    let origins = [("measured", Origin::Measured), ("surrogate", Origin::Surrogate)];
    let axes = [
        ("pooled", &SamplingAxis::Pooled),
        ("batches", &SamplingAxis::Batches),
        ("iterations", &SamplingAxis::Iterations),
    ];
    let kinds = [("gradient", NoiseKind::Gradient), ("direction", NoiseKind::Direction)];
    let table = value.table()?;
    let source = Source::read(value, &table);
    let of = table.get("of").map_or(Some(vec![Origin::Measured]), |of| {
        let word = |of: Value<'_>| of.word(&origins);
        if of.is_list() { of.list()?.map(word).collect() } else { word(of).map(|origin| vec![origin]) }
    });
    let axis = table.get("axis").map_or(Some(&SamplingAxis::Pooled), |axis| axis.word(&axes));
    let noise = table.get("noise").map_or(Some(NoiseKind::Gradient), |noise| noise.word(&kinds));
    let estimator = table.get("estimator").map_or(Some("mohammadi"), |estimator| estimator.text());
    table.finish();
    let (source, of, axis, noise, estimator) = (source?, of?, axis?, noise?, estimator?);
    let matching = |m: &&Measurement| m.noise == noise && m.axis == *axis;
    let Some(measurement) = source.run().measurements.iter().rfind(matching) else {
        value.report(format!("the training {:?} has no measurement of this noise along this axis", source.run().label));
        return None;
    };
    let Some(pair) = measurement.indices.iter().find(|pair| pair.estimator == estimator) else {
        let known: Vec<&str> = measurement.indices.iter().map(|pair| pair.estimator.as_str()).collect();
        value.report(format!("no estimator {estimator:?}; the measurement holds {}", known.join(", ")));
        return None;
    };
    let mut alphas = Vec::new();
    for origin in of {
        let record = match origin {
            Origin::Measured => &pair.measured,
            Origin::Surrogate => &pair.surrogate,
        };
        let Some((alpha, ..)) = record.index() else {
            value.report(format!("the calibration holds no tail index by {estimator:?}: it could not be estimated"));
            return None;
        };
        if Alpha::new(alpha).is_err() {
            value.report(format!(
                "the calibrated α̂ = {alpha:.3} by {estimator:?} is not the tail index of a stable law"
            ));
            return None;
        }
        alphas.push(alpha);
    }
    Some(alphas)
}

/// Whether a text is the file of a calibration, which trains a network, and not that of an experiment.
pub fn is_calibration(text: &str) -> bool {
    let Kind::Table(entries) = Node::parse(text, &Diagnostics::default()).kind else { return false };
    entries.iter().any(|entry| entry.key == "network" || entry.key == "optimiser")
}

/// Whether a text is the file of an experiment, and not that of a calibration.
#[cfg(feature = "calibrate")]
pub fn is_experiment(text: &str) -> bool {
    let Kind::Table(entries) = Node::parse(text, &Diagnostics::default()).kind else { return false };
    let has = |keys: &[&str]| entries.iter().any(|entry| keys.contains(&entry.key.as_str()));
    has(&["noise", "dynamics", "basin", "scheme"]) && !has(&["network", "optimiser"])
}

/// The calibrations that a text names. Another run may have to make them first.
pub fn calibrations_named(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    Node::parse(text, &Diagnostics::default()).each_text("calibration", &mut |name| {
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
    use crate::noise::{Amplitude, NoiseLaw};
    use std::path::Path;

    const GOOD: &str = "name = 'e'\npaths = 10\n[noise]\nalpha = { calibration = 'c' }\neta = 0.01\namplitude = { calibration = 'c' }\n\
        [[dynamics]]\nsgd = {}\n[[dynamics]]\nadam = { beta1 = 0.9, beta2 = 0.999, gradient_noise = { calibration = 'c' } }\n\
        [[basin]]\nname = 'measured'\npotential = { calibrated = { calibration = 'c' } }\ndomain = { box = { half_width = 0.1 } }\n\
        [scheme]\njump_adapted = {}\n";

    fn parse(text: &str, results: &Path) -> Result<Experiment, String> {
        Experiment::parse_with_results("e.toml", text, results).map_err(|errors| errors.to_string())
    }

    /// Whole vectors, their sign and order kept; an old calibration, a missing file and another shape are refused.
    #[test]
    fn measured_vectors_are_read_from_the_folder_of_the_calibration() {
        let text = "name = 'e'\npaths = 10\n[noise]\nempirical = { calibration = 'c' }\neta = 0.01\n[[dynamics]]\nsgd_steps = {}\n\
            [[basin]]\nname = 'measured'\npotential = { calibrated = { calibration = 'c' } }\ndomain = { box = { half_width = 0.1 } }\n";
        let old = folder(&serde_json::to_string(&example()).unwrap());
        assert!(parse(text, old.path()).unwrap_err().contains("holds no noise vectors"));
        let mut calibration = example();
        calibration.runs[0].minimum.as_mut().unwrap().noise_file = Some("sgd-noise.npy".to_string());
        let dir = folder(&serde_json::to_string(&calibration).unwrap());
        assert!(parse(text, dir.path()).unwrap_err().contains("sgd-noise.npy cannot be read"));
        let write = |shape: Vec<usize>, values: Vec<f64>| {
            NpyArray::new(shape, values).unwrap().write(&dir.path().join("c/sgd-noise.npy")).unwrap();
        };
        write(vec![2, 3], vec![1.0; 6]);
        assert!(parse(text, dir.path()).unwrap_err().contains("not vectors of 2 coordinates"));
        write(vec![3, 2], vec![1.0, -2.0, 3.0, 4.0, -5.0, 6.0]);
        let experiment = parse(text, dir.path()).unwrap();
        let NoiseLaw::Empirical(vectors) = experiment.cells[0].problem.noise().law() else { panic!() };
        assert_eq!((vectors.dim(), vectors.values()), (2, &[1.0, -2.0, 3.0, 4.0, -5.0, 6.0][..]));
        // The vectors are part of the identity of the experiment.
        let identity = |experiment: &Experiment| {
            let mut text = String::new();
            experiment.write_identity(&mut text).unwrap();
            text
        };
        let before = identity(&experiment);
        write(vec![3, 2], vec![1.0, -2.0, 3.0, 4.0, -5.0, 6.5]);
        assert_ne!(before, identity(&parse(text, dir.path()).unwrap()));
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
    fn calibrations_that_do_not_fit_are_refused_with_the_reason() {
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
                "no measurement of this noise",
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
            (good.replace("\"value\": 1.3", "\"value\": 2.3"), GOOD.to_string(), "is not the tail index"),
            (good.replace("\"schema_version\": 1", "\"schema_version\": 9"), GOOD.to_string(), "schema version 9"),
            (good.replace("\"curvature\": 2.0", "\"curvature\": NaN"), GOOD.to_string(), "is not a calibration"),
        ] {
            let dir = folder(&json);
            let error = parse(&text, dir.path()).unwrap_err();
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }
}
