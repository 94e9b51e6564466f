//! `run --dry-run`: what a run would take, from a pilot of a few paths.

use std::time::Duration;

use serde_json::json;

use super::run::Planned;
use crate::cli::arguments::RunSettings;
use crate::cli::console::{short, write_data};
use crate::cli::failure::Failure;
use crate::cli::pilot::{Effort, Pilot};
use crate::cli::stopping::Stopping;
use crate::engine::{Chunks, Shard};
use crate::files::Existing;
use crate::results::{PreparedRun, Request, ResultsFolder, paths_held};

/// Cells that the pilot runs, spread over the sweep.
const PILOT_CELLS: usize = 50;
/// What the pilot may take for one experiment.
const PILOT_TIME: Duration = Duration::from_secs(4);
/// Bytes of a path in the store, and in `escapes.csv`: measured.
const STORE_BYTES: f64 = 11.0;
const CSV_BYTES: f64 = 55.0;
/// Memory of the program, and of a path that is held.
const BASE_MEMORY: f64 = 30e6;
const HELD_BYTES: f64 = 24.0;
/// Memory of a coordinate of a cell that is prepared, where the system does not tell what was taken, of one that is rendered, and of a
/// coordinate of a path on its way: measured.
const PREPARED_BYTES: f64 = 300.0;
const RENDERED_BYTES: f64 = 70.0;
const PATH_BYTES: f64 = 90.0;

/// Prints cells, paths, memory, disk and time.
pub fn dry_run(plan: &[Planned], shard: Shard, how: &RunSettings) -> Result<(), Failure> {
    let stopping = Stopping::watch(None)?;
    for Planned { experiment, paths, .. } in plan {
        let request = Request { experiment, paths: *paths, exactly: true, shard };
        let run = PreparedRun::new(experiment)?;
        let all = Chunks::new(vec![*paths; experiment.cells.len()], shard).paths();
        let pilot = Sweep::of(&run, &stopping);
        let seconds = pilot.seconds_per_path * all as f64 / rayon::current_num_threads() as f64;
        let disk = all as f64 * if shard == Shard::WHOLE { STORE_BYTES + CSV_BYTES } else { STORE_BYTES };
        let memory = memory(&run, *paths);
        let (place, threads, cells) = (request.place(&how.out), rayon::current_num_threads(), experiment.cells.len());
        write_data(match how.json {
            true => json!({
                "name": experiment.name, "path": place, "exists": ResultsFolder::check(&how.out, &request,
                    Existing::Refuse).is_err(),
                "cells": cells, "paths_per_cell": paths, "paths": all, "threads": threads, "seconds": seconds,
                "at_least": pilot.cut_short, "memory_bytes": memory, "disk_bytes": disk,
            })
            .to_string(),
            false => format!(
                "{}: {cells} cells of {paths} paths, {all} paths in all\n  time    {}{} on {threads} threads, from a pilot of {} paths\n  \
                 memory  {}B\n  disk    {}B in {}",
                experiment.name,
                if pilot.cut_short { "at least " } else { "about " },
                duration(seconds),
                pilot.paths,
                short(memory),
                short(disk),
                place.display()
            ),
        })?;
        if stopping.reason().is_some() {
            break;
        }
    }
    Ok(())
}

/// What a run takes at most: what this process took to read the file, to prepare every cell and to run a path, the paths of the other
/// threads, and what rendering adds. Where one cell is rendered, the file has left the room for it.
fn memory(run: &PreparedRun<'_>, paths: u64) -> f64 {
    let cells = &run.experiment().cells;
    let dims = || cells.iter().map(|cell| cell.problem.basin().dim());
    let (all, largest) = (dims().sum::<usize>() as f64, dims().max().unwrap_or(0) as f64);
    let taken = peak_memory().unwrap_or(BASE_MEMORY + PREPARED_BYTES * all);
    let paths_beside = PATH_BYTES * largest * (rayon::current_num_threads() - 1) as f64;
    let rendering = RENDERED_BYTES * (all - largest) + HELD_BYTES * paths_held(cells.len(), paths) as f64;
    taken.max(BASE_MEMORY) + paths_beside + rendering
}

/// The most that this process has held in memory so far, in bytes, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?;
    kilobytes.trim().parse::<f64>().ok().map(|kilobytes| 1024.0 * kilobytes)
}

/// What the pilots of a sweep saw.
struct Sweep {
    paths: u64,
    seconds_per_path: f64,
    /// Whether a cell's first paths had not ended when their time was up.
    cut_short: bool,
}

impl Sweep {
    /// Runs a few paths of cells from the whole sweep, on one thread.
    fn of(run: &PreparedRun<'_>, stopping: &Stopping) -> Self {
        let cells = run.experiment().cells.len();
        let chosen = cells.min(PILOT_CELLS);
        let budget = PILOT_TIME / chosen.max(1) as u32;
        let effort = Effort { first: 1, budget, limit: 4 * budget };
        let pilots: Vec<Pilot> =
            (0..chosen).map(|pick| Pilot::of(run, pick * cells / chosen, effort, stopping)).collect();
        Sweep {
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
