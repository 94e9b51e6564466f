//! The program: arguments, messages and exit codes. The only module that prints and handles signals.

mod columns;
mod commands;
mod complaint;
mod console;
mod embedded;
mod index;
mod line;
mod load;
mod manifest;
mod outcome;
mod pilot;
mod planar_wells;
mod planned;
mod progress;
mod rendering;
mod stopping;

use std::process::ExitCode;

use clap::Parser;

#[cfg(feature = "calibrate")]
use commands::calibrate;
use commands::{check, generate, merge, new, report, reproduce, run, slurm, tail_index, theory};
use complaint::{Complain, Complaint};
use console::Console;
pub use embedded::{EmbeddedError, EmbeddedResults, EmbeddedRun, run_embedded};
use line::arguments::{Arguments, Command};
pub use progress::PathCounter;

/// Parses the command line, runs the command, prints its failure and returns the exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let console = Console::new(&arguments.console);
    match execute(&arguments.command, &console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            complaint.print();
            ExitCode::from(complaint.exit as u8)
        }
    }
}

fn execute(command: &Command, console: &Console) -> Result<(), Complaint> {
    match command {
        Command::New(options) => complain(new::new(options, console)),
        Command::Check(options) => complain(check::check(options, console)),
        Command::Theory(options) => complain(theory::theory(options, console)),
        Command::Run(options) => complain(run::run(options, console)),
        Command::Report(options) => complain(report::report(options, console)),
        Command::Merge(options) => complain(merge::merge(options, console)),
        Command::Slurm(options) => complain(slurm::slurm(options, console)),
        Command::Reproduce(options) => complain(reproduce::reproduce(options, console)),
        #[cfg(feature = "calibrate")]
        Command::Calibrate(options) => complain(calibrate::calibrate(options, console)),
        Command::TailIndex(options) => complain(tail_index::tail_index(options, console)),
        Command::Generate(options) => complain(generate::generate(options)),
    }
}

fn complain<E: Complain>(result: Result<(), E>) -> Result<(), Complaint> {
    result.map_err(|failure| failure.complaint())
}
