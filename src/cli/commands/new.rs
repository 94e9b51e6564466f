//! `new`: a commented experiment to start from.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::cli::complaint::{Complain, Complaint, Exit};
use crate::cli::console::{Console, OutputError, write_data};
use crate::cli::line::command_line::path_argument;
use crate::cli::line::options::{NewOptions, Template};
use crate::experiment::{FILE_NAME_HELP, is_file_name};

/// Why no file is written.
#[derive(Debug, Error)]
pub enum NewFailure {
    #[error("{name:?} cannot be the name of an experiment")]
    Name { name: String },
    #[error("{} exists already", path.display())]
    Exists { path: PathBuf },
    #[error("{} cannot be written", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Complain for NewFailure {
    fn complaint(&self) -> Complaint {
        match self {
            NewFailure::Name { .. } => Complaint::new(self, Exit::BadInput).or_hint(FILE_NAME_HELP),
            NewFailure::Exists { .. } => Complaint::new(self, Exit::BadInput).or_hint("choose another name"),
            NewFailure::Write { .. } => Complaint::new(self, Exit::Io),
            NewFailure::Output(error) => error.complaint(),
        }
    }
}

/// Writes `<name>.toml` into the working directory, and prints its path and the next command.
pub fn new(options: &NewOptions, console: &Console) -> Result<(), NewFailure> {
    let NewOptions { name, from } = options;
    let name = name.strip_suffix(".toml").unwrap_or(name);
    if !is_file_name(name) {
        return Err(NewFailure::Name { name: name.to_owned() });
    }
    let path = PathBuf::from(format!("{name}.toml"));
    create(&path, &text(*from).replace("{name}", name)).map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => NewFailure::Exists { path: path.clone() },
        _ => NewFailure::Write { path: path.clone(), source },
    })?;
    write_data(path.display().to_string())?;
    let command = if is_calibration(*from) { "calibrate" } else { "run" };
    console.say(format!("edit it, then: levy-escape {command} {}", path_argument(&path)));
    Ok(())
}

/// Creates a file that does not exist. A file that cannot be filled is removed.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(text.as_bytes());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
}

fn text(template: Template) -> &'static str {
    match template {
        Template::Sweep => include_str!("../templates/sweep.toml"),
        Template::Wells => include_str!("../templates/wells.toml"),
        Template::Box => include_str!("../templates/box.toml"),
        Template::Isotropic => include_str!("../templates/isotropic.toml"),
        #[cfg(feature = "calibrate")]
        Template::Calibration => include_str!("../templates/calibration.toml"),
    }
}

fn is_calibration(template: Template) -> bool {
    match template {
        #[cfg(feature = "calibrate")]
        Template::Calibration => true,
        _ => false,
    }
}
