//! A run inside another program, such as the Python package: nothing is printed and no signal is handled.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::commands::run::{RunFailure, run_all};
use super::commands::session::{Context, SessionFailure};
use super::complaint::{Complain, Complaint, Exit};
use super::console::Console;
use super::line::options::{Overrides, RunSettings, TableOptions};
use super::load::{LoadFailure, parse};
use super::planned::{Planned, check_out};
use super::progress::PathCounter;
use super::stopping::Stopping;
use crate::engine::{Shard, StopFlag};
use crate::experiment::Experiment;
use crate::files::Existing;

/// An experiment and how it is run.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedRun<'a> {
    /// Name of the file in messages.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Folder for the results; those of the experiment go to `out/<name>`.
    pub out: &'a Path,
    /// What happens to existing results of the same name.
    pub existing: Existing,
    /// Seed, instead of the one in the file.
    pub seed: Option<u64>,
    /// Paths per cell, instead of the number in the file.
    pub paths: Option<u64>,
    /// Number of threads; one per core by default.
    pub threads: Option<u64>,
}

/// The results of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedResults {
    /// Their folder.
    pub folder: PathBuf,
    /// Whether every path was run.
    pub complete: bool,
}

/// Why an experiment cannot be run.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// The experiment or an argument is wrong, or results exist.
    #[error("{message}")]
    Input {
        /// The error and its causes.
        message: String,
    },
    /// A file cannot be read or written.
    #[error("{message}")]
    Io {
        /// The error and its causes.
        message: String,
    },
    /// The results fail a check, or lack the data of a figure.
    #[error("{message}")]
    Check {
        /// The error and its causes.
        message: String,
    },
}

impl From<Complaint> for EmbeddedError {
    fn from(complaint: Complaint) -> Self {
        let message = complaint.message().to_owned();
        match complaint.exit {
            Exit::BadInput => EmbeddedError::Input { message },
            Exit::CheckFailed => EmbeddedError::Check { message },
            Exit::Io | Exit::Incomplete | Exit::Interrupted => EmbeddedError::Io { message },
        }
    }
}

impl From<LoadFailure> for EmbeddedError {
    fn from(failure: LoadFailure) -> Self {
        match failure {
            LoadFailure::Invalid(errors) => EmbeddedError::Input { message: errors.to_string() },
            failure => failure.complaint().into(),
        }
    }
}

/// Runs an experiment and writes its results: the files that `levy-escape run` writes. A run that `stop` stops keeps its finished chunks and
/// can be resumed. `counter` follows the progress.
///
/// # Errors
/// [`EmbeddedError`] if the experiment is wrong, if results exist that `existing` refuses, or if a file cannot be written.
pub fn run_embedded(
    run: &EmbeddedRun<'_>,
    stop: &StopFlag,
    counter: &PathCounter,
) -> Result<EmbeddedResults, EmbeddedError> {
    if let Some(paths) = run.paths.filter(|paths| !(1..=Experiment::MOST_PATHS).contains(paths)) {
        let message = format!("paths = {paths} is outside 1 to {}", Experiment::MOST_PATHS);
        return Err(EmbeddedError::Input { message });
    }
    let settings = RunSettings {
        out: run.out.to_owned(),
        overrides: Overrides { seed: run.seed, paths: run.paths },
        tables: TableOptions::default(),
        threads: run.threads,
        resume: run.existing == Existing::Resume,
        force: run.existing == Existing::MoveAside,
        max_time: None,
        json: false,
    };
    check_out(run.out).map_err(|error| EmbeddedError::from(error.complaint()))?;
    let experiment = parse(Path::new(run.file), run.text, run.out)?;
    let paths = experiment.paths;
    let planned = Planned::new(experiment, paths, &settings);
    let folder = planned.request(Shard::WHOLE).place(run.out);
    let (stopping, console) = (Stopping::by(stop), Console::silent());
    let context = Context { settings: &settings, stopping: &stopping, console: &console, counter: Some(counter) };
    match run_all(&[planned], Shard::WHOLE, context) {
        Ok(_) => Ok(EmbeddedResults { folder, complete: true }),
        Err(RunFailure::Session(SessionFailure::Stopped(_))) => Ok(EmbeddedResults { folder, complete: false }),
        Err(failure) => Err(failure.complaint().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"inside\"\nseed = 1\npaths = 600\n[noise]\nalpha = 1.5\nepsilon = 0.1\n[basin]\nname = \"b\"\n\
                        potential = { quadratic = { curvature = [1.0] } }\ndomain = { interval = [-1.0, 1.0] }\n\
                        [[dynamics]]\nsgd = {}\n[scheme]\njump_adapted = {}\n";

    fn embedded<'a>(text: &'a str, out: &'a Path, existing: Existing) -> EmbeddedRun<'a> {
        EmbeddedRun { file: "inside.toml", text, out, existing, seed: None, paths: None, threads: Some(1) }
    }

    #[test]
    fn a_stopped_run_is_resumed() {
        let out = tempfile::tempdir().unwrap();
        let stop = StopFlag::default();
        stop.stop();
        let stopped =
            run_embedded(&embedded(TEXT, out.path(), Existing::Refuse), &stop, &PathCounter::default()).unwrap();
        assert_eq!(stopped, EmbeddedResults { folder: out.path().join("inside"), complete: false });
        let again =
            run_embedded(&embedded(TEXT, out.path(), Existing::Refuse), &StopFlag::default(), &PathCounter::default());
        assert!(matches!(again, Err(EmbeddedError::Input { .. })), "{again:?}");
        let counter = PathCounter::default();
        let resume = embedded(TEXT, out.path(), Existing::Resume);
        let resumed = run_embedded(&resume, &StopFlag::default(), &counter).unwrap();
        assert!(resumed.complete && resumed.folder.join("summary.csv").is_file());
        assert_eq!(counter.counts(), (600, 600));
    }

    #[test]
    fn an_experiment_that_is_wrong_names_the_line() {
        let out = tempfile::tempdir().unwrap();
        let text = TEXT.replace("alpha = 1.5", "alpha = 2.5");
        let error =
            run_embedded(&embedded(&text, out.path(), Existing::Refuse), &StopFlag::default(), &PathCounter::default())
                .unwrap_err();
        assert!(error.to_string().starts_with("inside.toml:5:"), "{error}");
    }
}
