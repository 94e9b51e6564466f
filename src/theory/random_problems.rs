//! # Adam beside SGD in random problems whose volumes tie
//!
//! The volume argument of theorem 2 says nothing where `det Q = 1`. The Radon measure does: with `Σ = BBᵀ/d + ridge·I`, `B` of standard
//! Gaussian entries whose rows are scaled by `e^N(0,1)`, `H = AAᵀ/d + ridge·I`, `A` Gaussian, `Ω = {θᵀHθ < 1}` and
//! `Q = diag((ΣΣ)_ii)^(1/2)` scaled to `det Q = 1`, most problems have `m(W_ADAM) < m(W_SGD)`, and nearly all in more than a few dimensions:
//! Adam makes the rows of its amplitude alike, and `Σ_i r_i^-α` is ruled by the narrowest axes.

use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::noise::{Alpha, Seed, Stream};

/// A family of random problems in `d` dimensions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomProblems {
    dim: usize,
    alpha: Alpha,
    ridge: f64,
}

impl RandomProblems {
    /// Added to both matrices as a multiple of the identity.
    pub const RIDGE: f64 = 0.02;

    /// Problems in `dim` dimensions at tail index `alpha`.
    pub fn new(dim: usize, alpha: Alpha) -> Self {
        RandomProblems { dim, alpha, ridge: Self::RIDGE }
    }

    /// Dimension `d`.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Tail index `α`.
    pub fn alpha(&self) -> Alpha {
        self.alpha
    }

    /// `m(W_SGD)/m(W_ADAM)` of one problem, which is the predicted `Γ_ADAM/Γ_SGD`. A function of the seed and the number alone.
    pub fn ratio(&self, seed: Seed, number: u64) -> f64 {
        let mut rng = self.stream(seed, number);
        let (mut sigma, hessian) = self.matrices(&mut rng);
        let logs: Vec<f64> = sigma.row_iter().map(|row| row.norm().ln()).collect();
        let mean = logs.iter().sum::<f64>() / self.dim as f64;
        // Q with det Q = 1.
        let q: Vec<f64> = logs.iter().map(|log| (log - mean).exp()).collect();
        let measure = |amplitude: &DMatrix<f64>| {
            amplitude.column_iter().map(|v| (&hessian * v).dot(&v).powf(0.5 * self.alpha.get())).sum::<f64>()
        };
        let sgd = measure(&sigma);
        for (mut row, q) in sigma.row_iter_mut().zip(&q) {
            row /= *q;
        }
        sgd / measure(&sigma)
    }

    /// The stream of a cell that no experiment reaches: cells are counted from 0.
    fn stream(&self, seed: Seed, number: u64) -> Stream {
        Stream::new(seed, u64::MAX - self.dim as u64, number)
    }

    /// `Σ` and `H` of one problem.
    fn matrices(&self, rng: &mut Stream) -> (DMatrix<f64>, DMatrix<f64>) {
        let dim = self.dim;
        let gaussian = |rng: &mut Stream| DMatrix::from_fn(dim, dim, |_, _| rng.sample::<f64, _>(StandardNormal));
        let gram = |root: DMatrix<f64>| {
            let ridge = DMatrix::from_diagonal(&DVector::from_element(dim, self.ridge));
            &root * root.transpose() / dim as f64 + ridge
        };
        let mut root = gaussian(rng);
        root.row_iter_mut().for_each(|mut row| row *= rng.sample::<f64, _>(StandardNormal).exp());
        (gram(root), gram(gaussian(rng)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Adam, Dynamics, Problem, SecondMoment};
    use crate::landscape::{Basin, Domain, Quadratic};
    use crate::noise::{Amplitude, LevyNoise};
    use crate::theory::Prediction;

    /// In one dimension `det Q = 1` leaves nothing of `Q`.
    #[test]
    fn one_dimension_ties() {
        let problems = RandomProblems::new(1, Alpha::new(1.5).unwrap());
        assert!((0..20).all(|n| (problems.ratio(Seed(1), n) - 1.0).abs() < 1e-12));
    }

    /// The ratio of one problem against the prediction of theory for its matrices, built again from the same stream.
    #[test]
    fn a_ratio_is_that_of_the_predictions() {
        let alpha = Alpha::new(1.5).unwrap();
        let problems = RandomProblems::new(3, alpha);
        for number in 0..5 {
            let (sigma, hessian) = problems.matrices(&mut problems.stream(Seed(7), number));
            // ½ θᵀHθ < ½; the scale of Q by a common amplitude.
            let volume = sigma.row_iter().map(|row| row.norm().ln()).sum::<f64>() / 3.0;
            let basin = || {
                Basin::new(Quadratic::with_hessian(hessian.clone()).unwrap(), Domain::Level { height: 0.5 }).unwrap()
            };
            let rate = |dynamics, scale: f64| {
                let noise = LevyNoise::new(alpha, scale).unwrap().with_amplitude(Amplitude::Dense(sigma.clone()));
                Prediction::of(&Problem::new(basin(), dynamics, noise).unwrap()).unwrap().rate
            };
            let adam = Adam::new(1.0, 1.0).unwrap().with_stabilizer(0.0).unwrap();
            let adam = Dynamics::Adam(adam.with_second_moment(SecondMoment::Frozen));
            let predicted = rate(Dynamics::Sgd, 0.01) / rate(adam, 0.01 * volume.exp());
            assert!((problems.ratio(Seed(7), number) / predicted - 1.0).abs() < 1e-9);
        }
    }

    /// The share in which Adam is later, against 40,000 problems of an independent program: .7877 in two dimensions, .9940 in six.
    #[test]
    fn adam_is_later_in_most_problems() {
        for (dim, expected) in [(2, 0.7877), (6, 0.9940)] {
            let problems = RandomProblems::new(dim, Alpha::new(1.5).unwrap());
            let n = 8_000;
            let later = (0..n).filter(|k| problems.ratio(Seed(20_201_206), *k) > 1.0).count() as f64 / n as f64;
            let error = (expected * (1.0 - expected) * (1.0 / n as f64 + 1.0 / 40_000.0)).sqrt();
            assert!((later - expected).abs() < 4.0 * error, "d = {dim}: {later}");
        }
    }
}
