//! Adam with a linear force on an interval, event by event: the steps of [`AdamMotion`] for many paths at a time.
//!
//! `v̂` moves half a step before and after, `(θ, m̂)` in between by its exact flow and Gaussian with `Q` held.

use pulp::Simd;

use super::event_cuts::EventCuts;
use super::interval_events::{EventLanes, IntervalEvents, Stretch};
use crate::scheme::interval::IntervalProblem;
use crate::scheme::jump_adapted::adam_motion::{AT_REST, AdamMotion, FORGOTTEN, RestOnAxis};
use crate::scheme::jump_adapted::barrier::STEP_DRIFT;
use crate::scheme::jump_adapted::between_jumps::{FAR_STEP, MEMORY};
use crate::scheme::jump_adapted::momentum::{LONGEST, Momentum};
use crate::scheme::vector::{Decay, Mask, Vector};

/// Smallest weight of an average, by which a rate can be divided.
pub(super) const SMALLEST_WEIGHT: f64 = 1e-300;

/// The constants of the events; `v̂` follows the gradient if it `MOVES`.
#[derive(Clone, Copy)]
pub(in crate::scheme::jump_adapted) struct AdamEvents<const MOVES: bool> {
    interval: IntervalProblem,
    curvature: f64,
    beta1: f64,
    beta2: f64,
    /// `s²`.
    square: f64,
    stabilizer: f64,
    cuts: EventCuts,
    /// The fastest rate of the motion, and the time after which its start no longer matters.
    rate: f64,
    memory: f64,
    /// Longest step near the edge.
    longest: f64,
    /// The distance to the nearer end.
    reach: f64,
    rest: Option<RestOnAxis>,
    starts_at_rest: bool,
}

impl<const MOVES: bool> AdamEvents<MOVES> {
    /// The events of a motion, with its law at rest. `longest`: the longest step near the edge. `None` if the curvature is negligible.
    pub fn new(
        interval: IntervalProblem,
        motion: &AdamMotion,
        cuts: EventCuts,
        longest: f64,
        starts_at_rest: bool,
    ) -> Option<Self> {
        let AdamMotion { adam, noise_scales, rate, memory, .. } = motion;
        debug_assert_eq!(MOVES, !adam.second_moment().is_constant());
        let curvature = interval.curvatures[0];
        debug_assert_eq!(curvature, interval.curvatures[1]);
        let next_to_none = 1e-6 * adam.beta1_rate() * (noise_scales[0] + adam.stabilizer());
        (curvature > next_to_none).then(|| AdamEvents {
            interval,
            curvature,
            beta1: adam.beta1_rate(),
            beta2: adam.beta2_rate(),
            square: noise_scales[0] * noise_scales[0],
            stabilizer: adam.stabilizer(),
            cuts,
            rate: *rate,
            memory: *memory,
            longest,
            reach: interval.reach(),
            rest: motion.rest_on_interval(),
            starts_at_rest,
        })
    }

    /// Longest step for the bias correction at the start, for the edge and for `v̂`; `swing` is `k y² + m²/(β q)`, `share` its
    /// amplitude as a share of the way to the edge, and `room` the share at which the edge is near.
    #[inline(always)]
    fn step_limit<S: Simd>(&self, [t, moved, y, v, swing, share]: [Vector<S>; 6], room: Vector<S>) -> Vector<S> {
        let young = (self.beta1 * t).below_number(8.0) & moved.above_number(0.0);
        let never = moved * 0.0 + f64::INFINITY;
        let mut limit = young.select((0.25 * t).at_least(0.05 / self.beta1), never);
        // Small fluctuations, which have a law at rest, allow a step twice as long.
        let far = if self.rest.is_some() { 2.0 } else { 1.0 } * FAR_STEP / self.rate;
        limit = share.below(room).select(limit, limit.at_most(far));
        if MOVES {
            let g = self.curvature * y;
            let off = (g * g + self.square - v).abs();
            let pull = (0.2 / self.beta2) * v / off;
            limit = (AT_REST * v).below(off).select(limit.min(pull), limit);
            // The increase of `v̂` in one time of the flow determines how finely the swing must be resolved.
            let added = (self.beta2 / self.rate * self.curvature) * swing / v;
            let follow = (FAR_STEP / self.rate) / added.at_most(1.0).sqrt();
            limit = added.above_number(AT_REST).select(limit.min(follow), limit);
        }
        limit
    }

    /// Lanes whose path loses the memory of its swing during the wait, by the condition of [`AdamMotion`].
    #[inline(always)]
    fn forgets<S: Simd>(
        &self,
        rest: RestOnAxis,
        wait: Vector<S>,
        [t, moved, v, q, swing, share]: [Vector<S>; 6],
    ) -> Mask<S> {
        let slowdown = (q * (1.0 / rest.q)).at_least(1.0);
        let faded = (share * Decay::of(wait * (MEMORY / self.memory) / slowdown).left).below_number(FORGOTTEN);
        let settled = (self.beta1 * t).at_or_above_number(10.0) | moved.is(0.0);
        let forgets = faded & settled & share.below_number(1.0);
        if !MOVES {
            return forgets;
        }
        // Contribution of a decaying square of rate `2/τ` to an average of rate `β2`.
        let lasting = (0.5 * self.beta2 * self.memory / MEMORY).min(1.0);
        forgets & !(AT_REST * v).below(lasting * self.curvature * swing)
    }
}

/// The numbers of a path are `m̂`, `v̂`, `q`, whether it has left the minimum, and `1 - e^(-βt)` for `β1` and `β2`.
impl<const MOVES: bool> IntervalEvents<6> for AdamEvents<MOVES> {
    const MORE_NORMALS: usize = 1;
    const EXPONENTIALS: usize = 0;

    fn interval(&self) -> &IntervalProblem {
        &self.interval
    }

    fn start(&self) -> [f64; 6] {
        let g = self.interval.gradient(self.interval.start);
        let v = if MOVES { g * g + self.square } else { self.square };
        let moved = if self.starts_at_rest { 0.0 } else { 1.0 };
        [g, v, v.sqrt() + self.stabilizer, moved, 0.0, 0.0]
    }

    #[inline(always)]
    fn stretch<S: Simd, const N: usize>(&self, simd: S, lanes: &mut EventLanes<6, N>, g: usize) -> Stretch<S> {
        let (interval, k) = (&self.interval, self.curvature);
        let (x, t) = (Vector::load(simd, &lanes.x, g), Vector::load(simd, &lanes.t, g));
        let [m, v, q, moved, first, second] = &lanes.own;
        let (m, mut v, mut q) = (Vector::load(simd, m, g), Vector::load(simd, v, g), Vector::load(simd, q, g));
        let moved = Vector::load(simd, moved, g);
        let (first, second) = (Vector::load(simd, first, g), Vector::load(simd, second, g));
        let normals = [0, 1].map(|i| Vector::load(simd, &lanes.normals[i], g));
        let (clock, pareto) = (lanes.clock(simd, g), Vector::load(simd, &lanes.jump, g));
        let y = x - interval.minimum;
        let inverse_q = 1.0 / q;
        let mut place = self.cuts.far(clock, pareto);
        let wait = place.tau;
        // The noise acts before `Q⁻¹`, so distances are multiplied by `q`.
        let distances = interval.distances(x).map(|distance| distance * q);
        let near = self.cuts.is_near(distances);
        let is_near = near.any();
        if is_near {
            let local = self.cuts.near(distances[0].min(distances[1]), clock, pareto);
            let drift = STEP_DRIFT * local.distance / m.abs();
            let tau = local.place.tau.min(drift).at_most(self.longest);
            place = place.or_where(near, local.place.cut_short(tau));
        }
        let swing = k * y * y + m * m * inverse_q * (1.0 / self.beta1);
        let share = (swing * (1.0 / k)).sqrt() * (1.0 / self.reach);
        let room = 1.0 - self.cuts.near_distance() * inverse_q * (1.0 / self.reach);
        let limit = self.step_limit([t, moved, y, v, swing, share], room);
        let mut tau = limit.at_most(f64::MAX).min(LONGEST / (self.beta1 + (self.beta1 * k * inverse_q).sqrt()));
        // A swing well inside the basin that is too small to move `v̂` and decays during the wait: the path then has the law at rest.
        #[expect(clippy::manual_map, reason = "a closure would be compiled without the vectors")]
        let rests = match self.rest {
            Some(rest) => Some(!near & self.forgets(rest, wait, [t, moved, v, q, swing, share])),
            None => None,
        };
        if let Some(rests) = rests {
            tau = rests.select(wait, tau);
        }
        let place = place.cut_short(tau);
        let tau = place.tau;

        let half = 0.5 * tau;
        let fading = Decay::of(self.beta2 * half);
        let (lost, left) = (fading.lost, fading.left);
        let second_half = second + (1.0 - second) * lost;
        let second = second_half + (1.0 - second_half) * lost;
        let v_before = v;
        if MOVES {
            let gradient = k * y;
            v = v + lost / second_half.at_least(f64::MIN_POSITIVE) * (gradient * gradient + self.square - v);
            q = v.sqrt() + self.stabilizer;
        }
        let held = Decay::of(self.beta1 * half).lost;
        let first_half = (first + (1.0 - first) * held).at_least(SMALLEST_WEIGHT);
        let beta = self.beta1 / first_half;
        let first = first_half + (1.0 - first_half) * held;
        let inverse_q = 1.0 / q;
        let momentum = Momentum {
            beta,
            inverse_beta: first_half * (1.0 / self.beta1),
            curvature: x.all(k),
            q,
            inverse_q,
            at_rest: x.all(0.5 / k),
            variance: place.variance * inverse_q * inverse_q,
        };
        let [mut y_after, mut m_after] = momentum.step([y, m], tau, normals);
        if MOVES {
            let gradient = k * y_after;
            v = v + lost / second.at_least(f64::MIN_POSITIVE) * (gradient * gradient + self.square - v);
        }
        if let (Some(rests), Some(rest)) = (rests, self.rest) {
            y_after = rests.select(rest.root[0] * normals[0], y_after);
            m_after = rests.select(rest.root[1] * normals[0] + rest.root[2] * normals[1], m_after);
            if MOVES {
                let weight = (lost + left * lost) / second.at_least(f64::MIN_POSITIVE);
                v = rests.select(v_before + weight * (self.square + rest.square - v_before), v);
            }
        }
        if MOVES {
            q = v.sqrt() + self.stabilizer;
        }
        let inverse_q = 1.0 / q;
        let clock = place.clock_at_end(clock);
        let moved = clock.is(0.0).select(moved.all(1.0), moved);
        for (row, value) in lanes.own.iter_mut().zip([m_after, v, q, moved, first, second]) {
            value.store(row, g);
        }
        place.stretch(inverse_q, [x, interval.minimum + y_after], clock, is_near.then_some([near, near]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Adam, Dynamics, Problem, SecondMoment};
    use crate::landscape::{Basin, Domain, Quadratic};
    use crate::noise::{Alpha, LevyNoise, Seed, Stream};
    use crate::scheme::jump_adapted::between_jumps::{BetweenJumps, State};
    use crate::scheme::jump_adapted::large_jumps::{Cuts, LargeJumps};
    use crate::scheme::linear::{lower_root, momentum_flow, momentum_step};
    use crate::scheme::vector::Number;
    use pulp::Scalar;

    const NEVER_NEAR: f64 = 1e-9;

    fn number(value: f64) -> Number {
        Number::of(value)
    }

    /// A path at 0 with a clock so long that a far stretch lasts `wait`.
    fn waiting<const MOVES: bool>(events: &AdamEvents<MOVES>, wait: f64, own: [f64; 6]) -> EventLanes<6, 1> {
        let mut lanes = EventLanes::<6, 1>::default();
        lanes.set(0, [0.0, 0.0, wait / events.cuts.far(number(1.0), number(1.0)).tau.lane(), 0.0], own);
        lanes
    }

    /// Adam in a quadratic basin, its motion and its events, with noise so small that no path is near the edge.
    fn twins<const MOVES: bool>(beta1: f64) -> (AdamMotion, AdamEvents<MOVES>) {
        let basin = Basin::new(Quadratic::new(vec![2.0]).unwrap(), Domain::interval(-0.7, 1.0)).unwrap();
        let moment = if MOVES { SecondMoment::MeanField } else { SecondMoment::Frozen };
        let adam = Adam::new(beta1, 0.3).unwrap().with_second_moment(moment);
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), NEVER_NEAR).unwrap();
        let problem = Problem::new(basin, Dynamics::Adam(adam.clone()), noise).unwrap();
        let jumps = LargeJumps::new(&problem, &[0.7 / NEVER_NEAR], [0.1; 2]);
        let motion = AdamMotion::new(&problem, &adam, &jumps);
        let interval = IntervalProblem::of(&problem).unwrap();
        let cuts = EventCuts::new(&jumps, 1.5, [0.7, 1.0], [1.0; 2]);
        let events = AdamEvents::new(interval, &motion, cuts, 0.1, false).unwrap();
        (motion, events)
    }

    /// A state with entries of different powers of ten, and the numbers of its path.
    fn state(motion: &AdamMotion, rng: &mut Stream) -> (State, [f64; 6]) {
        let mut state = State::new(1, Cuts::default());
        motion.start(&mut state);
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
        let left = [1.0, 0.3].map(|beta| -(-beta * state.t).exp_m1());
        let averages = &state.averages;
        let own = [averages.m[0], averages.v[0], averages.q[0], f64::from(u8::from(moved)), left[0], left[1]];
        (state, own)
    }

    /// Steps have the length of those of the motion, and the same waits are skipped.
    fn steps_are_those_of_the_motion<const MOVES: bool>() {
        let (motion, events) = twins::<MOVES>(1.0);
        let mut rng = Stream::new(Seed(4), 0, 0);
        let (mut bounded, mut passed) = (0, 0);
        for _ in 0..3000 {
            let (state, [_, v, q, moved, ..]) = state(&motion, &mut rng);
            let (y, m, k) = (state.x[0], state.averages.m[0], events.curvature);
            let swing = k * y * y + m * m / (events.beta1 * q);
            let share = (swing / k).sqrt() / events.reach;
            let [t, moved, y, v, q, swing, share] = [state.t, moved, y, v, q, swing, share].map(number);
            let limit = events.step_limit([t, moved, y, v, swing, share], number(1.0)).lane();
            let twin = motion.limit_at_minimum(&state);
            assert!(limit == twin || (limit / twin - 1.0).abs() < 1e-9, "{limit} {twin}");
            bounded += usize::from(twin.is_finite());
            let wait = 10f64.powf(2.0 * rng.open01());
            let forgets = events.forgets(events.rest.unwrap(), number(wait), [t, moved, v, q, swing, share]);
            let twin = motion.forgets(&state, wait);
            assert_eq!(forgets.choose(1.0, 0.0).lane() == 1.0, twin, "{wait} {:?}", state.averages);
            passed += usize::from(twin);
        }
        assert!((200..2800).contains(&bounded) && (200..2800).contains(&passed), "{bounded} {passed}");
    }

    #[test]
    fn steps_are_those_of_the_motion_whether_the_second_moment_moves_or_not() {
        steps_are_those_of_the_motion::<true>();
        steps_are_those_of_the_motion::<false>();
    }

    /// A stretch equals the scalar formulas: half a step of `v̂`, flow and Gaussian with `Q` held, the other half; or the law at rest.
    #[test]
    fn a_stretch_is_a_step_of_the_motion() {
        let (motion, events) = twins::<true>(1.0);
        let mut rng = Stream::new(Seed(5), 0, 0);
        let far = events.cuts.far(number(1.0), number(1.0));
        let (k, beta2, variance) = (events.curvature, events.beta2, far.variance.lane());
        let mut passed = 0;
        for round in 0..3000 {
            let (state, own) = state(&motion, &mut rng);
            let wait = 10f64.powf(4.0 * rng.open01() - 3.0);
            let mut lanes = waiting(&events, wait, own);
            (lanes.x, lanes.t) = ([state.x[0]], [state.t]);
            let normals = [1.5, -0.7];
            (lanes.normals, lanes.jump) = (normals.map(|n| [n]), [1.3]);
            let Stretch { after, tau, jump, .. } = events.stretch(Scalar, &mut lanes, 0);
            let (tau, half) = (tau.lane(), 0.5 * tau.lane());
            if motion.forgets(&state, wait) {
                let rest = events.rest.unwrap();
                let v = own[1] + Adam::weight(beta2, state.t, wait) * (events.square + rest.square - own[1]);
                let m = rest.root[1] * normals[0] + rest.root[2] * normals[1];
                let pairs = [(after.lane(), rest.root[0] * normals[0]), (lanes.own[0][0], m), (lanes.own[1][0], v)];
                assert!(
                    (tau / wait - 1.0).abs() < 1e-12 && pairs.iter().all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs()),
                    "{pairs:?}"
                );
                passed += 1;
                continue;
            }
            assert!((tau / wait.min(motion.limit_at_minimum(&state)) - 1.0).abs() < 1e-9, "{tau}");

            let (y, m, mut v) = (state.x[0], own[0], own[1]);
            v += Adam::weight(beta2, state.t, half) * (k * k * y * y + events.square - v);
            let q = v.sqrt() + events.stabilizer;
            let beta = -events.beta1 / (-events.beta1 * (state.t + half)).exp_m1();
            let flow = momentum_flow(beta, k, q, tau);
            let [yy, my, mm] = lower_root(momentum_step(beta, k, q, variance / (q * q), tau).1);
            let y_after = flow[0][0] * y + flow[0][1] * m + yy * normals[0];
            let m_after = flow[1][0] * y + flow[1][1] * m + my * normals[0] + mm * normals[1];
            v += Adam::weight(beta2, state.t + half, half) * (k * k * y_after * y_after + events.square - v);
            let q = v.sqrt() + events.stabilizer;
            let [m_lane, v_lane, q_lane, ..] = lanes.own.map(|[value]| value);
            let pairs = [
                (after.lane(), y_after),
                (m_lane, m_after),
                (v_lane, v),
                (q_lane, q),
                (jump.lane(), far.jump.lane() * 1.3 / q),
            ];
            for (value, exact) in pairs {
                assert!((value - exact).abs() < 1e-8 * (exact.abs() + 1e-3), "{round} {tau}: {value} {exact}");
            }
        }
        assert!((100..2000).contains(&passed), "{passed}");
    }

    /// The Gaussian of a stretch that starts at rest: a root of the covariance accumulated in its time.
    #[test]
    fn the_noise_of_a_stretch_has_its_covariance() {
        let (_, events) = twins::<false>(1.0);
        let (k, q) = (events.curvature, events.square.sqrt() + events.stabilizer);
        for (wait, tolerance) in [(1e-3, 1e-4), (0.1, 1e-7), (1.0, 1e-9), (3.0, 1e-9)] {
            let gathered_by = |normals: [f64; 2]| {
                // Long after the start, but with a jump a moment ago, so that no path has lost its memory.
                let mut lanes = waiting(&events, wait, [0.0, events.square, q, 1.0, 1.0, 1.0]);
                (lanes.normals, lanes.t) = (normals.map(|n| [n]), [9.0]);
                let after = events.stretch(Scalar, &mut lanes, 0).after.lane();
                [after, lanes.own[0][0]]
            };
            let variance = events.cuts.far(number(1.0), number(1.0)).variance.lane();
            let [yy, my, mm] = lower_root(momentum_step(events.beta1, k, q, variance / (q * q), wait).1);
            for (value, exact) in [(gathered_by([1.0, 0.0]), [yy, my]), (gathered_by([0.0, 1.0]), [0.0, mm])] {
                for (value, exact) in value.iter().zip(exact) {
                    assert!((value - exact).abs() <= tolerance * yy.max(my), "{wait}: {value} {exact}");
                }
            }
            assert!(0.01 * yy > tolerance * yy.max(my), "a hundredth of the deviation would pass");
        }
    }

    /// A wait too short to change the averages at their start changes nothing.
    #[test]
    fn the_shortest_of_waits_is_no_division_by_zero() {
        let (_, events) = twins::<true>(8.0);
        for wait in [0.0, 5e-324, 1e-18, 1e-15, 1e-9] {
            let mut lanes = waiting(&events, wait, events.start());
            let Stretch { after, tau, .. } = events.stretch(Scalar, &mut lanes, 0);
            assert!(after.lane().abs() <= 0.01 && tau.lane() <= 1e-9, "{wait}: {}", after.lane());
            assert!(lanes.own.iter().flatten().all(|value| value.is_finite()), "{wait}: {:?}", lanes.own);
        }
    }
}
