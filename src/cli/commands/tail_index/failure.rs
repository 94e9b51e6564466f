//! Why `tail-index` gives no estimate.

use std::path::PathBuf;

use thiserror::Error;

use crate::cli::complaint::{Complain, Complaint, Exit};
use crate::cli::console::OutputError;
use crate::report::FigureError;
use crate::tail::{BundleError, ColumnError, GridError, NpyError, TailError, UnpackError};

/// Why there is no estimate.
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
    #[error("{} cannot be used", path.display())]
    Bundle {
        path: PathBuf,
        #[source]
        source: BundleError,
    },
    #[error(transparent)]
    Unreadable(#[from] UnpackError),
    #[error("{} cannot be used", path.display())]
    Grid {
        path: PathBuf,
        #[source]
        source: GridError,
    },
    #[error("{}: the name of a data file ends in .csv, .tsv, .txt, .dat, .npy, .npz or .safetensors, or in one of these and .gz", path.display())]
    Suffix { path: PathBuf },
    #[error("{}: entry {place:?} is {value}: entries must be finite", path.display())]
    Entry { path: PathBuf, place: Vec<usize>, value: f64 },
    #[error("{}: an array of shape {shape:?} holds nothing", path.display())]
    EmptyArray { path: PathBuf, shape: Vec<usize> },
    #[error("{}: there is no column {column:?} in an array of shape {shape:?}", path.display())]
    NoColumn { path: PathBuf, column: String, shape: Vec<usize> },
    #[error("{}: an array of shape {shape:?} needs --axis pooled, 0 or 1{}", path.display(), if shape.len() == 2 { ", or --column NUMBER" } else { "" })]
    Axis { path: PathBuf, shape: Vec<usize> },
    #[error("the centre {text:?} is none of median, zero and a number")]
    Centre { text: String },
    #[error("a figure shows one sample, and {} holds {samples}", path.display())]
    ManySamples { path: PathBuf, samples: usize },
    #[error("{}: no tail index", path.display())]
    Tail {
        path: PathBuf,
        #[source]
        source: TailError,
    },
    #[error("{}: no tail index of any of the {samples} samples", path.display())]
    NoEstimate {
        path: PathBuf,
        samples: usize,
        #[source]
        source: TailError,
    },
    #[error("{} exists already", path.display())]
    FigureExists { path: PathBuf },
    #[error("{} cannot hold a figure: use .svg, .png or .pdf", path.display())]
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
        if let TailIndexFailure::Output(error) = self {
            return error.complaint();
        }
        let complaint = Complaint::new(self, self.exit());
        match self.hint() {
            Some(hint) => complaint.or_hint(hint),
            None => complaint,
        }
    }
}

impl TailIndexFailure {
    fn exit(&self) -> Exit {
        match self {
            TailIndexFailure::Column { source: ColumnError::Unreadable(UnpackError::File { .. }), .. }
            | TailIndexFailure::Unreadable(UnpackError::File { .. })
            | TailIndexFailure::Array { source: NpyError::File { .. }, .. } => Exit::Io,
            TailIndexFailure::Column { source: ColumnError::Rows(error), .. } if error.is_io_error() => Exit::Io,
            TailIndexFailure::NoEstimate { .. }
            | TailIndexFailure::Figure { source: FigureError::Empty { .. }, .. } => Exit::CheckFailed,
            TailIndexFailure::Figure { .. } => Exit::Io,
            _ => Exit::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            TailIndexFailure::Column { source, .. } => return column_hint(source).map(str::to_owned),
            TailIndexFailure::Bundle { source: BundleError::Choose { .. } | BundleError::NoArray { .. }, .. } => {
                "choose one with --array NAME"
            }
            TailIndexFailure::Grid { source: GridError::NotPositive { .. }, .. } => {
                "pass --difference for values that may be negative or zero"
            }
            TailIndexFailure::Suffix { .. } => "pass --format csv if it is a table of text",
            TailIndexFailure::ManySamples { .. } => "choose one with --column, or pool them with --axis pooled",
            TailIndexFailure::NoEstimate { source: TailError::TooFew { .. }, .. } => {
                "choose the axis along which a sample lies: --axis 0 takes every column, --axis 1 every row"
            }
            TailIndexFailure::Tail { source: TailError::NoDivisor { n }, .. } => {
                return Some(format!("pass --block {}", n.isqrt().max(2)));
            }
            TailIndexFailure::Tail { source: TailError::TooCoarse { entry, .. }, .. } => {
                return Some(format!("measure more finely; if {entry} means a missing value, pass --na {entry}"));
            }
            TailIndexFailure::FigureExists { .. } => "pass --force to replace it",
            _ => return None,
        };
        Some(text.to_owned())
    }
}

fn column_hint(error: &ColumnError) -> Option<&'static str> {
    Some(match error {
        ColumnError::FirstRow { .. } => "pass --header if it names the columns, --no-header if it holds entries",
        // What a decimal comma in one column looks like.
        ColumnError::Choose { columns } if *columns == ["0", "1"] => {
            "choose one with --column NAME, pool both with --column 0,1, or take each as a sample with --axis 0; if there is one column with decimal \
             commas, pass --decimal-comma"
        }
        ColumnError::Choose { .. } => {
            "choose one with --column NAME, pool some with --column A,B, or take each as a sample with --axis 0"
        }
        ColumnError::NoColumn { .. } => {
            "columns are named by the first row or numbered from 0; --delimiter says what separates the cells"
        }
        ColumnError::Twice { .. } => "name each column once",
        ColumnError::SameName { .. } => "choose by number, from 0: --column NUMBER",
        ColumnError::Number { text, .. } if text.contains(',') => {
            "pass --decimal-comma if commas separate decimals, --thousands-comma if they separate thousands"
        }
        ColumnError::Number { text, .. } | ColumnError::Date { text, .. } if text.contains(char::is_whitespace) => {
            "if blanks separate cells, pass --delimiter blank; then choose a column of numbers with --column"
        }
        ColumnError::Number { .. } => "if it means a missing value, pass --na TEXT",
        ColumnError::Missing { .. } => "pass --missing omit to leave missing values out",
        ColumnError::Comma { .. } => {
            "pass --decimal-comma if it separates decimals, --thousands-comma if it separates thousands"
        }
        ColumnError::Date { .. } => "choose a column of numbers with --column",
        ColumnError::Rows(_) => {
            "every row needs as many cells as the first: write NA for a missing one; --delimiter says what separates the cells"
        }
        ColumnError::Encoding { .. } => "save it as UTF-8",
        _ => return None,
    })
}
