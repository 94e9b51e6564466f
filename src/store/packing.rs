//! # The packed outcomes of a chunk
//!
//! Three columns of whole numbers: how every path ended, at what time, and its overshoot (1 for a path that did not leave). A column
//! consists of its smallest value, the number `w` of bits of the largest difference from it, and the differences with `w` bits each. The
//! differences are distributed over eight lanes in turn, so that one instruction shifts or joins eight of them. The bits of positive
//! floating-point numbers have the order of the numbers, so exit times that span a few powers of two take 56 bits instead of 64, without
//! loss. Overshoots are rounded to 24 significant bits. A path in one dimension takes 11 bytes.
//!
//! If any path of the chunk has landed in a known well, a fourth column follows: the number of the well, 0 for none.

use std::num::NonZeroU16;

use pulp::{Arch, NullaryFnOnce};

use crate::engine::CHUNK;
use crate::scheme::{Departure, ExitSite, Outcome, PathRecord, Side};

/// Number of low bits of an overshoot that are dropped.
const DROPPED: u32 = 29;
/// Number of values that are packed in parallel.
const LANES: usize = 8;
/// Bytes of one word from each lane.
const WORDS: usize = LANES * size_of::<u64>();

/// The stored form of an overshoot: rounded to 24 significant bits.
fn overshoot_code(z: f64) -> u64 {
    (z.to_bits() + (1 << (DROPPED - 1))) >> DROPPED
}

type Column = [u64; CHUNK as usize];

/// The columns of a chunk.
pub struct Packer {
    ends: Column,
    times: Column,
    overshoots: Column,
    wells: Column,
}

impl Packer {
    /// Columns for one chunk at a time.
    pub fn new() -> Self {
        let [ends, times, overshoots, wells] = [[0; CHUNK as usize]; 4];
        Packer { ends, times, overshoots, wells }
    }

    /// Appends the packed outcomes of a chunk to `out`; returns the events of all its paths together.
    ///
    /// # Panics
    /// For more outcomes than a chunk has paths.
    pub fn pack(&mut self, records: &[PathRecord], out: &mut Vec<u8>) -> u64 {
        assert!(records.len() <= CHUNK as usize, "{} paths in a chunk", records.len());
        Arch::new().dispatch(Packing { packer: self, records, out })
    }

    /// Fills the columns but that of the wells; returns the events of all paths together, and whether any has landed in a known well.
    #[inline(always)]
    fn read(&mut self, records: &[PathRecord]) -> (u64, bool) {
        let (mut events, mut landed) = (0u64, false);
        let columns = self.ends.iter_mut().zip(&mut self.times).zip(&mut self.overshoots);
        for (record, ((end, time), overshoot)) in records.iter().zip(columns) {
            let Outcome::Exited { time: exit, site } = record.outcome else { return self.read_any(records) };
            // No run reaches 2^64 steps.
            events = events.wrapping_add(record.events);
            landed |= site.landed.is_some();
            (*end, *time, *overshoot) = (place_code(site), exit.to_bits(), overshoot_code(site.overshoot));
        }
        (events, landed)
    }

    /// The wells in which the paths have landed.
    #[cold]
    #[inline(never)]
    fn read_wells(&mut self, records: &[PathRecord]) {
        let number = |record: &PathRecord| record.outcome.site()?.landed.map(|well| u64::from(well.get()));
        self.wells.iter_mut().zip(records).for_each(|(well, record)| *well = number(record).unwrap_or(0));
    }

    /// [`Packer::read`] for the few chunks in which not every path left.
    #[cold]
    #[inline(never)]
    fn read_any(&mut self, records: &[PathRecord]) -> (u64, bool) {
        let columns = self.ends.iter_mut().zip(&mut self.times).zip(&mut self.overshoots);
        for (record, ((end, time), overshoot)) in records.iter().zip(columns) {
            let (code, at, factor) = match record.outcome {
                Outcome::Exited { time, site } => (place_code(site), time, site.overshoot),
                Outcome::Censored { at } => (CENSORED, at, 1.0),
                Outcome::Diverged { at } => (DIVERGED, at, 1.0),
            };
            (*end, *time, *overshoot) = (code, at.to_bits(), overshoot_code(factor));
        }
        let landed = records.iter().filter_map(|record| record.outcome.site()).any(|site| site.landed.is_some());
        (records.iter().fold(0, |events, record| events.wrapping_add(record.events)), landed)
    }
}

/// Codes of the paths that did not leave; the codes of exit sites follow.
const CENSORED: u64 = 0;
const DIVERGED: u64 = 1;
const PLACES: u64 = 2;

#[inline(always)]
fn place_code(site: ExitSite) -> u64 {
    PLACES
        + (u64::from(site.axis) << 2 | u64::from(site.side == Side::Plus) << 1 | u64::from(site.by == Departure::Creep))
}

/// Appends the `paths` outcomes of a chunk to `out`, without wells, and returns the bytes after them; `None` if [`Packer::pack`] cannot have
/// written the bytes.
pub fn unpack<'b>(bytes: &'b [u8], paths: usize, out: &mut Vec<Outcome>) -> Option<&'b [u8]> {
    Arch::new().dispatch(Unpacking { bytes, paths, out })
}

/// Unpacks with the widest vectors of the processor.
struct Unpacking<'b, 'o> {
    bytes: &'b [u8],
    paths: usize,
    out: &'o mut Vec<Outcome>,
}

impl<'b> NullaryFnOnce for Unpacking<'b, '_> {
    type Output = Option<&'b [u8]>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        let Unpacking { mut bytes, paths, out } = self;
        let [mut ends, mut times, mut overshoots] = [[0; CHUNK as usize]; 3];
        for column in [&mut ends, &mut times, &mut overshoots] {
            read_column(&mut bytes, paths, column)?;
        }
        out.reserve(paths);
        for ((end, time), overshoot) in ends[..paths].iter().zip(&times).zip(&overshoots) {
            let time = f64::from_bits(*time);
            out.push(match *end {
                CENSORED => Outcome::Censored { at: time },
                DIVERGED => Outcome::Diverged { at: time },
                place => Outcome::Exited { time, site: site(place - PLACES, *overshoot)? },
            });
        }
        Some(bytes)
    }
}

/// Reads the column of the wells, if there is one, into the `outcomes` before it, and returns the bytes after it; `None` for a well of a path that
/// did not leave.
pub fn unpack_wells<'b>(mut bytes: &'b [u8], outcomes: &mut [Outcome]) -> Option<&'b [u8]> {
    if bytes.is_empty() {
        return Some(bytes);
    }
    let mut wells = [0; CHUNK as usize];
    read_column(&mut bytes, outcomes.len(), &mut wells)?;
    for (outcome, well) in outcomes.iter_mut().zip(wells) {
        let well = u16::try_from(well).ok()?;
        match outcome {
            Outcome::Exited { site, .. } => site.landed = NonZeroU16::new(well),
            _ if well == 0 => {}
            _ => return None,
        }
    }
    Some(bytes)
}

fn site(place: u64, overshoot: u64) -> Option<ExitSite> {
    let overshoot = f64::from_bits(overshoot.checked_mul(1 << DROPPED)?);
    if !(overshoot >= 1.0) {
        return None;
    }
    Some(ExitSite {
        axis: u32::try_from(place >> 2).ok()?,
        side: if place & 2 == 0 { Side::Minus } else { Side::Plus },
        overshoot,
        by: if place & 1 == 0 { Departure::Jump } else { Departure::Creep },
        landed: None,
    })
}

/// Packs with the widest vectors of the processor. It is not a closure, because a closure that is not inlined is compiled for the
/// narrowest.
struct Packing<'p> {
    packer: &'p mut Packer,
    records: &'p [PathRecord],
    out: &'p mut Vec<u8>,
}

impl NullaryFnOnce for Packing<'_> {
    type Output = u64;

    #[inline(always)]
    fn call(self) -> u64 {
        let Packing { packer, records, out } = self;
        let (events, landed) = packer.read(records);
        for column in [&mut packer.ends, &mut packer.times, &mut packer.overshoots] {
            write_column(column, records.len(), out);
        }
        if landed {
            packer.read_wells(records);
            write_column(&mut packer.wells, records.len(), out);
        }
        events
    }
}

/// Appends the first `count` values. The column is overwritten.
#[inline(always)]
fn write_column(values: &mut Column, count: usize, out: &mut Vec<u8>) {
    let (lo, hi) = values[..count].iter().fold((u64::MAX, 0), |(lo, hi), &v| (lo.min(v), hi.max(v)));
    let lo = lo.min(hi);
    let width = u64::BITS - (hi - lo).leading_zeros();
    out.extend_from_slice(&lo.to_le_bytes());
    out.push(width as u8);
    if width == 0 {
        return;
    }
    values[count..].fill(lo);
    let rows = values[..count.next_multiple_of(LANES)].as_chunks::<LANES>().0;
    out.reserve(size(rows.len(), width));
    let mut write = |held: &[u64; LANES]| {
        let mut words = [0; WORDS];
        for (bytes, word) in words.as_chunks_mut().0.iter_mut().zip(held) {
            *bytes = word.to_le_bytes();
        }
        out.extend_from_slice(&words);
    };
    let (mut held, mut bits) = ([0u64; LANES], 0);
    for row in rows {
        let row = row.map(|value| value - lo);
        for (held, value) in held.iter_mut().zip(row) {
            *held |= value << bits;
        }
        bits += width;
        if bits >= u64::BITS {
            write(&held);
            bits -= u64::BITS;
            // A value that ended with the word leaves no bits.
            held = row.map(|value| if bits == 0 { 0 } else { value >> (width - bits) });
        }
    }
    if bits > 0 {
        write(&held);
    }
}

/// Size in bytes of `rows` packed rows of eight values.
fn size(rows: usize, width: u32) -> usize {
    (rows * width as usize).div_ceil(u64::BITS as usize) * WORDS
}

/// Reads `count` values to the beginning of `values`, and removes them from `bytes`.
#[inline(always)]
fn read_column(bytes: &mut &[u8], count: usize, values: &mut Column) -> Option<()> {
    let (head, rest) = bytes.split_first_chunk::<9>()?;
    let (lo, width) = (u64::from_le_bytes(*head.first_chunk()?), u32::from(head[8]));
    if width > u64::BITS || count > values.len() {
        return None;
    }
    let rows = count.div_ceil(LANES);
    let (packed, rest) = rest.split_at_checked(size(rows, width))?;
    *bytes = rest;
    if width == 0 {
        values[..count].fill(lo);
        return Some(());
    }
    let mask = u64::MAX >> (u64::BITS - width);
    let mut words = packed.as_chunks::<WORDS>().0.iter().map(|words| {
        let mut lanes = [0; LANES];
        for (lane, bytes) in lanes.iter_mut().zip(words.as_chunks().0) {
            *lane = u64::from_le_bytes(*bytes);
        }
        lanes
    });
    // The unread bits of the current words: `bits` in each lane.
    let (mut held, mut bits) = ([0; LANES], 0);
    for values in &mut values.as_chunks_mut::<LANES>().0[..rows] {
        let mut row = held;
        if bits < width {
            held = words.next()?;
            for (value, word) in row.iter_mut().zip(held) {
                *value |= word << bits;
            }
            let used = width - bits;
            held = held.map(|word| if used == u64::BITS { 0 } else { word >> used });
            bits = u64::BITS - used;
        } else {
            held = held.map(|word| word >> width);
            bits -= width;
        }
        *values = row.map(|value| lo.wrapping_add(value & mask));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};
    use rand::Rng;

    fn pack(outcomes: &[Outcome], out: &mut Vec<u8>) {
        let records: Vec<PathRecord> =
            outcomes.iter().map(|outcome| PathRecord { outcome: *outcome, events: 1 }).collect();
        Packer::new().pack(&records, out);
    }

    fn outcomes(rng: &mut Stream, n: usize, axes: u32, wells: u16) -> Vec<Outcome> {
        let one = |i: usize, rng: &mut Stream| {
            let time = -rng.open01().ln() * 10.0;
            let jump = rng.open01() < 0.9;
            let overshoot = if jump { rng.open01().powf(-1.0 / 1.5) } else { 1.0 };
            let site = ExitSite {
                axis: (rng.open01() * f64::from(axes)) as u32,
                side: Side::of(rng.open01() - 0.5),
                overshoot: f64::from_bits(overshoot_code(overshoot) << DROPPED),
                by: if jump { Departure::Jump } else { Departure::Creep },
                landed: NonZeroU16::new((rng.open01() * f64::from(wells)) as u16),
            };
            match i % 50 {
                7 => Outcome::Censored { at: 30.0 },
                8 => Outcome::Diverged { at: time },
                _ => Outcome::Exited { time, site },
            }
        };
        (0..n).map(|i| one(i, rng)).collect()
    }

    #[test]
    fn packed_outcomes_are_unpacked_bit_for_bit() {
        let mut rng = Stream::new(Seed(1), 0, 0);
        for (n, axes, wells) in
            [(0, 1, 1), (1, 1, 4), (2, 3, 1), (255, 1, 1), (256, 1, 1), (256, 1, 4), (256, 10_000, u16::MAX)]
        {
            let outcomes = outcomes(&mut rng, n, axes, wells);
            let (mut bytes, mut back) = (Vec::new(), Vec::new());
            pack(&outcomes, &mut bytes);
            let rest = unpack(&bytes, n, &mut back).unwrap();
            assert_eq!(rest.is_empty(), !outcomes.iter().any(|o| o.site().is_some_and(|site| site.landed.is_some())));
            assert!(unpack_wells(rest, &mut back).unwrap().is_empty());
            assert_eq!(outcomes, back);
            if wells > 1 {
                continue;
            }
            // 12 bytes per path, apart from the heads of the columns and the unused bits of their last words.
            assert!(bytes.len() <= 36 + 4 * WORDS + 12 * n + if axes > 1 { 2 * n } else { 0 }, "{n}: {}", bytes.len());
        }
    }

    /// Numbers of every width, in columns of every length.
    #[test]
    fn every_width_is_read_back() {
        let mut rng = Stream::new(Seed(4), 0, 0);
        for width in 0..=u64::BITS {
            for count in [1, 2, 7, 8, 9, 64, 255, 256] {
                let lo = rng.next_u64() & !(u64::MAX.checked_shr(u64::BITS - width).unwrap_or(0));
                let mut number = || lo | rng.next_u64().checked_shr(u64::BITS - width).unwrap_or(0);
                let mut column = [0; CHUNK as usize];
                column[..count].fill_with(&mut number);
                // Both ends of the range, if the column has two values.
                (column[0], column[count - 1]) = (lo | u64::MAX.checked_shr(u64::BITS - width).unwrap_or(0), lo);
                let (values, mut bytes) = (column, Vec::new());
                write_column(&mut column, count, &mut bytes);
                let expected = if count == 1 { 0 } else { size(count.div_ceil(LANES), width) };
                assert_eq!(bytes.len(), 9 + expected, "{width} bits, {count}");
                let (mut rest, mut read) = (&bytes[..], [0; CHUNK as usize]);
                read_column(&mut rest, count, &mut read).unwrap();
                assert_eq!(read[..count], values[..count], "{width} bits, {count}");
                assert!(rest.is_empty());
            }
        }
    }

    #[test]
    fn the_extremes_survive() {
        let site = |overshoot| ExitSite {
            axis: u32::MAX,
            side: Side::Plus,
            overshoot,
            by: Departure::Creep,
            landed: NonZeroU16::new(u16::MAX),
        };
        let outcomes = vec![
            Outcome::Exited { time: 0.0, site: site(1.0) },
            Outcome::Exited { time: f64::MAX, site: site(f64::INFINITY) },
            Outcome::Censored { at: 5e-324 },
            Outcome::Diverged { at: f64::INFINITY },
        ];
        let (mut bytes, mut back) = (Vec::new(), Vec::new());
        pack(&outcomes, &mut bytes);
        let rest = unpack(&bytes, 4, &mut back).unwrap();
        assert!(unpack_wells(rest, &mut back).unwrap().is_empty());
        assert_eq!(outcomes, back);
    }

    #[test]
    fn an_overshoot_keeps_seven_digits() {
        let mut rng = Stream::new(Seed(2), 0, 0);
        for _ in 0..1000 {
            let z = rng.open01().powf(-5.0);
            let kept = f64::from_bits(overshoot_code(z) << DROPPED);
            assert!((kept / z - 1.0).abs() <= 2f64.powi(-24), "{z} {kept}");
        }
    }

    /// Bytes are changed, removed and inserted, from a fixed seed: no panic, and no more outcomes than requested.
    #[test]
    fn no_bytes_cause_a_panic() {
        let mut rng = Stream::new(Seed(3), 0, 0);
        let mut good = Vec::new();
        pack(&outcomes(&mut rng, 256, 5, 3), &mut good);
        let rounds = if cfg!(feature = "slow-tests") { 1_000_000 } else { 20_000 };
        for _ in 0..rounds {
            let mut bytes = good.clone();
            for _ in 0..1 + rng.next_u64() % 4 {
                let at = (rng.next_u64() % bytes.len() as u64) as usize;
                match rng.next_u64() % 3 {
                    0 => bytes[at] = rng.next_u64() as u8,
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, rng.next_u64() as u8),
                }
            }
            let paths = if rng.next_u64().is_multiple_of(4) { (rng.next_u64() % 257) as usize } else { 256 };
            let mut out = Vec::new();
            if let Some(rest) = unpack(&bytes, paths, &mut out) {
                let _ = unpack_wells(rest, &mut out);
            }
            assert!(out.len() <= paths);
        }
    }
}
