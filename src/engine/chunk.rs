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

/// All chunks of a list of cells, cell after cell, by their number; none of them is stored.
#[derive(Clone, Debug)]
pub struct Chunks {
    paths: Vec<u64>,
    /// Number of the first chunk of every cell, then the number of chunks in all.
    starts: Vec<u64>,
}

impl Chunks {
    /// Cuts `paths[c]` paths of every cell `c` into chunks.
    pub fn new(paths: Vec<u64>) -> Self {
        let mut starts = vec![0];
        for n in &paths {
            starts.push(starts[starts.len() - 1] + n.div_ceil(CHUNK));
        }
        Chunks { paths, starts }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.starts[self.paths.len()]
    }

    /// Chunk number `index`; `None` past the end.
    pub fn get(&self, index: u64) -> Option<Chunk> {
        if index >= self.count() {
            return None;
        }
        // Of cells that start alike the last is meant: those before it are empty.
        let cell = self.starts.partition_point(|s| *s <= index) - 1;
        let first = (index - self.starts[cell]) * CHUNK;
        Some(Chunk { cell, paths: first..(first + CHUNK).min(self.paths[cell]) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_in_one_chunk() {
        let paths = vec![1000, 0, 1, 256, 257];
        let chunks = Chunks::new(paths.clone());
        let mut seen = vec![Vec::new(); paths.len()];
        for chunk in (0..).map_while(|index| chunks.get(index)) {
            assert!(!chunk.paths.is_empty() && chunk.paths.end - chunk.paths.start <= CHUNK);
            seen[chunk.cell].extend(chunk.paths);
        }
        for (cell, n) in seen.iter().zip(paths) {
            assert_eq!(*cell, (0..n).collect::<Vec<_>>());
        }
        assert_eq!(Chunks::new(Vec::new()).get(0), None);
        assert_eq!(Chunks::new(vec![1_000_000_000_000]).count(), 3_906_250_000);
    }
}
