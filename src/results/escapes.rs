//! The outcome of every path, exported in path order: `escapes.csv`, or `escapes.parquet` with the feature `parquet`.

use std::io::{self, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::cell::{ESCAPE_COLUMNS, write_escape};
#[cfg(feature = "parquet")]
use super::escapes_parquet::ParquetEscapes;
use super::table::{TableError, TableFile};
use crate::experiment::EscapesFormat;
use crate::scheme::Outcome;

/// Rows of a block: small enough that the allocator does not request memory from the system for each.
const ROWS: usize = 4_096;
/// Largest number of blocks that wait for one formatting thread, and of its formatted blocks that wait for the disk.
const WAITING: usize = 8;

/// Consecutive paths of a cell from number `first` on.
#[derive(Default)]
struct Block {
    cell: u64,
    first: u64,
    outcomes: Vec<Outcome>,
}

/// The file being written. Blocks of rows go to the formatting threads in turn, and another thread writes them in the same order:
/// formatting takes several times as long as reading the store. Without [`Escapes::finish`] the file is removed.
pub(super) struct Escapes {
    block: Block,
    /// Number of blocks handed over so far.
    handed: usize,
    formatters: Vec<Formatter>,
    /// `None` after the file has ended, normally or with an error.
    writer: Option<Writer>,
    place: PathBuf,
}

/// A thread that formats blocks, and the channel to it.
struct Formatter {
    blocks: SyncSender<Block>,
    thread: JoinHandle<()>,
}

/// A block with its rows of CSV.
type Formatted = (Block, Vec<u8>);

impl Escapes {
    /// Begins the file of `format` in `folder`, if it has one.
    pub fn create(folder: &Path, format: EscapesFormat) -> Result<Option<Self>, TableError> {
        let Some(place) = format.file().map(|name| folder.join(name)) else { return Ok(None) };
        let Some(file) = EscapesFile::create(folder, format)? else { return Ok(None) };
        let failed = |source| TableError::Write { path: place.clone(), source };
        let (mut formatters, mut formatted) = (Vec::new(), Vec::new());
        for _ in 0..rayon::current_num_threads() {
            let (blocks, waiting) = sync_channel(WAITING);
            let (done, received) = sync_channel(WAITING);
            let thread = thread::Builder::new().spawn(move || format_all(format, &waiting, &done)).map_err(failed)?;
            formatters.push(Formatter { blocks, thread });
            formatted.push(received);
        }
        let writer = thread::Builder::new().spawn(move || file.write_all(&formatted)).map_err(failed)?;
        Ok(Some(Escapes { block: Block::default(), handed: 0, formatters, writer: Some(writer), place }))
    }

    /// Adds the paths of a cell from number `first` on. A later call may return the error of an earlier one.
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
        if block.outcomes.is_empty() {
            return Ok(());
        }
        let turn = self.handed % self.formatters.len().max(1);
        self.handed += 1;
        if self.formatters.get(turn).is_some_and(|formatter| formatter.blocks.send(block).is_ok()) {
            return Ok(());
        }
        self.end().map(|_| ())
    }

    /// Waits for the threads.
    fn end(&mut self) -> Result<EscapesFile, TableError> {
        let ended = || TableError::Write { path: self.place.clone(), source: io::ErrorKind::BrokenPipe.into() };
        let writer = self.writer.take().ok_or_else(ended)?;
        let formatted: Vec<_> = self.formatters.drain(..).map(Formatter::join).collect();
        let written = writer.join();
        if let Some(panic) = formatted.into_iter().find_map(Result::err) {
            std::panic::resume_unwind(panic);
        }
        written.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Escapes {
    fn drop(&mut self) {
        // An unfinished file is removed before anything else happens to the folder.
        self.formatters.drain(..).for_each(|formatter| {
            let _ = formatter.join();
        });
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Formatter {
    /// Closes the channel and waits until the thread has formatted all blocks.
    fn join(self) -> thread::Result<()> {
        drop(self.blocks);
        self.thread.join()
    }
}

/// Formats blocks until the channel is closed or nobody receives them.
fn format_all(format: EscapesFormat, waiting: &Receiver<Block>, done: &SyncSender<Formatted>) {
    for block in waiting {
        let mut rows = Vec::new();
        if format == EscapesFormat::Csv {
            rows.reserve(64 * block.outcomes.len());
            let paths = (block.first..).zip(&block.outcomes);
            paths.for_each(|(path, outcome)| write_escape(&mut rows, block.cell, path, outcome));
        }
        if done.send((block, rows)).is_err() {
            return;
        }
    }
}

type Writer = JoinHandle<Result<EscapesFile, TableError>>;

enum EscapesFile {
    Csv(TableFile),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetEscapes>),
}

impl EscapesFile {
    fn create(folder: &Path, format: EscapesFormat) -> Result<Option<Self>, TableError> {
        Ok(match (format, format.file()) {
            #[cfg(feature = "parquet")]
            (EscapesFormat::Parquet, _) => Some(EscapesFile::Parquet(Box::new(ParquetEscapes::create(folder)?))),
            (EscapesFormat::Csv, Some(name)) => {
                Some(EscapesFile::Csv(TableFile::create(folder, name, &ESCAPE_COLUMNS)?))
            }
            _ => None,
        })
    }

    /// Writes the blocks in the order in which they were handed over.
    fn write_all(mut self, formatted: &[Receiver<Formatted>]) -> Result<Self, TableError> {
        for received in formatted.iter().cycle() {
            let Ok((block, rows)) = received.recv() else { break };
            self.write_block(&block, &rows)?;
        }
        Ok(self)
    }

    #[cfg_attr(not(feature = "parquet"), allow(unused_variables))]
    fn write_block(&mut self, block: &Block, rows: &[u8]) -> Result<(), TableError> {
        match self {
            EscapesFile::Csv(file) => file.write(|file| file.write_all(rows)),
            #[cfg(feature = "parquet")]
            EscapesFile::Parquet(file) => file.write(block.cell, block.first, &block.outcomes),
        }
    }

    fn finish(self) -> Result<(), TableError> {
        match self {
            EscapesFile::Csv(file) => file.finish(),
            #[cfg(feature = "parquet")]
            EscapesFile::Parquet(file) => file.finish(),
        }
    }
}
