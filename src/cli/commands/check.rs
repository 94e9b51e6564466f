//! `check`: files checked without running them.

use std::path::Path;

use thiserror::Error;

#[cfg(feature = "calibrate")]
use crate::calibrate::CalibrateError;
use crate::cli::columns::counted;
use crate::cli::complaint::{Complain, Complaint};
use crate::cli::console::{Console, OutputError, write_data};
use crate::cli::line::options::CheckOptions;
use crate::cli::load::{self, LoadFailure, read_text};
use crate::cli::rendering::figure_names;
#[cfg(feature = "calibrate")]
use crate::experiment::CalibrationFile;
use crate::experiment::{Experiment, is_calibration};

/// Why a check ends without success.
#[derive(Debug, Error)]
pub enum CheckFailure {
    #[error(transparent)]
    Load(#[from] LoadFailure),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Complain for CheckFailure {
    fn complaint(&self) -> Complaint {
        match self {
            CheckFailure::Load(failure) => failure.complaint(),
            CheckFailure::Output(error) => error.complaint(),
        }
    }
}

/// Checks files and prints what each would run. Nothing is printed unless all are valid.
pub fn check(options: &CheckOptions, console: &Console) -> Result<(), CheckFailure> {
    let checked = load::all(options.files.iter().map(|file| checked(file)))?;
    for Checked { line, warnings } in checked {
        warnings.iter().for_each(|warning| console.warn(warning));
        write_data(line)?;
    }
    Ok(())
}

/// A valid file.
struct Checked {
    line: String,
    warnings: Vec<String>,
}

fn checked(file: &Path) -> Result<Checked, LoadFailure> {
    // Read once: the file may be a pipe.
    let text = read_text(file)?;
    if is_calibration(&text) {
        return checked_calibration(file, &text);
    }
    let experiment = load::parse(file, &text, Path::new(Experiment::RESULTS))?;
    let (cells, paths) = (counted(experiment.cells.len(), "cell"), counted(experiment.paths, "path"));
    let figures = figure_names(&experiment.figures);
    let line = format!("{}: {cells} of {paths}; figures: {figures}", file.display());
    Ok(Checked { line, warnings: experiment.warnings })
}

#[cfg(feature = "calibrate")]
fn checked_calibration(file: &Path, text: &str) -> Result<Checked, LoadFailure> {
    let CalibrationFile { settings, quick, .. } =
        CalibrationFile::parse(&file.display().to_string(), text).map_err(LoadFailure::invalid)?;
    for settings in [&settings, &quick] {
        match settings.load() {
            // The images may come later, or to another machine.
            Ok(_) | Err(CalibrateError::Data(_)) => {}
            Err(source) => {
                return Err(LoadFailure::Calibration { path: file.to_owned(), source: Box::new(source) });
            }
        }
    }
    let (trainings, steps) = (counted(settings.optimisers.len(), "training"), counted(settings.iterations, "step"));
    Ok(Checked { line: format!("{}: {trainings} of {steps}", file.display()), warnings: Vec::new() })
}

#[cfg(not(feature = "calibrate"))]
fn checked_calibration(file: &Path, _: &str) -> Result<Checked, LoadFailure> {
    Err(LoadFailure::IsCalibration { path: file.to_owned() })
}
