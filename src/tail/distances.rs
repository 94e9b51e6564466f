//! # Distances between a sample and a law fitted to it
//!
//! Let `F` be the fitted law of `|X|` and `x_(i)` the ordered magnitudes. The statistics are Kolmogorov's `D = sup |F_n - F|` and, with more
//! weight on the tails, Anderson and Darling's `A² = -n - 1/n Σ (2i-1) [log F(x_(i)) + log(1 - F(x_(n+1-i)))]`. A symmetric law is
//! determined by its magnitudes: signs would only dilute the test with a test of symmetry, and an estimated location does not matter to
//! first order.
//!
//! The p values come from a parametric bootstrap with samples of the fitted law. They have at most 2,000 entries, since the law of `√n D` and
//! `A²` hardly depends on `n`. The p values assume independent entries; for dependent entries they are too small.
//!
//! # References
//! - Stute, Gonzáles Manteiga, Presedo Quindimil (1993), *Bootstrap Based Goodness-of-Fit-Tests*, Metrika 40.
//! - Anderson, Darling (1954), *A Test of Goodness of Fit*, J. Amer. Statist. Assoc. 49.

use std::f64::consts::LN_2;
use std::fmt;

use serde::Serialize;

use super::TailError;
use crate::noise::{Seed, Stream};

/// Bootstrap samples behind a p value.
const REPLICATES: usize = 499;
/// Most entries of a bootstrap sample.
const MOST: usize = 2000;

/// Distances between a sample and the law fitted to it, with the p values of a parametric bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Distances {
    /// Kolmogorov's `D`.
    pub kolmogorov: f64,
    /// Its p value.
    pub kolmogorov_p: f64,
    /// Anderson and Darling's `A²`.
    pub anderson_darling: f64,
    /// Its p value.
    pub anderson_darling_p: f64,
    /// Bootstrap samples behind the p values, `(1 + exceedances)/(1 + replicates)`.
    pub replicates: usize,
}

impl Distances {
    /// The distances of the sample with these tails of the fitted law. `refitted` draws a sample of the fitted law and gives its tails under
    /// the law fitted to it; its streams are those of `cell`.
    pub(super) fn of(
        mut tails: Vec<Tail>,
        seed: Seed,
        cell: u64,
        mut refitted: impl FnMut(&mut Stream, usize) -> Result<Vec<Tail>, TailError>,
    ) -> Result<Self, TailError> {
        let (kolmogorov, anderson_darling) = distances(&mut tails);
        let n = tails.len();
        let size = n.min(MOST);
        let (mut farther, mut heavier) = (0, 0);
        for replicate in 0..REPLICATES {
            let mut stream = Stream::new(seed, cell, replicate as u64);
            let (d, a) = distances(&mut refitted(&mut stream, size)?);
            farther += usize::from(d * (size as f64).sqrt() >= kolmogorov * (n as f64).sqrt());
            heavier += usize::from(a >= anderson_darling);
        }
        let p = |exceedances: usize| (1 + exceedances) as f64 / (1 + REPLICATES) as f64;
        Ok(Distances {
            kolmogorov,
            kolmogorov_p: p(farther),
            anderson_darling,
            anderson_darling_p: p(heavier),
            replicates: REPLICATES,
        })
    }
}

impl fmt::Display for Distances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Distances { kolmogorov, kolmogorov_p, anderson_darling, anderson_darling_p, replicates } = *self;
        // No exceedance: more samples might give a smaller p value.
        let least = 1.0 / (1 + replicates) as f64;
        let p = |p: f64| if p > least { format!("p = {p:.3}") } else { format!("p ≤ {p:.3}") };
        let (d_p, a_p) = (p(kolmogorov_p), p(anderson_darling_p));
        write!(f, "Kolmogorov D = {kolmogorov:.4}, {d_p}; Anderson-Darling A² = {anderson_darling:.3}, {a_p}")
    }
}

/// `log F` and `log(1-F)` of `|X|` at an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    below: f64,
    above: f64,
}

impl Tail {
    /// Given `log P(X > |x|)`.
    pub(super) fn of(log_tail: f64) -> Self {
        // To first order, a step in the parameters can give a tail probability above 1/2.
        let above = (log_tail + LN_2).min(-1e-15);
        Tail { below: (-above.exp_m1()).ln(), above }
    }
}

/// `D` and `A²`.
fn distances(tails: &mut [Tail]) -> (f64, f64) {
    tails.sort_unstable_by(|a, b| b.above.total_cmp(&a.above).then(a.below.total_cmp(&b.below)));
    let n = tails.len() as f64;
    let (mut distance, mut sum) = (0.0f64, 0.0);
    for (i, (tail, mirrored)) in tails.iter().zip(tails.iter().rev()).enumerate() {
        let share = tail.below.exp();
        distance = distance.max((i + 1) as f64 / n - share).max(share - i as f64 / n);
        sum += (2 * i + 1) as f64 * (tail.below + mirrored.above);
    }
    (distance, -n - sum / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_p_value_is_a_bound() {
        let distances = Distances {
            kolmogorov: 0.25,
            kolmogorov_p: 1.0 / 500.0,
            anderson_darling: 3.0,
            anderson_darling_p: 2.0 / 500.0,
            replicates: 499,
        };
        assert_eq!(distances.to_string(), "Kolmogorov D = 0.2500, p ≤ 0.002; Anderson-Darling A² = 3.000, p = 0.004");
    }

    /// For a known law `P(A² > 2.492) = P(D√n > 1.358) = .05`. 2,000 samples of 100, within 4.5 standard errors.
    #[test]
    fn distances_have_the_published_quantiles() {
        let (mut heavy, mut far) = (0, 0);
        for path in 0..2000 {
            let mut stream = Stream::new(Seed(8), 0, path);
            let mut tails: Vec<Tail> =
                (0..100).map(|_| stream.open01()).map(|u| Tail { below: u.ln(), above: (-u).ln_1p() }).collect();
            let (d, a) = distances(&mut tails);
            heavy += usize::from(a > 2.492);
            // Stephens' correction for n = 100.
            far += usize::from(d * (10.0 + 0.12 + 0.011) > 1.358);
        }
        assert!((56..=144).contains(&heavy) && (56..=144).contains(&far), "{heavy} {far}");
    }
}
