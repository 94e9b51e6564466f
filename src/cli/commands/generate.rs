//! `generate`: shell completions and the man page, from the definition of the command line, and the schema of experiment files.

use clap::CommandFactory;
use clap_complete::Shell;
use thiserror::Error;

use crate::cli::complaint::{Complain, Complaint, Exit};
use crate::cli::console::{OutputError, write_data};
use crate::cli::line::arguments::Arguments;
use crate::cli::line::options::{GenerateOptions, Generated};
use crate::experiment::{UnknownType, experiment_schema};

/// Why nothing is generated.
#[derive(Debug, Error)]
pub enum GenerateFailure {
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error(transparent)]
    Schema(#[from] UnknownType),
}

impl Complain for GenerateFailure {
    fn complaint(&self) -> Complaint {
        match self {
            GenerateFailure::Output(error) => error.complaint(),
            GenerateFailure::Schema(error) => {
                Complaint::new(error, Exit::CheckFailed).or_hint("this is a bug: please report it")
            }
        }
    }
}

/// Prints the completions of a shell, the man page, or the schema.
pub fn generate(options: &GenerateOptions) -> Result<(), GenerateFailure> {
    let text = match &options.what {
        Generated::Completions { shell } => completions(*shell),
        Generated::Man => man()?,
        Generated::Schema => format!("{:#}", experiment_schema()?).into_bytes(),
    };
    Ok(write_data(String::from_utf8_lossy(&text).trim_end())?)
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "levy-escape", &mut text);
    if shell != Shell::Bash {
        return text;
    }
    // clap_complete writes the hyphen of the program's name as `__` where it sets a command, and as `__subcmd__` where it completes it.
    String::from_utf8_lossy(&text).replace("levy__subcmd__escape", "levy__escape").into_bytes()
}

/// The page of the program, followed by those of its commands.
fn man() -> Result<Vec<u8>, OutputError> {
    let mut text = Vec::new();
    let mut command = Arguments::command();
    // Adds the global options to every command.
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut text).map_err(OutputError)?;
    text = own_page(&String::from_utf8_lossy(&text), &command).into_bytes();
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

/// The page of the program as clap_mangen renders it, with the commands as they are typed instead of as pages of their own, and with the exit codes
/// line by line under their usual heading.
fn own_page(text: &str, command: &clap::Command) -> String {
    let names = command.get_subcommands().map(|sub| sub.get_name().replace('-', "\\-"));
    let text = names.fold(text.to_owned(), |text, name| {
        text.replace(&format!("levy\\-escape\\-{name}(1)"), &format!("levy\\-escape {name}"))
    });
    let Some((before, rest)) = text.split_once(".SH EXTRA\nExit codes:\n") else { return text };
    let (codes, after) = rest.split_once(".SH ").unwrap_or((rest, ""));
    format!("{before}.SH \"EXIT STATUS\"\n.nf\n{codes}.fi\n.SH {after}")
}
