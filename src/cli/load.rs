//! Experiment files from disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::complaint::{Complain, Complaint, Exit};
use super::console::terminal_width;
use super::line::command_line::path_argument;
#[cfg(feature = "calibrate")]
use crate::calibrate::CalibrateError;
use crate::experiment::{Experiment, ExperimentErrors, is_calibration};

/// Why files cannot be loaded.
#[derive(Debug, Error)]
pub enum LoadFailure {
    #[error(transparent)]
    Invalid(Box<ExperimentErrors>),
    #[error("{} of {total} files are invalid", failures.len())]
    Several { failures: Vec<LoadFailure>, total: usize },
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not UTF-8 text at byte {at}", path.display())]
    Encoding { path: PathBuf, at: usize },
    #[error("{} is a calibration file, not an experiment", path.display())]
    IsCalibration { path: PathBuf },
    #[cfg(feature = "calibrate")]
    #[error("{} cannot be calibrated", path.display())]
    Calibration {
        path: PathBuf,
        #[source]
        source: Box<CalibrateError>,
    },
    #[cfg(feature = "calibrate")]
    #[error("{} is an experiment, not a calibration file", path.display())]
    IsExperiment { path: PathBuf },
}

impl LoadFailure {
    /// What was found wrong with one file.
    pub fn invalid(errors: ExperimentErrors) -> Self {
        LoadFailure::Invalid(Box::new(errors))
    }
}

impl Complain for LoadFailure {
    fn complaint(&self) -> Complaint {
        match self {
            LoadFailure::Invalid(errors) => {
                let mut lines: Vec<String> =
                    errors.reports(terminal_width()).map(|report| format!("{report:?}")).collect();
                if errors.omitted() > 0 {
                    lines.push(format!("error: and {} more", errors.omitted()));
                }
                Complaint::verbatim(lines.join("\n"), Exit::BadInput)
            }
            LoadFailure::Several { failures, .. } => {
                let complaints: Vec<Complaint> = failures.iter().map(LoadFailure::complaint).collect();
                let mut lines: Vec<String> = complaints.iter().map(Complaint::text).collect();
                lines.push(format!("error: {self}"));
                let exit = complaints.iter().map(|complaint| complaint.exit).max().unwrap_or(Exit::BadInput);
                Complaint::verbatim(lines.join("\n"), exit)
            }
            LoadFailure::Read { .. } => Complaint::new(self, Exit::Io),
            #[cfg(feature = "calibrate")]
            LoadFailure::Calibration { .. } => Complaint::new(self, Exit::BadInput),
            LoadFailure::Encoding { .. } => Complaint::new(self, Exit::Io).or_hint("save it as UTF-8"),
            LoadFailure::IsCalibration { path } => {
                Complaint::new(self, Exit::BadInput).or_hint(format!("levy-escape calibrate {}", path_argument(path)))
            }
            #[cfg(feature = "calibrate")]
            LoadFailure::IsExperiment { path } => {
                Complaint::new(self, Exit::BadInput).or_hint(format!("levy-escape run {}", path_argument(path)))
            }
        }
    }
}

/// Reads a file, or standard input for `-`: at most as many bytes as can be parsed and one more, by which the parser sees that it is too large.
pub fn read_text(path: &Path) -> Result<String, LoadFailure> {
    let mut bytes = Vec::new();
    let limit = Experiment::MOST_BYTES as u64 + 1;
    let read = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|source| LoadFailure::Read { path: path.to_owned(), source })?;
    // A file that is too large may be cut inside a character.
    let is_cut = bytes.len() as u64 == limit;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) if is_cut && error.utf8_error().error_len().is_none() => {
            Ok(String::from_utf8_lossy(error.as_bytes()).into_owned())
        }
        Err(error) => Err(LoadFailure::Encoding { path: path.to_owned(), at: error.utf8_error().valid_up_to() }),
    }
}

/// Reads and checks one experiment file; `results` is the folder of its calibrations.
pub fn load(path: &Path, results: &Path) -> Result<Experiment, LoadFailure> {
    parse(path, &read_text(path)?, results)
}

/// Checks the text of the experiment file at `path`.
pub fn parse(path: &Path, text: &str, results: &Path) -> Result<Experiment, LoadFailure> {
    if is_calibration(text) {
        return Err(LoadFailure::IsCalibration { path: path.to_owned() });
    }
    Experiment::parse_with_results(&path.display().to_string(), text, results).map_err(LoadFailure::invalid)
}

/// Reads and checks all files, and reports all that is wrong with any of them.
pub fn load_all(paths: &[PathBuf], results: &Path) -> Result<Vec<Experiment>, LoadFailure> {
    all(paths.iter().map(|path| load(path, results)))
}

/// Everything that was loaded, or all failures.
pub fn all<T>(loaded: impl ExactSizeIterator<Item = Result<T, LoadFailure>>) -> Result<Vec<T>, LoadFailure> {
    let total = loaded.len();
    let (mut files, mut failures) = (Vec::new(), Vec::new());
    for result in loaded {
        match result {
            Ok(file) => files.push(file),
            Err(failure) => failures.push(failure),
        }
    }
    match failures.len() {
        0 => Ok(files),
        1 => Err(failures.remove(0)),
        _ => Err(LoadFailure::Several { failures, total }),
    }
}
