//! # The law of the small jumps
//!
//! The sum over unit time of the jumps with Lévy measure `c_α e^(-|y|/cutoff) |y|^(-1-α)` on `|y| ≤ δ` has the cumulant function
//! `K(s) = log E e^(sX) = 2c_α ∫_0^δ (cosh(sy) - 1) e^(-y/cutoff) y^(-1-α) dy`, an entire function. Its tail is Fourier's integral along the line
//! `z + iw` through the saddle point `K'(z) = x`: `F̄(x) = (1/2πi) ∫ e^(K(s)-sx) ds/s`. There is no cancellation on that line, so the tail has
//! a small relative error at every probability. `K` is a Gauss-Jacobi sum, and the trapezoidal rule on the line converges
//! exponentially.
//!
//! # References
//! - Lugannani, Rice (1980), *Saddle Point Approximation for the Distribution of the Sum of Independent Random Variables*.
//! - Abate, Whitt (1992), *The Fourier-Series Method for Inverting Transforms of Probability Distributions*, for the error of the rule.

use std::f64::consts::PI;

use nalgebra::{Complex, DMatrix, SymmetricEigen};

/// Nodes of the Gauss-Jacobi sum: exact to rounding for `|s| δ` up to some 100.
const NODES: usize = 96;
/// Smallest logarithm of a term, and of the aliases of the trapezoidal rule.
const NEGLIGIBLE: f64 = -40.0;
/// Largest number of terms on a line.
const MOST_TERMS: usize = 20_000;
/// Logarithm of the smallest tail probability, with a margin.
const LAST: f64 = -64.0 * std::f64::consts::LN_2 - 2.0;

/// Density and tail of the law. Lengths are in units of `δ`.
pub(super) struct SmallJumps {
    /// `2c_α δ^(-α)`.
    intensity: f64,
    /// Nodes of `∫_0^1 f(v) v^(1-α) e^(-vδ/cutoff) dv`, and their weights.
    nodes: Vec<[f64; 2]>,
    /// By increasing tilt.
    lines: Vec<Line>,
    delta: f64,
}

/// A line of integration.
struct Line {
    tilt: f64,
    cumulant: f64,
    /// The point `K'(z)` where it is best.
    saddle: f64,
    spacing: f64,
    /// `e^(K(z+iw) - K(z))` at `w = spacing, 2 spacing, …`.
    terms: Vec<Complex<f64>>,
}

impl SmallJumps {
    /// The law with `c_α = density` and `1/cutoff = damping`. `None` if the transform decays too slowly for [`MOST_TERMS`].
    pub fn new(alpha: f64, density: f64, damping: f64, delta: f64) -> Option<Self> {
        let nodes = gauss_jacobi(alpha).into_iter().map(|[v, w]| [v, w * (-v * delta * damping).exp()]).collect();
        let mut law = SmallJumps { intensity: 2.0 * density * delta.powf(-alpha), nodes, lines: Vec::new(), delta };
        let mut tilt = 1.0 / law.second_derivative(0.0).sqrt();
        loop {
            let line = law.line(tilt)?;
            let is_last = line.cumulant - tilt * line.saddle < LAST;
            law.lines.push(line);
            if is_last {
                return Some(law);
            }
            tilt += 1.0 / law.second_derivative(tilt).sqrt();
        }
    }

    /// `K(s)`, by `cosh x - 1 = 2 sinh²(x/2)`.
    fn cumulant(&self, s: Complex<f64>) -> Complex<f64> {
        let sum: Complex<f64> =
            self.nodes.iter().map(|[v, w]| (s * (0.5 * v)).sinh().powi(2) * (2.0 * w / (v * v))).sum();
        sum * self.intensity
    }

    fn derivative(&self, z: f64) -> f64 {
        self.intensity * self.nodes.iter().map(|[v, w]| w * (z * v).sinh() / v).sum::<f64>()
    }

    fn second_derivative(&self, z: f64) -> f64 {
        self.intensity * self.nodes.iter().map(|[v, w]| w * (z * v).cosh()).sum::<f64>()
    }

    fn line(&self, tilt: f64) -> Option<Line> {
        let cumulant = self.cumulant(Complex::from(tilt)).re;
        let (saddle, deviation) = (self.derivative(tilt), self.second_derivative(tilt).sqrt());
        // The rule adds `e^(ckT) F̄(x+kT)` for k ≠ 0: for k = 1 the tail of the tilted law, for k = -1 at most `e^(-cT)`.
        let log_tail = (cumulant - tilt * saddle - (1.0 + 2.5 * tilt * deviation).ln()).min(0.0);
        let period = (14.0 * (deviation + 1.0)).max((2.0 - NEGLIGIBLE - log_tail) / tilt);
        let spacing = 2.0 * PI / period;
        let mut terms = Vec::new();
        loop {
            let w = spacing * (terms.len() + 1) as f64;
            let exponent = self.cumulant(Complex::new(tilt, w)) - cumulant;
            terms.push(exponent.exp());
            if exponent.re < NEGLIGIBLE {
                return Some(Line { tilt, cumulant, saddle, spacing, terms });
            }
            if terms.len() == MOST_TERMS {
                return None;
            }
        }
    }

    /// Tail `P(X > x δ)` and density of `X/δ` at `x ≥ 0`.
    fn tail_and_density(&self, x: f64) -> [f64; 2] {
        let at = self.lines.partition_point(|line| line.saddle < x);
        let nearer =
            |k: usize| k > 0 && (k == self.lines.len() || x - self.lines[k - 1].saddle < self.lines[k].saddle - x);
        let line = &self.lines[if nearer(at) { at - 1 } else { at }];
        let turn = Complex::new(0.0, -line.spacing * x).exp();
        let mut phase = Complex::from(1.0);
        let (mut tail, mut density) = (0.5 / line.tilt, 0.5);
        for (j, term) in line.terms.iter().enumerate() {
            phase *= turn;
            let term = term * phase;
            density += term.re;
            tail += (term / Complex::new(line.tilt, line.spacing * (j + 1) as f64)).re;
        }
        let factor = (line.cumulant - line.tilt * x).exp() * line.spacing / PI;
        [factor * tail, factor * density]
    }

    /// Upper quantiles `x(q)` for increasing `q` from 2^-64 to 1/2, by Newton's method on `log F̄` from the one before.
    pub fn quantiles(&self) -> impl FnMut(f64) -> f64 + '_ {
        let mut last = self.lines[self.lines.len() - 1].saddle;
        move |q: f64| {
            for _ in 0..60 {
                let [tail, density] = self.tail_and_density(last);
                let step = (tail / q).ln() * tail / density;
                // From the far tail outwards the law is close to none of its tangents.
                last = (last + step.clamp(-1.0 - 0.5 * last, 1.0)).max(0.0);
                if step.abs() < 1e-13 * (last + 1e-3) {
                    break;
                }
            }
            self.delta * last
        }
    }

    /// `P(X > x)`, `x ≥ 0`.
    #[cfg(test)]
    pub fn sf(&self, x: f64) -> f64 {
        self.tail_and_density(x / self.delta)[0]
    }
}

/// Nodes and weights of `∫_0^1 f(v) v^(1-α) dv`: eigenvalues of the Jacobi matrix.
///
/// # References
/// - Golub, Welsch (1969), *Calculation of Gauss Quadrature Rules*, Math. Comp. 23.
fn gauss_jacobi(alpha: f64) -> Vec<[f64; 2]> {
    let b = 1.0 - alpha;
    let mut matrix = DMatrix::<f64>::zeros(NODES, NODES);
    for k in 0..NODES {
        let two = 2.0 * k as f64 + b;
        matrix[(k, k)] = if k == 0 { b / (b + 2.0) } else { b * b / (two * (two + 2.0)) };
        if k > 0 {
            let k_b = k as f64 * (k as f64 + b);
            let off = 2.0 * k_b / (two * (two * two - 1.0).sqrt());
            (matrix[(k, k - 1)], matrix[(k - 1, k)]) = (off, off);
        }
    }
    let eigen = SymmetricEigen::new(matrix);
    let weight = |k: usize| eigen.eigenvectors[(0, k)].powi(2) / (b + 1.0);
    (0..NODES).map(|k| [0.5 + 0.5 * eigen.eigenvalues[k], weight(k)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quadrature_is_exact_for_polynomials() {
        for alpha in [0.3, 1.0, 1.5, 1.95] {
            let rule = gauss_jacobi(alpha);
            for power in [0, 1, 7, 40] {
                let sum: f64 = rule.iter().map(|[v, w]| w * v.powi(power)).sum();
                assert!((sum * (f64::from(power) + 2.0 - alpha) - 1.0).abs() < 1e-12, "{alpha} {power}: {sum}");
            }
        }
    }

    /// Neighbouring lines give the same tail: each has its own tilt, step and number of terms.
    #[test]
    fn the_tail_does_not_depend_on_the_line() {
        for (alpha, delta) in [(0.5, 0.02), (1.0, 0.8), (1.5, 2.6), (1.5, 0.3), (1.9, 4.0)] {
            let law = SmallJumps::new(alpha, 0.3, 0.1, delta).unwrap();
            for pair in law.lines.windows(2) {
                let x = 0.5 * (pair[0].saddle + pair[1].saddle);
                let [a, b] = [1.0 - 1e-9, 1.0 + 1e-9].map(|factor| law.tail_and_density(x * factor));
                let between = a[0] - 2e-9 * x * 0.5 * (a[1] + b[1]);
                assert!((between / b[0] - 1.0).abs() < 1e-11, "{alpha} {delta} {x}: {a:?} {b:?}");
            }
        }
    }

    /// `F̄(0) = 1/2`, and the Gaussian limit of a law of many small jumps, `σ² = 2c δ^(2-α)/(2-α)`.
    #[test]
    fn the_median_and_the_gaussian_limit() {
        for (alpha, delta) in [(0.5, 0.02), (1.2, 1.4), (1.9, 4.0)] {
            let law = SmallJumps::new(alpha, 0.3, 0.0, delta).unwrap();
            assert!((law.sf(0.0) - 0.5).abs() < 1e-13);
        }
        let law = SmallJumps::new(1.5, 0.3, 0.0, 1e-7).unwrap();
        let deviation = (0.6 * 1e-7f64.sqrt() / 0.5).sqrt();
        let three = statrs::function::erf::erfc(3.0 / 2f64.sqrt()) / 2.0;
        // The excess kurtosis is of order δ^α = 3e-11.
        assert!((law.sf(3.0 * deviation) / three - 1.0).abs() < 1e-9);
    }
}
