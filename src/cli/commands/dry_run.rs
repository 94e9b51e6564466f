//! `run --dry-run`: time, memory and disk of a run, from a pilot of a few paths.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use thiserror::Error;

use crate::cli::columns::counted;
use crate::cli::complaint::{Complain, Complaint};
use crate::cli::console::{Console, OutputError, write_data};
use crate::cli::line::options::RunSettings;
use crate::cli::pilot::{Effort, Pilot};
use crate::cli::planned::{Planned, ThreadsError, in_pool};
use crate::cli::progress::short;
use crate::cli::stopping::{SignalError, Stopping};
use crate::engine::{Chunks, Shard};
use crate::experiment::EscapesFormat;
use crate::files::Existing;
use crate::results::{PreparedRun, ResultsFolder, RunError, paths_held};

/// Cells that the pilot runs, spread over the sweep.
const PILOT_CELLS: usize = 50;
/// Time of the pilot of one experiment.
const PILOT_TIME: Duration = Duration::from_secs(4);
/// Bytes of a path in the store, and in the table of all paths: measured.
const STORE_BYTES: f64 = 11.0;
const CSV_BYTES: f64 = 55.0;
const PARQUET_BYTES: f64 = 16.0;
/// Memory of the program, and of a path that is held, in bytes.
const BASE_MEMORY: f64 = 30e6;
const HELD_BYTES: f64 = 24.0;
/// Bytes of a coordinate, measured: of a prepared cell (where the system does not report the memory of a process), of a rendered cell,
/// and of a path being run.
const PREPARED_BYTES: f64 = 300.0;
const RENDERED_BYTES: f64 = 70.0;
const PATH_BYTES: f64 = 90.0;

/// Why there is no estimate.
#[derive(Debug, Error)]
pub enum DryRunFailure {
    #[error(transparent)]
    Prepare(#[from] RunError),
    #[error(transparent)]
    Signal(#[from] SignalError),
    #[error(transparent)]
    Threads(#[from] ThreadsError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Complain for DryRunFailure {
    fn complaint(&self) -> Complaint {
        match self {
            DryRunFailure::Prepare(error) => error.complaint(),
            DryRunFailure::Signal(error) => error.complaint(),
            DryRunFailure::Threads(error) => error.complaint(),
            DryRunFailure::Output(error) => error.complaint(),
        }
    }
}

/// Prints the estimates of all experiments, up to the first signal.
pub fn dry_run(plan: &[Planned], shard: Shard, settings: &RunSettings, console: &Console) -> Result<(), DryRunFailure> {
    let stopping = Stopping::watch(None)?;
    in_pool(settings.threads, || {
        for planned in plan {
            let estimate = CostEstimate::of(planned, shard, &stopping)?;
            write_data(if settings.json { estimate.as_json(settings) } else { estimate.as_text(settings) })?;
            if let Some(free) = free_space(&settings.out).filter(|free| estimate.disk > *free) {
                let (needed, free) = (short(estimate.disk), short(free));
                console.warn(format!(
                    "{}: the disk has {free}B free, and the run needs {needed}B: run fewer paths, or choose another disk with --out DIR",
                    planned.experiment.name
                ));
            }
            if stopping.cause().is_some() {
                break;
            }
        }
        Ok(())
    })
}

/// What a run is expected to take.
struct CostEstimate<'p> {
    planned: &'p Planned,
    shard: Shard,
    pilot: SweepPilot,
    /// Paths of all cells.
    paths: u64,
    seconds: f64,
    memory: f64,
    disk: f64,
    threads: usize,
}

impl<'p> CostEstimate<'p> {
    fn of(planned: &'p Planned, shard: Shard, stopping: &Stopping) -> Result<Self, RunError> {
        let run = PreparedRun::new(&planned.experiment)?;
        let paths = Chunks::new(vec![planned.paths; planned.experiment.cells.len()], shard).paths();
        let (pilot, threads) = (SweepPilot::of(&run, planned.paths, stopping), rayon::current_num_threads());
        let table_bytes = match planned.experiment.escapes {
            EscapesFormat::Csv if shard == Shard::WHOLE => CSV_BYTES,
            EscapesFormat::Parquet if shard == Shard::WHOLE => PARQUET_BYTES,
            _ => 0.0,
        };
        Ok(CostEstimate {
            seconds: pilot.seconds_per_path * paths as f64 / threads as f64,
            memory: memory(&run, planned.paths),
            disk: paths as f64 * (STORE_BYTES + table_bytes),
            planned,
            shard,
            pilot,
            paths,
            threads,
        })
    }

    fn as_json(&self, settings: &RunSettings) -> String {
        let request = self.planned.request(self.shard);
        let exists = ResultsFolder::check(&settings.out, &request, Existing::Refuse).is_err();
        json!({
            "name": request.experiment.name, "path": request.place(&settings.out), "exists": exists,
            "cells": request.experiment.cells.len(), "paths_per_cell": request.paths, "paths": self.paths,
            "threads": self.threads, "seconds": self.seconds, "at_least": self.pilot.cut_short,
            "memory_bytes": self.memory, "disk_bytes": self.disk,
        })
        .to_string()
    }

    fn as_text(&self, settings: &RunSettings) -> String {
        let request = self.planned.request(self.shard);
        let about = if self.pilot.cut_short { "at least" } else { "about" };
        format!(
            "{}: {} of {}, {} in all\n  time    {about} {} on {}, from a pilot of {}\n  \
             memory  {}B\n  disk    {}B in {}",
            request.experiment.name,
            counted(request.experiment.cells.len(), "cell"),
            counted(request.paths, "path"),
            counted(self.paths, "path"),
            duration(self.seconds),
            counted(self.threads, "thread"),
            counted(self.pilot.paths, "path"),
            short(self.memory),
            short(self.disk),
            request.place(&settings.out).display()
        )
    }
}

/// Peak memory of a run, the sum of three parts: the peak of this process, which has read the file, prepared every cell and run paths on one
/// thread; the paths of the other threads; and the tables. The first cell of the tables reuses memory that the file took.
fn memory(run: &PreparedRun<'_>, paths: u64) -> f64 {
    let cells = &run.experiment().cells;
    let dims = || cells.iter().map(|cell| cell.problem.basin().dim());
    let (all, largest) = (dims().sum::<usize>() as f64, dims().max().unwrap_or(0) as f64);
    let taken = peak_memory().unwrap_or(BASE_MEMORY + PREPARED_BYTES * all);
    let paths_beside = PATH_BYTES * largest * (rayon::current_num_threads() - 1) as f64;
    let rendering = RENDERED_BYTES * (all - largest) + HELD_BYTES * paths_held(cells.len(), paths) as f64;
    taken.max(BASE_MEMORY) + paths_beside + rendering
}

/// Peak memory of this process so far in bytes, on Linux.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?;
    kilobytes.trim().parse::<f64>().ok().map(|kilobytes| 1024.0 * kilobytes)
}

/// Free bytes on the disk of the folder, or of the nearest folder above it that exists.
#[cfg(unix)]
fn free_space(folder: &Path) -> Option<f64> {
    let folder = std::path::absolute(folder).ok()?;
    let disk = folder.ancestors().find_map(|folder| rustix::fs::statvfs(folder).ok())?;
    Some(disk.f_bavail as f64 * disk.f_frsize as f64)
}

#[cfg(not(unix))]
fn free_space(_: &Path) -> Option<f64> {
    None
}

/// Pilots of cells from the whole sweep.
struct SweepPilot {
    paths: u64,
    seconds_per_path: f64,
    /// Whether the first paths of a cell took longer than the pilot allows.
    cut_short: bool,
}

impl SweepPilot {
    /// Runs a few paths of some cells, on one thread; of no cell more than the run itself.
    fn of(run: &PreparedRun<'_>, most: u64, stopping: &Stopping) -> Self {
        let cells = run.experiment().cells.len();
        let chosen = cells.min(PILOT_CELLS);
        let budget = PILOT_TIME / chosen.max(1) as u32;
        let effort = Effort { first: 1, budget, limit: 4 * budget, most };
        let pilots: Vec<Pilot> =
            (0..chosen).map(|pick| Pilot::of(run, pick * cells / chosen, effort, stopping)).collect();
        SweepPilot {
            paths: pilots.iter().map(|pilot| pilot.paths).sum(),
            seconds_per_path: pilots.iter().map(Pilot::seconds_per_path).sum::<f64>() / chosen.max(1) as f64,
            cut_short: pilots.iter().any(|pilot| pilot.cut_short),
        }
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "a second".to_string(),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}
