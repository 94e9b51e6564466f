//! The transition of a linear stochastic equation over many times.

use nalgebra::{DMatrix, SMatrix, SVector};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::noise::Stream;
use crate::scheme::linear::square_root;

/// Doublings of the time before the first rung, over which the covariance is summed from an exact small time.
const FINER: u32 = 14;
/// Norm of a flow that has come to rest, and the largest number of rungs.
const AT_REST: f64 = 1e-12;
const MOST_RUNGS: usize = 64;

/// `dz = M z dt + dW` with `E dW dWᵀ = D dt` over the times `τ, 2τ, 4τ, …` to the rest: the law of `z` is exact over each of them, and by steps of
/// several over any multiple of `τ`.
pub(super) struct Ladder<const N: usize> {
    shortest: f64,
    rungs: Vec<Rung<N>>,
}

struct Rung<const N: usize> {
    flow: SMatrix<f64, N, N>,
    /// A matrix whose square with its transpose is the covariance that the noise adds.
    root: SMatrix<f64, N, N>,
}

impl<const N: usize> Ladder<N> {
    /// The equation with the drift `M` and the covariance `D`, from the time `shortest` on. `M` must be stable.
    pub fn new(drift: &DMatrix<f64>, diffusion: &DMatrix<f64>, shortest: f64) -> Self {
        let step = shortest / 2f64.powi(FINER as i32);
        let mut flow = (drift * step).exp();
        let mut covariance = (diffusion + &flow * diffusion * flow.transpose()) * (0.5 * step);
        let mut rungs = Vec::new();
        for k in 0.. {
            if k >= FINER {
                let fixed = |matrix: &DMatrix<f64>| SMatrix::from_fn(|i, j| matrix[(i, j)]);
                rungs.push(Rung { flow: fixed(&flow), root: fixed(&square_root(&covariance)) });
            }
            if rungs.len() >= MOST_RUNGS || flow.norm() < AT_REST {
                break;
            }
            covariance += &flow * &covariance * flow.transpose();
            flow = &flow * &flow;
        }
        Ladder { shortest, rungs }
    }

    /// Whether a step of at most `most` is as long as the first rung.
    pub fn reaches(&self, most: f64) -> bool {
        most >= self.shortest
    }

    /// Moves `z` for at most `most`; returns for how long. `None` if `most` is shorter than the first rung.
    pub fn climb(&self, z: &mut SVector<f64, N>, most: f64, rng: &mut Stream) -> Option<f64> {
        if !self.reaches(most) {
            return None;
        }
        let doublings = (most / self.shortest).log2();
        let last = self.rungs.len() - 1;
        let rung = (doublings as usize).min(last);
        let Rung { flow, root } = &self.rungs[rung];
        let normals = SVector::<f64, N>::from_fn(|_, _| rng.sample(StandardNormal));
        *z = flow * *z + root * normals;
        // From the last rung on the path is at rest, however long the time.
        Some(if doublings >= last as f64 { most } else { self.shortest * 2f64.powi(rung as i32) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    /// The covariance of every rung solves `C(τ) = C_∞ - e^(Mτ) C_∞ e^(Mᵀτ)`, with `C_∞` of an Ornstein-Uhlenbeck process by hand.
    #[test]
    fn rungs_have_the_exact_covariance() {
        // Symmetric drift -H: C_∞ = D H⁻¹/2 for an isotropic D.
        let hessian = dmatrix![2.0, 0.5; 0.5, 1.0];
        let ladder = Ladder::<2>::new(&-&hessian, &(DMatrix::identity(2, 2) * 0.3), 0.05);
        let rest = hessian.clone().try_inverse().unwrap() * 0.15;
        for (k, rung) in ladder.rungs.iter().enumerate() {
            let flow = (&hessian * (-0.05 * 2f64.powi(k as i32))).exp();
            let exact = &rest - &flow * &rest * flow.transpose();
            let found = DMatrix::from_fn(2, 2, |i, j| (rung.root * rung.root.transpose())[(i, j)]);
            assert!((&found - &exact).amax() < 1e-8, "{k}: {found} {exact}");
            assert!((DMatrix::from_fn(2, 2, |i, j| rung.flow[(i, j)]) - flow).amax() < 1e-10);
        }
        assert!(ladder.rungs.len() > 8 && ladder.rungs.len() < 16);
    }
}
