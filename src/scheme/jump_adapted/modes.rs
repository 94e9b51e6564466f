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
    /// Forgets the modes, which belong to the path before.
    pub fn restart(&mut self) {
        self.q.clear();
    }

    /// Updates the modes if an entry of `Q` has changed by more than 10⁻³.
    pub fn refresh(&mut self, hessian: &DMatrix<f64>, q: &[f64]) {
        let fresh = self.q.len() == q.len() && self.q.iter().zip(q).all(|(a, b)| (a / b - 1.0).abs() < 1e-3);
        if fresh {
            return;
        }
        if self.by_axis[0].len() != q.len() {
            let zero = DVector::zeros(q.len());
            self.by_axis = [zero.clone(), zero.clone()];
            self.by_mode = [zero.clone(), zero];
        }
        self.q.clear();
        self.q.extend_from_slice(q);
        self.root.clear();
        self.root.extend(q.iter().map(|q| q.sqrt()));
        let scaled = DMatrix::from_fn(q.len(), q.len(), |i, j| hessian[(i, j)] / (self.root[i] * self.root[j]));
        let eigen = scaled.symmetric_eigen();
        (self.vectors, self.values) = (eigen.eigenvectors, eigen.eigenvalues);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Adam, Dynamics, Problem, SecondMoment};
    use crate::landscape::{Basin, Domain, Quadratic};
    use crate::noise::{Alpha, Amplitude, LevyNoise, Seed};
    use crate::scheme::{JumpAdapted, Limits, Scheme, StreamSource};

    /// The modes are refreshed only when `Q` has moved, so those of the path before would change the next one.
    #[test]
    fn a_path_does_not_depend_on_the_one_before() {
        let dim = 5;
        let entry = |i: usize, j: usize| if i == j { 1.0 } else { 0.4 / (1.0 + i.abs_diff(j) as f64) };
        let sigma = DMatrix::from_fn(dim, dim, entry);
        let adam = Adam::new(1.0, 0.3).unwrap().with_second_moment(SecondMoment::MeanField);
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.3).unwrap();
        let noise = noise.with_amplitude(Amplitude::Dense(sigma));
        let basin = Basin::new(Quadratic::new(vec![1.0, 2.0, 3.0, 4.0, 5.0]).unwrap(), Domain::ball(1.0)).unwrap();
        let problem = Problem::new(basin, Dynamics::Adam(adam), noise).unwrap();
        let kernel = JumpAdapted::default().prepare(&problem).unwrap();
        let source = StreamSource { seed: Seed(11), cell: 0 };
        let (mut together, mut alone) = (Vec::new(), Vec::new());
        kernel.run(source, 0..40, Limits::default(), &mut together);
        (0..40).for_each(|path| kernel.run(source, path..path + 1, Limits::default(), &mut alone));
        assert!(together.len() == 40 && together == alone);
    }
}
