//! `run`: experiments from their files to their results folders.

use std::path::Path;

use thiserror::Error;

use super::dry_run::{DryRunFailure, dry_run};
use super::session::{Context, SessionFailure, run_session, store_complaint};
use crate::cli::complaint::{Complain, Complaint, ELSEWHERE, Exit};
use crate::cli::console::Console;
use crate::cli::index::write_index;
use crate::cli::line::options::{RunOptions, RunSettings};
use crate::cli::load::{LoadFailure, load_all};
use crate::cli::planned::{OutIsFile, Planned, ThreadsError, check_out, existing, in_pool};
use crate::cli::rendering::{FigureFailure, RenderFailure};
use crate::cli::stopping::{SignalError, Stopped, Stopping};
use crate::engine::Shard;
use crate::experiment::Experiment;
use crate::files::FilesError;
use crate::results::{PreparedRun, Request, ResultsError, ResultsFolder, RunError};

/// Why experiments cannot be run.
#[derive(Debug, Error)]
pub enum RunFailure {
    #[error(transparent)]
    Load(#[from] LoadFailure),
    #[error("two experiments are named {name:?}")]
    SameName { name: String },
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Prepare(#[from] RunError),
    #[error(transparent)]
    Session(#[from] SessionFailure),
    #[error(transparent)]
    Figure(FigureFailure),
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error(transparent)]
    DryRun(#[from] DryRunFailure),
    #[error(transparent)]
    Out(#[from] OutIsFile),
    #[error(transparent)]
    Signal(#[from] SignalError),
    #[error(transparent)]
    Threads(#[from] ThreadsError),
}

impl Complain for RunFailure {
    fn complaint(&self) -> Complaint {
        match self {
            RunFailure::Load(failure) => failure.complaint(),
            RunFailure::SameName { .. } => Complaint::new(self, Exit::BadInput)
                .or_hint("the name of an experiment is its results folder: give each its own"),
            RunFailure::Results(ResultsError::Files(error @ FilesError::Exists { .. })) => error
                .complaint()
                .or_hint("pass --resume to continue it, --force to move it aside, or --out DIR to write elsewhere"),
            RunFailure::Results(ResultsError::Files(error @ FilesError::Write { .. })) => {
                error.complaint().or_hint(ELSEWHERE)
            }
            RunFailure::Results(ResultsError::Store(error)) => store_complaint(error),
            RunFailure::Results(error) => error.complaint(),
            RunFailure::Prepare(error) => error.complaint(),
            RunFailure::Session(failure) => failure.complaint(),
            RunFailure::Figure(failure) => {
                failure.complaint().or_hint("the tables and the other figures have been written")
            }
            RunFailure::Stopped(stopped) => stopped.complaint(),
            RunFailure::DryRun(failure) => failure.complaint(),
            RunFailure::Out(error) => error.complaint(),
            RunFailure::Signal(error) => error.complaint(),
            RunFailure::Threads(error) => error.complaint(),
        }
    }
}

/// Runs the given files, or estimates what that would take.
pub fn run(options: &RunOptions, console: &Console) -> Result<(), RunFailure> {
    let settings = &options.settings;
    check_out(&settings.out)?;
    let plan = plan(options)?;
    let shard = options.shard.unwrap_or(Shard::WHOLE);
    if options.dry_run {
        return Ok(dry_run(&plan, shard, settings, console)?);
    }
    let stopping = Stopping::watch(settings.max_time)?;
    let ran = run_all(&plan, shard, Context { settings, stopping: &stopping, console, counter: None });
    if ran.is_ok() && plan.len() > 1 && shard == Shard::WHOLE {
        write_index(&settings.out, console);
    }
    ran.map(|_| ())
}

fn plan(options: &RunOptions) -> Result<Vec<Planned>, LoadFailure> {
    let planned = |experiment: Experiment| {
        let paths = experiment.paths;
        Planned::new(experiment, paths, &options.settings)
    };
    Ok(load_all(&options.files, &options.settings.out)?.into_iter().map(planned).collect())
}

/// Runs experiments one after the other. All are prepared, and their folders opened, before the first path is run. Returns the number of cells
/// whose mean does not agree with the exact one.
pub fn run_all(plan: &[Planned], shard: Shard, context: Context<'_>) -> Result<usize, RunFailure> {
    let requests: Vec<Request<'_>> = plan.iter().map(|planned| planned.request(shard)).collect();
    check_names(&requests)?;
    in_pool(context.settings.threads, || {
        check_folders(&requests, context.settings)?;
        let runs = plan.iter().map(|p| PreparedRun::new(&p.experiment)).collect::<Result<Vec<_>, _>>()?;
        let folders = open_folders(&requests, context)?;
        run_each(&runs, folders, context)
    })
}

fn check_names(requests: &[Request<'_>]) -> Result<(), RunFailure> {
    for (index, request) in requests.iter().enumerate() {
        let name = &request.experiment.name;
        if requests[..index].iter().any(|other| other.experiment.name == *name) {
            return Err(RunFailure::SameName { name: name.clone() });
        }
    }
    Ok(())
}

fn check_folders(requests: &[Request<'_>], settings: &RunSettings) -> Result<(), ResultsError> {
    requests.iter().try_for_each(|request| ResultsFolder::check(&settings.out, request, existing(settings)))
}

/// Opens all folders, or none.
fn open_folders(requests: &[Request<'_>], context: Context<'_>) -> Result<Vec<ResultsFolder>, ResultsError> {
    let Context { settings, console, .. } = context;
    let mut folders = Vec::new();
    for request in requests {
        match ResultsFolder::open(&settings.out, request, existing(settings)) {
            Ok(folder) => folders.push(folder),
            Err(error) => {
                undo(folders, console);
                return Err(error);
            }
        }
    }
    folders.iter().for_each(|folder| console.moved(folder.path(), folder.moved()));
    Ok(folders)
}

/// Puts moved results back. Where that fails an empty run is left, and the user must know where the results are.
fn undo(folders: Vec<ResultsFolder>, console: &Console) {
    for folder in folders {
        let (path, moved) = (folder.path().to_owned(), folder.moved().map(Path::to_owned));
        if folder.undo().is_err() {
            console.moved(&path, moved.as_deref());
        }
    }
}

/// Runs every experiment in its folder. A figure that cannot be drawn does not keep the others from being run.
fn run_each(runs: &[PreparedRun<'_>], folders: Vec<ResultsFolder>, context: Context<'_>) -> Result<usize, RunFailure> {
    let mut folders = folders.into_iter();
    let (mut off, mut undrawn) = (0, Ok(()));
    for (index, run) in runs.iter().enumerate() {
        let Some(folder) = folders.next() else { break };
        if let Some(cause) = context.stopping.cause().filter(|_| index > 0) {
            discard([folder].into_iter().chain(folders));
            return Err(Stopped { cause, path: context.settings.out.clone() }.into());
        }
        match run_session(run, folder, context) {
            Ok(cells) => off += cells,
            Err(SessionFailure::Render(RenderFailure::Figure(failure))) => {
                undrawn = undrawn.and(Err(RunFailure::Figure(failure)));
            }
            Err(failure) => {
                discard(folders);
                return Err(failure.into());
            }
        }
    }
    undrawn.map(|()| off)
}

/// Removes the folders of experiments that were not started. One that cannot be removed holds only an empty run.
fn discard(folders: impl IntoIterator<Item = ResultsFolder>) {
    for folder in folders {
        let _ = folder.discard();
    }
}
