//! # Many times in ascending order, in bounded memory
//!
//! What needs order statistics of more times than memory holds reads them several times: the range of values is cut where the
//! counts of a histogram over the bits of the numbers say that a part fits, and every part is gathered and sorted in a reading of
//! its own. The result is that of sorting everything, whatever the order and the number of readings.

use std::ops::Range;

/// Parts of a range that are counted at once.
const BINS: usize = 1 << 18;

/// Gives every number to the function it is handed.
pub type Read<'r, E> = &'r mut dyn FnMut(&mut dyn FnMut(f64)) -> Result<(), E>;

/// Visits every non-negative number that `read` gives, in ascending order with how often it comes, holding at most some `room` of them.
///
/// `read` is called once a reading, and must give the same numbers every time.
///
/// # Errors
/// The first error of `read`.
pub fn ascending<E>(read: Read<'_, E>, count: usize, room: usize, visit: &mut dyn FnMut(f64, usize)) -> Result<(), E> {
    within(read, 0..f64::INFINITY.to_bits(), count, room, visit)
}

/// The numbers whose bits lie in `range`, of which there are `count`.
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
    if count <= room {
        let mut times = Vec::with_capacity(count);
        read(&mut |t| {
            // A zero with a sign is the same time.
            let t = t + 0.0;
            if range.contains(&t.to_bits()) {
                times.push(t);
            }
        })?;
        times.sort_unstable_by(f64::total_cmp);
        times.chunk_by(|a, b| a == b).for_each(|equal| visit(equal[0], equal.len()));
        return Ok(());
    }
    let width = (range.end - range.start).div_ceil(BINS as u64);
    let mut counts = vec![0usize; BINS];
    read(&mut |t| {
        let bits = (t + 0.0).to_bits();
        if range.contains(&bits) {
            counts[((bits - range.start) / width) as usize] += 1;
        }
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
        // Many alike, more than fit; the ends of the range; numbers one bit apart.
        times.extend([0.5; 700]);
        times.extend([0.0, -0.0, f64::MAX, f64::MIN_POSITIVE, 1.0, 1.0 + f64::EPSILON]);
        for (room, length) in [(1, 40), (10, times.len()), (300, times.len()), (100_000, times.len())] {
            let (mut seen, mut readings) = (Vec::new(), 0);
            let mut read = |give: &mut dyn FnMut(f64)| {
                readings += 1;
                times[..length].iter().for_each(|t| give(*t));
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
        let failed = ascending(&mut |_| Err("gone"), 5, 10, &mut |_, _| ());
        assert_eq!(failed, Err("gone"));
    }
}
