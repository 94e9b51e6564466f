//! # Outcomes of a chunk, packed
//!
//! Four columns of whole numbers: the kind of every outcome, its time, and for those that left the place and the overshoot. A column is
//! its smallest value, the number of bits `w` that the largest difference from it needs, and `w` bits a value. The bits of
//! positive floating-point numbers order as the numbers do, so exit times that span a few powers of two take 56 bits instead of
//! 64, without loss. Of the overshoot 24 significant bits are kept. One-dimensional escapes take 11 bytes.

use pulp::Arch;

use crate::engine::CHUNK;
use crate::scheme::{Departure, Outcome, Side, Site};

/// Bits of an overshoot that are dropped.
const DROPPED: u32 = 29;

/// The overshoot as it is stored: 24 significant bits, rounded.
fn overshoot_code(z: f64) -> u64 {
    (z.to_bits() + (1 << (DROPPED - 1))) >> DROPPED
}

/// Packs the outcomes of a chunk in order, appending to `out`.
pub fn pack(outcomes: impl Iterator<Item = Outcome>, out: &mut Vec<u8>) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            // What is packed: kinds and times of all paths, places and overshoots of those that left.
            let [mut kinds, mut times, mut places, mut overshoots] = [[0; CHUNK as usize]; 4];
            let (mut paths, mut exits) = (0, 0);
            for (outcome, (kind, time)) in outcomes.zip(kinds.iter_mut().zip(&mut times)) {
                paths += 1;
                (*kind, *time) = match outcome {
                    Outcome::Exited { time, .. } => (0, time.to_bits()),
                    Outcome::Censored { at } => (1, at.to_bits()),
                    Outcome::Diverged { at } => (2, at.to_bits()),
                };
                if let Outcome::Exited { site, .. } = outcome {
                    // One exit a path at most: the mask changes nothing, and spares a check.
                    places[exits % CHUNK as usize] = place_code(site);
                    overshoots[exits % CHUNK as usize] = overshoot_code(site.overshoot);
                    exits += 1;
                }
            }
            column(&mut kinds[..paths], out);
            column(&mut times[..paths], out);
            column(&mut places[..exits], out);
            column(&mut overshoots[..exits], out);
        },
    );
}

#[inline(always)]
fn place_code(site: Site) -> u64 {
    u64::from(site.axis) << 2 | u64::from(site.side == Side::Plus) << 1 | u64::from(site.by == Departure::Creep)
}

/// The `paths` outcomes of a chunk; `None` if the bytes are not what [`pack`] writes.
pub fn unpack(mut bytes: &[u8], paths: usize, out: &mut Vec<Outcome>) -> Option<()> {
    let kinds = read_column(&mut bytes, paths)?;
    let times = read_column(&mut bytes, paths)?;
    let exits = kinds.iter().filter(|kind| **kind == 0).count();
    let mut places = read_column(&mut bytes, exits)?.into_iter();
    let mut overshoots = read_column(&mut bytes, exits)?.into_iter();
    for (kind, time) in kinds.into_iter().zip(times) {
        let time = f64::from_bits(time);
        out.push(match kind {
            0 => Outcome::Exited { time, site: site(places.next()?, overshoots.next()?)? },
            1 => Outcome::Censored { at: time },
            2 => Outcome::Diverged { at: time },
            _ => return None,
        });
    }
    bytes.is_empty().then_some(())
}

fn site(place: u64, overshoot: u64) -> Option<Site> {
    let overshoot = f64::from_bits(overshoot.checked_mul(1 << DROPPED)?);
    if !(overshoot >= 1.0) {
        return None;
    }
    Some(Site {
        axis: u32::try_from(place >> 2).ok()?,
        side: if place & 2 == 0 { Side::Minus } else { Side::Plus },
        overshoot,
        by: if place & 1 == 0 { Departure::Jump } else { Departure::Creep },
    })
}

/// Appends a column; `values` is used up.
#[inline(always)]
fn column(values: &mut [u64], out: &mut Vec<u8>) {
    let (lo, hi) = values.iter().fold((u64::MAX, 0), |(lo, hi), &v| (lo.min(v), hi.max(v)));
    let lo = lo.min(hi);
    let mut width = u64::BITS - (hi - lo).leading_zeros();
    out.extend_from_slice(&lo.to_le_bytes());
    out.push(width as u8);
    if width == 0 {
        return;
    }
    let end = out.len() + (width as usize * values.len()).div_ceil(8);
    values.iter_mut().for_each(|value| *value -= lo);
    let mut count = values.len();
    // Short values are joined, two and two, before they are written one after the other.
    while 2 * width <= u64::BITS {
        for pair in 0..count / 2 {
            values[pair] = values[2 * pair] | values[2 * pair + 1] << width;
        }
        if count % 2 == 1 {
            values[count / 2] = values[count - 1];
        }
        (count, width) = (count.div_ceil(2), 2 * width);
    }
    let (mut held, mut bits) = (0, 0);
    for value in &values[..count] {
        held |= value << bits;
        bits += width;
        if bits >= u64::BITS {
            out.extend_from_slice(&held.to_le_bytes());
            bits -= u64::BITS;
            held = value.checked_shr(width - bits).unwrap_or(0);
        }
    }
    out.extend_from_slice(&held.to_le_bytes());
    out.truncate(end);
}

fn read_column(bytes: &mut &[u8], count: usize) -> Option<Vec<u64>> {
    let (head, rest) = bytes.split_first_chunk::<9>()?;
    let lo = u64::from_le_bytes(*head.first_chunk()?);
    let width = u32::from(head[8]);
    let size = (u64::from(width) * count as u64).div_ceil(8);
    if width > u64::BITS || size > rest.len() as u64 {
        return None;
    }
    let (packed, rest) = rest.split_at(size as usize);
    *bytes = rest;
    let mask = if width == 0 { 0 } else { u64::MAX >> (u64::BITS - width) };
    let mut words = packed.chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    let (mut held, mut bits) = (0u128, 0);
    let next = |_| {
        if bits < width {
            held |= u128::from(words.next().unwrap_or(0)) << bits;
            bits += u64::BITS;
        }
        let value = lo.wrapping_add(held as u64 & mask);
        held >>= width;
        bits -= width;
        value
    };
    Some((0..count).map(next).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};
    use rand::Rng;

    fn outcomes(rng: &mut Stream, n: usize, axes: u32) -> Vec<Outcome> {
        let one = |i: usize, rng: &mut Stream| {
            let time = -rng.open01().ln() * 10.0;
            let jump = rng.open01() < 0.9;
            let overshoot = if jump { rng.open01().powf(-1.0 / 1.5) } else { 1.0 };
            let site = Site {
                axis: (rng.open01() * f64::from(axes)) as u32,
                side: Side::of(rng.open01() - 0.5),
                overshoot: f64::from_bits(overshoot_code(overshoot) << DROPPED),
                by: if jump { Departure::Jump } else { Departure::Creep },
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
    fn what_is_packed_is_unpacked_bit_for_bit() {
        let mut rng = Stream::new(Seed(1), 0, 0);
        for (n, axes) in [(0, 1), (1, 1), (2, 3), (255, 1), (256, 1), (256, 10_000)] {
            let outcomes = outcomes(&mut rng, n, axes);
            let (mut bytes, mut back) = (Vec::new(), Vec::new());
            pack(outcomes.iter().copied(), &mut bytes);
            unpack(&bytes, n, &mut back).unwrap();
            assert_eq!(outcomes, back);
            // 12 bytes a path, beside the heads of the columns.
            assert!(bytes.len() <= 36 + 12 * n + if axes > 1 { 2 * n } else { 0 }, "{n}: {}", bytes.len());
        }
    }

    #[test]
    fn the_extremes_survive() {
        let site = |overshoot| Site { axis: u32::MAX, side: Side::Plus, overshoot, by: Departure::Creep };
        let outcomes = vec![
            Outcome::Exited { time: 0.0, site: site(1.0) },
            Outcome::Exited { time: f64::MAX, site: site(f64::INFINITY) },
            Outcome::Censored { at: 5e-324 },
            Outcome::Diverged { at: f64::INFINITY },
        ];
        let (mut bytes, mut back) = (Vec::new(), Vec::new());
        pack(outcomes.iter().copied(), &mut bytes);
        unpack(&bytes, 4, &mut back).unwrap();
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

    /// Bytes changed, cut and added, from a fixed seed: never a panic, and never more outcomes than asked for.
    #[test]
    fn no_bytes_make_it_panic() {
        let mut rng = Stream::new(Seed(3), 0, 0);
        let mut good = Vec::new();
        pack(outcomes(&mut rng, 256, 5).into_iter(), &mut good);
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
            let _ = unpack(&bytes, paths, &mut out);
            assert!(out.len() <= paths);
        }
    }
}
