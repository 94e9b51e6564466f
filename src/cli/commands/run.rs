//! `run`: experiments from file to folder.

use std::path::Path;
use std::time::{Duration, Instant};

use super::dry_run;
use crate::cli::arguments::{Overrides, RunOptions, RunSettings};
use crate::cli::console::{Console, Meter, write_data};
use crate::cli::failure::{Failure, load_all};
use crate::cli::manifest::now;
use crate::cli::rendering::{Rendering, warnings};
use crate::cli::stopping::{StopCause, Stopping};
use crate::engine::{Chunks, Shard};
use crate::experiment::Experiment;
use crate::files::Existing;
use crate::noise::Seed;
use crate::results::{Observer, PreparedRun, Progress, Request, ResultsFolder, RunError};
use crate::store::Session;

/// How long what was run may stay unsafe.
const COMMIT_EVERY: Duration = Duration::from_millis(400);

/// An experiment with its number of paths a cell.
pub struct Planned {
    pub experiment: Experiment,
    pub paths: u64,
    /// Whether the number was given on the command line.
    pub exactly: bool,
}

impl Planned {
    /// The experiment with what the command line gives instead of the file's seed and of `paths`.
    pub fn new(mut experiment: Experiment, paths: u64, instead: Overrides) -> Self {
        experiment.seed = instead.seed.map_or(experiment.seed, Seed);
        Planned { experiment, paths: instead.paths.unwrap_or(paths), exactly: instead.paths.is_some() }
    }

    /// What is asked for, or a part of it.
    pub fn request(&self, shard: Shard) -> Request<'_> {
        Request { experiment: &self.experiment, paths: self.paths, exactly: self.exactly, shard }
    }
}

/// What is to be done with results that are there.
pub fn existing(how: &RunSettings) -> Existing {
    match (how.force, how.resume) {
        (true, _) => Existing::MoveAside,
        (_, true) => Existing::Resume,
        _ => Existing::Refuse,
    }
}

/// Runs the files given.
pub fn run(options: &RunOptions, console: &Console) -> Result<(), Failure> {
    let planned = |experiment: Experiment| {
        let paths = experiment.paths;
        Planned::new(experiment, paths, options.how.instead)
    };
    let plan: Vec<Planned> = load_all(&options.files, &options.how.out)?.into_iter().map(planned).collect();
    let shard = options.shard.unwrap_or(Shard::WHOLE);
    match options.dry_run {
        true => in_pool(&options.how, || dry_run::dry_run(&plan, shard, &options.how)),
        false => run_all(&plan, shard, &options.how, &Stopping::watch(options.how.max_time)?, console),
    }
}

/// Does something on the threads asked for.
pub fn in_pool(how: &RunSettings, work: impl FnOnce() -> Result<(), Failure> + Send) -> Result<(), Failure> {
    let threads = how.threads.map_or(0, |n| n as usize);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(Failure::Threads)?;
    pool.install(work)
}

/// Runs experiments one after the other. Everything is prepared, and every folder opened, before the first path is run.
pub fn run_all(
    plan: &[Planned],
    shard: Shard,
    how: &RunSettings,
    stopping: &Stopping,
    console: &Console,
) -> Result<(), Failure> {
    let existing = existing(how);
    let requests: Vec<Request<'_>> = plan.iter().map(|planned| planned.request(shard)).collect();
    in_pool(how, || {
        for (index, request) in requests.iter().enumerate() {
            let name = &request.experiment.name;
            if requests[..index].iter().any(|other| other.experiment.name == *name) {
                return Err(Failure::SameName { name: name.clone() });
            }
            ResultsFolder::check(&how.out, request, existing)?;
        }
        let runs = plan.iter().map(|p| PreparedRun::new(&p.experiment)).collect::<Result<Vec<_>, _>>()?;
        let mut folders = Vec::new();
        for request in &requests {
            match ResultsFolder::open(&how.out, request, existing) {
                Ok(folder) => folders.push(folder),
                Err(error) => {
                    // Nothing was begun. One that cannot be undone holds an empty run, and is told.
                    for folder in folders {
                        let moved = folder.moved().map(Path::to_owned);
                        let path = folder.path().to_owned();
                        if folder.undo().is_err() {
                            console.moved(&path, moved.as_deref());
                        }
                    }
                    return Err(error.into());
                }
            }
        }
        folders.iter().for_each(|folder| console.moved(folder.path(), folder.moved()));
        let mut folders = folders.into_iter();
        let mut undrawn = Ok(());
        for (index, run) in runs.iter().enumerate() {
            let Some(folder) = folders.next() else { break };
            if let Some(early) = stopping.reason().filter(|_| index > 0) {
                discard([folder].into_iter().chain(folders));
                return Err(early.failure(how.out.clone()));
            }
            match run_one(run, folder, stopping, how, console) {
                Ok(()) => {}
                Err(failure @ Failure::Figure { .. }) => undrawn = undrawn.and(Err(failure)),
                Err(failure) => {
                    discard(folders);
                    return Err(failure);
                }
            }
        }
        undrawn
    })
}

/// Takes away the folders of experiments that were not begun. One that cannot be removed holds an empty run, which is no loss.
fn discard(folders: impl IntoIterator<Item = ResultsFolder>) {
    for folder in folders {
        let _ = folder.discard();
    }
}

fn run_one(
    run: &PreparedRun<'_>,
    mut folder: ResultsFolder,
    stopping: &Stopping,
    how: &RunSettings,
    console: &Console,
) -> Result<(), Failure> {
    let (clock, experiment) = (Instant::now(), run.experiment());
    let path = folder.path().to_owned();
    warnings(run).iter().for_each(|warning| console.warn(warning));
    for (plan, kernel) in experiment.cells.iter().zip(run.kernels()) {
        console.say_more(format!("cell {}: {}, {}: {}", plan.index, plan.dynamics, plan.basin, kernel.describe()));
    }
    let (paths, shard) = (folder.paths(), folder.store.identity().shard);
    let chunks = Chunks::new(vec![paths; experiment.cells.len()], shard);
    // Everything is checked before anything is changed.
    let mut done = folder.store.done(&chunks).map_err(RunError::from)?;
    folder.store.renew(paths, &experiment.text).map_err(RunError::from)?;
    if done.count() > 0 {
        console.say(format!("{}: {} of {} chunks are there already", experiment.name, done.count(), chunks.count()));
    }
    let session = Session {
        start: now(),
        seconds: 0.0,
        threads: rayon::current_num_threads(),
        stop_reason: "killed".to_string(),
    };
    folder.store.begin_session(session, clock).map_err(RunError::from)?;
    let mut watcher = Watcher { meter: console.meter(&experiment.name, "escapes"), committed: Instant::now() };
    let ended = run.run(&mut folder.store, &chunks, &mut done, &stopping.flag, &mut watcher);
    watcher.meter.finish();
    ended?;
    let complete = done.count() == chunks.count();
    let seconds = folder
        .store
        .end_session(match stopping.reason() {
            _ if complete => "complete",
            Some(StopCause::TimeLimit) => "time_limit",
            _ => "interrupted",
        })
        .map_err(RunError::from)?;
    let rendering = Rendering { run, folder: &folder, chunks: &chunks, done: &done };
    if shard == Shard::WHOLE {
        rendering.render(how.json, stopping, console)?;
    } else {
        // A shard's tables would be of no use; those of the run come with the merge.
        rendering.write_manifest()?;
        if how.json {
            write_data(rendering.shard_as_json(shard, seconds))?;
        }
    }
    if !complete {
        return Err(stopping.reason().unwrap_or(StopCause::Interrupted).failure(path));
    }
    if shard != Shard::WHOLE {
        let (i, n) = (shard.index(), shard.count());
        console.say(format!(
            "{}: shard {i}/{n}, {} paths in {seconds:.1} s → {}",
            experiment.name,
            chunks.paths(),
            path.display()
        ));
    }
    Ok(())
}

/// Shows how far the run is and says when to commit.
struct Watcher {
    meter: Meter,
    committed: Instant,
}

impl Observer for Watcher {
    fn progress(&mut self, progress: Progress<'_>) {
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
