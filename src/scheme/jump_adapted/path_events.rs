//! One path at a time: any problem in any number of dimensions.

use std::ops::Range;

use rand::RngExt;
use rand_distr::Exp1;

use super::adam_motion::AdamMotion;
use super::axis_steps::SmoothAxis;
use super::barrier::{Bridge, FAR, STEP_DRIFT, STEP_SPREAD, crossed, near_square};
use super::between_jumps::{BetweenJumps, State};
use super::cut::Ladder;
use super::cut_laws::{AxisScales, lower_and_upper};
use super::large_jumps::{Jump, LargeJumps};
use super::sgd_motion::sgd_motion;
use crate::dynamics::{Dynamics, Preconditioner, Problem};
use crate::landscape::Basin;
use crate::noise::Stream;
use crate::scheme::exit_site::{by_coordinate, by_face_at, by_noise_axis, is_lost};
use crate::scheme::time_scale::{crossing_time, curvature_range};
use crate::scheme::trajectory::{Observer, Recorder, Unobserved, move_to_edge};
use crate::scheme::{Departure, Limits, Outcome, PathRecord, PointKind, StreamSource, Trajectory};

/// The ladder of cuts rounds down. At the minimum the shares are 1 up to rounding errors, which must not select the next step.
pub(super) const WITHIN_ROUNDING: f64 = 1.0 + 1e-10;

pub(super) struct PathEvents {
    problem: Problem,
    jumps: LargeJumps,
    motion: Box<dyn BetweenJumps>,
    /// The distances from the minimum to the edge that determine the cuts, in units of `L`.
    cut_reaches: Vec<f64>,
    sides: Vec<AxisSides>,
    /// The time over which [`AxisSides::at_rest`] gathers its noise where steps are local, otherwise infinite.
    rest_time: f64,
    /// Whether the edge is near at the minimum, to which all paths relax.
    always_near: bool,
    /// Longest step near the edge.
    longest: f64,
    starts_at_rest: bool,
}

/// The two directions along a noise coordinate, in units of `L` and with `Q*`. The lower side comes first.
struct AxisSides {
    /// Distances from the minimum to the edge.
    reaches: [f64; 2],
    /// `z` standard deviations far from the edge, at rest: the edge is near within them.
    at_rest: [f64; 2],
}

impl AxisSides {
    fn reach(&self) -> f64 {
        self.reaches[0].min(self.reaches[1])
    }

    /// Ratios of the fluctuations at rest to the distances of the edge.
    fn parts(&self, ways: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|side| if self.at_rest[side] > 0.0 { self.at_rest[side] / ways[side] } else { 0.0 })
    }

    /// The square of the larger ratio.
    fn load(&self, ways: [f64; 2]) -> f64 {
        let [lower, upper] = self.parts(ways);
        lower.max(upper).powi(2)
    }
}

impl PathEvents {
    /// The basin.
    pub fn basin(&self) -> &Basin {
        self.problem.basin()
    }

    /// The jumps of the scheme.
    pub fn jumps(&self) -> &LargeJumps {
        &self.jumps
    }

    /// `(z σ/r)²` on both sides of every axis: an edge is near within `z` standard deviations `σ`; `r` is its distance from the minimum.
    pub fn loads(&self) -> Vec<[f64; 2]> {
        self.sides.iter().map(|axis| axis.parts(axis.reaches).map(|part| part * part)).collect()
    }

    /// The fluctuations at rest on both sides of a noise coordinate within which the edge is near, in units of `L`.
    pub fn axis_at_rest(&self, j: usize) -> [f64; 2] {
        self.sides[j].at_rest
    }

    /// The distance from the minimum to the nearer edge along a noise coordinate, in units of `L`.
    pub fn axis_reach(&self, j: usize) -> f64 {
        self.sides[j].reach()
    }

    /// The distance from the minimum that determines the cut of a noise coordinate, in units of `L`.
    pub fn cut_reach(&self, j: usize) -> f64 {
        self.cut_reaches[j]
    }

    /// Whether the edge is near at the minimum, to which all paths relax.
    pub fn is_always_near(&self) -> bool {
        self.always_near
    }

    /// Longest step near the edge.
    pub fn longest(&self) -> f64 {
        self.longest
    }

    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// `scales` are those of tempered and truncated noise.
    pub fn new(
        problem: &Problem,
        jumps: LargeJumps,
        scales: Option<&[AxisScales]>,
        cut_reaches: Vec<f64>,
        [near_step, longest]: [f64; 2],
    ) -> Self {
        let basin = problem.basin();
        let rest = problem.preconditioner().unwrap_or_else(Preconditioner::identity);
        let motion: Box<dyn BetweenJumps> = match problem.dynamics() {
            Dynamics::Adam(adam) => Box::new(AdamMotion::new(problem, adam, &jumps).with_near_step(near_step)),
            _ => sgd_motion(problem, &jumps, SmoothAxis::NOTHING / crossing_time(problem), near_step),
        };
        let near = near_square(problem.noise().alpha().get());
        let spreads = spreads(problem, &rest);
        let rest_time = if motion.has_local_steps() { spreads[0][0] } else { f64::INFINITY };
        let sides = |(j, spreads): (usize, [f64; 2])| {
            let variance = scales.map_or(near, |scales| scales[j].near_square) * jumps.far(j).variance;
            AxisSides {
                reaches: lower_and_upper(problem, &rest, j),
                at_rest: spreads.map(|spread| if variance > 0.0 { (variance * spread).sqrt() } else { 0.0 }),
            }
        };
        let sides: Vec<AxisSides> = spreads.into_iter().enumerate().map(sides).collect();
        PathEvents {
            always_near: sides.iter().map(|axis| axis.load(axis.reaches)).sum::<f64>() >= 1.0,
            rest_time,
            sides,
            problem: problem.clone(),
            jumps,
            cut_reaches,
            longest: if motion.has_local_steps() { f64::INFINITY } else { longest },
            motion,
            starts_at_rest: basin.start() == basin.minimum(),
        }
    }

    pub fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        let mut state = State::new(self.problem.basin().dim(), self.jumps.cuts_far());
        for path in range {
            let mut rng = source.stream(path);
            records.push(self.path(&mut state, &mut rng, limits, &mut Unobserved));
        }
    }

    /// One path, point by point.
    pub fn follow(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> (PathRecord, Trajectory) {
        let mut state = State::new(self.problem.basin().dim(), self.jumps.cuts_far());
        let mut recorder = Recorder::new(self.problem.basin());
        let record = self.path(&mut state, &mut source.stream(path), limits, &mut recorder);
        recorder.end(record, &state.x)
    }

    // Its parts are inlined by attribute: the compiler does not do it by itself in a function that exists twice.
    fn path<O: Observer>(
        &self,
        state: &mut State,
        rng: &mut Stream,
        limits: Limits<'_>,
        observer: &mut O,
    ) -> PathRecord {
        let basin = self.problem.basin();
        state.x.copy_from_slice(basin.start());
        state.t = 0.0;
        state.local_step = f64::INFINITY;
        state.solver.restart();
        state.since_jump = if self.starts_at_rest { f64::INFINITY } else { 0.0 };
        self.motion.start(state);
        let mut events = 0;
        // Each large jump uses up an exponential number, at a rate that changes with the place.
        let mut clock: f64 = rng.sample(Exp1);
        loop {
            if events >= limits.max_events || limits.abandoned(events) {
                return PathRecord { outcome: Outcome::Censored { at: state.t }, events };
            }
            events += 1;
            let step = self.look_around(state);
            let rate = state.cuts.rate;
            let left = limits.max_time - state.t;
            let wait = clock / rate;
            let skipped = if state.cuts.near { 0.0 } else { self.motion.skip_rest(state, wait.min(left), rng) };
            let tau = if skipped > 0.0 {
                skipped
            } else {
                wait.min(left).min(self.motion.step_limit(state, step, &self.jumps))
            };
            if skipped == 0.0 {
                state.before.copy_from_slice(&state.x);
                self.motion.advance(state, tau, &self.jumps, rng);
                if !state.x.iter().all(|x| x.is_finite()) {
                    return PathRecord { outcome: Outcome::Diverged { at: state.t + tau }, events };
                }
                if let Some((delay, face)) = self.crossing(state, tau, rng) {
                    let site = match face {
                        Some(face) => by_face_at(basin, &state.x, face / 2, face % 2 == 1),
                        None => by_coordinate(basin, &state.x, Departure::Creep),
                    };
                    if O::WATCHES {
                        move_to_edge(basin, &state.before, &mut state.x, [delay, tau], face);
                    }
                    return PathRecord { outcome: Outcome::Exited { time: state.t + delay, site }, events };
                }
            }
            state.t += tau;
            state.since_jump += tau;
            observer.see(
                state.t,
                &state.x,
                if tau < wait || tau >= left { PointKind::Step } else { PointKind::BeforeJump },
            );
            if tau >= left {
                return PathRecord { outcome: Outcome::Censored { at: limits.max_time }, events };
            }
            if tau < wait {
                clock = (clock - tau * rate).max(f64::MIN_POSITIVE);
                continue;
            }
            clock = rng.sample(Exp1);
            events += 1;
            let jump = self.jumps.draw(&state.cuts, &mut state.kick, &mut state.scratch, rng);
            state.displace();
            state.since_jump = 0.0;
            if is_lost(basin, &state.x) {
                return PathRecord { outcome: Outcome::Diverged { at: state.t }, events };
            }
            if !basin.contains(&state.x) {
                let site = match jump {
                    Jump::Axis { axis, size } => by_noise_axis(basin, &state.x, axis, size),
                    Jump::Isotropic => by_coordinate(basin, &state.x, Departure::Jump),
                };
                return PathRecord { outcome: Outcome::Exited { time: state.t, site }, events };
            }
            observer.see(state.t, &state.x, PointKind::AfterJump);
        }
    }

    /// Measures the distances to the edge, sets the cuts, and returns the longest step. Far from the edge it is infinite, unless the steps are
    /// local: then the noise of one step must not reach the edge, since the path may wander farther than the fluctuations at the minimum.
    #[inline(always)]
    fn look_around(&self, state: &mut State) -> f64 {
        let view = self.problem.basin().seen_from(&state.x);
        let amplitude = self.jumps.amplitude();
        let mut load = 0.0;
        for (j, axis) in self.sides.iter().enumerate() {
            let ways = if amplitude.is_diagonal() {
                let inverse_q = state.averages.q.get(j).map_or(1.0, |q| 1.0 / q);
                view.axis_exits(j, self.jumps.axis_amplitude(j) * inverse_q)
            } else {
                self.jumps.write_column(j, &mut state.scratch);
                state.scratch.iter_mut().zip(&state.averages.q).for_each(|(v, q)| *v /= q);
                [view.nearest_exit(&state.scratch); 2]
            };
            state.ways[j] = ways[0].min(ways[1]);
            load += axis.load(ways);
        }
        if load < 1.0 && !self.always_near {
            self.jumps.set_far(&mut state.cuts);
            return self.rest_time / load;
        }
        state.shares.clear();
        if self.jumps.is_isotropic() {
            let share = WITHIN_ROUNDING * self.shortest_way(state) / self.cut_reaches[0];
            state.shares.push(share);
        } else {
            let ways = state.ways.iter().zip(&self.cut_reaches);
            state.shares.extend(ways.map(|(way, reach)| WITHIN_ROUNDING * way / reach));
        }
        self.jumps.set_near(&mut state.cuts, &state.shares);
        let mut spread = 0.0;
        for ((j, way), axis) in state.ways.iter().enumerate().zip(&self.sides) {
            let deviation = (self.jumps.whole_at(&state.cuts, j) * state.cuts.of(j).variance).sqrt();
            if deviation > 0.0 {
                let part = deviation / way.max(Ladder::FLOOR * axis.reach());
                spread += part * part;
            }
        }
        (STEP_SPREAD * STEP_SPREAD / spread).min(self.longest).min(self.drift_limit(state))
    }

    /// The shortest jump of an isotropic noise that reaches the tangent plane of the nearest point of the edge.
    fn shortest_way(&self, state: &mut State) -> f64 {
        let basin = self.problem.basin();
        let epsilon = self.problem.noise().epsilon();
        let amplitude = self.jumps.amplitude();
        let mut length = |normal: &[f64]| {
            // `|Σᵀ n|` by columns of `Σ`.
            (0..normal.len())
                .map(|j| {
                    if amplitude.is_diagonal() {
                        let w = amplitude.diagonal_entry(j) * normal[j];
                        return w * w;
                    }
                    self.jumps.write_column(j, &mut state.scratch);
                    let w = state.scratch.iter().zip(normal).map(|(s, n)| s * n).sum::<f64>() / epsilon;
                    w * w
                })
                .sum::<f64>()
                .sqrt()
                * epsilon
        };
        let way = match basin.sides() {
            Some((lo, hi)) => {
                let face = |i: usize| {
                    let mut normal = vec![0.0; state.x.len()];
                    normal[i] = state.averages.q.get(i).map_or(1.0, |q| 1.0 / q);
                    (hi[i] - state.x[i]).min(state.x[i] - lo[i]) / length(&normal)
                };
                (0..state.x.len()).map(face).fold(f64::INFINITY, f64::min)
            }
            None => {
                let depth = 1.0 - basin.gauge_gradient(&state.x, &mut state.normal);
                state.normal.iter_mut().zip(&state.averages.q).for_each(|(n, q)| *n /= q);
                depth / length(&state.normal)
            }
        };
        // At the centre there is no normal.
        way.min(self.cut_reaches[0]).max(0.0)
    }

    /// The time in which the drift covers a share of the distance to the edge.
    fn drift_limit(&self, state: &mut State) -> f64 {
        state.before.copy_from_slice(&state.x);
        self.motion.drift(state);
        let basin = self.problem.basin();
        match basin.sides() {
            Some((lo, hi)) => {
                let face = |i: usize| {
                    let x = state.x[i];
                    let floor = Ladder::FLOOR * basin.width(i);
                    STEP_DRIFT * (hi[i] - x).min(x - lo[i]).max(floor) / state.gradient[i].abs()
                };
                (0..state.x.len()).map(face).fold(f64::INFINITY, f64::min)
            }
            None => {
                let depth = 1.0 - basin.gauge_gradient(&state.x, &mut state.normal);
                let speed: f64 = state.gradient.iter().zip(&state.normal).map(|(v, n)| v * n).sum();
                STEP_DRIFT * depth.max(Ladder::FLOOR) / speed.abs()
            }
        }
    }

    /// The time, from the beginning of the last step, at which the Gaussian part first crossed its barrier, and the number of the face of a
    /// box; even numbers are lower faces.
    #[inline(always)]
    fn crossing(&self, state: &mut State, tau: f64, rng: &mut Stream) -> Option<(f64, Option<usize>)> {
        let basin = self.problem.basin();
        if !state.cuts.near {
            // The probability of reaching the edge is below one in a million.
            return (!basin.contains(&state.x)).then_some((tau, None));
        }
        let Some((lo, hi)) = basin.sides() else {
            // Along the normal at the end of the step that is nearer to the edge, in units of the gauge.
            let from = 1.0 - basin.gauge_gradient(&state.before, &mut state.normal);
            let to = 1.0 - basin.gauge_gradient(&state.x, &mut state.gradient);
            if to < from {
                std::mem::swap(&mut state.normal, &mut state.gradient);
            }
            state.normal.iter_mut().zip(&state.averages.q).for_each(|(n, q)| *n /= q);
            let noise = self.jumps.at_edge(&state.cuts, &state.normal);
            let bridge = Bridge { from: from + noise.shift, to: to + noise.shift };
            let exponent = bridge.exponent(noise.variance * tau);
            if exponent > FAR {
                return None;
            }
            crossed([exponent], rng.sample(Exp1))?;
            return Some((bridge.crossing_time(noise.variance, tau, rng), None));
        };
        state.shares.clear();
        let mut least = f64::INFINITY;
        let bridge = |x: f64, before: f64, i: usize, side: usize, shift: f64| match side {
            0 => Bridge { from: before - lo[i] + shift, to: x - lo[i] + shift },
            _ => Bridge { from: hi[i] - before + shift, to: hi[i] - x + shift },
        };
        for i in 0..state.x.len() {
            let mut noise = self.jumps.at_face(&state.cuts, i, &mut state.normal);
            let inverse_q = state.inverse_q(i);
            (noise.variance, noise.shift) = (noise.variance * inverse_q * inverse_q, noise.shift * inverse_q);
            for side in 0..2 {
                let bridge = bridge(state.x[i], state.before[i], i, side, noise.shift);
                let exponent = if noise.variance > 0.0 || bridge.to <= 0.0 {
                    bridge.exponent(noise.variance * tau)
                } else {
                    f64::INFINITY
                };
                least = least.min(exponent);
                state.shares.push(exponent);
            }
        }
        if least > FAR {
            return None;
        }
        let face = crossed(state.shares.iter().copied(), rng.sample(Exp1))?;
        let (i, inverse_q) = (face / 2, state.inverse_q(face / 2));
        let noise = self.jumps.at_face(&state.cuts, i, &mut state.normal);
        let bridge = bridge(state.x[i], state.before[i], i, face % 2, noise.shift * inverse_q);
        Some((bridge.crossing_time(noise.variance * inverse_q * inverse_q, tau, rng), Some(face)))
    }
}

/// Times that bound the variance at rest of the small jumps on both sides of every noise coordinate: `1/(2k)` for SGD.
pub(super) fn spreads(problem: &Problem, rest: &Preconditioner) -> Vec<[f64; 2]> {
    let basin = problem.basin();
    let dim = basin.dim();
    let momentum = match problem.dynamics() {
        Dynamics::Adam(adam) => 0.5 / adam.beta1_rate(),
        _ => 0.0,
    };
    match basin.potential().form().axis_curvatures(dim) {
        Some([left, right]) if problem.noise().amplitude().is_diagonal() => {
            (0..dim).map(|i| [left[i], right[i]].map(|k| 0.5 * rest.entry(i) / k + momentum)).collect()
        }
        _ => vec![[0.5 / curvature_range(problem)[1] + momentum; 2]; dim],
    }
}
