//! # Do the entries depend on their order?
//!
//! The ranks of independent entries are in random order for any law. Mean and variance of their serial correlation `r_k` at lag `k` are
//! known exactly, even if the entries have no moments. The test uses the entries (trends, autoregression, prices) and their distances from
//! the location (clustered volatility), each at lag 1 and, as the portmanteau statistic `Q = Σ_k (r_k - E r_k)²/Var r_k`, over the `K` lags up to
//! `⌈n^(1/3)⌉`. `Q/K` is compared with Fisher's law with `K` and `n/2` degrees of freedom: χ² is too light-tailed in small samples, where
//! the squares are dependent. The joint p value is four times the smallest of the four (Bonferroni).
//!
//! For pooled rows, ranks are taken within a column, and products with the next row. The products of a row are summed first, since its entries
//! may depend on each other.
//!
//! # References
//! - Wald, Wolfowitz (1943), *An Exact Test for Randomness in the Non-Parametric Case Based on Serial Correlation*, Ann. Math. Statist. 14.
//! - Dufour, Roy (1986), *Generalized Portmanteau Statistics and Tests of Randomness*, Comm. Statist. Theory Methods 15.
//! - Granger, Hallman (1991), *Nonlinear Transformations of Integrated Time Series*, J. Time Series Anal. 12, for ranks of a random walk.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};
use statrs::function::erf::erfc;
use std::f64::consts::SQRT_2;

use super::symmetry::two_sided;
use crate::tail::dependence::default_length;
use crate::tail::{TailError, TailSample};

/// Test of serial dependence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SerialDependence {
    /// Correlation of the entries.
    pub entries: SerialCorrelation,
    /// Correlation of their distances from the location.
    pub magnitudes: SerialCorrelation,
    /// Joint p value under independent entries of one law.
    pub p: f64,
    /// Pattern of the dependence.
    pub pattern: Pattern,
}

/// Serial correlation of ranks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SerialCorrelation {
    /// Correlation of the ranks of neighbours.
    pub lag_one: f64,
    /// Its p value.
    pub lag_one_p: f64,
    /// p value of the portmanteau statistic; `None` for pooled rows.
    pub portmanteau_p: Option<f64>,
    /// Number of its lags.
    pub lags: usize,
}

/// A kind of dependence that has a remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Pattern {
    /// None of these.
    Other,
    /// Nearly all steps have the same sign.
    Sorted,
    /// A sum of independent steps cannot be excluded.
    UnitRoot,
}

/// Fewest entries, or rows of pooled ones, for the test.
const FEWEST: usize = 20;
/// Share of steps in one direction from which entries count as sorted.
const ONE_WAY: f64 = 0.95;
/// `n(1 - r_1)` below which a unit root is not excluded: 99 % of the random walks with SαS steps, 1.1 <= α <= 2, are below.
const UNIT_ROOT: f64 = 25.0;

impl SerialDependence {
    /// Tests a sample; `columns` is the number of columns of the rows that were pooled, 1 otherwise.
    ///
    /// # Errors
    /// [`TailError::TooFew`] below 20 entries or rows; [`TailError::Layout`].
    pub fn of(sample: &TailSample, columns: usize) -> Result<Self, TailError> {
        let values = if columns > 1 { sample.entries() } else { sample.at_least(FEWEST)? };
        let magnitudes: Vec<f64> = values.iter().map(|x| x.abs()).collect();
        let of = |values: &[f64]| {
            if columns > 1 { SerialCorrelation::of_rows(values, columns) } else { Ok(SerialCorrelation::of(values)) }
        };
        let (entries, magnitudes) = (of(values)?, of(&magnitudes)?);
        let smallest = entries.smallest_p().min(magnitudes.smallest_p());
        let tests = if columns > 1 { 2.0 } else { 4.0 };
        let pattern = if columns > 1 { Pattern::Other } else { Pattern::of(values, entries.lag_one) };
        Ok(SerialDependence { entries, magnitudes, p: (tests * smallest).min(1.0), pattern })
    }
}

impl Pattern {
    fn of(values: &[f64], lag_one: f64) -> Self {
        let n = values.len() as f64;
        let (up, down) = values.windows(2).fold((0.0, 0.0), |(up, down), pair| match pair[1] - pair[0] {
            step if step > 0.0 => (up + 1.0, down),
            step if step < 0.0 => (up, down + 1.0),
            _ => (up, down),
        });
        match n * (1.0 - lag_one) {
            _ if f64::max(up, down) > ONE_WAY * (up + down) => Pattern::Sorted,
            gap if gap < UNIT_ROOT && n > 2.0 * UNIT_ROOT => Pattern::UnitRoot,
            _ => Pattern::Other,
        }
    }
}

impl SerialCorrelation {
    fn of(values: &[f64]) -> Self {
        let n = values.len();
        let ranks = centred_ranks(values);
        let square: f64 = ranks.iter().map(|r| r * r).sum();
        let correlation = |lag: usize| ranks.iter().zip(&ranks[lag..]).map(|(a, b)| a * b).sum::<f64>() / square;
        let standard = |lag: usize| (correlation(lag) - mean(n, lag)) / variance(n, lag).sqrt();
        let lags = default_length(n);
        let sum: f64 = (1..=lags).map(|lag| standard(lag).powi(2)).sum();
        let law = FisherSnedecor::new(lags as f64, 0.5 * n as f64);
        let portmanteau = law.map_or(1.0, |law| law.sf(sum / lags as f64));
        SerialCorrelation {
            lag_one: correlation(1),
            lag_one_p: erfc(standard(1).abs() / SQRT_2),
            portmanteau_p: Some(portmanteau),
            lags,
        }
    }

    /// Rows of `columns` entries.
    fn of_rows(values: &[f64], columns: usize) -> Result<Self, TailError> {
        if !values.len().is_multiple_of(columns) {
            return Err(TailError::Layout { entries: values.len(), columns });
        }
        let rows = values.len() / columns;
        if rows < FEWEST {
            return Err(TailError::TooFew { found: rows, needed: FEWEST });
        }
        // Sums over a row of the products with the next row, minus their mean for rows in random order.
        let mut products = vec![0.0; rows - 1];
        let (mut product, mut square) = (0.0, 0.0);
        for column in 0..columns {
            let one: Vec<f64> = values.iter().skip(column).step_by(columns).copied().collect();
            let ranks = centred_ranks(&one);
            let own: f64 = ranks.iter().map(|r| r * r).sum();
            let expected = -own / (rows as f64 * (rows as f64 - 1.0));
            for (sum, pair) in products.iter_mut().zip(ranks.windows(2)) {
                *sum += pair[0] * pair[1] - expected;
                product += pair[0] * pair[1];
            }
            square += own;
        }
        let spread = products.iter().map(|sum| sum * sum).sum::<f64>().sqrt();
        let statistic = products.iter().sum::<f64>() / spread;
        let lag_one = if square > 0.0 { product / square } else { 0.0 };
        Ok(SerialCorrelation { lag_one, lag_one_p: two_sided(statistic, rows - 2), portmanteau_p: None, lags: 1 })
    }

    fn smallest_p(&self) -> f64 {
        self.portmanteau_p.map_or(self.lag_one_p, |p| p.min(self.lag_one_p))
    }
}

/// Ranks minus their mean; tied entries have their mean rank.
fn centred_ranks(values: &[f64]) -> Vec<f64> {
    let n = values.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; n];
    let middle = 0.5 * (n as f64 - 1.0);
    let mut first = 0;
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = first as f64 + 0.5 * (tied.len() as f64 - 1.0) - middle;
        tied.iter().for_each(|i| ranks[*i] = rank);
        first += tied.len();
    }
    ranks
}

/// Mean of the rank correlation at a lag, over all orders of `n` entries.
fn mean(n: usize, lag: usize) -> f64 {
    let (n, k) = (n as f64, lag as f64);
    -(n - k) / (n * (n - 1.0))
}

/// Its variance (Dufour and Roy).
fn variance(n: usize, lag: usize) -> f64 {
    let (n, k) = (n as f64, lag as f64);
    let sum = 5.0 * n.powi(4) - (5.0 * k + 9.0) * n.powi(3)
        + 9.0 * (k - 2.0) * n * n
        + 2.0 * k * (5.0 * k + 8.0) * n
        + 16.0 * k * k;
    sum / (5.0 * (n - 1.0).powi(2) * n * n * (n + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over all 5,040 orders of seven entries.
    #[test]
    fn moments_are_those_of_random_orders() {
        fn orders(left: &mut Vec<f64>, done: &mut Vec<f64>, see: &mut impl FnMut(&[f64])) {
            if left.is_empty() {
                see(done);
            }
            for i in 0..left.len() {
                let one = left.remove(i);
                done.push(one);
                orders(left, done, see);
                done.pop();
                left.insert(i, one);
            }
        }
        let n = 7;
        for lag in 1..=3 {
            let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
            let mut see = |order: &[f64]| {
                let ranks = centred_ranks(order);
                let own: f64 = ranks.iter().map(|r| r * r).sum();
                let r: f64 = ranks.iter().zip(&ranks[lag..]).map(|(a, b)| a * b).sum::<f64>() / own;
                (sum, squares, count) = (sum + r, squares + r * r, count + 1.0);
            };
            orders(&mut (0..n).map(f64::from).collect(), &mut Vec::new(), &mut see);
            let found = sum / count;
            assert!((found - mean(n as usize, lag)).abs() < 1e-12, "{lag}");
            assert!((squares / count - found * found - variance(n as usize, lag)).abs() < 1e-12, "{lag}");
        }
    }

    #[test]
    fn tied_entries_share_their_rank() {
        assert_eq!(centred_ranks(&[2.0, 1.0, 2.0, 5.0]), [0.0, -1.5, 0.0, 1.5]);
    }
}
