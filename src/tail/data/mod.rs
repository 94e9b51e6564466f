//! Files of data: `.npy` arrays and columns of CSV.

mod csv_column;
mod npy;

pub use csv_column::{ColumnError, read_column};
pub use npy::{NpyArray, NpyError};
