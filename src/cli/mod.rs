//! The program: arguments, messages, exit codes. The only room that prints, reads the clock and catches signals.

mod arguments;
mod columns;
mod commands;
mod console;
mod failure;
mod manifest;
mod pilot;
mod rendering;
mod stopping;

use clap::Parser;
use std::process::ExitCode;

use arguments::{Arguments, Command};
#[cfg(feature = "calibrate")]
use commands::calibrate;
use commands::{check, merge, reproduce, run, slurm, tail_index, theory};

/// Parses the command line, does what it says, and returns the exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let console = console::Console::new(&arguments.console);
    let done = match &arguments.command {
        Command::Run(options) => run::run(options, &console),
        Command::Reproduce(options) => reproduce::reproduce(options, &console),
        Command::Merge(options) => merge::merge(options, &console),
        Command::Report(options) => merge::report(options, &console),
        Command::Slurm(options) => slurm::slurm(options, &console),
        Command::Check(options) => check::check(options, &console),
        Command::Theory(options) => theory::theory(options, &console),
        #[cfg(feature = "calibrate")]
        Command::Calibrate(options) => calibrate::calibrate(options, &console),
        Command::TailIndex(options) => tail_index::tail_index(options, &console),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.code())
        }
    }
}
