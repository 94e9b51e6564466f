//! `reproduce`: all calibrations and experiments of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

#[cfg(feature = "calibrate")]
use super::calibrate::{self, CalibrateFailure, Job, SummaryTo};
use super::run::{RunFailure, run_all};
use super::session::Context;
#[cfg(feature = "calibrate")]
use crate::calibrate::CalibrationSettings;
use crate::cli::complaint::{Complain, Complaint, Exit};
use crate::cli::console::Console;
use crate::cli::index::write_index;
use crate::cli::line::options::ReproduceOptions;
use crate::cli::load::{LoadFailure, load_all, read_text};
use crate::cli::planned::{Planned, check_out, existing};
use crate::cli::stopping::{SignalError, Stopping};
use crate::engine::Shard;
#[cfg(feature = "calibrate")]
use crate::experiment::CalibrationFile;
use crate::experiment::{Experiment, calibrations_named, is_calibration};
#[cfg(feature = "calibrate")]
use crate::files::{Existing, FilesError, PendingFolder};
use crate::results::ResultsFolder;

/// Why not everything is reproduced.
#[derive(Debug, Error)]
pub enum ReproduceFailure {
    #[error("no experiment files in {}", path.display())]
    NoExperiments { path: PathBuf },
    #[error("{}", disagreement(*cells))]
    Off { cells: usize },
    #[error(transparent)]
    Run(#[from] RunFailure),
    #[cfg(feature = "calibrate")]
    #[error(transparent)]
    Calibrate(#[from] CalibrateFailure),
}

impl From<LoadFailure> for ReproduceFailure {
    fn from(failure: LoadFailure) -> Self {
        ReproduceFailure::Run(failure.into())
    }
}

impl From<SignalError> for ReproduceFailure {
    fn from(error: SignalError) -> Self {
        ReproduceFailure::Run(error.into())
    }
}

impl Complain for ReproduceFailure {
    fn complaint(&self) -> Complaint {
        match self {
            ReproduceFailure::NoExperiments { .. } => Complaint::new(self, Exit::BadInput)
                .or_hint("run from the root of the project, or pass --experiments DIR"),
            ReproduceFailure::Off { .. } => Complaint::new(self, Exit::CheckFailed)
                .or_hint("all results are written; the warnings above and each findings.md name the cells"),
            ReproduceFailure::Run(failure) => failure.complaint(),
            #[cfg(feature = "calibrate")]
            ReproduceFailure::Calibrate(CalibrateFailure::Files(error @ FilesError::Exists { .. })) => error
                .complaint()
                .or_hint("pass --resume to continue it, --force to move it aside, or --out DIR to write elsewhere"),
            #[cfg(feature = "calibrate")]
            ReproduceFailure::Calibrate(failure) => failure.complaint(),
        }
    }
}

fn disagreement(cells: usize) -> String {
    match cells {
        1 => "the mean exit time of 1 cell does not agree with its exact mean".to_owned(),
        n => format!("the mean exit times of {n} cells do not agree with their exact means"),
    }
}

/// Runs all `.toml` files of the folder in the order of their names: first the calibrations, then the experiments, which may use them.
pub fn reproduce(options: &ReproduceOptions, console: &Console) -> Result<(), ReproduceFailure> {
    let folder = &options.experiments;
    let settings = &options.settings;
    check_out(&settings.out).map_err(RunFailure::from)?;
    let entries = fs::read_dir(folder).map_err(|source| LoadFailure::Read { path: folder.clone(), source })?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(ReproduceFailure::NoExperiments { path: folder.clone() });
    }
    let (mut calibrations, mut experiments) = (Vec::new(), Vec::new());
    for file in files {
        let text = read_text(&file)?;
        if is_calibration(&text) { calibrations.push(file) } else { experiments.push((file, text)) }
    }
    let calibrations = PossibleCalibrations::load(&calibrations, options, console)?;
    experiments.retain(|(file, text)| calibrations.serve(file, text, &settings.out, console));
    let waiting = |text: &str| calibrations_named(text).iter().any(|name| calibrations.names().contains(name));
    let at_once: Vec<PathBuf> =
        experiments.iter().filter(|(_, text)| !waiting(text)).map(|(file, _)| file.clone()).collect();
    // Experiments that need no calibration are checked before the first calibration is made.
    for planned in plan(&at_once, options)? {
        if calibrations.names().contains(&planned.experiment.name) {
            return Err(RunFailure::SameName { name: planned.experiment.name }.into());
        }
        ResultsFolder::check(&settings.out, &planned.request(Shard::WHOLE), existing(settings))
            .map_err(RunFailure::from)?;
    }
    let stopping = Stopping::watch(settings.max_time)?;
    calibrations.run(options, &stopping, console)?;
    let files: Vec<PathBuf> = experiments.into_iter().map(|(file, _)| file).collect();
    let context = Context { settings, stopping: &stopping, console, counter: None };
    let ran = plan(&files, options).map(|plan| run_all(&plan, Shard::WHOLE, context));
    write_index(&settings.out, console);
    match ran?? {
        0 => Ok(()),
        cells => Err(ReproduceFailure::Off { cells }),
    }
}

fn plan(files: &[PathBuf], options: &ReproduceOptions) -> Result<Vec<Planned>, LoadFailure> {
    let planned = |experiment: Experiment| {
        let paths = if options.quick { experiment.quick_paths } else { experiment.paths };
        Planned::new(experiment, paths, &options.settings)
    };
    Ok(load_all(files, &options.settings.out)?.into_iter().map(planned).collect())
}

/// The calibrations of the folder that this build and machine can make.
struct PossibleCalibrations {
    #[cfg(feature = "calibrate")]
    files: Vec<CalibrationFile>,
}

impl PossibleCalibrations {
    /// Whether the calibrations that an experiment names exist or can be made; prints what is skipped.
    fn serve(&self, file: &Path, text: &str, out: &Path, console: &Console) -> bool {
        let there = |name: &String| self.names().contains(name) || out.join(name).exists() || Path::new(name).exists();
        let missing = calibrations_named(text).into_iter().find(|name| !there(name));
        if let Some(name) = &missing {
            let place = out.join(name);
            console.say(format!("{}: skipped, its calibration {} does not exist", file.display(), place.display()));
        }
        missing.is_none()
    }
}

#[cfg(not(feature = "calibrate"))]
impl PossibleCalibrations {
    fn load(files: &[PathBuf], _: &ReproduceOptions, console: &Console) -> Result<Self, LoadFailure> {
        for file in files {
            console.say(format!("{}: skipped, this build has no feature `calibrate`", file.display()));
        }
        Ok(PossibleCalibrations {})
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn run(&self, _: &ReproduceOptions, _: &Stopping, _: &Console) -> Result<(), RunFailure> {
        Ok(())
    }
}

#[cfg(feature = "calibrate")]
impl PossibleCalibrations {
    /// Checks all files, and skips those whose images are missing.
    fn load(files: &[PathBuf], options: &ReproduceOptions, console: &Console) -> Result<Self, CalibrateFailure> {
        let mut found = Vec::new();
        for path in files {
            let mut file = calibrate::load(path)?;
            if let Some(folder) = file.settings.folder().filter(|folder| !folder.is_dir()) {
                console.say(format!("{}: skipped, {} does not exist", path.display(), folder.display()));
                continue;
            }
            calibrate::override_settings(&mut file.settings, options.settings.overrides.seed, None);
            calibrate::override_settings(&mut file.quick, options.settings.overrides.seed, None);
            Self::existing(&file, options)?;
            found.push(file);
        }
        Ok(PossibleCalibrations { files: found })
    }

    fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.settings.name.clone()).collect()
    }

    fn settings<'f>(file: &'f CalibrationFile, options: &ReproduceOptions) -> &'f CalibrationSettings {
        if options.quick { &file.quick } else { &file.settings }
    }

    /// What happens to a calibration of that name: [`Existing::Resume`] if the wanted one is complete. An incomplete one is moved aside
    /// and made again.
    fn existing(file: &CalibrationFile, options: &ReproduceOptions) -> Result<Existing, CalibrateFailure> {
        let out = &options.settings.out;
        let existing = match existing(&options.settings) {
            Existing::Resume if calibrate::is_made(out, file, Self::settings(file, options))? => {
                return Ok(Existing::Resume);
            }
            Existing::Resume => Existing::MoveAside,
            other => other,
        };
        PendingFolder::check(out, &file.settings.name, existing)?;
        Ok(existing)
    }

    fn run(&self, options: &ReproduceOptions, stopping: &Stopping, console: &Console) -> Result<(), CalibrateFailure> {
        for file in &self.files {
            let existing = Self::existing(file, options)?;
            if existing == Existing::Resume {
                console.say(format!("{}: exists already", file.settings.name));
                continue;
            }
            let settings = Self::settings(file, options);
            let job = Job { file, settings, out: &options.settings.out, existing, summary: SummaryTo::Stderr };
            calibrate::run_job(job, stopping, console)?;
        }
        Ok(())
    }
}
