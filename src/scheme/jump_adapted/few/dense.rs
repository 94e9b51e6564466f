//! A dense amplitude.

use nalgebra::DVector;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::super::large_jumps::LargeJumps;
use super::super::sgd_motion::CoupledMotion;
use super::lanes::FewLanes;
use crate::dynamics::Problem;
use crate::noise::Amplitude;

/// `Σ` of a problem whose potential has separate axes, and its motion far from the edge.
pub(super) struct DenseNoise<const D: usize> {
    /// Columns of `Σ` and of `εΣ`.
    pub columns: [[f64; D]; D],
    pub displaced: [[f64; D]; D],
    /// Curvatures by axis.
    curvatures: [f64; D],
    /// The memory of a path, and the rows of a root of the covariance at rest.
    rest: Option<(f64, [[f64; D]; D])>,
    motion: CoupledMotion,
}

impl<const D: usize> DenseNoise<D> {
    /// `None` for another amplitude, and for modes that are not the axes themselves.
    pub fn of(problem: &Problem, jumps: &LargeJumps) -> Option<Self> {
        let Amplitude::Dense(sigma) = problem.noise().amplitude() else { return None };
        let dim = sigma.nrows();
        let motion = CoupledMotion::new(problem, jumps);
        let mut curvatures = [0.0; D];
        for (axis, curvature) in curvatures.iter_mut().enumerate().take(dim) {
            *curvature = motion.curvature_along(axis)?;
        }
        let columns: [[f64; D]; D] =
            std::array::from_fn(|j| std::array::from_fn(|i| if i < dim && j < dim { sigma[(i, j)] } else { 0.0 }));
        let rest = motion.rest().map(|(memory, root)| {
            let entry = |i: usize, j: usize| if i < dim && j < dim { root[(i, j)] } else { 0.0 };
            (*memory, std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j))))
        });
        let epsilon = problem.noise().epsilon();
        let displaced = columns.map(|column| column.map(|s| epsilon * s));
        Some(DenseNoise { columns, displaced, curvatures, rest, motion })
    }

    /// Draws the noise of a step in a lane, and how far its offsets decay.
    pub fn draw<const N: usize>(&self, dim: usize, lanes: &mut FewLanes<D, N>, lane: usize) {
        let (tau, near) = (lanes.tau[lane], lanes.near[lane] > 0.0);
        for (row, k) in lanes.fades.iter_mut().zip(&self.curvatures).take(dim) {
            row[lane] = (-k * tau).exp();
        }
        let stream = &mut lanes.streams[lane];
        let mut normals = [0.0; D];
        normals.iter_mut().take(dim).for_each(|normal| *normal = stream.sample(StandardNormal));
        if near {
            lanes.more_normals.iter_mut().take(dim).for_each(|row| row[lane] = stream.sample(StandardNormal));
        } else {
            normals = self.whole_noise(dim, tau, normals);
        }
        lanes.normals.iter_mut().zip(normals).take(dim).for_each(|(row, normal)| row[lane] = normal);
    }

    /// The displacement over a time far from the edge.
    fn whole_noise(&self, dim: usize, tau: f64, normals: [f64; D]) -> [f64; D] {
        match &self.rest {
            Some((memory, root)) if tau > *memory => std::array::from_fn(|i| {
                let mut sum = root[i][0] * normals[0];
                for j in 1..dim {
                    sum += root[i][j] * normals[j];
                }
                sum
            }),
            _ => {
                let noise = self.motion.noise_root(tau) * DVector::from_column_slice(&normals[..dim]);
                std::array::from_fn(|i| noise.get(i).copied().unwrap_or(0.0))
            }
        }
    }
}
