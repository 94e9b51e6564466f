//! The folder of results: written beside its place and renamed into it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use thiserror::Error;

use super::cell_result::{ESCAPE_COLUMNS, EVENTS_COLUMN, SUMMARY_COLUMNS, escape_row};
use super::comparison::{COMPARISON_COLUMNS, Pair};
use super::{CellResult, Experiment, RANDOM_PROBLEM_COLUMNS, RandomProblemsResult};
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

type Table = csv::Writer<BufWriter<File>>;

fn open_table(path: &Path, columns: &[&str]) -> io::Result<Table> {
    let mut table = csv::Writer::from_writer(BufWriter::with_capacity(1 << 18, File::create(path)?));
    table.write_record(columns)?;
    Ok(table)
}

/// A folder being written. Nothing stands at its place until [`ResultsFolder::finish`]; without it the unfinished folder
/// `.<name>.part` stays for inspection and is cleared by the next run of that name.
pub struct ResultsFolder {
    place: PathBuf,
    beside: PathBuf,
    existing: Existing,
    escapes: Table,
    summary: Table,
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
        let escapes = open_table(&beside.join("escapes.csv"), &ESCAPE_COLUMNS).map_err(failed)?;
        let columns: Vec<&str> = SUMMARY_COLUMNS.iter().copied().chain([EVENTS_COLUMN]).collect();
        let summary = open_table(&beside.join("summary.csv"), &columns).map_err(failed)?;
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

    /// Writes `random_problems.csv`, if random problems were solved.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn write_random_problems(&self, studies: &[RandomProblemsResult]) -> Result<(), ResultsError> {
        if studies.is_empty() {
            return Ok(());
        }
        self.write_table("random_problems.csv", &RANDOM_PROBLEM_COLUMNS, studies.iter().map(RandomProblemsResult::row))
    }

    /// Writes a text beside the tables.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn write_text(&self, name: &str, text: &str) -> Result<(), ResultsError> {
        let path = self.beside.join(name);
        fs::write(&path, text).map_err(|source| ResultsError::Write { path, source })
    }

    /// Writes `comparison.csv`, if SGD and Adam were run side by side.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn write_comparison(&self, results: &[CellResult]) -> Result<(), ResultsError> {
        let mut pairs = Pair::all(results).peekable();
        if pairs.peek().is_none() {
            return Ok(());
        }
        self.write_table("comparison.csv", &COMPARISON_COLUMNS, pairs.map(|pair| pair.row()))
    }

    fn write_table(
        &self,
        name: &str,
        columns: &[&str],
        mut rows: impl Iterator<Item = Vec<String>>,
    ) -> Result<(), ResultsError> {
        let path = self.beside.join(name);
        let mut write = || -> io::Result<()> {
            let mut table = open_table(&path, columns)?;
            rows.try_for_each(|row| table.write_record(row))?;
            table.flush()
        };
        write().map_err(|source| ResultsError::Write { path: path.clone(), source })
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
