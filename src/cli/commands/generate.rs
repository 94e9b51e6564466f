//! `generate`: shell completions and the man page, from the definition of the command line, and the schemas of files.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use thiserror::Error;

use crate::cli::complaint::{Complain, Complaint, Exit};
use crate::cli::console::{OutputError, write_data};
use crate::cli::line::arguments::Arguments;
use crate::cli::line::options::{GenerateOptions, Generated, SchemaKind};
use crate::experiment::{UnknownType, calibration_schema, experiment_schema};

/// Bash completes names of files where a function has no reply. clap_complete's function replies with all options where nothing is typed yet.
const BASH_FILES: &str = r#"
_levy_escape_or_files() {
    _levy__escape "$@"
    local word
    [[ -z $2 ]] || return 0
    for word in "${COMPREPLY[@]}"; do
        [[ $word == -* ]] || return 0
    done
    COMPREPLY=()
}
complete -F _levy_escape_or_files -o bashdefault -o default levy-escape
"#;

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

/// Prints the completions of a shell, the man page, or a schema.
pub fn generate(options: &GenerateOptions) -> Result<(), GenerateFailure> {
    let text = match &options.what {
        Generated::Completions { shell } => completions(*shell),
        Generated::Man => man()?,
        Generated::Schema { kind: SchemaKind::Experiment } => format!("{:#}", experiment_schema()?).into_bytes(),
        Generated::Schema { kind: SchemaKind::Calibration } => format!("{:#}", calibration_schema()?).into_bytes(),
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
    let text = String::from_utf8_lossy(&text).replace("levy__subcmd__escape", "levy__escape");
    // The last lines of clap_complete's text make `_levy__escape` the completion, and bash keeps the last that it is given.
    format!("{text}{BASH_FILES}").into_bytes()
}

/// The page of the program, followed by those of its commands.
fn man() -> Result<Vec<u8>, OutputError> {
    let mut text = Vec::new();
    let mut command = Arguments::command();
    // Adds the global options to every command.
    command.build();
    render_program(&command, &mut text).map_err(OutputError)?;
    for sub in commands(&command) {
        let man = Man::new(sub.clone());
        let heading = format!(".SH \"LEVY\\-ESCAPE {}\"\n", sub.get_name().to_uppercase());
        text.extend(heading.into_bytes());
        man.render_description_section(&mut text).map_err(OutputError)?;
        man.render_synopsis_section(&mut text).map_err(OutputError)?;
        man.render_options_section(&mut text).map_err(OutputError)?;
    }
    Ok(text)
}

/// The sections of the program itself. clap_mangen would name a page for every command, and set the exit codes as running text.
fn render_program(command: &Command, out: &mut dyn Write) -> io::Result<()> {
    let man = Man::new(command.clone());
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    for sub in commands(command) {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        roff.control("TP", []);
        roff.text([bold(format!("{} {}", command.get_name(), sub.get_name()))]);
        roff.text([roman(about)]);
    }
    roff.control("SH", ["EXIT STATUS"]);
    roff.control("nf", []);
    let codes = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    codes.lines().skip(1).for_each(|line| {
        roff.text([roman(line)]);
    });
    roff.control("fi", []);
    roff.to_writer(out)?;
    man.render_version_section(out)
}

fn commands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| sub.get_name() != "help")
}
