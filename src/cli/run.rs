//! `run`: experiments from file to folder.

use std::io;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::json;

use super::arguments::{How, RunOptions};
use super::failure::{Failure, load_all};
use super::manifest::{Ended, Manifest, StopReason};
use super::progress::{Meter, Talk, say, write_data};
use crate::engine::StopFlag;
use crate::experiment::{CellResult, Existing, Experiment, Observer, PreparedRun, Progress, ResultsFolder};
use crate::noise::Seed;
use crate::report;
use crate::scheme::PathRecord;

/// Runs the files given.
pub fn run(options: &RunOptions, talk: &Talk) -> Result<(), Failure> {
    let mut experiments = load_all(&options.files)?;
    experiments.iter_mut().for_each(|experiment| override_seed(experiment, &options.how));
    let plan: Vec<(Experiment, u64)> = experiments
        .into_iter()
        .map(|experiment| {
            let paths = options.how.paths.unwrap_or(experiment.paths);
            (experiment, paths)
        })
        .collect();
    run_all(&plan, &options.how, talk)
}

/// Puts the seed of the command line in place of the file's.
pub fn override_seed(experiment: &mut Experiment, how: &How) {
    if let Some(seed) = how.seed {
        experiment.seed = Seed(seed);
    }
}

/// Runs experiments one after the other, each with its number of paths a cell. Everything is prepared, and every folder
/// opened, before the first path is run.
pub fn run_all(plan: &[(Experiment, u64)], how: &How, talk: &Talk) -> Result<(), Failure> {
    let stop = StopFlag::default();
    watch_signals(&stop)?;
    let threads = how.threads.map_or(0, |n| n as usize);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(Failure::Threads)?;
    pool.install(|| {
        let existing = if how.force { Existing::MoveAside } else { Existing::Refuse };
        for (index, (experiment, _)) in plan.iter().enumerate() {
            if plan[..index].iter().any(|(other, _)| other.name == experiment.name) {
                return Err(Failure::SameName { name: experiment.name.clone() });
            }
            ResultsFolder::check(&how.out, experiment, existing)?;
        }
        let mut runs = Vec::new();
        for (experiment, paths) in plan {
            runs.push(PreparedRun::new(experiment, *paths)?);
        }
        let mut folders = Vec::new();
        for (experiment, _) in plan {
            match ResultsFolder::create(&how.out, experiment, existing) {
                Ok(folder) => folders.push(folder),
                Err(error) => {
                    discard(folders);
                    return Err(error.into());
                }
            }
        }
        let mut folders = folders.into_iter();
        let mut undrawn = None;
        for ((experiment, paths), run) in plan.iter().zip(&runs) {
            let Some(folder) = folders.next() else { break };
            match run_one(experiment, *paths, run, folder, &stop, how, talk) {
                Ok(()) => {}
                Err(failure @ Failure::Figure { .. }) => undrawn = undrawn.or(Some(failure)),
                Err(failure) => {
                    discard(folders);
                    return Err(failure);
                }
            }
        }
        undrawn.map_or(Ok(()), Err)
    })
}

/// Takes away the folders of experiments that were not begun. One that cannot be removed is empty and hidden.
fn discard(folders: impl IntoIterator<Item = ResultsFolder>) {
    for folder in folders {
        let _ = folder.discard();
    }
}

fn run_one(
    experiment: &Experiment,
    paths: u64,
    run: &PreparedRun<'_>,
    folder: ResultsFolder,
    stop: &StopFlag,
    how: &How,
    talk: &Talk,
) -> Result<(), Failure> {
    let (start, clock) = (Timestamp::now(), Instant::now());
    let warnings = gather_warnings(experiment, run);
    warnings.iter().for_each(|warning| talk.warn(warning));
    for (plan, kernel) in experiment.cells.iter().zip(run.kernels()) {
        talk.say_more(format!("cell {}: {}, {}: {}", plan.index, plan.dynamics, plan.basin, kernel.describe()));
    }
    let mut recorder = Recorder {
        folder,
        meter: talk.meter(&experiment.name, experiment.cells.len(), paths),
        results: Vec::new(),
        talk: *talk,
    };
    let complete = run.run(stop, &mut recorder)?;
    recorder.meter.finish();
    let stop_reason = if complete { StopReason::Complete } else { StopReason::Interrupted };
    let Recorder { folder, results, .. } = recorder;
    folder.write_comparison(&results)?;
    let studies = match &experiment.random_problems {
        Some(plan) if complete => plan.run(experiment.seed),
        _ => Vec::new(),
    };
    folder.write_random_problems(&studies)?;
    if let Some(text) = report::findings(&results, &studies) {
        folder.write_text("findings.md", &text)?;
    }
    let figures = folder.working_path().join("figures");
    let mut undrawn = None;
    for kind in &experiment.figures {
        match report::draw(*kind, &results, &studies, &figures) {
            Ok(()) => {}
            // A run that was cut short may lack what a figure needs.
            Err(report::FigureError::Empty { .. }) if !complete => {}
            // The tables are worth more than the figure: they are put in their place first.
            Err(source) => undrawn = undrawn.or(Some(Failure::Figure { name: kind.name(), source })),
        }
    }
    let seconds = clock.elapsed().as_secs_f64();
    let ended = Ended { experiment, kernels: run.kernels(), paths, warnings: &warnings, start, seconds, stop_reason };
    let path = folder.finish(&Manifest::of(&ended))?;
    if how.json {
        write_data(as_json(experiment, &path, &results, seconds, complete))?;
    }
    if !complete {
        return Err(Failure::Interrupted { path });
    }
    let escapes: usize = results.iter().map(|r| r.sample.exited()).sum();
    let censored: usize = results.iter().map(|r| r.sample.censored()).sum();
    let note = if censored > 0 { format!(", {censored} paths censored") } else { String::new() };
    if let Some(failure) = undrawn {
        return Err(failure);
    }
    talk.say(format!(
        "{}: {} cells, {escapes} escapes in {seconds:.1} s{note} → {}",
        experiment.name,
        results.len(),
        path.display()
    ));
    Ok(())
}

/// The file's warnings and those of the kernels, each once.
fn gather_warnings(experiment: &Experiment, run: &PreparedRun<'_>) -> Vec<String> {
    let mut warnings = experiment.warnings.clone();
    for warning in run.kernels().iter().flat_map(|kernel| kernel.warnings()) {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
    warnings
}

fn as_json(
    experiment: &Experiment,
    path: &std::path::Path,
    results: &[CellResult],
    seconds: f64,
    complete: bool,
) -> String {
    let cells: Vec<serde_json::Value> = results
        .iter()
        .map(|r| {
            json!({
                "cell": r.plan.index, "dynamics": r.plan.dynamics, "basin": r.plan.basin,
                "alpha": r.plan.problem.noise().alpha().get(), "epsilon": r.plan.problem.noise().epsilon(),
                "exited": r.sample.exited(), "censored": r.sample.censored(), "diverged": r.sample.diverged(),
                "mean": r.mean(), "ratio": r.ratio(), "theory_rate": r.prediction.as_ref().map(|p| p.rate),
                "events_per_path": r.events_per_path(),
            })
        })
        .collect();
    json!({ "name": experiment.name, "path": path, "seconds": seconds, "complete": complete, "cells": cells })
        .to_string()
}

/// Writes cells as they come and keeps what the figures need.
struct Recorder {
    folder: ResultsFolder,
    meter: Meter,
    results: Vec<CellResult>,
    talk: Talk,
}

impl Observer for Recorder {
    fn progress(&mut self, progress: Progress<'_>) {
        self.meter.show(progress);
    }

    fn cell(&mut self, result: CellResult, records: &[PathRecord]) -> io::Result<()> {
        self.folder.write_cell(&result, records)?;
        self.talk.say_more(format!(
            "cell {}: E Γ = {}, λ E Γ = {}, {:.1} events a path",
            result.plan.index,
            result.mean().map_or("–".to_string(), |m| format!("{:.4}", m.value)),
            result.ratio().map_or("–".to_string(), |r| format!("{:.4} ({:.4} to {:.4})", r.value, r.lo, r.hi)),
            result.events_per_path(),
        ));
        self.results.push(result);
        Ok(())
    }
}

/// The first Ctrl-C or SIGTERM stops at the next chunk, the second at once.
fn watch_signals(stop: &StopFlag) -> Result<(), Failure> {
    let stop = stop.clone();
    ctrlc::set_handler(move || {
        if stop.is_set() {
            std::process::exit(130);
        }
        say("stopping at the next chunk; once more to quit at once");
        stop.stop();
    })
    .map_err(Failure::Signal)
}
