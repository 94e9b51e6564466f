//! The folder of results: written beside its place and renamed into it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use thiserror::Error;

use super::cell_result::{ESCAPE_COLUMNS, EVENTS_COLUMN, SUMMARY_COLUMNS, escape_row};
use super::{CellResult, Experiment};
use crate::scheme::PathRecord;

/// What is wrong with a folder of results.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// Results of this name are there already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The folder cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
}

/// What is done with results of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// They are kept and the run is refused.
    Refuse,
    /// They are moved aside, to `<name>.1`, `<name>.2`, …
    MoveAside,
}

/// A folder being written. Nothing stands at its place until [`ResultsFolder::finish`]; without it the unfinished folder
/// `.<name>.part` stays for inspection and is cleared by the next run of that name.
pub struct ResultsFolder {
    place: PathBuf,
    beside: PathBuf,
    existing: Existing,
    escapes: csv::Writer<BufWriter<File>>,
    summary: csv::Writer<BufWriter<File>>,
}

impl ResultsFolder {
    /// Refuses results that are there already, without touching anything.
    ///
    /// # Errors
    /// [`ResultsError::Exists`] if there are results of this name and `existing` is [`Existing::Refuse`].
    pub fn check(out: &Path, experiment: &Experiment, existing: Existing) -> Result<(), ResultsError> {
        let place = out.join(&experiment.name);
        match existing {
            Existing::Refuse if place.exists() => Err(ResultsError::Exists { path: place }),
            _ => Ok(()),
        }
    }

    /// Opens every file before the first path is run.
    ///
    /// # Errors
    /// [`ResultsError::Exists`] if there are results of this name and `existing` is [`Existing::Refuse`],
    /// [`ResultsError::Write`] if the folder cannot be written.
    pub fn create(out: &Path, experiment: &Experiment, existing: Existing) -> Result<Self, ResultsError> {
        Self::check(out, experiment, existing)?;
        let place = out.join(&experiment.name);
        let beside = out.join(format!(".{}.part", experiment.name));
        let failed = |source| ResultsError::Write { path: beside.clone(), source };
        if beside.exists() {
            fs::remove_dir_all(&beside).map_err(failed)?;
        }
        fs::create_dir_all(&beside).map_err(failed)?;
        let open = |name: &str, columns: &[&str]| -> io::Result<csv::Writer<BufWriter<File>>> {
            let file = BufWriter::with_capacity(1 << 18, File::create(beside.join(name))?);
            let mut writer = csv::Writer::from_writer(file);
            writer.write_record(columns)?;
            Ok(writer)
        };
        let escapes = open("escapes.csv", &ESCAPE_COLUMNS).map_err(failed)?;
        let columns: Vec<&str> = SUMMARY_COLUMNS.iter().copied().chain([EVENTS_COLUMN]).collect();
        let summary = open("summary.csv", &columns).map_err(failed)?;
        Ok(ResultsFolder { place, beside, existing, escapes, summary })
    }

    /// Removes the unfinished folder: nothing was run.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn discard(self) -> io::Result<()> {
        fs::remove_dir_all(&self.beside)
    }

    /// Where figures go until the folder is in its place.
    pub fn working_path(&self) -> &Path {
        &self.beside
    }

    /// Appends one cell to both tables.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn write_cell(&mut self, result: &CellResult, records: &[PathRecord]) -> io::Result<()> {
        for (path, record) in records.iter().enumerate() {
            self.escapes.write_record(escape_row(result.plan.index, path as u64, record))?;
        }
        self.summary.write_record(result.summary_row())?;
        Ok(())
    }

    /// Writes the manifest, closes the tables and renames the folder into its place, which is returned.
    ///
    /// # Errors
    /// [`ResultsError`]; the unfinished folder stays.
    pub fn finish(mut self, manifest: &impl Serialize) -> Result<PathBuf, ResultsError> {
        let failed = |source| ResultsError::Write { path: self.beside.clone(), source };
        self.escapes.flush().map_err(failed)?;
        self.summary.flush().map_err(failed)?;
        let mut file = File::create(self.beside.join("manifest.json")).map_err(failed)?;
        serde_json::to_writer_pretty(&mut file, manifest).map_err(|e| failed(e.into()))?;
        file.write_all(b"\n").map_err(failed)?;
        if self.place.exists() {
            match self.existing {
                Existing::Refuse => return Err(ResultsError::Exists { path: self.place }),
                Existing::MoveAside => {
                    let free = (1..).map(|n| aside(&self.place, n)).find(|path| !path.exists());
                    let aside = free.unwrap_or_else(|| aside(&self.place, 0));
                    fs::rename(&self.place, &aside).map_err(|source| ResultsError::Write { path: aside, source })?;
                }
            }
        }
        fs::rename(&self.beside, &self.place).map_err(failed)?;
        Ok(self.place)
    }
}

fn aside(place: &Path, n: u32) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(format!(".{n}"));
    PathBuf::from(name)
}
