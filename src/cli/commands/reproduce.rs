//! `reproduce`: every experiment of the project.

use std::fs;
use std::path::{Path, PathBuf};

#[cfg(feature = "calibrate")]
use super::calibrate::Told;
use super::run::{Planned, existing, run_all};
#[cfg(feature = "calibrate")]
use crate::calibrate::CalibrationSettings;
use crate::cli::arguments::ReproduceOptions;
use crate::cli::console::Console;
use crate::cli::failure::{Failure, load_all, read_text};
use crate::cli::stopping::Stopping;
use crate::engine::Shard;
#[cfg(feature = "calibrate")]
use crate::experiment::CalibrationFile;
use crate::experiment::{Experiment, calibrations_named, is_calibration};
#[cfg(feature = "calibrate")]
use crate::files::Existing;
#[cfg(feature = "calibrate")]
use crate::files::PendingFolder;
use crate::results::ResultsFolder;

/// Runs every `.toml` in the folder of experiments in the order of their names: first the calibrations, then the experiments, which may
/// use them.
pub fn reproduce(options: &ReproduceOptions, console: &Console) -> Result<(), Failure> {
    let folder = &options.experiments;
    let entries = fs::read_dir(folder).map_err(|source| Failure::Read { path: folder.clone(), source })?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(Failure::NoExperiments { path: folder.clone() });
    }
    let (mut calibrations, mut experiments) = (Vec::new(), Vec::new());
    for file in files {
        let text = read_text(&file)?;
        if is_calibration(&text) { calibrations.push(file) } else { experiments.push((file, text)) }
    }
    let calibrations = Calibrations::load(&calibrations, options, console)?;
    experiments.retain(|(file, text)| calibrations.serve(file, text, &options.how.out, console));
    let waiting = |text: &str| calibrations_named(text).iter().any(|name| calibrations.names().contains(name));
    let at_once: Vec<PathBuf> =
        experiments.iter().filter(|(_, text)| !waiting(text)).map(|(file, _)| file.clone()).collect();
    // What needs no calibration is checked before the first is made.
    for planned in plan(&at_once, options)? {
        if calibrations.names().contains(&planned.experiment.name) {
            return Err(Failure::SameName { name: planned.experiment.name });
        }
        ResultsFolder::check(&options.how.out, &planned.request(Shard::WHOLE), existing(&options.how))?;
    }
    let stopping = Stopping::watch(options.how.max_time)?;
    calibrations.run(options, &stopping, console)?;
    let files: Vec<PathBuf> = experiments.into_iter().map(|(file, _)| file).collect();
    run_all(&plan(&files, options)?, Shard::WHOLE, &options.how, &stopping, console)
}

fn plan(files: &[PathBuf], options: &ReproduceOptions) -> Result<Vec<Planned>, Failure> {
    let planned = |experiment: Experiment| {
        let paths = if options.quick { experiment.quick_paths } else { experiment.paths };
        Planned::new(experiment, paths, options.how.instead)
    };
    Ok(load_all(files, &options.how.out)?.into_iter().map(planned).collect())
}

/// The calibrations of the folder that can be made here.
struct Calibrations {
    #[cfg(feature = "calibrate")]
    files: Vec<CalibrationFile>,
}

impl Calibrations {
    /// Whether the calibrations that an experiment names will be there; says so if not.
    fn serve(&self, file: &Path, text: &str, out: &Path, console: &Console) -> bool {
        let there = |name: &String| self.names().contains(name) || out.join(name).exists() || Path::new(name).exists();
        let missing = calibrations_named(text).into_iter().find(|name| !there(name));
        if let Some(name) = &missing {
            let place = out.join(name);
            console.say(format!("{}: skipped, its calibration {} is not there", file.display(), place.display()));
        }
        missing.is_none()
    }
}

#[cfg(not(feature = "calibrate"))]
impl Calibrations {
    fn load(files: &[PathBuf], _: &ReproduceOptions, console: &Console) -> Result<Self, Failure> {
        for file in files {
            console.say(format!("{}: skipped, this build cannot calibrate", file.display()));
        }
        Ok(Calibrations {})
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn run(&self, _: &ReproduceOptions, _: &Stopping, _: &Console) -> Result<(), Failure> {
        Ok(())
    }
}

#[cfg(feature = "calibrate")]
impl Calibrations {
    /// Checks every file, and leaves out those whose images are not there.
    fn load(files: &[PathBuf], options: &ReproduceOptions, console: &Console) -> Result<Self, Failure> {
        let mut found = Vec::new();
        for path in files {
            let mut file = super::calibrate::load(path)?;
            if let Some(folder) = file.settings.folder().filter(|folder| !folder.is_dir()) {
                console.say(format!("{}: skipped, {} is not there", path.display(), folder.display()));
                continue;
            }
            super::calibrate::override_settings(&mut file.settings, options.how.instead.seed, None);
            super::calibrate::override_settings(&mut file.quick, options.how.instead.seed, None);
            Self::existing(&file, options)?;
            found.push(file);
        }
        Ok(Calibrations { files: found })
    }

    fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.settings.name.clone()).collect()
    }

    fn settings<'f>(file: &'f CalibrationFile, options: &ReproduceOptions) -> &'f CalibrationSettings {
        if options.quick { &file.quick } else { &file.settings }
    }

    /// What is to be done with a calibration of that name: [`Existing::Resume`] if it is there and is the one wanted. One that was broken
    /// off is moved aside and made anew.
    fn existing(file: &CalibrationFile, options: &ReproduceOptions) -> Result<Existing, Failure> {
        let out = &options.how.out;
        let existing = match existing(&options.how) {
            Existing::Resume if super::calibrate::is_made(out, file, Self::settings(file, options))? => {
                return Ok(Existing::Resume);
            }
            Existing::Resume => Existing::MoveAside,
            other => other,
        };
        PendingFolder::check(out, &file.settings.name, existing)?;
        Ok(existing)
    }

    fn run(&self, options: &ReproduceOptions, stopping: &Stopping, console: &Console) -> Result<(), Failure> {
        for file in &self.files {
            let existing = Self::existing(file, options)?;
            if existing == Existing::Resume {
                console.say(format!("{}: is there already", file.settings.name));
                continue;
            }
            let place = (options.how.out.as_path(), existing, Told::AsTalk);
            super::calibrate::run_one(file, Self::settings(file, options), place, stopping, console)?;
        }
        Ok(())
    }
}
