//! # Kolmogorov's test of the exponential law
//!
//! `D = sup_{t <= c} |F_n(t) - (1 - exp(-λt))|` tests `λΓ ~ Exp(1)` for a rate `λ` that was known beforehand; with a
//! rate fitted to the same sample the p-value would be far too large. `c` is the first censoring time, up to which the
//! empirical `F_n` is complete, or `∞`; later times are not used. With `a = 1 - exp(-λc)` the law of `D` under
//! the hypothesis is that of `sup_{s <= a} |F_n(s) - s|` for uniform variables.
//!
//! - If `n(a + D) <= 100`: exact. The number of points below `s` is a Markov chain with binomial
//!   transitions, followed over the times where a constraint `|F_n(s) - s| < D` begins or ends.
//! - Otherwise, with `B` the Brownian bridge, `P(sup_{s<=a} |B(s)| < x) = Σ_k (-1)^k e^(-2k²x²) [Φ((x - m_k)/σ) -
//!   Φ((-x - m_k)/σ)]`, `m_k = 2kx(1-a)`, `σ² = a(1-a)`, which is Kolmogorov's series at `a = 1`, taken at Vrbik's
//!   `x = z + 1/(6√n) + (z-1)/(4n)`, `z = D√n`. His correction is for `a = 1`; the error of the p-value is below
//!   .0002 there and below .0015 for `a` down to .02.
//!
//! # References
//! - Koziol, Byar (1975), *Percentage Points of the Asymptotic Distributions of One and Two Sample K-S Statistics for
//!   Truncated or Censored Data*, Technometrics 17.
//! - Khmaladze, Shinjikashvili (2001), *Calculation of Noncrossing Probabilities for Poisson Processes and its
//!   Corollaries*, Adv. Appl. Probab. 33, for the exact recursion.
//! - Vrbik (2018), *Small-Sample Corrections to Kolmogorov-Smirnov Test Statistic*, Pioneer J. Theor. Appl. Stat. 15.

use serde::Serialize;
use statrs::function::erf::{erf, erfc};
use std::f64::consts::SQRT_2;

use super::{ExitError, ExitMoments, ExitSample};

/// Largest number of points for the exact recursion, whose cost is cubic in it.
const EXACT_POINTS: f64 = 100.0;

/// Outcome of Kolmogorov's test of `λΓ ~ Exp(1)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct KolmogorovTest {
    /// `D`, between 0 and 1.
    pub statistic: f64,
    /// Probability of a statistic at least this large under the hypothesis.
    pub p_value: f64,
    /// Paths behind the empirical law.
    pub paths: usize,
    /// `a = 1 - exp(-λc)`, the part of the law that was tested; 1 when nothing was censored.
    pub tested_share: f64,
}

/// Kolmogorov's test of `λΓ ~ Exp(1)` for a given `rate` `λ`.
///
/// # Errors
/// [`ExitError::Rate`] unless `0 < λ < ∞`; [`ExitError::NoTimeAtRisk`] if the sample is empty or was censored at time 0.
pub fn kolmogorov_test(sample: &ExitSample, rate: f64) -> Result<KolmogorovTest, ExitError> {
    let mut distance = KolmogorovDistance::new(sample.moments(), rate)?;
    sample.exit_times().iter().for_each(|&t| distance.push(t, 1));
    Ok(distance.test())
}

/// Computes `D` from exit times that are added one by one, in ascending order.
#[derive(Clone, Debug)]
pub struct KolmogorovDistance {
    rate: f64,
    paths: usize,
    limit: f64,
    seen: usize,
    largest: f64,
}

impl KolmogorovDistance {
    /// The distance of a sample with known counts from `λΓ ~ Exp(1)`.
    ///
    /// # Errors
    /// The errors of [`kolmogorov_test`].
    pub fn new(moments: &ExitMoments, rate: f64) -> Result<Self, ExitError> {
        if !(rate > 0.0 && rate.is_finite()) {
            return Err(ExitError::Rate { rate });
        }
        let paths = moments.followed();
        let limit = moments.first_censoring_time().unwrap_or(f64::INFINITY);
        let distance = KolmogorovDistance { rate, paths, limit, seen: 0, largest: 0.0 };
        if paths == 0 || distance.share(limit) == 0.0 {
            return Err(ExitError::NoTimeAtRisk { paths: moments.paths(), diverged: moments.diverged() });
        }
        Ok(distance)
    }

    fn share(&self, t: f64) -> f64 {
        -(-self.rate * t).exp_m1()
    }

    /// Sets the number of exits before the next one that is added, if those between cannot change `D`.
    pub(super) fn skip_to(&mut self, seen: usize) {
        self.seen = seen;
    }

    /// Adds `count` exits at `t`, which is not earlier than the previous ones.
    pub fn push(&mut self, t: f64, count: usize) {
        if t > self.limit {
            return;
        }
        let (n, s) = (self.paths as f64, self.share(t));
        let below = s - self.seen as f64 / n;
        self.seen += count;
        self.largest = self.largest.max(self.seen as f64 / n - s).max(below);
    }

    /// The test, after every exit was added.
    pub fn test(&self) -> KolmogorovTest {
        let (n, tested_share) = (self.paths as f64, self.share(self.limit));
        let statistic = self.largest.max((self.seen as f64 / n - tested_share).abs());
        let p_value = if n * (tested_share + statistic).min(1.0) <= EXACT_POINTS {
            // Rounding can carry the sum of the chain a few units of 1e-16 above 1.
            (1.0 - exact_below(self.paths, statistic, tested_share)).max(0.0)
        } else {
            asymptotic_above(corrected(statistic, n), tested_share)
        };
        KolmogorovTest { statistic, p_value, paths: self.paths, tested_share }
    }
}

/// `P(sup_{s<=a} |F_n(s) - s| < d)` for `n` uniform variables.
fn exact_below(n: usize, d: f64, a: f64) -> f64 {
    let points = n as f64;
    // At least i points must lie below every s >= c_i, and at most i - 1 below every s <= b_i.
    let late: Vec<f64> = (0..n).map(|i| i as f64 / points + d).take_while(|&c| c < a).collect();
    let early: Vec<f64> = (1..=n).map(|i| i as f64 / points - d).take_while(|&b| b < a).collect();
    let mut times: Vec<f64> = late.iter().chain(&early).copied().filter(|&s| s > 0.0).collect();
    times.sort_unstable_by(f64::total_cmp);
    let mut chain = vec![1.0];
    let mut now = 0.0;
    for s in times {
        let most = early.partition_point(|&b| b < s);
        chain = advance(&chain, n, (s - now) / (1.0 - now), most);
        now = s;
        let least = late.partition_point(|&c| c <= s).min(chain.len());
        chain[..least].fill(0.0);
    }
    if a == 1.0 {
        return chain.iter().sum();
    }
    // The last constraint binds at a itself, where D can have an atom: the same comparison as in the statistic.
    let chain = advance(&chain, n, (a - now) / (1.0 - now), early.len());
    chain.iter().enumerate().filter(|(m, _)| (*m as f64 / points - a).abs() < d).map(|(_, p)| p).sum()
}

/// Law of the number of points below a later time, up to `most`, if each of the `n` points that were above is below it with
/// probability `q`.
fn advance(chain: &[f64], n: usize, q: f64, most: usize) -> Vec<f64> {
    let mut next = vec![0.0; most + 1];
    for (k, &weight) in chain.iter().enumerate().take(most + 1).filter(|(_, weight)| **weight > 0.0) {
        let mut p = weight * (1.0 - q).powf((n - k) as f64);
        for (j, slot) in next[k..].iter_mut().enumerate() {
            *slot += p;
            p *= (n - k - j) as f64 / (j + 1) as f64 * q / (1.0 - q);
        }
    }
    next
}

/// Argument of the asymptotic law for the statistic `d` of `n` points.
fn corrected(d: f64, n: f64) -> f64 {
    let z = d * n.sqrt();
    z + 1.0 / (6.0 * n.sqrt()) + (z - 1.0) / (4.0 * n)
}

/// `P(sup_{s<=a} |B(s)| >= x)` for the Brownian bridge, without cancellation for small probabilities.
fn asymptotic_above(x: f64, a: f64) -> f64 {
    let deviation = (a * (1.0 - a)).sqrt() * SQRT_2;
    // The terms k and -k are equal.
    let term = |k: f64| {
        let centre = 2.0 * k * x * (1.0 - a);
        let inside = if deviation == 0.0 { 2.0 } else { erf((x - centre) / deviation) + erf((x + centre) / deviation) };
        (-2.0 * k * k * x * x).exp() * inside
    };
    let outside = if deviation == 0.0 { 0.0 } else { erfc(x / deviation) };
    // e^(-2k²x²) < 1e-18 from here on.
    let terms = (4.6 / x).ceil() as usize;
    let series: f64 = (1..=terms).map(|k| if k % 2 == 1 { term(k as f64) } else { -term(k as f64) }).sum();
    // Rounding can carry a probability near 1 a few units of 1e-16 beyond it.
    (outside + series).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::coverage::exponential_sample;
    use crate::noise::{Seed, Stream};

    /// Marsaglia, Tsang, Wang (2003): P(D_10 < .274) = .6284796154565; the classical 5 % and 1 % points of n = 10, 20;
    /// P(D_1 < d) = 2d - 1; Kolmogorov's series at 1.35810 and 1.62762.
    #[test]
    fn the_law_of_the_statistic_is_that_of_the_tables() {
        assert!((exact_below(10, 0.274, 1.0) - 0.628_479_615_456_5).abs() < 1e-12);
        for (n, d, p) in [(10, 0.409_25, 0.95), (10, 0.488_93, 0.99), (20, 0.294_08, 0.95), (1, 0.8, 0.6)] {
            assert!((exact_below(n, d, 1.0) - p).abs() < 2e-5, "{n} {d}: {}", exact_below(n, d, 1.0));
        }
        for (x, p) in [(1.358_10, 0.05), (1.627_62, 0.01)] {
            assert!((asymptotic_above(x, 1.0) - p).abs() < 1e-6);
        }
        assert!((asymptotic_above(10.0, 1.0) / (2.0 * (-200f64).exp()) - 1.0).abs() < 1e-12);
    }

    /// The series and the exact recursion share no code, so their difference checks the documented error of the series.
    #[test]
    fn the_asymptotic_law_is_as_close_as_documented() {
        for (n, a, tolerance) in
            [(100, 1.0, 2e-4), (140, 0.6, 1.5e-3), (300, 0.3, 1.5e-3), (1000, 0.1, 1.5e-3), (4000, 0.02, 1.5e-3)]
        {
            let spread = f64::sqrt(a * (2.0 - a));
            for z in [0.5, 0.7, 0.9, 1.1, 1.3, 1.6] {
                let d = z * spread / f64::sqrt(n as f64);
                let (exact, series) = (1.0 - exact_below(n, d, a), asymptotic_above(corrected(d, n as f64), a));
                assert!((exact - series).abs() < tolerance, "n={n} a={a} z={z}: {exact} {series}");
            }
        }
    }

    /// Under the hypothesis the p-value is uniform: its share below three levels over 2,000 samples, within 4.5 standard
    /// errors, for exact and asymptotic p-values, complete and censored. 12 comparisons, false-positive rate below 1e-4.
    /// Power: at a rate 25 % too high the share below .05 is above that band.
    #[test]
    fn p_values_are_uniform_under_the_law_and_small_off_it() {
        let repeats = 2000;
        for (cell, (n, limit)) in [(30, None), (40, Some(1.2)), (400, None), (400, Some(1.2))].into_iter().enumerate() {
            let samples: Vec<ExitSample> = (0..repeats)
                .map(|path| exponential_sample(&mut Stream::new(Seed(41), cell as u64, path), n, 1.0, limit))
                .collect();
            let p_values = |rate: f64| samples.iter().map(move |s| kolmogorov_test(s, rate).unwrap().p_value);
            let share = |rate, level| p_values(rate).filter(|p| *p < level).count() as f64 / repeats as f64;
            for level in [0.05f64, 0.2, 0.6] {
                let band = 4.5 * (level * (1.0 - level) / repeats as f64).sqrt();
                assert!((share(1.0, level) - level).abs() < band, "{n} {limit:?} {level}: {}", share(1.0, level));
            }
            assert!(share(1.25, 0.05) > 0.072, "{n} {limit:?}: {}", share(1.25, 0.05));
        }
    }

    /// Few exits among a million paths are a Poisson process `N` of rate 1. No exit was observed while two were expected, so `D < 2`
    /// asks for `N(1) <= 2`, `N(2) <= 3` and `N(2) > 0`, which has the probability `e^-2 (8/3 + 5/2 + 1 - 1)`.
    #[test]
    fn rare_exits_among_many_paths_are_treated_exactly() {
        let sample = ExitSample::new(vec![], vec![2e-6; 1_000_000], 0).unwrap();
        let test = kolmogorov_test(&sample, 1.0).unwrap();
        assert!((test.p_value - (1.0 - 31.0 / 6.0 * (-2f64).exp())).abs() < 1e-5, "{test:?}");
    }

    #[test]
    fn a_hopeless_sample_has_a_p_value_and_an_empty_one_an_error() {
        let sample = ExitSample::new(vec![], vec![1.0; 1000], 0).unwrap();
        let test = kolmogorov_test(&sample, 2.0).unwrap();
        assert!(test.p_value < 1e-12 && (test.statistic - test.tested_share).abs() < 1e-15);
        assert!(kolmogorov_test(&ExitSample::new(vec![], vec![], 4).unwrap(), 1.0).is_err());
        assert!(kolmogorov_test(&sample, f64::NAN).is_err());
    }
}
