//! SGD between large jumps.

use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::between_jumps::{FAR_STEP, MEMORY, Motion, State, shortest_axis, small_beside_basin};
use super::large_jumps::LargeJumps;
use crate::dynamics::Problem;
use crate::landscape::{Form, Potential};
use crate::noise::Stream;
use crate::scheme::linear::{covariance_at_rest, gathered, square_root};
use crate::scheme::time_scale::relaxation_rates;

/// Chooses the flow that the landscape and the noise allow.
pub(super) fn sgd_motion(problem: &Problem, jumps: &LargeJumps, near_step: f64) -> Box<dyn Motion> {
    let potential = problem.basin().potential();
    let dim = potential.dim();
    if let Some([left, right]) = potential.form().axis_curvatures(dim)
        && problem.noise().amplitude().is_diagonal()
    {
        let axis = |i: usize| Axis {
            minimum: potential.minimum()[i],
            left: left[i],
            right: right[i],
            variance: jumps.axis_variance(i),
        };
        return Box::new(AxisMotion { axes: (0..dim).map(axis).collect() });
    }
    match potential.form() {
        Form::Diagonal(_) | Form::Dense(_) | Form::Flat => Box::new(CoupledMotion::new(problem, jumps, near_step)),
        _ => Box::new(GeneralMotion::new(problem, jumps)),
    }
}

/// One coordinate that moves by itself: `dy = -k± y dt + √variance dW`.
struct Axis {
    minimum: f64,
    left: f64,
    right: f64,
    variance: f64,
}

/// Coordinates that do not see each other: every transition is exact.
struct AxisMotion {
    axes: Vec<Axis>,
}

impl Axis {
    fn curvature(&self, y: f64) -> f64 {
        if y < 0.0 { self.left } else { self.right }
    }

    /// `[e^(-kτ), standard deviation]` of the small jumps over `τ` on the side of `y`.
    fn transition(&self, y: f64, tau: f64) -> [f64; 2] {
        let k = self.curvature(y);
        [(-k * tau).exp(), (self.variance * gathered(2.0 * k, tau)).sqrt()]
    }

    /// Where two curvatures meet: one step while the path stays well on its side, the law at rest if there is time to
    /// forget, steps of half the faster time otherwise. Near the edge `tau` is shorter than that anyway; elsewhere all this
    /// moves the path by a small part of the way to it.
    fn advance_with_kink(&self, mut y: f64, tau: f64, rng: &mut Stream) -> f64 {
        let (slow, fast) = (self.left.min(self.right), self.left.max(self.right));
        let mut left = tau;
        while left > 0.0 {
            let [decay, spread] = self.transition(y, left);
            if y.abs() * decay > 5.0 * spread {
                return y * decay + spread * rng.sample::<f64, _>(StandardNormal);
            }
            if slow * left > 6.0 {
                // The density at rest is continuous at the kink: the sides weigh as their widths.
                let widths = [self.left, self.right].map(|k| (0.5 * self.variance / k).sqrt());
                let draw = rng.sample::<f64, _>(StandardNormal).abs();
                let on_left = rng.random::<f64>() * (widths[0] + widths[1]) < widths[0];
                return if on_left { -widths[0] * draw } else { widths[1] * draw };
            }
            let step = left.min(0.5 / fast);
            let [decay, spread] = self.transition(y, step);
            y = y * decay + spread * rng.sample::<f64, _>(StandardNormal);
            left -= step;
        }
        y
    }
}

impl Motion for AxisMotion {
    fn step_limit(&self, _state: &State) -> f64 {
        f64::INFINITY
    }

    fn advance(&self, state: &mut State, tau: f64, _jumps: &LargeJumps, rng: &mut Stream) {
        // Neighbours are often alike, and then share a transition.
        let mut last: Option<(&Axis, [f64; 2])> = None;
        for (x, axis) in state.x.iter_mut().zip(&self.axes) {
            let y = *x - axis.minimum;
            let moved = if axis.left == axis.right {
                let known = last.filter(|(other, _)| other.left == axis.left && other.variance == axis.variance);
                let (_, [decay, spread]) = *last.insert(known.unwrap_or_else(|| (axis, axis.transition(y, tau))));
                y * decay + spread * rng.sample::<f64, _>(StandardNormal)
            } else {
                axis.advance_with_kink(y, tau, rng)
            };
            *x = axis.minimum + moved;
        }
    }

    fn drift(&self, state: &mut State) {
        for ((v, x), axis) in state.gradient.iter_mut().zip(&state.before).zip(&self.axes) {
            let y = x - axis.minimum;
            *v = -axis.curvature(y) * y;
        }
    }
}

/// A quadratic whose axes or whose noise are coupled: an Ornstein-Uhlenbeck transition in the eigenbasis of the Hessian.
struct CoupledMotion {
    problem: Problem,
    minimum: Vec<f64>,
    curvatures: DVector<f64>,
    modes: DMatrix<f64>,
    /// `Vᵀ D V` with the diffusion `D` of the small jumps.
    diffusion: DMatrix<f64>,
    near_step: f64,
    near_root: DMatrix<f64>,
}

impl CoupledMotion {
    fn new(problem: &Problem, jumps: &LargeJumps, near_step: f64) -> Self {
        let potential = problem.basin().potential();
        let eigen = potential.hessian(potential.minimum()).symmetric_eigen();
        let modes = eigen.eigenvectors;
        let diffusion = modes.transpose() * jumps.diffusion() * &modes;
        let mut motion = CoupledMotion {
            problem: problem.clone(),
            minimum: potential.minimum().to_vec(),
            curvatures: eigen.eigenvalues,
            modes,
            diffusion,
            near_step,
            near_root: DMatrix::zeros(0, 0),
        };
        motion.near_root = motion.noise_root(near_step);
        motion
    }

    /// `V √C(τ)` with `C_ij = (VᵀDV)_ij (1 - e^(-(k_i+k_j)τ))/(k_i+k_j)`.
    fn noise_root(&self, tau: f64) -> DMatrix<f64> {
        let covariance = DMatrix::from_fn(self.curvatures.len(), self.curvatures.len(), |i, j| {
            self.diffusion[(i, j)] * gathered(self.curvatures[i] + self.curvatures[j], tau)
        });
        &self.modes * square_root(&covariance)
    }
}

impl Motion for CoupledMotion {
    fn step_limit(&self, _state: &State) -> f64 {
        f64::INFINITY
    }

    fn advance(&self, state: &mut State, tau: f64, _jumps: &LargeJumps, rng: &mut Stream) {
        let offset = DVector::from_iterator(state.x.len(), state.x.iter().zip(&self.minimum).map(|(x, m)| x - m));
        let mut modes = self.modes.tr_mul(&offset);
        modes.iter_mut().zip(self.curvatures.iter()).for_each(|(y, k)| *y *= (-k * tau).exp());
        let normal = DVector::from_fn(state.x.len(), |_, _| rng.sample::<f64, _>(StandardNormal));
        let noise = if tau == self.near_step { &self.near_root * normal } else { self.noise_root(tau) * normal };
        let moved = &self.modes * modes + noise;
        state.x.iter_mut().zip(&self.minimum).zip(moved.iter()).for_each(|((x, m), y)| *x = m + y);
    }

    fn drift(&self, state: &mut State) {
        down_the_gradient(&self.problem, state);
    }
}

/// Any potential: half a kick, an adaptive flow, half a kick; what lies further back than the memory is replaced by the
/// law at rest.
struct GeneralMotion {
    problem: Problem,
    rate: f64,
    tolerance: f64,
    memory: f64,
    rest_root: Option<DMatrix<f64>>,
}

impl GeneralMotion {
    fn new(problem: &Problem, jumps: &LargeJumps) -> Self {
        let basin = problem.basin();
        let [fastest, slowest] = relaxation_rates(problem);
        let hessian = basin.potential().hessian(basin.minimum());
        let diffusion = jumps.diffusion();
        let rest = covariance_at_rest(&-hessian, &diffusion);
        GeneralMotion {
            problem: problem.clone(),
            rate: fastest,
            tolerance: 1e-5 * shortest_axis(basin),
            memory: MEMORY / slowest,
            rest_root: rest.filter(|c| small_beside_basin(problem, c.trace())).map(|c| square_root(&c)),
        }
    }
}

impl Motion for GeneralMotion {
    fn step_limit(&self, _state: &State) -> f64 {
        FAR_STEP / self.rate
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
        if state.since_jump < self.memory || wait < 1.5 * self.memory {
            return 0.0;
        }
        state.draw_around(self.problem.basin().minimum(), root, rng);
        wait - self.memory
    }
}

/// `-∇F` at the beginning of the step.
fn down_the_gradient(problem: &Problem, state: &mut State) {
    problem.basin().potential().gradient(&state.before, &mut state.gradient);
    state.gradient.iter_mut().for_each(|g| *g = -*g);
}
