//! The modes in which Adam moves through a full Hessian.

use nalgebra::{DMatrix, DVector};

/// The modes of `Q^(-½) H Q^(-½)` for the `Q` of the last update.
#[derive(Clone, Debug, Default)]
pub(super) struct Modes {
    q: Vec<f64>,
    /// `√q`.
    pub root: Vec<f64>,
    pub vectors: DMatrix<f64>,
    pub values: DVector<f64>,
    /// Offsets and averages, by axis and by mode.
    pub by_axis: [DVector<f64>; 2],
    pub by_mode: [DVector<f64>; 2],
}

impl Modes {
    /// Updates the modes if an entry of `Q` has changed by more than 10⁻³.
    pub fn refresh(&mut self, hessian: &DMatrix<f64>, q: &[f64]) {
        let fresh = self.q.len() == q.len() && self.q.iter().zip(q).all(|(a, b)| (a / b - 1.0).abs() < 1e-3);
        if fresh {
            return;
        }
        if self.q.len() != q.len() {
            let zero = DVector::zeros(q.len());
            self.by_axis = [zero.clone(), zero.clone()];
            self.by_mode = [zero.clone(), zero];
        }
        self.q = q.to_vec();
        self.root = q.iter().map(|q| q.sqrt()).collect();
        let scaled = DMatrix::from_fn(q.len(), q.len(), |i, j| hessian[(i, j)] / (self.root[i] * self.root[j]));
        let eigen = scaled.symmetric_eigen();
        (self.vectors, self.values) = (eigen.eigenvectors, eigen.eigenvalues);
    }
}
