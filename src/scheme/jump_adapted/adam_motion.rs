//! Adam between large jumps.
//!
//! `(θ, m̂)` is advanced with `Q` held over the step, `v̂` half a step before and after. On uncoupled axes the flow
//! and its Gaussian are exact; the modes of `Q^(-½) H Q^(-½)` uncouple a full Hessian; any other potential needs an
//! adaptive step.

use nalgebra::DMatrix;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::barrier::STEP_RELAXATION;
use super::between_jumps::{BetweenJumps, FAR_STEP, MEMORY, Reached, State, axis_reaches, small_beside_basin};
use super::large_jumps::LargeJumps;
use super::local_steps::LocalSteps;
use super::modes::Modes;
use super::runge_kutta::RungeKutta;
use crate::dynamics::{Adam, Averages, Problem};
use crate::landscape::Form;
use crate::noise::{Seed, Stream};
use crate::scheme::SchemeError;
use crate::scheme::linear::{
    covariance_at_rest, lower_pair, lower_root, momentum_covariance, momentum_flow, momentum_return, momentum_step,
    slow_rate, square_root,
};
use crate::scheme::time_scale::relaxation_rates;

/// Share of `v̂` that the gradient may add, and by which `v̂` may differ from its value at rest, in a step as long as the wait.
pub(super) const AT_REST: f64 = 0.01;

/// Share of the distance to the edge that a swing may keep at the end of a skipped wait.
pub(super) const FORGOTTEN: f64 = 1e-3;
/// Times of memory after which a swing inside the basin is forgotten: e^-8 is below [`FORGOTTEN`].
pub(super) const LONG: f64 = 8.0;

/// Deviations at rest above which a swing goes from kink to kink in one step: the noise of the step changes the crossing only in
/// second order.
pub(super) const WIDE: f64 = 6.0;

/// Dimensions in which a gradient needs no allocation.
const FEW: usize = 16;

/// Draws at rest across a kink, steps between two of them, and draws discarded at the beginning.
const REST_DRAWS: usize = 20_000;
const REST_STRIDE: usize = 8;
const REST_START: usize = 100;

pub(super) struct AdamMotion {
    problem: Problem,
    pub(super) adam: Adam,
    pub(super) noise_scales: Vec<f64>,
    flow: Flow,
    /// Distances to the edge along every axis, backwards and forwards.
    reaches: Vec<[f64; 2]>,
    /// The fastest rate of the motion.
    pub(super) rate: f64,
    /// Longest step near the edge in relaxation times, in a potential without a closed form.
    near_step: f64,
    tolerance: f64,
    /// The time after which the position of a path no longer depends on its start.
    pub(super) memory: f64,
    /// The law of `(θ, m̂)` at rest and `E (∇F)²` there.
    rest: Option<(Rest, Vec<f64>)>,
    /// The scales by which a swing is measured on every axis, if there is a law at rest.
    still: Option<Vec<StillAxis>>,
    /// Draws of `(y, m̂)` at rest across a kink, one list for all equal axes.
    kinked: Vec<Vec<[f64; 2]>>,
}

/// The law at rest of one axis: root of the covariance of `(θ - θ*, m̂)` as a lower triangle, `E (∇F)²`, and `q*`.
#[derive(Clone, Copy)]
pub(super) struct RestOnAxis {
    pub root: [f64; 3],
    pub square: f64,
    pub q: f64,
}

/// The law at rest of one axis with a kink: draws of `(y, m̂)`, `E (∇F)²`, `q*`, and the variance per unit time far from the edge before `Q⁻²`.
pub(super) struct KinkAtRest {
    pub draws: Vec<[f64; 2]>,
    pub square: f64,
    pub q: f64,
    pub variance: f64,
}

struct StillAxis {
    /// Entry of `Q*`.
    q: f64,
    /// Number of the list of draws at rest, if the curvatures differ.
    kinked: Option<usize>,
}

/// A root of the covariance of `(θ - θ*, m̂)` at rest.
enum Rest {
    /// `[yy, my, mm]` of a lower triangle on every axis.
    Axes(Vec<[f64; 3]>),
    /// In `2d` rows.
    Joint(DMatrix<f64>),
}

impl Rest {
    /// Writes a draw into `phase`.
    fn draw(&self, state: &mut State, rng: &mut Stream) {
        match self {
            Rest::Axes(roots) => {
                let (y, m) = state.phase.split_at_mut(roots.len());
                for ((y, m), root) in y.iter_mut().zip(m).zip(roots) {
                    [*y, *m] = lower_pair(*root, [rng.sample(StandardNormal), rng.sample(StandardNormal)]);
                }
            }
            Rest::Joint(root) => state.draw_around(&vec![0.0; root.nrows()], root, rng),
        }
    }
}

enum Flow {
    /// Curvatures and small-jump variances (before `Q⁻²`) of uncoupled axes.
    Axes { left: Vec<f64>, right: Vec<f64>, variances: Vec<f64> },
    /// A full Hessian.
    Modal(DMatrix<f64>),
    /// Any potential.
    General,
}

impl AdamMotion {
    pub fn new(problem: &Problem, adam: &Adam, jumps: &LargeJumps) -> Self {
        let potential = problem.basin().potential();
        let dim = potential.dim();
        let flow = match (potential.form(), potential.form().axis_curvatures(dim)) {
            (_, Some([left, right])) if problem.noise().amplitude().is_diagonal() => {
                Flow::Axes { left, right, variances: (0..dim).map(|i| jumps.axis_variance(jumps.far(i), i)).collect() }
            }
            (Form::Flat | Form::Diagonal(_) | Form::Dense(_), _) => Flow::Modal(potential.hessian(potential.minimum())),
            _ => Flow::General,
        };
        let [fastest, slowest] = relaxation_rates(problem);
        let reaches = axis_reaches(problem.basin());
        let mut motion = AdamMotion {
            problem: problem.clone(),
            adam: adam.clone(),
            noise_scales: adam.noise_scales(problem.noise(), dim),
            flow,
            rate: fastest,
            near_step: STEP_RELAXATION,
            tolerance: 1e-5 * reaches.iter().flatten().copied().fold(f64::INFINITY, f64::min),
            reaches,
            memory: MEMORY / slowest,
            rest: None,
            still: None,
            kinked: Vec::new(),
        };
        if fastest > 0.0 {
            motion.rest = match &motion.flow {
                Flow::Axes { left, right, variances } => motion.axes_at_rest([left, right], variances),
                // Without a law at rest no wait is skipped.
                _ if 2 * dim > SchemeError::MOST_ROWS => None,
                _ => motion.law_at_rest(jumps),
            };
            motion.still = motion.still_axes(slowest);
        }
        motion
    }

    /// The law at rest in one dimension, if there is one.
    pub fn rest_on_interval(&self) -> Option<RestOnAxis> {
        match self.rest_on_axes() {
            Some(axes) if axes.len() == 1 => Some(axes[0]),
            _ => None,
        }
    }

    /// The law at rest in one dimension with a kink, if there is one.
    pub fn rest_across_kink(&self) -> Option<KinkAtRest> {
        let ((_, squares), Flow::Axes { variances, .. }) = (self.rest.as_ref()?, &self.flow) else { return None };
        let [axis] = self.still.as_deref()? else { return None };
        let draws = self.kinked[axis.kinked?].clone();
        Some(KinkAtRest { draws, square: squares[0], q: axis.q, variance: variances[0] })
    }

    /// The law at rest of separate axes, if there is one.
    pub fn rest_on_axes(&self) -> Option<Vec<RestOnAxis>> {
        let Some((Rest::Axes(roots), squares)) = &self.rest else { return None };
        let q = self.problem.preconditioner()?;
        let axes = roots.iter().zip(squares).enumerate();
        Some(axes.map(|(i, (root, square))| RestOnAxis { root: *root, square: *square, q: q.entry(i) }).collect())
    }

    /// The numbers that [`AdamMotion::forgets`] and [`AdamMotion::rest_at_end`] need.
    fn still_axes(&mut self, slowest: f64) -> Option<Vec<StillAxis>> {
        self.rest.as_ref()?;
        let Flow::Axes { left, right, variances } = &self.flow else { return None };
        if !(slowest > 0.0) {
            return None;
        }
        let q = self.problem.preconditioner()?;
        let mut known: Vec<[f64; 4]> = Vec::new();
        let axis = |i: usize| {
            let law = [left[i], right[i], q.entry(i), variances[i]];
            let kinked = (left[i] != right[i]).then(|| {
                known.iter().position(|k| *k == law).unwrap_or_else(|| {
                    known.push(law);
                    self.kinked.push(rest_across_kink(self.adam.beta1_rate(), law));
                    known.len() - 1
                })
            });
            StillAxis { q: q.entry(i), kinked }
        };
        Some((0..left.len()).map(axis).collect())
    }

    /// Whether a path with a swing well inside the basin, too small to move `v̂`, loses its memory during the wait. The energy
    /// `k y² + m²/(β q)` falls on either side of a kink, and bounds the swing and the gradient.
    pub(super) fn forgets(&self, state: &State, wait: f64) -> bool {
        let (Some(still), Flow::Axes { left, right, .. }) = (&self.still, &self.flow) else { return false };
        let beta = self.adam.beta1_rate();
        // After ten times of the bias correction it is negligible in `m̂`.
        if beta * state.t < 10.0 && state.since_jump.is_finite() {
            return false;
        }
        let minimum = self.problem.basin().minimum();
        // What a decaying square of rate `2/τ` adds to an average of rate `β2`.
        let lasting = (0.5 * self.adam.beta2_rate() * self.memory / MEMORY).min(1.0);
        let (mut swing, mut slowdown, mut reached) = (0.0f64, 1.0f64, Reached::by(self.problem.basin()));
        for (i, axis) in still.iter().enumerate() {
            let (y, m, q) = (state.x[i] - minimum[i], state.averages.m[i], state.averages.q[i]);
            let k = if y < 0.0 { left[i] } else { right[i] };
            let energy = k * y * y + m * m / (beta * q);
            if state.averages.moves() && lasting * energy * left[i].max(right[i]) > AT_REST * state.averages.v[i] {
                return false;
            }
            let [behind, ahead] = self.reaches[i];
            let amplitude = ((energy / left[i]).sqrt() / behind).max((energy / right[i]).sqrt() / ahead);
            reached.add(amplitude);
            swing = swing.max(amplitude);
            slowdown = slowdown.max(q / axis.q);
        }
        reached.is_inside() && swing * (-wait * MEMORY / (self.memory * slowdown)).exp() < FORGOTTEN
    }

    /// The law at rest at the end of the wait, with `v̂` at that time.
    fn rest_at_end(&self, state: &mut State, wait: f64, rng: &mut Stream) {
        let Some((rest, square)) = &self.rest else { return };
        let dim = state.x.len();
        rest.draw(state, rng);
        let minimum = self.problem.basin().minimum();
        let weight = Adam::weight(self.adam.beta2_rate(), state.t, wait);
        for i in 0..dim {
            let kinked = self.still.as_ref().and_then(|still| still[i].kinked).map(|list| &self.kinked[list]);
            let [y, m] = match kinked {
                Some(draws) => draws[rng.random_range(0..draws.len())],
                None => [state.phase[i], state.phase[dim + i]],
            };
            (state.x[i], state.averages.m[i]) = (minimum[i] + y, m);
            if state.averages.moves() {
                let target = state.averages.target(i, 0.0) + square[i];
                state.averages.v[i] += weight * (target - state.averages.v[i]);
            }
        }
        state.averages.set_preconditioner();
    }

    /// Whether a step as long as the wait has the right law once `v̂` rests.
    fn is_exact(&self) -> bool {
        matches!(&self.flow, Flow::Axes { left, right, .. } if left == right)
    }

    /// Uncoupled axes at rest with `Q*`, if their fluctuations are small compared with the basin. If two curvatures meet, the flatter
    /// side decides for both, and `E (∇F)²` weights the sides by their widths.
    fn axes_at_rest(&self, curvatures: [&[f64]; 2], variances: &[f64]) -> Option<(Rest, Vec<f64>)> {
        let q = self.problem.preconditioner()?;
        let beta = self.adam.beta1_rate();
        let (mut total, mut roots, mut squares) = (0.0, Vec::new(), Vec::new());
        for (i, variance) in variances.iter().enumerate() {
            let sides = curvatures.map(|k| k[i]);
            if !(sides[0].min(sides[1]) > 0.0) {
                return None;
            }
            let q = q.entry(i);
            let rests = sides.map(|k| momentum_covariance(beta, k, q, variance / (q * q)));
            let [left, right] = rests.map(|[yy, ..]| yy.sqrt());
            total += left.max(right).powi(2);
            let square = |side: usize| sides[side] * sides[side] * rests[side][0];
            let share = if variance > &0.0 { left / (left + right) } else { 0.0 };
            squares.push(share * square(0) + (1.0 - share) * square(1));
            roots.push(lower_root(rests[1]));
        }
        small_beside_basin(&self.problem, total).then_some((Rest::Axes(roots), squares))
    }

    /// The linearisation at the minimum with `Q*`, if its fluctuations are small compared with the basin.
    fn law_at_rest(&self, jumps: &LargeJumps) -> Option<(Rest, Vec<f64>)> {
        let dim = self.noise_scales.len();
        let q = self.problem.preconditioner()?;
        let hessian = self.problem.basin().potential().hessian(self.problem.basin().minimum());
        let beta = self.adam.beta1_rate();
        let diffusion = jumps.diffusion();
        let mut drift = DMatrix::zeros(2 * dim, 2 * dim);
        let mut spread = DMatrix::zeros(2 * dim, 2 * dim);
        for i in 0..dim {
            drift[(i, dim + i)] = -1.0 / q.entry(i);
            drift[(dim + i, dim + i)] = -beta;
            for j in 0..dim {
                drift[(dim + i, j)] = beta * hessian[(i, j)];
                spread[(i, j)] = diffusion[(i, j)] / (q.entry(i) * q.entry(j));
            }
        }
        let covariance = covariance_at_rest(&drift, &spread)?;
        let theta = covariance.view((0, 0), (dim, dim)).clone_owned();
        if !small_beside_basin(&self.problem, theta.trace()) {
            return None;
        }
        let gradient = &hessian * theta * hessian.transpose();
        Some((Rest::Joint(square_root(&covariance)), gradient.diagonal().iter().copied().collect()))
    }

    pub(super) fn move_second_moment(&self, state: &mut State, t: f64, tau: f64) {
        if !state.averages.moves() {
            return;
        }
        self.problem.basin().potential().gradient(&state.x, &mut state.gradient);
        let weight = Adam::weight(self.adam.beta2_rate(), t, tau);
        for (i, &g) in state.gradient.iter().enumerate() {
            let target = state.averages.target(i, g);
            state.averages.v[i] += weight * (target - state.averages.v[i]);
        }
        state.averages.set_preconditioner();
    }

    /// `β1 μ` in the middle of a step.
    fn momentum_rate(&self, t: f64, tau: f64) -> f64 {
        Adam::corrected_rate(self.adam.beta1_rate(), t + 0.5 * tau)
    }

    fn advance_axes(
        &self,
        state: &mut State,
        tau: f64,
        curvatures: [&[f64]; 2],
        variances: &[f64],
        jumps: &LargeJumps,
        rng: &mut Stream,
    ) {
        let beta = self.momentum_rate(state.t, tau);
        let minimum = self.problem.basin().minimum();
        // Neighbouring axes are often equal, and then share flow and noise.
        let (mut last, mut flow, mut noise) = ([f64::NAN; 3], [[0.0; 2]; 2], [0.0; 3]);
        for i in 0..state.x.len() {
            let (y, m, q) = (state.x[i] - minimum[i], state.averages.m[i], state.averages.q[i]);
            let ahead = self.wide_swing(state, i, curvatures, variances).map_or(y >= 0.0, |swing| swing.ahead);
            let k = curvatures[usize::from(ahead)][i];
            let local = jumps.axis_variance(state.cuts.of(i), i);
            if last != [k, q, local] {
                last = [k, q, local];
                let (over_step, gathered) = momentum_step(beta, k, q, local / (q * q), tau);
                (flow, noise) = (over_step, lower_root(gathered));
            }
            let [to_y, to_m] = lower_pair(noise, [rng.sample(StandardNormal), rng.sample(StandardNormal)]);
            state.x[i] = minimum[i] + flow[0][0] * y + flow[0][1] * m + to_y;
            state.averages.m[i] = flow[1][0] * y + flow[1][1] * m + to_m;
        }
    }

    /// The flow of `Q⁻¹H` through the modes `U` of `Q^(-½) H Q^(-½)`: `Uᵀ Q^½ (θ - θ*)` and `Uᵀ Q^(-½) m̂` move like axes with `q = 1`.
    fn advance_modes(&self, state: &mut State, tau: f64, hessian: &DMatrix<f64>) {
        let dim = state.x.len();
        let minimum = self.problem.basin().minimum();
        let beta = self.momentum_rate(state.t, tau);
        let State { x, averages, modes, .. } = state;
        modes.refresh(hessian, &averages.q);
        let Modes { root, vectors, values, by_axis: [scaled, momentum], by_mode: [y, m], .. } = modes;
        for i in 0..dim {
            scaled[i] = root[i] * (x[i] - minimum[i]);
            momentum[i] = averages.m[i] / root[i];
        }
        vectors.tr_mul_to(scaled, y);
        vectors.tr_mul_to(momentum, m);
        for i in 0..dim {
            let flow = momentum_flow(beta, values[i].max(0.0), 1.0, tau);
            (y[i], m[i]) = (flow[0][0] * y[i] + flow[0][1] * m[i], flow[1][0] * y[i] + flow[1][1] * m[i]);
        }
        vectors.mul_to(y, scaled);
        vectors.mul_to(m, momentum);
        for i in 0..dim {
            x[i] = minimum[i] + scaled[i] / root[i];
            averages.m[i] = momentum[i] * root[i];
        }
    }

    fn advance_general(&self, state: &mut State, tau: f64) {
        let potential = self.problem.basin().potential();
        let dim = state.x.len();
        let beta = self.momentum_rate(state.t, tau);
        let State { x, averages, solver, phase, .. } = state;
        phase[..dim].copy_from_slice(x);
        phase[dim..].copy_from_slice(&averages.m);
        let q = &averages.q;
        solver.advance(phase, tau, self.tolerance, |y, slope| {
            let (theta, m) = y.split_at(dim);
            let (to_theta, to_m) = slope.split_at_mut(dim);
            potential.gradient(theta, to_m);
            for i in 0..dim {
                to_theta[i] = -m[i] / q[i];
                to_m[i] = beta * (to_m[i] - m[i]);
            }
        });
        x.copy_from_slice(&phase[..dim]);
        averages.m.copy_from_slice(&phase[dim..]);
    }

    /// Longest step over which `Q` may be held, and whether `v̂` rests.
    fn second_moment_limit(&self, state: &State) -> f64 {
        if !state.averages.moves() {
            return f64::INFINITY;
        }
        let (basin, beta2) = (self.problem.basin(), self.adam.beta2_rate());
        let mut limit = f64::INFINITY;
        // The gradient, and the largest squared gradient of the swing.
        let mut look = |i: usize, g: f64, largest: f64| {
            let v = state.averages.v[i];
            let off = (state.averages.target(i, g) - v).abs();
            if off > AT_REST * v {
                limit = limit.min(0.2 * v / (beta2 * off));
            }
            // What is added to `v̂` in a time of the flow decides how closely the swing is followed.
            let added = beta2 / self.rate * largest / v;
            if added > AT_REST {
                limit = limit.min(FAR_STEP / (self.rate * added.min(1.0).sqrt()));
            }
        };
        if let Flow::Axes { left, right, .. } = &self.flow {
            for (i, (x, minimum)) in state.x.iter().zip(basin.minimum()).enumerate() {
                let (y, m, q) = (x - minimum, state.averages.m[i], state.averages.q[i]);
                let k = if y < 0.0 { left[i] } else { right[i] };
                look(i, k * y, k * (k * y * y + m * m / (self.adam.beta1_rate() * q)));
            }
        } else {
            let (mut few, mut many, dim) = ([0.0; FEW], Vec::new(), state.x.len());
            let gradient = if dim <= FEW {
                &mut few[..dim]
            } else {
                many.resize(dim, 0.0);
                &mut many
            };
            basin.potential().gradient(&state.x, gradient);
            gradient.iter().enumerate().for_each(|(i, g)| look(i, *g, g * g));
        }
        limit
    }
}

/// Draws of `(y, m̂)` at rest for two curvatures that meet, from a long path: `[left, right, q, variance before Q⁻²]`. Its mean is known to a
/// hundredth of its standard deviation, which itself is at most an eighth of the way to the edge.
fn rest_across_kink(beta: f64, [left, right, q, variance]: [f64; 4]) -> Vec<[f64; 2]> {
    let steep = left.max(right) / q;
    let tau = FAR_STEP / if beta < 4.0 * steep { (beta * steep).sqrt() } else { steep };
    let variance = variance / (q * q);
    let sides = [left, right].map(|k| {
        let (flow, gathered) = momentum_step(beta, k, q, variance, tau);
        (flow, lower_root(gathered))
    });
    let mut rng = Stream::new(Seed(0), 0, 0);
    let (mut y, mut m) = (0.0f64, 0.0f64);
    let mut draws = Vec::with_capacity(REST_DRAWS);
    for step in 0..(REST_DRAWS + REST_START) * REST_STRIDE {
        let (flow, root) = &sides[usize::from(y >= 0.0)];
        let noise = lower_pair(*root, [rng.sample(StandardNormal), rng.sample(StandardNormal)]);
        (y, m) = (flow[0][0] * y + flow[0][1] * m + noise[0], flow[1][0] * y + flow[1][1] * m + noise[1]);
        if step % REST_STRIDE == 0 && step >= REST_START * REST_STRIDE {
            draws.push([y, m]);
        }
    }
    draws
}

impl BetweenJumps for AdamMotion {
    fn start(&self, state: &mut State) {
        let dim = state.x.len();
        if state.phase.is_empty() {
            state.averages = Averages::new(&self.adam, &self.noise_scales);
            state.phase = vec![0.0; 2 * dim];
            state.solver = RungeKutta::new(2 * dim);
        }
        state.modes.restart();
        self.problem.basin().potential().gradient(&state.x, &mut state.gradient);
        state.averages.start(&state.gradient, None);
    }

    fn step_limit(&self, state: &mut State, longest: f64, jumps: &LargeJumps) -> f64 {
        if !self.has_local_steps() {
            return longest.min(self.limit_at_minimum(state));
        }
        let beta = self.adam.beta1_rate();
        let limit = longest.min(self.limit_of_averages(state));
        let share = if state.cuts.near { self.near_step } else { FAR_STEP };
        let speed = |state: &State, _: &[f64], axis: usize| (state.averages.m[axis] * state.inverse_q(axis)).abs();
        let rate = |curvature: f64, state: &State, axis: usize| {
            let k = curvature * state.inverse_q(axis);
            if beta < 4.0 * k { (beta * k).sqrt() } else { slow_rate(beta, k) }
        };
        let steps = LocalSteps { basin: self.problem.basin(), jumps, fastest: self.rate, share };
        steps.limit(state, limit, speed, rate)
    }

    fn advance(&self, state: &mut State, tau: f64, jumps: &LargeJumps, rng: &mut Stream) {
        let half = 0.5 * tau;
        self.move_second_moment(state, state.t, half);
        match &self.flow {
            Flow::Axes { left, right, variances } => {
                self.advance_axes(state, tau, [left, right], variances, jumps, rng);
            }
            Flow::Modal(hessian) => {
                state.kick_half(tau, jumps, rng);
                self.advance_modes(state, tau, hessian);
                state.kick_half(tau, jumps, rng);
            }
            Flow::General => {
                state.kick_half(tau, jumps, rng);
                self.advance_general(state, tau);
                state.kick_half(tau, jumps, rng);
            }
        }
        self.move_second_moment(state, state.t + half, half);
    }

    fn has_local_steps(&self) -> bool {
        matches!(self.flow, Flow::General)
    }

    fn drift(&self, state: &mut State) {
        let averages = &state.averages;
        state.gradient.iter_mut().zip(averages.m.iter().zip(&averages.q)).for_each(|(v, (m, q))| *v = -m / q);
    }

    fn skip_rest(&self, state: &mut State, wait: f64, rng: &mut Stream) -> f64 {
        if self.forgets(state, wait) {
            self.rest_at_end(state, wait, rng);
            return wait;
        }
        let Some((rest, square)) = &self.rest else { return 0.0 };
        if self.is_exact() || state.since_jump < self.memory || wait < 1.5 * self.memory {
            return 0.0;
        }
        let at_rest = |i: usize| {
            let v = state.averages.target(i, 0.0) + square[i];
            (state.averages.v[i] / v - 1.0).abs() < AT_REST
        };
        if state.averages.moves() && !(0..state.x.len()).all(at_rest) {
            return 0.0;
        }
        let dim = state.x.len();
        rest.draw(state, rng);
        let minimum = self.problem.basin().minimum();
        for i in 0..dim {
            state.x[i] = minimum[i] + state.phase[i];
            state.averages.m[i] = state.phase[dim + i];
            if state.averages.moves() {
                state.averages.v[i] = state.averages.target(i, 0.0) + square[i];
            }
        }
        state.averages.set_preconditioner();
        if matches!(self.flow, Flow::Modal(_)) { wait } else { wait - self.memory }
    }
}

/// A swing on one side of a kink, wide compared with the noise.
pub(super) struct WideSwing {
    /// Whether the path is, or is about to be, above the kink.
    pub ahead: bool,
    /// Square of the bound of `|y|` on that side.
    square: f64,
    /// The same in units of the narrowest.
    width: f64,
}

impl AdamMotion {
    /// With another longest step near the edge, in relaxation times.
    pub fn with_near_step(mut self, near_step: f64) -> Self {
        self.near_step = near_step;
        self
    }

    /// Longest step in a potential whose curvature is that at the minimum.
    pub(super) fn limit_at_minimum(&self, state: &State) -> f64 {
        self.limit_of_averages(state).min(self.flow_limit(state))
    }

    /// Longest step by the averages alone: after the start the bias correction, and the second moment.
    fn limit_of_averages(&self, state: &State) -> f64 {
        let beta = self.adam.beta1_rate();
        let is_early = beta * state.t < 8.0 && state.since_jump.is_finite();
        let start = if is_early { (0.25 * state.t).max(0.05 / beta) } else { f64::INFINITY };
        start.min(self.second_moment_limit(state))
    }

    /// Longest step over which the flow is exact while `Q` is held, and stays inside the basin by its energy `y² + m²/(β k q)`.
    fn flow_limit(&self, state: &State) -> f64 {
        // Small fluctuations around a kink, which have a law at rest, bear a step twice as long.
        let far = if self.still.is_some() { 2.0 } else { 1.0 } * FAR_STEP / self.rate;
        let Flow::Axes { left, right, variances } = &self.flow else { return far };
        let basin = self.problem.basin();
        let beta = self.adam.beta1_rate();
        let (mut limit, mut reached) = (f64::INFINITY, Reached::by(basin));
        for (i, [behind, ahead]) in self.reaches.iter().copied().enumerate() {
            let (y, m, q) = (state.x[i] - basin.minimum()[i], state.averages.m[i], state.averages.q[i]);
            let (amplitude, reach) = if left[i] != right[i] {
                let Some(swing) = self.wide_swing(state, i, [left, right], variances) else { return far };
                let (sign, k, reach) = if swing.ahead { (1.0, right[i], ahead) } else { (-1.0, left[i], behind) };
                let narrows = (0.5 * swing.width.ln() / slow_rate(beta, k / q)).max(far);
                limit = limit.min(momentum_return(beta, k, q, [sign * y, sign * m])).min(narrows);
                (swing.square.sqrt(), reach)
            } else if left[i] > 0.0 {
                ((y * y + m * m / (q * beta * left[i])).sqrt(), behind.min(ahead))
            } else {
                (y.abs() + m.abs() / (beta * q), behind.min(ahead))
            };
            reached.add(amplitude / reach);
        }
        if reached.is_inside() { limit } else { far }
    }

    /// The swing along an axis with a kink, if it is wide compared with the noise.
    pub(super) fn wide_swing(
        &self,
        state: &State,
        i: usize,
        curvatures: [&[f64]; 2],
        variances: &[f64],
    ) -> Option<WideSwing> {
        let sides = curvatures.map(|k| k[i]);
        let steep = sides[0].max(sides[1]);
        if sides[0] == sides[1] || sides.contains(&0.0) {
            return None;
        }
        let beta = self.adam.beta1_rate();
        let (y, m, q) = (state.x[i] - self.problem.basin().minimum()[i], state.averages.m[i], state.averages.q[i]);
        let variance = |k: f64| momentum_covariance(beta, k, q, variances[i] / (q * q))[0];
        // At the kink the velocity determines the side.
        let ahead = if y * y < variance(steep) { m < 0.0 } else { y >= 0.0 };
        let k = sides[usize::from(ahead)];
        let square = y * y + m * m / (beta * k * q);
        let width = square / (WIDE * WIDE * variance(k));
        (width > 1.0).then_some(WideSwing { ahead, square, width })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With equal curvatures the draws have the covariance of the Gaussian at rest. They are correlated over about ten draws:
    /// 20,000 are worth about 2,000 independent ones, whose second moments have a standard error of 3 %; the tolerance is 4.5 times that.
    #[test]
    fn draws_at_rest_have_the_law_at_rest() {
        let (beta, k, q, variance) = (1.0, 4.0, 2.0, 0.4);
        let moments = |draws: &[[f64; 2]]| {
            let mean = |f: &dyn Fn(&[f64; 2]) -> f64| draws.iter().map(f).sum::<f64>() / draws.len() as f64;
            [mean(&|[y, _]| y * y), mean(&|[_, m]| m * m), mean(&|[y, _]| *y)]
        };
        let [yy, mm, y] = moments(&rest_across_kink(beta, [k, k, q, variance]));
        let exact = momentum_covariance(beta, k, q, variance / (q * q));
        assert!((yy / exact[0] - 1.0).abs() < 0.14 && (mm / exact[2] - 1.0).abs() < 0.14, "{yy} {mm} {exact:?}");
        assert!(y.abs() < 0.1 * exact[0].sqrt(), "{y}");
        // The path spends more than half of the time on the flat side.
        let [_, _, y] = moments(&rest_across_kink(beta, [5.0, 0.5, q, variance]));
        assert!(y > 0.1 * exact[0].sqrt(), "{y}");
    }
}
