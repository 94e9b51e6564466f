//! `calibrate`: from the file of a calibration to its folder.

use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use serde::Serialize;

use crate::calibrate::{
    Calibrated, Calibration, CalibrationObserver, CalibrationSettings, DeviceChoice, Ended, Event, OptimiserRun,
    calibrate as measure,
};
use crate::cli::arguments::CalibrateOptions;
use crate::cli::console::{Console, TrainingMeter, write_data};
use crate::cli::failure::{Failure, read_text};
use crate::cli::manifest::{CalibrationManifest, StopReason, TrainingSpeed, is_of, now};
use crate::cli::stopping::{StopCause, Stopping};
use crate::experiment::CalibrationFile;
use crate::files::Existing;
use crate::files::{PendingFolder, Placed};
use crate::noise::Seed;
use crate::report::{self, FigureError};

/// Runs one calibration.
pub fn calibrate(options: &CalibrateOptions, console: &Console) -> Result<(), Failure> {
    let mut file = load(&options.file)?;
    override_settings(&mut file.settings, options.seed, options.device.map(DeviceChoice::from));
    let existing = if options.force { Existing::MoveAside } else { Existing::Refuse };
    let stopping = Stopping::watch(None)?;
    run_one(&file, &file.settings, (&options.out, existing, Told::AsData), &stopping, console)
}

/// Puts what the command line says in place of the file's.
pub fn override_settings(settings: &mut CalibrationSettings, seed: Option<u64>, device: Option<DeviceChoice>) {
    settings.seed = seed.map_or(settings.seed, Seed);
    settings.device = device.unwrap_or(settings.device);
}

/// Reads and checks one file.
pub fn load(path: &Path) -> Result<CalibrationFile, Failure> {
    let text = read_text(path)?;
    CalibrationFile::parse(&path.display().to_string(), &text).map_err(|errors| Failure::Experiment(Box::new(errors)))
}

/// Whether a calibration is there that was made with these settings, to its end.
///
/// # Errors
/// [`Failure::OtherCalibration`] if what is there is not of these settings.
pub fn is_made(out: &Path, file: &CalibrationFile, settings: &CalibrationSettings) -> Result<bool, Failure> {
    let place = out.join(&settings.name);
    if place.symlink_metadata().is_err() {
        return Ok(false);
    }
    let manifest = read_text(&place.join("manifest.json")).unwrap_or_default();
    if !is_of(&manifest, file, settings) {
        return Err(Failure::OtherCalibration { path: place });
    }
    Ok(Calibration::read(&place.join("calibration.json")).is_ok_and(|calibration| complete(&calibration)))
}

/// Where the summary goes beside its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// To standard output.
    AsData,
    /// To standard error, unless quiet.
    AsTalk,
}

/// Measures with these settings, which are the file's or its quick ones, and writes everything.
pub fn run_one(
    file: &CalibrationFile,
    settings: &CalibrationSettings,
    (out, existing, told): (&Path, Existing, Told),
    stopping: &Stopping,
    console: &Console,
) -> Result<(), Failure> {
    PendingFolder::check(out, &settings.name, existing)?;
    let (device, reason) = settings.device.open()?;
    let data = settings.load()?;
    let mut folder = PendingFolder::create(&out.join(&settings.name), existing)?;
    console.say(format!("{}: device {reason}", settings.name));
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
    let summary = report::calibration_summary(&found.calibration);
    folder.write("summary.txt", summary.as_bytes())?;
    let mut undrawn = None;
    for kind in &file.figures {
        match report::draw_calibration(*kind, &found, &folder.path().join("figures")) {
            Ok(()) => {}
            // A training that was cut short may lack what a figure needs.
            Err(FigureError::Empty { .. }) if !complete(&found.calibration) => {}
            Err(source) => undrawn = undrawn.or(Some(Failure::Figure { name: kind.name(), source })),
        }
    }
    let seconds = clock.elapsed().as_secs_f64();
    let early = stopping.reason();
    let stop_reason = match early {
        None => StopReason::Complete,
        Some(StopCause::Interrupted) => StopReason::Interrupted,
        Some(StopCause::TimeLimit) => StopReason::TimeLimit,
    };
    let speeds = watch.speeds();
    let manifest = CalibrationManifest::of(file, settings, &reason, (start, seconds), stop_reason, &speeds);
    folder.write("manifest.json", json(&manifest)?.as_bytes())?;
    let Placed { path, moved } = folder.finish()?;
    console.moved(&path, moved.as_deref());
    match told {
        Told::AsData => write_data(summary.trim_end())?,
        Told::AsTalk => console.say(summary.trim_end()),
    }
    for speed in &speeds {
        let per_second = speed.steps_per_second.map_or("–".to_string(), |n| format!("{n:.0}"));
        console.say(format!("{}: {}: {per_second} training steps/s", settings.name, speed.label));
    }
    match (early, told) {
        (None, _) => {}
        (Some(_), Told::AsData) => return Err(Failure::TrainingStopped { path }),
        (Some(StopCause::Interrupted), Told::AsTalk) => return Err(Failure::Interrupted { path }),
        (Some(StopCause::TimeLimit), Told::AsTalk) => return Err(Failure::TimeLimit { path }),
    }
    let diverged = found.calibration.runs.iter().filter(|run| matches!(run.ended, Ended::Diverged { .. }));
    let diverged: Vec<String> = diverged.map(|run| run.label.clone()).collect();
    if !diverged.is_empty() {
        return Err(Failure::Diverged { labels: diverged.join(", "), path });
    }
    let silent = |run: &OptimiserRun| run.without_index().map(|reason| (run.label.clone(), reason.to_string()));
    if let Some((label, reason)) = found.calibration.runs.iter().find_map(silent) {
        return Err(Failure::NoTailIndex { label, reason, path });
    }
    if let Some(failure) = undrawn {
        return Err(failure);
    }
    console.say(format!("{}: {} trainings in {seconds:.1} s → {}", settings.name, found.runs.len(), path.display()));
    Ok(())
}

fn complete(calibration: &Calibration) -> bool {
    calibration.runs.iter().all(|run| matches!(run.ended, Ended::Complete { .. }))
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Output(error.into()))?;
    Ok(text + "\n")
}

fn write_tables(folder: &PendingFolder, found: &Calibrated) -> Result<(), Failure> {
    folder.write("calibration.json", json(&found.calibration)?.as_bytes())?;
    for run in &found.runs {
        if let Some(minimum) = &run.record.minimum {
            run.parameters_array()?.write(&folder.path().join(&minimum.parameters_file))?;
        }
    }
    Ok(())
}

/// Times the steps of every training, alone, without what is measured between them.
struct Stopwatch<'s> {
    settings: &'s CalibrationSettings,
    clocks: Mutex<Vec<Clock>>,
    meter: TrainingMeter,
    console: &'s Console,
}

#[derive(Clone, Copy, Default)]
struct Clock {
    since: Option<Instant>,
    steps: u64,
    seconds: f64,
}

impl<'s> Stopwatch<'s> {
    fn new(settings: &'s CalibrationSettings, console: &'s Console) -> Self {
        let trainings = settings.optimisers.len();
        let meter = console.training_meter(&settings.name, settings.iterations * trainings as u64);
        Stopwatch { settings, clocks: Mutex::new(vec![Clock::default(); trainings]), meter, console }
    }

    fn speeds(&self) -> Vec<TrainingSpeed> {
        let clocks = self.clocks.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let labels = self.settings.optimisers.iter().map(|(label, _)| label.clone());
        let speed = |(label, clock): (String, &Clock)| TrainingSpeed {
            label,
            steps: clock.steps,
            steps_per_second: (clock.seconds > 0.0).then(|| clock.steps as f64 / clock.seconds),
        };
        labels.zip(clocks.iter()).map(speed).collect()
    }
}

impl CalibrationObserver for Stopwatch<'_> {
    fn event(&self, run: usize, event: Event) {
        let mut clocks = self.clocks.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(clock) = clocks.get_mut(run) else { return };
        match event {
            Event::Training => clock.since = Some(Instant::now()),
            Event::Trained { steps } => {
                clock.seconds += clock.since.take().map_or(0.0, |since| since.elapsed().as_secs_f64());
                clock.steps += steps;
                self.meter.show(clocks.iter().map(|clock| clock.steps).sum());
            }
            Event::Measured { iteration } => {
                let (name, label) = (&self.settings.name, &self.settings.optimisers[run].0);
                self.console.say_more(format!("{name}: {label}: the noise after {iteration} steps is measured"));
            }
        }
    }
}
