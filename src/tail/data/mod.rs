//! Data files (text tables, NumPy arrays, safetensors, optionally compressed) and the samples taken from them.

mod bundle;
mod cell;
mod dialect;
mod entry_type;
mod grid;
mod npy;
mod table;
mod unpacked;

pub use bundle::{BundleError, read_npz, read_safetensors};
pub use cell::Decimal;
pub use grid::{Grid, GridError, Series, Step};
pub use npy::{NpyArray, NpyError};
pub use table::{ColumnError, Header, Missing, Table, TableSettings, read_column};
pub use unpacked::{UnpackError, read_file, read_from};
