//! Chunks of paths, the unit of work.

use std::ops::Range;

/// Paths of a chunk: small enough to stop promptly, large enough for negligible overhead.
pub const CHUNK: u64 = 256;

/// Batch sizes in chunks. The store keeps a batch in one row, and rows of these sizes fill its pages almost completely.
pub const SIZES: [u64; 5] = [1, 2, 11, 23, BATCH];

/// Largest batch size in chunks.
pub const BATCH: u64 = 27;

/// A range of paths of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Index of the cell in the list handed to the engine.
    pub cell: usize,
    /// Number of the chunk within its cell.
    pub index: u64,
    /// The paths.
    pub paths: Range<u64>,
}

/// One of `count` equal parts of a run.
///
/// Chunk `k` of cell `c` belongs to part `(c + k) mod count`. An expensive cell is thus divided among all parts, and a chunk stays in its
/// part if the number of paths grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl Shard {
    /// The whole run.
    pub const WHOLE: Shard = Shard { index: 0, count: 1 };
    /// Largest number of parts.
    pub const MOST: u64 = 1_000_000;

    /// Part `index` of `count`, counted from 1; `None` unless `1 <= index <= count <= MOST`.
    pub fn new(index: u64, count: u64) -> Option<Self> {
        (1 <= index && index <= count && count <= Self::MOST).then(|| Shard { index: index - 1, count })
    }

    /// Number of the part, from 1.
    pub fn index(self) -> u64 {
        self.index + 1
    }

    /// Number of parts.
    pub fn count(self) -> u64 {
        self.count
    }

    /// The first chunk of a cell that belongs to the part. Every `count`-th chunk after it does, too.
    fn first(self, cell: usize) -> u64 {
        (self.index + self.count - cell as u64 % self.count) % self.count
    }
}

/// The numbered chunks of one shard, cell after cell. They are computed, not stored.
#[derive(Clone, Debug)]
pub struct Chunks {
    paths: Vec<u64>,
    shard: Shard,
    /// Number of the first chunk of every cell, then the total number of chunks.
    starts: Vec<u64>,
}

impl Chunks {
    /// The chunks of `shard`, with `paths[c]` paths in cell `c`.
    pub fn new(paths: Vec<u64>, shard: Shard) -> Self {
        let mut starts = vec![0];
        for (cell, n) in paths.iter().enumerate() {
            let beyond = n.div_ceil(CHUNK).saturating_sub(shard.first(cell));
            starts.push(starts[cell] + beyond.div_ceil(shard.count));
        }
        Chunks { paths, shard, starts }
    }

    /// Number of chunks.
    pub fn count(&self) -> u64 {
        self.starts[self.paths.len()]
    }

    /// The numbers of the chunks of one cell.
    pub fn of_cell(&self, cell: usize) -> Range<u64> {
        self.starts[cell]..self.starts[cell + 1]
    }

    /// Chunk number `number`; `None` past the end.
    pub fn get(&self, number: u64) -> Option<Chunk> {
        if number >= self.count() {
            return None;
        }
        // Several cells can have the same start: all but the last are empty.
        let cell = self.starts.partition_point(|s| *s <= number) - 1;
        let index = self.shard.first(cell) + (number - self.starts[cell]) * self.shard.count;
        let first = index * CHUNK;
        Some(Chunk { cell, index, paths: first..(first + CHUNK).min(self.paths[cell]) })
    }

    /// The batch that begins with chunk `number`: up to `most` whole chunks of one cell, or one short chunk, which is run again if the
    /// number of paths grows. Empty past the end.
    pub fn batch(&self, number: u64, most: u64) -> Vec<Chunk> {
        let whole = |chunk: &Chunk| chunk.paths.end - chunk.paths.start == CHUNK;
        let Some(first) = self.get(number) else { return Vec::new() };
        let with_it = |chunk: &Chunk| chunk.cell == first.cell && whole(&first) && whole(chunk);
        let others = (number + 1..number.saturating_add(most)).map_while(|number| self.get(number).filter(with_it));
        std::iter::once(first.clone()).chain(others).collect()
    }

    /// The number of chunk `index` of `cell`; `None` if the shard does not contain it.
    pub fn number(&self, cell: usize, index: u64) -> Option<u64> {
        let paths = *self.paths.get(cell)?;
        let beyond = index.checked_sub(self.shard.first(cell)).filter(|_| index < paths.div_ceil(CHUNK))?;
        (beyond.is_multiple_of(self.shard.count)).then(|| self.starts[cell] + beyond / self.shard.count)
    }

    /// Number of paths of one cell.
    pub fn paths_of_cell(&self, cell: usize) -> u64 {
        let numbers = self.of_cell(cell);
        let last = numbers.end.checked_sub(1).filter(|last| numbers.contains(last)).and_then(|last| self.get(last));
        last.map_or(0, |last| (numbers.end - numbers.start - 1) * CHUNK + last.paths.end - last.paths.start)
    }

    /// Number of paths of all chunks.
    pub fn paths(&self) -> u64 {
        self.paths_of(std::iter::once(0..self.count()))
    }

    /// Number of paths of the chunks with numbers in `ranges`.
    pub fn paths_of(&self, ranges: impl Iterator<Item = Range<u64>>) -> u64 {
        let lasts: Vec<u64> =
            (0..self.paths.len()).map(|c| self.of_cell(c)).filter(|n| !n.is_empty()).map(|n| n.end - 1).collect();
        let missing = |last: &u64| self.get(*last).map_or(0, |chunk| CHUNK - (chunk.paths.end - chunk.paths.start));
        let of = |range: Range<u64>| {
            // Only the last chunk of a cell can be short.
            let short = &lasts[lasts.partition_point(|l| *l < range.start)..lasts.partition_point(|l| *l < range.end)];
            (range.end - range.start) * CHUNK - short.iter().map(missing).sum::<u64>()
        };
        ranges.map(of).sum()
    }
}

/// Numbers of the chunks that are finished, as ranges in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    ranges: Vec<Range<u64>>,
    count: u64,
}

impl Done {
    /// Adds a number.
    pub fn insert(&mut self, number: u64) {
        let at = self.ranges.partition_point(|r| r.end < number);
        self.count += 1;
        match self.ranges.get_mut(at) {
            Some(range) if range.contains(&number) => self.count -= 1,
            Some(range) if range.end == number => {
                range.end += 1;
                let end = range.end;
                if let Some(next) = self.ranges.get(at + 1).filter(|next| next.start == end) {
                    self.ranges[at].end = next.end;
                    self.ranges.remove(at + 1);
                }
            }
            Some(range) if range.start == number + 1 => range.start = number,
            _ => self.ranges.insert(at, number..number + 1),
        }
    }

    /// Number of finished chunks.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether chunk `number` is finished.
    pub fn contains(&self, number: u64) -> bool {
        self.next_open(number) != number
    }

    /// The first range of unfinished chunks from `number` on.
    pub fn gap(&self, number: u64) -> Range<u64> {
        let start = self.next_open(number);
        let after = self.ranges.partition_point(|r| r.start <= start);
        start..self.ranges.get(after).map_or(u64::MAX, |r| r.start)
    }

    /// Number of unfinished chunks in a range.
    pub fn open_in(&self, numbers: Range<u64>) -> u64 {
        let from = self.ranges.partition_point(|r| r.end <= numbers.start);
        let inside = self.ranges[from..].iter().take_while(|r| r.start < numbers.end);
        let held: u64 = inside.map(|r| r.end.min(numbers.end) - r.start.max(numbers.start)).sum();
        numbers.end - numbers.start - held
    }

    /// The ranges of unfinished chunks below `count`.
    pub fn gaps(&self, count: u64) -> impl Iterator<Item = Range<u64>> + '_ {
        let starts = std::iter::once(0).chain(self.ranges.iter().map(|r| r.end));
        let ends = self.ranges.iter().map(|r| r.start).chain([count]);
        starts.zip(ends).map(move |(start, end)| start..end.min(count)).filter(|gap| gap.start < gap.end)
    }

    /// The first unfinished chunk from `number` on.
    pub fn next_open(&self, number: u64) -> u64 {
        let after = self.ranges.partition_point(|r| r.start <= number);
        match after.checked_sub(1).map(|before| &self.ranges[before]) {
            Some(range) if number < range.end => range.end,
            _ => number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_in_one_chunk_of_one_shard() {
        let paths = vec![1000, 0, 1, 256, 257, 5000];
        for count in [1, 3, 16] {
            let mut seen = vec![Vec::new(); paths.len()];
            for index in 1..=count {
                let chunks = Chunks::new(paths.clone(), Shard::new(index, count).unwrap());
                let mut held = 0;
                for (number, chunk) in (0..).map_while(|number| Some((number, chunks.get(number)?))) {
                    assert!(!chunk.paths.is_empty() && chunk.paths.end - chunk.paths.start <= CHUNK);
                    assert_eq!(chunk.paths.start, chunk.index * CHUNK);
                    assert_eq!(chunks.number(chunk.cell, chunk.index), Some(number));
                    assert!(chunks.of_cell(chunk.cell).contains(&number));
                    held += chunk.paths.end - chunk.paths.start;
                    seen[chunk.cell].extend(chunk.paths);
                }
                assert_eq!(chunks.paths(), held);
                assert_eq!((0..paths.len()).map(|cell| chunks.paths_of_cell(cell)).sum::<u64>(), held);
                assert_eq!(
                    chunks.paths_of([0..0, 1..chunks.count().max(1)].into_iter()),
                    held - chunks.get(0).map_or(0, |c| c.paths.end - c.paths.start)
                );
            }
            for (cell, n) in seen.iter_mut().zip(&paths) {
                cell.sort_unstable();
                assert_eq!(*cell, (0..*n).collect::<Vec<_>>());
            }
        }
        assert_eq!(Chunks::new(Vec::new(), Shard::WHOLE).get(0), None);
        assert_eq!(Chunks::new(vec![1_000_000_000_000], Shard::WHOLE).count(), 3_906_250_000);
        let other = Chunks::new(paths, Shard::new(2, 3).unwrap());
        assert_eq!((other.number(0, 0), other.number(0, 4), other.number(9, 0)), (None, None, None));
    }

    /// The batches contain all chunks in order. Each has chunks of one cell, and short chunks are alone.
    #[test]
    fn a_batch_has_chunks_of_one_cell() {
        let chunks = Chunks::new(vec![1000, 0, 1, 256, 257, 5000], Shard::new(1, 2).unwrap());
        let (mut number, mut sizes) = (0, Vec::new());
        loop {
            let batch = chunks.batch(number, 4);
            let all = (number..).take(batch.len()).map(|number| chunks.get(number).unwrap()).collect::<Vec<_>>();
            assert_eq!(batch, all);
            assert!(batch.iter().all(|chunk| chunk.cell == batch[0].cell));
            if batch.is_empty() {
                break;
            }
            number += batch.len() as u64;
            sizes.push(batch.iter().map(|chunk| chunk.paths.end - chunk.paths.start).collect::<Vec<_>>());
        }
        let whole = |count| vec![CHUNK; count];
        assert_eq!(number, chunks.count());
        assert_eq!(sizes, [whole(2), vec![1], whole(1), whole(4), whole(4), whole(1), vec![136]]);
    }

    #[test]
    fn finished_chunks_are_skipped() {
        let mut done = Done::default();
        [1, 9, 0, 10, 5, 2, 1, 10].into_iter().for_each(|number| done.insert(number));
        let open: Vec<u64> = (0..12).filter(|n| !done.contains(*n)).collect();
        assert_eq!((open, done.count()), (vec![3, 4, 6, 7, 8, 11], 6));
        assert_eq!(done.ranges, [0..3, 5..6, 9..11]);
        assert_eq!(done.gaps(12).collect::<Vec<_>>(), [3..5, 6..9, 11..12]);
        assert_eq!((done.open_in(0..12), done.open_in(1..6), done.open_in(10..11), done.open_in(3..3)), (6, 2, 0, 0));
        assert_eq!((done.next_open(0), done.next_open(4), done.next_open(10)), (3, 4, 11));
        assert_eq!([0, 4, 5, 10].map(|number| done.gap(number)), [3..5, 4..5, 6..9, 11..u64::MAX]);
    }

    #[test]
    fn invalid_shards_are_refused() {
        for (index, count) in [(0, 3), (4, 3), (1, 0), (1, Shard::MOST + 1)] {
            assert_eq!(Shard::new(index, count), None, "{index}/{count}");
        }
    }
}
