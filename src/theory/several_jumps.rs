//! # Escape by several jumps
//!
//! Jumps that are cut at a length `b` below the width `r` of the basin cannot leave it alone: `l* = ⌊r/b⌋ + 1` are needed. As the noise vanishes
//! with `b` fixed, a path leaves by `l*` jumps in the same direction within one relaxation. With `ν` the measure of the jumps of `θ`, the
//! rate on a line is
//! `λ = ∫ν(dy) V_{l*-1}(y)`, `V_j(x) = ∫_0^∞ ds ∫ν(dy) V_{j-1}(φ_s(x) + y)`, `V_0 = 1` outside and 0 inside,
//! where `φ` is the flow of `-F'`. Per step of learning rate `η` it is of order `η^(α + (α-1)(l*-1))`.
//!
//! # References
//! - Wang, Oh, Rhee (2022), *Eliminating Sharp Minima from SGD with Truncated Heavy-Tailed Noise*, ICLR, theorem 1.

/// Cells of the grid of positions.
const CELLS: usize = 400;

/// One direction of a basin on a line.
pub(super) struct SeveralJumps<'f> {
    /// Distance from the minimum to the edge, `r`.
    pub width: f64,
    /// Largest jump, `b < r`.
    pub longest: f64,
    /// `ν(y > d)` of the jumps towards the edge; zero from `b` on.
    pub beyond: &'f dyn Fn(f64) -> f64,
    /// Speed `|F'|` towards the minimum at a distance from it.
    pub speed: &'f dyn Fn(f64) -> f64,
}

impl SeveralJumps<'_> {
    /// Most jumps whose rate is computed.
    pub const MOST: u32 = 12;

    /// `l* = ⌊r/b⌋ + 1` for jumps up to `longest`: where `r/b` is a whole number, jumps of exactly `b` have probability 0. A ratio that is whole up to
    /// rounding counts as whole.
    pub fn least(width: f64, longest: f64) -> u32 {
        const ROUNDING: f64 = 1.0 + 1e-9;
        (ROUNDING * width / longest).min(1e9) as u32 + 1
    }

    /// The rate of the escapes by `least` jumps.
    pub fn rate(&self) -> f64 {
        let jumps = Self::least(self.width, self.longest);
        if jumps == 1 {
            return (self.beyond)(self.width);
        }
        // V_j(x) on positions from which j jumps suffice, x > r - j b, and which l* - j jumps can reach.
        let mut value = Stage::outside(self);
        for j in 1..jumps {
            let [least, most] = [self.width - f64::from(j) * self.longest, f64::from(jumps - j) * self.longest];
            value = self.wait(&value, least, most);
        }
        self.jump(&value, 0.0)
    }

    /// `∫ν(dy) V(x + y)`, by parts: `∫ ν(y > d - x) dV(d)`.
    fn jump(&self, value: &Stage, x: f64) -> f64 {
        value.steps.iter().map(|[at, rise]| rise * (self.beyond)(at - x)).sum()
    }

    /// `V_j` from `least` to `most` from `V_{j-1}`: `dV_j/dx = ∫ν(dy) V_{j-1}(x + y)/|F'(x)|`.
    fn wait(&self, value: &Stage, least: f64, most: f64) -> Stage {
        let cell = (most - least) / CELLS as f64;
        let steps = (0..CELLS).map(|k| {
            // Gauss-Legendre with two nodes.
            let node = |offset: f64| least + cell * (k as f64 + 0.5 + offset);
            let slope = |x: f64| self.jump(value, x) / (self.speed)(x);
            let rises = [-0.288_675_134_594_812_9, 0.288_675_134_594_812_9].map(|offset| slope(node(offset)));
            [node(0.0), 0.5 * cell * (rises[0] + rises[1])]
        });
        Stage { steps: steps.collect() }
    }
}

/// A function of the position that rises from 0, as a sum of steps `[position, rise]`.
struct Stage {
    steps: Vec<[f64; 2]>,
}

impl Stage {
    fn outside(of: &SeveralJumps<'_>) -> Self {
        Stage { steps: vec![[of.width, 1.0]] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};

    /// `ν(y > d) = d^-α/α - b^-α/α`, `c ε^α = 1`.
    fn rate(width: f64, longest: f64) -> f64 {
        let alpha = 1.5f64;
        let beyond = move |d: f64| if d < longest { (d.powf(-alpha) - longest.powf(-alpha)) / alpha } else { 0.0 };
        SeveralJumps { width, longest, beyond: &beyond, speed: &|x| x }.rate()
    }

    #[test]
    fn the_number_of_jumps_is_the_smallest_that_suffices() {
        let least = SeveralJumps::least;
        // A cut that was computed from a displacement.
        for eta in [0.003f64, 0.01, 0.02, 0.05, 0.1] {
            let (at, scale) = (0.5 / eta, eta.powf(1.0 / 1.5) * eta.powf(0.5 / 1.5));
            assert_eq!([least(0.5, at * scale), least(0.4999, at * scale), least(1.0, at * scale)], [2, 1, 3], "{eta}");
        }
        assert_eq!(least(1.0, 1e-300), 1_000_000_001);
        assert_eq!(
            [least(1.0, 1.1), least(1.0, 1.0), least(1.0, 0.6), least(1.0, 0.5), least(1.0, 0.34)],
            [1, 2, 2, 3, 3]
        );
    }

    /// Against the double integral for two jumps: `∫_{r-b}^{b} ν(y > z)/z ν(y > r-z) dz`, with `V_1(y) = ∫_{r-b}^{y} ν(y' > r-z) dz/z`.
    #[test]
    fn two_jumps_have_the_rate_of_the_integral() {
        let (r, b, alpha) = (1.0f64, 0.7f64, 1.5f64);
        let mass = |d: f64| (d.powf(-alpha) - b.powf(-alpha)) / alpha;
        let cells = 200_000;
        let step = (2.0 * b - r) / f64::from(cells);
        let exact: f64 =
            (0..cells).map(|k| r - b + step * (f64::from(k) + 0.5)).map(|z| step * mass(z) * mass(r - z) / z).sum();
        assert!((rate(r, b) / exact - 1.0).abs() < 1e-4, "{} {exact}", rate(r, b));
    }

    /// Three jumps by Monte Carlo: first a jump of size `y > δ`, then waiting times uniform in `[0, T]` with weight `T`, and the last mass in closed
    /// form. 4·10^5 samples, 4 standard errors; a rate that is 10 % off is rejected.
    #[test]
    fn three_jumps_have_the_rate_of_a_simulation() {
        let (r, b, alpha) = (1.0f64, 0.45f64, 1.5f64);
        let mass = |d: f64| if d < b { (d.max(1e-9).powf(-alpha) - b.powf(-alpha)) / alpha } else { 0.0 };
        // After the first jump at least r - 2b must remain after the wait, so the wait is below ln(b/(r-2b)).
        let (least, longest_wait) = (r - 2.0 * b, (b / (r - 2.0 * b)).ln());
        let mut rng = Stream::new(Seed(5), 0, 0);
        let (mut sum, mut square, n) = (0.0, 0.0, 400_000);
        let jump = |above: f64, rng: &mut Stream| {
            let low = (above / b).powf(alpha);
            let u = rng.open01();
            above * (u + (1.0 - u) * low).powf(-1.0 / alpha)
        };
        for _ in 0..n {
            let first = jump(least, &mut rng);
            let x = first * (-longest_wait * rng.open01()).exp();
            // The second jump must lead above r - b.
            let above = (r - b - x).max(1e-3 * b);
            let second = if above < b { x + jump(above, &mut rng) } else { 0.0 };
            let waits = (second / (r - b)).max(1.0).ln();
            let z = second * (-waits * rng.open01()).exp();
            let weight = mass(least) * longest_wait * mass(above) * waits * mass(r - z);
            let weight = if second < r { weight } else { 0.0 };
            sum += weight;
            square += weight * weight;
        }
        let mean = sum / f64::from(n);
        let error = ((square / f64::from(n) - mean * mean) / f64::from(n)).sqrt();
        let found = rate(r, b);
        assert!((found - mean).abs() < 4.0 * error, "{found} {mean} ± {error}");
        assert!(0.1 * found > 4.0 * error);
    }
}
