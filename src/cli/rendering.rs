//! From the store to tables, figures and the manifest: the last step of `run`, `merge` and `report`.

use std::path::Path;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde_json::json;
use thiserror::Error;

use super::columns::counted;
use super::complaint::{Complain, Complaint, Exit};
use super::console::{Console, OutputError, write_data};
use super::index::refresh_index;
use super::line::command_line::report_command;
use super::manifest::{EndedRun, Manifest, machine, period};
use super::outcome;
use super::pilot::{Effort, Pilot};
use super::progress::{Meter, short};
use super::stopping::Stopping;
use crate::engine::{CHUNK, Chunks, Done, Shard};
use crate::experiment::{Experiment, FigureKind, PlannedFigure};
use crate::report::{self, Drawing, FigureError, Page, Provenance};
use crate::results::{
    CellResult, Check, FlatnessOrder, MeanPositionResult, OccupancyResult, OptimiserRow, PreparedRun,
    RandomProblemsResult, ResultsError, ResultsFolder, TableError, check_warnings, render_mean_position,
    render_occupancy, render_tables,
};

/// Timing the paths of one cell: rounds of a chunk, the unit of a run.
const TIMING: Effort =
    Effort { first: CHUNK, budget: Duration::from_millis(100), limit: Duration::from_secs(20), most: u64::MAX };

/// Paths from which on the size of their table is printed.
const MANY_PATHS: u64 = 10_000_000;

/// How long the exact solver may take after a stop.
const STOPPED_BUDGET: Duration = Duration::from_secs(2);

/// Why the results of a run cannot be written.
#[derive(Debug, Error)]
pub enum RenderFailure {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Figure(#[from] FigureFailure),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Complain for RenderFailure {
    fn complaint(&self) -> Complaint {
        match self {
            RenderFailure::Table(error) => error.complaint(),
            RenderFailure::Results(error) => error.complaint(),
            RenderFailure::Figure(failure) => {
                failure.complaint().or_hint("the tables and the other figures have been written")
            }
            RenderFailure::Output(error) => error.complaint(),
        }
    }
}

/// Why a figure cannot be drawn.
#[derive(Debug, Error)]
#[error("the figure {name} could not be drawn")]
pub struct FigureFailure {
    /// Its name in the experiment file.
    pub name: String,
    /// The reason.
    #[source]
    pub source: FigureError,
}

impl Complain for FigureFailure {
    fn complaint(&self) -> Complaint {
        let exit = if matches!(self.source, FigureError::Empty { .. }) { Exit::CheckFailed } else { Exit::Io };
        Complaint::new(self, exit)
    }
}

/// A run whose results are to be written.
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

    /// Writes tables, findings, figures, page and manifest. A figure that cannot be drawn is reported after everything else is written. Returns the
    /// number of cells whose mean does not agree with the exact one.
    pub fn render(&self, json: bool, stopping: &Stopping, console: &Console) -> Result<usize, RenderFailure> {
        let (experiment, path) = (self.run.experiment(), self.folder.path());
        stopping.writing_tables_of(self.is_complete().then_some(path));
        if experiment.is_occupancy() || experiment.is_mean_position() {
            return self.render_counts(json, stopping, console);
        }
        let results = self.tables(stopping, console)?;
        results.iter().for_each(|result| console.say_more(cell_line(result)));
        let studies = match &experiment.random_problems {
            Some(plan) if self.is_complete() => RandomProblemsResult::solve(plan, experiment.seed),
            _ => Vec::new(),
        };
        self.folder.write_random_problems(&studies)?;
        self.folder.write_which_flatness(&FlatnessOrder::all(&results))?;
        self.folder.write_optimisers(&OptimiserRow::all(&results))?;
        let warnings = check_warnings(&results);
        let findings = report::findings(&results, &studies, &warnings);
        if let Some(text) = &findings {
            self.folder.write_text("findings.md", &format!("{}{text}", self.partial_mark()))?;
        }
        let seconds = self.seconds_per_path(&results, stopping);
        let (drawings, undrawn) = self.draw(report::Material {
            cells: &results,
            studies: &studies,
            occupancies: &[],
            positions: &[],
            seconds_per_path: &seconds,
        });
        let answer = report::answer(&results, &seconds);
        self.write_page(&results, &[], &[], answer.as_deref(), findings.as_deref(), &drawings)?;
        let seconds = self.write_manifest(&warnings, answer.as_deref())?;
        refresh_index(path, console);
        if json {
            write_data(as_json(experiment, path, &results, seconds, self.is_complete()))?;
        }
        stopping.writing_tables_of(None);
        if self.is_complete() {
            outcome::table(&results, console.width()).iter().for_each(|line| console.say(line));
        }
        warnings.iter().for_each(|warning| console.warn(warning));
        if self.is_complete() {
            self.print_end(&results, &drawings, seconds, console);
        }
        undrawn?;
        Ok(results.iter().filter(|result| result.check == Some(Check::Off)).count())
    }

    /// [`Rendering::render`] of an occupancy or of mean positions, which have no escapes. No cell can disagree with an exact mean.
    fn render_counts(&self, json: bool, stopping: &Stopping, console: &Console) -> Result<usize, RenderFailure> {
        let (experiment, path) = (self.run.experiment(), self.folder.path());
        let (store, chunks, done) = (&self.folder.store, self.chunks, self.done);
        let (occupancies, positions) = if experiment.is_occupancy() {
            (render_occupancy(self.run, store, chunks, done, path)?, Vec::new())
        } else {
            (Vec::new(), render_mean_position(self.run, store, chunks, done, path)?)
        };
        let studies = match &experiment.random_problems {
            Some(plan) if self.is_complete() => RandomProblemsResult::solve(plan, experiment.seed),
            _ => Vec::new(),
        };
        self.folder.write_random_problems(&studies)?;
        let findings = if experiment.is_occupancy() {
            report::occupancy_findings(&occupancies, &studies)
        } else {
            report::mean_position_findings(&positions, &studies)
        };
        self.folder.write_text("findings.md", &format!("{}{findings}", self.partial_mark()))?;
        let (drawings, undrawn) = self.draw(report::Material {
            cells: &[],
            studies: &studies,
            occupancies: &occupancies,
            positions: &positions,
            seconds_per_path: &[],
        });
        let answer = report::occupancy_answer(&occupancies).or_else(|| report::mean_position_answer(&positions));
        self.write_page(&[], &occupancies, &positions, answer.as_deref(), Some(&findings), &drawings)?;
        let seconds = self.write_manifest(&[], answer.as_deref())?;
        refresh_index(path, console);
        if json {
            let counted = occupancies.iter().map(occupancy_as_json).chain(positions.iter().map(positions_as_json));
            let cells: Vec<serde_json::Value> = counted.collect();
            let complete = self.is_complete();
            let (name, paths) = (&experiment.name, self.paths_done());
            write_data(
                json!({ "name": name, "path": path, "paths": paths, "seconds": seconds, "complete": complete, "cells": cells })
                    .to_string(),
            )?;
        }
        stopping.writing_tables_of(None);
        if self.is_complete() {
            answer.iter().for_each(|answer| console.say(answer));
            let (name, cells, paths) = (&experiment.name, occupancies.len() + positions.len(), self.paths_done());
            let (cells, paths) = (counted(cells, "cell"), counted(paths, "path"));
            console.say(format!("{name}: {cells}, {paths} in {seconds:.1} s → {}", path.display()));
            console.say(format!("files: {}", file_names(self.folder.path()).join(", ")));
            console.say(format!("figures: {}", self.drawn(&drawings)));
            console.say(format!("page: {}", path.join("report.html").display()));
            console.say(format!("write tables and figures again with: {}", report_command(path)));
        }
        undrawn?;
        Ok(0)
    }

    /// Prints the counts, where the files are, and the next command.
    fn print_end(&self, results: &[CellResult], drawings: &[Drawing], seconds: f64, console: &Console) {
        let (name, path) = (&self.run.experiment().name, self.folder.path());
        let escapes: usize = results.iter().map(|r| r.moments.exited()).sum();
        let censored: usize = results.iter().map(|r| r.moments.censored()).sum();
        let diverged: usize = results.iter().map(|r| r.moments.diverged()).sum();
        let note =
            |count: usize, what| if count > 0 { format!(", {} {what}", counted(count, "path")) } else { String::new() };
        let note = note(censored, "censored") + &note(diverged, "diverged");
        let (cells, escapes) = (counted(results.len(), "cell"), counted(escapes, "escape"));
        console.say(format!("{name}: {cells}, {escapes} in {seconds:.1} s{note} → {}", path.display()));
        console.say(format!("files: {}", file_names(self.folder.path()).join(", ")));
        console.say(format!("figures: {}", self.drawn(drawings)));
        console.say(format!("page: {}", path.join("report.html").display()));
        console.say(format!("write tables and figures again with: {}", report_command(path)));
        let file = self.run.experiment().escapes.file();
        if let Some(file) = file.filter(|_| self.paths_done() >= MANY_PATHS) {
            let size = std::fs::metadata(path.join(file)).map_or(0, |metadata| metadata.len());
            let (size, command) = (short(size as f64), report_command(path));
            console.say(format!(
                "{file} takes {size}B: {command} --escapes none removes it, and escapes = \"none\" in the experiment avoids it"
            ));
        }
    }

    /// The figures that were drawn, and those that fit the experiment but had no data.
    fn drawn(&self, drawings: &[Drawing]) -> String {
        let is_drawn = |figure: &&PlannedFigure| drawings.iter().any(|drawing| drawing.stem == figure.name());
        let (drawn, rest): (Vec<&PlannedFigure>, Vec<&PlannedFigure>) =
            self.run.experiment().figures.iter().partition(is_drawn);
        let rest = if rest.is_empty() { String::new() } else { format!("; without data: {}", figure_names(rest)) };
        figure_names(drawn) + &rest
    }

    fn tables(&self, stopping: &Stopping, console: &Console) -> Result<Vec<CellResult>, TableError> {
        let (name, clock) = (format!("{}: tables", self.run.experiment().name), Instant::now());
        let mut meter = Meter::new(console, &name, "cells");
        let mut watch = |done, of| {
            meter.count(done as u64, of as u64);
            // The complete run computes exact values anyway: a run that was stopped need not wait for them.
            self.is_complete() || stopping.cause().is_none() || clock.elapsed() < STOPPED_BUDGET
        };
        let results =
            render_tables(self.run, &self.folder.store, self.chunks, self.done, self.folder.path(), &mut watch);
        meter.finish();
        results
    }

    /// The first line of the findings of an incomplete run.
    fn partial_mark(&self) -> String {
        if self.is_complete() {
            return String::new();
        }
        format!(
            "**Partial:** {} of {} chunks of paths were run. Tables and figures hold the first paths of every cell.\n\n",
            self.done.count(),
            self.chunks.count()
        )
    }

    /// Wall time of a path of every cell, from a pilot, if a figure shows it; 0 where the pilot takes too long.
    fn seconds_per_path(&self, results: &[CellResult], stopping: &Stopping) -> Vec<f64> {
        if !self.run.experiment().figures.contains(&FigureKind::CostVsEpsilon.into()) {
            return Vec::new();
        }
        let cost = |result: &CellResult| {
            let pilot = Pilot::of(self.run, result.plan.index as usize, TIMING, stopping);
            pilot.seconds_per_event().unwrap_or(0.0) * result.events_per_path()
        };
        results.iter().map(cost).collect()
    }

    /// Draws all figures it can, and returns them with the first failure.
    fn draw(&self, material: report::Material<'_>) -> (Vec<Drawing>, Result<(), FigureFailure>) {
        let (folder, experiment) = (self.folder.path().join("figures"), self.run.experiment());
        let is_complete = self.is_complete();
        let draw = |figure: &PlannedFigure| {
            let style = experiment.is_written(figure).then(|| experiment.style_of(figure));
            report::draw(figure, material, &folder, style)
        };
        let drawn: Vec<Result<Drawing, FigureError>> = experiment.figures.par_iter().map(draw).collect();
        let (mut drawings, mut undrawn) = (Vec::new(), Ok(()));
        for (figure, drawing) in experiment.figures.iter().zip(drawn) {
            match drawing {
                Ok(drawing) => drawings.push(drawing),
                // An incomplete run may lack the data of a figure, and nobody asked for one that fits the plan.
                Err(FigureError::Empty { .. }) if !is_complete || experiment.is_automatic(figure) => {}
                Err(source) => undrawn = undrawn.and(Err(FigureFailure { name: figure.name().to_owned(), source })),
            }
        }
        (drawings, undrawn)
    }

    /// Writes `report.html`.
    fn write_page(
        &self,
        results: &[CellResult],
        occupancies: &[OccupancyResult],
        positions: &[MeanPositionResult],
        answer: Option<&str>,
        findings: Option<&str>,
        drawings: &[Drawing],
    ) -> Result<(), ResultsError> {
        let (experiment, identity) = (self.run.experiment(), self.folder.store.identity());
        let sessions = self.folder.store.sessions()?;
        let mut warnings = warnings(self.run);
        warnings.extend(check_warnings(results));
        // The manifest is written later, but the page is the same when it is written again.
        let mut files = file_names(self.folder.path());
        files.retain(|name| !["report.html", "figures", "manifest.json"].contains(&name.as_str()));
        files.push("manifest.json".to_owned());
        let provenance = Provenance {
            version: &identity.version,
            commit: option_env!("LEVY_ESCAPE_COMMIT"),
            machine: machine(),
            threads: sessions.last().map_or(0, |session| session.threads),
            seed: identity.seed,
            paths_per_cell: identity.paths,
            paths: [self.paths_done(), self.chunks.paths()],
            fingerprint: &identity.fingerprint,
            period: period(&sessions),
            seconds: sessions.iter().map(|session| session.seconds).sum(),
            command: format!("levy-escape run FILE --seed {} --paths {}", identity.seed, identity.paths),
            is_extended: (0u64..).zip(&identity.streams).any(|(cell, stream)| cell != *stream),
        };
        let page = Page {
            experiment,
            cells: results,
            occupancies,
            positions,
            answer,
            findings,
            drawings,
            warnings: &warnings,
            provenance,
            files: &files,
        };
        self.folder.write_text("report.html", &report::page(&page))
    }

    /// What `--json` prints for a shard, which has no results of cells.
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

    /// Writes the manifest, with the `checks` of the results among its warnings, and returns the wall time of all sessions in seconds.
    pub fn write_manifest(&self, checks: &[String], answer: Option<&str>) -> Result<f64, ResultsError> {
        self.folder.store.check_place()?;
        let sessions = self.folder.store.sessions()?;
        let warnings = [warnings(self.run).as_slice(), checks].concat();
        let ended = EndedRun {
            experiment: self.run.experiment(),
            kernels: self.run.kernels(),
            identity: self.folder.store.identity(),
            answer,
            warnings: &warnings,
            sessions: &sessions,
            paths_done: self.paths_done(),
            paths_planned: self.chunks.paths(),
        };
        self.folder.write_manifest(&Manifest::of(&ended))?;
        Ok(sessions.iter().map(|s| s.seconds).sum())
    }
}

/// Names of the files in a results folder, without the store.
pub fn file_names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with("run.sqlite") && !name.starts_with('.'));
    names.sort();
    names
}

/// The warnings of the file and of the kernels. One that some cells have says which.
pub fn warnings(run: &PreparedRun<'_>) -> Vec<String> {
    let mut found: Vec<(&String, Vec<usize>)> = Vec::new();
    for (cell, kernel) in run.kernels().iter().enumerate() {
        for warning in kernel.warnings() {
            match found.iter_mut().find(|(other, _)| *other == warning) {
                Some((_, cells)) => cells.push(cell),
                None => found.push((warning, vec![cell])),
            }
        }
    }
    let all = run.kernels().len();
    let of_cells = found.into_iter().map(|(warning, cells)| match cells.as_slice() {
        cells if cells.len() == all => warning.clone(),
        [cell] => format!("cell {cell}: {warning}"),
        cells => format!("cells {}: {warning}", ranges(cells)),
    });
    run.experiment().warnings.iter().cloned().chain(of_cells).collect()
}

/// Ascending numbers, as `0 to 3, 7`.
fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    let text = |run: &[usize]| match run {
        [first, _, .., last] => format!("{first} to {last}"),
        few => few.iter().map(usize::to_string).collect::<Vec<_>>().join(", "),
    };
    runs.map(text).collect::<Vec<_>>().join(", ")
}

/// Names of figures, or `none`.
pub fn figure_names<'f>(figures: impl IntoIterator<Item = &'f PlannedFigure>) -> String {
    let names: Vec<&str> = figures.into_iter().map(PlannedFigure::name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn cell_line(result: &CellResult) -> String {
    format!(
        "cell {}: E Γ = {}, λ E Γ = {}, {:.1} events per path",
        result.plan.index,
        result.mean().map_or("–".to_string(), |m| format!("{:.4}", m.value)),
        result.lambda_mean().map_or("–".to_string(), |r| format!("{:.4} ({:.4} to {:.4})", r.value, r.lo, r.hi)),
        result.events_per_path(),
    )
}

fn occupancy_as_json(result: &OccupancyResult) -> serde_json::Value {
    let last = result.occupancy.times().len() - 1;
    let share = |well| result.share(last, well);
    let rates: Vec<serde_json::Value> = result
        .pairs()
        .map(|(from, to)| {
            json!({
                "from": from + 1, "to": to + 1, "rate": result.rate(from, to), "predicted": result.predicted_rate(from, to),
            })
        })
        .collect();
    let noise = result.plan.problem.noise();
    json!({
        "cell": result.plan.index, "dynamics": result.plan.dynamics, "basin": result.plan.basin,
        "alpha": noise.alpha().get(), "epsilon": noise.epsilon(), "paths": result.counts.paths(),
        "diverged": result.counts.diverged(last), "time": result.occupancy.times()[last],
        "occupancy": (0..result.wells()).map(share).collect::<Vec<_>>(),
        "stationary": result.chain.as_ref().map(|chain| chain.stationary()), "rates": rates,
    })
}

fn positions_as_json(result: &MeanPositionResult) -> serde_json::Value {
    let noise = result.plan.problem.noise();
    let axis = |axis: usize| {
        json!({
            "left_curvature": result.curvatures[0][axis], "right_curvature": result.curvatures[1][axis],
            "clip": result.clips[axis], "mean": result.mean(axis), "predicted": result.predicted(axis),
        })
    };
    json!({
        "cell": result.plan.index, "dynamics": result.plan.dynamics, "basin": result.plan.basin,
        "alpha": noise.alpha().get(), "epsilon": noise.epsilon(), "paths": result.sums.paths(),
        "diverged": result.sums.diverged(), "axes": (0..result.dim()).map(axis).collect::<Vec<_>>(),
    })
}

fn as_json(experiment: &Experiment, path: &Path, results: &[CellResult], seconds: f64, complete: bool) -> String {
    let cells: Vec<serde_json::Value> = results
        .iter()
        .map(|r| {
            json!({
                "cell": r.plan.index, "dynamics": r.plan.dynamics, "basin": r.plan.basin,
                "alpha": r.plan.parameter("alpha"), "epsilon": r.plan.problem.noise().epsilon(),
                "exited": r.moments.exited(), "censored": r.moments.censored(), "diverged": r.moments.diverged(),
                "mean": r.mean(), "check": r.check, "lambda_mean": r.lambda_mean(), "theory_rate": r.prediction.as_ref().map(|p| p.rate),
                "events_per_path": r.events_per_path(),
            })
        })
        .collect();
    json!({ "name": experiment.name, "path": path, "seconds": seconds, "complete": complete, "cells": cells })
        .to_string()
}
