//! # Rounded data
//!
//! Data that were rounded, or count something, lie on a lattice: all differences are multiples of one step `h`. An entry `x` then means
//! that the value lies in the cell `[x - h/2, x + h/2]`.

use crate::tail::order_statistics::quantile;

/// Fewest entries for the detection of a lattice.
const FEWEST: usize = 20;
/// Smallest share of tied entries. Fewer ties can be ignored.
const TIED: f64 = 0.1;
/// A step below this, in units of the median distance from the median, can be ignored.
const FINEST: f64 = 1e-3;
/// Differences below this share of the median distance are rounding errors.
const FUZZ: f64 = 1e-9;
/// Largest deviation of a difference from a multiple of the step, in steps.
const TOLERANCE: f64 = 0.02;
/// Relative error of a number that was stored in four bytes.
const SINGLE: f64 = 1.2e-7;

/// The lattice of rounded entries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lattice {
    /// Step `h`.
    pub step: f64,
    /// The most frequent entry.
    pub commonest: f64,
    /// Share of that entry.
    pub share: f64,
}

/// The lattice of the sorted entries, if there is one whose step is not negligible.
pub fn lattice(sorted: &[f64]) -> Option<Lattice> {
    let n = sorted.len();
    if n < FEWEST {
        return None;
    }
    let middle = sorted[n / 2];
    let spread = quantile(&mut sorted.iter().map(|x| (x - middle).abs()).collect::<Vec<_>>(), 0.5);
    let fuzz = FUZZ * spread;
    let (mut tied, mut run, mut longest) = (0, 1, (1, sorted[0]));
    // Differences, and the size of the numbers that were subtracted.
    let mut gaps: Vec<(f64, f64)> = Vec::new();
    for pair in sorted.windows(2) {
        if pair[1] - pair[0] <= fuzz {
            tied += if run == 1 { 2 } else { 1 };
            run += 1;
            longest = if run > longest.0 { (run, pair[0]) } else { longest };
        } else {
            run = 1;
            gaps.push((pair[1] - pair[0], pair[0].abs().max(pair[1].abs())));
        }
    }
    let share = |count: usize| count as f64 / n as f64;
    if share(tied) < TIED {
        return None;
    }
    gaps.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    // The step is refined as the gaps grow: the widest are millions of steps.
    let (mut sum, mut steps) = (0.0, 0.0);
    let first = gaps.iter().find(|(gap, size)| 2.0 * SINGLE * size < 0.5 * TOLERANCE * gap);
    let mut step = first?.0;
    for (gap, size) in gaps {
        // For numbers of this size the step is below the resolution of four bytes.
        let error = 2.0 * SINGLE * size;
        if error > 0.2 * step {
            continue;
        }
        let multiple = (gap / step).round();
        if multiple == 0.0 && gap <= error {
            continue;
        }
        if multiple == 0.0 || (gap - multiple * step).abs() > TOLERANCE * step + error {
            return None;
        }
        (sum, steps) = (sum + gap, steps + multiple);
        step = sum / steps;
    }
    (step >= FINEST * spread).then_some(Lattice { step, commonest: longest.1, share: share(longest.0) })
}

/// The median of sorted lattice data: the middle entry, unless the counts place the median elsewhere in its cell by more
/// than three standard errors `1/(2f√n)`.
pub fn lattice_median(sorted: &[f64], step: f64) -> f64 {
    let n = sorted.len();
    let plain = 0.5 * sorted[(n - 1) / 2] + 0.5 * sorted[n / 2];
    let middle = sorted[n / 2];
    let below = sorted.partition_point(|x| *x < middle - 0.5 * step) as f64;
    let upto = sorted.partition_point(|x| *x <= middle + 0.5 * step) as f64;
    let count = upto - below;
    let within = middle + step * ((0.5 * n as f64 - below) / count - 0.5);
    let error = 0.5 * step * (n as f64).sqrt() / count;
    if (within - plain).abs() > 3.0 * error { within } else { plain }
}

/// Lattice entries by cell, in an order that is independent of the data's order.
pub struct LatticeCells {
    step: f64,
    entries: Vec<f64>,
    /// Indices of the entries, cell by cell.
    order: Vec<usize>,
    /// End of every cell in `order`.
    ends: Vec<usize>,
}

impl LatticeCells {
    /// The cells of `entries` on a lattice of `step`.
    pub fn new(entries: Vec<f64>, step: f64) -> Self {
        let start = entries[0];
        let cell = |i: usize| ((entries[i] - start) / step).round();
        let mut order: Vec<usize> = (0..entries.len()).collect();
        // Within a cell the order is that of a hash of the index.
        order.sort_unstable_by(|a, b| cell(*a).total_cmp(&cell(*b)).then(hash(*a).cmp(&hash(*b))));
        let mut ends: Vec<usize> = (1..order.len()).filter(|i| cell(order[*i]) != cell(order[i - 1])).collect();
        ends.push(order.len());
        LatticeCells { step, entries, order, ends }
    }

    /// Moves every entry within its cell: the `j`-th of `c` to the share `(j + ½)/c` of the probability of the cell;
    /// `within(lo, hi, shares)` gives the positions.
    pub fn spread(&self, within: impl Fn(f64, f64, &[f64]) -> Vec<f64>) -> Vec<f64> {
        let mut values = vec![0.0; self.entries.len()];
        let mut begin = 0;
        for end in &self.ends {
            let members = &self.order[begin..*end];
            begin = *end;
            let middle = self.entries[members[0]];
            let count = members.len() as f64;
            let shares: Vec<f64> = (0..members.len()).map(|j| (j as f64 + 0.5) / count).collect();
            let places = within(middle - 0.5 * self.step, middle + 0.5 * self.step, &shares);
            for (member, place) in members.iter().zip(places) {
                // An entry equal to the location has no logarithm.
                values[*member] = if place == 0.0 { f64::EPSILON * self.step } else { place };
            }
        }
        values
    }

    /// The step.
    pub fn step(&self) -> f64 {
        self.step
    }
}

/// SplitMix64 of the index.
fn hash(place: usize) -> u64 {
    let mut z = (place as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Positions at the given shares of a cell with uniform density.
pub fn evenly(lo: f64, hi: f64, shares: &[f64]) -> Vec<f64> {
    shares.iter().map(|share| lo + share * (hi - lo)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Alpha, Seed, StableLaw, Stream};
    use rand_distr::Distribution;

    fn sorted(data: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut data: Vec<f64> = data.collect();
        data.sort_unstable_by(f64::total_cmp);
        data
    }

    fn step_of(sorted: &[f64]) -> Option<f64> {
        lattice(sorted).map(|lattice| lattice.step)
    }

    fn draws(n: usize) -> impl Iterator<Item = f64> {
        StableLaw::new(Alpha::new(1.2).unwrap()).sample_iter(Stream::new(Seed(3), 0, 0)).take(n)
    }

    #[test]
    fn steps_are_found_where_there_are_some() {
        for step in [0.5, 0.1, 0.01, 0.3, 1.0 / 3.0] {
            for shift in [0.0, 0.123, -50.0] {
                let data = sorted(draws(20_000).map(|x: f64| (x / step).round() * step + shift));
                let found = step_of(&data).unwrap();
                assert!((found / step - 1.0).abs() < 1e-6, "{step} {shift}: {found}");
            }
            let single = sorted(draws(20_000).map(|x: f64| f64::from(((x / step).round() * step) as f32)));
            assert!((step_of(&single).unwrap() / step - 1.0).abs() < 1e-4, "{step}");
        }
        let differences = sorted(draws(2000).map(|x: f64| (100.0 + (x / 0.01).round() * 0.01) - 100.0));
        assert!((step_of(&differences).unwrap() / 0.01 - 1.0).abs() < 1e-4);
    }

    #[test]
    fn other_data_have_no_step() {
        assert_eq!(step_of(&sorted(draws(20_000))), None);
        // Few digits of the significand, as in two bytes: tied, but not on a lattice.
        let coarse = |x: f64| f64::from_bits(x.to_bits() & !((1u64 << 42) - 1));
        assert_eq!(step_of(&sorted(draws(20_000).map(coarse))), None);
        // A step far below the scale; zeros in continuous data.
        assert_eq!(step_of(&sorted(draws(20_000).map(|x: f64| (x * 1e4).round()))), None);
        assert_eq!(step_of(&sorted(draws(20_000).enumerate().map(|(i, x)| if i % 4 == 0 { 0.0 } else { x }))), None);
    }

    #[test]
    fn the_commonest_entry_is_counted() {
        let coarse = lattice(&sorted(draws(20_000).map(|x: f64| (0.1 * x).round() + 3.0))).unwrap();
        assert!(coarse.step == 1.0 && coarse.commonest == 3.0 && coarse.share > 0.9, "{coarse:?}");
    }

    #[test]
    fn medians_stay_on_the_lattice_unless_the_counts_say_otherwise() {
        let symmetric = sorted(draws(20_001).map(|x: f64| (2.0 * x).round() / 2.0));
        assert_eq!(lattice_median(&symmetric, 0.5), 0.0);
        let shifted = sorted(draws(20_001).map(|x: f64| x + 0.2).map(|x: f64| (2.0 * x).round() / 2.0));
        assert!((lattice_median(&shifted, 0.5) - 0.2).abs() < 0.05);
    }

    #[test]
    fn entries_stay_in_their_cells() {
        let entries: Vec<f64> = draws(500).map(f64::round).collect();
        let values = LatticeCells::new(entries.clone(), 1.0).spread(evenly);
        assert!(values.iter().zip(&entries).all(|(value, entry)| (value - entry).abs() < 0.5));
        assert!(values.iter().all(|value| *value != 0.0));
    }
}
