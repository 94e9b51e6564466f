//! # Many times in ascending order, in bounded memory
//!
//! Order statistics of more times than memory holds need several passes over them. A histogram over the bits of the numbers divides
//! the range of values into parts that fit into memory, and each part is collected and sorted in its own pass. The result is that of
//! sorting everything, for any order of the times and any number of passes.

use std::ops::Range;

/// Parts of a range that are counted at once.
const BINS: usize = 1 << 18;

/// Appends the numbers of a slice that are wanted to a list. Several threads may call it at the same time.
pub type Select<'s> = &'s (dyn Fn(&[f64], &mut Vec<f64>) + Sync);

/// Reads every number, in any order, and passes those that are selected to the given function, in slices of any length.
pub type Read<'r, E> = &'r mut dyn FnMut(Select<'_>, &mut dyn FnMut(&[f64])) -> Result<(), E>;

/// Visits every non-negative number of `read` in ascending order, with its multiplicity. About `room` numbers are held at a time.
///
/// `read` is called once per pass, and must give the same numbers every time.
///
/// # Errors
/// The first error of `read`.
pub fn ascending<E>(read: Read<'_, E>, count: usize, room: usize, visit: &mut dyn FnMut(f64, usize)) -> Result<(), E> {
    within(read, 0..f64::INFINITY.to_bits(), count, room, visit)
}

/// Visits the `count` numbers whose bits lie in `range`.
fn within<E>(
    read: Read<'_, E>,
    range: Range<u64>,
    count: usize,
    room: usize,
    visit: &mut dyn FnMut(f64, usize),
) -> Result<(), E> {
    if count == 0 {
        return Ok(());
    }
    if range.end - range.start == 1 {
        visit(f64::from_bits(range.start), count);
        return Ok(());
    }
    // A negative zero is the same time.
    let in_range = |times: &[f64], selected: &mut Vec<f64>| {
        selected.extend(times.iter().map(|t| t + 0.0).filter(|t| range.contains(&t.to_bits())));
    };
    if count <= room {
        let mut times = Vec::with_capacity(count);
        read(&in_range, &mut |selected| times.extend_from_slice(selected))?;
        times.sort_unstable_by(f64::total_cmp);
        times.chunk_by(|a, b| a == b).for_each(|equal| visit(equal[0], equal.len()));
        return Ok(());
    }
    let width = (range.end - range.start).div_ceil(BINS as u64);
    let mut counts = vec![0usize; BINS];
    read(&in_range, &mut |selected| {
        selected.iter().for_each(|t| counts[((t.to_bits() - range.start) / width) as usize] += 1);
    })?;
    let edge = |bin: usize| (range.start + bin as u64 * width).min(range.end);
    let (mut begin, mut held) = (0, 0);
    for (bin, &more) in counts.iter().enumerate() {
        if held > 0 && held + more > room {
            within(read, edge(begin)..edge(bin), held, room, visit)?;
            (begin, held) = (bin, 0);
        }
        if held == 0 {
            begin = bin;
        }
        held += more;
    }
    within(read, edge(begin)..range.end, held, room, visit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};

    #[test]
    fn any_room_gives_the_sorted_list() {
        let mut rng = Stream::new(Seed(5), 0, 0);
        let mut times: Vec<f64> = (0..3000).map(|_| -rng.open01().ln()).collect();
        // More equal numbers than fit; the ends of the range; numbers one bit apart.
        times.extend([0.5; 700]);
        times.extend([0.0, -0.0, f64::MAX, f64::MIN_POSITIVE, 1.0, 1.0 + f64::EPSILON]);
        for (room, length) in [(1, 40), (10, times.len()), (300, times.len()), (100_000, times.len())] {
            let (mut seen, mut readings) = (Vec::new(), 0);
            let mut read = |select: Select<'_>, give: &mut dyn FnMut(&[f64])| {
                readings += 1;
                let mut selected = Vec::new();
                select(&times[..length], &mut selected);
                give(&selected);
                Ok::<(), ()>(())
            };
            ascending(&mut read, length, room, &mut |t, n| seen.extend(vec![t; n])).unwrap();
            let mut sorted = times[..length].to_vec();
            sorted.sort_by(f64::total_cmp);
            assert_eq!(seen, sorted, "room {room}");
            assert!(readings < 2 + 4 * length / room + 8, "{readings} readings");
        }
    }

    #[test]
    fn an_error_ends_the_reading() {
        let failed = ascending(&mut |_, _| Err("gone"), 5, 10, &mut |_, _| ());
        assert_eq!(failed, Err("gone"));
    }
}
