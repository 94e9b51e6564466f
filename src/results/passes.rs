//! Reads the rows of a cell, and processes them with all threads of the current Rayon pool.

use std::mem;

use super::escapes::Escapes;
use crate::store::{CellRows, ChunkOutcomes, Damage, Store, StoreError, StoredRow};

/// Rows per thread that are read and processed together, while the next ones are read. Their rows of `escapes.csv` take 0.4 MB each.
const ROWS: usize = 4;

/// The rows of one cell before chunk number `end`.
#[derive(Clone, Copy)]
pub(super) struct Pass<'s> {
    pub store: &'s Store,
    /// Number of the cell in the store, and its dimension.
    pub cell: u64,
    pub dim: usize,
    pub end: u64,
}

/// A row, and what was made of it.
#[derive(Default)]
struct Unit<T> {
    row: StoredRow,
    chunk: ChunkOutcomes,
    made: T,
    failure: Option<Damage>,
}

impl Pass<'_> {
    /// Calls `process` for every chunk of a row in order, until it returns `false`, with what was made of the row so far, and `fold` for every row in
    /// order. `fold` has to empty what was made, which is used for a later row. Meanwhile `escapes` writes what it was given.
    ///
    /// # Errors
    /// [`StoreError`] if a row cannot be read or is not as it was written; the first error of `fold`.
    pub fn run<T: Default + Send, E: From<StoreError>>(
        self,
        process: impl Fn(&ChunkOutcomes, &mut T) -> bool + Sync,
        mut escapes: Option<&mut Escapes>,
        mut fold: impl FnMut(&mut T, Option<&mut Escapes>) -> Result<(), E>,
    ) -> Result<(), E> {
        let together = ROWS * rayon::current_num_threads();
        let units = || (0..together).map(|_| Unit::default()).collect::<Vec<Unit<T>>>();
        let (mut current, mut next) = (units(), units());
        let mut rows = CellRows::new(self.store, self.cell, self.end);
        let mut count = rows.read(current.iter_mut().map(|unit| &mut unit.row))?;
        while count > 0 {
            let (writer, units) = (escapes.as_deref_mut(), current[..count].iter_mut());
            let mut read = Ok(0);
            rayon::in_place_scope(|scope| {
                if let Some(writer) = writer {
                    scope.spawn(|_| writer.write_waiting());
                }
                for unit in units {
                    scope.spawn(|_| unit.process(self.dim, self.end, &process));
                }
                read = rows.read(next.iter_mut().map(|unit| &mut unit.row));
            });
            for unit in &mut current[..count] {
                if let Some(damage) = unit.failure.take() {
                    return Err(self.store.damaged(damage).into());
                }
                fold(&mut unit.made, escapes.as_deref_mut())?;
            }
            count = read?;
            mem::swap(&mut current, &mut next);
        }
        Ok(())
    }
}

impl<T> Unit<T> {
    fn process(&mut self, dim: usize, end: u64, process: &impl Fn(&ChunkOutcomes, &mut T) -> bool) {
        let Unit { row, chunk, made, failure } = self;
        *failure = row.unpack(dim, chunk, |chunk| chunk.index < end && process(chunk, made)).err();
    }
}
