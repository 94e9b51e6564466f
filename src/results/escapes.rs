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
/// Blocks of rows that may wait for one formatting thread, and formatted ones of it that may wait for the disk.
const WAITING: usize = 8;

/// Paths of a cell from number `first` on.
#[derive(Default)]
struct Block {
    cell: u64,
    first: u64,
    outcomes: Vec<Outcome>,
}

/// The files being written. Blocks of rows go to the formatting threads in turn, and another thread writes them in the same order:
/// formatting takes several times as long as reading the store. Without [`Escapes::finish`] nothing is left of the files.
pub(super) struct Escapes {
    block: Block,
    /// Blocks that were handed over.
    handed: usize,
    formatters: Vec<Formatter>,
    /// `None` once the files have ended, which they do early with an error.
    writer: Option<Writer>,
    place: PathBuf,
}

/// A thread that formats blocks, and the way to it.
struct Formatter {
    blocks: SyncSender<Block>,
    thread: JoinHandle<()>,
}

/// A block with its rows of CSV.
type Formatted = (Block, Vec<u8>);

impl Escapes {
    pub fn create(folder: &Path) -> Result<Self, TableError> {
        let files = Files::create(folder)?;
        let place = folder.join(NAME);
        let failed = |source| TableError::Write { path: place.clone(), source };
        let (mut formatters, mut formatted) = (Vec::new(), Vec::new());
        for _ in 0..rayon::current_num_threads() {
            let (blocks, waiting) = sync_channel(WAITING);
            let (done, received) = sync_channel(WAITING);
            let thread = thread::Builder::new().spawn(move || format_all(&waiting, &done)).map_err(failed)?;
            formatters.push(Formatter { blocks, thread });
            formatted.push(received);
        }
        let writer = thread::Builder::new().spawn(move || files.write_all(&formatted)).map_err(failed)?;
        Ok(Escapes { block: Block::default(), handed: 0, formatters, writer: Some(writer), place })
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
    fn end(&mut self) -> Result<Files, TableError> {
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
    /// Lets the thread end once it has formatted what waits for it.
    fn join(self) -> thread::Result<()> {
        drop(self.blocks);
        self.thread.join()
    }
}

/// Formats blocks until there are no more, or nobody takes them.
fn format_all(waiting: &Receiver<Block>, done: &SyncSender<Formatted>) {
    for block in waiting {
        let mut rows = Vec::with_capacity(64 * block.outcomes.len());
        let paths = (block.first..).zip(&block.outcomes);
        paths.for_each(|(path, outcome)| write_escape(&mut rows, block.cell, path, outcome));
        if done.send((block, rows)).is_err() {
            return;
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
        #[cfg(feature = "parquet")]
        self.parquet.write(block.cell, block.first, &block.outcomes)?;
        self.csv.write(|file| file.write_all(rows))
    }

    fn finish(self) -> Result<(), TableError> {
        #[cfg(feature = "parquet")]
        self.parquet.finish()?;
        self.csv.finish()
    }
}
