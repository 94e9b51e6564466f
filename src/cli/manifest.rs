//! `manifest.json`: version, plan, machine and times of a run or calibration.

use jiff::{SignedDuration, Timestamp, Unit};
use serde::Serialize;

#[cfg(feature = "calibrate")]
use crate::calibrate::CalibrationSettings;
#[cfg(feature = "calibrate")]
use crate::experiment::CalibrationFile;
use crate::experiment::{CellPlan, Experiment};
use crate::scheme::PathKernel;
use crate::store::{Identity, Session};

/// Version, plan, machine and times of one run.
#[derive(Debug, Serialize)]
pub struct Manifest<'a> {
    version: &'a str,
    name: &'a str,
    seed: u64,
    fingerprint: &'a str,
    paths_per_cell: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<String>,
    /// Whether every path was run; if not, the tables hold the first paths of every cell.
    complete: bool,
    paths_done: u64,
    paths_planned: u64,
    /// Threads of the last session.
    threads: usize,
    /// The machine that wrote the tables.
    host: Host,
    /// Start of the first session and end of the last.
    start: String,
    end: String,
    /// When the tables were written.
    rendered: String,
    /// Wall time of all sessions; a killed session counts until its last commit.
    seconds: f64,
    stop_reason: &'a str,
    /// What was found, as the page says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a str>,
    warnings: &'a [String],
    sessions: &'a [Session],
    cells: Vec<ManifestCell<'a>>,
    /// Text of the file; values from the command line are in the fields above.
    experiment: &'a str,
}

#[derive(Debug, Serialize)]
struct Host {
    system: &'static str,
    architecture: &'static str,
    cores: usize,
}

impl Host {
    fn this() -> Self {
        Host {
            system: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            cores: std::thread::available_parallelism().map_or(1, |n| n.get()),
        }
    }
}

/// One cell with resolved values.
#[derive(Debug, Serialize)]
struct ManifestCell<'a> {
    cell: u64,
    /// Number of the random streams, in an extended sweep.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<u64>,
    dynamics: &'a str,
    basin: &'a str,
    dim: usize,
    /// 2 for noise without a tail index.
    alpha: f64,
    /// The law, unless it is SαS.
    #[serde(skip_serializing_if = "Option::is_none")]
    law: Option<String>,
    epsilon: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    eta: Option<f64>,
    measure: crate::noise::Measure,
    structure: crate::noise::Structure,
    max_time: Option<f64>,
    scheme: String,
    optimiser: &'static str,
    /// Every setting that determines the paths.
    resolved: Vec<String>,
}

/// A run that has ended.
pub struct EndedRun<'a> {
    pub experiment: &'a Experiment,
    pub kernels: &'a [Box<dyn PathKernel>],
    pub identity: &'a Identity,
    pub answer: Option<&'a str>,
    pub warnings: &'a [String],
    pub sessions: &'a [Session],
    pub paths_done: u64,
    pub paths_planned: u64,
}

impl<'a> Manifest<'a> {
    /// The manifest of a run that has just ended.
    pub fn of(ended: &EndedRun<'a>) -> Self {
        let cell = |(plan, scheme): (&'a CellPlan, String)| ManifestCell {
            cell: plan.index,
            stream: Some(ended.identity.stream(plan.index)).filter(|stream| *stream != plan.index),
            dynamics: &plan.dynamics,
            basin: &plan.basin,
            dim: plan.problem.basin().dim(),
            alpha: plan.problem.noise().alpha().get(),
            law: Some(plan.problem.noise().law()).filter(|law| !law.is_stable()).map(|law| law.to_string()),
            epsilon: plan.problem.noise().epsilon(),
            eta: plan.eta,
            measure: plan.measure,
            structure: plan.problem.noise().structure(),
            max_time: Some(plan.limits.max_time).filter(|t| t.is_finite()),
            scheme,
            optimiser: plan.optimiser,
            resolved: plan.resolved(),
        };
        let EndedRun { experiment, identity, sessions, .. } = *ended;
        let complete = ended.paths_done == ended.paths_planned;
        let last = sessions.last();
        let shard = identity.shard;
        let [start, end] = period(sessions);
        Manifest {
            version: &identity.version,
            name: &experiment.name,
            seed: identity.seed,
            fingerprint: &identity.fingerprint,
            paths_per_cell: identity.paths,
            shard: (shard.count() > 1).then(|| format!("{}/{}", shard.index(), shard.count())),
            complete,
            paths_done: ended.paths_done,
            paths_planned: ended.paths_planned,
            threads: last.map_or(0, |session| session.threads),
            host: Host::this(),
            start,
            end,
            rendered: now(),
            seconds: sessions.iter().map(|s| s.seconds).sum(),
            stop_reason: match last {
                _ if complete => "complete",
                Some(session) => &session.stop_reason,
                None => "killed",
            },
            answer: ended.answer,
            warnings: ended.warnings,
            sessions,
            cells: experiment.cells.iter().zip(ended.kernels.iter().map(|k| k.describe())).map(cell).collect(),
            experiment: &experiment.text,
        }
    }
}

/// Version, machine and times of one calibration.
#[cfg(feature = "calibrate")]
#[derive(Debug, Serialize)]
pub struct CalibrationManifest<'a> {
    version: &'static str,
    name: &'a str,
    seed: u64,
    /// Whether the settings differ from those of a full run.
    quick: bool,
    /// The device, and why it was chosen.
    device: &'a str,
    host: Host,
    start: String,
    end: String,
    seconds: f64,
    stop_reason: StopReason,
    trainings: &'a [TrainingSpeed],
    /// The restarts from the minima; missing without `[escape]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    restarts: Option<&'a RestartSpeed>,
    /// Whether every escape and every scaling of the noise was measured; missing without `[escape]` and `[noise_scaling]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    escape_complete: Option<bool>,
    /// What was found, as the page says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a str>,
    warnings: &'a [String],
    /// Text of the file; values from the command line are in the fields above.
    calibration: &'a str,
}

/// Why a calibration ended.
#[cfg(feature = "calibrate")]
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// All trainings are complete.
    Complete,
    /// A signal.
    Interrupted,
    /// The time limit.
    TimeLimit,
}

/// Speed of one training, without the measurements between its steps.
#[cfg(feature = "calibrate")]
#[derive(Debug, Serialize)]
pub struct TrainingSpeed {
    /// Label of the optimiser.
    pub label: String,
    /// Steps done.
    pub steps: u64,
    /// Steps per second.
    pub steps_per_second: Option<f64>,
}

/// Device and speed of all restarts from the minima of `[escape]`.
#[cfg(feature = "calibrate")]
#[derive(Debug, Serialize)]
pub struct RestartSpeed {
    /// `cpu` or `cuda`.
    pub device: String,
    /// Steps of all restarts together.
    pub steps: u64,
    /// Steps per second, on all threads; without the noise and the predictions.
    pub steps_per_second: Option<f64>,
}

/// A calibration that has ended.
#[cfg(feature = "calibrate")]
pub struct EndedCalibration<'a> {
    pub device: &'a str,
    pub start: String,
    pub seconds: f64,
    pub stop_reason: StopReason,
    pub trainings: &'a [TrainingSpeed],
    pub restarts: Option<&'a RestartSpeed>,
    pub escape_complete: Option<bool>,
    pub answer: Option<&'a str>,
    pub warnings: &'a [String],
}

#[cfg(feature = "calibrate")]
impl<'a> CalibrationManifest<'a> {
    /// The manifest of a calibration that has just ended.
    pub fn of(file: &'a CalibrationFile, settings: &'a CalibrationSettings, ended: EndedCalibration<'a>) -> Self {
        CalibrationManifest {
            version: env!("CARGO_PKG_VERSION"),
            name: &settings.name,
            seed: settings.seed.0,
            quick: is_quick(file, settings),
            device: ended.device,
            host: Host::this(),
            start: ended.start,
            end: now(),
            seconds: ended.seconds,
            stop_reason: ended.stop_reason,
            trainings: ended.trainings,
            restarts: ended.restarts,
            escape_complete: ended.escape_complete,
            answer: ended.answer,
            warnings: ended.warnings,
            calibration: &file.text,
        }
    }

    /// Start and end.
    pub fn period(&self) -> [&str; 2] {
        [&self.start, &self.end]
    }
}

#[cfg(feature = "calibrate")]
fn is_quick(file: &CalibrationFile, settings: &CalibrationSettings) -> bool {
    *settings != file.settings
}

/// Whether a manifest belongs to the same calibration by the same version of the program, on any device.
#[cfg(feature = "calibrate")]
pub fn is_of(manifest: &str, file: &CalibrationFile, settings: &CalibrationSettings) -> bool {
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap_or_default();
    manifest["version"] == env!("CARGO_PKG_VERSION")
        && manifest["seed"] == settings.seed.0
        && manifest["quick"] == is_quick(file, settings)
        && manifest["calibration"] == *file.text
}

/// Whether the manifest says that every escape was measured.
#[cfg(feature = "calibrate")]
pub fn has_escapes(manifest: &str) -> bool {
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap_or_default();
    manifest["escape_complete"] == true
}

/// Operating system and processor architecture.
pub fn machine() -> String {
    format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// The time in UTC, to the second.
pub fn now() -> String {
    utc(Timestamp::now())
}

fn utc(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}

/// Start of the first session and end of the last.
pub fn period(sessions: &[Session]) -> [String; 2] {
    let start = sessions.iter().map(|s| s.start.clone()).min();
    let end = sessions.iter().filter_map(end_of).max();
    [start, end].map(Option::unwrap_or_default)
}

/// End of a session; for one that was killed, its last commit.
fn end_of(session: &Session) -> Option<String> {
    let start: Timestamp = session.start.parse().ok()?;
    let length = SignedDuration::try_from_secs_f64(session.seconds).ok()?;
    start.checked_add(length).ok().map(utc)
}
