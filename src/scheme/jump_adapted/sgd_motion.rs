//! SGD between large jumps.

use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use rand_distr::{Exp1, StandardNormal};

use super::axis_steps::{KinkAxis, KinkDraws, SmoothAxis};
use super::between_jumps::{BetweenJumps, FAR_STEP, MEMORY, State, axis_reaches, shortest_axis, small_beside_basin};
use super::large_jumps::LargeJumps;
use super::local_steps::LocalSteps;
use crate::dynamics::Problem;
use crate::landscape::{Form, Potential};
use crate::noise::Stream;
use crate::scheme::linear::{covariance_at_rest, gathered, square_root};
use crate::scheme::time_scale::relaxation_rates;
use crate::scheme::vector::Number;

/// Chooses the flow that the landscape and the noise allow. A curvature below `floor` counts as 0; `near_step` is the longest step near the edge
/// in relaxation times.
pub(super) fn sgd_motion(problem: &Problem, jumps: &LargeJumps, floor: f64, near_step: f64) -> Box<dyn BetweenJumps> {
    let potential = problem.basin().potential();
    let dim = potential.dim();
    if let Some([left, right]) = potential.form().axis_curvatures(dim)
        && problem.noise().amplitude().is_diagonal()
    {
        let reaches = axis_reaches(problem.basin());
        let axis = |i: usize| FreeAxis::new([left[i], right[i]], reaches[i], floor);
        return Box::new(AxisMotion { axes: (0..dim).map(axis).collect(), minimum: potential.minimum().to_vec() });
    }
    match potential.form() {
        Form::Diagonal(_) | Form::Dense(_) | Form::Flat => Box::new(CoupledMotion::new(problem, jumps)),
        _ => Box::new(GeneralMotion::new(problem, jumps, near_step)),
    }
}

/// One uncoupled coordinate, by its offset from the minimum.
pub(super) struct FreeAxis {
    curvatures: [f64; 2],
    steps: AxisFlow,
}

enum AxisFlow {
    Smooth(SmoothAxis),
    Kink(KinkAxis),
}

impl FreeAxis {
    /// `reach`: distances of the edges. A curvature below `floor` is replaced by it.
    pub fn new([left, right]: [f64; 2], reach: [f64; 2], floor: f64) -> Self {
        let steps = if left == right {
            AxisFlow::Smooth(SmoothAxis::new(left, floor))
        } else {
            AxisFlow::Kink(KinkAxis::new([left, right], reach, floor))
        };
        FreeAxis { curvatures: [left, right], steps }
    }

    /// `y` after a time `tau` with small jumps of the given variance per unit time.
    pub fn advance(&self, y: f64, tau: f64, variance: f64, near: bool, rng: &mut Stream) -> f64 {
        let normal = |rng: &mut Stream| Number::of(rng.sample(StandardNormal));
        let (mut y, variance) = (Number::of(y), Number::of(variance));
        match &self.steps {
            AxisFlow::Smooth(steps) => y = steps.step(y, variance, Number::of(tau), normal(rng)),
            AxisFlow::Kink(steps) => {
                let far = Number::of(0.0).is(if near { 1.0 } else { 0.0 });
                let mut left = tau;
                while left > 0.0 {
                    let normals = [normal(rng), normal(rng)];
                    let draws = KinkDraws { normals, exponential: Number::of(rng.sample(Exp1)) };
                    let step = steps.step(y, variance, [Number::of(left); 2], far, draws);
                    y = step.y;
                    left -= step.tau.lane();
                }
            }
        }
        y.lane()
    }

    /// The deviation at rest far from the edge, `None` across a kink, where the law is not normal.
    pub fn deviation_at_rest(&self, variance: f64) -> Option<f64> {
        matches!(self.steps, AxisFlow::Smooth(_)).then(|| (0.5 * variance / self.curvatures[0]).sqrt())
    }

    /// A draw from the law at rest far from the edge, across a kink.
    pub fn at_rest_across_kink(&self, variance: f64, rng: &mut Stream) -> f64 {
        self.advance(0.0, LONG_MEMORY / self.slowest(), variance, false, rng)
    }

    /// `dy/dt` without the noise.
    pub fn drift(&self, y: f64) -> f64 {
        -self.curvatures[usize::from(y >= 0.0)] * y
    }

    /// The smaller of the two curvatures.
    pub fn slowest(&self) -> f64 {
        self.curvatures[0].min(self.curvatures[1])
    }
}

/// Uncoupled coordinates.
struct AxisMotion {
    axes: Vec<FreeAxis>,
    minimum: Vec<f64>,
}

impl BetweenJumps for AxisMotion {
    fn step_limit(&self, _state: &mut State, longest: f64, _jumps: &LargeJumps) -> f64 {
        longest
    }

    fn advance(&self, state: &mut State, tau: f64, jumps: &LargeJumps, rng: &mut Stream) {
        for (i, axis) in self.axes.iter().enumerate() {
            let variance = jumps.axis_variance(state.cuts.of(i), i);
            let y = axis.advance(state.x[i] - self.minimum[i], tau, variance, state.cuts.near, rng);
            state.x[i] = self.minimum[i] + y;
        }
    }

    fn drift(&self, state: &mut State) {
        for (i, axis) in self.axes.iter().enumerate() {
            state.gradient[i] = axis.drift(state.before[i] - self.minimum[i]);
        }
    }
}

/// A quadratic whose axes or whose noise are coupled, in the eigenbasis of the Hessian: an Ornstein-Uhlenbeck transition far from the
/// edge; near it, where the noise changes with the place, half of the noise, the exact flow, and the other half of the noise.
pub(super) struct CoupledMotion {
    problem: Problem,
    minimum: Vec<f64>,
    curvatures: DVector<f64>,
    modes: DMatrix<f64>,
    /// `Vᵀ D V` with the diffusion `D` of the small jumps far from the edge.
    diffusion: DMatrix<f64>,
    /// The time after which the position of a path no longer depends on its start, and a root of the covariance at rest.
    rest: Option<(f64, DMatrix<f64>)>,
}

impl CoupledMotion {
    pub fn new(problem: &Problem, jumps: &LargeJumps) -> Self {
        let potential = problem.basin().potential();
        let eigen = potential.hessian(potential.minimum()).symmetric_eigen();
        let modes = eigen.eigenvectors;
        let diffusion = modes.transpose() * jumps.diffusion() * &modes;
        let mut motion = CoupledMotion {
            problem: problem.clone(),
            minimum: potential.minimum().to_vec(),
            curvatures: eigen.eigenvalues.map(|k| k.max(0.0)),
            modes,
            diffusion,
            rest: None,
        };
        let slowest = motion.curvatures.min();
        if slowest > 0.0 {
            let memory = LONG_MEMORY / slowest;
            motion.rest = Some((memory, motion.noise_root(memory)));
        }
        motion
    }

    /// `V √C(τ)` with `C_ij = (VᵀDV)_ij (1 - e^(-(k_i+k_j)τ))/(k_i+k_j)`.
    pub fn noise_root(&self, tau: f64) -> DMatrix<f64> {
        let covariance = DMatrix::from_fn(self.curvatures.len(), self.curvatures.len(), |i, j| {
            self.diffusion[(i, j)] * gathered(self.curvatures[i] + self.curvatures[j], tau)
        });
        // Singular if some noise coordinates have amplitude 0.
        let root = covariance.clone().cholesky().map(|cholesky| cholesky.unpack());
        &self.modes * root.unwrap_or_else(|| square_root(&covariance))
    }

    /// The time after which the position of a path no longer depends on its start, and a root of the covariance at rest.
    pub fn rest(&self) -> Option<&(f64, DMatrix<f64>)> {
        self.rest.as_ref()
    }

    /// The curvature of an axis that is itself a mode.
    pub fn curvature_along(&self, axis: usize) -> Option<f64> {
        let row = self.modes.row(axis);
        let mode = row.iter().position(|v| v.abs() == 1.0)?;
        let alone = row.iter().chain(self.modes.column(mode).iter()).filter(|v| **v != 0.0).count() == 2;
        alone.then(|| self.curvatures[mode])
    }

    fn flow(&self, state: &mut State, tau: f64) {
        let offset = DVector::from_iterator(state.x.len(), state.x.iter().zip(&self.minimum).map(|(x, m)| x - m));
        let mut modes = self.modes.tr_mul(&offset);
        modes.iter_mut().zip(self.curvatures.iter()).for_each(|(y, k)| *y *= (-k * tau).exp());
        let moved = &self.modes * modes;
        state.x.iter_mut().zip(&self.minimum).zip(moved.iter()).for_each(|((x, m), y)| *x = m + y);
    }
}

impl BetweenJumps for CoupledMotion {
    fn step_limit(&self, _state: &mut State, longest: f64, _jumps: &LargeJumps) -> f64 {
        longest
    }

    fn advance(&self, state: &mut State, tau: f64, jumps: &LargeJumps, rng: &mut Stream) {
        if state.cuts.near {
            state.kick_half(tau, jumps, rng);
            self.flow(state, tau);
            state.kick_half(tau, jumps, rng);
            return;
        }
        self.flow(state, tau);
        let normal = DVector::from_fn(state.x.len(), |_, _| rng.sample::<f64, _>(StandardNormal));
        let noise = match &self.rest {
            Some((memory, root)) if tau > *memory => root * normal,
            _ => self.noise_root(tau) * normal,
        };
        state.x.iter_mut().zip(noise.iter()).for_each(|(x, y)| *x += y);
    }

    fn drift(&self, state: &mut State) {
        down_the_gradient(&self.problem, state);
    }
}

/// Slowest relaxation times after which the law is that at rest: e^-24 is 4·10⁻¹¹.
const LONG_MEMORY: f64 = 12.0;

/// Any potential: half a kick, an adaptive flow, half a kick; after a wait longer than the memory, the path has the
/// law at rest.
struct GeneralMotion {
    problem: Problem,
    rate: f64,
    /// Longest step near the edge in relaxation times.
    near_step: f64,
    tolerance: f64,
    memory: f64,
    rest_root: Option<DMatrix<f64>>,
}

impl GeneralMotion {
    fn new(problem: &Problem, jumps: &LargeJumps, near_step: f64) -> Self {
        let basin = problem.basin();
        let [fastest, slowest] = relaxation_rates(problem);
        let hessian = basin.potential().hessian(basin.minimum());
        let diffusion = jumps.diffusion();
        let rest = covariance_at_rest(&-hessian, &diffusion);
        GeneralMotion {
            problem: problem.clone(),
            rate: fastest,
            near_step,
            tolerance: 1e-5 * shortest_axis(basin),
            memory: MEMORY / slowest,
            rest_root: rest.filter(|c| small_beside_basin(problem, c.trace())).map(|c| square_root(&c)),
        }
    }
}

impl BetweenJumps for GeneralMotion {
    fn step_limit(&self, state: &mut State, longest: f64, jumps: &LargeJumps) -> f64 {
        let share = if state.cuts.near { self.near_step } else { FAR_STEP };
        let steps = LocalSteps { basin: self.problem.basin(), jumps, fastest: self.rate, share };
        steps.limit(state, longest, |_, gradient, axis| gradient[axis].abs(), |curvature, _, _| curvature)
    }

    fn has_local_steps(&self) -> bool {
        true
    }

    fn advance(&self, state: &mut State, tau: f64, jumps: &LargeJumps, rng: &mut Stream) {
        let potential: &dyn Potential = self.problem.basin().potential();
        state.kick_half(tau, jumps, rng);
        state.solver.advance(&mut state.x, tau, self.tolerance, |x, slope| {
            potential.gradient(x, slope);
            slope.iter_mut().for_each(|g| *g = -*g);
        });
        state.kick_half(tau, jumps, rng);
    }

    fn drift(&self, state: &mut State) {
        down_the_gradient(&self.problem, state);
    }

    fn skip_rest(&self, state: &mut State, wait: f64, rng: &mut Stream) -> f64 {
        let Some(root) = &self.rest_root else { return 0.0 };
        // A path that lands beside a saddle may stay there for long.
        let basin = self.problem.basin();
        if state.since_jump < self.memory || wait < 1.5 * self.memory || !basin.rests_around(&state.x) {
            return 0.0;
        }
        state.draw_around(basin.minimum(), root, rng);
        wait - self.memory
    }
}

/// `-∇F` at the beginning of the step.
fn down_the_gradient(problem: &Problem, state: &mut State) {
    problem.basin().potential().gradient(&state.before, &mut state.gradient);
    state.gradient.iter_mut().for_each(|g| *g = -*g);
}
