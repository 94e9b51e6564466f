//! The outcome of every path, exported in path order: `escapes.csv`, or `escapes.parquet` with the feature `parquet`.

use std::io::Write;
use std::mem;
use std::path::Path;

#[cfg(feature = "parquet")]
use super::escapes_parquet::ParquetEscapes;
use super::table::{TableError, TableFile};
use crate::experiment::EscapesFormat;
use crate::files::with_digits;
use crate::scheme::{Departure, Outcome, Side};

/// Columns of `escapes.csv`, in order.
pub const ESCAPE_COLUMNS: [&str; 9] =
    ["cell", "path", "outcome", "time", "axis", "side", "overshoot", "by_jump", "landed"];

/// Consecutive paths of a cell, as they are written: any thread makes blocks, and [`Escapes`] writes them in order.
#[derive(Default)]
pub(super) struct Block {
    /// Rows of CSV.
    rows: Vec<u8>,
    /// For Parquet: the cell, the number of the first path, and the outcomes.
    #[cfg_attr(not(feature = "parquet"), allow(dead_code))]
    place: [u64; 2],
    outcomes: Vec<Outcome>,
}

impl Block {
    /// Adds the paths of a cell from number `first` on, which follow those of the block.
    pub fn add(&mut self, format: EscapesFormat, cell: u64, first: u64, outcomes: &[Outcome]) {
        match format {
            EscapesFormat::Csv => write_escapes(&mut self.rows, cell, first, outcomes),
            EscapesFormat::Parquet => {
                if self.outcomes.is_empty() {
                    self.place = [cell, first];
                }
                self.outcomes.extend_from_slice(outcomes);
            }
            EscapesFormat::None => {}
        }
    }
}

/// The file being written. Without [`Escapes::finish`] it is removed.
pub(super) struct Escapes {
    file: EscapesFile,
    waiting: Vec<Block>,
    /// Written blocks, whose memory is used again.
    spare: Vec<Block>,
    failure: Option<TableError>,
}

impl Escapes {
    /// Begins the file of `format` in `folder`, if it has one.
    pub fn create(folder: &Path, format: EscapesFormat) -> Result<Option<Self>, TableError> {
        let file = EscapesFile::create(folder, format)?;
        Ok(file.map(|file| Escapes { file, waiting: Vec::new(), spare: Vec::new(), failure: None }))
    }

    /// Takes the next block, and leaves an empty one. It is written by [`Escapes::write_waiting`], whose error a later call returns.
    pub fn take(&mut self, block: &mut Block) -> Result<(), TableError> {
        self.waiting.push(mem::replace(block, self.spare.pop().unwrap_or_default()));
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Writes the blocks that were taken.
    pub fn write_waiting(&mut self) {
        for mut block in self.waiting.drain(..) {
            if self.failure.is_none() {
                self.failure = self.file.write(&block).err();
            }
            block.rows.clear();
            block.outcomes.clear();
            self.spare.push(block);
        }
    }

    pub fn finish(mut self) -> Result<(), TableError> {
        self.write_waiting();
        self.failure.map_or(Ok(()), Err)?;
        self.file.finish()
    }
}

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

    fn write(&mut self, block: &Block) -> Result<(), TableError> {
        match self {
            EscapesFile::Csv(file) => file.write(|file| file.write_all(&block.rows)),
            #[cfg(feature = "parquet")]
            EscapesFile::Parquet(file) => file.write(block.place[0], block.place[1], &block.outcomes),
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

/// Appends the rows of consecutive paths to `escapes.csv`. The exit site of a path that did not leave is empty. Overshoots have the 24 significant
/// bits that the store keeps.
fn write_escapes(out: &mut Vec<u8>, cell: u64, first: u64, outcomes: &[Outcome]) {
    let mut whole = itoa::Buffer::new();
    let mut start = Vec::new();
    let mut rows = Rows { bytes: [0; ROOM], length: 0 };
    for (path, outcome) in (first..).zip(outcomes) {
        if rows.length + LONGEST > ROOM {
            rows.empty_into(out);
        }
        if !count_on(&mut start) {
            start = format!("{cell},{path}").into_bytes();
        }
        rows.add_short(&start);
        match *outcome {
            Outcome::Exited { time, site } => {
                rows.add(b",exited,");
                with_digits(time, |digits| rows.add_short(digits));
                rows.add(b",");
                rows.add_short(whole.format(site.axis).as_bytes());
                let sign = if site.side == Side::Minus { b'-' } else { b'+' };
                rows.add(&[b',', sign, b',']);
                let short = site.overshoot as f32;
                if short.is_finite() {
                    with_digits(short, |digits| rows.add_short(digits));
                } else {
                    with_digits(site.overshoot, |digits| rows.add_short(digits));
                }
                match site.by {
                    Departure::Jump => rows.add(b",true,"),
                    Departure::Creep => rows.add(b",false,"),
                }
                if let Some(well) = site.landed {
                    rows.add_short(whole.format(well.get()).as_bytes());
                }
                rows.add(b"\n");
            }
            Outcome::Censored { at } => rows.add_without_site(b",censored,", at),
            Outcome::Diverged { at } => rows.add_without_site(b",diverged,", at),
        }
    }
    rows.empty_into(out);
}

/// Adds 1 to the whole number at the end of a text; `false` if there is none, or if it needs one more digit.
#[inline]
fn count_on(text: &mut [u8]) -> bool {
    for byte in text.iter_mut().rev() {
        match *byte {
            b'0'..=b'8' => {
                *byte += 1;
                return true;
            }
            b'9' => *byte = b'0',
            _ => return false,
        }
    }
    false
}

/// More than the longest row has: numbers of 20, 20, 24, 10, 24 and 5 digits, and 21 other bytes.
const LONGEST: usize = 160;
/// Bytes of rows that are put together before they are copied.
const ROOM: usize = 1 << 14;

/// Rows being put together. Copies of known or of short length need no call of the system's library.
struct Rows {
    bytes: [u8; ROOM],
    length: usize,
}

impl Rows {
    fn empty_into(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes[..self.length]);
        self.length = 0;
    }

    #[inline(always)]
    fn add<const N: usize>(&mut self, text: &[u8; N]) {
        self.bytes[self.length..self.length + N].copy_from_slice(text);
        self.length += N;
    }

    /// Adds up to 32 bytes fast, as two copies that overlap.
    #[inline(always)]
    fn add_short(&mut self, text: &[u8]) {
        let place = &mut self.bytes[self.length..self.length + text.len()];
        match text.len() {
            16..=32 => copy_ends::<16>(place, text),
            8..16 => copy_ends::<8>(place, text),
            4..8 => copy_ends::<4>(place, text),
            2..4 => copy_ends::<2>(place, text),
            1 => copy_ends::<1>(place, text),
            _ => place.copy_from_slice(text),
        }
        self.length += text.len();
    }

    fn add_without_site<const N: usize>(&mut self, end: &[u8; N], at: f64) {
        self.add(end);
        with_digits(at, |digits| self.add_short(digits));
        self.add(b",,,,,\n");
    }
}

/// Copies the first `N` and the last `N` bytes.
#[inline(always)]
fn copy_ends<const N: usize>(place: &mut [u8], text: &[u8]) {
    if let (Some(to), Some(from)) = (place.first_chunk_mut::<N>(), text.first_chunk()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (place.last_chunk_mut::<N>(), text.last_chunk()) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::ExitSite;
    use std::num::NonZeroU16;

    fn site(axis: u32, overshoot: f64, landed: u16) -> ExitSite {
        ExitSite { axis, side: Side::Minus, overshoot, by: Departure::Creep, landed: NonZeroU16::new(landed) }
    }

    fn row(cell: u64, path: u64, outcome: Outcome) -> String {
        let mut out = Vec::new();
        write_escapes(&mut out, cell, path, &[outcome]);
        String::from_utf8(out).unwrap()
    }

    /// More rows than are put together at once.
    #[test]
    fn many_rows_are_whole() {
        let outcomes: Vec<Outcome> = (0..2_000).map(|k| Outcome::Censored { at: f64::from(k) / 7.0 }).collect();
        let mut out = Vec::new();
        write_escapes(&mut out, 3, 998, &outcomes);
        let single = |(k, outcome): (usize, &Outcome)| row(3, 998 + k as u64, *outcome);
        assert_eq!(String::from_utf8(out).unwrap(), outcomes.iter().enumerate().map(single).collect::<String>());
    }

    #[test]
    fn rows_have_the_shortest_digits_that_read_back() {
        let close = f64::from(1.3333334f32);
        let exited = |time, overshoot, landed| Outcome::Exited { time, site: site(3, overshoot, landed) };
        assert_eq!(row(2, 7, exited(0.1, close, 0)), "2,7,exited,0.1,3,-,1.3333334,false,\n");
        assert_eq!(row(2, 7, exited(1e-9, 2f64.powi(200), 12)), "2,7,exited,1e-9,3,-,1.6069380442589903e60,false,12\n");
        assert_eq!(row(2, 7, Outcome::Censored { at: 1e20 }), "2,7,censored,1e20,,,,,\n");
        assert_eq!(row(2, 7, Outcome::Diverged { at: 5.0 }), "2,7,diverged,5,,,,,\n");
    }

    /// Numbers of every length fit and are copied whole.
    #[test]
    fn rows_of_any_length_are_whole() {
        for digits in 1..=20u32 {
            let number =
                (0..digits).fold(0u64, |number, digit| 10 * (number % 10u64.pow(18)) + u64::from(1 + digit % 9));
            for time in [1.0 / 3.0, -1.0 / 3e300, f64::MIN_POSITIVE * 1.1, 123_456_789_012_345.6, 5e-324, f64::INFINITY]
            {
                let outcome = Outcome::Exited { time, site: site(u32::MAX >> digits, f64::MAX, u16::MAX) };
                let time = crate::files::digits(time);
                let overshoot = crate::files::digits(f64::MAX);
                let axis = u32::MAX >> digits;
                let expected = format!("{},{number},exited,{time},{axis},-,{overshoot},false,65535\n", u64::MAX);
                assert_eq!(row(u64::MAX, number, outcome), expected);
            }
        }
    }
}
