//! Experiments with the settings of the command line, before anything runs.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::complaint::{Complain, Complaint, Exit};
use super::line::options::RunSettings;
use crate::engine::Shard;
use crate::experiment::Experiment;
use crate::files::Existing;
use crate::noise::Seed;
use crate::results::Request;

/// An experiment with its number of paths per cell.
pub struct Planned {
    pub experiment: Experiment,
    pub paths: u64,
    /// Whether `paths` was given on the command line.
    pub exactly: bool,
}

impl Planned {
    /// Replaces the settings of the file and `paths` where the command line gives others.
    pub fn new(mut experiment: Experiment, paths: u64, settings: &RunSettings) -> Self {
        let overrides = settings.overrides;
        settings.tables.apply(&mut experiment);
        experiment.seed = overrides.seed.map_or(experiment.seed, Seed);
        Planned { experiment, paths: overrides.paths.unwrap_or(paths), exactly: overrides.paths.is_some() }
    }

    /// The request for one shard of it.
    pub fn request(&self, shard: Shard) -> Request<'_> {
        Request { experiment: &self.experiment, paths: self.paths, exactly: self.exactly, shard }
    }
}

/// The folder for the results is a file.
#[derive(Debug, Error)]
#[error("{} is a file: --out needs a folder", path.display())]
pub struct OutIsFile {
    path: PathBuf,
}

impl Complain for OutIsFile {
    fn complaint(&self) -> Complaint {
        Complaint::new(self, Exit::BadInput).or_hint("results go to DIR/<name>/: pass the DIR")
    }
}

/// Refuses a file in place of the folder for the results.
pub fn check_out(out: &Path) -> Result<(), OutIsFile> {
    if out.is_file() { Err(OutIsFile { path: out.to_owned() }) } else { Ok(()) }
}

/// What happens to results of the same name.
pub fn existing(settings: &RunSettings) -> Existing {
    if settings.force {
        Existing::MoveAside
    } else if settings.resume {
        Existing::Resume
    } else {
        Existing::Refuse
    }
}

/// The threads of a pool cannot be started.
#[derive(Debug, Error)]
#[error("cannot start the threads")]
pub struct ThreadsError(#[from] rayon::ThreadPoolBuildError);

impl Complain for ThreadsError {
    fn complaint(&self) -> Complaint {
        Complaint::new(self, Exit::Io)
    }
}

/// Does `work` on a pool of so many threads, by default one per core.
pub fn in_pool<T: Send, E: From<ThreadsError> + Send>(
    threads: Option<u64>,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> Result<T, E> {
    let threads = threads.map_or(0, |n| n as usize);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(ThreadsError)?;
    pool.install(work)
}
