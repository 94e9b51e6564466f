//! The unit of work.

use std::ops::Range;

/// Paths of a chunk. Small enough that stopping at the next chunk is soon, large enough that its bookkeeping is nothing.
pub const CHUNK: u64 = 256;

/// A range of paths of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Index of the cell in the list handed to the engine.
    pub cell: usize,
    /// The paths.
    pub paths: Range<u64>,
}

/// Cuts `paths[c]` paths of every cell `c` into chunks, cell after cell.
pub fn chunks_of(paths: &[u64]) -> impl ExactSizeIterator<Item = Chunk> + Clone + '_ {
    let starts: Vec<u64> = paths
        .iter()
        .scan(0, |sum, n| {
            let start = *sum;
            *sum += n.div_ceil(CHUNK);
            Some(start)
        })
        .collect();
    let total = starts.last().map_or(0, |s| s + paths[paths.len() - 1].div_ceil(CHUNK));
    (0..total as usize).map(move |index| {
        let cell = starts.partition_point(|s| *s <= index as u64) - 1;
        // Cells without paths share their start with the next one.
        let first = (index as u64 - starts[cell]) * CHUNK;
        Chunk { cell, paths: first..(first + CHUNK).min(paths[cell]) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_in_one_chunk() {
        let paths = [1000, 0, 1, 256, 257];
        let mut seen = vec![Vec::new(); paths.len()];
        for chunk in chunks_of(&paths) {
            assert!(!chunk.paths.is_empty() && chunk.paths.end - chunk.paths.start <= CHUNK);
            seen[chunk.cell].extend(chunk.paths);
        }
        for (cell, n) in seen.iter().zip(paths) {
            assert_eq!(*cell, (0..n).collect::<Vec<_>>());
        }
        assert_eq!(chunks_of(&[]).len(), 0);
    }
}
