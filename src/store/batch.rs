//! # The packed chunks of one row
//!
//! A row holds consecutive chunks of one cell, those of one shard in a run of several. Each begins with a head: its checksum (CRC-32 of
//! its [id](PackedChunk) and of everything after the checksum), the length of its [columns](super::packing), its number of paths and its
//! events. No other row begins between the chunks of a row. A short chunk has its own row, so that it can be replaced.

use std::borrow::Cow;

use super::error::Damage;
use super::packing::{Packer, unpack, unpack_wells};
use crate::engine::{BATCH, Batch, CHUNK};
use crate::scheme::Outcome;

/// Size of the head in bytes: checksum 4, length 4, paths 4, events 8.
const HEAD: usize = 20;

/// The outcomes of the paths of one chunk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChunkOutcomes {
    /// Number of the chunk within its cell.
    pub index: u64,
    /// Steps and jumps of all its paths together.
    pub events: u64,
    /// The outcomes in path order, their overshoots rounded to 24 significant bits.
    pub outcomes: Vec<Outcome>,
}

/// Cell and number of a chunk as one number, by which chunks and rows are ordered.
pub(super) fn id(cell: u64, index: u64) -> u64 {
    cell << 32 | index
}

fn checksum(id: u64, rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&id.to_le_bytes());
    hasher.update(rest);
    hasher.finalize()
}

/// One chunk of a row. Its checksum is verified.
#[derive(Clone, Debug)]
pub struct PackedChunk<'r> {
    id: u64,
    paths: u64,
    events: u64,
    /// The head and the columns.
    bytes: Cow<'r, [u8]>,
}

impl<'r> PackedChunk<'r> {
    /// Removes the first chunk from the rest of a row; `None` if it does not match its checksum.
    fn split(id: u64, rest: &mut &'r [u8]) -> Option<Self> {
        let number = |at: usize| Some(u32::from_le_bytes(*rest.get(at..)?.first_chunk()?));
        let (sum, length, paths) = (number(0)?, number(4)?, u64::from(number(8)?));
        let events = u64::from_le_bytes(*rest.get(12..)?.first_chunk()?);
        let (bytes, after) = rest.split_at_checked(HEAD.checked_add(length as usize)?)?;
        *rest = after;
        let is_valid = (1..=CHUNK).contains(&paths) && checksum(id, &bytes[4..]) == sum;
        is_valid.then_some(PackedChunk { id, paths, events, bytes: bytes.into() })
    }

    pub(super) fn into_owned(self) -> PackedChunk<'static> {
        let PackedChunk { id, paths, events, bytes } = self;
        PackedChunk { id, paths, events, bytes: bytes.into_owned().into() }
    }
}

impl PackedChunk<'_> {
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Number of its cell.
    pub fn cell(&self) -> u64 {
        self.id >> 32
    }

    /// Number within its cell.
    pub fn index(&self) -> u64 {
        self.id & 0xffff_ffff
    }

    /// Number of its paths.
    pub fn paths(&self) -> u64 {
        self.paths
    }

    /// Unpacks the outcomes of a cell in `dim` dimensions into `chunk`.
    pub(super) fn unpack(&self, dim: usize, chunk: &mut ChunkOutcomes) -> Result<(), Damage> {
        let wells = self.unpack_before_counts(dim, chunk)?;
        let rest = unpack_wells(wells, &mut chunk.outcomes);
        if rest.is_some_and(<[u8]>::is_empty) { Ok(()) } else { Err(damage(self.id)) }
    }

    /// Unpacks the outcomes into `chunk`, and returns its counts, which `decode` makes of the bytes and the number of paths.
    pub(super) fn unpack_counts<C>(
        &self,
        decode: &dyn Fn(&[u8], u64) -> Option<C>,
        chunk: &mut ChunkOutcomes,
    ) -> Result<C, Damage> {
        let counts = self.unpack_before_counts(1, chunk)?;
        decode(counts, self.paths).ok_or_else(|| damage(self.id))
    }

    /// Unpacks the outcomes into `chunk`, and returns the bytes after them.
    fn unpack_before_counts(&self, dim: usize, chunk: &mut ChunkOutcomes) -> Result<&[u8], Damage> {
        (chunk.index, chunk.events) = (self.index(), self.events);
        chunk.outcomes.clear();
        let rest = unpack(&self.bytes[HEAD..], self.paths as usize, &mut chunk.outcomes);
        let fits = |outcome: &Outcome| match *outcome {
            Outcome::Exited { time, site } => time >= 0.0 && time.is_finite() && (site.axis as usize) < dim,
            Outcome::Censored { at } => at >= 0.0 && at.is_finite(),
            Outcome::Diverged { .. } => true,
        };
        rest.filter(|_| chunk.outcomes.iter().all(fits)).ok_or_else(|| damage(self.id))
    }
}

pub(super) fn damage(id: u64) -> Damage {
    Damage::Outcomes { cell: id >> 32, path: (id & 0xffff_ffff) * CHUNK }
}

/// A row of the table `batch`.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackedRow<'r> {
    /// Id of its first chunk, and the distance to the id of the next.
    pub first: u64,
    pub stride: u64,
    /// Number of its chunks.
    pub chunks: u64,
    pub bytes: &'r [u8],
}

impl<'r> PackedRow<'r> {
    /// The id after that of its last chunk; `None` if it has no chunks, more than a row can hold, or chunks of another cell.
    pub fn end(&self) -> Option<u64> {
        if !(1..=BATCH).contains(&self.chunks) {
            return None;
        }
        let last = self.first.checked_add((self.chunks - 1) * self.stride)?;
        (last >> 32 == self.first >> 32).then_some(last + 1)
    }

    /// Its chunks in order, up to the first that does not match its checksum.
    pub fn chunks(&self) -> impl Iterator<Item = Result<PackedChunk<'r>, Damage>> {
        let PackedRow { first, stride, chunks, bytes: mut rest } = *self;
        let mut left = chunks;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let id = first + (chunks - left) * stride;
            left -= 1;
            let chunk = PackedChunk::split(id, &mut rest)
                .filter(|chunk| (chunks == 1 || chunk.paths == CHUNK) && (left > 0 || rest.is_empty()));
            if chunk.is_none() {
                left = 0;
            }
            Some(chunk.ok_or_else(|| damage(id)))
        })
    }
}

/// Chunks for one row.
#[derive(Clone, Debug)]
pub struct PackedBatch {
    first: u64,
    last: u64,
    chunks: u64,
    paths: u64,
    bytes: Vec<u8>,
}

impl PackedBatch {
    /// Packs a batch, into the memory of `bytes`.
    pub fn of(batch: &Batch, mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        let mut packer = Packer::new();
        for (number, (chunk, records)) in batch.iter().enumerate() {
            let begin = bytes.len();
            bytes.extend_from_slice(&[0; HEAD]);
            let events = packer.pack(records, &mut bytes);
            bytes.extend_from_slice(batch.counts(number));
            let this = &mut bytes[begin..];
            let length = (this.len() - HEAD) as u32;
            this[4..8].copy_from_slice(&length.to_le_bytes());
            this[8..12].copy_from_slice(&(records.len() as u32).to_le_bytes());
            this[12..HEAD].copy_from_slice(&events.to_le_bytes());
            let sum = checksum(id(chunk.cell as u64, chunk.index), &this[4..]);
            this[..4].copy_from_slice(&sum.to_le_bytes());
        }
        let [first, last] = [batch.chunks.first(), batch.chunks.last()]
            .map(|chunk| chunk.map_or(0, |chunk| id(chunk.cell as u64, chunk.index)));
        PackedBatch { first, last, chunks: batch.chunks.len() as u64, paths: batch.records.len() as u64, bytes }
    }

    /// A row of one chunk.
    pub(super) fn alone(chunk: &PackedChunk<'_>) -> Self {
        let PackedChunk { id, paths, .. } = *chunk;
        PackedBatch { first: id, last: id, chunks: 1, paths, bytes: chunk.bytes.to_vec() }
    }

    /// Appends a chunk; `false` if it is not the next one of the cell, if it or the last is short, or if the row is full.
    pub(super) fn append(&mut self, chunk: &PackedChunk<'_>) -> bool {
        let whole = self.paths == self.chunks * CHUNK && chunk.paths == CHUNK;
        let follows = chunk.id == self.last + 1 && whole && self.chunks < BATCH;
        if follows {
            self.last = chunk.id;
            self.chunks += 1;
            self.paths += chunk.paths;
            self.bytes.extend_from_slice(&chunk.bytes);
        }
        follows
    }

    /// Number of its cell.
    pub fn cell(&self) -> u64 {
        self.first >> 32
    }

    /// Number of its first chunk within the cell.
    pub fn index(&self) -> u64 {
        self.first & 0xffff_ffff
    }

    /// Number of its chunks.
    pub fn chunks(&self) -> u64 {
        self.chunks
    }

    /// Number of its paths.
    pub fn paths(&self) -> u64 {
        self.paths
    }

    pub(super) fn ids(&self) -> [u64; 2] {
        [self.first, self.last]
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its memory, for another batch.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Chunks, Shard};
    use crate::scheme::PathRecord;

    /// Chunks `numbers` of cell 3, of 1000 paths, in a shard; every path is censored at its number.
    fn batch(shard: Shard, numbers: std::ops::Range<u64>) -> Batch {
        let run = Chunks::new(vec![0, 0, 0, 1000], shard);
        let chunks: Vec<_> = numbers.map(|number| run.get(number).unwrap()).collect();
        let censored = |path| PathRecord { outcome: Outcome::Censored { at: path as f64 }, events: path };
        let records = chunks.iter().flat_map(|chunk| chunk.paths.clone().map(censored)).collect();
        Batch { chunks, records, ..Batch::default() }
    }

    fn row(batch: &PackedBatch, stride: u64) -> PackedRow<'_> {
        PackedRow { first: batch.first, stride, chunks: batch.chunks, bytes: &batch.bytes }
    }

    fn outcomes(row: PackedRow<'_>) -> Result<Vec<ChunkOutcomes>, Damage> {
        let unpacked = |chunk: Result<PackedChunk<'_>, Damage>| {
            let mut outcomes = ChunkOutcomes::default();
            chunk?.unpack(1, &mut outcomes)?;
            Ok(outcomes)
        };
        row.chunks().map(unpacked).collect()
    }

    #[test]
    fn a_row_returns_its_chunks() {
        for (shard, stride) in [(Shard::WHOLE, 1), (Shard::new(2, 2).unwrap(), 2)] {
            let batch = batch(shard, 0..2);
            let packed = PackedBatch::of(&batch, vec![7; 99]);
            let read = outcomes(row(&packed, stride)).unwrap();
            assert_eq!(row(&packed, stride).end(), Some(packed.last + 1));
            assert_eq!((packed.cell(), packed.chunks(), packed.paths()), (3, 2, 512));
            for ((chunk, records), read) in batch.iter().zip(read) {
                assert_eq!((chunk.index, chunk.paths.clone().sum()), (read.index, read.events));
                assert!(records.iter().map(|record| record.outcome).eq(read.outcomes));
            }
        }
    }

    /// Chunks packed together and chunks appended one by one give the same row; a short chunk stays alone.
    #[test]
    fn chunks_are_joined() {
        let packed = |numbers| PackedBatch::of(&batch(Shard::WHOLE, numbers), Vec::new());
        let [first, second, third, fourth, whole] = [0..1, 1..2, 2..3, 3..4, 0..3].map(packed);
        let chunk = |batch| row(batch, 1).chunks().next().unwrap().unwrap();
        let mut joined = PackedBatch::alone(&chunk(&first));
        assert!(!joined.append(&chunk(&fourth)));
        assert!(joined.append(&chunk(&second)) && joined.append(&chunk(&third)));
        assert!(joined.bytes == whole.bytes && joined.ids() == whole.ids() && joined.paths == whole.paths);
        assert!(!joined.append(&chunk(&fourth)), "a short one");
        let mut short = PackedBatch::alone(&chunk(&fourth));
        short.last = first.first - 1;
        assert!(!short.append(&chunk(&first)), "after a short one");
    }

    #[test]
    fn damaged_rows_are_refused() {
        let packed = PackedBatch::of(&batch(Shard::WHOLE, 0..3), Vec::new());
        let good = row(&packed, 1);
        assert!(outcomes(good).is_ok());
        let bytes = good.bytes;
        let longer = [bytes, &[0]].concat();
        for bad in [
            PackedRow { first: good.first + 1, ..good },
            PackedRow { stride: 2, ..good },
            PackedRow { chunks: 2, ..good },
            PackedRow { chunks: 4, ..good },
            PackedRow { bytes: &bytes[..bytes.len() - 1], ..good },
            PackedRow { bytes: &bytes[..HEAD - 1], ..good },
            PackedRow { bytes: &longer, ..good },
        ] {
            assert!(outcomes(bad).is_err(), "{bad:?}");
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 1;
            assert!(outcomes(PackedRow { bytes: &bytes, ..good }).is_err(), "byte {at}");
        }
        let beyond = PackedRow { chunks: u64::MAX, ..good };
        assert_eq!((beyond.end(), PackedRow { chunks: 0, ..good }.end()), (None, None));
    }
}
