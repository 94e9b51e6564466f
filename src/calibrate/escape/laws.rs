//! The measured quadratic with a law of the gradient noise: what the predictions simulate.

use nalgebra::{DMatrix, SymmetricEigen};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::hessian::Quadratic;
use super::noise::NoiseSample;
use super::walk::Landscape;
use crate::noise::{Alpha, EmpiricalNoise, StableLaw, Stream};

/// Law of the gradient noise `ξ` in a step `g = H x + ξ`.
#[derive(Clone, Debug)]
pub(super) enum GradientLaw<'n> {
    /// Independent SαS entries of the given scales.
    Stable { law: StableLaw, scales: Vec<f64> },
    /// `ξ = Σ_k z_k f_k` with standard normal `z`: Gaussian of the covariance `Σ_k f_k f_kᵀ`.
    Gaussian { factors: Vec<f64>, dim: usize },
    /// The measured vectors, drawn whole.
    Empirical(&'n EmpiricalNoise),
}

impl<'n> GradientLaw<'n> {
    pub fn stable(noise: &NoiseSample, alpha: Alpha) -> Self {
        GradientLaw::Stable { law: StableLaw::new(alpha), scales: noise.scales(alpha) }
    }

    /// Gaussian with the covariance of the rows. Its factors are the scaled rows, or its eigenvectors where these are fewer.
    pub fn gaussian(noise: &NoiseSample) -> Self {
        let (dim, count) = (noise.dim, noise.vectors.count());
        let share = 1.0 / (count as f64).sqrt();
        let scaled = DMatrix::from_fn(dim, count, |i, row| share * noise.vectors.values()[row * dim + i]);
        if count <= dim {
            return GradientLaw::Gaussian { factors: scaled.as_slice().to_vec(), dim };
        }
        let eigen = SymmetricEigen::new(&scaled * scaled.transpose());
        let factors = (0..dim).flat_map(|k| {
            let size = eigen.eigenvalues[k].max(0.0).sqrt();
            eigen.eigenvectors.column(k).iter().map(move |v| size * v).collect::<Vec<f64>>()
        });
        GradientLaw::Gaussian { factors: factors.collect(), dim }
    }

    fn add(&self, stream: &mut Stream, out: &mut [f64]) {
        match self {
            GradientLaw::Stable { law, scales } => {
                for (g, s) in out.iter_mut().zip(scales) {
                    *g += s * law.sample(stream);
                }
            }
            GradientLaw::Gaussian { factors, dim } => {
                for factor in factors.chunks_exact(*dim) {
                    let z: f64 = stream.sample(StandardNormal);
                    out.iter_mut().zip(factor).for_each(|(g, x)| *g += z * x);
                }
            }
            GradientLaw::Empirical(vectors) => {
                out.iter_mut().zip(vectors.pick(stream)).for_each(|(g, x)| *g += x);
            }
        }
    }
}

/// The landscape of a prediction.
#[derive(Clone, Debug)]
pub(super) struct Model<'n> {
    pub quadratic: &'n Quadratic,
    pub noise: &'n GradientLaw<'n>,
}

impl Landscape for Model<'_> {
    fn gradient(&mut self, x: &[f64], stream: &mut Stream, out: &mut [f64]) {
        self.quadratic.apply(x, out);
        self.noise.add(stream, out);
    }

    fn excess(&mut self, x: &[f64]) -> f64 {
        self.quadratic.energy(x)
    }
}
