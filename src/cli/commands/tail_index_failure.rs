//! Why `tail-index` gives no estimate.

use std::path::PathBuf;

use thiserror::Error;

use crate::cli::complaint::{Complain, Complaint, Exit};
use crate::cli::console::OutputError;
use crate::report::FigureError;
use crate::tail::{ColumnError, NpyError, TailError};

/// Why there is no estimate, or no figure.
#[derive(Debug, Error)]
pub enum TailIndexFailure {
    #[error("{} cannot be used", path.display())]
    Column {
        path: PathBuf,
        #[source]
        source: ColumnError,
    },
    #[error("{} cannot be used", path.display())]
    Array {
        path: PathBuf,
        #[source]
        source: NpyError,
    },
    #[error("{}: {what}", path.display())]
    Data { path: PathBuf, what: String },
    #[error("{}: no tail index", path.display())]
    Tail {
        path: PathBuf,
        #[source]
        source: TailError,
    },
    #[error("{} exists already", path.display())]
    FigureExists { path: PathBuf },
    #[error("{} cannot hold a figure: use .svg or .png", path.display())]
    FigureFormat { path: PathBuf },
    #[error("the figure {name} could not be drawn")]
    Figure {
        name: &'static str,
        #[source]
        source: FigureError,
    },
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Complain for TailIndexFailure {
    fn complaint(&self) -> Complaint {
        let exit = match self {
            TailIndexFailure::Output(error) => return error.complaint(),
            TailIndexFailure::Column { source: ColumnError::File(error), .. } if error.is_io_error() => Exit::Io,
            TailIndexFailure::Array { source: NpyError::File { .. }, .. } => Exit::Io,
            TailIndexFailure::Figure { source: FigureError::Empty { .. }, .. } => Exit::CheckFailed,
            TailIndexFailure::Figure { .. } => Exit::Io,
            _ => Exit::BadInput,
        };
        let complaint = Complaint::new(self, exit);
        match self {
            TailIndexFailure::FigureExists { .. } => complaint.or_hint("pass --force to replace it"),
            _ => complaint,
        }
    }
}
