//! Gauss rules on the unit interval and the shifted Legendre polynomials.
//!
//! # References
//! - Golub, Welsch (1969), *Calculation of Gauss Quadrature Rules*, Math. Comp. 23.

use nalgebra::{DMatrix, SymmetricEigen};
use std::sync::OnceLock;

/// Nodes and weights of an `n`-point Gauss rule on `(0, 1)`.
#[derive(Clone, Debug)]
pub(super) struct GaussRule {
    pub(super) nodes: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

impl GaussRule {
    /// The largest rule that [`GaussRule::legendre`] caches.
    pub(super) const LARGEST: usize = 64;

    /// The rule for the weight `x^beta`, `beta > -1`, exact for polynomials of degree `2n - 1`.
    pub(super) fn power(n: usize, beta: f64) -> Self {
        let mut jacobi = DMatrix::zeros(n, n);
        for k in 0..n {
            let m = 2.0 * k as f64 + beta;
            jacobi[(k, k)] = if k == 0 { beta / (beta + 2.0) } else { beta * beta / (m * (m + 2.0)) };
            if k > 0 {
                let k_beta = k as f64 * (k as f64 + beta);
                jacobi[(k, k - 1)] = 2.0 * k_beta / (m * ((m + 1.0) * (m - 1.0)).sqrt());
                jacobi[(k - 1, k)] = jacobi[(k, k - 1)];
            }
        }
        let eigen = SymmetricEigen::new(jacobi);
        let nodes = eigen.eigenvalues.iter().map(|z| 0.5 * (1.0 + z)).collect();
        let weights = eigen.eigenvectors.row(0).iter().map(|v| v * v / (beta + 1.0)).collect();
        GaussRule { nodes, weights }
    }

    /// The Gauss-Legendre rule with at least `n` points, or the largest cached one.
    pub(super) fn legendre(n: usize) -> &'static Self {
        static RULES: OnceLock<Vec<GaussRule>> = OnceLock::new();
        let rules = RULES.get_or_init(|| (1..=Self::LARGEST / 2).map(|half| Self::power(2 * half, 0.0)).collect());
        &rules[n.clamp(1, Self::LARGEST).div_ceil(2) - 1]
    }

    /// Number of points that a rule needs to integrate, to rounding, a polynomial of the given degree times a function that is
    /// analytic except at a point at the distance `distance` (in lengths of the interval) beyond its end.
    ///
    /// The error of `n` points is of order `ρ^-(2n - degree)`, `ρ` the sum of the half axes of the largest ellipse of
    /// analyticity (Trefethen 2013, *Approximation Theory and Approximation Practice*, theorem 19.3).
    pub(super) fn points_beside_singularity(degree: usize, distance: f64) -> usize {
        let z = 1.0 + 2.0 * distance;
        let rho = z + (z * z - 1.0).sqrt();
        let digits = -(0.1 * f64::EPSILON).ln();
        ((degree as f64 + digits / rho.ln()) / 2.0).ceil() as usize + 1
    }
}

/// `P_0, …, P_(n-1)` at `2t - 1`, orthogonal on `(0, 1)` with `∫ P_k² = 1/(2k+1)`, `n` the length of `values`.
pub(super) fn legendre(t: f64, values: &mut [f64]) {
    let z = 2.0 * t - 1.0;
    for k in 0..values.len() {
        values[k] = match k {
            0 => 1.0,
            1 => z,
            _ => {
                let m = k as f64;
                ((2.0 * m - 1.0) * z * values[k - 1] - (m - 1.0) * values[k - 2]) / m
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_integrate_powers_exactly() {
        for beta in [-0.99, -0.5, 0.0, 0.8] {
            for n in [1, 5, 20, 64] {
                let rule = GaussRule::power(n, beta);
                for power in 0..2 * n as i32 {
                    let sum: f64 = rule.nodes.iter().zip(&rule.weights).map(|(x, w)| w * x.powi(power)).sum();
                    let exact = 1.0 / (f64::from(power) + beta + 1.0);
                    assert!((sum - exact).abs() < 2e-13 * exact.max(1.0), "β={beta} n={n} power={power}");
                }
            }
        }
    }

    #[test]
    fn legendre_polynomials_are_orthogonal() {
        let (rule, mut values, mut gram) = (GaussRule::legendre(20), [0.0; 12], DMatrix::<f64>::zeros(12, 12));
        for (t, w) in rule.nodes.iter().zip(&rule.weights) {
            legendre(*t, &mut values);
            gram += DMatrix::from_fn(12, 12, |k, l| w * values[k] * values[l]);
        }
        let exact = DMatrix::from_fn(12, 12, |k, l| if k == l { 1.0 / (2.0 * k as f64 + 1.0) } else { 0.0 });
        assert!((gram - exact).amax() < 1e-14);
    }

    #[test]
    fn the_chosen_number_of_points_suffices() {
        for distance in [0.1, 0.25, 1.0, 10.0] {
            let rule = GaussRule::legendre(GaussRule::points_beside_singularity(0, distance));
            let sum: f64 = rule.nodes.iter().zip(&rule.weights).map(|(x, w)| w * (x + distance).powf(-0.5)).sum();
            let exact = 2.0 * ((1.0 + distance).sqrt() - distance.sqrt());
            assert!((sum / exact - 1.0).abs() < 4e-15, "{distance}");
        }
    }
}
