//! The noise coordinate of a large jump, at a cost that does not grow with their number.

use rand::RngExt;

use crate::noise::Stream;

/// Draws an axis with a probability proportional to its rate: first a kind, then one axis of that kind.
///
/// # References
/// - Vose (1991), *A Linear Algorithm for Generating Random Numbers with a Given Distribution*, IEEE Trans. Softw. Eng. 17.
pub(super) struct AxisChoice {
    /// Column `i` holds the kind `i` with the given probability, and otherwise its alias.
    columns: Vec<(f64, u32)>,
    /// The axes ordered by kind, and the first place of every kind. Empty if there is only one kind.
    members: Vec<u32>,
    begins: Vec<u32>,
}

impl AxisChoice {
    /// `kinds`: the kind of every axis; `rates`: the rate of one axis of every kind.
    pub fn new(kinds: &[u32], rates: &[f64]) -> Self {
        let mut begins = vec![0u32; rates.len() + 1];
        kinds.iter().for_each(|kind| begins[*kind as usize + 1] += 1);
        (0..rates.len()).for_each(|kind| begins[kind + 1] += begins[kind]);
        let weight = |kind: usize| f64::from(begins[kind + 1] - begins[kind]) * rates[kind];
        let mean = (0..rates.len()).map(weight).sum::<f64>() / rates.len() as f64;
        let mut share: Vec<f64> = (0..rates.len()).map(|kind| weight(kind) / mean).collect();
        let mut columns: Vec<(f64, u32)> = (0..rates.len()).map(|kind| (1.0, kind as u32)).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..rates.len()).partition(|kind| share[*kind] < 1.0);
        while !small.is_empty()
            && let Some(rich) = large.pop()
            && let Some(poor) = small.pop()
        {
            columns[poor] = (share[poor], rich as u32);
            share[rich] -= 1.0 - share[poor];
            if share[rich] < 1.0 { small.push(rich) } else { large.push(rich) }
        }
        let mut members = Vec::new();
        if rates.len() > 1 {
            let mut next = begins.clone();
            members = vec![0; kinds.len()];
            for (axis, kind) in kinds.iter().enumerate() {
                members[next[*kind as usize] as usize] = axis as u32;
                next[*kind as usize] += 1;
            }
        }
        AxisChoice { columns, members, begins }
    }

    /// An axis and its kind.
    #[inline]
    pub fn draw(&self, rng: &mut Stream) -> [u32; 2] {
        if self.members.is_empty() {
            return [rng.random_range(0..self.begins[1]), 0];
        }
        let place = rng.random::<f64>() * self.columns.len() as f64;
        let column = (place as usize).min(self.columns.len() - 1);
        let (share, alias) = self.columns[column];
        let kind = if place - (column as f64) < share { column as u32 } else { alias };
        let [from, to] = [self.begins[kind as usize], self.begins[kind as usize + 1]];
        let member = if to - from > 1 { rng.random_range(from..to) } else { from };
        [self.members[member as usize], kind]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Seed;

    /// Shares of 400,000 draws within 4.5 standard errors: false-positive rate 1e-4. A rate of zero is never drawn.
    #[test]
    fn axes_come_as_often_as_their_rates_say() {
        let distinct = |n: u32| (0..n).collect::<Vec<u32>>();
        for (kinds, rates) in [
            (distinct(6), vec![1.0, 0.0, 3.0, 0.25, 7.0, 1.0]),
            (vec![0; 5], vec![2.0]),
            (vec![1, 0, 1, 1, 0, 2], vec![0.1, 5.0, 2.0]),
        ] {
            let choice = AxisChoice::new(&kinds, &rates);
            let (mut rng, n) = (Stream::new(Seed(8), 0, 0), 400_000);
            let mut counts = vec![0u32; kinds.len()];
            for _ in 0..n {
                let [axis, kind] = choice.draw(&mut rng);
                assert_eq!(kind, kinds[axis as usize]);
                counts[axis as usize] += 1;
            }
            let rate = |axis: usize| rates[kinds[axis] as usize];
            let total: f64 = (0..kinds.len()).map(rate).sum();
            for (axis, count) in counts.iter().enumerate() {
                let p = rate(axis) / total;
                let off = f64::from(*count) / f64::from(n) - p;
                assert!(off.abs() <= 4.5 * (p * (1.0 - p) / f64::from(n)).sqrt(), "{rates:?} {counts:?}");
            }
        }
    }
}
