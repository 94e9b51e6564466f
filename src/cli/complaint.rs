//! What the program prints when a command fails: the message with its causes, a hint, and the exit code.

use std::error::Error;
use std::io;

use super::console::{OutputError, say};
use crate::files::FilesError;
use crate::results::{ResultsError, RunError, TableError};
use crate::store::StoreError;

/// The system's error for a process that has too many open files.
#[cfg(unix)]
const TOO_MANY_OPEN: Option<i32> = Some(libc::EMFILE);
#[cfg(not(unix))]
const TOO_MANY_OPEN: Option<i32> = None;

/// Hint for [`TOO_MANY_OPEN`].
pub const RAISE_ULIMIT: &str = "too many open files: raise the limit with `ulimit -n`";

/// Hint where results exist that an option can move aside.
pub const FORCE_OR_OUT: &str = "pass --force to move it aside and start again, or --out DIR to write elsewhere";

/// Hint where a folder cannot be written.
pub const ELSEWHERE: &str = "pass --out DIR to write elsewhere";

/// Exit codes, as the help lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// A check failed, or a figure had no data.
    CheckFailed = 1,
    /// The command line, an experiment or a data file is wrong.
    BadInput = 2,
    /// A file cannot be read or written.
    Io = 3,
    /// Paths are missing.
    Incomplete = 5,
    /// Stopped by a signal.
    Interrupted = 130,
}

/// An error as it is printed.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// What the process returns.
    pub exit: Exit,
    text: String,
    hint: Option<String>,
}

impl Complaint {
    /// `error: ` with the error and its causes on one line.
    pub fn new(error: &(dyn Error + 'static), exit: Exit) -> Self {
        let mut text = format!("error: {error}");
        for cause in causes(error) {
            text.push_str(&format!(": {cause}"));
        }
        let hint = is_too_many_open(error).then(|| RAISE_ULIMIT.to_string());
        Complaint { exit, text, hint }
    }

    /// A text that is complete as it is.
    pub fn verbatim(text: String, exit: Exit) -> Self {
        Complaint { exit, text, hint: None }
    }

    /// Adds a hint unless there is one.
    pub fn or_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The error and its causes, without the hint.
    pub fn message(&self) -> &str {
        self.text.strip_prefix("error: ").unwrap_or(&self.text)
    }

    /// All that is printed.
    pub fn text(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}\n\nhint: {hint}", self.text),
            None => self.text.clone(),
        }
    }

    /// Prints it to standard error.
    pub fn print(&self) {
        say(self.text());
    }
}

/// An error that a command can end with.
pub trait Complain {
    /// What is printed, and the exit code.
    fn complaint(&self) -> Complaint;
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

fn is_too_many_open(error: &(dyn Error + 'static)) -> bool {
    let code = |error: &(dyn Error + 'static)| error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
    TOO_MANY_OPEN.is_some() && causes(error).any(|cause| code(cause) == TOO_MANY_OPEN)
}

impl Complain for OutputError {
    fn complaint(&self) -> Complaint {
        Complaint::new(self, Exit::Io)
    }
}

impl Complain for FilesError {
    fn complaint(&self) -> Complaint {
        let exit = match self {
            FilesError::Exists { .. } | FilesError::NoName { .. } => Exit::BadInput,
            _ => Exit::Io,
        };
        Complaint::new(self, exit)
    }
}

impl Complain for StoreError {
    fn complaint(&self) -> Complaint {
        let exit = match self {
            StoreError::Differs { .. } | StoreError::Format { .. } | StoreError::IdentityVersion { .. } => {
                Exit::BadInput
            }
            _ => Exit::Io,
        };
        let complaint = Complaint::new(self, exit);
        match self {
            StoreError::Differs { .. } => complaint.or_hint(FORCE_OR_OUT),
            StoreError::Format { .. } | StoreError::IdentityVersion { .. } => complaint
                .or_hint("use the version of levy-escape that wrote it, or start a new run with --force or --out DIR"),
            StoreError::Vanished { .. } => {
                complaint.or_hint("completed paths are in the moved file; if it was deleted, start a new run")
            }
            _ => complaint,
        }
    }
}

impl Complain for ResultsError {
    fn complaint(&self) -> Complaint {
        match self {
            ResultsError::Files(error) => error.complaint(),
            ResultsError::Store(error) => error.complaint(),
            ResultsError::FewerPaths { stored, .. } => {
                let hint = format!(
                    "request at least {stored} with --paths or `paths` in the file, or start again with --force"
                );
                Complaint::new(self, Exit::BadInput).or_hint(hint)
            }
            ResultsError::OtherShard { .. } => Complaint::new(self, Exit::BadInput),
        }
    }
}

impl Complain for RunError {
    fn complaint(&self) -> Complaint {
        match self {
            RunError::Store(error) => error.complaint(),
            RunError::Scheme { .. } => Complaint::new(self, Exit::BadInput),
        }
    }
}

impl Complain for TableError {
    fn complaint(&self) -> Complaint {
        match self {
            TableError::Store(error) => error.complaint(),
            TableError::Sample { .. } => Complaint::new(self, Exit::CheckFailed),
            TableError::Write { .. } => Complaint::new(self, Exit::Io),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn causes_and_hint_are_printed() {
        let source = io::Error::other("no space left");
        let error = FilesError::Write { path: PathBuf::from("out"), source };
        let complaint = error.complaint();
        assert_eq!(
            (complaint.exit, complaint.text().as_str()),
            (Exit::Io, "error: out cannot be written: no space left")
        );
        let text = complaint.or_hint("free some space").or_hint("another").text();
        assert_eq!(text, "error: out cannot be written: no space left\n\nhint: free some space");
    }

    #[cfg(unix)]
    #[test]
    fn the_descriptor_limit_has_its_own_hint() {
        let source = io::Error::from_raw_os_error(libc::EMFILE);
        let complaint = FilesError::Write { path: PathBuf::from("out"), source }.complaint().or_hint("another");
        assert!(complaint.text().ends_with(RAISE_ULIMIT), "{}", complaint.text());
    }
}
