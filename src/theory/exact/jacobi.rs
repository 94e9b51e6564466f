//! An independent method for the tests: Galerkin in the eigenbasis `(1-x²)^(α/2) P_n^(α/2,α/2)` on `(-1, 1)`, where
//! `(-Δ)^(α/2)` takes the `n`-th function to `Γ(α+n+1)/n! P_n^(α/2,α/2)`.
//!
//! # References
//! - Dyda, Kuznetsov, Kwaśnicki (2017), *Eigenvalues of the Fractional Laplace Operator in the Unit Ball*, J. London
//!   Math. Soc. 95.

use nalgebra::{DMatrix, DVector, SymmetricEigen};
use statrs::function::gamma::ln_gamma;

/// Mean and second moment of the exit time of `dX = -force dt + dL`, `noise = (ε s)^α`, from `(-1, 1)` and `start`.
pub(super) fn moments(alpha: f64, noise: f64, force: impl Fn(f64) -> f64, n: usize, start: f64) -> (f64, f64) {
    let a = 0.5 * alpha;
    let mut matrix = DMatrix::from_diagonal(&DVector::from_fn(n, |k, _| {
        let k = k as f64;
        let log = (alpha + 1.0) * 2f64.ln() + 2.0 * (ln_gamma(k + a + 1.0) - ln_gamma(k + 1.0));
        noise * log.exp() / (2.0 * k + alpha + 1.0)
    }));
    // d/dx of the n-th function is -2(n+1) (1-x²)^(α/2-1) P_(n+1)^(α/2-1,α/2-1), DLMF 18.9.16.
    for (x, w) in gauss(n + 20, alpha - 1.0) {
        let (p, q) = (polynomials(n, a, x), polynomials(n + 1, a - 1.0, x));
        let slope = DVector::from_fn(n, |k, _| -2.0 * (k as f64 + 1.0) * q[k + 1]);
        matrix.ger(w * force(x), &p, &slope, 1.0);
    }
    let mut mass = DMatrix::zeros(n, n);
    for (x, w) in gauss(n + 20, alpha) {
        let p = polynomials(n, a, x);
        mass.ger(w, &p, &p, 1.0);
    }
    let mut load = DVector::zeros(n);
    for (x, w) in gauss(n, a) {
        load += polynomials(n, a, x) * w;
    }
    let lu = matrix.lu();
    let mean = lu.solve(&load).unwrap();
    let second = lu.solve(&(mass * &mean * 2.0)).unwrap();
    let values = polynomials(n, a, start) * (1.0 - start * start).powf(a);
    (mean.dot(&values), second.dot(&values))
}

/// Gauss rule on `(-1, 1)` for the weight `(1-x²)^a`.
fn gauss(n: usize, a: f64) -> Vec<(f64, f64)> {
    let mut jacobi = DMatrix::zeros(n, n);
    for k in 1..n {
        let m = k as f64;
        let square = m * (m + 2.0 * a) / ((2.0 * m + 2.0 * a + 1.0) * (2.0 * m + 2.0 * a - 1.0));
        jacobi[(k, k - 1)] = square.sqrt();
        jacobi[(k - 1, k)] = jacobi[(k, k - 1)];
    }
    let total = ((2.0 * a + 1.0) * 2f64.ln() + 2.0 * ln_gamma(a + 1.0) - ln_gamma(2.0 * a + 2.0)).exp();
    let eigen = SymmetricEigen::new(jacobi);
    let weights = eigen.eigenvectors.row(0).into_owned();
    eigen.eigenvalues.iter().zip(weights.iter()).map(|(x, v)| (*x, total * v * v)).collect()
}

/// `P_0^(a,a), …, P_(n-1)^(a,a)` at `x`, DLMF 18.9.2.
fn polynomials(n: usize, a: f64, x: f64) -> DVector<f64> {
    let mut p = DVector::zeros(n);
    for k in 0..n {
        let m = k as f64;
        let c = 2.0 * m + 2.0 * a;
        p[k] = match k {
            0 => 1.0,
            1 => (a + 1.0) * x,
            _ => {
                ((c - 1.0) * c * (c - 2.0) * x * p[k - 1] - 2.0 * (m + a - 1.0).powi(2) * c * p[k - 2])
                    / (2.0 * m * (m + 2.0 * a) * (c - 2.0))
            }
        };
    }
    p
}
