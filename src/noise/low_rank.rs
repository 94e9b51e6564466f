//! # Low-rank plus diagonal amplitude
//!
//! `Σ = diag(D) + U Vᵀ` with `k` columns in `U` and `V`: many coordinates that share a few directions of noise. A step costs
//! `O(dk)`; only [`LowRank::to_matrix`] forms the `d × d` matrix.

use std::fmt;

use nalgebra::DMatrix;
use pulp::Arch;
use rayon::prelude::*;

use super::{NoiseError, Structure};

/// Coordinates per block, so that a block stays in the L1 cache for all `k` columns.
const BLOCK: usize = 512;

/// `Σ = diag(D) + U Vᵀ`.
///
/// # Example
/// ```
/// use levy_escape::noise::LowRank;
/// use nalgebra::dmatrix;
///
/// let sigma = LowRank::new(vec![1.0, 2.0], dmatrix![3.0; 4.0], dmatrix![0.5; 0.25])?;
/// assert_eq!(sigma.to_matrix(), dmatrix![2.5, 0.75; 2.0, 3.0]);
/// # Ok::<(), levy_escape::noise::NoiseError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct LowRank {
    diagonal: Vec<f64>,
    left: DMatrix<f64>,
    right: DMatrix<f64>,
    /// `UᵀU` and `VᵀV`.
    grams: [DMatrix<f64>; 2],
}

impl fmt::Debug for LowRank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LowRank { diagonal, left, right, .. } = self;
        let factors = [left, right].map(DMatrix::as_slice);
        f.debug_struct("LowRank").field("diagonal", diagonal).field("factors", &factors).finish()
    }
}

impl LowRank {
    /// `diag(diagonal) + left rightᵀ`: a diagonal of length `d`, and two `d × k` matrices with `k ≥ 1`.
    ///
    /// # Errors
    /// [`NoiseError::FactorShape`] if their shapes do not match.
    pub fn new(diagonal: Vec<f64>, left: DMatrix<f64>, right: DMatrix<f64>) -> Result<Self, NoiseError> {
        let (dim, rank) = (diagonal.len(), left.ncols());
        if rank == 0 || [left.shape(), right.shape()] != [(dim, rank); 2] {
            return Err(NoiseError::FactorShape { dim, left: left.shape(), right: right.shape() });
        }
        let gram = |m: &DMatrix<f64>| DMatrix::from_fn(rank, rank, |a, b| dot(column_of(m, a), column_of(m, b)));
        let grams = [gram(&left), gram(&right)];
        Ok(LowRank { diagonal, left, right, grams })
    }

    /// `factor Σ = diag(factor D) + (factor U) Vᵀ`.
    pub fn scaled(&self, factor: f64) -> Self {
        let [left_gram, right_gram] = &self.grams;
        LowRank {
            diagonal: self.diagonal.iter().map(|d| factor * d).collect(),
            left: &self.left * factor,
            right: self.right.clone(),
            grams: [left_gram * (factor * factor), right_gram.clone()],
        }
    }

    /// Dimension `d`.
    pub fn dim(&self) -> usize {
        self.diagonal.len()
    }

    /// Number `k` of columns of `U` and `V`.
    pub fn rank(&self) -> usize {
        self.left.ncols()
    }

    /// The diagonal `D`, of length `d`.
    pub fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    /// The factors `U` and `V`, both `d × k`.
    pub fn factors(&self) -> [&DMatrix<f64>; 2] {
        [&self.left, &self.right]
    }

    /// Every stored number.
    pub(super) fn entries(&self) -> impl Iterator<Item = f64> + '_ {
        self.diagonal.iter().chain(self.left.iter()).chain(self.right.iter()).copied()
    }

    /// Entry `i` of the diagonal of `Σ`.
    pub fn diagonal_entry(&self, i: usize) -> f64 {
        self.diagonal[i] + self.product(i, i)
    }

    /// `out = Σ x = D∘x + U(Vᵀx)`, all of length `d`.
    pub fn apply(&self, x: &[f64], out: &mut [f64]) {
        // No fused multiply-add: every processor does the same operations and gives the same bits.
        Arch::new().dispatch(|| {
            let shares: Vec<f64> = (0..self.rank()).map(|r| dot(column_of(&self.right, r), x)).collect();
            let blocks = out.chunks_mut(BLOCK).zip(x.chunks(BLOCK)).zip(self.diagonal.chunks(BLOCK)).enumerate();
            for (block, ((out, x), diagonal)) in blocks {
                out.iter_mut().zip(diagonal).zip(x).for_each(|((o, d), x)| *o = d * x);
                let first = block * BLOCK;
                for (r, share) in shares.iter().enumerate() {
                    let left = &column_of(&self.left, r)[first..first + out.len()];
                    out.iter_mut().zip(left).for_each(|(o, u)| *o += share * u);
                }
            }
        });
    }

    /// The entries of `Σᵀ n = D∘n + V(Uᵀn)`, in order.
    pub fn transposed<'a>(&'a self, normal: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let shares: Vec<f64> = (0..self.rank()).map(|r| dot(column_of(&self.left, r), normal)).collect();
        (0..self.dim()).map(move |j| {
            let coupled: f64 = shares.iter().enumerate().map(|(r, share)| share * self.right[(j, r)]).sum();
            self.diagonal[j] * normal[j] + coupled
        })
    }

    /// Column `j` into `out`, of length `d`.
    pub fn write_column(&self, j: usize, out: &mut [f64]) {
        out.fill(0.0);
        for r in 0..self.rank() {
            let weight = self.right[(j, r)];
            out.iter_mut().zip(column_of(&self.left, r)).for_each(|(o, u)| *o += weight * u);
        }
        out[j] += self.diagonal[j];
    }

    /// Euclidean norm of column `j`, in `O(k²)`.
    pub fn column_norm(&self, j: usize) -> f64 {
        self.norm(&self.right, &self.grams[0], j)
    }

    /// Euclidean norm of every row, in `O(k²)` each.
    pub fn row_norms(&self) -> Vec<f64> {
        (0..self.dim()).map(|i| self.norm(&self.left, &self.grams[1], i)).collect()
    }

    /// Scale of every row of `Σ L_1`: the Euclidean norm for isotropic noise, and `(Σ_j |Σ_ij|^α)^(1/α)`, in `O(dk)` each, for
    /// independent coordinates.
    pub fn row_scales(&self, alpha: f64, structure: Structure) -> Vec<f64> {
        if structure == Structure::Isotropic {
            return self.row_norms();
        }
        let scale = |row: &mut Vec<f64>, i: usize| {
            row.fill(0.0);
            for r in 0..self.rank() {
                let weight = self.left[(i, r)];
                row.iter_mut().zip(column_of(&self.right, r)).for_each(|(s, v)| *s += weight * v);
            }
            row[i] += self.diagonal[i];
            row.iter().map(|s| s.abs().powf(alpha)).sum::<f64>().powf(1.0 / alpha)
        };
        (0..self.dim()).into_par_iter().map_init(|| vec![0.0; self.dim()], scale).collect()
    }

    /// The dense matrix, `d × d`.
    pub fn to_matrix(&self) -> DMatrix<f64> {
        let mut matrix = DMatrix::zeros(self.dim(), self.dim());
        for (j, mut column) in matrix.column_iter_mut().enumerate() {
            self.write_column(j, column.as_mut_slice());
        }
        matrix
    }

    /// `log |det Σ|` by the Schur complement of the nonzero entries of `D`, at most `2k × 2k`; minus infinity for a singular
    /// matrix.
    pub fn log_determinant(&self) -> f64 {
        let zeros: Vec<usize> = (0..self.dim()).filter(|i| self.diagonal[*i] == 0.0).collect();
        let (z, k) = (zeros.len(), self.rank());
        if z > k {
            return f64::NEG_INFINITY;
        }
        // det [[D, U], [-Vᵀ, 1]] = det Σ.
        let mut rest = DMatrix::zeros(z + k, z + k);
        for (row, &i) in zeros.iter().enumerate() {
            for r in 0..k {
                rest[(row, z + r)] = self.left[(i, r)];
                rest[(z + r, row)] = -self.right[(i, r)];
            }
        }
        for a in 0..k {
            for b in 0..k {
                let own = (0..self.dim()).filter(|i| self.diagonal[*i] != 0.0);
                let sum: f64 = own.map(|i| self.right[(i, a)] * self.left[(i, b)] / self.diagonal[i]).sum();
                rest[(z + a, z + b)] = sum + f64::from(u8::from(a == b));
            }
        }
        let own: f64 = self.diagonal.iter().filter(|d| **d != 0.0).map(|d| d.abs().ln()).sum();
        own + rest.determinant().abs().ln()
    }

    /// `(U Vᵀ)_ij`.
    fn product(&self, i: usize, j: usize) -> f64 {
        (0..self.rank()).map(|r| self.left[(i, r)] * self.right[(j, r)]).sum()
    }

    /// Norm of `D_i e_i + F' f`, where `f` is row `i` of `factor` and `gram` is the Gram matrix of the other factor `F'`.
    fn norm(&self, factor: &DMatrix<f64>, gram: &DMatrix<f64>, i: usize) -> f64 {
        let own = self.product(i, i);
        let row = factor.row(i);
        let all: f64 =
            (0..self.rank()).map(|a| row[a] * (0..self.rank()).map(|b| gram[(a, b)] * row[b]).sum::<f64>()).sum();
        ((all - own * own).max(0.0) + (self.diagonal[i] + own).powi(2)).sqrt()
    }
}

/// Column `r`, which is contiguous.
fn column_of(matrix: &DMatrix<f64>, r: usize) -> &[f64] {
    let rows = matrix.nrows();
    &matrix.as_slice()[r * rows..(r + 1) * rows]
}

/// Eight partial sums, independent of the vector width.
#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Amplitude, Seed, Stream};

    fn random(dim: usize, rank: usize, seed: u64) -> (LowRank, Amplitude, Vec<f64>) {
        let mut stream = Stream::new(Seed(seed), dim as u64, rank as u64);
        let mut next = || 2.0 * stream.open01() - 1.0;
        let diagonal: Vec<f64> = (0..dim).map(|_| next()).collect();
        let mut factor = || DMatrix::from_fn(dim, rank, |_, _| next());
        let sigma = LowRank::new(diagonal, factor(), factor()).unwrap();
        let dense = DMatrix::from_diagonal(&sigma.diagonal.clone().into()) + &sigma.left * sigma.right.transpose();
        (sigma, Amplitude::Dense(dense), (0..dim).map(|_| next()).collect())
    }

    fn agree(a: &[f64], b: &[f64], tolerance: f64) {
        let size = b.iter().fold(1.0f64, |size, b| size.max(b.abs()));
        assert!(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * size), "{a:?} {b:?}");
    }

    #[test]
    fn it_is_the_matrix_that_it_stands_for() {
        for (dim, rank) in [(1, 1), (2, 1), (7, 3), (40, 4), (1100, 2)] {
            let (sigma, dense, x) = random(dim, rank, 1);
            let low = Amplitude::from(sigma.clone());
            let (mut a, mut b) = (vec![0.0; dim], vec![0.0; dim]);
            low.apply(&x, &mut a);
            dense.apply(&x, &mut b);
            // Products of 40 entries of size one and their sums; relative to the largest.
            agree(&a, &b, 1e-14);
            agree(sigma.to_matrix().as_slice(), dense.to_matrix(dim).as_slice(), 1e-15);
            agree(&low.row_norms(dim), &dense.row_norms(dim), 1e-14);
            for structure in [Structure::Independent, Structure::Isotropic] {
                let exact: Vec<f64> = if dim < 1000 { dense.row_scales(dim, 1.5, structure) } else { continue };
                agree(&low.row_scales(dim, 1.5, structure), &exact, 1e-13);
                let along = [&low, &dense].map(|sigma| sigma.scale_along(&x, 1.5, structure));
                agree(&along[..1], &along[1..], 1e-13);
            }
            for j in [0, dim / 2, dim - 1] {
                agree(&low.column(dim, j), &dense.column(dim, j), 1e-15);
                agree(&[low.column_norm(j)], &[dense.column_norm(j)], 1e-14);
                agree(&[low.diagonal_entry(j)], &[dense.diagonal_entry(j)], 1e-15);
            }
            if dim < 1000 {
                agree(&[low.log_determinant(dim)], &[dense.log_determinant(dim)], 1e-11);
            }
        }
    }

    #[test]
    fn the_determinant_does_not_need_the_diagonal() {
        let (mut sigma, _, _) = random(6, 3, 2);
        for zeros in 1..=3 {
            sigma.diagonal[2 * zeros - 1] = 0.0;
            let exact = sigma.to_matrix().determinant().abs().ln();
            assert!((sigma.log_determinant() - exact).abs() < 1e-11, "{zeros}");
        }
        sigma.diagonal[0] = 0.0;
        assert_eq!(sigma.log_determinant(), f64::NEG_INFINITY);
    }

    /// The vectors of the processor, if any, and scalars.
    #[test]
    fn every_processor_gives_the_same_bits() {
        for dim in [3, 8, 511, 1037] {
            let (sigma, _, x) = random(dim, 3, 3);
            let mut fast = vec![0.0; dim];
            sigma.apply(&x, &mut fast);
            let lanes = |r: usize| {
                let mut sums = [0.0; 8];
                let whole = dim - dim % 8;
                (0..whole).for_each(|j| sums[j % 8] += sigma.right[(j, r)] * x[j]);
                sums.iter().sum::<f64>() + (whole..dim).map(|j| sigma.right[(j, r)] * x[j]).sum::<f64>()
            };
            let shares: Vec<f64> = (0..3).map(lanes).collect();
            for i in 0..dim {
                let slow = (0..3).fold(sigma.diagonal[i] * x[i], |o, r| o + shares[r] * sigma.left[(i, r)]);
                assert_eq!(fast[i].to_bits(), slow.to_bits(), "{dim} {i}");
            }
        }
    }

    #[test]
    fn wrong_shapes_and_entries_are_refused() {
        let ones = |rows, columns| DMatrix::from_element(rows, columns, 1.0);
        let of = |left, right| LowRank::new(vec![1.0; 3], left, right);
        for (left, right) in [((2, 1), (3, 1)), ((3, 1), (3, 2)), ((3, 2), (2, 2)), ((3, 0), (3, 0))] {
            let error = of(ones(left.0, left.1), ones(right.0, right.1)).unwrap_err();
            assert_eq!(error, NoiseError::FactorShape { dim: 3, left, right });
        }
        let fits = Amplitude::from(of(ones(3, 2), ones(3, 2)).unwrap());
        assert!(fits.check(3).is_ok() && fits.check(2).is_err());
        assert!(Amplitude::from(of(ones(3, 1) * f64::NAN, ones(3, 1)).unwrap()).check(3).is_err());
        let nothing = LowRank::new(vec![0.0; 3], ones(3, 1), ones(3, 1) * 0.0).unwrap();
        assert!(Amplitude::from(nothing).check(3).is_err());
        let flat = LowRank::new(vec![0.0; 3], ones(3, 1), ones(3, 1)).unwrap();
        assert!(Amplitude::from(flat).check(3).is_ok());
    }
}
