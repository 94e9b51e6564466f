//! # Is the law symmetric?
//!
//! Of three entries the middle one lies closer to the lower (a right triple) or to the upper one (a left triple). If the law is symmetric about
//! any point, both are equally frequent: `η = P(right) - P(left) = 0`. `η̂` is the difference of their shares. It needs no moments and no location, so it
//! is valid for stable laws. It is a U statistic of order 3, whose standard error follows from the shares of the triples of every entry.
//!
//! In large samples only the triples within blocks of 200 entries are counted, each of every `n/200`-th entry; to first order this loses no accuracy.
//! The variance is the larger of the estimates for independent and for dependent entries. In small samples and for heavy tails it depends on `η̂`, so
//! the p value uses Student's law with `n/5` degrees of freedom: from 20 entries on, at most one in a thousand samples of
//! a symmetric law has a p value below .001.
//!
//! # References
//! - Randles, Fligner, Policello, Wolfe (1980), *An Asymptotically Distribution-Free Test for Symmetry versus Asymmetry*,
//!   J. Amer. Statist. Assoc. 75.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::tail::dependence::variance_of_mean;
use crate::tail::{IntervalSettings, TailError, TailSample};

/// The triples test of symmetry.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Skewness {
    /// `η̂`, share of right minus share of left triples: 0 for a symmetric law, positive if the upper tail is longer.
    pub triples: f64,
    /// Probability of an `η̂` at least as far from 0 under a symmetric law.
    pub p: f64,
}

/// Fewest entries, or rows of pooled ones, for the test.
const FEWEST: usize = 20;
const BLOCK: usize = 200;

impl Skewness {
    /// Tests a sample; `columns` is the number of columns of the rows that were pooled, 1 otherwise. Rows must be independent of each
    /// other; entries within a row may be dependent.
    ///
    /// # Errors
    /// [`TailError::TooFew`] below 20 entries or rows; [`TailError::Layout`]; [`TailError::Dependence`].
    pub fn of(sample: &TailSample, settings: &IntervalSettings, columns: usize) -> Result<Self, TailError> {
        let values = sample.at_least(FEWEST)?;
        let (triples, influence) = triples(values);
        let (variance, freedom) = if columns > 1 {
            let rows = row_sums(sample, columns, influence.iter().map(|u| u - triples))?;
            let n = values.len() as f64;
            (rows.iter().map(|sum| (sum / n).powi(2)).sum(), rows.len() / 5)
        } else {
            let independent = variance_of_mean(&influence, 1)?;
            let length = settings.length(values.len());
            (independent.max(variance_of_mean(&influence, length)?), values.len() / 5)
        };
        Ok(Skewness { triples, p: two_sided(triples / f64::sqrt(variance), freedom) })
    }
}

/// Probability of a statistic at least as far from 0 by Student's law. A statistic that is NaN because the data do not vary rejects nothing.
pub(super) fn two_sided(statistic: f64, freedom: usize) -> f64 {
    match StudentsT::new(0.0, 1.0, freedom as f64) {
        Ok(law) if statistic.is_finite() => 2.0 * law.sf(statistic.abs()),
        _ => 1.0,
    }
}

/// Sums over every row of a pooled sample of one number per value.
fn row_sums(sample: &TailSample, columns: usize, terms: impl Iterator<Item = f64>) -> Result<Vec<f64>, TailError> {
    let total = sample.total();
    if !total.is_multiple_of(columns) {
        return Err(TailError::Layout { entries: total, columns });
    }
    let rows = total / columns;
    if rows < FEWEST {
        return Err(TailError::TooFew { found: rows, needed: FEWEST });
    }
    let mut sums = vec![0.0; rows];
    if sample.values().len() == total {
        terms.enumerate().for_each(|(i, term)| sums[i / columns] += term);
    } else {
        // The values are the entries that are not zero.
        let places = sample.entries().iter().enumerate().filter(|(_, x)| **x != 0.0).map(|(i, _)| i);
        places.zip(terms).for_each(|(i, term)| sums[i / columns] += term);
    }
    Ok(sums)
}

/// `η̂`, and per entry, in the order of the data, a number whose mean is `η̂` and whose variance over `n` is that of `η̂`.
fn triples(values: &[f64]) -> (f64, Vec<f64>) {
    let n = values.len();
    let blocks = (n / BLOCK).max(1);
    let mut influence = vec![0.0; n];
    for block in 0..blocks {
        let mut entries: Vec<(f64, usize)> = (block..n).step_by(blocks).map(|i| (values[i], i)).collect();
        entries.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let sorted: Vec<f64> = entries.iter().map(|entry| entry.0).collect();
        let signs = signs(&sorted);
        let size = sorted.len() as f64;
        let pairs = 0.5 * (size - 1.0) * (size - 2.0);
        let mean = signs.iter().sum::<f64>() / (size * pairs);
        for (sign, (_, i)) in signs.iter().zip(&entries) {
            influence[*i] = mean + 3.0 * (sign / pairs - mean);
        }
    }
    (influence.iter().sum::<f64>() / n as f64, influence)
}

/// Number of right minus left triples of each of the sorted entries.
fn signs(sorted: &[f64]) -> Vec<f64> {
    let n = sorted.len();
    let mut signs = vec![0.0; n];
    // Increments that apply to all entries from an index on.
    let mut from = vec![0.0; n + 1];
    for lowest in 0..n {
        // Numbers of entries below, and not above, the midpoint of the outer two.
        let (mut below, mut upto) = (lowest + 1, lowest + 1);
        for highest in lowest + 2..n {
            let half_way = 0.5 * sorted[lowest] + 0.5 * sorted[highest];
            while below < highest && sorted[below] < half_way {
                below += 1;
            }
            upto = upto.max(below);
            while upto < highest && sorted[upto] <= half_way {
                upto += 1;
            }
            let net = (below - lowest - 1) as f64 - (highest - upto) as f64;
            signs[lowest] += net;
            signs[highest] += net;
            from[lowest + 1] += 1.0;
            from[below] -= 1.0;
            from[upto] -= 1.0;
            from[highest] += 1.0;
        }
    }
    let mut sum = 0.0;
    for (sign, change) in signs.iter_mut().zip(&from) {
        sum += change;
        *sign += sum;
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triples_are_counted_right() {
        let values = [0.3, -2.0, 5.0, 0.3, 1.0, -7.5, 2.0, 40.0, 1.5];
        let mut sorted = values;
        sorted.sort_unstable_by(f64::total_cmp);
        let mut by_hand = [0.0; 9];
        for i in 0..9 {
            for j in i + 1..9 {
                for k in j + 1..9 {
                    let net = sorted[i] + sorted[k] - 2.0 * sorted[j];
                    let sign = if net == 0.0 { 0.0 } else { net.signum() };
                    [i, j, k].into_iter().for_each(|place| by_hand[place] += sign);
                }
            }
        }
        assert_eq!(signs(&sorted), by_hand);
        let (share, influence) = triples(&values);
        assert!((share - by_hand.iter().sum::<f64>() / 3.0 / 84.0).abs() < 1e-12);
        assert_eq!(influence.len(), 9);
    }
}
