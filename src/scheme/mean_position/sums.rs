//! What many paths leave: sums of their mean positions along every axis.

use crate::scheme::counted::Counts;

/// Sums over paths of one problem. Of every path, along every axis, the average over the recorded times of its clipped position is summed; these
/// averages are independent and bounded, so that the mean over the paths has a standard error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PositionSums {
    paths: u64,
    diverged: u64,
    /// Where positions are clipped, the unit of the sums: squares of lengths may leave the range of numbers.
    clips: Vec<f64>,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl PositionSums {
    /// No paths yet; positions are clipped at `clips`, axis by axis.
    pub fn new(clips: Vec<f64>) -> Self {
        let dim = clips.len();
        PositionSums { paths: 0, diverged: 0, clips, sums: vec![0.0; dim], squares: vec![0.0; dim] }
    }

    /// Number of axes.
    pub fn dim(&self) -> usize {
        self.sums.len()
    }

    /// Number of paths, those that diverged included.
    pub fn paths(&self) -> u64 {
        self.paths
    }

    /// Paths whose parameters overflowed. They have no position.
    pub fn diverged(&self) -> u64 {
        self.diverged
    }

    /// Mean of the clipped position along an axis, from the minimum, and its standard error. `None` with fewer than two paths, and if one
    /// diverged: a mean over the others would be biased.
    pub fn mean(&self, axis: usize) -> Option<[f64; 2]> {
        if self.paths < 2 || self.diverged > 0 {
            return None;
        }
        let n = self.paths as f64;
        let mean = self.sums[axis] / n;
        let variance = ((self.squares[axis] - n * mean * mean) / (n - 1.0)).max(0.0);
        Some([mean, (variance / n).sqrt()].map(|x| x * self.clips[axis]))
    }

    /// Adds a path by its averages, in units of the clips.
    pub(super) fn add(&mut self, averages: &[f64]) {
        self.paths += 1;
        for (i, average) in averages.iter().enumerate() {
            self.sums[i] += average;
            self.squares[i] += average * average;
        }
    }

    /// Adds a path that diverged.
    pub(super) fn add_diverged(&mut self) {
        self.paths += 1;
        self.diverged += 1;
    }

    /// Adds the sums of other paths of the same problem. They are floating-point numbers: the order matters.
    pub fn merge(&mut self, other: &PositionSums) {
        self.paths += other.paths;
        self.diverged += other.diverged;
        self.sums.iter_mut().zip(&other.sums).for_each(|(a, b)| *a += b);
        self.squares.iter_mut().zip(&other.squares).for_each(|(a, b)| *a += b);
    }

    /// The sums of a chunk of `paths` paths; `None` if the bytes cannot be those of such a chunk.
    pub(crate) fn decode(bytes: &[u8], paths: u64, clips: &[f64]) -> Option<Self> {
        let dim = clips.len();
        if bytes.len() != 8 * (1 + 2 * dim) {
            return None;
        }
        let mut words = bytes.chunks_exact(8).map(|word| std::array::from_fn(|i| word[i]));
        let diverged = words.next().map(u64::from_le_bytes)?;
        let numbers: Vec<f64> = words.map(f64::from_le_bytes).collect();
        let (sums, squares) = (numbers[..dim].to_vec(), numbers[dim..].to_vec());
        let fits = diverged <= paths && numbers.iter().all(|x| x.is_finite()) && squares.iter().all(|x| *x >= 0.0);
        fits.then(|| PositionSums { paths, diverged, clips: clips.to_vec(), sums, squares })
    }
}

impl Counts for PositionSums {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.diverged.to_le_bytes());
        self.sums.iter().chain(&self.squares).for_each(|sum| out.extend_from_slice(&sum.to_le_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_sums_come_back() {
        let clips = [1e200, 1.0];
        let mut sums = PositionSums::new(clips.to_vec());
        [[0.25, -0.5], [0.5, 0.25], [0.75, 0.0]].iter().for_each(|averages| sums.add(averages));
        assert_eq!(sums.mean(0), Some([0.5e200, (0.0625f64 / 3.0).sqrt() * 1e200]));
        let mut bytes = Vec::new();
        sums.encode(&mut bytes);
        assert_eq!(PositionSums::decode(&bytes, 3, &clips), Some(sums.clone()));
        assert_eq!(PositionSums::decode(&bytes[8..], 3, &clips), None);
        let mut wrong = bytes.clone();
        wrong[0] = 9;
        assert_eq!(PositionSums::decode(&wrong, 3, &clips), None);
        sums.add_diverged();
        assert_eq!((sums.mean(0), sums.paths(), sums.diverged()), (None, 4, 1));
    }
}
