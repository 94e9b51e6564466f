//! The evolution `∂_t S = L S` on a Krylov space of the Green operator `G = (-L)^-1`.
//!
//! The slow modes of `L` are the large modes of `G`. A few dozen powers of `G` contain them to rounding, for any stiffness
//! of `L`. With `G V = V H` on that space, `S(t) = G^-1 exp(-t G^-1) u = V H^-1 exp(-t H^-1) V* u`, where `u = G 1` is the mean
//! exit time.
//!
//! # References
//! - van den Eshof, Hochbruck (2006), *Preconditioning Lanczos Approximations to the Matrix Exponential*, SIAM J. Sci.
//!   Comput. 27.

use nalgebra::{DMatrix, DVector, Dyn, LU};

/// An orthonormal basis of `u, G u, G² u, …` in the scalar product of `L²`.
pub(super) struct Krylov {
    basis: DMatrix<f64>,
    /// `H`, the action of `G` on the basis.
    green: DMatrix<f64>,
    /// Length of `u`.
    norm: f64,
}

impl Krylov {
    const DIMENSION: usize = 40;

    /// The space that starts at `mean`; `None` if the generator is singular.
    pub(super) fn new(lu: &LU<f64, Dyn, Dyn>, mass: &DMatrix<f64>, mean: &DVector<f64>) -> Option<Self> {
        let largest = Self::DIMENSION.min(mean.len());
        let norm = mean.dot(&(mass * mean)).sqrt();
        let mut basis = vec![mean / norm];
        let mut green = DMatrix::zeros(largest + 1, largest);
        for column in 0..largest {
            let mut next = lu.solve(&(mass * &basis[column]))?;
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
            norm,
        })
    }

    /// The smallest eigenvalue of `-L`: real and simple, since `G` has a positive kernel.
    pub(super) fn decay_rate(&self) -> f64 {
        1.0 / self.green.complex_eigenvalues().iter().map(|z| z.re).fold(0.0, f64::max)
    }

    /// Coefficients of `S(t)`; `None` if `G` is singular on the space.
    pub(super) fn survival(&self, t: f64) -> Option<DVector<f64>> {
        let generator = self.green.clone().try_inverse()?;
        let evolved = &generator * (&generator * -t).exp().column(0);
        Some(&self.basis * evolved * self.norm)
    }
}
