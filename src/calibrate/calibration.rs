//! `calibration.json`: the results of a calibration, in a file that an experiment can name.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::measurement::{IndexRecord, Measurement, NoiseKind, SamplingAxis};
use crate::noise::{Alpha, Seed};

/// Identifies the type of the file.
const SCHEMA: &str = "levy-escape calibration";
/// Version of the layout; files of other versions are rejected.
const VERSION: u32 = 1;
/// Largest file that is read, in bytes.
const MOST_BYTES: u64 = 16 << 20;
/// Euler's constant.
pub(in crate::calibrate) const EULER: f64 = 0.577_215_664_901_532_9;

/// The results of a calibration. They contain neither times nor machines: the same seed gives the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    schema: String,
    schema_version: u32,
    /// Version of the program.
    pub program: String,
    /// Name of the calibration.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// `cpu`, `cuda` or `metal`.
    pub device: String,
    /// The images.
    pub data: DataRecord,
    /// The network.
    pub network: NetworkRecord,
    /// Images per batch.
    pub batch: usize,
    /// One entry per optimiser.
    pub runs: Vec<OptimiserRun>,
}

/// The images that were used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataRecord {
    /// Name of the data set.
    pub name: String,
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Training images.
    pub train: usize,
    /// Test images.
    pub test: usize,
}

/// The network that was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkRecord {
    /// `mlp`, `lenet` or `alexnet`.
    pub kind: String,
    /// Number of parameters.
    pub parameters: usize,
    /// Layers with parameters, in the order of the flat vector.
    pub layers: Vec<LayerRecord>,
}

/// A layer of the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerRecord {
    /// Its name.
    pub name: String,
    /// Number of its parameters.
    pub parameters: usize,
}

/// The training with one optimiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimiserRun {
    /// Its label in the file.
    pub label: String,
    /// `sgd` or `adam`.
    pub optimiser: String,
    /// Learning rate.
    pub eta: f64,
    /// Momentum of SGD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// Decays of Adam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub betas: Option<[f64; 2]>,
    /// `ϵ` of Adam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stabilizer: Option<f64>,
    /// How the training ended.
    pub ended: Ended,
    /// Loss and accuracy along the training.
    pub training: Vec<TrainingPoint>,
    /// The noise along the training.
    pub measurements: Vec<Measurement>,
    /// The minimum that was reached; `None` if the training did not complete.
    pub minimum: Option<Minimum>,
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// After the last step.
    Complete {
        /// Number of steps.
        iterations: u64,
    },
    /// The loss, the gradient or a parameter was not finite.
    Diverged {
        /// The step.
        iteration: u64,
    },
    /// Stopped on request.
    Stopped {
        /// Steps done.
        iteration: u64,
    },
}

/// Loss in nats and accuracy after some steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingPoint {
    /// Steps done.
    pub iteration: u64,
    /// Mean cross-entropy over all training images.
    pub train_loss: f64,
    /// Share of training images that are classified correctly.
    pub train_accuracy: f64,
    /// Mean cross-entropy over all test images.
    pub test_loss: f64,
    /// Share of test images that are classified correctly.
    pub test_accuracy: f64,
}

/// The place where a training ended, and the noise there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minimum {
    /// Steps done.
    pub iteration: u64,
    /// Euclidean norm of the full gradient, which measures the distance from a minimum.
    pub gradient_norm: f64,
    /// File in the same folder with one row per parameter: value, mean of `log |noise|`, share of zeros, mean square of a batch's
    /// gradient.
    pub parameters_file: String,
    /// File in the same folder with the noise vectors, one row per batch and one column per coordinate, in units of the gradient. Older
    /// calibrations have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_file: Option<String>,
    /// The coordinates with positive measured curvature, ordered by noise, largest first.
    pub coordinates: Vec<Coordinate>,
    /// Coordinates left out because their curvature is not positive within its error.
    pub left_out: usize,
}

/// One coordinate of the parameters at the minimum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coordinate {
    /// Index in the flat parameter vector.
    pub parameter: usize,
    /// Mean of `log |n|` of the gradient noise `n`, zeros left out.
    pub mean_log: f64,
    /// Share of batches without noise.
    pub zero_share: f64,
    /// Mean square of a batch's gradient, the limit of Adam's `v`.
    pub second_moment: f64,
    /// Adam's own `v̂` at the end of its training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v: Option<f64>,
    /// `∂²F/∂θ²`.
    pub curvature: f64,
    /// Difference between the curvatures by two step sizes.
    pub curvature_error: f64,
}

impl Coordinate {
    /// `√E[g²]`, the limit of Adam's preconditioner.
    pub fn gradient_size(&self) -> f64 {
        self.second_moment.sqrt()
    }
}

/// Scale of the symmetric α-stable law with this mean of logarithms: `E log |X| = log s + γ (1/α - 1)`, `γ` Euler's constant.
///
/// # References
/// - Zolotarev (1986), *One-dimensional Stable Distributions*, theorem 3.6.1.
pub fn scale_of(mean_log: f64, alpha: Alpha) -> f64 {
    (mean_log - EULER * (alpha.get().recip() - 1.0)).exp()
}

/// Why a calibration cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// The file cannot be read.
    #[error("the calibration {} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// The file is too large.
    #[error("the calibration {} is larger than {MOST_BYTES} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a calibration.
    #[error("{} is not a calibration: {source}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: serde_json::Error,
    },
    /// The file has another version.
    #[error("the calibration {} has schema version {found}; this program reads {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// An impossible value.
    #[error("the calibration {} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// The part of a file that identifies its version.
/// Name, seed and device of a calibration.
#[derive(Clone, Debug)]
pub struct CalibrationOrigin<'a> {
    /// Name of the calibration.
    pub name: &'a str,
    /// Seed of all its random streams.
    pub seed: Seed,
    /// Name of the device that trained the networks.
    pub device: String,
}

#[derive(Deserialize)]
struct Heading {
    schema: String,
    schema_version: u32,
}

impl Calibration {
    /// Assembles a calibration in the version of this program.
    pub fn new(
        origin: CalibrationOrigin<'_>,
        data: DataRecord,
        network: NetworkRecord,
        batch: usize,
        runs: Vec<OptimiserRun>,
    ) -> Self {
        Calibration {
            schema: SCHEMA.to_string(),
            schema_version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_string(),
            name: origin.name.to_string(),
            seed: origin.seed.0,
            device: origin.device,
            data,
            network,
            batch,
            runs,
        }
    }

    /// The run with this label.
    pub fn run(&self, label: &str) -> Option<&OptimiserRun> {
        self.runs.iter().find(|run| run.label == label)
    }

    /// Reads a file and checks every number in it.
    ///
    /// # Errors
    /// [`CalibrationError`]: the file is missing, too large, of another type or version, or holds impossible values.
    pub fn read(path: &Path) -> Result<Self, CalibrationError> {
        let mut bytes = Vec::new();
        // Reading a pipe would block.
        let not_a_file = || io::Error::new(io::ErrorKind::InvalidInput, "not a file");
        let found = fs::metadata(path).and_then(|found| found.is_file().then_some(()).ok_or_else(not_a_file));
        found
            .and_then(|()| File::open(path))
            .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|source| CalibrationError::Read { path: path.to_owned(), source })?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(CalibrationError::TooLarge { path: path.to_owned() });
        }
        let failed = |source| CalibrationError::Parse { path: path.to_owned(), source };
        let heading: Heading = serde_json::from_slice(&bytes).map_err(failed)?;
        let damaged = |what: String| CalibrationError::Damaged { path: path.to_owned(), what };
        if heading.schema != SCHEMA {
            return Err(damaged(format!("its schema is {:?}, not {SCHEMA:?}", heading.schema)));
        }
        if heading.schema_version != VERSION {
            return Err(CalibrationError::Version { path: path.to_owned(), found: heading.schema_version });
        }
        let calibration: Calibration = serde_json::from_slice(&bytes).map_err(failed)?;
        calibration.check().map_err(damaged)?;
        Ok(calibration)
    }

    /// Checks the numbers; the error says what is wrong.
    fn check(&self) -> Result<(), String> {
        let total: usize = self.network.layers.iter().fold(0, |n, layer| n.saturating_add(layer.parameters));
        if total != self.network.parameters {
            return Err(format!("its layers have {total} parameters, its network {}", self.network.parameters));
        }
        for (i, run) in self.runs.iter().enumerate() {
            if self.runs[..i].iter().any(|other| other.label == run.label) {
                return Err(format!("two runs are called {:?}", run.label));
            }
            run.check(self.network.parameters).map_err(|what| format!("{}: {what}", run.label))?;
        }
        Ok(())
    }
}

impl OptimiserRun {
    /// The reason why no estimator found a tail index in the last measured gradient noise; `None` if one did.
    pub fn without_index(&self) -> Option<&str> {
        let pooled = |m: &&Measurement| m.noise == NoiseKind::Gradient && m.axis == SamplingAxis::Pooled;
        let mut reason = None;
        for pair in &self.measurements.iter().rfind(pooled)?.indices {
            match &pair.measured {
                IndexRecord::Index { .. } => return None,
                IndexRecord::Undefined(why) => reason = reason.or(Some(why.as_str())),
            }
        }
        reason
    }

    fn check(&self, parameters: usize) -> Result<(), String> {
        if !(self.eta > 0.0 && self.eta.is_finite()) {
            return Err(format!("a learning rate of {}", self.eta));
        }
        for measurement in &self.measurements {
            if !(0.0..=1.0).contains(&measurement.zero_share) {
                return Err(format!("a share of zeros of {}", measurement.zero_share));
            }
            let pairs = measurement.indices.iter().flat_map(|pair| [&pair.measured, &pair.surrogate]);
            for (value, lo, hi) in pairs.filter_map(IndexRecord::index) {
                if !(value > 0.0 && value.is_finite() && lo <= hi) {
                    return Err(format!("a tail index of {value} ({lo} to {hi})"));
                }
            }
        }
        let Some(minimum) = &self.minimum else { return Ok(()) };
        if let Some(name) =
            minimum.noise_file.as_ref().filter(|name| name.contains(['/', '\\']) || name.starts_with('.'))
        {
            return Err(format!("the noise file {name:?} is not in its folder"));
        }
        for (i, c) in minimum.coordinates.iter().enumerate() {
            if c.parameter >= parameters {
                return Err(format!("coordinate {} of {parameters} parameters", c.parameter));
            }
            if minimum.coordinates[..i].iter().any(|other| other.parameter == c.parameter) {
                return Err(format!("coordinate {} twice", c.parameter));
            }
            let possible = c.curvature > 0.0
                && c.curvature.is_finite()
                && c.mean_log.is_finite()
                && c.second_moment > 0.0
                && c.second_moment.is_finite()
                && (0.0..1.0).contains(&c.zero_share)
                && c.v.is_none_or(|v| v >= 0.0 && v.is_finite());
            if !possible {
                return Err(format!("impossible numbers at coordinate {}", c.parameter));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::calibrate::measurement::IndexPair;
    use crate::noise::{Seed, StableLaw, Stream};
    use rand_distr::Distribution;

    /// A calibration with two coordinates.
    pub fn example() -> Calibration {
        let coordinate = |parameter: usize, mean_log: f64| Coordinate {
            parameter,
            mean_log,
            zero_share: 0.0,
            second_moment: 0.25,
            v: None,
            curvature: 2.0 + parameter as f64,
            curvature_error: 0.01,
        };
        let index = |value: f64| IndexRecord::Index { value, lo: value - 0.05, hi: value + 0.05 };
        let pair = |estimator: &str, measured, surrogate| IndexPair {
            estimator: estimator.to_string(),
            measured: index(measured),
            surrogate: index(surrogate),
        };
        let run = OptimiserRun {
            label: "sgd".to_string(),
            optimiser: "sgd".to_string(),
            eta: 0.1,
            momentum: Some(0.0),
            betas: None,
            stabilizer: None,
            ended: Ended::Complete { iterations: 10 },
            training: Vec::new(),
            measurements: vec![Measurement {
                iteration: 10,
                noise: NoiseKind::Gradient,
                axis: SamplingAxis::Pooled,
                count: 1000,
                parameters: None,
                zero_share: 0.1,
                indices: vec![pair("mohammadi", 1.3, 1.6)],
                fit: None,
            }],
            minimum: Some(Minimum {
                iteration: 10,
                gradient_norm: 0.01,
                parameters_file: "sgd.npy".to_string(),
                noise_file: None,
                coordinates: vec![coordinate(3, 0.5), coordinate(0, -0.5)],
                left_out: 1,
            }),
        };
        let data = DataRecord { name: "digits".to_string(), shape: [1, 8, 8], classes: 10, train: 9, test: 3 };
        let layers = vec![LayerRecord { name: "linear1".to_string(), parameters: 5 }];
        let network = NetworkRecord { kind: "mlp".to_string(), parameters: 5, layers };
        Calibration::new(
            CalibrationOrigin { name: "example", seed: Seed(1), device: "cpu".to_string() },
            data,
            network,
            3,
            vec![run],
        )
    }

    #[test]
    fn a_calibration_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("calibration.json");
        std::fs::write(&path, serde_json::to_string_pretty(&example()).unwrap()).unwrap();
        assert_eq!(Calibration::read(&path).unwrap(), example());
    }

    #[test]
    fn damaged_and_foreign_files_are_refused_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("calibration.json");
        let good = serde_json::to_string_pretty(&example()).unwrap();
        for (from, to, reason) in [
            ("\"schema_version\": 1", "\"schema_version\": 2", "schema version 2; this program reads 1"),
            ("levy-escape calibration", "something else", "its schema is \"something else\""),
            ("\"curvature\": 2.0", "\"curvature\": NaN", "is not a calibration"),
            ("\"curvature\": 2.0", "\"curvature\": null", "invalid type: null"),
            ("\"curvature\": 2.0", "\"curvature\": -2.0", "impossible numbers at coordinate 0"),
            ("\"curvature\": 2.0", "\"curvature\": 1e999", "number out of range"),
            ("\"parameter\": 3", "\"parameter\": 5", "coordinate 5 of 5 parameters"),
            ("\"parameter\": 3", "\"parameter\": 0", "coordinate 0 twice"),
            ("\"value\": 1.3", "\"value\": -1.3", "a tail index of -1.3"),
            ("\"parameters\": 5\n      }", "\"parameters\": 6\n      }", "its layers have 6 parameters"),
            ("\"seed\": 1", "\"seed\": 1, \"extra\": 2", "unknown field `extra`"),
            ("\"seed\": 1,", "", "missing field `seed`"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            std::fs::write(&path, bad).unwrap();
            let error = Calibration::read(&path).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        std::fs::write(&path, &good[..good.len() / 2]).unwrap();
        assert!(Calibration::read(&path).unwrap_err().to_string().contains("EOF"));
        assert!(Calibration::read(dir.path()).is_err());
        std::fs::write(&path, vec![b' '; MOST_BYTES as usize + 1]).unwrap();
        assert!(Calibration::read(&path).unwrap_err().to_string().contains("larger than"));
    }

    /// Scale of SαS samples from the mean of their logarithms: 4 standard errors at n = 40,000, false-positive rate 6e-5.
    #[test]
    fn the_scale_comes_from_the_mean_logarithm() {
        for alpha in [1.1, 1.5, 2.0] {
            let alpha = Alpha::new(alpha).unwrap();
            let mut stream = Stream::new(Seed(3), 0, 0);
            let n = 40_000;
            let law = StableLaw::new(alpha);
            let logs: Vec<f64> = (0..n).map(|_| (2.5 * law.sample(&mut stream)).abs().ln()).collect();
            let mean = logs.iter().sum::<f64>() / f64::from(n);
            let variance = logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / f64::from(n);
            let error = (variance / f64::from(n)).sqrt();
            assert!((scale_of(mean, alpha) / 2.5).ln().abs() < 4.0 * error, "{alpha:?}");
        }
    }
}
