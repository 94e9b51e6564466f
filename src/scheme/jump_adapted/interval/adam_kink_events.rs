//! Adam with two curvatures that meet in a kink, on an interval, event by event.
//!
//! The steps of [`AdamMotion`] for many paths at a time: a swing that is wide compared with the noise goes from kink to kink in one step, small
//! fluctuations take steps in the curvature of their side, and a path that loses its memory during a wait is drawn from the law at rest.

use pulp::Simd;

use super::adam_events::SMALLEST_WEIGHT;
use super::event_cuts::EventCuts;
use super::interval_events::{EventLanes, IntervalEvents, Stretch};
use crate::scheme::interval::IntervalProblem;
use crate::scheme::jump_adapted::adam_motion::{AT_REST, AdamMotion, FORGOTTEN, KinkAtRest, WIDE};
use crate::scheme::jump_adapted::barrier::STEP_DRIFT;
use crate::scheme::jump_adapted::between_jumps::{FAR_STEP, MEMORY};
use crate::scheme::jump_adapted::momentum::{LONGEST, Momentum};
use crate::scheme::vector::{Decay, Mask, Vector};

/// The constants of the events; `v̂` follows the gradient if it `MOVES`.
pub(in crate::scheme::jump_adapted) struct AdamKink<const MOVES: bool> {
    constants: Constants,
    rest: KinkAtRest,
}

#[derive(Clone, Copy)]
struct Constants {
    interval: IntervalProblem,
    beta1: f64,
    beta2: f64,
    /// `s²`.
    square: f64,
    stabilizer: f64,
    cuts: EventCuts,
    /// Variance per unit time far from the edge, before `Q⁻²`.
    far_variance: f64,
    /// The fastest rate of the motion, and the time after which its start no longer matters.
    rate: f64,
    memory: f64,
    /// Longest step near the edge.
    longest: f64,
    starts_at_rest: bool,
}

/// [`AdamKink`] for a loop.
#[derive(Clone, Copy)]
pub(super) struct AdamKinkEvents<'a, const MOVES: bool> {
    constants: Constants,
    rest: &'a KinkAtRest,
}

impl<const MOVES: bool> AdamKink<MOVES> {
    /// The events of a motion. `None` without a law at rest, or if a curvature is negligible.
    pub fn new(
        interval: IntervalProblem,
        motion: &AdamMotion,
        cuts: EventCuts,
        longest: f64,
        starts_at_rest: bool,
    ) -> Option<Self> {
        let AdamMotion { adam, noise_scales, rate, memory, .. } = motion;
        debug_assert_eq!(MOVES, !adam.second_moment().is_constant());
        // Where a curvature is negligible, the covariance of a step would cancel.
        let next_to_none = 1e-6 * adam.beta1_rate() * (noise_scales[0] + adam.stabilizer());
        if !(interval.curvatures[0].min(interval.curvatures[1]) > next_to_none) {
            return None;
        }
        let rest = motion.rest_across_kink()?;
        let constants = Constants {
            interval,
            beta1: adam.beta1_rate(),
            beta2: adam.beta2_rate(),
            square: noise_scales[0] * noise_scales[0],
            stabilizer: adam.stabilizer(),
            cuts,
            far_variance: rest.variance,
            rate: *rate,
            memory: *memory,
            longest,
            starts_at_rest,
        };
        Some(AdamKink { constants, rest })
    }

    pub(super) fn events(&self) -> AdamKinkEvents<'_, MOVES> {
        AdamKinkEvents { constants: self.constants, rest: &self.rest }
    }
}

/// A path at the beginning of an event: `k` belongs to the side of `y`.
#[derive(Clone, Copy)]
struct Now<S: Simd> {
    t: Vector<S>,
    moved: Vector<S>,
    y: Vector<S>,
    m: Vector<S>,
    v: Vector<S>,
    q: Vector<S>,
    inverse_q: Vector<S>,
    k: Vector<S>,
    /// `k y² + m²/(β q)`.
    energy: Vector<S>,
}

impl<const MOVES: bool> AdamKinkEvents<'_, MOVES> {
    /// The longest step, and the lanes with a step on the upper side of the kink.
    #[inline(always)]
    fn step_limit<S: Simd>(&self, now: &Now<S>) -> (Vector<S>, Mask<S>) {
        let Constants { interval, beta1, beta2, rate, square, far_variance, .. } = self.constants;
        let Now { t, moved, y, m, v, q, inverse_q, k, energy } = *now;
        let far = 2.0 * FAR_STEP / rate;
        let [left, right] = interval.curvatures;

        // A wide swing: at the kink the velocity determines its side.
        let spread = inverse_q * inverse_q * far_variance;
        let variance = |k: f64| spread * (q * (0.5 / k) + 0.5 / beta1);
        let at_kink = (y * y).below(variance(left.max(right)));
        let ahead = at_kink & m.below_number(0.0) | !at_kink & y.at_or_above_number(0.0);
        let k_ahead = ahead.choose(right, left);
        let variance = spread * (q * ahead.choose(0.5 / right, 0.5 / left) + 0.5 / beta1);
        let swing = y * y + m * m * inverse_q * ahead.choose(1.0 / (beta1 * right), 1.0 / (beta1 * left));
        let width = swing * (1.0 / (WIDE * WIDE)) / variance;
        let wide = width.above_number(1.0);
        let sign = ahead.choose(1.0, -1.0);
        let half = 0.5 * beta1;
        let discriminant = half * half - beta1 * k_ahead * inverse_q;
        let omega = discriminant.abs().sqrt();
        let swings = discriminant.below_number(0.0);
        let back = next_zero(half, swings, omega, sign * y, sign * m * inverse_q);
        // The rate at which its envelope decays, and the time after which it is no longer wide.
        let slow = half - swings.select(y.all(0.0), omega);
        let [part, whole] = logarithm(width);
        let narrows = (0.5 * part / (whole * slow)).at_least(far);
        let [behind, in_front] = interval.reaches();
        let inside = swing.below(ahead.choose(in_front * in_front, behind * behind));
        let mut limit = (wide & inside).select(back.min(narrows), y.all(far));
        let ahead = wide & ahead | !wide & y.at_or_above_number(0.0);

        let young = (beta1 * t).below_number(8.0) & moved.above_number(0.0);
        limit = young.select(limit.min((0.25 * t).at_least(0.05 / beta1)), limit);
        // Limits as rates, so that one division serves all. `√(βk/q)` is at most `β/2 + ω`.
        let mut fast = (1.5 * beta1 + omega) * (1.0 / LONGEST);
        if MOVES {
            let g = k * y;
            let inverse_v = 1.0 / v;
            let off = (g * g + square - v).abs() * inverse_v;
            fast = off.above_number(AT_REST).select(fast.max((beta2 / 0.2) * off), fast);
            let added = (beta2 / rate) * k * energy * inverse_v;
            let follow = (rate / FAR_STEP) * added.at_most(1.0).sqrt();
            fast = added.above_number(AT_REST).select(fast.max(follow), fast);
        }
        (limit.min(1.0 / fast), ahead)
    }

    /// Lanes whose path loses the memory of its swing during the wait, by the condition of [`AdamMotion`].
    #[inline(always)]
    fn forgets<S: Simd>(&self, now: &Now<S>, wait: Vector<S>) -> Mask<S> {
        let Constants { interval, beta1, beta2, memory, .. } = self.constants;
        let [left, right] = interval.curvatures;
        let [behind, in_front] = interval.reaches();
        // The squared share of the way to the edge, which decays at twice the rate.
        let share = now.energy * (1.0 / (left * behind * behind)).max(1.0 / (right * in_front * in_front));
        let pace = (now.inverse_q * self.rest.q).at_most(1.0);
        let left_over = Decay::of(wait * (2.0 * MEMORY / memory) * pace).left;
        let faded = (share * left_over).below_number(FORGOTTEN * FORGOTTEN);
        let settled = (beta1 * now.t).at_or_above_number(10.0) | now.moved.is(0.0);
        let forgets = faded & settled & share.below_number(1.0);
        if !MOVES {
            return forgets;
        }
        // Contribution of a decaying square of rate `2/τ` to an average of rate `β2`.
        let lasting = (0.5 * beta2 * memory / MEMORY).min(1.0);
        forgets & !(AT_REST * now.v).below(lasting * left.max(right) * now.energy)
    }

    /// A draw of `(y, m̂)` at rest, by an exponential number.
    #[inline(always)]
    fn rest_draw<S: Simd, const N: usize>(&self, simd: S, exponential: Vector<S>, g: usize) -> [Vector<S>; 2] {
        let draws = &self.rest.draws;
        let mut rows = [[0.0; N]; 3];
        (Decay::of(exponential).lost * draws.len() as f64).store(&mut rows[0], g);
        for lane in g * S::F64_LANES..(g + 1) * S::F64_LANES {
            let [y, m] = draws[(rows[0][lane] as usize).min(draws.len() - 1)];
            (rows[1][lane], rows[2][lane]) = (y, m);
        }
        [Vector::load(simd, &rows[1], g), Vector::load(simd, &rows[2], g)]
    }
}

/// The numbers of a path are `m̂`, `v̂`, `q`, `1/q`, and whether it has left the minimum.
impl<const MOVES: bool> IntervalEvents<5> for AdamKinkEvents<'_, MOVES> {
    const MORE_NORMALS: usize = 1;
    const EXPONENTIALS: usize = 1;

    fn interval(&self) -> &IntervalProblem {
        &self.constants.interval
    }

    fn start(&self) -> [f64; 5] {
        let Constants { interval, square, stabilizer, starts_at_rest, .. } = self.constants;
        let g = interval.gradient(interval.start);
        let v = if MOVES { g * g + square } else { square };
        let q = v.sqrt() + stabilizer;
        [g, v, q, 1.0 / q, if starts_at_rest { 0.0 } else { 1.0 }]
    }

    #[inline(always)]
    fn stretch<S: Simd, const N: usize>(&self, simd: S, lanes: &mut EventLanes<5, N>, g: usize) -> Stretch<S> {
        let Constants { interval, beta1, beta2, square, stabilizer, cuts, longest, .. } = self.constants;
        let [left, right] = interval.curvatures;
        let (x, t) = (Vector::load(simd, &lanes.x, g), Vector::load(simd, &lanes.t, g));
        // Written out, since the closure of a `map` may be compiled without the vectors.
        let [m, v, q, inverse_q, moved] = &lanes.own;
        let (m, v, q) = (Vector::load(simd, m, g), Vector::load(simd, v, g), Vector::load(simd, q, g));
        let (inverse_q, moved) = (Vector::load(simd, inverse_q, g), Vector::load(simd, moved, g));
        let normals = [Vector::load(simd, &lanes.normals[0], g), Vector::load(simd, &lanes.normals[1], g)];
        let (clock, pareto) = (lanes.clock(simd, g), Vector::load(simd, &lanes.jump, g));
        let y = x - interval.minimum;
        let k = y.below_number(0.0).choose(left, right);
        let mut place = cuts.far(clock, pareto);
        let wait = place.tau;
        // The noise acts before `Q⁻¹`, so distances are multiplied by `q`.
        let [lower, upper] = interval.distances(x);
        let distances = [lower * q, upper * q];
        let near = cuts.is_near(distances);
        let is_near = near.any();
        if is_near {
            let local = cuts.near(distances[0].min(distances[1]), clock, pareto);
            let drift = STEP_DRIFT * local.distance / m.abs();
            let tau = local.place.tau.min(drift).at_most(longest);
            place = place.or_where(near, local.place.cut_short(tau));
        }
        let energy = k * y * y + m * m * inverse_q * (1.0 / beta1);
        let now = Now { t, moved, y, m, v, q, inverse_q, k, energy };
        let (limit, ahead) = self.step_limit(&now);
        // A swing well inside the basin that is too small to move `v̂` and decays during the wait: the path then has the law at rest.
        let rests = !near & self.forgets(&now, wait);
        let place = place.cut_short(rests.select(wait, limit.at_most(f64::MAX)));
        let tau = place.tau;

        let half = 0.5 * tau;
        let middle = t + half;
        // `1 - e^(-β t)` is the memory of an average, which carries the bias correction.
        let (mut lost, mut left_over, mut second, mut v_after, mut q_after) = (tau, tau, tau, v, q);
        if MOVES {
            let fading = Decay::of(beta2 * half);
            (lost, left_over) = (fading.lost, fading.left);
            second = weight_so_far(beta2 * middle);
            let gradient = k * y;
            v_after = v + lost / second.at_least(f64::MIN_POSITIVE) * (gradient * gradient + square - v);
            q_after = v_after.sqrt() + stabilizer;
        }
        let first = weight_so_far(beta1 * middle).at_least(SMALLEST_WEIGHT);
        let inverse_q = if MOVES { 1.0 / q_after } else { inverse_q };
        let momentum = Momentum {
            beta: beta1 / first,
            inverse_beta: first * (1.0 / beta1),
            curvature: ahead.choose(right, left),
            q: q_after,
            inverse_q,
            at_rest: ahead.choose(0.5 / right, 0.5 / left),
            variance: place.variance * inverse_q * inverse_q,
        };
        let [mut y_after, mut m_after] = momentum.step([y, m], tau, normals);
        if MOVES {
            second = second + (1.0 - second) * lost;
            let gradient = y_after.below_number(0.0).choose(left, right) * y_after;
            let weight = lost / second.at_least(f64::MIN_POSITIVE);
            v_after = v_after + weight * (gradient * gradient + square - v_after);
        }
        if rests.any() {
            let exponential = Vector::load(simd, &lanes.exponential, g).abs();
            let [y_rest, m_rest] = self.rest_draw::<S, N>(simd, exponential, g);
            y_after = rests.select(y_rest, y_after);
            m_after = rests.select(m_rest, m_after);
            if MOVES {
                let weight = (lost + left_over * lost) / second.at_least(f64::MIN_POSITIVE);
                v_after = rests.select(v + weight * (square + self.rest.square - v), v_after);
            }
        }
        if MOVES {
            q_after = v_after.sqrt() + stabilizer;
        }
        let inverse_q = if MOVES { 1.0 / q_after } else { inverse_q };
        let clock = place.clock_at_end(clock);
        let moved = clock.is(0.0).select(moved.all(1.0), moved);
        let [m_row, v_row, q_row, inverse_row, moved_row] = &mut lanes.own;
        m_after.store(m_row, g);
        v_after.store(v_row, g);
        q_after.store(q_row, g);
        inverse_q.store(inverse_row, g);
        moved.store(moved_row, g);
        place.stretch(inverse_q, [x, interval.minimum + y_after], clock, is_near.then_some([near, near]))
    }
}

/// Times of an average after which its start no longer changes a bit of `1 - e^(-z)`.
const STARTED: f64 = 37.0;

/// `1 - e^(-z)`, the weight that an average has gathered, at no cost where no lane is close to its start.
#[inline(always)]
fn weight_so_far<S: Simd>(z: Vector<S>) -> Vector<S> {
    let (early, whole) = (z.below_number(STARTED), z.all(1.0));
    if early.any() { early.select(Decay::of(z).lost, whole) } else { whole }
}

/// Halvings of the angle before its series, and the terms of that.
const HALVINGS: u32 = 2;
const TERMS: usize = 12;

/// Largest ratio of an exponential approach to 0: [`next_zero`] is then earlier than the zero.
const APPROACH: f64 = 0.95;

/// The time after which a step must end: that at which a positive `y` falls to 0 under `y'' + 2 half y' + p y = 0` with `y' = -speed`, or earlier on a
/// long exponential approach, see [`APPROACH`]; infinite if `y` never comes to 0. From `y <= 0` it must be increasing. `omega` is the root of
/// `|half² - p|`, and the path `swings` if `p > half²`.
#[inline(always)]
fn next_zero<S: Simd>(half: f64, swings: Mask<S>, omega: Vector<S>, y: Vector<S>, speed: Vector<S>) -> Vector<S> {
    let omega = omega.at_least(1e-6 * half);
    // `y ∝ y cos ωτ + s/ω sin ωτ`, or with hyperbolic functions: the angle whose tangent is `-ω y/s`.
    let slope = half * y - speed;
    let (size, side) = (slope.abs(), (omega * y).abs());
    let returns = swings | side.below(size);
    let side = swings.select(side, side.min(APPROACH * size));
    let sense = swings.choose(1.0, -1.0);
    let mut ratio = side / (size + (size * size + sense * side * side).at_least(0.0).sqrt());
    for _ in 1..HALVINGS {
        ratio = ratio / (1.0 + (1.0 + sense * ratio * ratio).sqrt());
    }
    let square = -(sense * ratio * ratio);
    let mut sum = square.all(1.0 / (2 * TERMS - 1) as f64);
    for n in (1..TERMS).rev() {
        sum = sum * square + 1.0 / (2 * n - 1) as f64;
    }
    let angle = f64::from(1u32 << HALVINGS) * ratio * sum;
    let (falls, above) = (slope.below_number(0.0), y.above_number(0.0));
    let turned = std::f64::consts::PI + above.select(-angle, angle);
    let never = swings.select(turned, turned.all(f64::INFINITY));
    (falls & above & returns).select(angle, never) / omega
}

/// The logarithm, too small by at most 4 % from 1 to 1,000, as a numerator and a denominator: Padé's approximant at the fourth root.
#[inline(always)]
fn logarithm<S: Simd>(number: Vector<S>) -> [Vector<S>; 2] {
    let root = number.at_least(1.0).sqrt();
    let fourth = root.sqrt();
    [12.0 * (root - 1.0), root + 4.0 * fourth + 1.0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Adam, Dynamics, Problem, SecondMoment};
    use crate::landscape::{Asymmetric, Basin, Domain};
    use crate::noise::{Alpha, LevyNoise, Seed, Stream};
    use crate::scheme::jump_adapted::between_jumps::{BetweenJumps, State};
    use crate::scheme::jump_adapted::large_jumps::LargeJumps;
    use crate::scheme::linear::momentum_return;
    use crate::scheme::vector::Number;
    use pulp::Scalar;
    use rand::RngExt;
    use rand_distr::StandardNormal;

    /// Adam across a kink: its jumps, its motion and its events.
    fn twins<const MOVES: bool>([left, right]: [f64; 2], beta1: f64) -> (LargeJumps, AdamMotion, AdamKink<MOVES>) {
        let valley = Asymmetric::new(vec![left], vec![right]).unwrap();
        let basin = Basin::new(valley, Domain::interval(-0.7, 1.0)).unwrap();
        let moment = if MOVES { SecondMoment::MeanField } else { SecondMoment::Frozen };
        let adam = Adam::new(beta1, 0.3 * beta1).unwrap().with_second_moment(moment);
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 1e-3).unwrap();
        let problem = Problem::new(basin, Dynamics::Adam(adam.clone()), noise).unwrap();
        let q = problem.preconditioner().unwrap().entry(0);
        let jumps = LargeJumps::new(&problem, &[0.7 * q / 1e-3], [0.1; 2]);
        let motion = AdamMotion::new(&problem, &adam, &jumps);
        let interval = IntervalProblem::of(&problem).unwrap();
        // No place is near the edge.
        let cuts = EventCuts::new(&jumps, 1.5, [0.7 * q, q], [1e-9; 2]);
        let kink = AdamKink::new(interval, &motion, cuts, 0.1, false).unwrap();
        (jumps, motion, kink)
    }

    /// A state with entries of different powers of ten, and the numbers of its path.
    fn state(motion: &AdamMotion, jumps: &LargeJumps, rng: &mut Stream) -> (State, [f64; 5]) {
        let mut state = State::new(1, jumps.cuts_far());
        motion.start(&mut state);
        jumps.set_far(&mut state.cuts);
        let signed = |rng: &mut Stream| (rng.open01() - 0.5).signum() * 10f64.powf(-4.0 * rng.open01());
        state.x[0] = 0.6 * signed(rng);
        state.averages.m[0] = 2.0 * signed(rng);
        if state.averages.moves() && rng.open01() < 0.5 {
            state.averages.v[0] *= 10f64.powf(rng.open01());
        }
        state.averages.set_preconditioner();
        state.t = 40.0 * rng.open01() * rng.open01();
        let moved = rng.open01() < 0.7;
        state.since_jump = if moved { 0.0 } else { f64::INFINITY };
        let averages = &state.averages;
        let q = averages.q[0];
        let own = [averages.m[0], averages.v[0], q, 1.0 / q, f64::from(u8::from(moved))];
        (state, own)
    }

    /// With the normal numbers of the motion, a stretch is its step: as long, save for an earlier end of a wide swing, and to the same
    /// place. The same waits are skipped, and end in a draw at rest.
    fn stretches_are_steps_of_the_motion<const MOVES: bool>(curvatures: [f64; 2], beta1: f64) {
        let (jumps, motion, kink) = twins::<MOVES>(curvatures, beta1);
        let events = kink.events();
        let mut rng = Stream::new(Seed(6), 0, 0);
        let number = Number::of;
        let far_wait = kink.constants.cuts.far(number(1.0), number(1.0)).tau.lane();
        let far_jump = kink.constants.cuts.far(number(1.0), number(1.3)).jump.lane();
        let (mut skipped, mut bounded, mut turned) = (0, 0, 0);
        for round in 0..4000 {
            let (mut state, own) = state(&motion, &jumps, &mut rng);
            let wait = 10f64.powf(5.0 * rng.open01() - 3.0);
            let mut twin = rng.clone();
            let normals: [f64; 2] = [rng.sample(StandardNormal), rng.sample(StandardNormal)];
            let mut lanes = EventLanes::<5, 1>::default();
            lanes.set(0, [state.x[0], state.t, wait / far_wait, 0.0], own);
            (lanes.normals, lanes.jump, lanes.exponential) = (normals.map(|n| [n]), [1.3], [-0.4]);
            let Stretch { after, tau, watched, jump, .. } = events.stretch(Scalar, &mut lanes, 0);
            let (after, tau, jump) = (after.lane(), tau.lane(), jump.lane());
            assert!(watched.is_none());
            let [m, v, q, ..] = lanes.own(0);
            let close = |value: f64, exact: f64| (value - exact).abs() <= 1e-8 * exact.abs() + 1e-12;
            if motion.forgets(&state, wait) {
                assert_eq!(motion.skip_rest(&mut state, wait, &mut twin), wait);
                let [exact_v, exact_q] = [state.averages.v[0], state.averages.q[0]];
                assert!((tau / wait - 1.0).abs() < 1e-12 && close(v, exact_v) && close(q, exact_q), "{round}: {v} {q}");
                assert!(close(jump, far_jump / exact_q), "{round}: {jump}");
                assert!(kink.rest.draws.contains(&[after, m]), "{round}: {after} {m}");
                skipped += 1;
                continue;
            }
            let exact = wait.min(motion.limit_at_minimum(&state));
            // The logarithm of the width of a swing is up to 4 % short, and a long exponential approach ends early.
            let far = [kink.constants.far_variance];
            let swing = |state: &State| motion.wide_swing(state, 0, [&curvatures[..1], &curvatures[1..]], &far);
            if (tau / exact - 1.0).abs() > 1e-8 {
                let ahead = swing(&state).unwrap_or_else(|| panic!("{round}: {tau} {exact} {wait} {state:?}")).ahead;
                let discriminant = 0.25 * beta1 * beta1 - beta1 * curvatures[usize::from(ahead)] / state.averages.q[0];
                let omega = discriminant.abs().sqrt();
                let approach = if discriminant > 0.0 { APPROACH.atanh() / omega } else { f64::INFINITY };
                let shortest = 0.95 * exact.min(approach).min(LONGEST / (1.5 * beta1 + omega));
                assert!((shortest..exact).contains(&tau), "{round}: {shortest} {tau} {exact} {wait} {state:?}");
            }
            bounded += usize::from(tau < 0.999 * wait);
            // The motion determines the side again after half of the step of `v̂`, on which a borderline case depends.
            let ahead = |state: &State| swing(state).map_or(state.x[0] >= 0.0, |swing| swing.ahead);
            let mut later = state.clone();
            motion.move_second_moment(&mut later, state.t, 0.5 * tau);
            if ahead(&state) != ahead(&later) {
                turned += 1;
                continue;
            }
            motion.advance(&mut state, tau, &jumps, &mut twin);
            let averages = &state.averages;
            let kick = (jump, far_jump / averages.q[0]);
            let pairs = [(after, state.x[0]), (m, averages.m[0]), (v, averages.v[0]), (q, averages.q[0]), kick];
            assert!(pairs.iter().all(|(value, exact)| close(*value, *exact)), "{round} {tau}: {pairs:?}");
        }
        let counts = [skipped, bounded, turned];
        assert!((50..3000).contains(&skipped) && bounded > 200 && turned < 40, "{counts:?}");
    }

    /// A wait too short to change the averages at their start changes nothing.
    #[test]
    fn the_shortest_of_waits_is_no_division_by_zero() {
        let (.., kink) = twins::<true>([4.0, 0.5], 8.0);
        let events = kink.events();
        let far_wait = kink.constants.cuts.far(Number::of(1.0), Number::of(1.0)).tau.lane();
        for wait in [0.0, 5e-324, 1e-18, 1e-15, 1e-9] {
            let mut lanes = EventLanes::<5, 1>::default();
            lanes.set(0, [0.1, 0.0, wait / far_wait, 0.0], events.start());
            let Stretch { after, tau, .. } = events.stretch(Scalar, &mut lanes, 0);
            assert!((after.lane() - 0.1).abs() <= 0.01 && tau.lane() <= 1e-9, "{wait}: {}", after.lane());
            assert!(lanes.own(0).iter().all(|value| value.is_finite()), "{wait}: {:?}", lanes.own(0));
        }
    }

    #[test]
    fn stretches_are_steps_of_the_motion_on_steep_and_flat_sides() {
        for curvatures in [[4.0, 0.5], [0.2, 3.0]] {
            for beta1 in [0.5, 8.0] {
                stretches_are_steps_of_the_motion::<true>(curvatures, beta1);
                stretches_are_steps_of_the_motion::<false>(curvatures, beta1);
            }
        }
    }

    /// The time of return against the formulas by angle and logarithm; a long exponential approach is cut short, never prolonged.
    #[test]
    fn the_next_zero_is_that_of_the_formulas() {
        for (beta, k, q) in [(1.0, 4.0, 1.0), (8.0, 1.0, 0.5), (0.3, 2.0, 3.0), (9.0, 0.2, 1.0), (4.0, 1.0, 1.0)] {
            let p: f64 = beta * k / q;
            let longest = APPROACH.atanh() / f64::max(0.25 * beta * beta - p, 0.0).sqrt();
            for y in [-0.01, 0.0, 1e-9, 0.5, 1.0] {
                for m in [-3.0, -0.5, 0.0, 0.5, 3.0, 30.0] {
                    if y <= 0.0 && m >= 0.0 {
                        continue;
                    }
                    let exact = momentum_return(beta, k, q, [y, m]);
                    let expected = if exact.is_finite() { exact.min(longest) } else { exact };
                    let half = 0.5 * beta;
                    let omega = Number::of((half * half - p).abs().sqrt());
                    let swings = Number::of(half * half).below_number(p);
                    let zero = next_zero(half, swings, omega, Number::of(y), Number::of(m / q)).lane();
                    let agrees = zero == expected || (zero / expected - 1.0).abs() < 1e-9;
                    assert!(agrees, "{beta} {k} {q} {y} {m}: {zero} {expected}");
                }
            }
        }
    }

    #[test]
    fn the_logarithm_is_short_by_less_than_its_bound() {
        for n in 1..200 {
            let number = 1.035f64.powi(n);
            let [part, whole] = logarithm(Number::of(number)).map(Number::lane);
            let ratio = part / whole / number.ln();
            assert!(ratio < 1.0 + 1e-12 && ratio > 0.96, "{number}: {ratio}");
        }
    }
}
