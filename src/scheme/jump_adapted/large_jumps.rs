//! The jumps drawn exactly, and the replacement of the others.

use nalgebra::DMatrix;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::barrier::{edge_shift, isotropic_direction_factor};
use super::cut::{Cut, Ladder};
use super::cut_laws::{AxisScales, CutJumps, CutMeasure};
use crate::dynamics::{Preconditioner, Problem};
use crate::landscape::sphere;
use crate::noise::{Amplitude, LevyMeasure, Stream, Structure};

/// The jumps of `ε Σ L` in two parts.
///
/// With independent coordinates every noise coordinate has its own cut, a share of `min(r_j+, r_j-)`, `r_j±` the exit distances
/// along `±ε Q⁻¹ Σ e_j` in units of that vector; isotropic noise has one, from the shortest exit distance. Far from the edge these are the
/// exit distances from the minimum with `Q*`, near it those from the present point.
pub(super) struct LargeJumps {
    structure: Structure,
    measure: LevyMeasure,
    epsilon: f64,
    amplitude: Amplitude,
    dim: usize,
    /// Cuts far from the edge, and the largest near it; one entry for isotropic noise.
    far: Vec<Cut>,
    near: Vec<Cut>,
    /// Running sums of the rates of `far`.
    cumulative: Vec<f64>,
    ladder: Ladder,
    /// Variance of all small jumps in units of the Gaussian part, near the edge.
    whole: f64,
    /// `p^(1/α)` with the share `p = 1 - α/4` of the jumps larger than the cut, near the edge.
    pareto_root: f64,
    /// Shift of the barrier in units of the cut, with the direction factor of isotropic noise.
    shift: f64,
    /// The jumps of tempered and truncated noise.
    cut_law: Option<CutJumps>,
}

/// The cuts at a place.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts {
    pub near: bool,
    list: Vec<Cut>,
    /// Numbers of the cuts of tempered and truncated noise, near the edge.
    rungs: Vec<usize>,
    /// Rate of all jumps that are drawn.
    pub rate: f64,
}

/// Noise of the small jumps along the normal of the edge.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EdgeNoise {
    /// Variance per unit time along the normal.
    pub variance: f64,
    /// Shift of the barrier of the Gaussian part beyond the edge.
    pub shift: f64,
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
    /// In all coordinates at once; the vector is in the scratch.
    Isotropic,
}

impl LargeJumps {
    /// `min(r_j+, r_j-)` of every noise coordinate; the shortest of all directions, as one entry, for isotropic noise.
    pub fn reaches(problem: &Problem, rest: &Preconditioner) -> Vec<f64> {
        let (basin, noise) = (problem.basin(), problem.noise());
        let dim = basin.dim();
        if noise.structure() == Structure::Independent {
            let faces = (0..dim).flat_map(|axis| [-1.0, 1.0].map(|sign| basin.axis_exit_distance(axis, sign)));
            let nearest = if basin.couples_open_axes() { faces.fold(f64::INFINITY, f64::min) } else { f64::INFINITY };
            let reach = |j| {
                let [ahead, behind] = problem.jump_exits(rest, j, noise.epsilon());
                let reach = ahead.min(behind);
                if reach.is_infinite() && nearest.is_finite() {
                    // The force turns such a jump towards faces, the nearest of which sets the scale.
                    let length = problem.jump_direction(rest, j).iter().map(|v| v * v).sum::<f64>().sqrt();
                    return nearest / (noise.epsilon() * length);
                }
                reach
            };
            return (0..dim).map(reach).collect();
        }
        let mut shortest = f64::INFINITY;
        let mut v = vec![0.0; dim];
        sphere::visit(dim, |u| {
            noise.amplitude().apply(u, &mut v);
            rest.divide(&mut v);
            v.iter_mut().for_each(|v| *v *= noise.epsilon());
            shortest = shortest.min(basin.exit_distance(&v));
        });
        let axes = (0..dim).flat_map(|axis| problem.jump_exits(rest, axis, noise.epsilon()));
        vec![axes.fold(shortest, f64::min)]
    }

    /// Rate of the jumps all the way to the edge.
    pub fn rate_to_edge(problem: &Problem, reaches: &[f64]) -> f64 {
        let noise = problem.noise();
        let cut = Cut::gaussian(noise.measure(), noise.structure(), problem.basin().dim());
        reaches.iter().map(|reach| cut(*reach).rate).sum()
    }

    /// Cuts at the fractions `far` and `near` of the distances to the edge; [`LargeJumps::reaches`] gives those from the minimum.
    pub fn new(problem: &Problem, reaches: &[f64], [far, near]: [f64; 2]) -> Self {
        let noise = problem.noise();
        let (dim, alpha, measure) = (problem.basin().dim(), noise.alpha().get(), *noise.measure());
        let gaussian = Cut::gaussian(&measure, noise.structure(), dim);
        let far: Vec<Cut> = reaches.iter().map(|reach| gaussian(far * reach)).collect();
        let near = reaches.iter().map(|reach| gaussian(near * reach).with_jumps_at_it(alpha)).collect();
        let cumulative = running_rates(&far);
        let factor = match noise.structure() {
            Structure::Independent => 1.0,
            Structure::Isotropic => isotropic_direction_factor(dim),
        };
        LargeJumps {
            structure: noise.structure(),
            measure,
            epsilon: noise.epsilon(),
            amplitude: noise.amplitude().clone(),
            dim,
            far,
            near,
            cumulative,
            ladder: Ladder::new(alpha),
            whole: 0.5 * (4.0 - alpha),
            pareto_root: (1.0 - 0.25 * alpha).powf(1.0 / alpha),
            shift: factor * edge_shift(alpha),
            cut_law: None,
        }
    }

    /// The jumps of tempered or truncated noise in place of the stable ones, at the same cuts or smaller ones.
    pub fn with_cut_law(mut self, measure: CutMeasure, reaches: &[f64], scales: &[AxisScales], near: f64) -> Self {
        let smaller = |(cut, scales): (&Cut, &AxisScales)| {
            // A coordinate of amplitude 0 has an infinite cut.
            let size = if cut.size.is_finite() { cut.size.min(scales.far) } else { cut.size };
            CutJumps::far(&measure, size)
        };
        self.far = self.far.iter().zip(scales).map(smaller).collect();
        self.cumulative = running_rates(&self.far);
        self.cut_law = Some(CutJumps::new(measure, reaches, scales, near, self.shift));
        self
    }

    /// The cuts far from the edge, or the largest near it, of coordinate `j`.
    pub fn far(&self, j: usize) -> Cut {
        self.far.get(j).copied().unwrap_or(self.far[0])
    }

    /// As [`LargeJumps::far`].
    pub fn largest_near(&self, j: usize) -> Cut {
        self.near.get(j).copied().unwrap_or(self.near[0])
    }

    /// The cuts of a path, set to those far from the edge.
    pub fn cuts_far(&self) -> Cuts {
        let rungs = if self.cut_law.is_some() { vec![0; self.far.len()] } else { Vec::new() };
        Cuts { near: false, list: self.far.clone(), rungs, rate: self.far_rate() }
    }

    fn far_rate(&self) -> f64 {
        self.cumulative.last().copied().unwrap_or(0.0)
    }

    /// Sets the cuts far from the edge.
    pub fn set_far(&self, cuts: &mut Cuts) {
        if cuts.near {
            cuts.near = false;
            cuts.list.copy_from_slice(&self.far);
            cuts.rate = self.far_rate();
        }
    }

    /// Sets the cuts where the edge is `shares[j]` as far away along noise coordinate `j` as from the minimum.
    pub fn set_near(&self, cuts: &mut Cuts, shares: &[f64]) {
        cuts.near = true;
        cuts.rate = 0.0;
        if let Some(law) = &self.cut_law {
            for (j, share) in shares.iter().enumerate() {
                // A coordinate of amplitude 0 has no jumps.
                if self.far[j].size.is_finite() {
                    cuts.rungs[j] = law.at(j, *share);
                    cuts.list[j] = law.rung(cuts.rungs[j]).cut;
                    cuts.rate += cuts.list[j].rate;
                }
            }
            return;
        }
        for ((cut, largest), share) in cuts.list.iter_mut().zip(&self.near).zip(shares) {
            *cut = self.ladder.lower(largest, *share);
            cuts.rate += cut.rate;
        }
    }

    /// Variance of all small jumps in units of the variance of the Gaussian part near the edge.
    pub fn whole(&self) -> f64 {
        self.whole
    }

    /// [`LargeJumps::whole`] of noise coordinate `j` at a place near the edge.
    pub fn whole_at(&self, cuts: &Cuts, j: usize) -> f64 {
        self.cut_law.as_ref().map_or(self.whole, |law| law.rung(cuts.rungs[j]).whole)
    }

    /// The ladder of the cuts near the edge.
    pub fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// The smallest size of a Pareto jump that is larger than the cut, near the edge, in units of the smallest of all.
    pub fn pareto_root(&self) -> f64 {
        self.pareto_root
    }

    /// Shift of the barrier in units of the cut.
    pub fn shift(&self) -> f64 {
        self.shift
    }

    /// Draws one large jump and leaves its displacement `ε Σ y`, before `Q⁻¹`, in `displacement`. A size that overflows is infinite
    /// in the coordinates that it moves.
    pub fn draw(&self, cuts: &Cuts, displacement: &mut [f64], scratch: &mut [f64], rng: &mut Stream) -> Jump {
        let axis = match (cuts.list.len(), cuts.near) {
            (1, _) => 0,
            (n, false) => {
                let target = rng.random::<f64>() * cuts.rate;
                self.cumulative.partition_point(|c| *c <= target).min(n - 1)
            }
            (n, true) => {
                let mut target = rng.random::<f64>() * cuts.rate;
                let beyond = |cut: &Cut| {
                    target -= cut.rate;
                    target < 0.0
                };
                cuts.list.iter().position(beyond).unwrap_or(n - 1)
            }
        };
        let cut = cuts.list[axis].size;
        let size = match (&self.cut_law, cuts.near) {
            (None, true) => (self.measure.jump_size_above(1.0, rng) * self.pareto_root).max(1.0) * cut,
            (None, false) => self.measure.jump_size_above(cut, rng),
            (Some(law), true) => law.size_near(cuts.rungs[axis], rng),
            (Some(law), false) => law.size_far(cut, rng),
        };
        match self.structure {
            Structure::Independent => {
                let size = if rng.random::<bool>() { size } else { -size };
                let moved = |s: f64| if s == 0.0 { 0.0 } else { self.epsilon * s * size };
                match &self.amplitude {
                    Amplitude::Dense(m) => {
                        displacement.iter_mut().zip(m.column(axis).iter()).for_each(|(d, s)| *d = moved(*s));
                    }
                    Amplitude::LowRank(sigma) => {
                        sigma.write_column(axis, displacement);
                        displacement.iter_mut().for_each(|d| *d = moved(*d));
                    }
                    _ => {
                        displacement.fill(0.0);
                        displacement[axis] = moved(self.amplitude.diagonal_entry(axis));
                    }
                }
                Jump::Axis { axis, size }
            }
            Structure::Isotropic => {
                scratch.iter_mut().for_each(|x| *x = rng.sample(StandardNormal));
                let norm = scratch.iter().map(|x| x * x).sum::<f64>().sqrt();
                scratch.iter_mut().for_each(|x| *x *= self.epsilon * size / norm);
                self.amplitude.apply(scratch, displacement);
                Jump::Isotropic
            }
        }
    }

    /// Writes the Gaussian displacement `ε Σ dW` of the small jumps over a time `tau`, before `Q⁻¹`, into `kick`.
    pub fn small_kick(&self, cuts: &Cuts, tau: f64, kick: &mut [f64], scratch: &mut [f64], rng: &mut Stream) {
        for (j, x) in scratch.iter_mut().enumerate() {
            *x = self.epsilon * (tau * cuts.of(j).variance).sqrt() * rng.sample::<f64, _>(StandardNormal);
        }
        self.amplitude.apply(scratch, kick);
    }

    /// Variance per unit time of axis `i` by the small jumps, before `Q⁻²`, for a diagonal amplitude.
    pub fn axis_variance(&self, cut: Cut, i: usize) -> f64 {
        // The square of the noise level alone may overflow or underflow.
        let deviation = self.epsilon * self.amplitude.diagonal_entry(i) * cut.variance.sqrt();
        deviation * deviation
    }

    /// `ε² Σ diag(variances) Σᵀ`: covariance of the small jumps per unit time far from the edge, before `Q⁻¹` on both sides.
    pub fn diffusion(&self) -> DMatrix<f64> {
        let mut root = self.amplitude.to_matrix(self.dim);
        for j in 0..self.dim {
            root.column_mut(j).scale_mut(self.epsilon * self.far(j).variance.sqrt());
        }
        &root * root.transpose()
    }

    /// The noise along the (not necessarily unit) covector `normal` of the edge: `n` for SGD, `Q⁻¹n` for Adam.
    pub fn at_edge(&self, cuts: &Cuts, normal: &[f64]) -> EdgeNoise {
        match &self.amplitude {
            Amplitude::Dense(m) => {
                let along = |j: usize| m.column(j).iter().zip(normal).map(|(s, n)| s * n).sum::<f64>();
                self.edge_noise(cuts, (0..self.dim).map(|j| (j, along(j))))
            }
            Amplitude::LowRank(sigma) => self.edge_noise(cuts, sigma.transposed(normal).enumerate()),
            _ => {
                let along = |(j, n): (usize, &f64)| (j, n * self.amplitude.diagonal_entry(j));
                self.edge_noise(cuts, normal.iter().enumerate().map(along))
            }
        }
    }

    /// The noise along the normal of an edge, from noise coordinates `j` that move the parameters by `ε w_j` along it.
    fn edge_noise(&self, cuts: &Cuts, weights: impl Iterator<Item = (usize, f64)>) -> EdgeNoise {
        let [mut variance, mut weighted, mut length] = [0.0; 3];
        for (j, w) in weights {
            let (w, cut) = (self.epsilon * w, cuts.of(j));
            let deviation = w * cut.variance.sqrt();
            let square = deviation * deviation;
            variance += square;
            // A coordinate of amplitude 0 has an infinite cut.
            if square > 0.0 {
                weighted += w.abs() * square * cut.size * self.relative_shift(cuts, j);
            }
            length += w * w;
        }
        let cut = match self.structure {
            Structure::Independent if variance > 0.0 => weighted / variance,
            Structure::Independent => 0.0,
            Structure::Isotropic => cuts.of(0).size * length.sqrt(),
        };
        EdgeNoise { variance, shift: self.shift * cut }
    }

    /// Shift of the barrier for jumps along noise coordinate `j`, in units of that of the stable law.
    fn relative_shift(&self, cuts: &Cuts, j: usize) -> f64 {
        match &self.cut_law {
            Some(law) if cuts.near => law.rung(cuts.rungs[j]).shift,
            _ => 1.0,
        }
    }

    /// The noise along the normal of the faces of axis `i` of a box, before `Q⁻¹`; `scratch` is as long as a point.
    pub fn at_face(&self, cuts: &Cuts, i: usize, scratch: &mut [f64]) -> EdgeNoise {
        if self.amplitude.is_diagonal() {
            return self.edge_noise(cuts, std::iter::once((i, self.amplitude.diagonal_entry(i))));
        }
        scratch.fill(0.0);
        scratch[i] = 1.0;
        self.at_edge(cuts, scratch)
    }

    /// `Σ`.
    pub fn amplitude(&self) -> &Amplitude {
        &self.amplitude
    }

    /// Writes column `j` of `εΣ` into `column`.
    pub fn write_column(&self, j: usize, column: &mut [f64]) {
        match &self.amplitude {
            Amplitude::Dense(m) => column.iter_mut().zip(m.column(j).iter()).for_each(|(c, s)| *c = self.epsilon * s),
            Amplitude::LowRank(sigma) => {
                sigma.write_column(j, column);
                column.iter_mut().for_each(|c| *c *= self.epsilon);
            }
            _ => {
                column.fill(0.0);
                column[j] = self.epsilon * self.amplitude.diagonal_entry(j);
            }
        }
    }

    /// `εΣ_jj` of a diagonal amplitude.
    pub fn axis_amplitude(&self, j: usize) -> f64 {
        self.epsilon * self.amplitude.diagonal_entry(j)
    }

    /// Whether one jump moves all coordinates.
    pub fn is_isotropic(&self) -> bool {
        self.structure == Structure::Isotropic
    }
}

fn running_rates(cuts: &[Cut]) -> Vec<f64> {
    let sum = |sum: &mut f64, cut: &Cut| {
        *sum += cut.rate;
        Some(*sum)
    };
    cuts.iter().scan(0.0, sum).collect()
}

impl Cuts {
    /// Cuts near the edge.
    pub fn set(&mut self, cuts: impl Iterator<Item = Cut>, rate: f64) {
        self.near = true;
        self.list.clear();
        self.list.extend(cuts);
        self.rate = rate;
    }

    /// The cut of coordinate `j`.
    pub fn of(&self, j: usize) -> Cut {
        self.list.get(j).copied().unwrap_or(self.list[0])
    }
}
