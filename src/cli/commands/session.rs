//! One session of a run: from its open folder to its tables, or to where it was stopped.

use std::time::{Duration, Instant};

use thiserror::Error;

use crate::cli::columns::counted;
use crate::cli::complaint::{Complain, Complaint, ELSEWHERE, FORCE_OR_OUT};
use crate::cli::console::{Console, OutputError, write_data};
use crate::cli::line::command_line::resume_command;
use crate::cli::line::options::RunSettings;
use crate::cli::manifest::now;
use crate::cli::progress::{Meter, PathCounter};
use crate::cli::rendering::{RenderFailure, Rendering, warnings};
use crate::cli::stopping::{StopCause, Stopped, Stopping};
use crate::engine::{Chunks, Done, Shard};
use crate::experiment::Experiment;
use crate::results::{Observer, PreparedRun, Progress, ResultsError, ResultsFolder, RunError, TableError};
use crate::store::{Session, StoreError};

/// Time between commits: a killed process loses at most the paths of this time.
const COMMIT_EVERY: Duration = Duration::from_millis(400);

/// What every session of one command shares.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    pub settings: &'c RunSettings,
    pub stopping: &'c Stopping,
    pub console: &'c Console,
    pub counter: Option<&'c PathCounter>,
}

/// Why a session ends without complete results.
#[derive(Debug, Error)]
pub enum SessionFailure {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Render(#[from] RenderFailure),
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl From<StoreError> for SessionFailure {
    fn from(error: StoreError) -> Self {
        SessionFailure::Run(error.into())
    }
}

impl Complain for SessionFailure {
    fn complaint(&self) -> Complaint {
        match self {
            SessionFailure::Run(RunError::Store(error)) => store_complaint(error).or_hint(resume_hint()),
            SessionFailure::Run(error) => error.complaint(),
            SessionFailure::Results(ResultsError::Store(error))
            | SessionFailure::Render(
                RenderFailure::Results(ResultsError::Store(error)) | RenderFailure::Table(TableError::Store(error)),
            ) => store_complaint(error),
            SessionFailure::Results(error) => error.complaint(),
            SessionFailure::Render(RenderFailure::Table(error @ TableError::Write { .. })) => {
                error.complaint().or_hint(resume_hint())
            }
            SessionFailure::Render(failure) => failure.complaint(),
            SessionFailure::Stopped(stopped) => stopped.complaint(),
            SessionFailure::Output(error) => error.complaint(),
        }
    }
}

fn resume_hint() -> String {
    format!("completed paths are saved; once there is disk space and write access, resume with: {}", resume_command())
}

/// A store that a run can replace.
pub fn store_complaint(error: &StoreError) -> Complaint {
    let complaint = error.complaint();
    match error {
        StoreError::Damaged { .. } | StoreError::Foreign { .. } => {
            complaint.or_hint("pass --force to move it aside and start again; nothing was changed")
        }
        StoreError::Absent { .. } => complaint.or_hint(FORCE_OR_OUT),
        StoreError::Folder { .. } => complaint.or_hint(ELSEWHERE),
        _ => complaint,
    }
}

/// Runs the missing paths of one experiment and writes its results. Returns the number of cells whose mean does not agree with the exact one.
pub fn run_session(
    run: &PreparedRun<'_>,
    mut folder: ResultsFolder,
    context: Context<'_>,
) -> Result<usize, SessionFailure> {
    let clock = Instant::now();
    print_plan(run, context.console);
    let chunks = Chunks::new(vec![folder.paths(); run.experiment().cells.len()], folder.store.identity().shard);
    let mut done = begin(run, &mut folder, &chunks, clock, context.console)?;
    let mut watcher = Watcher::new(context, run.experiment());
    let ended = run.run(&mut folder.store, &chunks, &mut done, &context.stopping.flag, &mut watcher);
    watcher.meter.finish();
    ended?;
    let complete = done.count() == chunks.count();
    let seconds = folder.store.end_session(stop_reason(complete, context.stopping))?;
    let off = write_results(&Rendering { run, folder: &folder, chunks: &chunks, done: &done }, seconds, context)?;
    if !complete {
        let cause = context.stopping.cause().unwrap_or(StopCause::Interrupted);
        return Err(Stopped { cause, path: folder.path().to_owned() }.into());
    }
    print_shard(&folder, &chunks, seconds, run, context.console);
    Ok(off)
}

fn print_plan(run: &PreparedRun<'_>, console: &Console) {
    warnings(run).iter().for_each(|warning| console.warn(warning));
    for (plan, kernel) in run.experiment().cells.iter().zip(run.kernels()) {
        console.say_more(format!("cell {}: {}, {}: {}", plan.index, plan.dynamics, plan.basin, kernel.describe()));
    }
}

/// Checks what the store holds, changes nothing before that is right, and starts a session.
fn begin(
    run: &PreparedRun<'_>,
    folder: &mut ResultsFolder,
    chunks: &Chunks,
    clock: Instant,
    console: &Console,
) -> Result<Done, StoreError> {
    let experiment = run.experiment();
    let done = folder.store.done(chunks)?;
    let identity = folder.identity().clone();
    if identity.fingerprint != folder.store.identity().fingerprint {
        console.say(format!("{}: the sweep has changed, and every stored cell is kept", experiment.name));
    }
    folder.store.renew(&identity)?;
    if done.count() > 0 {
        let stored = chunks.paths() - chunks.paths_of(done.gaps(chunks.count()));
        console.say(format!("{}: {stored} of {} paths exist already", experiment.name, chunks.paths()));
    }
    let threads = rayon::current_num_threads();
    // A session that ends has its own stop reason; one that keeps this was killed.
    let session = Session { start: now(), seconds: 0.0, threads, stop_reason: "killed".to_string() };
    folder.store.begin_session(session, clock)?;
    Ok(done)
}

fn stop_reason(complete: bool, stopping: &Stopping) -> &'static str {
    match stopping.cause() {
        _ if complete => "complete",
        Some(StopCause::TimeLimit) => "time_limit",
        _ => "interrupted",
    }
}

/// Writes tables and figures, or for a shard, whose tables come with the merge, the manifest alone.
fn write_results(rendering: &Rendering<'_>, seconds: f64, context: Context<'_>) -> Result<usize, SessionFailure> {
    let shard = rendering.folder.store.identity().shard;
    if shard == Shard::WHOLE {
        return Ok(rendering.render(context.settings.json, context.stopping, context.console)?);
    }
    rendering.write_manifest(&[], None)?;
    if context.settings.json {
        write_data(rendering.shard_as_json(shard, seconds))?;
    }
    Ok(0)
}

fn print_shard(folder: &ResultsFolder, chunks: &Chunks, seconds: f64, run: &PreparedRun<'_>, console: &Console) {
    let shard = folder.store.identity().shard;
    if shard != Shard::WHOLE {
        let (name, i, n, path) = (&run.experiment().name, shard.index(), shard.count(), folder.path().display());
        let paths = counted(chunks.paths(), "path");
        console.say(format!("{name}: shard {i}/{n}, {paths} in {seconds:.1} s → {path}"));
    }
}

/// Shows progress, and says when to commit.
struct Watcher<'c> {
    meter: Meter,
    counter: Option<&'c PathCounter>,
    committed: Instant,
}

impl<'c> Watcher<'c> {
    fn new(context: Context<'c>, experiment: &Experiment) -> Self {
        let unit = if experiment.is_occupancy() || experiment.is_mean_position() { "paths" } else { "escapes" };
        let meter = Meter::of_run(context.console, &experiment.name, unit);
        Watcher { meter, counter: context.counter, committed: Instant::now() }
    }
}

impl Observer for Watcher<'_> {
    fn progress(&mut self, progress: Progress<'_>) {
        if let Some(counter) = self.counter {
            counter.set(&progress);
        }
        self.meter.show(progress);
    }

    fn commit_due(&mut self) -> bool {
        let due = self.committed.elapsed() >= COMMIT_EVERY;
        if due {
            self.committed = Instant::now();
        }
        due
    }
}
