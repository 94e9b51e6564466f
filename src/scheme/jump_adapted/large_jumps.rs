//! The jumps drawn exactly, and the Gaussian that stands for the others.

use nalgebra::DMatrix;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::barrier::{creeping_shift, isotropic_direction_factor};
use crate::dynamics::{Preconditioner, Problem};
use crate::landscape::sphere;
use crate::noise::{Amplitude, LevyMeasure, Stream, Structure};

/// How the shift of the edge falls with the ratio of drift to small-jump noise over a cut, `v δ/σ²`: where drift rules, only the
/// largest of the small jumps reach the edge, and the Brownian motion in their place crosses too seldom beyond it. Fitted with
/// the factor of [`creeping_shift`] to the Ornstein-Uhlenbeck rows of the exactness tests, where the ratio runs from .2 to 8.
const DRIFT_SHARE: f64 = 0.075;

/// The jumps of `ε Σ L` cut in two: those that move the parameters at rest by more than `κ` of the way to the edge, which
/// come at Poisson times with Pareto sizes, and the rest, a Brownian motion of the same variance (Asmussen-Rosiński).
///
/// With independent coordinates every noise coordinate has its own cut `δ_j = κ min(r_j+, r_j-)`, `r_j±` the exit distances
/// along `±ε Q*⁻¹ Σ e_j` in units of that vector; an isotropic noise has one, by the shortest way out.
pub(super) struct LargeJumps {
    structure: Structure,
    measure: LevyMeasure,
    epsilon: f64,
    amplitude: Amplitude,
    /// `δ_j` in units of `L`; one entry for isotropic noise.
    cuts: Vec<f64>,
    /// Variance per unit time of the jumps of `L_j` below the cut.
    small_variances: Vec<f64>,
    /// Running sums of the jump rates of the coordinates.
    cumulative: Vec<f64>,
    /// `f_α s_α`, with the direction factor of isotropic noise.
    shift: f64,
    dim: usize,
}

/// Noise of the small jumps as the edge sees it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EdgeNoise {
    /// Variance per unit time along the normal.
    pub variance: f64,
    /// Displacement along the normal by a jump at the cut, averaged by share of the variance.
    cut: f64,
    /// How far beyond the edge the Brownian part is watched where nothing drives the path away from it.
    shift: f64,
}

impl EdgeNoise {
    /// How far beyond the edge the Brownian part is watched against an inward drift of the given speed.
    pub fn shift(&self, inward: f64) -> f64 {
        if self.variance == 0.0 {
            return 0.0;
        }
        self.shift / (1.0 + DRIFT_SHARE * inward.max(0.0) * self.cut / self.variance)
    }

    /// The same noise for an axis whose displacements are divided by `q`.
    pub fn scaled(&self, inverse_q: f64) -> Self {
        EdgeNoise {
            variance: self.variance * inverse_q * inverse_q,
            cut: self.cut * inverse_q,
            shift: self.shift * inverse_q,
        }
    }
}

/// One large jump of `L`.
pub(super) enum Jump {
    /// Along one noise coordinate.
    Axis {
        /// The coordinate.
        axis: usize,
        /// Signed size in units of `L`.
        size: f64,
    },
    /// In all coordinates at once; the vector is in the scratch that was filled.
    Isotropic,
}

impl LargeJumps {
    /// `min(r_j+, r_j-)` of every noise coordinate; the shortest of all directions, as one entry, for isotropic noise.
    pub fn reaches(problem: &Problem, rest: &Preconditioner) -> Vec<f64> {
        let (basin, noise) = (problem.basin(), problem.noise());
        let dim = basin.dim();
        if noise.structure() == Structure::Independent {
            let reach = |j| {
                let [ahead, behind] = problem.jump_exits(rest, j, noise.epsilon());
                ahead.min(behind)
            };
            return (0..dim).map(reach).collect();
        }
        let mut shortest = f64::INFINITY;
        let mut v = vec![0.0; dim];
        let look = |u: &[f64]| {
            noise.amplitude().apply(u, &mut v);
            rest.divide(&mut v);
            v.iter_mut().for_each(|v| *v *= noise.epsilon());
            shortest = shortest.min(basin.exit_distance(&v));
            0.0
        };
        sphere::average(dim, look);
        let axes = (0..dim).flat_map(|axis| problem.jump_exits(rest, axis, noise.epsilon()));
        vec![axes.fold(shortest, f64::min)]
    }

    /// Cuts at the fraction `kappa` of the way to the edge, which is that of [`LargeJumps::reaches`].
    pub fn new(problem: &Problem, reaches: &[f64], kappa: f64) -> Self {
        let noise = problem.noise();
        let (dim, alpha, measure) = (problem.basin().dim(), noise.alpha().get(), *noise.measure());
        let (cuts, small_variances, rates, factor): (Vec<f64>, Vec<f64>, Vec<f64>, f64) = match noise.structure() {
            Structure::Independent => {
                let cuts: Vec<f64> = reaches.iter().map(|reach| kappa * reach).collect();
                // A coordinate that moves nothing has an infinite cut: no jumps, and no variance worth adding.
                let variance = |d: &f64| if d.is_finite() { measure.variance_below(*d) } else { 0.0 };
                let rate = |d: &f64| if d.is_finite() { measure.tail_mass(*d) } else { 0.0 };
                (cuts.clone(), cuts.iter().map(variance).collect(), cuts.iter().map(rate).collect(), 1.0)
            }
            Structure::Isotropic => {
                let cut = kappa * reaches[0];
                (
                    vec![cut],
                    vec![measure.isotropic_variance_below(dim, cut)],
                    vec![measure.isotropic_tail_mass(dim, cut)],
                    isotropic_direction_factor(dim),
                )
            }
        };
        let cumulative = rates
            .iter()
            .scan(0.0, |sum, rate| {
                *sum += rate;
                Some(*sum)
            })
            .collect();
        LargeJumps {
            structure: noise.structure(),
            measure,
            epsilon: noise.epsilon(),
            amplitude: noise.amplitude().clone(),
            cuts,
            small_variances,
            cumulative,
            shift: factor * creeping_shift(alpha),
            dim,
        }
    }

    /// Rate of large jumps, per unit time.
    pub fn rate(&self) -> f64 {
        self.cumulative.last().copied().unwrap_or(0.0)
    }

    /// `δ_j`, in units of `L`.
    pub fn cut(&self, j: usize) -> f64 {
        self.cuts[j]
    }

    /// Draws one large jump and leaves its displacement `ε Σ y`, before `Q⁻¹`, in `displacement`.
    pub fn draw(&self, displacement: &mut [f64], scratch: &mut [f64], rng: &mut Stream) -> Jump {
        match self.structure {
            Structure::Independent => {
                let axis = match self.cumulative.len() {
                    1 => 0,
                    n => {
                        let target = rng.random::<f64>() * self.rate();
                        self.cumulative.partition_point(|c| *c <= target).min(n - 1)
                    }
                };
                let size = self.measure.jump_above(self.cuts[axis], rng);
                match &self.amplitude {
                    Amplitude::Dense(m) => {
                        displacement
                            .iter_mut()
                            .zip(m.column(axis).iter())
                            .for_each(|(d, s)| *d = self.epsilon * size * s);
                    }
                    Amplitude::LowRank(sigma) => {
                        sigma.write_column(axis, displacement);
                        displacement.iter_mut().for_each(|d| *d *= self.epsilon * size);
                    }
                    _ => {
                        displacement.fill(0.0);
                        displacement[axis] = self.epsilon * size * self.amplitude.diagonal_entry(axis);
                    }
                }
                Jump::Axis { axis, size }
            }
            Structure::Isotropic => {
                let length = self.measure.jump_size_above(self.cuts[0], rng);
                scratch.iter_mut().for_each(|x| *x = rng.sample(StandardNormal));
                let norm = scratch.iter().map(|x| x * x).sum::<f64>().sqrt();
                scratch.iter_mut().for_each(|x| *x *= self.epsilon * length / norm);
                self.amplitude.apply(scratch, displacement);
                Jump::Isotropic
            }
        }
    }

    /// Gaussian displacement `ε Σ dW` of the small jumps over a time `tau`, before `Q⁻¹`, into `kick`.
    pub fn small_kick(&self, tau: f64, kick: &mut [f64], scratch: &mut [f64], rng: &mut Stream) {
        let scale = self.epsilon * tau.sqrt();
        for (j, x) in scratch.iter_mut().enumerate() {
            *x = scale * self.small_variance(j).sqrt() * rng.sample::<f64, _>(StandardNormal);
        }
        self.amplitude.apply(scratch, kick);
    }

    /// Variance per unit time of axis `i` by the small jumps, before `Q⁻²`, for a diagonal amplitude.
    pub fn axis_variance(&self, i: usize) -> f64 {
        let a = self.epsilon * self.amplitude.diagonal_entry(i);
        a * a * self.small_variance(i)
    }

    /// `ε² Σ diag(variances) Σᵀ`: covariance of the small jumps per unit time, before `Q⁻¹` on both sides.
    pub fn diffusion(&self) -> DMatrix<f64> {
        let mut root = self.amplitude.to_matrix(self.dim);
        for j in 0..self.dim {
            root.column_mut(j).scale_mut(self.epsilon * self.small_variance(j).sqrt());
        }
        &root * root.transpose()
    }

    /// What the edge with the (not necessarily unit) covector `normal` sees: `n` for SGD, `Q⁻¹n` for Adam.
    pub fn at_edge(&self, normal: &[f64]) -> EdgeNoise {
        match &self.amplitude {
            Amplitude::Dense(m) => {
                let along = |j: usize| m.column(j).iter().zip(normal).map(|(s, n)| s * n).sum::<f64>();
                self.edge_noise((0..self.dim).map(|j| (j, self.epsilon * along(j))))
            }
            Amplitude::LowRank(sigma) => {
                self.edge_noise(sigma.transposed(normal).enumerate().map(|(j, w)| (j, self.epsilon * w)))
            }
            _ => {
                let along = |(j, n): (usize, &f64)| (j, self.epsilon * n * self.amplitude.diagonal_entry(j));
                self.edge_noise(normal.iter().enumerate().map(along))
            }
        }
    }

    /// What an edge sees of the noise coordinates `j` that move the parameters by `w_j` along its normal.
    fn edge_noise(&self, weights: impl Iterator<Item = (usize, f64)>) -> EdgeNoise {
        let [mut variance, mut weighted, mut length] = [0.0; 3];
        for (j, w) in weights {
            let square = w * w * self.small_variance(j);
            variance += square;
            // A coordinate that moves nothing has an infinite cut.
            if square > 0.0 {
                weighted += w.abs() * square * self.cuts.get(j).copied().unwrap_or(self.cuts[0]);
            }
            length += w * w;
        }
        let cut = match self.structure {
            Structure::Independent if variance > 0.0 => weighted / variance,
            Structure::Independent => 0.0,
            Structure::Isotropic => self.cuts[0] * length.sqrt(),
        };
        EdgeNoise { variance, cut, shift: self.shift * cut }
    }

    /// What the face of a box across axis `i` sees, before `Q⁻¹`.
    pub fn at_face(&self, i: usize) -> EdgeNoise {
        if self.amplitude.is_diagonal() {
            return self.edge_noise(std::iter::once((i, self.epsilon * self.amplitude.diagonal_entry(i))));
        }
        let mut normal = vec![0.0; self.dim];
        normal[i] = 1.0;
        self.at_edge(&normal)
    }

    fn small_variance(&self, j: usize) -> f64 {
        match self.structure {
            Structure::Independent => self.small_variances[j],
            Structure::Isotropic => self.small_variances[0],
        }
    }
}
