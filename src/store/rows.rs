//! The rows of a cell, read by one thread and unpacked by others.

use super::batch::{ChunkOutcomes, PackedRow, id};
use super::database::Store;
use super::error::{Damage, StoreError};

/// A row of the store with bytes of its own, so that any thread can unpack it.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoredRow {
    first: u64,
    stride: u64,
    chunks: u64,
    bytes: Vec<u8>,
}

impl StoredRow {
    /// Unpacks the chunks one after the other into `chunk`, and passes each to `visit`, until that returns `false`. `dim` is the dimension of the
    /// cell.
    ///
    /// # Errors
    /// [`Damage`] if a chunk is not as it was written; see [`Store::damaged`].
    pub fn unpack(
        &self,
        dim: usize,
        chunk: &mut ChunkOutcomes,
        mut visit: impl FnMut(&ChunkOutcomes) -> bool,
    ) -> Result<(), Damage> {
        let StoredRow { first, stride, chunks, ref bytes } = *self;
        for packed in (PackedRow { first, stride, chunks, bytes }).chunks() {
            packed?.unpack(dim, chunk)?;
            if !visit(chunk) {
                break;
            }
        }
        Ok(())
    }
}

/// Reads the rows of one cell in order.
pub(crate) struct CellRows<'s> {
    store: &'s Store,
    /// Ids from which on and up to which rows are read.
    next: u64,
    end: u64,
}

impl<'s> CellRows<'s> {
    /// The rows of one cell that begin before chunk number `end`.
    pub fn new(store: &'s Store, cell: u64, end: u64) -> Self {
        CellRows { store, next: id(cell, 0), end: id(cell, 0) + end.min(id(1, 0)) }
    }

    /// Reads the next rows, at most `rows.len()`, into the memory of `rows`, and returns their number; 0 at the end.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read.
    pub fn read<'r>(&mut self, rows: impl ExactSizeIterator<Item = &'r mut StoredRow>) -> Result<usize, StoreError> {
        let (mut rows, mut read) = (rows, 0);
        if rows.len() == 0 {
            return Ok(0);
        }
        let CellRows { store, next, end } = self;
        store.each_row(*next..*end, &mut |row| {
            if let Some(stored) = rows.next() {
                (stored.first, stored.stride, stored.chunks) = (row.first, row.stride, row.chunks);
                stored.bytes.clear();
                stored.bytes.extend_from_slice(row.bytes);
                // The next row begins after this one, as within one query.
                *next = row.end().unwrap_or(row.first + 1);
                read += 1;
            }
            Ok::<_, StoreError>(rows.len() > 0)
        })?;
        Ok(read)
    }
}
