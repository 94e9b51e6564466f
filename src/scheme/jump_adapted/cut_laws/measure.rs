//! The Lévy measures `c e^(-λ|y|) |y|^(-1-α)` on `|y| ≤ at` of tempered and truncated noise.

use nalgebra::Complex;
use rand::RngExt;
use rand_distr::Exp1;
use statrs::function::gamma::gamma;

use super::super::barrier::{capped_exponent, simpson};
use crate::noise::{LevyNoise, NoiseLaw, Stream};

/// Highest order of the moments.
const ORDERS: usize = 130;
/// Cutoffs beyond which a tempered measure is 0 in double precision.
const LAST: f64 = 700.0;
/// Terms of the cumulant function, and the largest tilt in units of `1/at`.
const TERMS: usize = 1_000;
const MOST_TILT: f64 = 600.0;

/// A cut measure of one noise coordinate, in units of `L`.
#[derive(Clone, Debug)]
pub(in super::super) struct CutMeasure {
    alpha: f64,
    /// `c`.
    density: f64,
    /// `λ = 1/cutoff`, 0 for truncated noise.
    damping: f64,
    /// Size of the largest jump, infinite for tempered noise.
    at: f64,
    /// The noise with `ε = 1` and `Σ = I`.
    unit: LevyNoise,
}

/// `∫_{|y|<δ} |y|^n ν(dy)` for `n ≥ 2`, as `2c d^(n-α) g_n` with `d = min(δ, at)` and `g_n = ∫_0^1 v^(n-1-α) e^(-λdv) dv`.
pub(in super::super) struct Moments {
    scale: f64,
    longest: f64,
    alpha: f64,
    shares: [f64; ORDERS + 1],
}

impl Moments {
    /// The moment of order `n`.
    pub fn of(&self, n: usize) -> f64 {
        self.scale * self.longest.powf(n as f64 - self.alpha) * self.shares[n]
    }
}

impl CutMeasure {
    /// The measure of tempered or truncated noise; `None` for other laws.
    pub fn of(noise: &LevyNoise) -> Option<Self> {
        let (damping, at) = match noise.law() {
            NoiseLaw::Tempered { cutoff } => (1.0 / cutoff, f64::INFINITY),
            NoiseLaw::Truncated { at } => (0.0, *at),
            _ => return None,
        };
        let unit = LevyNoise::new(noise.alpha(), 1.0).and_then(|unit| unit.with_law(noise.law().clone())).ok()?;
        Some(CutMeasure { alpha: noise.alpha().get(), density: noise.measure().density(), damping, at, unit })
    }

    /// `ν(|y| > r)`.
    pub fn tail(&self, r: f64) -> f64 {
        self.unit.side_masses(r).iter().sum()
    }

    /// The length of the cut: `at`, or `1/λ`.
    pub fn length(&self) -> f64 {
        if self.damping > 0.0 { 1.0 / self.damping } else { self.at }
    }

    /// Whether no jump is longer than [`CutMeasure::length`].
    pub fn has_longest(&self) -> bool {
        self.at.is_finite()
    }

    /// Modulus of a jump larger than `delta < at`: by inversion of the uniform number `u`, or by rejection from the Pareto or the exponential
    /// law.
    pub fn size_above(&self, delta: f64, u: f64, rng: &mut Stream) -> f64 {
        let pareto = |u: f64| delta * u.powf(-1.0 / self.alpha);
        if self.damping == 0.0 {
            let beyond = (delta / self.at).powf(self.alpha);
            return pareto(u + (1.0 - u) * beyond).min(self.at);
        }
        if delta * self.damping <= 1.0 {
            let mut size = pareto(u);
            while rng.open01() > ((delta - size) * self.damping).exp() {
                size = pareto(rng.open01());
            }
            return size;
        }
        loop {
            let size = delta + rng.sample::<f64, _>(Exp1) / self.damping;
            if rng.open01() < (delta / size).powf(1.0 + self.alpha) {
                return size;
            }
        }
    }

    /// Moments of the jumps below `delta`.
    pub fn moments(&self, delta: f64) -> Moments {
        let longest = delta.min(self.at).min(LAST / self.damping);
        let x = longest * self.damping;
        let mut shares = [0.0; ORDERS + 1];
        // The series at the highest order, and `(n-α) g_n = x g_{n+1} + e^-x` from there: all terms are positive.
        let order = |n: usize| n as f64 - self.alpha;
        let (mut term, mut sum, mut k) = (1.0 / order(ORDERS), 0.0, 0.0);
        while term > 1e-17 * sum {
            sum += term;
            k += 1.0;
            term *= x / (order(ORDERS) + k);
        }
        shares[ORDERS] = sum * (-x).exp();
        for n in (2..ORDERS).rev() {
            shares[n] = (x * shares[n + 1] + (-x).exp()) / order(n);
        }
        Moments { scale: 2.0 * self.density, longest, alpha: self.alpha, shares }
    }

    /// `ψ(s) = ∫ (cosh(sy) - 1) ν(dy)` and `∫_0^s ψ(u) du/u`: cumulant functions of an increment over unit time, and of the law at rest under a
    /// linear force of rate 1. `s < 1/cutoff` for tempered noise.
    pub fn cumulants(&self, s: f64) -> [f64; 2] {
        let length = self.length();
        let x = s * length;
        let weight = |n: f64| if self.damping > 0.0 { 1.0 } else { 1.0 / (n - self.alpha) };
        let mut n = 2.0;
        let mut power = 0.5 * x * x * if self.damping > 0.0 { gamma(2.0 - self.alpha) } else { 1.0 };
        let mut sums = [0.0; 2];
        for _ in 0..TERMS {
            let term = power * weight(n);
            sums[0] += term;
            sums[1] += term / n;
            if term < 1e-16 * sums[0] {
                break;
            }
            let growth = if self.damping > 0.0 { (n - self.alpha) * (n + 1.0 - self.alpha) } else { 1.0 };
            power *= x * x * growth / ((n + 1.0) * (n + 2.0));
            n += 2.0;
        }
        sums.map(|sum| 2.0 * self.density * length.powf(-self.alpha) * sum)
    }

    /// The tilt `s` with `ψ(s) = k s r`, the saddle point of the law at rest at `r` under a linear force of rate `k`; at most the largest with
    /// finite `ψ`. The second value tells whether it is the largest.
    pub fn tilt(&self, k: f64, r: f64) -> (f64, bool) {
        let most = if self.damping > 0.0 { 1.0 } else { MOST_TILT } / self.length();
        let is_below = |s: f64| self.cumulants(s)[0] < k * s * r;
        if is_below(most) {
            return (most, true);
        }
        let (mut lo, mut hi) = (0.0, most);
        // Bisection of the logarithm: the tilt of strong noise is small.
        for _ in 0..60 {
            let middle = if lo > 0.0 { (lo * hi).sqrt() } else { 0.01 * hi };
            if middle < 1e-12 * most {
                break;
            }
            if is_below(middle) { lo = middle } else { hi = middle }
        }
        (hi, false)
    }

    /// Shift of the edge for the Gaussian part in units of `delta`, where the jumps below `delta` are replaced by a Gaussian and jumps at
    /// `delta` of the same second and fourth moments: the integral of [`edge_shift`](super::super::barrier::edge_shift) with this measure.
    pub fn edge_shift(&self, delta: f64) -> f64 {
        let small = self.moments(delta);
        let log_ratio = |w: f64| (self.excess(&small, delta, w) / self.exponent(delta, w)).ln_1p() / (w * w);
        let near = simpson(0.05, 20.0, 400, log_ratio);
        let far = |x: f64| if x == 0.0 { 0.0 } else { log_ratio(20.0 / (x * x)) * 40.0 / (x * x * x) };
        (near + simpson(0.0, 1.0, 400, far)) / std::f64::consts::PI
    }

    /// `ψ(w) = ∫ (1 - cos wy) ν(dy)` in units of `2c`, with lengths in units of `delta`.
    fn exponent(&self, delta: f64, w: f64) -> f64 {
        if self.damping == 0.0 {
            let at = self.at / delta;
            return at.powf(-self.alpha) * capped_exponent(self.alpha, w * at);
        }
        let x = delta * self.damping;
        x.powf(self.alpha) * tempered_exponent(self.alpha, w / x)
    }

    /// `ψ' - ψ` in the same units, with the exponent `ψ'` of the replacement.
    fn excess(&self, small: &Moments, delta: f64, w: f64) -> f64 {
        let longest = small.longest / delta;
        let moment = |n: usize| longest.powf(n as f64 - self.alpha) * small.shares[n];
        let fourth = moment(4);
        if w <= 20.0 {
            let (mut term, mut sum) = (-1.0, 0.0);
            for n in (2..ORDERS).step_by(2) {
                let order = n as f64;
                term *= -w * w / (order * (order - 1.0));
                if n > 4 {
                    sum += term * (fourth - moment(n));
                }
            }
            return sum;
        }
        let replaced = 0.5 * w * w * (moment(2) - fourth) + fourth * (1.0 - w.cos());
        if self.damping == 0.0 {
            return replaced - longest.powf(-self.alpha) * capped_exponent(self.alpha, w * longest);
        }
        // All jumps without those beyond the cut; the oscillating part of these by repeated integration by parts.
        let beyond = self.tail(delta) * delta.powf(self.alpha) / (2.0 * self.density);
        let z = Complex::new(delta * self.damping, -w);
        let (mut term, mut sum) = (Complex::from(1.0), Complex::from(0.0));
        for k in 0..8 {
            sum += term;
            term *= -(1.0 + self.alpha + f64::from(k)) / z;
        }
        let oscillating = ((-z).exp() / z * sum).re;
        replaced - (self.exponent(delta, w) - beyond + oscillating)
    }
}

/// `∫_0^∞ (1 - cos uv) e^-v v^(-1-α) dv = -Γ(-α) (Re (1-iu)^α - 1)`.
fn tempered_exponent(alpha: f64, u: f64) -> f64 {
    // The logarithm of `(1+u²)^½`, and what is left of a cosine, keep their digits at small `u`.
    let (angle, log) = (u.atan(), 0.5 * (u * u).ln_1p());
    if (alpha - 1.0).abs() < 1e-7 {
        return u * angle - log;
    }
    let factor = gamma(2.0 - alpha) / (alpha * (alpha - 1.0));
    factor * (2.0 * (0.5 * alpha * angle).sin().powi(2) - (alpha * log).exp_m1() * (alpha * angle).cos())
}

#[cfg(test)]
mod tests {
    use super::super::super::barrier::edge_shift;
    use super::*;
    use crate::noise::{Alpha, Seed};

    fn measure(alpha: f64, law: NoiseLaw) -> CutMeasure {
        CutMeasure::of(&LevyNoise::new(Alpha::new(alpha).unwrap(), 0.1).unwrap().with_law(law).unwrap()).unwrap()
    }

    fn every_measure() -> Vec<CutMeasure> {
        let laws =
            [NoiseLaw::Truncated { at: 2.0 }, NoiseLaw::Tempered { cutoff: 0.1 }, NoiseLaw::Tempered { cutoff: 1.5 }];
        [0.5, 1.0, 1.3, 1.9].iter().flat_map(|a| laws.iter().map(|law| measure(*a, law.clone()))).collect()
    }

    /// `∫_lo^hi f(y) ν(dy)` over both sides by Simpson's rule in `log y`.
    fn integral(measure: &CutMeasure, lo: f64, hi: f64, f: impl Fn(f64) -> f64) -> f64 {
        let hi = hi.min(measure.at).min(60.0 / measure.damping);
        let density = |y: f64| measure.density * (-y * measure.damping).exp() * y.powf(-measure.alpha);
        if hi <= lo { 0.0 } else { 2.0 * simpson(lo.ln(), hi.ln(), 20_000, |t| f(t.exp()) * density(t.exp())) }
    }

    /// The same from 0 for a function that begins as `factor y^n`.
    fn from_zero(measure: &CutMeasure, n: i32, factor: f64, hi: f64, f: impl Fn(f64) -> f64) -> f64 {
        let lo = 1e-4 * hi.min(measure.length());
        let order = f64::from(n) - measure.alpha;
        2.0 * measure.density * factor * lo.powf(order) / order + integral(measure, lo, hi, f)
    }

    #[test]
    fn moments_tails_and_cumulants_are_integrals() {
        for measure in every_measure() {
            for delta in [0.05, 1.0, 5.0] {
                let moments = measure.moments(delta);
                for n in [2usize, 4, 6, 20] {
                    let exact = from_zero(&measure, n as i32, 1.0, delta, |y| y.powi(n as i32));
                    assert!((moments.of(n) / exact - 1.0).abs() < 2e-4, "{measure:?} {delta} {n}");
                }
                let tail = integral(&measure, delta, f64::INFINITY, |_| 1.0);
                assert!((measure.tail(delta) - tail).abs() < 1e-7 * tail.max(1e-10), "{measure:?} {delta}");
            }
            let s = 0.7 / measure.length();
            let exact = from_zero(&measure, 2, 0.5 * s * s, f64::INFINITY, |y| 2.0 * (0.5 * s * y).sinh().powi(2));
            let [psi, _] = measure.cumulants(s);
            assert!((psi / exact - 1.0).abs() < 1e-3, "{measure:?}: {psi} {exact}");
        }
    }

    /// The saddle point solves its equation, and the cumulant function at rest is its integral.
    #[test]
    fn the_tilt_is_a_saddle_point() {
        for measure in every_measure() {
            let (s, is_most) = measure.tilt(1.0, 3.0);
            let [psi, _] = measure.cumulants(s);
            assert!(is_most || (psi / (3.0 * s) - 1.0).abs() < 1e-6, "{measure:?}: {s} {psi}");
            let at_rest = simpson(0.0, s, 400, |u| if u == 0.0 { 0.0 } else { measure.cumulants(u)[0] / u });
            assert!((measure.cumulants(s)[1] / at_rest - 1.0).abs() < 1e-2, "{measure:?}");
        }
    }

    /// At small frequencies the exponent is half the variance times the square: `Γ(2-α)/2 u²`. The next term is of the order `u⁴`.
    #[test]
    fn small_tempered_exponents_keep_their_digits() {
        for alpha in [0.5, 1.0, 1.5, 1.9] {
            for u in [1e-3, 1e-7, 1e-12] {
                let expected = 0.5 * gamma(2.0 - alpha) * u * u;
                assert!((tempered_exponent(alpha, u) / expected - 1.0).abs() < 1e-5, "{alpha} {u}");
            }
        }
    }

    /// Exponents by quadrature at frequencies on both sides of the change of formula.
    #[test]
    fn exponents_are_integrals() {
        for measure in every_measure() {
            for delta in [0.3, 5.0] {
                let small = measure.moments(delta);
                for w in [1.0, 19.9, 20.1, 60.0] {
                    let frequency = w / delta;
                    let of = |hi| {
                        let sine = |y: f64| 2.0 * (0.5 * frequency * y).sin().powi(2);
                        from_zero(&measure, 2, 0.5 * frequency * frequency, hi, sine)
                    };
                    let unit = delta.powf(measure.alpha) / (2.0 * measure.density);
                    let whole = unit * of(f64::INFINITY);
                    let exponent = measure.exponent(delta, w);
                    assert!((exponent / whole - 1.0).abs() < 1e-3, "{measure:?} {delta} {w}: {exponent} {whole}");
                    let [second, fourth] = [2, 4].map(|n| unit * small.of(n) / delta.powi(n as i32));
                    let replaced = 0.5 * w * w * (second - fourth) + fourth * (1.0 - w.cos());
                    let excess = measure.excess(&small, delta, w);
                    let exact = replaced - unit * of(delta);
                    assert!((excess - exact).abs() < 2e-3 * exponent, "{measure:?} {delta} {w}: {excess} {exact}");
                }
            }
        }
    }

    /// Cuts of the law far above that of the jumps leave the shift of the stable law; cuts below it do not.
    #[test]
    fn the_shift_is_that_of_the_stable_law_where_the_cut_is_far() {
        for alpha in [0.7, 1.0, 1.2, 1.5, 1.9] {
            for law in [NoiseLaw::Truncated { at: 1e6 }, NoiseLaw::Tempered { cutoff: 1e6 }] {
                let shift = measure(alpha, law).edge_shift(1e-4);
                assert!((shift / edge_shift(alpha) - 1.0).abs() < 1e-3, "{alpha}: {shift} {}", edge_shift(alpha));
            }
            for law in [NoiseLaw::Truncated { at: 1.0 }, NoiseLaw::Tempered { cutoff: 1.0 }] {
                let shift = measure(alpha, law).edge_shift(5.0);
                assert!((shift / edge_shift(alpha) - 1.0).abs() > 0.2, "{alpha}: {shift} {}", edge_shift(alpha));
            }
        }
    }

    /// Shares of 100,000 jumps beyond three sizes, within 4.5 standard errors of the tails: 36 comparisons, false-positive rate 2.5e-4. The
    /// stable tail is rejected.
    #[test]
    fn large_jumps_have_the_tail_of_the_measure() {
        let mut rng = Stream::new(Seed(5), 0, 0);
        for measure in every_measure() {
            let delta = 0.2;
            let n = 100_000;
            let mut draw = || measure.size_above(delta, rng.open01(), &mut rng);
            let sizes: Vec<f64> = (0..n).map(|_| draw()).collect();
            assert!(sizes.iter().all(|y| (delta..=measure.at).contains(y)));
            let errors = |r: f64, p: f64| {
                let share = sizes.iter().filter(|y| **y > r).count() as f64 / f64::from(n);
                (share - p).abs() / (p * (1.0 - p) / f64::from(n)).sqrt()
            };
            for r in [0.22, 0.3, 0.6] {
                assert!(errors(r, measure.tail(r) / measure.tail(delta)) < 4.5, "{measure:?} {r}");
            }
            assert!(errors(0.6, 3f64.powf(-measure.alpha)) > 4.5, "{measure:?}");
        }
    }
}
