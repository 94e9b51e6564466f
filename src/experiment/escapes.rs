//! The outcome of every path, exported in path order: `escapes.csv`, and `escapes.parquet` with the feature `parquet`.

use std::path::Path;

use super::beside::Beside;
use super::cell_result::{ESCAPE_COLUMNS, write_escape};
#[cfg(feature = "parquet")]
use super::escapes_parquet::ParquetEscapes;
use super::tables::TableError;
use crate::scheme::Outcome;

/// The files being written; without [`Escapes::finish`] nothing is left of them.
pub(super) struct Escapes {
    csv: Beside,
    #[cfg(feature = "parquet")]
    parquet: ParquetEscapes,
}

impl Escapes {
    pub fn create(folder: &Path) -> Result<Self, TableError> {
        Ok(Escapes {
            csv: Beside::table(folder, "escapes.csv", &ESCAPE_COLUMNS)?,
            #[cfg(feature = "parquet")]
            parquet: ParquetEscapes::create(folder)?,
        })
    }

    /// Adds the paths of a cell from number `first` on.
    pub fn write(&mut self, cell: u64, first: u64, outcomes: &[Outcome]) -> Result<(), TableError> {
        #[cfg(feature = "parquet")]
        self.parquet.write(cell, first, outcomes)?;
        self.csv.write(|file| {
            (first..).zip(outcomes).try_for_each(|(path, outcome)| write_escape(file, cell, path, outcome))
        })
    }

    pub fn finish(self) -> Result<(), TableError> {
        #[cfg(feature = "parquet")]
        self.parquet.finish()?;
        self.csv.finish()
    }
}
