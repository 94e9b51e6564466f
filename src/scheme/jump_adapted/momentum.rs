//! A step of Adam's momentum, in vectors: the flow and its Gaussian without branches.

use pulp::Simd;

use crate::scheme::vector::Vector;

/// Squarings of the flow.
const SQUARINGS: u32 = 9;

/// Longest step in units of `1/(β + √(βk/q))`: Taylor's polynomial of `2⁻⁹` of it has an error of 10⁻¹⁵.
pub(super) const LONGEST: f64 = 50.0;
const TERMS: usize = 8;

/// Below this part of the fastest time, covariances of `m` are summed as a series: the exact formula would cancel.
const SHORT: f64 = 1e-3;

/// The equation of `(y, m)` over a step, `y' = -m/q` with a diffusion of `y`, `m' = β(k y - m)`.
pub(super) struct Momentum<S: Simd> {
    /// `β`, `1/β`, `k`, `q`, and `1/q`.
    pub beta: Vector<S>,
    pub inverse_beta: Vector<S>,
    pub curvature: Vector<S>,
    pub q: Vector<S>,
    pub inverse_q: Vector<S>,
    /// `1/(2k)`.
    pub at_rest: Vector<S>,
    /// Variance of the diffusion per unit time.
    pub variance: Vector<S>,
}

impl<S: Simd> Momentum<S> {
    /// `(y, m)` after a time `tau`, by two standard normal numbers.
    #[inline(always)]
    pub fn step(&self, [y, m]: [Vector<S>; 2], tau: Vector<S>, normals: [Vector<S>; 2]) -> [Vector<S>; 2] {
        let change = self.change(tau);
        let [yy, my, mm] = self.noise(change, tau);
        [
            y + (change[0][0] * y + change[0][1] * m) + yy * normals[0],
            m + (change[1][0] * y + change[1][1] * m) + (my * normals[0] + mm * normals[1]),
        ]
    }

    /// `e^(Aτ) - 1` for `A = [[0, -1/q], [βk, -β]]`, without cancellation for short times: `e^(Aτ) = 1 + a + c A` by Taylor's polynomial of
    /// a small part of `τ`, squared again and again in these two numbers (Cayley-Hamilton). One formula for real, equal and complex roots.
    #[inline(always)]
    fn change(&self, tau: Vector<S>) -> [[Vector<S>; 2]; 2] {
        // Of the part `B = A h`: `B^n = e_n + f_n B`.
        let force = self.beta * self.curvature;
        let h = tau * 0.5f64.powi(SQUARINGS as i32);
        let (beta, p) = (self.beta * h, force * self.inverse_q * h * h);
        let (mut e, mut f) = (tau.all(0.0), tau.all(1.0));
        let (mut a, mut c) = (e, f);
        let mut factorial = 1.0;
        for n in 2..=TERMS {
            (e, f) = (-(p * f), e - beta * f);
            factorial *= n as f64;
            (a, c) = (a + e * (1.0 / factorial), c + f * (1.0 / factorial));
        }
        for _ in 0..SQUARINGS {
            let square = c * c;
            (a, c) = (a * (2.0 + a) - p * square, 2.0 * (c + a * c) - beta * square);
        }
        let c = c * h;
        [[a, -(c * self.inverse_q)], [c * force, a - c * self.beta]]
    }

    /// The lower triangle whose square is the covariance that `(y, m)` accumulate: the covariance at rest minus the part that the flow carries.
    #[inline(always)]
    fn noise(&self, [f, g]: [[Vector<S>; 2]; 2], tau: Vector<S>) -> [Vector<S>; 3] {
        let (beta, k, variance) = (self.beta, self.curvature, self.variance);
        let cross = 0.5 * variance * self.q;
        let rest = [variance * (self.at_rest * self.q + 0.5 * self.inverse_beta), cross, k * cross];
        // With `C` at rest and the flow `1 + G`, `C - (1 + G) C (1 + G)ᵀ = -(G C + C Gᵀ + G C Gᵀ)`.
        let upper = [f[0] * rest[0] + f[1] * rest[1], f[0] * rest[1] + f[1] * rest[2]];
        let lower = [g[0] * rest[0] + g[1] * rest[1], g[0] * rest[1] + g[1] * rest[2]];
        let yy = -(2.0 * upper[0] + (upper[0] * f[0] + upper[1] * f[1]));
        let ym = -((upper[1] + lower[0]) + (upper[0] * g[0] + upper[1] * g[1]));
        let mm = -(2.0 * lower[1] + (lower[0] * g[0] + lower[1] * g[1]));
        // A unit kick of `y` becomes `1 - p t²/2` in `y` and `β k t (1 - β t/2)` in `m`.
        let (force, square) = (beta * k * tau, beta * k * self.inverse_q * tau * tau);
        let lapse = beta * tau;
        let short = (lapse + square).below_number(SHORT);
        let early = variance * tau * force;
        let ym = short.select(early * (0.5 - lapse * (1.0 / 6.0)), ym);
        let mm = short.select(early * force * (1.0 / 3.0 - lapse * 0.25), mm);
        let root = yy.at_least(0.0).sqrt();
        let slope = root.above_number(0.0).select(ym / root, root);
        [root, slope, (mm - slope * slope).at_least(0.0).sqrt()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::linear::{lower_root, momentum_flow, momentum_step};
    use crate::scheme::vector::Number;

    /// Steps of all lengths against the formulas by roots of the matrix, complex, nearly equal and real, and with the smallest curvature that runs in lanes.
    #[test]
    fn a_step_is_that_of_the_formulas() {
        let laws: [(f64, f64, f64); 7] = [
            (4.0, 1.0, 1.0),
            (1.0, 4.0, 1.0),
            (8.0, 1.0, 0.5),
            (0.3, 2.0, 3.0),
            (4.0, 1.0, 1.000_1),
            (9.0, 0.2, 1.0),
            (1.0, 1e-6, 1.0),
        ];
        let mut worst = [0.0f64; 2];
        for (beta, k, q) in laws {
            let longest = LONGEST / (beta + (beta * k / q).sqrt());
            for tau in [1e-7, 1e-5, 1e-3, 0.01, 0.1, 0.7, 1.0].map(|part| part * longest) {
                let number = Number::of;
                let momentum = Momentum {
                    beta: number(beta),
                    inverse_beta: number(1.0 / beta),
                    curvature: number(k),
                    q: number(q),
                    inverse_q: number(1.0 / q),
                    at_rest: number(0.5 / k),
                    variance: number(0.3),
                };
                let exact = momentum_flow(beta, k, q, tau);
                let change = momentum.change(number(tau));
                for (i, (row, exact)) in change.iter().zip(exact).enumerate() {
                    for (j, (value, exact)) in row.iter().zip(exact).enumerate() {
                        let off = value.lane() + f64::from(u8::from(i == j)) - exact;
                        // In units of what a displacement or a momentum of the same energy becomes.
                        let scale = [[1.0, 1.0 / (beta * k * q).sqrt()], [(beta * k * q).sqrt(), 1.0]][i][j];
                        worst[0] = worst[0].max((off / scale).abs());
                    }
                }
                let root = momentum.noise(change, number(tau)).map(Number::lane);
                let exact = lower_root(momentum_step(beta, k, q, 0.3, tau).1);
                let scale = exact[1].hypot(exact[2]);
                let parts = [root[0] / exact[0] - 1.0, (root[1] - exact[1]) / scale, (root[2] - exact[2]) / scale];
                for part in parts {
                    worst[1] = worst[1].max(part.abs());
                }
            }
        }
        assert!(worst[0] < 1e-13 && worst[1] < 1e-5, "{worst:?}");
    }
}
