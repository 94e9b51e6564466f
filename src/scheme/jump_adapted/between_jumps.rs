//! The motion of one path between two large jumps.

use nalgebra::DMatrix;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::large_jumps::{Cuts, LargeJumps};
use super::modes::Modes;
use super::runge_kutta::RungeKutta;
use crate::dynamics::{Averages, Problem};
use crate::landscape::Basin;
use crate::noise::Stream;

/// Steps away from the edge, in fastest relaxation times, for a motion without an exact flow over the wait.
pub(super) const FAR_STEP: f64 = 0.25;
/// Slowest relaxation times after which the past no longer matters: e^-9 is 10⁻⁴.
pub(super) const MEMORY: f64 = 9.0;

/// One path: its parameters, Adam's averages, and the scratch that flows need.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub t: f64,
    pub since_jump: f64,
    pub x: Vec<f64>,
    pub averages: Averages,
    /// Scratch for a gradient, or for the drift.
    pub gradient: Vec<f64>,
    pub phase: Vec<f64>,
    pub solver: RungeKutta,
    /// The last limit of a step by the curvature around its place.
    pub local_step: f64,
    pub modes: Modes,
    pub kick: Vec<f64>,
    pub scratch: Vec<f64>,
    pub before: Vec<f64>,
    pub normal: Vec<f64>,
    /// The cuts of the large jumps at the present position.
    pub cuts: Cuts,
    /// Distances to the edge along the noise coordinates, in units of `L`.
    pub ways: Vec<f64>,
    /// Scratch for the distances in units of those from the minimum, and for the exponents of a bridge.
    pub shares: Vec<f64>,
}

impl State {
    /// A state in `dim` dimensions.
    pub fn new(dim: usize, cuts: Cuts) -> Self {
        let zero = vec![0.0; dim];
        State {
            x: zero.clone(),
            gradient: zero.clone(),
            solver: RungeKutta::new(dim),
            kick: zero.clone(),
            scratch: zero.clone(),
            before: zero.clone(),
            normal: zero.clone(),
            ways: zero,
            cuts,
            ..State::default()
        }
    }

    /// Half of the small jumps of a step, as a Gaussian displacement.
    pub fn kick_half(&mut self, tau: f64, jumps: &LargeJumps, rng: &mut Stream) {
        jumps.small_kick(&self.cuts, 0.5 * tau, &mut self.kick, &mut self.scratch, rng);
        self.displace();
    }

    /// `θ += Q⁻¹ kick`.
    pub fn displace(&mut self) {
        if self.averages.q.is_empty() {
            self.x.iter_mut().zip(&self.kick).for_each(|(x, d)| *x += d);
        } else {
            self.x.iter_mut().zip(&self.kick).zip(&self.averages.q).for_each(|((x, d), q)| *x += d / q);
        }
    }

    /// Writes a Gaussian draw with the given root around `centre` into `x`, or into `phase` if it has twice the length.
    pub fn draw_around(&mut self, centre: &[f64], root: &DMatrix<f64>, rng: &mut Stream) {
        let out = if centre.len() == self.x.len() { &mut self.x } else { &mut self.phase };
        out.copy_from_slice(centre);
        for column in root.column_iter() {
            let normal: f64 = rng.sample(StandardNormal);
            out.iter_mut().zip(column.iter()).for_each(|(x, b)| *x += b * normal);
        }
    }

    /// `1/q_i`, 1 without preconditioner.
    pub fn inverse_q(&self, i: usize) -> f64 {
        self.averages.q.get(i).map_or(1.0, |q| 1.0 / q)
    }
}

/// The motion between large jumps.
pub(super) trait BetweenJumps: Send + Sync {
    /// Sets the state of the dynamics other than the parameters.
    fn start(&self, _state: &mut State) {}

    /// Longest admissible step, up to `longest`. Where the potential has no closed form it may be limited by the present place.
    fn step_limit(&self, state: &mut State, longest: f64, jumps: &LargeJumps) -> f64;

    /// Whether [`BetweenJumps::step_limit`] holds near the edge too, in place of the limit by the relaxation at the minimum.
    fn has_local_steps(&self) -> bool {
        false
    }

    /// Flow and small jumps over `tau`, with the cuts of the state.
    fn advance(&self, state: &mut State, tau: f64, jumps: &LargeJumps, rng: &mut Stream);

    /// Writes the velocity `dθ/dt` without the noise into `gradient`: at the beginning of the step for SGD, with the present momentum
    /// for Adam.
    fn drift(&self, state: &mut State);

    /// Skips a stretch after which the path has the law at rest: draws the state from that law and returns the time skipped, 0
    /// if the path is not at rest or the wait is too short.
    fn skip_rest(&self, _state: &mut State, _wait: f64, _rng: &mut Stream) -> f64 {
        0.0
    }
}

/// Distances to the edge along every axis, backwards and forwards.
pub(super) fn axis_reaches(basin: &Basin) -> Vec<[f64; 2]> {
    (0..basin.dim()).map(|axis| [-1.0, 1.0].map(|sign| basin.axis_exit_distance(axis, sign))).collect()
}

/// The shortest of [`axis_reaches`].
pub(super) fn shortest_axis(basin: &Basin) -> f64 {
    axis_reaches(basin).into_iter().flatten().fold(f64::INFINITY, f64::min)
}

/// Whether eight standard deviations at rest lie inside the basin, so that the linearisation holds for them; `variance` is the sum
/// over all coordinates.
pub(super) fn small_beside_basin(problem: &Problem, variance: f64) -> bool {
    8.0 * variance.sqrt() < shortest_axis(problem.basin())
}

/// Largest offsets of swings along separate axes, relative to the distance to the edge.
pub(super) enum Reached {
    /// Faces are reached one by one.
    Faces(f64),
    /// On a ball, an ellipsoid or a level set of a sum the squares add up to that of the gauge. Their number may be that of the
    /// dimensions: a plain sum of small fluctuations would grow as its root.
    Round(f64),
}

impl Reached {
    pub fn by(basin: &Basin) -> Self {
        if basin.sides().is_some() { Reached::Faces(0.0) } else { Reached::Round(0.0) }
    }

    pub fn add(&mut self, share: f64) {
        match self {
            Reached::Faces(largest) => *largest = largest.max(share),
            Reached::Round(square) => *square += share * share,
        }
    }

    pub fn is_inside(&self) -> bool {
        matches!(self, Reached::Faces(reached) | Reached::Round(reached) if *reached < 1.0)
    }
}
