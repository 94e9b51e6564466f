//! `manifest.json`: everything about a run that its tables leave out.

use jiff::{SignedDuration, Timestamp, Unit};
use serde::Serialize;

use crate::experiment::{CellPlan, Experiment};
use crate::scheme::PathKernel;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// Every path was run.
    Complete,
    /// A signal asked for the stop.
    Interrupted,
}

/// Version, plan, machine and times of one run.
#[derive(Debug, Serialize)]
pub struct Manifest<'a> {
    version: &'static str,
    name: &'a str,
    seed: u64,
    paths_per_cell: u64,
    threads: usize,
    host: Host,
    start: String,
    end: String,
    seconds: f64,
    stop_reason: StopReason,
    warnings: &'a [String],
    cells: Vec<Cell<'a>>,
    /// The file as it was read; options that overrode it are in the fields above.
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

/// One cell as it was resolved.
#[derive(Debug, Serialize)]
struct Cell<'a> {
    cell: u64,
    dynamics: &'a str,
    basin: &'a str,
    dim: usize,
    alpha: f64,
    epsilon: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    eta: Option<f64>,
    measure: crate::noise::Measure,
    structure: crate::noise::Structure,
    max_time: Option<f64>,
    scheme: String,
}

/// What is known when a run ends.
pub struct Ended<'a> {
    pub experiment: &'a Experiment,
    pub kernels: &'a [Box<dyn PathKernel>],
    pub paths: u64,
    pub warnings: &'a [String],
    pub start: Timestamp,
    pub seconds: f64,
    pub stop_reason: StopReason,
}

impl<'a> Manifest<'a> {
    /// The manifest of a run that has ended just now.
    pub fn of(ended: &Ended<'a>) -> Self {
        let cell = |(plan, scheme): (&'a CellPlan, String)| Cell {
            cell: plan.index,
            dynamics: &plan.dynamics,
            basin: &plan.basin,
            dim: plan.problem.basin().dim(),
            alpha: plan.problem.noise().alpha().get(),
            epsilon: plan.problem.noise().epsilon(),
            eta: plan.eta,
            measure: plan.measure,
            structure: plan.problem.noise().structure(),
            max_time: Some(plan.limits.max_time).filter(|t| t.is_finite()),
            scheme,
        };
        Manifest {
            version: env!("CARGO_PKG_VERSION"),
            name: &ended.experiment.name,
            seed: ended.experiment.seed.0,
            paths_per_cell: ended.paths,
            threads: rayon::current_num_threads(),
            host: Host::this(),
            start: to_the_second(ended.start),
            end: to_the_second(ended.start + SignedDuration::from_secs_f64(ended.seconds)),
            seconds: ended.seconds,
            stop_reason: ended.stop_reason,
            warnings: ended.warnings,
            cells: ended.experiment.cells.iter().zip(ended.kernels.iter().map(|k| k.describe())).map(cell).collect(),
            experiment: &ended.experiment.text,
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
    /// The device, and why it was taken.
    device: &'a str,
    host: Host,
    start: String,
    end: String,
    seconds: f64,
    stop_reason: StopReason,
    trainings: &'a [TrainingSpeed],
    /// The file as it was read; options that overrode it are in the fields above.
    calibration: &'a str,
}

/// How fast one training went, without what was measured between its steps.
#[cfg(feature = "calibrate")]
#[derive(Debug, Serialize)]
pub struct TrainingSpeed {
    /// Label of the optimiser.
    pub label: String,
    /// Steps done.
    pub steps: u64,
    /// Steps in a second.
    pub steps_per_second: Option<f64>,
}

#[cfg(feature = "calibrate")]
impl<'a> CalibrationManifest<'a> {
    /// The manifest of a calibration that has ended just now.
    pub fn of(
        settings: &'a crate::calibrate::CalibrationSettings,
        device: &'a str,
        (start, seconds): (Timestamp, f64),
        stop_reason: StopReason,
        trainings: &'a [TrainingSpeed],
        text: &'a str,
    ) -> Self {
        CalibrationManifest {
            version: env!("CARGO_PKG_VERSION"),
            name: &settings.name,
            seed: settings.seed.0,
            device,
            host: Host::this(),
            start: to_the_second(start),
            end: to_the_second(start + SignedDuration::from_secs_f64(seconds)),
            seconds,
            stop_reason,
            trainings,
            calibration: text,
        }
    }
}

fn to_the_second(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}
