//! `calibrate`: from the file of a calibration to its results folder.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use serde::Serialize;
use thiserror::Error;

use crate::calibrate::{
    CalibrateError, Calibrated, Calibration, CalibrationObserver, CalibrationSettings, DataError, DeviceChoice, Ended,
    Event, OptimiserRun, calibrate as measure,
};
use crate::cli::complaint::{Complain, Complaint, Exit, FORCE_OR_OUT};
use crate::cli::console::{Console, OutputError, write_data};
use crate::cli::index::refresh_index;
use crate::cli::line::options::CalibrateOptions;
use crate::cli::load::{LoadFailure, read_text};
use crate::cli::manifest::{
    CalibrationManifest, EndedCalibration, RestartSpeed, StopReason, TrainingSpeed, has_escapes, is_of, machine, now,
};
use crate::cli::planned::{OutIsFile, check_out};
use crate::cli::progress::TrainingMeter;
use crate::cli::rendering::{FigureFailure, file_names};
use crate::cli::stopping::{SignalError, StopCause, Stopped, Stopping};
use crate::experiment::{CalibrationFile, is_experiment};
use crate::files::{Existing, FilesError, PendingFolder, Placed};
use crate::noise::Seed;
use crate::report::{self, CalibrationPage, Drawing, FigureError};
use crate::tail::NpyError;

/// Why there is no complete calibration.
#[derive(Debug, Error)]
pub enum CalibrateFailure {
    #[error(transparent)]
    Load(#[from] LoadFailure),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Calibrate(#[from] CalibrateError),
    #[error(transparent)]
    Npy(#[from] NpyError),
    #[error("cannot encode the results")]
    Json(#[from] serde_json::Error),
    #[error("cannot encode a table")]
    Table(#[from] csv::Error),
    #[error("{reason}; everything else is in {}", path.display())]
    Escape { reason: String, path: PathBuf },
    #[error("{labels} diverged; measurements until then are in {}", path.display())]
    Diverged { labels: String, path: PathBuf },
    #[error("{label}: the gradient noise has no tail index: {reason}; the measurements are in {}", path.display())]
    NoTailIndex { label: String, reason: String, path: PathBuf },
    #[error("stopped; measurements until then are in {}", path.display())]
    TrainingStopped { path: PathBuf },
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error("{} holds a calibration with another file, seed or version of the program", path.display())]
    OtherCalibration { path: PathBuf },
    #[error(transparent)]
    Figure(#[from] FigureFailure),
    #[error(transparent)]
    Out(#[from] OutIsFile),
    #[error(transparent)]
    Signal(#[from] SignalError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Complain for CalibrateFailure {
    fn complaint(&self) -> Complaint {
        match self {
            CalibrateFailure::Load(failure) => failure.complaint(),
            CalibrateFailure::Files(error @ FilesError::Exists { .. }) => error.complaint().or_hint(FORCE_OR_OUT),
            CalibrateFailure::Files(error) => error.complaint(),
            CalibrateFailure::Calibrate(error) => calibrate_complaint(error),
            CalibrateFailure::Npy(_) | CalibrateFailure::Json(_) | CalibrateFailure::Table(_) => {
                Complaint::new(self, Exit::Io)
            }
            CalibrateFailure::Escape { .. } => Complaint::new(self, Exit::CheckFailed)
                .or_hint("raise `descent` or `weight_decay`, or use `activation = \"tanh\"`: with ReLU a minimum may lie on a kink"),
            CalibrateFailure::Diverged { .. } => {
                Complaint::new(self, Exit::CheckFailed).or_hint("lower the learning rate `eta`")
            }
            CalibrateFailure::NoTailIndex { .. } => Complaint::new(self, Exit::CheckFailed),
            CalibrateFailure::TrainingStopped { .. } => {
                Complaint::new(self, Exit::Interrupted).or_hint("training cannot be resumed: start again with --force")
            }
            CalibrateFailure::Stopped(stopped) => stopped.complaint(),
            CalibrateFailure::OtherCalibration { .. } => Complaint::new(self, Exit::BadInput).or_hint(FORCE_OR_OUT),
            CalibrateFailure::Figure(failure) => {
                failure.complaint().or_hint("the tables and the other figures have been written")
            }
            CalibrateFailure::Out(error) => error.complaint(),
            CalibrateFailure::Signal(error) => error.complaint(),
            CalibrateFailure::Output(error) => error.complaint(),
        }
    }
}

fn calibrate_complaint(error: &CalibrateError) -> Complaint {
    let exit = match error {
        CalibrateError::Data(DataError::Read { .. }) | CalibrateError::Tensor(_) | CalibrateError::Threads(_) => {
            Exit::Io
        }
        _ => Exit::BadInput,
    };
    let complaint = Complaint::new(error, exit);
    match error {
        CalibrateError::Data(DataError::Missing { .. }) => complaint.or_hint("the README says where to get the images"),
        _ => complaint,
    }
}

/// Runs one calibration.
pub fn calibrate(options: &CalibrateOptions, console: &Console) -> Result<(), CalibrateFailure> {
    check_out(&options.out)?;
    let mut file = load(&options.file)?;
    override_settings(&mut file.settings, options.seed, options.device.map(DeviceChoice::from));
    let existing = if options.force { Existing::MoveAside } else { Existing::Refuse };
    let stopping = Stopping::watch(None)?;
    let job = Job { file: &file, settings: &file.settings, out: &options.out, existing, summary: SummaryTo::Stdout };
    let made = run_job(job, &stopping, console);
    refresh_index(&options.out.join(&file.settings.name), console);
    made
}

/// Replaces seed and device of the file by those of the command line.
pub fn override_settings(settings: &mut CalibrationSettings, seed: Option<u64>, device: Option<DeviceChoice>) {
    settings.seed = seed.map_or(settings.seed, Seed);
    settings.device = device.unwrap_or(settings.device);
}

/// Reads and checks one file.
pub fn load(path: &Path) -> Result<CalibrationFile, LoadFailure> {
    let text = read_text(path)?;
    if is_experiment(&text) {
        return Err(LoadFailure::IsExperiment { path: path.to_owned() });
    }
    CalibrationFile::parse(&path.display().to_string(), &text).map_err(LoadFailure::invalid)
}

/// Whether a complete calibration with these settings exists, its escapes included.
///
/// # Errors
/// [`CalibrateFailure::OtherCalibration`] if the folder holds one with other settings.
pub fn is_made(out: &Path, file: &CalibrationFile, settings: &CalibrationSettings) -> Result<bool, CalibrateFailure> {
    let place = out.join(&settings.name);
    if place.symlink_metadata().is_err() {
        return Ok(false);
    }
    let manifest = read_text(&place.join("manifest.json")).unwrap_or_default();
    if !is_of(&manifest, file, settings) {
        return Err(CalibrateFailure::OtherCalibration { path: place });
    }
    if (settings.escape.is_some() || settings.scaling.is_some()) && !has_escapes(&manifest) {
        return Ok(false);
    }
    Ok(Calibration::read(&place.join("calibration.json")).is_ok_and(|calibration| complete(&calibration)))
}

/// Where the summary is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SummaryTo {
    /// Standard output: it is the result of the command.
    Stdout,
    /// Standard error, unless quiet: the calibration is one of several steps.
    Stderr,
}

/// One calibration to make.
#[derive(Clone, Copy)]
pub struct Job<'j> {
    pub file: &'j CalibrationFile,
    /// Those of the file, or its quick ones.
    pub settings: &'j CalibrationSettings,
    pub out: &'j Path,
    pub existing: Existing,
    pub summary: SummaryTo,
}

/// Trains, measures and writes everything.
pub fn run_job(job: Job<'_>, stopping: &Stopping, console: &Console) -> Result<(), CalibrateFailure> {
    let Job { settings, .. } = job;
    PendingFolder::check(job.out, &settings.name, job.existing)?;
    let (device, device_reason) = settings.device.open()?;
    let data = settings.load()?;
    let mut folder = PendingFolder::create(&job.out.join(&settings.name), job.existing)?;
    console.say(format!("{}: device {device_reason}", settings.name));
    let (start, clock) = (now(), Instant::now());
    let watch = Stopwatch::new(settings, console);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let measured = measure(settings, &data, &device, threads, &stopping.flag, &watch);
    watch.meter.finish();
    let found = match measured {
        Ok(found) => found,
        Err(error) => {
            folder.discard()?;
            return Err(error.into());
        }
    };
    write_tables(&folder, &found)?;
    let escape = found.escape.as_ref().map_or(String::new(), |escape| escape.summary());
    let scaling = found.scaling.as_ref().map_or(String::new(), |scaling| scaling.summary());
    let summary = report::calibration_summary(&found.calibration) + &escape + &scaling;
    folder.write("summary.txt", summary.as_bytes())?;
    let (drawings, drawn) = draw(job.file, &found, &folder);
    let restarts = found.escape.as_ref().map(|escape| watch.restarts(&escape.device));
    let (answer, warnings) = (report::calibration_answer(&found), report::calibration_warnings(&found));
    let (seconds, speeds, cause) = (clock.elapsed().as_secs_f64(), watch.speeds(), stopping.cause());
    let stop_reason = match cause {
        None => StopReason::Complete,
        Some(StopCause::Interrupted) => StopReason::Interrupted,
        Some(StopCause::TimeLimit) => StopReason::TimeLimit,
    };
    let ended = EndedCalibration {
        device: &device_reason,
        start,
        seconds,
        stop_reason,
        trainings: &speeds,
        restarts: restarts.as_ref(),
        escape_complete: minima_complete(&found),
        answer: answer.as_deref(),
        warnings: &warnings,
    };
    let manifest = CalibrationManifest::of(job.file, settings, ended);
    folder.write("manifest.json", json(&manifest)?.as_bytes())?;
    let mut files = file_names(folder.path());
    files.retain(|name| name != "figures");
    let page = CalibrationPage {
        calibration: &found.calibration,
        text: &job.file.text,
        answer: answer.as_deref(),
        warnings: &warnings,
        summary: &summary,
        drawings: &drawings,
        commit: option_env!("LEVY_ESCAPE_COMMIT"),
        machine: &machine(),
        device: &device_reason,
        period: manifest.period(),
        seconds,
        command: &format!("levy-escape calibrate FILE --seed {}", settings.seed.0),
        files: &files,
    };
    folder.write("report.html", report::calibration_page(&page).as_bytes())?;
    let Placed { path, moved } = folder.finish()?;
    console.moved(&path, moved.as_deref());
    print_summary(job, &summary, &speeds, console)?;
    if let Some(RestartSpeed { device, steps_per_second: Some(rate), .. }) = &restarts {
        console.say(format!("{}: {rate:.0} steps/s of the restarts on {device}", settings.name));
    }
    if let Some(cause) = cause {
        return Err(match job.summary {
            SummaryTo::Stdout => CalibrateFailure::TrainingStopped { path },
            SummaryTo::Stderr => Stopped { cause, path }.into(),
        });
    }
    check_found(&found.calibration, &path)?;
    check_escape(&found, &path)?;
    drawn?;
    console.say(format!("{}: {} trainings in {seconds:.1} s → {}", settings.name, found.runs.len(), path.display()));
    Ok(())
}

/// Draws all figures it can, and returns them with the first failure.
fn draw(
    file: &CalibrationFile,
    found: &Calibrated,
    folder: &PendingFolder,
) -> (Vec<Drawing>, Result<(), FigureFailure>) {
    let (mut drawings, mut drawn, dir) = (Vec::new(), Ok(()), folder.path().join("figures"));
    for kind in &file.figures {
        match report::draw_calibration(*kind, found, &dir, &file.figure_style) {
            Ok(drawing) => drawings.push(drawing),
            // A training that was stopped may lack the data of a figure.
            Err(FigureError::Empty { .. }) if !complete(&found.calibration) => {}
            Err(FigureError::Empty { .. }) if minima_complete(found) == Some(false) => {}
            Err(source) => drawn = drawn.and(Err(FigureFailure { name: kind.name().to_owned(), source })),
        }
    }
    (drawings, drawn)
}

fn print_summary(job: Job<'_>, summary: &str, speeds: &[TrainingSpeed], console: &Console) -> Result<(), OutputError> {
    match job.summary {
        SummaryTo::Stdout => write_data(summary.trim_end())?,
        SummaryTo::Stderr => console.say(summary.trim_end()),
    }
    for speed in speeds {
        let per_second = speed.steps_per_second.map_or("–".to_string(), |n| format!("{n:.0}"));
        console.say(format!("{}: {}: {per_second} training steps/s", job.settings.name, speed.label));
    }
    Ok(())
}

/// Whether every training converged, and its noise has a tail index.
fn check_found(calibration: &Calibration, path: &Path) -> Result<(), CalibrateFailure> {
    let diverged = calibration.runs.iter().filter(|run| matches!(run.ended, Ended::Diverged { .. }));
    let diverged: Vec<String> = diverged.map(|run| run.label.clone()).collect();
    if !diverged.is_empty() {
        return Err(CalibrateFailure::Diverged { labels: diverged.join(", "), path: path.to_owned() });
    }
    let without = |run: &OptimiserRun| run.without_index().map(|reason| (run.label.clone(), reason.to_string()));
    match calibration.runs.iter().find_map(without) {
        Some((label, reason)) => Err(CalibrateFailure::NoTailIndex { label, reason, path: path.to_owned() }),
        None => Ok(()),
    }
}

/// Whether every escape, and every scaling of the noise, was measured; `None` without either.
fn minima_complete(found: &Calibrated) -> Option<bool> {
    let escape = found.escape.as_ref().map(|escape| escape.complete());
    let scaling = found.scaling.as_ref().map(|scaling| scaling.complete());
    escape.into_iter().chain(scaling).reduce(|a, b| a && b)
}

/// Whether every minimum was reached, and its noise measured.
fn check_escape(found: &Calibrated, path: &Path) -> Result<(), CalibrateFailure> {
    let escape = found.escape.as_ref().map(|escape| (&escape.minima, &escape.left_out));
    let scaling = found.scaling.as_ref().map(|scaling| (&scaling.minima, &scaling.left_out));
    for (minima, left_out) in escape.into_iter().chain(scaling) {
        let far = minima.iter().find(|minimum| !minimum.reached).map(|m| {
            format!(
                "minimum {} was not reached: |∇F| fell from {:.2e} to {:.2e} in {} full-batch steps",
                m.number, m.gradient[0], m.gradient[1], m.steps
            )
        });
        if let Some(reason) = far.or_else(|| left_out.first().cloned()) {
            return Err(CalibrateFailure::Escape { reason, path: path.to_owned() });
        }
    }
    Ok(())
}

fn complete(calibration: &Calibration) -> bool {
    calibration.runs.iter().all(|run| matches!(run.ended, Ended::Complete { .. }))
}

fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn write_tables(folder: &PendingFolder, found: &Calibrated) -> Result<(), CalibrateFailure> {
    folder.write("calibration.json", json(&found.calibration)?.as_bytes())?;
    if let Some(escape) = &found.escape {
        folder.write("network_escape.csv", &escape.table()?)?;
    }
    if let Some(scaling) = &found.scaling {
        folder.write("noise_scaling.csv", &scaling.table()?)?;
    }
    for run in &found.runs {
        if let Some(minimum) = &run.record.minimum {
            run.parameters_array()?.write(&folder.path().join(&minimum.parameters_file))?;
            if let (Some(file), Some(vectors)) = (&minimum.noise_file, run.vectors_array()) {
                vectors?.write(&folder.path().join(file))?;
            }
        }
    }
    Ok(())
}

/// Times the steps of every training, without the measurements between them.
struct Stopwatch<'s> {
    settings: &'s CalibrationSettings,
    clocks: Mutex<Vec<Clock>>,
    /// Of the restarts from the minima.
    restarts: Mutex<Clock>,
    meter: TrainingMeter,
    console: &'s Console,
}

#[derive(Clone, Copy, Default)]
struct Clock {
    since: Option<Instant>,
    steps: u64,
    seconds: f64,
}

impl Clock {
    fn start(&mut self) {
        self.since = Some(Instant::now());
    }

    fn stop(&mut self, steps: u64) {
        self.seconds += self.since.take().map_or(0.0, |since| since.elapsed().as_secs_f64());
        self.steps += steps;
    }

    fn steps_per_second(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.steps as f64 / self.seconds)
    }
}

impl<'s> Stopwatch<'s> {
    fn new(settings: &'s CalibrationSettings, console: &'s Console) -> Self {
        let trainings = settings.optimisers.len();
        let meter = TrainingMeter::new(console, &settings.name, settings.iterations * trainings as u64);
        let (clocks, restarts) = (Mutex::new(vec![Clock::default(); trainings]), Mutex::default());
        Stopwatch { settings, clocks, restarts, meter, console }
    }

    fn restarts(&self, device: &str) -> RestartSpeed {
        let clock = self.restarts.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        RestartSpeed { device: device.to_owned(), steps: clock.steps, steps_per_second: clock.steps_per_second() }
    }

    fn speeds(&self) -> Vec<TrainingSpeed> {
        let clocks = self.clocks.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let labels = self.settings.optimisers.iter().map(|(label, _)| label.clone());
        let speed = |(label, clock): (String, &Clock)| TrainingSpeed {
            label,
            steps: clock.steps,
            steps_per_second: clock.steps_per_second(),
        };
        labels.zip(clocks.iter()).map(speed).collect()
    }
}

impl CalibrationObserver for Stopwatch<'_> {
    fn event(&self, run: usize, event: Event) {
        let mut clocks = self.clocks.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(clock) = clocks.get_mut(run) else { return };
        match event {
            Event::Training => clock.start(),
            Event::Trained { steps } => {
                clock.stop(steps);
                self.meter.show(clocks.iter().map(|clock| clock.steps).sum());
            }
            Event::Measured { iteration } => {
                let (name, label) = (&self.settings.name, &self.settings.optimisers[run].0);
                self.console.say_more(format!("{name}: {label}: the noise after {iteration} steps is measured"));
            }
        }
    }

    fn escaping(&self, minimum: usize, configuration: usize) {
        let Some(escape) = &self.settings.escape else { return };
        self.meter.finish();
        let configurations = self.settings.optimisers.len() * escape.eta_factors.len() * escape.batches.len();
        let said = format!("{}: escapes from minimum {minimum} of {}", self.settings.name, escape.minima.count);
        self.console.say_more(format!("{said}, configuration {configuration} of {configurations}"));
        if configuration == 1 {
            self.console.say(said);
        }
        self.restarts.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).start();
    }

    fn restarted(&self, _minimum: usize, _configuration: usize, steps: u64) {
        self.restarts.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).stop(steps);
    }

    fn scaling(&self, minimum: usize) {
        let Some(scaling) = &self.settings.scaling else { return };
        self.meter.finish();
        let (name, minima) = (&self.settings.name, scaling.minima.count);
        self.console.say(format!("{name}: scaling of the noise at minimum {minimum} of {minima}"));
    }
}
