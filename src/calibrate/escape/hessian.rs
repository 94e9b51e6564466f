//! The quadratic model of the loss at its minimum: `H = V Λ Vᵀ + D`, with the largest eigenpairs of the Hessian and a diagonal `D ≥ 0` that makes
//! the diagonal of `H` that of the Hessian, as far as it can.

use nalgebra::{DMatrix, SymmetricEigen};
use rayon::prelude::*;

use super::mlp::{dot, norm};
use crate::noise::Stream;

/// Step of the differences of gradients.
const STEP: f64 = 1e-4;
/// Lanczos vectors for every eigenpair, and the fewest.
const LANCZOS: usize = 3;
const FEWEST: usize = 40;

/// The Hessian as it is used.
#[derive(Clone, Debug, Default)]
pub(in crate::calibrate) struct Quadratic {
    pub vectors: Vec<Vec<f64>>,
    pub values: Vec<f64>,
    /// `D`.
    pub rest: Vec<f64>,
    /// The diagonal of the Hessian.
    pub diagonal: Vec<f64>,
    /// Smallest and largest Ritz value.
    pub extremes: [f64; 2],
}

impl Quadratic {
    /// Measures the Hessian by differences of `gradient`, which takes the displacement from the minimum and is central: error `O(STEP²)`.
    /// The diagonal costs two gradients per parameter.
    pub fn measure(
        dim: usize,
        rank: usize,
        gradient: &(impl Fn(&[f64]) -> Vec<f64> + Sync),
        stream: &mut Stream,
    ) -> Self {
        let difference = |direction: &[f64]| -> Vec<f64> {
            let at = |sign: f64| gradient(&direction.iter().map(|d| sign * STEP * d).collect::<Vec<f64>>());
            at(1.0).iter().zip(at(-1.0)).map(|(a, b)| (a - b) / (2.0 * STEP)).collect()
        };
        let diagonal: Vec<f64> = (0..dim)
            .into_par_iter()
            .map(|i| {
                let mut direction = vec![0.0; dim];
                direction[i] = 1.0;
                difference(&direction)[i]
            })
            .collect();
        let (values, vectors, extremes) = lanczos(dim, rank, difference, stream);
        let covered = |i: usize| vectors.iter().zip(&values).map(|(v, l)| l * v[i] * v[i]).sum::<f64>();
        let rest = diagonal.iter().enumerate().map(|(i, d)| (d - covered(i)).max(0.0)).collect();
        Quadratic { vectors, values, rest, diagonal, extremes }
    }

    /// A diagonal Hessian.
    #[cfg(test)]
    pub fn diagonal(diagonal: Vec<f64>) -> Self {
        Quadratic { rest: diagonal.clone(), diagonal, ..Quadratic::default() }
    }

    /// Writes `H x` into `out`.
    pub fn apply(&self, x: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(&self.rest).zip(x).for_each(|((g, d), x)| *g = d * x);
        for (vector, value) in self.vectors.iter().zip(&self.values) {
            let along = value * dot(vector, x);
            out.iter_mut().zip(vector).for_each(|(g, v)| *g += along * v);
        }
    }

    /// `½ xᵀ H x`.
    pub fn energy(&self, x: &[f64]) -> f64 {
        let diagonal: f64 = self.rest.iter().zip(x).map(|(d, x)| d * x * x).sum();
        let low_rank = self.vectors.iter().zip(&self.values).map(|(v, l)| l * dot(v, x).powi(2)).sum::<f64>();
        0.5 * (diagonal + low_rank)
    }
}

/// The largest positive eigenvalues with their vectors, and the extreme Ritz values, by Lanczos' recursion with full reorthogonalisation.
fn lanczos(
    dim: usize,
    rank: usize,
    apply: impl Fn(&[f64]) -> Vec<f64>,
    stream: &mut Stream,
) -> (Vec<f64>, Vec<Vec<f64>>, [f64; 2]) {
    let most = (LANCZOS * rank).max(FEWEST).min(dim);
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let mut next: Vec<f64> = (0..dim).map(|_| stream.open01() - 0.5).collect();
    while basis.len() < most {
        let length = norm(&next);
        if !(length > 1e-10) {
            break;
        }
        if !basis.is_empty() {
            beside.push(length);
        }
        basis.push(next.iter().map(|x| x / length).collect());
        next = apply(&basis[basis.len() - 1]);
        diagonal.push(dot(&next, &basis[basis.len() - 1]));
        for _ in 0..2 {
            for vector in &basis {
                let along = dot(vector, &next);
                next.iter_mut().zip(vector).for_each(|(x, v)| *x -= along * v);
            }
        }
    }
    let n = basis.len();
    let tridiagonal = DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => beside[i.min(j)],
        _ => 0.0,
    });
    let eigen = SymmetricEigen::new(tridiagonal);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let extremes = [eigen.eigenvalues[order[n - 1]], eigen.eigenvalues[order[0]]];
    order.retain(|&i| eigen.eigenvalues[i] > 0.0);
    order.truncate(rank);
    let vector = |&i: &usize| {
        let mut ritz = vec![0.0; dim];
        for (j, vector) in basis.iter().enumerate() {
            let share = eigen.eigenvectors[(j, i)];
            ritz.iter_mut().zip(vector).for_each(|(r, v)| *r += share * v);
        }
        ritz
    };
    (order.iter().map(|&i| eigen.eigenvalues[i]).collect(), order.iter().map(vector).collect(), extremes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Seed;

    /// `AᵀA/4 + I/10`, whose entries and eigenvalues all differ.
    fn hessian(dim: usize) -> DMatrix<f64> {
        let mut rng = Stream::new(Seed(12), 0, 0);
        let root = DMatrix::from_fn(dim, dim, |_, _| 2.0 * rng.open01() - 1.0);
        0.25 * root.transpose() * &root + DMatrix::identity(dim, dim) * 0.1
    }

    fn measured(hessian: &DMatrix<f64>, rank: usize) -> Quadratic {
        let gradient = |x: &[f64]| (hessian * nalgebra::DVector::from_column_slice(x)).as_slice().to_vec();
        Quadratic::measure(hessian.nrows(), rank, &gradient, &mut Stream::new(Seed(2), 0, 0))
    }

    /// Of full rank the model is the Hessian itself; of rank 2 it has the largest two eigenpairs and the diagonal.
    #[test]
    fn the_model_is_that_of_the_hessian() {
        let hessian = hessian(8);
        let mut eigenvalues = hessian.clone().symmetric_eigenvalues().as_slice().to_vec();
        eigenvalues.sort_by(|a, b| b.total_cmp(a));
        let x: Vec<f64> = (0..8).map(|i| f64::from(i) - 2.5).collect();
        let exact = &hessian * nalgebra::DVector::from_column_slice(&x);
        let full = measured(&hessian, 8);
        let mut found = vec![0.0; 8];
        full.apply(&x, &mut found);
        assert!(found.iter().zip(exact.iter()).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {exact}");
        assert!((full.energy(&x) - 0.5 * dot(exact.as_slice(), &x)).abs() < 1e-6);
        assert!((full.extremes[0] - eigenvalues[7]).abs() < 1e-6 && (full.extremes[1] - eigenvalues[0]).abs() < 1e-6);
        let two = measured(&hessian, 2);
        assert!(two.values.iter().zip(&eigenvalues).all(|(a, b)| (a - b).abs() < 1e-6), "{:?}", two.values);
        for i in 0..8 {
            let mut axis = vec![0.0; 8];
            axis[i] = 1.0;
            two.apply(&axis, &mut found);
            assert!((found[i] - hessian[(i, i)]).abs() < 1e-6 && (two.diagonal[i] - hessian[(i, i)]).abs() < 1e-6);
            assert!((two.energy(&axis) - 0.5 * hessian[(i, i)]).abs() < 1e-6);
        }
    }
}
