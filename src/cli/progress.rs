//! Progress bars, and plain lines where there is no terminal.

#[cfg(feature = "calibrate")]
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle as BarStyle};

use super::console::{Console, say};
use super::line::arguments::ProgressStyle;
use crate::results::{Progress, WorkEstimate};

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Seconds between two changes of a run's bar.
const BAR_EVERY: f64 = 0.1;
const BAR_CHARS: &str = "━╸ ";
/// Share of the work from which on the remaining time is known within some 20 %.
const KNOWN_FROM: f64 = 0.1;
/// Parts of a run's bar.
const BAR_PARTS: u64 = 10_000;

fn bar(console: &Console, name: &str, unit: &'static str) -> Option<ProgressBar> {
    // The bar takes the rest of the line, so a narrow terminal still shows the remaining time.
    (console.progress() == ProgressStyle::Bar).then(|| {
        // What is set before the first draw is not drawn by itself.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_prefix(name.to_owned());
        let template = "{prefix} {wide_bar} {percent:>3} % · {per_sec} · {eta} left";
        if let Ok(style) = BarStyle::with_template(template) {
            let rate = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = write!(out, "{} {unit}/s", short(state.per_sec()));
            };
            return bar.with_style(style.progress_chars(BAR_CHARS).with_key("per_sec", rate));
        }
        bar
    })
}

/// The progress of a run for the program around it, which reads it from another thread.
#[derive(Debug, Default)]
pub struct PathCounter {
    done: AtomicU64,
    total: AtomicU64,
}

impl PathCounter {
    pub(super) fn set(&self, progress: &Progress<'_>) {
        self.total.store(progress.total, Ordering::Relaxed);
        self.done.store(progress.done, Ordering::Relaxed);
    }

    /// Finished paths, those of an earlier session included, and the paths of the whole run; both 0 before the first are finished.
    pub fn counts(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

/// The progress of a run, of a merge, or of writing tables.
pub struct Meter {
    bar: Option<ProgressBar>,
    plain: bool,
    name: String,
    unit: &'static str,
    start: Instant,
    last: Instant,
    /// What a resumed run had done before; it is left out of the rate.
    begun: Option<u64>,
    /// Seconds after the start at which the bar changed last.
    shown: Option<f64>,
}

impl Meter {
    /// A meter that counts in `unit`.
    pub fn new(console: &Console, name: &str, unit: &'static str) -> Self {
        let (bar, now) = (bar(console, name, unit), Instant::now());
        let plain = console.progress() == ProgressStyle::Plain;
        Meter { bar, plain, name: name.to_string(), unit, start: now, last: now, begun: None, shown: None }
    }

    /// A meter of the run of an experiment, whose bar shows the finished share of the work and not of the paths.
    pub fn of_run(console: &Console, name: &str, unit: &'static str) -> Self {
        let meter = Meter::new(console, name, unit);
        if let Some(bar) = &meter.bar {
            if let Ok(style) = BarStyle::with_template("{prefix} {wide_bar} {percent:>3} % · {msg}") {
                bar.set_style(style.progress_chars(BAR_CHARS));
            }
            bar.set_length(BAR_PARTS);
            bar.set_message("starting");
        }
        meter
    }

    /// Shows the progress of a run.
    pub fn show(&mut self, progress: Progress<'_>) {
        let begun = *self.begun.get_or_insert(progress.done);
        let line_is_due = self.is_line_due();
        if self.bar.is_none() && !line_is_due {
            return;
        }
        let elapsed = self.start.elapsed().as_secs_f64();
        if self.shown.is_some_and(|shown| elapsed - shown < BAR_EVERY) && progress.done < progress.total {
            return;
        }
        self.shown = Some(elapsed);
        let Some(WorkEstimate { share, seconds_left }) = progress.work.estimate(elapsed) else { return };
        let cell = progress.cells_done.min(progress.cells - 1) + 1;
        let rate = short((progress.done - begun) as f64 / elapsed);
        let left = HumanDuration(Duration::from_secs_f64(seconds_left));
        let about = if share < KNOWN_FROM { "about " } else { "" };
        let text = format!("cell {cell} of {} · {rate} {}/s · {about}{left:#} left", progress.cells, self.unit);
        let Some(bar) = &self.bar else { return say(format!("{}: {:.0} % · {text}", self.name, 100.0 * share)) };
        bar.set_message(text);
        // The estimate may fall, the bar does not.
        bar.set_position(bar.position().max((share * BAR_PARTS as f64) as u64));
    }

    /// Shows that `done` of `of` units are done.
    pub fn count(&mut self, done: u64, of: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(of);
            bar.set_position(done);
        } else if self.is_line_due() {
            say(format!("{}: {done} of {of} {}", self.name, self.unit));
        }
    }

    fn is_line_due(&mut self) -> bool {
        let due = self.plain && self.last.elapsed() > LINE_EVERY;
        if due {
            self.last = Instant::now();
        }
        due
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The progress of one calibration, shown from several threads.
#[cfg(feature = "calibrate")]
pub struct TrainingMeter {
    bar: Option<ProgressBar>,
    /// Time of the last plain line; `None` where none are written.
    plain: Option<Mutex<Instant>>,
    name: String,
    steps: u64,
}

#[cfg(feature = "calibrate")]
impl TrainingMeter {
    /// A meter of a calibration of `steps` training steps in all.
    pub fn new(console: &Console, name: &str, steps: u64) -> Self {
        let bar = bar(console, name, "steps").inspect(|bar| bar.set_length(steps));
        let plain = (console.progress() == ProgressStyle::Plain).then(|| Mutex::new(Instant::now()));
        TrainingMeter { bar, plain, name: name.to_string(), steps }
    }

    /// Shows that `done` steps are done.
    pub fn show(&self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
        let Some(Ok(mut last)) = self.plain.as_ref().map(Mutex::lock) else { return };
        if last.elapsed() > LINE_EVERY {
            *last = Instant::now();
            let percent = 100.0 * done as f64 / self.steps as f64;
            say(format!("{}: {percent:.0} % of {} steps", self.name, short(self.steps as f64)));
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `1.2k`, `3.4M`: at most three digits before the unit.
pub fn short(x: f64) -> String {
    match x {
        x if x >= 1e15 => format!("{:.1}P", x / 1e15),
        x if x >= 1e12 => format!("{:.1}T", x / 1e12),
        x if x >= 1e9 => format!("{:.1}G", x / 1e9),
        x if x >= 1e6 => format!("{:.1}M", x / 1e6),
        x if x >= 1e3 => format!("{:.1}k", x / 1e3),
        x => format!("{x:.0}"),
    }
}
