//! Errors as a person meets them.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::commands::tail_index::failure::TailIndexFailure;
use super::console::say;
use super::stopping::{report_command, resume_command, resumes};
#[cfg(feature = "calibrate")]
use crate::calibrate::{CalibrateError, DataError};
use crate::engine::Shard;
use crate::experiment::{Experiment, ExperimentErrors, is_calibration};
use crate::files::FilesError;
use crate::report::FigureError;
use crate::results::{MergeError, ResultsError, RunError, TableError};
use crate::store::StoreError;
use crate::tail::NpyError;

/// The system's error for a process that may not open another file.
#[cfg(unix)]
const TOO_MANY_OPEN: Option<i32> = Some(libc::EMFILE);
#[cfg(not(unix))]
const TOO_MANY_OPEN: Option<i32> = None;

/// Why the program ends with an exit code other than 0.
#[derive(Debug, Error)]
pub enum Failure {
    #[error(transparent)]
    Experiment(#[from] Box<ExperimentErrors>),
    #[error("{} of {total} experiment files are wrong", errors.len())]
    Several { errors: Vec<Failure>, total: usize },
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error("the figure {name} could not be drawn")]
    Figure {
        name: &'static str,
        #[source]
        source: FigureError,
    },
    #[error(transparent)]
    TailIndex(#[from] TailIndexFailure),
    #[error("two experiments are named {name:?}")]
    SameName { name: String },
    #[error("no experiment files in {}", path.display())]
    NoExperiments { path: PathBuf },
    #[error("the signal handler could not be set")]
    Signal(#[source] ctrlc::Error),
    #[error("threads could not be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    #[error("standard output could not be written")]
    Output(#[source] io::Error),
    #[cfg(feature = "calibrate")]
    #[error(transparent)]
    Calibrate(#[from] CalibrateError),
    #[cfg(feature = "calibrate")]
    #[error("{labels} diverged; what was measured until then is in {}", path.display())]
    Diverged { labels: String, path: PathBuf },
    #[cfg(feature = "calibrate")]
    #[error("{label}: the gradient noise has no tail index: {reason}; what was measured is in {}", path.display())]
    NoTailIndex { label: String, reason: String, path: PathBuf },
    #[cfg(feature = "calibrate")]
    #[error("stopped; what was measured until then is in {}", path.display())]
    TrainingStopped { path: PathBuf },
    #[cfg(feature = "calibrate")]
    #[error("{} holds something else than the calibration that this file, seed and version of the program give", path.display())]
    OtherCalibration { path: PathBuf },
    #[error(transparent)]
    Npy(#[from] NpyError),
    #[error("{} trains a network: it is no experiment", path.display())]
    IsCalibration { path: PathBuf },
    #[error("stopped; what was done is in {}", path.display())]
    Interrupted { path: PathBuf },
    #[error("the time limit has come; what was done is in {}", path.display())]
    TimeLimit { path: PathBuf },
    #[error("the run in {} is not complete; the tables hold the first paths of every cell", path.display())]
    Incomplete { path: PathBuf },
    #[error("{} holds shard {}/{} of a run: its tables come with the merge", path.display(), shard.index(), shard.count())]
    IsShard { path: PathBuf, shard: Shard },
    #[error("the tables of {} could not be written", path.display())]
    Unrendered {
        path: PathBuf,
        #[source]
        source: TableError,
    },
    #[error("{} cannot be written", path.display())]
    Script {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{argument:?} cannot stand in a script as an option of sbatch")]
    SbatchArgument { argument: String },
    #[error("sbatch did not take the job")]
    Submit {
        #[source]
        source: io::Error,
    },
}

impl Failure {
    /// What is wrong with a store, if that is it.
    fn store(&self) -> Option<&StoreError> {
        match self {
            Failure::Results(ResultsError::Store(error)) | Failure::Run(RunError::Store(error)) => Some(error),
            Failure::Merge(MergeError::Store(error) | MergeError::Results(ResultsError::Store(error))) => Some(error),
            Failure::Table(error) | Failure::Unrendered { source: error, .. } => match error {
                TableError::Store(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }

    /// What is wrong with a place for files, if that is it.
    fn files(&self) -> Option<&FilesError> {
        match self {
            Failure::Files(error) | Failure::Results(ResultsError::Files(error)) => Some(error),
            Failure::Merge(MergeError::Files(error) | MergeError::Results(ResultsError::Files(error))) => Some(error),
            _ => None,
        }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        if let Some(StoreError::Differs { .. } | StoreError::Format { .. }) = self.store() {
            return 2;
        }
        if let Some(error) = self.files() {
            return if matches!(error, FilesError::Exists { .. } | FilesError::NoName { .. }) { 2 } else { 3 };
        }
        match self {
            Failure::Experiment(_) | Failure::NoExperiments { .. } | Failure::SameName { .. } => 2,
            Failure::Several { errors, .. } => errors.iter().map(Failure::code).max().unwrap_or(2),
            Failure::Results(results) | Failure::Merge(MergeError::Results(results)) => match results {
                ResultsError::FewerPaths { .. } | ResultsError::OtherShard { .. } => 2,
                _ => 3,
            },
            Failure::Run(RunError::Scheme { .. }) | Failure::SbatchArgument { .. } => 2,
            Failure::Merge(MergeError::Incomplete { .. }) => 5,
            Failure::Merge(MergeError::Store(_)) => 3,
            Failure::Merge(_) => 2,
            Failure::TailIndex(failure) => failure.code(),
            Failure::Table(TableError::Sample { .. })
            | Failure::Unrendered { source: TableError::Sample { .. }, .. }
            | Failure::Figure { source: FigureError::Empty { .. }, .. } => 1,
            Failure::TimeLimit { .. } | Failure::Incomplete { .. } => 5,
            Failure::IsCalibration { .. } | Failure::IsShard { .. } => 2,
            #[cfg(feature = "calibrate")]
            Failure::Calibrate(error) => match error {
                CalibrateError::Data(DataError::Read { .. })
                | CalibrateError::Tensor(_)
                | CalibrateError::Threads(_) => 3,
                _ => 2,
            },
            #[cfg(feature = "calibrate")]
            Failure::Diverged { .. } | Failure::NoTailIndex { .. } => 1,
            #[cfg(feature = "calibrate")]
            Failure::OtherCalibration { .. } => 2,
            #[cfg(feature = "calibrate")]
            Failure::TrainingStopped { .. } => 130,
            Failure::Interrupted { .. } => 130,
            _ => 3,
        }
    }

    /// Whether it failed for want of descriptors, of which every shard of a merge takes one.
    fn is_too_many_open(&self) -> bool {
        let mut causes = std::iter::successors(self.source(), |&cause| cause.source());
        causes.any(|cause| match (cause.downcast_ref::<io::Error>(), cause.downcast_ref::<rusqlite::Error>()) {
            (Some(error), _) => TOO_MANY_OPEN.is_some() && error.raw_os_error() == TOO_MANY_OPEN,
            (_, Some(error)) => {
                matches!(self, Failure::Merge(_)) && error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen)
            }
            _ => false,
        })
    }

    fn hint(&self) -> Option<String> {
        let store_hint = self.store().and_then(|error| match error {
            StoreError::Differs { .. } => {
                Some("pass --force to move it aside and begin anew, or --out DIR to write elsewhere")
            }
            StoreError::Vanished { .. } => {
                Some("what was run is where that file went; if it was deleted, it is gone, and a run begins anew")
            }
            StoreError::Damaged { .. } | StoreError::Foreign { .. } if !resumes() => Some("nothing was changed"),
            StoreError::Damaged { .. } | StoreError::Foreign { .. } => {
                Some("pass --force to move it aside and begin anew; nothing was changed")
            }
            _ => None,
        });
        if self.is_too_many_open() {
            return Some("this process may not have so many files open at once: raise `ulimit -n`".to_string());
        }
        if let Some(FilesError::Exists { .. }) = self.files() {
            let hint = match self {
                Failure::Merge(_) => {
                    "a merge writes a folder of its own: give another --into; if that run only lacks its tables, \
                     `levy-escape report` writes them"
                }
                _ if !resumes() => "move it away, or pass --out DIR to write elsewhere; calibrate also takes --force",
                _ => "pass --resume to go on with it, --force to move it aside, or --out DIR to write elsewhere",
            };
            return Some(hint.to_string());
        }
        if let Some(hint) = store_hint {
            return Some(hint.to_string());
        }
        match self {
            Failure::Results(ResultsError::FewerPaths { .. }) => {
                Some("leave --paths out, or begin anew with --force".to_string())
            }
            Failure::Merge(MergeError::Incomplete { .. }) => {
                Some("run those shards with --resume, and merge again; nothing was written".to_string())
            }
            Failure::Interrupted { .. } | Failure::TimeLimit { .. } => {
                Some(format!("go on with: {}", resume_command()))
            }
            Failure::Run(RunError::Store(_)) | Failure::Table(TableError::Write { .. }) => Some(format!(
                "what was finished is kept; when there is room and access again, go on with: {}",
                resume_command()
            )),
            Failure::Unrendered { path, .. } => Some(format!(
                "what was run is safe in its store; when there is room and access again: {}",
                report_command(path)
            )),
            Failure::SameName { .. } => Some("results go to a folder of that name: give each its own".to_string()),
            Failure::TailIndex(failure) => failure.hint(),
            Failure::Figure { name: "noise-law", .. } => None,
            Failure::Figure { .. } => Some("the tables and the other figures are in their place".to_string()),
            Failure::NoExperiments { .. } => {
                Some("run from the root of the project, or pass --experiments DIR".to_string())
            }
            Failure::IsShard { .. } => Some("levy-escape merge DIR… --into DIR".to_string()),
            Failure::IsCalibration { path } => Some(format!("levy-escape calibrate {}", path.display())),
            #[cfg(feature = "calibrate")]
            Failure::Diverged { .. } => Some("lower the learning rate `eta`".to_string()),
            #[cfg(feature = "calibrate")]
            Failure::TrainingStopped { .. } => {
                Some("a training does not go on where it was stopped: begin anew with --force".to_string())
            }
            #[cfg(feature = "calibrate")]
            Failure::OtherCalibration { .. } => {
                Some("pass --force to move it aside and begin anew, or --out DIR to write elsewhere".to_string())
            }
            #[cfg(feature = "calibrate")]
            Failure::Calibrate(CalibrateError::Data(DataError::Missing { .. })) => {
                Some("the README says where the images come from".to_string())
            }
            Failure::SbatchArgument { .. } => Some("give it as --sbatch-arg=--time=4:00:00".to_string()),
            _ => None,
        }
    }

    /// Prints the failure, its causes and a hint on standard error.
    pub fn print(&self) {
        match self {
            Failure::Experiment(errors) => {
                errors.reports().for_each(|report| say(format!("{report:?}")));
                if errors.omitted() > 0 {
                    say(format!("error: and {} more", errors.omitted()));
                }
            }
            Failure::Several { errors, .. } => {
                errors.iter().for_each(Failure::print);
                say(format!("error: {self}"));
            }
            _ => {
                let mut line = format!("error: {self}");
                let mut source = self.source();
                while let Some(cause) = source {
                    line.push_str(&format!(": {cause}"));
                    source = cause.source();
                }
                say(line);
                if let Some(hint) = self.hint() {
                    say(format!("\nhint: {hint}"));
                }
            }
        }
    }
}

/// Reads a file, of which no more is held than could be parsed.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    // One byte more than is parsed: what is too large is refused, and never held.
    let limit = Experiment::MOST_BYTES as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text));
    read.map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    Ok(text)
}

/// Reads and checks one experiment file, whose calibrations lie in the folder `results`.
pub fn load(path: &Path, results: &Path) -> Result<Experiment, Failure> {
    let text = read_text(path)?;
    if is_calibration(&text) {
        return Err(Failure::IsCalibration { path: path.to_owned() });
    }
    Experiment::parse_with_results(&path.display().to_string(), &text, results)
        .map_err(|errors| Failure::Experiment(Box::new(errors)))
}

/// Reads and checks every file before anything is done with one of them.
pub fn load_all(paths: &[PathBuf], results: &Path) -> Result<Vec<Experiment>, Failure> {
    let (mut experiments, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match load(path, results) {
            Ok(experiment) => experiments.push(experiment),
            Err(error) => errors.push(error),
        }
    }
    match errors.len() {
        0 => Ok(experiments),
        1 => Err(errors.remove(0)),
        _ => Err(Failure::Several { errors, total: paths.len() }),
    }
}
