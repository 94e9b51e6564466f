//! The program: arguments, messages, exit codes. The only room that prints, reads the clock and catches signals.

mod arguments;
#[cfg(feature = "calibrate")]
mod calibrate;
mod check;
mod columns;
mod dry_run;
mod failure;
mod manifest;
mod merge;
mod pilot;
mod progress;
mod rendering;
mod reproduce;
mod run;
mod slurm;
mod stopping;
mod tail_index;
mod theory;

use clap::Parser;
use std::process::ExitCode;

use arguments::{Arguments, Command};

/// Parses the command line, does what it says, and returns the exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let talk = progress::Talk::new(&arguments.talk);
    let done = match &arguments.command {
        Command::Run(options) => run::run(options, &talk),
        Command::Reproduce(options) => reproduce::reproduce(options, &talk),
        Command::Merge(options) => merge::merge(options, &talk),
        Command::Report(options) => merge::report(options, &talk),
        Command::Slurm(options) => slurm::slurm(options, &talk),
        Command::Check(options) => check::check(options, &talk),
        Command::Theory(options) => theory::theory(options, &talk),
        #[cfg(feature = "calibrate")]
        Command::Calibrate(options) => calibrate::calibrate(options, &talk),
        Command::TailIndex(options) => tail_index::tail_index(options, &talk),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.code())
        }
    }
}
