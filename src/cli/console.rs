//! Standard output and standard error: data, messages, warnings, and the output settings.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

use miette::MietteHandlerOpts;
use thiserror::Error;

use super::line::arguments::{Color, ConsoleOptions, ProgressStyle};

/// Standard output cannot be written.
#[derive(Debug, Error)]
#[error("cannot write to standard output")]
pub struct OutputError(#[source] pub io::Error);

/// Writes a line to standard error. A closed standard error must not end a run, so errors are ignored.
pub fn say(line: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", line.as_ref());
}

/// Writes a line of data to standard output. A reader that has closed the pipe, as in `… | head`, is not an error.
pub fn write_data(line: impl AsRef<str>) -> Result<(), OutputError> {
    match writeln!(io::stdout().lock(), "{}", line.as_ref()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(OutputError),
    }
}

/// Columns of the terminal. One that reports no size has as many as the variable `COLUMNS` says.
pub fn terminal_width() -> Option<usize> {
    let reported = terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0));
    let given = || std::env::var("COLUMNS").ok()?.parse().ok();
    reported.filter(|width| *width > 0).or_else(given)
}

/// Output settings.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    quiet: bool,
    verbose: bool,
    progress: ProgressStyle,
    width: Option<usize>,
}

impl Console {
    /// Resolves `auto` for this terminal and sets the colour of diagnostics.
    pub fn new(options: &ConsoleOptions) -> Self {
        // A dumb terminal has neither colours nor a cursor that moves.
        let terminal = io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let color = match options.color {
            Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
            Color::Always => true,
            Color::Never => false,
        };
        // The hook can be set only once, and this is the only place that sets it.
        let _ = miette::set_hook(Box::new(move |_| Box::new(MietteHandlerOpts::new().color(color).build())));
        let progress = match options.progress {
            _ if options.quiet => ProgressStyle::None,
            ProgressStyle::Auto if terminal => ProgressStyle::Bar,
            ProgressStyle::Auto => ProgressStyle::Plain,
            given => given,
        };
        Console { quiet: options.quiet, verbose: options.verbose, progress, width: terminal_width() }
    }

    /// A console that prints nothing.
    pub fn silent() -> Self {
        Console { quiet: true, verbose: false, progress: ProgressStyle::None, width: None }
    }

    /// How progress is shown; never `Auto`.
    pub fn progress(&self) -> ProgressStyle {
        self.progress
    }

    /// Columns of the terminal; `None` if standard error is not one and the variable `COLUMNS` is not set.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// A line, unless quiet.
    pub fn say(&self, line: impl AsRef<str>) {
        if !self.quiet {
            say(line);
        }
    }

    /// Says that existing results were moved, if they were.
    pub fn moved(&self, from: &Path, to: Option<&Path>) {
        if let Some(to) = to {
            self.say(format!("{} was moved to {}", from.display(), to.display()));
        }
    }

    /// A line, if verbose.
    pub fn say_more(&self, line: impl AsRef<str>) {
        if self.verbose {
            say(line);
        }
    }

    /// A warning, unless quiet.
    pub fn warn(&self, line: impl AsRef<str>) {
        if !self.quiet {
            say(format!("warning: {}", line.as_ref()));
        }
    }
}
