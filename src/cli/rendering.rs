//! From the store to tables, figures and the manifest: what `run`, `merge` and `report` end with.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::console::{Console, write_data};
use super::failure::Failure;
use super::manifest::{Ended, Manifest};
use super::pilot::{Effort, Pilot};
use super::stopping::Stopping;
use crate::engine::{CHUNK, Chunks, Done, Shard};
use crate::experiment::{Experiment, FigureKind};
use crate::report;
use crate::results::{CellResult, PreparedRun, RandomProblemsResult, ResultsFolder, TableError, render_tables};

/// Timing the paths of one cell: a chunk, which is the least that a run takes, and for some time.
const TIMING: Effort = Effort { first: CHUNK, budget: Duration::from_millis(100), limit: Duration::from_secs(20) };

/// How long the exact solver may take where a run was stopped.
const HASTE: Duration = Duration::from_secs(2);

/// What there is to render.
pub struct Rendering<'r> {
    pub run: &'r PreparedRun<'r>,
    pub folder: &'r ResultsFolder,
    pub chunks: &'r Chunks,
    pub done: &'r Done,
}

impl Rendering<'_> {
    /// Whether every path was run.
    pub fn is_complete(&self) -> bool {
        self.done.count() == self.chunks.count()
    }

    /// Writes everything and says what it is. A figure that cannot be drawn is told last: the tables are worth more.
    pub fn render(&self, json: bool, stopping: &Stopping, console: &Console) -> Result<(), Failure> {
        let (experiment, path) = (self.run.experiment(), self.folder.path());
        stopping.writing_tables_of(self.is_complete().then_some(path));
        let results = self.tables(stopping, console)?;
        results.iter().for_each(|result| console.say_more(told(result)));
        let studies = match &experiment.random_problems {
            Some(plan) if self.is_complete() => RandomProblemsResult::solve(plan, experiment.seed),
            _ => Vec::new(),
        };
        self.folder.write_random_problems(&studies)?;
        if let Some(text) = report::findings(&results, &studies) {
            self.folder.write_text("findings.md", &format!("{}{text}", self.partial_mark()))?;
        }
        let seconds = self.seconds_per_path(&results, stopping);
        let undrawn = self.draw(report::Material { cells: &results, studies: &studies, seconds_per_path: &seconds });
        let seconds = self.write_manifest()?;
        if json {
            write_data(as_json(experiment, path, &results, seconds, self.is_complete()))?;
        }
        stopping.writing_tables_of(None);
        undrawn?;
        if self.is_complete() {
            let escapes: usize = results.iter().map(|r| r.moments.exited()).sum();
            let censored: usize = results.iter().map(|r| r.moments.censored()).sum();
            let note = if censored > 0 { format!(", {censored} paths censored") } else { String::new() };
            console.say(format!(
                "{}: {} cells, {escapes} escapes in {seconds:.1} s{note} → {}",
                experiment.name,
                results.len(),
                path.display()
            ));
        }
        Ok(())
    }

    fn tables(&self, stopping: &Stopping, console: &Console) -> Result<Vec<CellResult>, TableError> {
        let (mut meter, clock) =
            (console.meter(&format!("{}: tables", self.run.experiment().name), "cells"), Instant::now());
        let mut watch = |done, of| {
            meter.count(done as u64, of as u64);
            // Of half a run that was told to stop nobody waits for what the whole one needs anyway.
            self.is_complete() || stopping.reason().is_none() || clock.elapsed() < HASTE
        };
        let results =
            render_tables(self.run, &self.folder.store, self.chunks, self.done, self.folder.path(), &mut watch);
        meter.finish();
        results
    }

    /// What a reader of half a run must know first.
    fn partial_mark(&self) -> String {
        match self.is_complete() {
            true => String::new(),
            false => format!(
                "**Partial:** {} of {} chunks of paths were run. Tables and figures hold the first paths of every cell.\n\n",
                self.done.count(),
                self.chunks.count()
            ),
        }
    }

    /// What a path of every cell costs, by a pilot of its events, if a figure asks for it; 0 where that takes too long.
    fn seconds_per_path(&self, results: &[CellResult], stopping: &Stopping) -> Vec<f64> {
        if !self.run.experiment().figures.contains(&FigureKind::CostVsEpsilon) {
            return Vec::new();
        }
        let cost = |result: &CellResult| {
            let pilot = Pilot::of(self.run, result.plan.index as usize, TIMING, stopping);
            pilot.seconds_per_event().unwrap_or(0.0) * result.events_per_path()
        };
        results.iter().map(cost).collect()
    }

    fn draw(&self, material: report::Material<'_>) -> Result<(), Failure> {
        let mut undrawn = Ok(());
        for kind in &self.run.experiment().figures {
            match report::draw(*kind, material, &self.folder.path().join("figures")) {
                Ok(()) => {}
                // A run that was cut short may lack what a figure needs.
                Err(report::FigureError::Empty { .. }) if !self.is_complete() => {}
                Err(source) => undrawn = undrawn.and(Err(Failure::Figure { name: kind.name(), source })),
            }
        }
        undrawn
    }

    /// What `--json` prints of a shard, whose cells are told by the merge.
    pub fn shard_as_json(&self, shard: Shard, seconds: f64) -> String {
        let (name, path, complete) = (&self.run.experiment().name, self.folder.path(), self.is_complete());
        let shard = format!("{}/{}", shard.index(), shard.count());
        let paths = self.paths_done();
        json!({ "name": name, "path": path, "shard": shard, "paths": paths, "seconds": seconds, "complete": complete })
            .to_string()
    }

    fn paths_done(&self) -> u64 {
        self.chunks.paths() - self.chunks.paths_of(self.done.gaps(self.chunks.count()))
    }

    /// Writes the manifest; returns how long the sessions took.
    pub fn write_manifest(&self) -> Result<f64, Failure> {
        self.folder.store.check_place().map_err(crate::results::ResultsError::from)?;
        let sessions = self.folder.store.sessions().map_err(crate::results::ResultsError::from)?;
        let ended = Ended {
            experiment: self.run.experiment(),
            kernels: self.run.kernels(),
            identity: self.folder.store.identity(),
            warnings: &warnings(self.run),
            sessions: &sessions,
            paths_done: self.paths_done(),
            paths_planned: self.chunks.paths(),
        };
        self.folder.write_manifest(&Manifest::of(&ended))?;
        Ok(sessions.iter().map(|s| s.seconds).sum())
    }
}

/// The file's warnings and those of the kernels, each once.
pub fn warnings(run: &PreparedRun<'_>) -> Vec<String> {
    let mut warnings = run.experiment().warnings.clone();
    for warning in run.kernels().iter().flat_map(|kernel| kernel.warnings()) {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
    warnings
}

fn told(result: &CellResult) -> String {
    format!(
        "cell {}: E Γ = {}, λ E Γ = {}, {:.1} events a path",
        result.plan.index,
        result.mean().map_or("–".to_string(), |m| format!("{:.4}", m.value)),
        result.ratio().map_or("–".to_string(), |r| format!("{:.4} ({:.4} to {:.4})", r.value, r.lo, r.hi)),
        result.events_per_path(),
    )
}

fn as_json(experiment: &Experiment, path: &Path, results: &[CellResult], seconds: f64, complete: bool) -> String {
    let cells: Vec<serde_json::Value> = results
        .iter()
        .map(|r| {
            json!({
                "cell": r.plan.index, "dynamics": r.plan.dynamics, "basin": r.plan.basin,
                "alpha": r.plan.problem.noise().alpha().get(), "epsilon": r.plan.problem.noise().epsilon(),
                "exited": r.moments.exited(), "censored": r.moments.censored(), "diverged": r.moments.diverged(),
                "mean": r.mean(), "ratio": r.ratio(), "theory_rate": r.prediction.as_ref().map(|p| p.rate),
                "events_per_path": r.events_per_path(),
            })
        })
        .collect();
    json!({ "name": experiment.name, "path": path, "seconds": seconds, "complete": complete, "cells": cells })
        .to_string()
}
