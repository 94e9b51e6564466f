//! # Mohammadi's estimator, the paper's
//!
//! Sums of `K1` entries of a stable law are `K1^(1/α)` times as large as one: with the sums `Y_j` of consecutive entries,
//! `1/α̂ = (mean log|Y| - mean log|X|)/log K1`.
//!
//! It is a mean over blocks, `1/α̂ = mean Z_j`, `Z_j = (log|Y_j| - mean_{i in j} log|X_i|)/log K1`, and Student's interval for that
//! mean is the interval of `1/α`: it treats blocks, not entries, as independent, so dependence within a block is allowed. Neither the
//! estimate nor its interval is cut at 2.
//!
//! It does not distinguish causes of the growth of sums: entries of different scales look like a heavy tail. See [`GaussianSurrogate`](crate::tail::GaussianSurrogate).
//!
//! # References
//! - Mohammadi, Mohammadpour, Ogata (2015), *On estimating the tail index and the spectral measure of multivariate
//!   α-stable distributions*, Metrika 78, corollary 2.4.
//! - Simsekli, Sagun, Gurbuzbalaban (2019), *A Tail-Index Analysis of Stochastic Gradient Noise in Deep Neural
//!   Networks*, ICML, section 4.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::exit::Estimate;
use crate::tail::{IntervalSettings, Settings, TailError, TailIndex, TailSample, Zeros};

/// Mohammadi's estimator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mohammadi {
    /// `K1`.
    pub block: BlockLength,
    /// Treatment of exact zeros.
    pub zeros: Zeros,
}

/// Entries to a sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockLength {
    /// The largest divisor of their number, zeros included, not above its square root; the paper's choice. If zeros are excluded,
    /// entries that do not fill a block are left out.
    #[default]
    LargestDivisor,
    /// The square root of their number, rounded down; entries that do not fill a block are left out.
    SquareRoot,
    /// A given number; entries that do not fill a block are left out.
    Entries(usize),
}

impl Mohammadi {
    /// The largest divisor, zeros left out.
    pub const DEFAULT: Mohammadi = Mohammadi { block: BlockLength::LargestDivisor, zeros: Zeros::Excluded };

    pub(in crate::tail) fn estimate(
        self,
        sample: &TailSample,
        settings: &IntervalSettings,
    ) -> Result<TailIndex, TailError> {
        let (entries, floor) = match self.zeros {
            Zeros::Excluded => (sample.values(), 0.0),
            Zeros::Floored => (sample.entries(), f64::EPSILON),
        };
        let block = self.block.of(sample.total())?;
        if entries.len() / block < 2 {
            return Err(TailError::Block { block, n: entries.len() });
        }
        let log = |x: f64| (x.abs() + floor).ln();
        let growth: Vec<f64> = entries
            .chunks_exact(block)
            .map(|block| log(block.iter().sum()) - block.iter().map(|x| log(*x)).sum::<f64>() / block.len() as f64)
            .map(|growth| growth / (block as f64).ln())
            .collect();
        let blocks = growth.len();
        let mean = growth.iter().sum::<f64>() / blocks as f64;
        if !(mean > 0.0 && mean.is_finite()) {
            return Err(TailError::NoIndex { what: "1/α of the sums", value: mean });
        }
        let variance = growth.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / (blocks - 1) as f64;
        let half_width = settings.student(blocks - 1) * (variance / blocks as f64).sqrt();
        let inverse = Estimate { value: mean, lo: (mean - half_width).max(0.0), hi: mean + half_width };
        Ok(TailIndex {
            estimator: "mohammadi",
            alpha: inverse.reciprocal(),
            scale: None,
            location: sample.location(),
            n: block * blocks,
            zero_share: sample.zero_share(),
            settings: Settings::Mohammadi { block, blocks, zeros: self.zeros },
        })
    }
}

impl BlockLength {
    /// The length for `n` entries.
    ///
    /// # Errors
    /// [`TailError::NoDivisor`] for a prime or too small `n`, [`TailError::Block`] for a length that does not leave two sums.
    pub fn of(self, n: usize) -> Result<usize, TailError> {
        let block = match self {
            BlockLength::LargestDivisor => {
                let divisor = (2..=n.isqrt()).rev().find(|k| n.is_multiple_of(*k));
                divisor.ok_or(TailError::NoDivisor { n })?
            }
            BlockLength::SquareRoot => n.isqrt(),
            BlockLength::Entries(block) => block,
        };
        if block < 2 || n / block < 2 { Err(TailError::Block { block, n }) } else { Ok(block) }
    }
}

impl IntervalSettings {
    /// Half-width of Student's interval in standard errors.
    fn student(&self, freedom: usize) -> f64 {
        match StudentsT::new(0.0, 1.0, freedom as f64) {
            // Above a thousand degrees of freedom Student's quantile differs from the Gaussian one by less than .2 %.
            Ok(law) if freedom < 1000 => law.inverse_cdf(1.0 - self.confidence.tail()),
            _ => self.confidence.gaussian_width(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::Centre;

    #[test]
    fn block_lengths() {
        assert_eq!(BlockLength::LargestDivisor.of(100_000), Ok(250));
        assert_eq!(BlockLength::LargestDivisor.of(36), Ok(6));
        assert_eq!(BlockLength::LargestDivisor.of(101), Err(TailError::NoDivisor { n: 101 }));
        assert_eq!(BlockLength::SquareRoot.of(101), Ok(10));
        assert!(BlockLength::Entries(1).of(10).is_err() && BlockLength::Entries(6).of(10).is_err());
    }

    /// By hand: blocks (1, 3) and (2, 2) have sums 4 and 4.
    #[test]
    fn four_entries_by_hand() {
        let sample = TailSample::new(&[1.0, 3.0, 2.0, 2.0], Centre::Zero).unwrap();
        let index = Mohammadi::DEFAULT.estimate(&sample, &IntervalSettings::default()).unwrap();
        let inverse = (4f64.ln() - 0.25 * 12f64.ln()) / 2f64.ln();
        assert!((1.0 / index.alpha.value - inverse).abs() < 1e-14);
    }
}
