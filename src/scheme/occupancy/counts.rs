//! What many paths leave: the wells they are in at the recorded times, and their transitions.

use crate::scheme::counted::Counts;

/// Counts over paths of one problem.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OccupancyCounts {
    wells: usize,
    paths: u64,
    /// Paths in each well at each time, time by time.
    held: Vec<u64>,
    /// Transitions from each well to each, well by well.
    transitions: Vec<u64>,
    /// Time spent in each well.
    spent: Vec<f64>,
}

impl OccupancyCounts {
    /// No paths yet.
    pub fn new(times: usize, wells: usize) -> Self {
        OccupancyCounts {
            wells,
            paths: 0,
            held: vec![0; times * wells],
            transitions: vec![0; wells * wells],
            spent: vec![0.0; wells],
        }
    }

    /// Number of wells.
    pub fn wells(&self) -> usize {
        self.wells
    }

    /// Number of paths, those that diverged included.
    pub fn paths(&self) -> u64 {
        self.paths
    }

    /// Paths in `well` at recorded time number `time`.
    pub fn held(&self, time: usize, well: usize) -> u64 {
        self.held[time * self.wells + well]
    }

    /// Paths that have diverged before recorded time number `time`: those in no well.
    pub fn diverged(&self, time: usize) -> u64 {
        self.paths - (0..self.wells).map(|well| self.held(time, well)).sum::<u64>()
    }

    /// Number of transitions: paths that came from the core of well `from` and reached that of well `to` next.
    pub fn transitions(&self, from: usize, to: usize) -> u64 {
        self.transitions[from * self.wells + to]
    }

    /// Time that all paths together spent with the core of `well` as the last one they had reached.
    pub fn time_in(&self, well: usize) -> f64 {
        self.spent[well]
    }

    pub(super) fn add_path(&mut self) {
        self.paths += 1;
    }

    pub(super) fn hold(&mut self, time: usize, well: usize) {
        self.held[time * self.wells + well] += 1;
    }

    pub(super) fn cross(&mut self, from: usize, to: usize) {
        self.transitions[from * self.wells + to] += 1;
    }

    pub(super) fn spend(&mut self, well: usize, time: f64) {
        self.spent[well] += time;
    }

    /// Adds the counts of other paths with the same times and wells. The times spent are sums of floating-point numbers: the order matters.
    pub fn merge(&mut self, other: &OccupancyCounts) {
        self.paths += other.paths;
        self.held.iter_mut().zip(&other.held).for_each(|(a, b)| *a += b);
        self.transitions.iter_mut().zip(&other.transitions).for_each(|(a, b)| *a += b);
        self.spent.iter_mut().zip(&other.spent).for_each(|(a, b)| *a += b);
    }

    /// Bytes that the counts of one chunk take in a store.
    pub fn encoded_len(times: usize, wells: usize) -> usize {
        2 * times * wells + 8 * wells * wells + 8 * wells
    }

    /// The counts of a chunk of `paths` paths; `None` if the bytes cannot be those of such a chunk.
    pub(crate) fn decode(bytes: &[u8], paths: u64, times: usize, wells: usize) -> Option<Self> {
        if bytes.len() != Self::encoded_len(times, wells) {
            return None;
        }
        let (held, rest) = bytes.split_at(2 * times * wells);
        let (transitions, spent) = rest.split_at(8 * wells * wells);
        let counts = OccupancyCounts {
            wells,
            paths,
            held: held.chunks_exact(2).map(|b| u64::from(u16::from_le_bytes([b[0], b[1]]))).collect(),
            transitions: words(transitions).map(u64::from_le_bytes).collect(),
            spent: words(spent).map(f64::from_le_bytes).collect(),
        };
        let possible = |time: usize| (0..wells).map(|well| counts.held(time, well)).sum::<u64>() <= paths;
        let fits = (0..times).all(possible) && counts.spent.iter().all(|t| *t >= 0.0 && t.is_finite());
        fits.then_some(counts)
    }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = [u8; 8]> + '_ {
    bytes.chunks_exact(8).map(|word| std::array::from_fn(|i| word[i]))
}

impl Counts for OccupancyCounts {
    fn encode(&self, out: &mut Vec<u8>) {
        self.held.iter().for_each(|n| out.extend_from_slice(&(*n as u16).to_le_bytes()));
        self.transitions.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        self.spent.iter().for_each(|t| out.extend_from_slice(&t.to_le_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_counts_come_back() {
        let mut counts = OccupancyCounts::new(2, 3);
        for path in 0..5 {
            counts.add_path();
            counts.hold(0, path % 3);
            counts.cross(path % 3, 1);
            counts.spend(2, 0.1);
        }
        counts.hold(1, 2);
        assert_eq!((counts.diverged(0), counts.diverged(1), counts.transitions(0, 1)), (0, 4, 2));
        let mut bytes = Vec::new();
        counts.encode(&mut bytes);
        assert_eq!(OccupancyCounts::decode(&bytes, 5, 2, 3), Some(counts));
        assert_eq!(OccupancyCounts::decode(&bytes, 4, 2, 3), None);
        assert_eq!(OccupancyCounts::decode(&bytes[1..], 5, 2, 3), None);
    }
}
