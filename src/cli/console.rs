//! What is said on standard error while a run goes on.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle as Style};
use miette::MietteHandlerOpts;

use super::arguments::{Color, ProgressStyle, TalkOptions};
use super::failure::Failure;
use crate::results::Progress;

/// Writes a line to standard error. Nobody may be there to read it: that is no reason to lose a run.
pub fn say(line: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr().lock(), "{}", line.as_ref());
}

/// Writes a line of data to standard output. A reader that has seen enough, as in `… | head`, is no failure.
pub fn write_data(line: impl AsRef<str>) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{}", line.as_ref()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Failure::Output),
    }
}

/// What may be said, and how.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    quiet: bool,
    verbose: bool,
    progress: ProgressStyle,
}

impl Console {
    /// Settles what `auto` means here and tells the error printer about colour.
    pub fn new(options: &TalkOptions) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let color = match options.color {
            Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
            Color::Always => true,
            Color::Never => false,
        };
        // Set once, before anything can be printed; a second setting could not happen.
        let _ = miette::set_hook(Box::new(move |_| Box::new(MietteHandlerOpts::new().color(color).build())));
        let progress = match options.progress {
            _ if options.quiet => ProgressStyle::None,
            ProgressStyle::Auto if terminal => ProgressStyle::Bar,
            ProgressStyle::Auto => ProgressStyle::Plain,
            given => given,
        };
        Console { quiet: options.quiet, verbose: options.verbose, progress }
    }

    /// A line unless quiet.
    pub fn say(&self, line: impl AsRef<str>) {
        if !self.quiet {
            say(line);
        }
    }

    /// Where results went that stood where others were to be.
    pub fn moved(&self, from: &Path, to: Option<&Path>) {
        if let Some(to) = to {
            self.say(format!("{} was moved to {}", from.display(), to.display()));
        }
    }

    /// A line if verbose.
    pub fn say_more(&self, line: impl AsRef<str>) {
        if self.verbose {
            say(line);
        }
    }

    /// A warning unless quiet.
    pub fn warn(&self, line: impl AsRef<str>) {
        if !self.quiet {
            say(format!("warning: {}", line.as_ref()));
        }
    }

    /// Shows the progress of something that is counted in `unit`.
    pub fn meter(&self, name: &str, unit: &'static str) -> Meter {
        let now = Instant::now();
        let plain = self.progress == ProgressStyle::Plain;
        Meter { bar: self.bar(name, unit), plain, name: name.to_string(), unit, start: now, last: now, begun: None }
    }

    /// A bar, if one is to be shown.
    fn bar(&self, name: &str, unit: &'static str) -> Option<ProgressBar> {
        (self.progress == ProgressStyle::Bar).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let template = "{prefix} {bar:30} {percent:>3} % · {msg}{per_sec} · {eta} left";
            if let Ok(style) = Style::with_template(template) {
                let rate = move |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                    let _ = write!(out, "{} {unit}/s", short(state.per_sec()));
                };
                bar.set_style(style.progress_chars("━╸ ").with_key("per_sec", rate));
            }
            bar.set_prefix(name.to_string());
            bar
        })
    }
}

#[cfg(feature = "calibrate")]
impl Console {
    /// Shows the progress of one calibration of so many training steps.
    pub fn training_meter(&self, name: &str, steps: u64) -> TrainingMeter {
        let bar = self.bar(name, "steps").inspect(|bar| bar.set_length(steps));
        let plain = (self.progress == ProgressStyle::Plain).then(|| std::sync::Mutex::new(Instant::now()));
        TrainingMeter { bar, plain, name: name.to_string(), steps }
    }
}

/// The progress of one calibration.
#[cfg(feature = "calibrate")]
pub struct TrainingMeter {
    bar: Option<ProgressBar>,
    /// When the last line was written.
    plain: Option<std::sync::Mutex<Instant>>,
    name: String,
    steps: u64,
}

#[cfg(feature = "calibrate")]
impl TrainingMeter {
    /// Shows that so many steps are done.
    pub fn show(&self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
        let Some(Ok(mut last)) = self.plain.as_ref().map(std::sync::Mutex::lock) else { return };
        if last.elapsed() > Duration::from_secs(10) {
            *last = Instant::now();
            say(format!(
                "{}: {:.0} % of {} steps",
                self.name,
                100.0 * done as f64 / self.steps as f64,
                short(self.steps as f64)
            ));
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
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
    /// What was done already when it was first shown: it says nothing about the speed.
    begun: Option<u64>,
}

impl Meter {
    /// Shows how far the run is.
    pub fn show(&mut self, progress: Progress<'_>) {
        let begun = *self.begun.get_or_insert(progress.done);
        let cell = || format!("cell {} of {}", progress.cells_done.min(progress.cells - 1) + 1, progress.cells);
        if let Some(bar) = &self.bar {
            if bar.length() != Some(progress.total) {
                bar.set_length(progress.total);
                bar.set_position(begun);
                bar.reset_eta();
            }
            bar.set_message(format!("{} · ", cell()));
            bar.set_position(progress.done);
        } else if self.plain && self.last.elapsed() > Duration::from_secs(10) {
            self.last = Instant::now();
            let elapsed = self.start.elapsed().as_secs_f64();
            let rate = (progress.done - begun) as f64 / elapsed;
            let left = (progress.total - progress.done) as f64 / rate;
            say(format!(
                "{}: {:.0} % · {} · {} escapes/s · {left:.0} s left",
                self.name,
                100.0 * progress.done as f64 / progress.total as f64,
                cell(),
                short(rate),
            ));
        }
    }

    /// Shows how many things of how many are done.
    pub fn count(&mut self, done: u64, of: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(of);
            bar.set_position(done);
        } else if self.plain && self.last.elapsed() > Duration::from_secs(10) {
            self.last = Instant::now();
            say(format!("{}: {done} of {of} {}", self.name, self.unit));
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `1.2k`, `3.4M`: three digits at most before the unit.
pub fn short(x: f64) -> String {
    match x {
        x if x >= 1e9 => format!("{:.1}G", x / 1e9),
        x if x >= 1e6 => format!("{:.1}M", x / 1e6),
        x if x >= 1e3 => format!("{:.1}k", x / 1e3),
        x => format!("{x:.0}"),
    }
}
