//! `manifest.json`: everything about a run that its tables leave out.

use jiff::{Timestamp, Unit};
use serde::Serialize;

use crate::experiment::{CellPlan, Experiment, Identity, Session};
use crate::scheme::PathKernel;

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
    /// Whether every path was run. If not, the tables hold the first paths of every cell.
    complete: bool,
    paths_done: u64,
    paths_planned: u64,
    threads: usize,
    host: Host,
    start: String,
    end: String,
    /// Of all sessions that ended by themselves.
    seconds: f64,
    stop_reason: &'a str,
    warnings: &'a [String],
    sessions: &'a [Session],
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
    pub identity: &'a Identity,
    pub warnings: &'a [String],
    pub sessions: &'a [Session],
    pub paths_done: u64,
    pub paths_planned: u64,
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
        let Ended { experiment, identity, sessions, .. } = *ended;
        let complete = ended.paths_done == ended.paths_planned;
        let (first, last) = (sessions.first(), sessions.last());
        let shard = identity.shard;
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
            threads: rayon::current_num_threads(),
            host: Host {
                system: std::env::consts::OS,
                architecture: std::env::consts::ARCH,
                cores: std::thread::available_parallelism().map_or(1, |n| n.get()),
            },
            start: first.map_or(String::new(), |s| s.start.clone()),
            end: now(),
            seconds: sessions.iter().map(|s| s.seconds).sum(),
            stop_reason: match last {
                _ if complete => "complete",
                Some(session) => &session.stop_reason,
                None => "killed",
            },
            warnings: ended.warnings,
            sessions,
            cells: experiment.cells.iter().zip(ended.kernels.iter().map(|k| k.describe())).map(cell).collect(),
            experiment: &experiment.text,
        }
    }
}

/// The time now, to the second.
pub fn now() -> String {
    let time = Timestamp::now();
    time.round(Unit::Second).unwrap_or(time).to_string()
}
