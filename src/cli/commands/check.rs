//! `check`: is a file right?

use std::path::{Path, PathBuf};

use crate::cli::arguments::CheckOptions;
use crate::cli::console::{Console, write_data};
use crate::cli::failure::{Failure, load_all, read_text};
use crate::experiment::{Experiment, is_calibration};

/// Checks files and says what they would run: calibrations first, then experiments.
pub fn check(options: &CheckOptions, console: &Console) -> Result<(), Failure> {
    // A file that cannot be read is reported with the experiments.
    let calibrates = |file: &PathBuf| read_text(file).is_ok_and(|text| is_calibration(&text));
    let (calibrations, files): (Vec<PathBuf>, Vec<PathBuf>) = options.files.iter().cloned().partition(calibrates);
    calibrations.iter().try_for_each(|file| check_calibration(file))?;
    let experiments = load_all(&files, Path::new(Experiment::RESULTS))?;
    for (file, experiment) in files.iter().zip(experiments) {
        experiment.warnings.iter().for_each(|warning| console.warn(warning));
        write_data(format!("{}: {} cells of {} paths", file.display(), experiment.cells.len(), experiment.paths))?;
    }
    Ok(())
}

#[cfg(feature = "calibrate")]
fn check_calibration(file: &Path) -> Result<(), Failure> {
    let settings = super::calibrate::load(file)?.settings;
    let (trainings, steps) = (settings.optimisers.len(), settings.iterations);
    write_data(format!("{}: {trainings} trainings of {steps} steps", file.display()))
}

#[cfg(not(feature = "calibrate"))]
fn check_calibration(file: &Path) -> Result<(), Failure> {
    Err(Failure::IsCalibration { path: file.to_owned() })
}
