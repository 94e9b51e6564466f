//! Writes a table.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::exit::ExitError;
use crate::files::AtomicFile;
use crate::store::StoreError;

/// Why the tables cannot be rendered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TableError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The outcomes of a cell do not form a sample.
    #[error("the outcomes of cell {cell} are not a sample of exit times")]
    Sample {
        /// Number of the cell.
        cell: u64,
        /// The reason.
        #[source]
        source: ExitError,
    },
    /// A table cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The table.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
}

/// A table being written. Without [`TableFile::finish`] it is removed.
pub(super) struct TableFile {
    place: PathBuf,
    file: AtomicFile,
}

impl TableFile {
    /// Begins a table with its header.
    pub fn create(folder: &Path, name: &str, columns: &[&str]) -> Result<Self, TableError> {
        let place = folder.join(name);
        match AtomicFile::create(&place) {
            Ok(file) => {
                let mut table = TableFile { place, file };
                table.write(|file| writeln!(file, "{}", columns.join(",")))?;
                Ok(table)
            }
            Err(source) => Err(TableError::Write { path: place, source }),
        }
    }

    pub fn write(&mut self, write: impl FnOnce(&mut AtomicFile) -> io::Result<()>) -> Result<(), TableError> {
        write(&mut self.file).map_err(|source| TableError::Write { path: self.place.clone(), source })
    }

    pub fn row(&mut self, fields: Vec<String>) -> Result<(), TableError> {
        self.write(|file| {
            let mut writer = csv::Writer::from_writer(file);
            writer.write_record(fields)?;
            writer.flush()
        })
    }

    pub fn finish(self) -> Result<(), TableError> {
        self.file.finish().map_err(|source| TableError::Write { path: self.place, source })
    }
}

/// Writes a small table.
pub(super) fn write_table(
    folder: &Path,
    name: &str,
    columns: &[&str],
    mut rows: impl Iterator<Item = Vec<String>>,
) -> Result<(), TableError> {
    let mut table = TableFile::create(folder, name, columns)?;
    rows.try_for_each(|row| table.row(row))?;
    table.finish()
}
