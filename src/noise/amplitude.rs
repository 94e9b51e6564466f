//! # Amplitude of the noise
//!
//! The matrix `Σ` that multiplies `dL`. The paper calls a covariance `Σ` and uses it as an amplitude; here it is always an
//! amplitude. Column `i` is the displacement of the parameters by a unit jump of noise coordinate `i`.

use std::sync::Arc;

use nalgebra::{DMatrix, DVector};

use super::{LowRank, NoiseError, Structure};

/// `Σ`: scalar, diagonal, dense, or low-rank plus diagonal. `Σ` has the shape `dim × dim`.
#[derive(Clone, Debug, PartialEq)]
pub enum Amplitude {
    /// `Σ = s I`.
    Scalar(f64),
    /// `Σ = diag(s)`.
    Diagonal(Vec<f64>),
    /// A full matrix.
    Dense(DMatrix<f64>),
    /// `Σ = diag(D) + U Vᵀ`, reference-counted.
    LowRank(Arc<LowRank>),
}

impl From<LowRank> for Amplitude {
    fn from(sigma: LowRank) -> Self {
        Amplitude::LowRank(Arc::new(sigma))
    }
}

impl Default for Amplitude {
    fn default() -> Self {
        Amplitude::Scalar(1.0)
    }
}

impl Amplitude {
    /// Whether this amplitude can drive a problem of dimension `dim`.
    ///
    /// # Errors
    /// [`NoiseError::AmplitudeShape`] for a wrong shape, [`NoiseError::AmplitudeEntry`] for an entry that is not finite, or if
    /// all entries are zero.
    pub fn check(&self, dim: usize) -> Result<(), NoiseError> {
        let found = match self {
            Amplitude::Scalar(_) => None,
            Amplitude::Diagonal(s) => (s.len() != dim).then(|| format!("a diagonal of length {}", s.len())),
            Amplitude::Dense(m) => (m.shape() != (dim, dim)).then(|| format!("a {} × {} matrix", m.nrows(), m.ncols())),
            Amplitude::LowRank(sigma) => {
                (sigma.dim() != dim).then(|| format!("diag(D) + U Vᵀ with vectors of length {}", sigma.dim()))
            }
        };
        if let Some(found) = found {
            return Err(NoiseError::AmplitudeShape { dim, found });
        }
        let entries = match self {
            Amplitude::Scalar(s) => std::slice::from_ref(s),
            Amplitude::Diagonal(s) => s.as_slice(),
            Amplitude::Dense(m) => m.as_slice(),
            Amplitude::LowRank(sigma) => {
                if let Some(value) = sigma.entries().find(|s| !s.is_finite()) {
                    return Err(NoiseError::AmplitudeEntry { value });
                }
                &sigma.row_norms()
            }
        };
        if let Some(&value) = entries.iter().find(|s| !s.is_finite()) {
            return Err(NoiseError::AmplitudeEntry { value });
        }
        if entries.iter().all(|&s| s == 0.0) {
            return Err(NoiseError::AmplitudeEntry { value: 0.0 });
        }
        Ok(())
    }

    /// `factor Σ`.
    pub fn scaled(&self, factor: f64) -> Amplitude {
        match self {
            Amplitude::Scalar(s) => Amplitude::Scalar(factor * s),
            Amplitude::Diagonal(s) => Amplitude::Diagonal(s.iter().map(|s| factor * s).collect()),
            Amplitude::Dense(m) => Amplitude::Dense(m * factor),
            Amplitude::LowRank(sigma) => sigma.scaled(factor).into(),
        }
    }

    /// Number of heap-allocated `f64`s.
    pub fn size(&self) -> usize {
        match self {
            Amplitude::Scalar(_) => 0,
            Amplitude::Diagonal(s) => s.len(),
            Amplitude::Dense(m) => m.len(),
            Amplitude::LowRank(sigma) => sigma.dim() * (1 + 2 * sigma.rank()),
        }
    }

    /// `out = Σ x`, all of length `dim`.
    pub fn apply(&self, x: &[f64], out: &mut [f64]) {
        match self {
            Amplitude::Scalar(s) => out.iter_mut().zip(x).for_each(|(o, x)| *o = s * x),
            Amplitude::Diagonal(s) => out.iter_mut().zip(s).zip(x).for_each(|((o, s), x)| *o = s * x),
            Amplitude::Dense(m) => {
                out.fill(0.0);
                for (column, &x) in m.column_iter().zip(x) {
                    out.iter_mut().zip(column.iter()).for_each(|(o, s)| *o += s * x);
                }
            }
            Amplitude::LowRank(sigma) => sigma.apply(x, out),
        }
    }

    /// Column `i`, the displacement by a unit jump of noise coordinate `i`.
    pub fn column(&self, dim: usize, i: usize) -> Vec<f64> {
        let mut column = vec![0.0; dim];
        match self {
            Amplitude::Scalar(s) => column[i] = *s,
            Amplitude::Diagonal(s) => column[i] = s[i],
            Amplitude::Dense(m) => column.copy_from_slice(m.column(i).as_slice()),
            Amplitude::LowRank(sigma) => sigma.write_column(i, &mut column),
        }
        column
    }

    /// Entry `i` of the diagonal.
    pub fn diagonal_entry(&self, i: usize) -> f64 {
        match self {
            Amplitude::Scalar(s) => *s,
            Amplitude::Diagonal(s) => s[i],
            Amplitude::Dense(m) => m[(i, i)],
            Amplitude::LowRank(sigma) => sigma.diagonal_entry(i),
        }
    }

    /// Euclidean norm of column `i`, the length of a unit jump of noise coordinate `i`.
    pub fn column_norm(&self, i: usize) -> f64 {
        match self {
            Amplitude::Scalar(s) => s.abs(),
            Amplitude::Diagonal(s) => s[i].abs(),
            Amplitude::Dense(m) => m.column(i).norm(),
            Amplitude::LowRank(sigma) => sigma.column_norm(i),
        }
    }

    /// Euclidean norm of every row: the default gradient-noise scale `s_i` of Adam's second moment.
    pub fn row_norms(&self, dim: usize) -> Vec<f64> {
        match self {
            Amplitude::Scalar(s) => vec![s.abs(); dim],
            Amplitude::Diagonal(s) => s.iter().map(|s| s.abs()).collect(),
            Amplitude::Dense(m) => m.row_iter().map(|row| row.norm()).collect(),
            Amplitude::LowRank(sigma) => sigma.row_norms(),
        }
    }

    /// Scale of every row of `Σ L_1`, the [`Amplitude::scale_along`] of every axis.
    pub fn row_scales(&self, dim: usize, alpha: f64, structure: Structure) -> Vec<f64> {
        match self {
            Amplitude::Scalar(s) => vec![scale_of([*s], alpha, structure); dim],
            Amplitude::Diagonal(s) => s.iter().map(|s| scale_of([*s], alpha, structure)).collect(),
            Amplitude::Dense(m) => m.row_iter().map(|row| scale_of(row.iter().copied(), alpha, structure)).collect(),
            Amplitude::LowRank(sigma) => sigma.row_scales(alpha, structure),
        }
    }

    /// The dense matrix, `dim × dim`.
    pub fn to_matrix(&self, dim: usize) -> DMatrix<f64> {
        match self {
            Amplitude::Scalar(s) => DMatrix::from_diagonal_element(dim, dim, *s),
            Amplitude::Diagonal(s) => DMatrix::from_diagonal(&DVector::from_column_slice(s)),
            Amplitude::Dense(m) => m.clone(),
            Amplitude::LowRank(sigma) => sigma.to_matrix(),
        }
    }

    /// `log |det Σ|`, minus infinity for a singular matrix.
    pub fn log_determinant(&self, dim: usize) -> f64 {
        match self {
            Amplitude::Scalar(s) => dim as f64 * s.abs().ln(),
            Amplitude::Diagonal(s) => s.iter().map(|s| s.abs().ln()).sum(),
            Amplitude::Dense(m) => m.determinant().abs().ln(),
            Amplitude::LowRank(sigma) => sigma.log_determinant(),
        }
    }

    /// Whether `Σ` is diagonal in the coordinates of the parameters.
    pub fn is_diagonal(&self) -> bool {
        matches!(self, Amplitude::Scalar(_) | Amplitude::Diagonal(_))
    }

    /// Scale of the SαS variable `n · Σ L_1`: `‖Σᵀn‖_α` for independent coordinates, `‖Σᵀn‖_2` for isotropic ones.
    pub fn scale_along(&self, normal: &[f64], alpha: f64, structure: Structure) -> f64 {
        match self {
            Amplitude::Scalar(s) => scale_of(normal.iter().map(|n| s * n), alpha, structure),
            Amplitude::Diagonal(s) => scale_of(s.iter().zip(normal).map(|(s, n)| s * n), alpha, structure),
            Amplitude::Dense(m) => {
                let along = |column: &[f64]| column.iter().zip(normal).map(|(s, n)| s * n).sum::<f64>();
                scale_of(m.column_iter().map(|column| along(column.as_slice())), alpha, structure)
            }
            Amplitude::LowRank(sigma) => scale_of(sigma.transposed(normal), alpha, structure),
        }
    }
}

/// Scale of `Σ_j a_j L_j` at time 1.
fn scale_of(weights: impl IntoIterator<Item = f64>, alpha: f64, structure: Structure) -> f64 {
    let weights = weights.into_iter();
    match structure {
        Structure::Independent => weights.map(|a| a.abs().powf(alpha)).sum::<f64>().powf(1.0 / alpha),
        Structure::Isotropic => weights.map(|a| a * a).sum::<f64>().sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_matrix_agree() {
        let diagonal = Amplitude::Diagonal(vec![2.0, 0.5]);
        let dense = Amplitude::Dense(DMatrix::from_row_slice(2, 2, &[2.0, 0.0, 0.0, 0.5]));
        let (mut a, mut b) = ([0.0; 2], [0.0; 2]);
        diagonal.apply(&[3.0, 4.0], &mut a);
        dense.apply(&[3.0, 4.0], &mut b);
        assert_eq!(a, b);
        assert_eq!(diagonal.row_norms(2), dense.row_norms(2));
        assert_eq!(diagonal.column(2, 1), dense.column(2, 1));
        assert!(diagonal.log_determinant(2).abs() < 1e-15 && dense.log_determinant(2).abs() < 1e-15);
        assert!((Amplitude::Scalar(-2.0).log_determinant(3) - 8f64.ln()).abs() < 1e-14);
        for structure in [Structure::Independent, Structure::Isotropic] {
            let n = [0.6, 0.8];
            let (a, b) = (diagonal.scale_along(&n, 1.5, structure), dense.scale_along(&n, 1.5, structure));
            assert!((a - b).abs() < 1e-15);
        }
    }

    #[test]
    fn row_scales_are_those_along_the_axes_bit_for_bit() {
        let dense = DMatrix::from_row_slice(3, 3, &[1.0, 0.4, -0.2, -0.3, 0.6, 0.0, 0.1, 0.0, -2.0]);
        for sigma in [Amplitude::Scalar(-0.7), Amplitude::Diagonal(vec![2.0, -0.3, 0.0]), Amplitude::Dense(dense)] {
            for structure in [Structure::Independent, Structure::Isotropic] {
                let along =
                    |i: usize| sigma.scale_along(&[0, 1, 2].map(|j| f64::from(u8::from(i == j))), 1.3, structure);
                assert_eq!(sigma.row_scales(3, 1.3, structure), [0, 1, 2].map(along));
            }
        }
    }

    #[test]
    fn wrong_shapes_and_entries_are_refused() {
        assert!(Amplitude::Diagonal(vec![1.0; 3]).check(2).is_err());
        assert!(Amplitude::Dense(DMatrix::zeros(2, 3)).check(2).is_err());
        assert!(Amplitude::Scalar(f64::NAN).check(1).is_err());
        assert!(Amplitude::Diagonal(vec![0.0; 2]).check(2).is_err());
        assert!(Amplitude::Diagonal(vec![0.0, 1.0]).check(2).is_ok());
    }
}
