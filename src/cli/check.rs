//! `check`: is a file right?

use std::path::Path;

use super::arguments::CheckOptions;
use super::failure::{Failure, load_all};
use super::progress::{Talk, write_data};
use crate::experiment::Experiment;

/// Checks files and says what they would run.
pub fn check(options: &CheckOptions, talk: &Talk) -> Result<(), Failure> {
    let experiments = load_all(&options.files, Path::new(Experiment::RESULTS))?;
    for (file, experiment) in options.files.iter().zip(experiments) {
        experiment.warnings.iter().for_each(|warning| talk.warn(warning));
        write_data(format!("{}: {} cells of {} paths", file.display(), experiment.cells.len(), experiment.paths))?;
    }
    Ok(())
}
