//! # Jump-adapted scheme
//!
//! Jumps that move the parameters by more than a fraction `κ` of the way to the edge are drawn exactly, at Poisson times
//! with Pareto sizes; the others are replaced by a Brownian motion of the same variance. Between jumps the flow is solved
//! exactly where a formula exists. The edge is watched by a Brownian bridge against a barrier that lies `f_α s_α κ r` beyond
//! it for the small-jump part, which in truth jumps over; a large jump leaves at the edge itself. The number of events a
//! path costs does not grow as `ε` falls.
//!
//! # References
//! - Asmussen, Rosiński (2001), *Approximations of Small Jumps of Lévy Processes with a View towards Simulation*.
//! - Kohatsu-Higa, Tankov (2010), *Jump-Adapted Discretization Schemes for Lévy-Driven SDEs*.

use std::ops::Range;

use rand::RngExt;
use rand_distr::Exp1;

use super::adam_motion::AdamMotion;
use super::barrier::{FAR, NEAR, earlier, stretch_crossing};
use super::between_jumps::{Motion, State, axis_reaches};
use super::lanes::{AnyEvents, EventClocks, EventLine};
use super::large_jumps::{EdgeNoise, Jump, LargeJumps};
use super::sgd_motion::sgd_motion;
use crate::dynamics::{Dynamics, Preconditioner, Problem, SecondMoment};
use crate::noise::{QuantileTable, Stream};
use crate::scheme::exit_site::{by_coordinate, by_noise_axis};
use crate::scheme::interval::Line;
use crate::scheme::time_scale::{curvature_range, relaxation_rates};
use crate::scheme::{Departure, Limits, Outcome, PathKernel, PathRecord, Scheme, SchemeError, StreamSource};

/// Settings of the jump-adapted scheme.
///
/// # Example
/// ```
/// use levy_escape::scheme::JumpAdapted;
///
/// let finer = JumpAdapted::default().threshold(0.05)?;
/// # Ok::<(), levy_escape::scheme::SchemeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JumpAdapted {
    threshold: Option<f64>,
    step_cap: Option<f64>,
}

impl JumpAdapted {
    /// Default cap of a step near the edge, in relaxation times.
    pub const STEP_CAP: f64 = 0.1;

    /// Draws exactly the jumps that move the parameters by more than `kappa` of the way to the edge. By default .1, and more
    /// where escapes are rare, up to .3: see [`JumpAdapted::default_threshold`].
    ///
    /// # Errors
    /// [`SchemeError::Setting`] unless `0 < kappa <= 0.5`.
    pub fn threshold(mut self, kappa: f64) -> Result<Self, SchemeError> {
        if !(kappa > 0.0 && kappa <= 0.5) {
            return Err(SchemeError::Setting { name: "threshold", value: kappa, expected: "is outside (0, 0.5]" });
        }
        self.threshold = Some(kappa);
        Ok(self)
    }

    /// Caps the steps near the edge at `cap` relaxation times, .1 by default.
    ///
    /// # Errors
    /// [`SchemeError::Setting`] unless `0 < cap <= 1`.
    pub fn step_cap(mut self, cap: f64) -> Result<Self, SchemeError> {
        if !(cap > 0.0 && cap <= 1.0) {
            return Err(SchemeError::Setting { name: "step_cap", value: cap, expected: "is outside (0, 1]" });
        }
        self.step_cap = Some(cap);
        Ok(self)
    }

    /// The default `κ`, from the escape rate `rate` and the slowest rate `relaxation` at which the parameters settle.
    ///
    /// Where an escape takes a hundred relaxation times or fewer the small jumps matter and `κ = .1`; it grows as their
    /// share falls, to .3 where an escape takes 3,000. Bias of the mean in per cent (± .1) and events a path, for `dX = -X dt + ε dL` on
    /// (-1, 1):
    ///
    /// | `α, ε` | κ = .05 | .1 | .2 | .3 | .5 | default |
    /// |---|---|---|---|---|---|---|
    /// | 1.2, .5 | +.1, 57 | +.2, 32 | +.4, 33 | +1.0, 34 | +3.2, 34 | +.2, 32 |
    /// | 1.5, .5 | -.2, 103 | +.2, 57 | +.2, 46 | +.9, 43 | +3.1, 42 | +.2, 57 |
    /// | 1.5, .2 | .0, 158 | +.1, 71 | +.4, 52 | +1.2, 46 | +2.6, 34 | +.1, 71 |
    /// | 1.5, .1 | +.1, 171 | +.3, 63 | +.4, 27 | +.5, 19 | +1.0, 14 | +.3, 63 |
    /// | 1.8, .5 | -.2, 122 | -.1, 66 | -.1, 50 | +.4, 47 | +1.0, 47 | -.1, 66 |
    /// | 1.8, .1 | -.1, 421 | +.2, 126 | +.3, 43 | +.5, 26 | +.4, 16 | +.3, 67 |
    ///
    /// Printed by `cargo test --release --features slow-tests --test statistics threshold -- --nocapture`.
    pub fn default_threshold(rate: f64, relaxation: f64) -> f64 {
        if relaxation <= 0.0 {
            return 0.1;
        }
        (0.1 * (0.01 * relaxation / rate).powf(0.32)).clamp(0.1, 0.3)
    }
}

impl Scheme for JumpAdapted {
    fn name(&self) -> &'static str {
        "jump_adapted"
    }

    fn check(&self, problem: &Problem) -> Result<(), SchemeError> {
        if problem.dynamics().learning_rate().is_some() {
            return Err(SchemeError::Discrete);
        }
        if problem.noise().alpha().is_gaussian() {
            return Err(SchemeError::Gaussian);
        }
        if let Dynamics::Adam(adam) = problem.dynamics()
            && adam.second_moment() == SecondMoment::Sampled
        {
            return Err(SchemeError::Sampled);
        }
        SchemeError::check_hessian(problem)?;
        let coupled = !problem.noise().amplitude().is_diagonal();
        SchemeError::check_matrix("the covariance of the small jumps", coupled, problem.basin().dim())
    }

    fn prepare(&self, problem: &Problem) -> Result<Box<dyn PathKernel>, SchemeError> {
        self.check(problem)?;
        Ok(Box::new(JumpAdaptedKernel::new(self, problem)?))
    }
}

pub(super) struct JumpAdaptedKernel {
    problem: Problem,
    jumps: LargeJumps,
    motion: Box<dyn Motion>,
    /// What the two faces of every axis of a box see, before `Q⁻¹`.
    faces: Vec<EdgeNoise>,
    near_step: f64,
    /// Variance of the parameters at rest per unit of small-jump variance along the normal: `1/(2k)` for SGD.
    spread: f64,
    kappa: f64,
    starts_at_rest: bool,
    /// The kernel of problems on a line, which leaves nothing to the others.
    pub(super) line: Option<EventLine>,
}

impl JumpAdaptedKernel {
    pub(super) fn new(settings: &JumpAdapted, problem: &Problem) -> Result<Self, SchemeError> {
        let basin = problem.basin();
        let rest = problem.preconditioner().unwrap_or_else(Preconditioner::identity);
        let [fastest, slowest] = relaxation_rates(problem);
        // The rate of jumps all the way to the edge, by cutting at κ = 1.
        let reaches = LargeJumps::reaches(problem, &rest);
        let rate = LargeJumps::new(problem, &reaches, 1.0).rate();
        if !(rate > 0.0) {
            return Err(SchemeError::Unreachable);
        }
        let kappa = settings.threshold.unwrap_or_else(|| JumpAdapted::default_threshold(rate, slowest));
        let jumps = LargeJumps::new(problem, &reaches, kappa);
        let cap = settings.step_cap.unwrap_or(JumpAdapted::STEP_CAP);
        let faces: Vec<EdgeNoise> = (0..basin.dim()).map(|i| jumps.at_face(i)).collect();
        let near_step = (cap / fastest).min(diffusive_step(problem, &rest, &faces, cap));
        let slow_curvature = curvature_range(problem)[1];
        let spread = match problem.dynamics() {
            Dynamics::Adam(adam) => 0.5 / slow_curvature + 0.5 / adam.beta1_rate(),
            _ => 0.5 / slow_curvature,
        };
        let starts_at_rest = basin.start() == basin.minimum();
        let clocks = EventClocks { near_step, spread, jump_rate: jumps.rate(), starts_at_rest };
        let line = Line::of(problem);
        let (motion, events): (Box<dyn Motion>, Option<AnyEvents>) = match problem.dynamics() {
            Dynamics::Adam(adam) => {
                let motion = AdamMotion::new(problem, adam, &jumps);
                let events = line.and_then(|line| AnyEvents::adam(line, &motion, faces[0], clocks));
                (Box::new(motion), events)
            }
            _ => {
                let events = line.map(|line| AnyEvents::sgd(line, faces[0], clocks));
                (sgd_motion(problem, &jumps, near_step), events)
            }
        };
        let line = events.zip(line).map(|(events, line)| {
            let noise = problem.noise();
            let cut = noise.epsilon() * line.amplitude.abs() * jumps.cut(0);
            EventLine::new(events, QuantileTable::pareto(noise.alpha(), cut))
        });
        Ok(JumpAdaptedKernel {
            problem: problem.clone(),
            line,
            jumps,
            motion,
            faces,
            near_step,
            spread,
            kappa,
            starts_at_rest,
        })
    }

    fn path(&self, state: &mut State, rng: &mut Stream, limits: Limits<'_>) -> PathRecord {
        let basin = self.problem.basin();
        state.x.copy_from_slice(basin.start());
        state.t = 0.0;
        state.since_jump = if self.starts_at_rest { f64::INFINITY } else { 0.0 };
        self.motion.start(state);
        let mut events = 0;
        loop {
            let mut wait = rng.sample::<f64, _>(Exp1) / self.jumps.rate();
            let censored = state.t + wait >= limits.max_time;
            if censored {
                wait = limits.max_time - state.t;
            }
            while wait > 0.0 {
                if events >= limits.max_events || limits.abandoned(events) {
                    return PathRecord { outcome: Outcome::Censored { at: state.t }, events };
                }
                events += 1;
                let near = self.is_near_edge(state, wait);
                let mut tau = wait.min(if near { self.near_step } else { self.motion.step_limit(state) });
                if !near {
                    let skipped = self.motion.skip_rest(state, wait, rng);
                    if skipped > 0.0 {
                        state.t += skipped;
                        wait -= skipped;
                        continue;
                    }
                } else {
                    tau = tau.min(self.motion.step_limit(state));
                }
                state.before.copy_from_slice(&state.x);
                self.motion.advance(state, tau, &self.jumps, rng);
                if !state.x.iter().all(|x| x.is_finite()) {
                    return PathRecord { outcome: Outcome::Diverged { at: state.t + tau }, events };
                }
                if let Some(delay) = self.crossing(state, tau, rng) {
                    let site = by_coordinate(basin, &state.x, Departure::Creep);
                    return PathRecord { outcome: Outcome::Exited { time: state.t + delay, site }, events };
                }
                state.t += tau;
                state.since_jump += tau;
                wait -= tau;
            }
            if censored {
                return PathRecord { outcome: Outcome::Censored { at: limits.max_time }, events };
            }
            events += 1;
            let jump = self.jumps.draw(&mut state.kick, &mut state.scratch, rng);
            state.displace();
            state.since_jump = 0.0;
            if !basin.contains(&state.x) {
                if !state.x.iter().all(|x| x.is_finite()) {
                    return PathRecord { outcome: Outcome::Diverged { at: state.t }, events };
                }
                let site = match jump {
                    Jump::Axis { axis, size } => by_noise_axis(basin, &state.x, axis, size),
                    Jump::Isotropic => by_coordinate(basin, &state.x, Departure::Jump),
                };
                return PathRecord { outcome: Outcome::Exited { time: state.t, site }, events };
            }
        }
    }

    /// Whether the small jumps could reach the edge during the wait.
    fn is_near_edge(&self, state: &mut State, wait: f64) -> bool {
        let time = wait.min(self.spread);
        let basin = self.problem.basin();
        match basin.sides() {
            Some((lo, hi)) => (0..state.x.len()).any(|i| {
                let reach = NEAR * state.inverse_q(i);
                let distance = (hi[i] - state.x[i]).min(state.x[i] - lo[i]);
                distance * distance.abs() < reach * reach * self.faces[i].variance * time
            }),
            None => {
                let distance = basin.edge(&state.x, &mut state.normal);
                let noise = self.smooth_edge_noise(state);
                distance < NEAR * (noise.variance * time).sqrt()
            }
        }
    }

    /// Noise at the edge along `state.normal`, which is turned into the covector `Q⁻¹n`.
    fn smooth_edge_noise(&self, state: &mut State) -> EdgeNoise {
        for i in 0..state.x.len() {
            state.normal[i] *= state.inverse_q(i);
        }
        self.jumps.at_edge(&state.normal)
    }

    /// When, after the beginning of the step just made, the small-jump part first met its barrier.
    fn crossing(&self, state: &mut State, tau: f64, rng: &mut Stream) -> Option<f64> {
        let basin = self.problem.basin();
        let mut first = None;
        let mut meet = |from: f64, to: f64, variance: f64| {
            first = earlier(first, stretch_crossing([from, to], variance, tau, self.spread, rng));
        };
        self.motion.drift(state);
        match basin.sides() {
            Some((lo, hi)) => {
                for i in 0..state.x.len() {
                    let noise = self.faces[i].scaled(state.inverse_q(i));
                    let (before, after, drift) = (state.before[i], state.x[i], state.gradient[i]);
                    // Far from both faces as they are, without their shifts.
                    let far = FAR * noise.variance * tau.min(self.spread);
                    let is_far = |from: f64, to: f64| from > 0.0 && to > 0.0 && from * to > far;
                    if is_far(hi[i] - before, hi[i] - after) && is_far(before - lo[i], after - lo[i]) {
                        continue;
                    }
                    let (above, below) = (noise.shift(-drift), noise.shift(drift));
                    meet(hi[i] - before + above, hi[i] - after + above, noise.variance);
                    meet(before - lo[i] + below, after - lo[i] + below, noise.variance);
                }
            }
            None => {
                let from = basin.edge(&state.before, &mut state.normal);
                let outward: f64 = state.gradient.iter().zip(&state.normal).map(|(v, n)| v * n).sum();
                let noise = self.smooth_edge_noise(state);
                let shift = noise.shift(-outward);
                let to = basin.edge(&state.x, &mut state.normal);
                meet(from + shift, to + shift, noise.variance);
            }
        }
        first
    }
}

/// The time in which the small jumps move the parameters by `2 cap` of the way to the nearest face.
fn diffusive_step(problem: &Problem, rest: &Preconditioner, faces: &[EdgeNoise], cap: f64) -> f64 {
    let reaches = axis_reaches(problem.basin()).into_iter().map(|[behind, ahead]| behind.min(ahead));
    let ways = reaches.enumerate().map(|(i, reach)| 2.0 * cap * reach * rest.entry(i));
    ways.zip(faces).map(|(way, face)| way * way / face.variance).fold(f64::INFINITY, f64::min)
}

impl PathKernel for JumpAdaptedKernel {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        if let Some(line) = &self.line {
            return line.run(source, range, limits, records);
        }
        let mut state = State::new(self.problem.basin().dim());
        for path in range {
            let mut rng = source.stream(path);
            records.push(self.path(&mut state, &mut rng, limits));
        }
    }

    fn describe(&self) -> String {
        format!("jump_adapted, threshold {:.3}, step near the edge {:.3e}", self.kappa, self.near_step)
    }
}
