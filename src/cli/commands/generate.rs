//! `generate`: shell completions and the man page, from the definition of the command line.

use clap::CommandFactory;
use clap_complete::Shell;
use thiserror::Error;

use crate::cli::arguments::Arguments;
use crate::cli::complaint::{Complain, Complaint};
use crate::cli::console::{OutputError, write_data};
use crate::cli::options::{GenerateOptions, Generated};

/// Why nothing is generated.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct GenerateFailure(#[from] OutputError);

impl Complain for GenerateFailure {
    fn complaint(&self) -> Complaint {
        self.0.complaint()
    }
}

/// Prints the completions of a shell, or the man page.
pub fn generate(options: &GenerateOptions) -> Result<(), GenerateFailure> {
    let text = match &options.what {
        Generated::Completions { shell } => completions(*shell),
        Generated::Man => man()?,
    };
    Ok(write_data(String::from_utf8_lossy(&text).trim_end())?)
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "levy-escape", &mut text);
    text
}

/// The page of the program, followed by those of its commands.
fn man() -> Result<Vec<u8>, OutputError> {
    let mut text = Vec::new();
    let mut command = Arguments::command();
    // Adds the global options to every command.
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut text).map_err(OutputError)?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let man = clap_mangen::Man::new(sub.clone());
        let heading = format!(".SH \"LEVY\\-ESCAPE {}\"\n", sub.get_name().to_uppercase());
        text.extend(heading.into_bytes());
        man.render_description_section(&mut text).map_err(OutputError)?;
        man.render_synopsis_section(&mut text).map_err(OutputError)?;
        man.render_options_section(&mut text).map_err(OutputError)?;
    }
    Ok(text)
}
