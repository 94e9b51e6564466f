//! The evolution `∂_t S = L S` on a Krylov space of the Green operator `G = (-L)^-1`.
//!
//! The slow modes of `L` are the large modes of `G`. A few dozen powers of `G` contain them to rounding, for any stiffness
//! of `L`. With `G V = V H` on that space, `S(t) = G^-1 exp(-t G^-1) u = V H^-1 exp(-t H^-1) V* u`, where `u = G 1` is the mean
//! exit time.
//!
//! # References
//! - van den Eshof, Hochbruck (2006), *Preconditioning Lanczos Approximations to the Matrix Exponential*, SIAM J. Sci.
//!   Comput. 27.

use nalgebra::{DMatrix, DVector, Dyn, LU, Schur};

/// An orthonormal basis of `u, G u, G² u, …` in the scalar product of `L²`.
pub(super) struct Krylov {
    basis: DMatrix<f64>,
    /// The unit of time, about the largest mean: squares of shorter times may be below all positive numbers. A power of 2, so that it rounds nothing.
    unit: f64,
    /// `H`, the action of `G` on the basis, in that unit.
    green: DMatrix<f64>,
    /// Length of `u` in that unit.
    norm: f64,
}

/// Most iterations for the eigenvalues; a matrix of 40 takes about a hundred.
const MOST_ITERATIONS: usize = 10_000;

impl Krylov {
    const DIMENSION: usize = 40;

    /// The space that starts at `mean`; `None` if the generator is singular.
    pub(super) fn new(lu: &LU<f64, Dyn, Dyn>, mass: &DMatrix<f64>, mean: &DVector<f64>) -> Option<Self> {
        let largest = Self::DIMENSION.min(mean.len());
        let unit = mean.amax().log2().floor().exp2();
        let mean = &(mean / unit);
        let norm = mean.dot(&(mass * mean)).sqrt();
        if !(norm > 0.0 && norm.is_finite()) {
            return None;
        }
        let mut basis = vec![mean / norm];
        let mut green = DMatrix::zeros(largest + 1, largest);
        for column in 0..largest {
            let mut next = lu.solve(&(mass * &basis[column]))? / unit;
            let length = next.dot(&(mass * &next)).sqrt();
            // Orthogonalising twice suffices for orthogonality to rounding (Parlett).
            for _ in 0..2 {
                let moments = mass * &next;
                let overlaps: Vec<f64> = basis.iter().map(|v| v.dot(&moments)).collect();
                for (row, overlap) in overlaps.iter().enumerate() {
                    next.axpy(-overlap, &basis[row], 1.0);
                    green[(row, column)] += overlap;
                }
            }
            let rest = next.dot(&(mass * &next)).sqrt();
            if rest <= 1e-13 * length {
                break;
            }
            green[(column + 1, column)] = rest;
            basis.push(next / rest);
        }
        basis.truncate(largest);
        let dimension = basis.len();
        Some(Krylov {
            green: green.view((0, 0), (dimension, dimension)).into_owned(),
            basis: DMatrix::from_columns(&basis),
            unit,
            norm,
        })
    }

    /// The smallest eigenvalue of `-L`: real and simple, since `G` has a positive kernel. Not a number if the eigenvalues are not found.
    pub(super) fn decay_rate(&self) -> f64 {
        let Some(schur) = Schur::try_new(self.green.clone(), f64::EPSILON, MOST_ITERATIONS) else { return f64::NAN };
        let slowest = schur.complex_eigenvalues().iter().map(|z| z.re).fold(0.0, f64::max);
        1.0 / (self.unit * slowest)
    }

    /// Coefficients of `S(t)`; `None` if `G` is singular on the space.
    pub(super) fn survival(&self, t: f64) -> Option<DVector<f64>> {
        let generator = self.green.clone().try_inverse()?;
        let evolved = &generator * (&generator * (-t / self.unit)).exp().column(0);
        Some(&self.basis * evolved * self.norm)
    }
}
