//! # Tempered and truncated stable laws
//!
//! Increments over unit time of the Lévy motions with the measures `c_α e^(-|y|/cutoff) |y|^(-1-α)` (*tempered*) and `c_α |y|^(-1-α)` on
//! `|y| ≤ at` (*truncated*). Both look like SαS(1) up to the cut, have all moments, and are not self-similar: an increment over `h` is
//! `h^(1/α)` times an increment over unit time of the law whose cut is `h^(-1/α)` times larger.
//!
//! A draw is exact up to the error of a table: jumps larger than some `δ` are drawn one by one, as Poisson points whose candidates have
//! Pareto sizes; the sum of the smaller ones comes from a [`QuantileTable`] of its law with an error below 1e-9 of `max(|X|, x(1/4))`.
//!
//! # References
//! - Rosiński (2007), *Tempering Stable Processes*, Stochastic Process. Appl. 117.
//! - Mantegna, Stanley (1994), *Stochastic Process with Ultraslow Convergence to a Gaussian: The Truncated Lévy Flight*, PRL 73.

use std::sync::Arc;

use rand::Rng;
use rand_distr::Distribution;

use super::small_jumps::SmallJumps;
use crate::noise::stream::middle;
use crate::noise::{Alpha, LevyMeasure, Measure, NoiseError, QuantileTable};

/// The symmetric law of an increment over unit time of a tempered or truncated stable motion.
///
/// # Example
/// ```
/// use levy_escape::noise::{Alpha, CutStable, Seed, Stream};
/// use rand_distr::Distribution;
///
/// let law = CutStable::truncated(Alpha::new(1.5)?, 10.0)?;
/// let x: f64 = law.sample(&mut Stream::new(Seed(1), 0, 0));
/// assert!(x.is_finite());
/// # Ok::<(), levy_escape::noise::NoiseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CutStable {
    small: Arc<QuantileTable>,
    /// Rate of the candidates for jumps larger than `δ`, and the probability of none.
    rate: f64,
    none: f64,
    delta: f64,
    inverse_alpha: f64,
    /// Share of the candidates' Pareto law that lies beyond the largest jump.
    beyond: f64,
    /// `1/cutoff`.
    damping: f64,
}

impl CutStable {
    /// Range of the tail index that the table of small jumps covers.
    pub const ALPHAS: [f64; 2] = [0.4, 1.95];

    /// Smallest cut: below it the law is Gaussian to all digits that matter.
    pub const LEAST_CUT: f64 = 1e-3;

    /// The law with the Lévy measure `c_α e^(-|y|/cutoff) |y|^(-1-α)`.
    ///
    /// # Errors
    /// [`NoiseError::Law`] unless `α` is in [`CutStable::ALPHAS`] and `cutoff` finite and at least [`CutStable::LEAST_CUT`].
    pub fn tempered(alpha: Alpha, cutoff: f64) -> Result<Self, NoiseError> {
        Self::check("tempered", "cutoff", alpha, cutoff)?;
        Self::new("tempered", alpha, 1.0 / cutoff, f64::INFINITY)
    }

    /// The law with the Lévy measure `c_α |y|^(-1-α)` on `|y| ≤ at`.
    ///
    /// # Errors
    /// [`NoiseError::Law`] unless `α` is in [`CutStable::ALPHAS`] and `at` finite and at least [`CutStable::LEAST_CUT`].
    pub fn truncated(alpha: Alpha, at: f64) -> Result<Self, NoiseError> {
        Self::check("truncated", "at", alpha, at)?;
        Self::new("truncated", alpha, 0.0, at)
    }

    /// Checks the tail index and the cut, called `name`.
    pub(crate) fn check(law: &'static str, name: &str, alpha: Alpha, cut: f64) -> Result<(), NoiseError> {
        let ([lo, hi], a) = (Self::ALPHAS, alpha.get());
        if !(lo..=hi).contains(&a) {
            return Err(NoiseError::law(law, format!("α = {a} is outside [{lo}, {hi}]")));
        }
        if !(cut >= Self::LEAST_CUT && cut.is_finite()) {
            let least = Self::LEAST_CUT;
            return Err(NoiseError::law(law, format!("{name} = {cut} is not a finite number of at least {least}")));
        }
        Ok(())
    }

    fn new(law: &'static str, alpha: Alpha, damping: f64, at: f64) -> Result<Self, NoiseError> {
        let measure = LevyMeasure::new(alpha, Measure::Standard)?;
        let a = alpha.get();
        // The transform of the small jumps falls to e^-38 at a frequency w with w δ ≤ 30, or faster.
        let delta = at.min(30.0 * 38f64.powf(-1.0 / a)).min(5.0 / damping);
        let unavailable = || NoiseError::law(law, format!("no table of small jumps can be built at α = {a}"));
        let small = SmallJumps::new(a, measure.density(), damping, delta).ok_or_else(unavailable)?;
        let beyond = if at.is_finite() { (delta / at).powf(a) } else { 0.0 };
        let rate = measure.tail_mass(delta) * (1.0 - beyond) * (-delta * damping).exp();
        Ok(CutStable {
            small: Arc::new(QuantileTable::of_upper_quantile(alpha, small.quantiles())),
            rate,
            none: (-rate).exp(),
            delta,
            inverse_alpha: 1.0 / a,
            beyond,
            damping,
        })
    }

    /// Number of Poisson points for a uniform number, by inversion.
    fn count(&self, u: f64) -> u32 {
        let (mut count, mut share, mut below) = (0, self.none, self.none);
        // The share underflows before the sum can reach a `u` that rounding put above it.
        while u >= below && share > 0.0 {
            count += 1;
            share *= self.rate / f64::from(count);
            below += share;
        }
        count
    }
}

impl Distribution<f64> for CutStable {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let mut x = self.small.from_word(rng.next_u64());
        if self.rate == 0.0 {
            return x;
        }
        for _ in 0..self.count(middle(rng.next_u64())) {
            let u = middle(rng.next_u64());
            let size = self.delta * (u + (1.0 - u) * self.beyond).powf(-self.inverse_alpha);
            let is_kept = self.damping == 0.0 || middle(rng.next_u64()) < ((self.delta - size) * self.damping).exp();
            if is_kept {
                x += if rng.next_u64() >> 63 == 0 { size } else { -size };
            }
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, StableDensity, Stream};
    use std::f64::consts::PI;

    const DRAWS: u32 = 2_000_000;

    fn alpha(value: f64) -> Alpha {
        Alpha::new(value).unwrap()
    }

    fn density(a: f64) -> f64 {
        LevyMeasure::new(alpha(a), Measure::Standard).unwrap().density()
    }

    /// Cells of a geometric grid from `lo` to `hi`, with Simpson's weights.
    fn grid(lo: f64, hi: f64, cells: usize) -> impl Iterator<Item = (f64, f64)> {
        let step = (hi / lo).ln() / (2 * cells) as f64;
        (0..=2 * cells).map(move |k| {
            let y = lo * (step * k as f64).exp();
            let weight = if k == 0 || k == 2 * cells {
                1.0
            } else if k % 2 == 1 {
                4.0
            } else {
                2.0
            };
            (y, weight * step / 3.0 * y)
        })
    }

    /// `-log E cos(wX) = 2c ∫ (1 - cos wy) e^(-y/cutoff) y^(-1-α) dy` up to `at`, by Simpson's rule: nothing of the sampler.
    fn exponent(a: f64, cutoff: f64, at: f64, w: f64) -> f64 {
        let lo = 1e-4 / w;
        let hi = at.min(60.0 * cutoff);
        let body: f64 = grid(lo, hi, 200_000)
            .map(|(y, weight)| weight * 2.0 * (0.5 * w * y).sin().powi(2) * (-y / cutoff).exp() * y.powf(-1.0 - a))
            .sum();
        2.0 * density(a) * (body + 0.5 * w * w * lo.powf(2.0 - a) / (2.0 - a))
    }

    fn draw(law: &CutStable, stream: u64) -> Vec<f64> {
        let mut rng = Stream::new(Seed(31), 0, stream);
        (0..DRAWS).map(|_| law.sample(&mut rng)).collect()
    }

    /// Distance of `E cos(wX)` from the law's, in standard errors of at most `1/√(2n)`, and of the mean of `sin(wX)` from 0.
    fn distance(draws: &[f64], exact: &[(f64, f64)]) -> f64 {
        let n = draws.len() as f64;
        exact.iter().fold(0.0, |worst: f64, &(w, exponent)| {
            let cos = draws.iter().map(|x| (w * x).cos()).sum::<f64>() / n;
            let sin = draws.iter().map(|x| (w * x).sin()).sum::<f64>() / n;
            worst.max((cos - (-exponent).exp()).abs().max(sin.abs()) * (2.0 * n).sqrt())
        })
    }

    /// Seven laws of 6 comparisons at 4.5 standard errors: false-positive rate below 3e-4. An index off by .02 and a cut off by 10 % are
    /// rejected.
    #[test]
    fn characteristic_functions_are_met_and_wrong_ones_are_not() {
        type Build = fn(Alpha, f64) -> Result<CutStable, NoiseError>;
        let (tempered, truncated): (Build, Build) = (CutStable::tempered, CutStable::truncated);
        let table = [
            (tempered, 0.7, 3.0),
            (tempered, 1.0, 0.5),
            (tempered, 1.5, 1.0),
            (tempered, 1.8, 0.2),
            (truncated, 0.7, 5.0),
            (truncated, 1.2, 2.0),
            (truncated, 1.7, 20.0),
        ];
        for (case, (build, a, cut)) in table.into_iter().enumerate() {
            let is_tempered = case < 4;
            let exact = |a: f64, cut: f64| {
                let ends = if is_tempered { (cut, f64::INFINITY) } else { (f64::INFINITY, cut) };
                [0.1, 0.5, 1.3].map(|w| (w, exponent(a, ends.0.min(1e12), ends.1.min(1e12), w)))
            };
            let draws = draw(&build(alpha(a), cut).unwrap(), case as u64);
            let right = distance(&draws, &exact(a, cut));
            assert!(right < 4.5, "{case}: {right}");
            let wrong = [distance(&draws, &exact(a + 0.02, cut)), distance(&draws, &exact(a, 1.1 * cut))];
            // The far cut of the last law is noticed by the tails only.
            assert!(wrong[0] > 4.5 && (case == 6 || wrong[1] > 4.5), "{case}: {wrong:?}");
        }
    }

    /// `P(X > x) = ½ - 1/π ∫ e^(-ψ(w)) sin(wx) dw/w` at probabilities from .2 to 1e-5: body, cut and the region beyond it, which takes two
    /// jumps. 5 standard errors; 12 comparisons: false-positive rate below 1e-5. The stable tail is rejected beyond the cut.
    #[test]
    fn tails_are_those_of_the_inverted_transform() {
        for (case, law, a, cutoff, at) in [
            (0, CutStable::truncated(alpha(1.5), 6.0), 1.5, 1e12, 6.0),
            (1, CutStable::tempered(alpha(1.2), 4.0), 1.2, 4.0, 1e12),
        ] {
            // ψ on a grid of frequencies to where e^-ψ is 1e-15.
            let step = 0.01;
            let last = (36f64.powf(1.0 / a) / step) as usize;
            let psi: Vec<f64> = (1..=last).map(|k| short_exponent(a, cutoff, at, step * (k as f64 - 0.5))).collect();
            let exact = |x: f64| {
                let term = |(k, psi): (usize, &f64)| {
                    let w = step * (k as f64 + 0.5);
                    (-psi).exp() * (w * x).sin() / w
                };
                0.5 - step / PI * psi.iter().enumerate().map(term).sum::<f64>()
            };
            let draws = draw(&law.unwrap(), 10 + case);
            let n = draws.len() as f64;
            let stable = StableDensity::new(alpha(a)).unwrap();
            for x in [0.5, 2.0, 5.0, 7.0, 9.0, 13.0] {
                let (p, share) = (exact(x), draws.iter().filter(|y| y.abs() > x).count() as f64 / n);
                let errors = |p: f64| (share - 2.0 * p).abs() / (2.0 * p * (1.0 - 2.0 * p) / n).sqrt();
                assert!(errors(p) < 5.0, "{case}, {x}: {share} {}", 2.0 * p);
                assert!(x < 5.0 || errors(stable.sf(x)) > 5.0, "{case}, {x}");
            }
        }
    }

    /// [`exponent`] with fewer cells, for many frequencies.
    fn short_exponent(a: f64, cutoff: f64, at: f64, w: f64) -> f64 {
        let lo = 1e-2 / w;
        let hi = at.min(40.0 * cutoff);
        // Uniform panels resolve the oscillation.
        let panels = (2000.0 + 40.0 * hi * w) as usize;
        let body: f64 = grid(lo, hi.max(lo), panels.min(20_000))
            .map(|(y, weight)| weight * 2.0 * (0.5 * w * y).sin().powi(2) * (-y / cutoff).exp() * y.powf(-1.0 - a))
            .sum();
        let square = 0.5 * w * w * lo.powf(2.0 - a) / (2.0 - a);
        let cube = 0.5 * w * w / cutoff * lo.powf(3.0 - a) / (3.0 - a);
        2.0 * density(a) * (body + square - cube - w.powi(4) / 24.0 * lo.powf(4.0 - a) / (4.0 - a))
    }

    /// An increment over 1/8, `8^(-1/α)` times the law of the scaled cut, eight times summed, is one over unit time.
    #[test]
    fn increments_add_up_with_the_scaled_cut_only() {
        let (a, at) = (1.3f64, 2.0);
        let exact = [0.3, 1.0].map(|w| (w, exponent(a, 1e12, at, w)));
        let scale = 8f64.powf(-1.0 / a);
        let sums = |law: CutStable| {
            let parts = draw(&law, 20);
            parts.chunks_exact(8).map(|parts| scale * parts.iter().sum::<f64>()).collect::<Vec<f64>>()
        };
        let right = distance(&sums(CutStable::truncated(alpha(a), at / scale).unwrap()), &exact);
        assert!(right < 4.5, "{right}");
        // Multiplying draws of the unscaled law, as for a stable one.
        let wrong = distance(&sums(CutStable::truncated(alpha(a), at).unwrap()), &exact);
        assert!(wrong > 4.5, "{wrong}");
    }

    /// Far cuts give the stable law: 245 shares of 2·10^6 draws within 4.5 standard errors, false-positive rate 2e-3.
    #[test]
    fn far_cuts_give_the_stable_law() {
        for (case, a) in [0.4, 0.8, 1.0, 1.5, 1.95].into_iter().enumerate() {
            let stable = StableDensity::new(alpha(a)).unwrap();
            let mut draws = draw(&CutStable::truncated(alpha(a), 1e12).unwrap(), 30 + case as u64);
            draws.sort_by(f64::total_cmp);
            for k in 51..100 {
                let p = 1.0 - f64::from(k) / 100.0;
                let above = draws.len() - draws.partition_point(|x| *x < stable.upper_quantile(p));
                let errors = (above as f64 / f64::from(DRAWS) - p).abs() / (p * (1.0 - p) / f64::from(DRAWS)).sqrt();
                assert!(errors < 4.5, "{a} {p}: {errors}");
            }
        }
    }

    /// The table's cubics against the law that they interpolate, over all octaves.
    #[test]
    fn tables_have_the_stated_error() {
        for a in [0.4, 0.6, 0.84, 0.86, 1.0, 1.2, 1.5, 1.8, 1.95] {
            for (damping, at) in [(0.0, 0.01), (0.0, 1.0), (0.0, 1e9), (0.001, 1e9), (1.0, 1e9), (100.0, 1e9)] {
                let delta = f64::min(at, 30.0 * 38f64.powf(-1.0 / a)).min(5.0 / damping);
                let Some(law) = SmallJumps::new(a, density(a), damping, delta) else { panic!("{a} {damping} {at}") };
                let table = QuantileTable::of_upper_quantile(alpha(a), law.quantiles());
                let quartile = table.from_word(1 << 62);
                let mut quantile = law.quantiles();
                let places = (0..63).flat_map(|octave| (0..130).map(move |cell| (octave, cell)));
                let worst = places.fold(0.0, |worst: f64, (octave, cell)| {
                    let u = 1.0 + (f64::from(cell) + 0.15 * f64::from(cell % 7)) / 131.0;
                    let word = (2f64.powi(octave) * u) as u64 | 1;
                    let exact = quantile(word as f64 * 2f64.powi(-64));
                    worst.max((table.from_word(word) - exact).abs() / exact.max(quartile))
                });
                assert!(worst < 1e-9, "{a} {damping} {at}: {worst:e}");
            }
        }
    }

    #[test]
    fn what_the_tables_do_not_cover_is_refused() {
        for (a, cut) in [(0.39, 1.0), (1.96, 1.0), (2.0, 1.0), (1.5, 0.0), (1.5, f64::NAN), (1.5, f64::INFINITY)] {
            assert!(matches!(CutStable::tempered(alpha(a), cut), Err(NoiseError::Law { .. })));
            assert!(matches!(CutStable::truncated(alpha(a), cut), Err(NoiseError::Law { .. })));
        }
    }
}
