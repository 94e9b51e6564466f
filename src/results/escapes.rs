//! The outcome of every path, exported in path order: `escapes.csv`, and `escapes.parquet` with the feature `parquet`.

use std::io::{self, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::cell::{ESCAPE_COLUMNS, write_escape};
#[cfg(feature = "parquet")]
use super::escapes_parquet::ParquetEscapes;
use super::table::{Table, TableError};
use crate::scheme::Outcome;

const NAME: &str = "escapes.csv";
/// Rows that are handed over at once: below the size from which the system would be asked for memory every time.
const ROWS: usize = 4_096;
/// Blocks of rows that may wait for the disk.
const WAITING: usize = 16;

/// Paths of a cell from number `first` on.
#[derive(Default)]
struct Block {
    cell: u64,
    first: u64,
    outcomes: Vec<Outcome>,
}

/// The files being written, by a thread of their own: a reading of the store and the writing of rows take about as long. Without
/// [`Escapes::finish`] nothing is left of them.
pub(super) struct Escapes {
    block: Block,
    /// The writer and the way to it; `None` once it has ended, which it does early with an error.
    writer: Option<(SyncSender<Block>, Writer)>,
    place: PathBuf,
}

impl Escapes {
    pub fn create(folder: &Path) -> Result<Self, TableError> {
        let files = Files::create(folder)?;
        let (blocks, received) = sync_channel(WAITING);
        let place = folder.join(NAME);
        match thread::Builder::new().spawn(move || files.write_all(&received)) {
            Ok(writer) => Ok(Escapes { block: Block::default(), writer: Some((blocks, writer)), place }),
            Err(source) => Err(TableError::Write { path: place, source }),
        }
    }

    /// Adds the paths of a cell from number `first` on. An error of the disk may come with a later call.
    pub fn write(&mut self, cell: u64, first: u64, outcomes: &[Outcome]) -> Result<(), TableError> {
        let Block { cell: held_cell, first: held_first, outcomes: held } = &self.block;
        if *held_cell != cell || held_first + held.len() as u64 != first || held.len() + outcomes.len() > ROWS {
            self.hand_over()?;
            self.block = Block { cell, first, outcomes: Vec::with_capacity(ROWS) };
        }
        self.block.outcomes.extend_from_slice(outcomes);
        Ok(())
    }

    pub fn finish(mut self) -> Result<(), TableError> {
        self.hand_over()?;
        self.end()?.finish()
    }

    fn hand_over(&mut self) -> Result<(), TableError> {
        let block = mem::take(&mut self.block);
        if block.outcomes.is_empty() || self.writer.as_ref().is_some_and(|(blocks, _)| blocks.send(block).is_ok()) {
            return Ok(());
        }
        self.end().map(|_| ())
    }

    /// Waits for the writer.
    fn end(&mut self) -> Result<Files, TableError> {
        let ended = || TableError::Write { path: self.place.clone(), source: io::ErrorKind::BrokenPipe.into() };
        let (blocks, writer) = self.writer.take().ok_or_else(ended)?;
        drop(blocks);
        writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Escapes {
    fn drop(&mut self) {
        // What is not finished is taken away before anything else happens to the folder.
        if let Some((blocks, writer)) = self.writer.take() {
            drop(blocks);
            let _ = writer.join();
        }
    }
}

type Writer = JoinHandle<Result<Files, TableError>>;

struct Files {
    csv: Table,
    #[cfg(feature = "parquet")]
    parquet: ParquetEscapes,
}

impl Files {
    fn create(folder: &Path) -> Result<Self, TableError> {
        Ok(Files {
            csv: Table::create(folder, NAME, &ESCAPE_COLUMNS)?,
            #[cfg(feature = "parquet")]
            parquet: ParquetEscapes::create(folder)?,
        })
    }

    fn write_all(mut self, blocks: &Receiver<Block>) -> Result<Self, TableError> {
        let mut rows = Vec::new();
        for Block { cell, first, outcomes } in blocks {
            #[cfg(feature = "parquet")]
            self.parquet.write(cell, first, &outcomes)?;
            rows.clear();
            (first..).zip(&outcomes).for_each(|(path, outcome)| write_escape(&mut rows, cell, path, outcome));
            self.csv.write(|file| file.write_all(&rows))?;
        }
        Ok(self)
    }

    fn finish(self) -> Result<(), TableError> {
        #[cfg(feature = "parquet")]
        self.parquet.finish()?;
        self.csv.finish()
    }
}
