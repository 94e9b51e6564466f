//! A file that is written beside its place and renamed into it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::tables::TableError;

/// A file written beside its place; without [`Beside::finish`] nothing is left of it.
pub(super) struct Beside {
    place: PathBuf,
    part: PathBuf,
    file: BufWriter<File>,
}

impl Beside {
    pub fn create(folder: &Path, name: &str) -> Result<Self, TableError> {
        let (place, part) = (folder.join(name), folder.join(format!(".{name}.part")));
        match File::create(&part) {
            Ok(file) => Ok(Beside { place, part, file: BufWriter::with_capacity(1 << 18, file) }),
            Err(source) => Err(TableError::Write { path: place, source }),
        }
    }

    /// A table with its first line.
    pub fn table(folder: &Path, name: &str, columns: &[&str]) -> Result<Self, TableError> {
        let mut table = Self::create(folder, name)?;
        table.write(|file| writeln!(file, "{}", columns.join(",")))?;
        Ok(table)
    }

    pub fn write(&mut self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), TableError> {
        write(&mut self.file).map_err(|source| TableError::Write { path: self.place.clone(), source })
    }

    pub fn row(&mut self, fields: Vec<String>) -> Result<(), TableError> {
        self.write(|file| {
            let mut writer = csv::Writer::from_writer(file);
            writer.write_record(fields)?;
            writer.flush()
        })
    }

    pub fn finish(mut self) -> Result<(), TableError> {
        self.write(|file| file.flush())?;
        let renamed = fs::rename(&self.part, &self.place);
        renamed.map_err(|source| TableError::Write { path: self.place.clone(), source })
    }
}

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; after an error its room is what is needed.
        let _ = fs::remove_file(&self.part);
    }
}
