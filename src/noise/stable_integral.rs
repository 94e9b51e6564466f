//! # Tail and density of SαS(1) as integrals
//!
//! For `x > 0` and α ≥ 1.45, Zolotarev's integral, whose integrand is positive:
//! `F̄ = 1/π ∫_0^{π/2} exp(-x^(α/(α-1)) V(θ)) dθ`, `V = (cos θ/sin αθ)^(α/(α-1)) cos((α-1)θ)/cos θ`.
//!
//! Below α = 1.45 its exponent varies ever more sharply, and it is undefined at α = 1. There, Fourier's integral along the ray
//! `w = t e^(iπ/4)`: `F̄ = 1/π Im ∫ e^(ixw) (1 - e^(-w^α)) dw/w` for large and `F̄ = 1/4 - 1/π Im ∫ e^(ixw - w^α) dw/w`
//! for small `x`. Both factors decay on the ray, and neither form suffers from cancellation.
//!
//! The nodes do not depend on `x`: an evaluation is a sum over 70 to 200 exponentials (more within 1e-3 of α = 2).
//!
//! # References
//! - Zolotarev (1986), *One-dimensional Stable Distributions*, AMS, theorem 2.2.3.
//! - Gil-Pelaez (1951), *Note on the Inversion Theorem*, Biometrika 38.
//! - Takahasi, Mori (1974), *Double Exponential Formulas for Numerical Integration*, Publ. RIMS 9.

use nalgebra::Complex;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

/// The integral prepared for one α, `0.3 <= α <= 2`. Relative error about 1e-14 where the series of the law fail.
#[derive(Clone, Debug)]
pub(super) enum TailIntegral {
    Zolotarev { power: f64, nodes: Vec<ZolotarevNode> },
    Ray { nodes: Vec<RayNode> },
}

/// `V(θ)` and the quadrature weight, 1/π included.
#[derive(Clone, Copy, Debug)]
pub(super) struct ZolotarevNode {
    v: f64,
    weight: f64,
}

/// `w` on the ray, and the weights of `dw/w` times `e^(-w^α)` and `1 - e^(-w^α)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct RayNode {
    w: Complex<f64>,
    kept: Complex<f64>,
    lost: Complex<f64>,
}

impl TailIntegral {
    pub(super) fn new(alpha: f64) -> Self {
        if alpha < 1.45 {
            TailIntegral::Ray { nodes: ray_nodes(alpha) }
        } else {
            TailIntegral::Zolotarev { power: alpha / (alpha - 1.0), nodes: zolotarev_nodes(alpha) }
        }
    }

    /// `(F̄(x), f(x))` for `x > 0`.
    pub(super) fn tail_and_density(&self, x: f64) -> (f64, f64) {
        match self {
            TailIntegral::Zolotarev { power, nodes } => {
                let scale = x.powf(*power);
                let (mut tail, mut moment) = (0.0, 0.0);
                for node in nodes {
                    let g = scale * node.v;
                    let term = node.weight * (-g).exp();
                    tail += term;
                    moment += g * term;
                }
                (tail, power / x * moment)
            }
            TailIntegral::Ray { nodes } if x > 1.0 => {
                let (tail, density) = ray_sum(nodes, x, |node| node.lost);
                (tail, -density)
            }
            TailIntegral::Ray { nodes } => {
                let (rest, density) = ray_sum(nodes, x, |node| node.kept);
                (0.25 - rest, density)
            }
        }
    }
}

/// `Im Σ e^(ixw) weight` and `Re Σ w e^(ixw) weight`.
fn ray_sum(nodes: &[RayNode], x: f64, weight: impl Fn(&RayNode) -> Complex<f64>) -> (f64, f64) {
    let (mut imaginary, mut derivative) = (0.0, 0.0);
    for node in nodes {
        let term = Complex::new(-x * node.w.im, x * node.w.re).exp() * weight(node);
        imaginary += term.im;
        derivative += (term * node.w).re;
    }
    (imaginary, derivative)
}

/// Nodes `θ = (π/2)/(1 + exp(-π sinh u))`, each placed by its distance from the nearer end.
fn zolotarev_nodes(alpha: f64) -> Vec<ZolotarevNode> {
    let gap = FRAC_PI_2 * (2.0 - alpha);
    // V varies rapidly at a distance `gap` from π/2. The nodes are dense there in the logarithm of the distance, and extend
    // until the truncation is small relative to a tail proportional to `gap`.
    let depth = if gap > 0.0 { -gap.ln() } else { 0.0 };
    let step = 0.15 / depth.max(4.0);
    let last = (((48.0 + depth) / PI).asinh() / step).ceil() as i32;
    (-last..=last)
        .map(|i| {
            let u = step * f64::from(i);
            let odds = (PI * u.sinh()).exp();
            let (theta, rest) = (FRAC_PI_2 * odds / (1.0 + odds), FRAC_PI_2 / (1.0 + odds));
            // sin αθ and cos (α-1)θ from the distance to π/2: both vanish there as α tends to 2.
            let (sin, cos) = if odds < 1.0 {
                ((alpha * theta).sin(), ((alpha - 1.0) * theta).cos())
            } else {
                ((gap + alpha * rest).sin(), (gap + (alpha - 1.0) * rest).sin())
            };
            let v = (rest.sin() / sin).powf(alpha / (alpha - 1.0)) * cos / rest.sin();
            let weight = step * u.cosh() * theta * rest / FRAC_PI_2;
            ZolotarevNode { v, weight }
        })
        .collect()
}

/// Nodes `w = exp(u - exp(-u) + iπ/4)`, spread so that both factors are negligible at the last one.
fn ray_nodes(alpha: f64) -> Vec<RayNode> {
    const STEP: f64 = 0.1;
    const DEAD: f64 = 42.0;
    let first = -(DEAD / alpha).ln();
    let last = ((DEAD / (alpha * FRAC_PI_4).cos()).ln() / alpha).max((DEAD / FRAC_PI_4.sin()).ln());
    (0..=((last - first) / STEP).ceil() as i32)
        .map(|i| {
            let u = first + STEP * f64::from(i);
            let log = u - (-u).exp();
            let exponent = Complex::from_polar((alpha * log).exp(), alpha * FRAC_PI_4);
            let weight = STEP * (1.0 + (-u).exp()) / PI;
            RayNode {
                w: Complex::from_polar(log.exp(), FRAC_PI_4),
                kept: weight * (-exponent).exp(),
                lost: weight * one_minus_exp(exponent),
            }
        })
        .collect()
}

/// `1 - e^(-z)` without cancellation at small `z`.
fn one_minus_exp(z: Complex<f64>) -> Complex<f64> {
    let half = (0.5 * z.im).sin();
    let decay = (-z.re).exp_m1();
    Complex::new(2.0 * half * half - decay * z.im.cos(), (-z.re).exp() * z.im.sin())
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use crate::noise::{Alpha, StableDensity};

    /// Tests the law, series included, against Gil-Pelaez, `F̄ = 1/2 - 1/π ∫ sin(xw) exp(-w^α) dw/w`, by the trapezoidal rule in `log w`.
    #[test]
    fn fourier_inversion_gives_the_same_tail() {
        let step = 1e-3;
        for alpha in [0.8f64, 1.0, 1.05, 1.3, 1.5, 1.8, 1.99, 2.0] {
            let law = StableDensity::new(Alpha::new(alpha).unwrap()).unwrap();
            for x in [0.1, 0.7, 1.5, 4.0] {
                let sum: f64 = (-40_000..5_000)
                    .map(|i| (step * f64::from(i)).exp())
                    .map(|w| (x * w).sin() * (-w.powf(alpha)).exp())
                    .sum();
                let exact = 0.5 - step * sum / PI;
                assert!((law.sf(x) - exact).abs() < 1e-14, "α={alpha} x={x}");
            }
        }
    }
}
