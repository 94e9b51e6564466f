//! The events of a path on an interval, and the state of many paths in lanes.

use pulp::Simd;

use crate::noise::LaneStreams;
use crate::scheme::interval::IntervalProblem;
use crate::scheme::jump_adapted::barrier::{Bridge, FAR, crossed};
use crate::scheme::vector::{Mask, Vector};
use crate::scheme::{Departure, ExitSite, Limits, Outcome, PathRecord, Side};

/// Marks of a lane: the path ends; the bridge of the stretch comes near an edge (their sum marks both); the stretch was far from the
/// edges but ends outside.
const END: f64 = 1.0;
const BRIDGE: f64 = 2.0;
const OUTSIDE: f64 = 4.0;

/// The events of a problem on an interval: its constants. A loop works on a copy, so that the compiler knows that no store changes it. A path
/// has `K` numbers in addition to those of [`EventLanes`].
pub(super) trait IntervalEvents<const K: usize>: Copy {
    /// Normal numbers of an event after the first.
    const MORE_NORMALS: usize;
    /// Exponential numbers of an event in addition to the clock's.
    const EXPONENTIALS: usize;

    fn interval(&self) -> &IntervalProblem;

    /// Those numbers at the start.
    fn start(&self) -> [f64; K] {
        [0.0; K]
    }

    /// The next stretch of vector `g` of the lanes, for [`EventLanes::conclude`].
    fn stretch<S: Simd, const N: usize>(&self, simd: S, lanes: &mut EventLanes<K, N>, g: usize) -> Stretch<S>;
}

/// A stretch of the flow of some lanes.
pub(super) struct Stretch<S: Simd> {
    pub before: Vector<S>,
    pub after: Vector<S>,
    pub tau: Vector<S>,
    /// The rest of the clock at its end; 0 in lanes with a large jump, and negative where the cut far from the edge is kept until the
    /// jump.
    pub clock: Vector<S>,
    /// Displacement by a large jump at its end.
    pub jump: Vector<S>,
    /// Variance per unit time of the Gaussian part along the normal of the edge.
    pub variance: Vector<S>,
    /// Shift of the barrier of the Gaussian part beyond the edges.
    pub shift: Vector<S>,
    /// Lanes in which the lower and the upper edge are near enough for a bridge; `None` if there are none.
    pub watched: Option<[Mask<S>; 2]>,
}

/// The numbers of `N` paths.
#[repr(align(64))]
pub(super) struct EventLanes<const K: usize, const N: usize> {
    pub x: [f64; N],
    pub t: [f64; N],
    clock: [f64; N],
    events: [f64; N],
    /// The numbers of [`IntervalEvents`].
    pub own: [[f64; N]; K],
    pub clock_draw: [f64; N],
    pub normals: [[f64; N]; 2],
    pub exponential: [f64; N],
    /// A Pareto number of either sign, 1 or more.
    pub jump: [f64; N],
    /// Ends of the last stretch, its length, variance and shift.
    before: [f64; N],
    after: [f64; N],
    tau: [f64; N],
    variance: [f64; N],
    shift: [f64; N],
    /// The displacement by a jump.
    kick: [f64; N],
    /// `2 from to/(σ² τ)` at either edge, infinite if the edge is not near.
    exponents: [[f64; N]; 2],
    /// Not 0 for a path that needs [`EventLanes::attend`].
    attention: [f64; N],
    /// Whether an edge was near any path since the last reset.
    pub bridged: bool,
}

impl<const K: usize, const N: usize> Default for EventLanes<K, N> {
    fn default() -> Self {
        let zero = [0.0; N];
        EventLanes {
            x: zero,
            t: zero,
            clock: zero,
            events: zero,
            own: [zero; K],
            clock_draw: zero,
            normals: [zero; 2],
            exponential: zero,
            jump: [1.0; N],
            before: zero,
            after: zero,
            tau: zero,
            variance: zero,
            shift: zero,
            kick: zero,
            exponents: [zero; 2],
            attention: zero,
            bridged: false,
        }
    }
}

impl<const K: usize, const N: usize> EventLanes<K, N> {
    pub fn set(&mut self, lane: usize, [x, t, clock, events]: [f64; 4], own: [f64; K]) {
        (self.x[lane], self.t[lane], self.clock[lane], self.events[lane]) = (x, t, clock, events);
        self.own.iter_mut().zip(own).for_each(|(row, value)| row[lane] = value);
    }

    pub fn state(&self, lane: usize) -> [f64; 4] {
        [self.x[lane], self.t[lane], self.clock[lane], self.events[lane]]
    }

    pub fn own(&self, lane: usize) -> [f64; K] {
        self.own.map(|row| row[lane])
    }

    /// The rest of the clock, an exponential number that is used up at the rate of the large jumps; drawn anew after a jump.
    #[inline(always)]
    pub fn clock<S: Simd>(&self, simd: S, g: usize) -> Vector<S> {
        let left = Vector::load(simd, &self.clock, g);
        left.is(0.0).select(Vector::load(simd, &self.clock_draw, g), left).abs()
    }

    /// Where the cut far from the edge was taken for the whole of a wait.
    #[inline(always)]
    pub fn keeps_far<S: Simd>(&self, simd: S, g: usize) -> Mask<S> {
        Vector::load(simd, &self.clock, g).below_number(0.0)
    }

    /// Completes an event: the exponents of the bridge near an edge, and the jump if the clock has run out. Returns the marks of the
    /// lanes that need [`EventLanes::attend`].
    #[inline(always)]
    pub fn conclude<S: Simd>(
        &mut self,
        simd: S,
        g: usize,
        stretch: Stretch<S>,
        interval: &IntervalProblem,
        limits: Limits<'_>,
    ) -> Vector<S> {
        let Stretch { before, after, tau, clock, jump, variance, shift, watched } = stretch;
        let (above, below) = (interval.hi - after, after - interval.lo);
        let none = above.below(above);
        let (mut bridges, mut outside) = (none, above.at_or_below_number(0.0) | below.at_or_below_number(0.0));
        if let Some(watched) = watched {
            let never = after.all(f64::INFINITY);
            let scale = 2.0 / (variance * tau);
            let exponent = |from: Vector<S>, to: Vector<S>, watched: Mask<S>| {
                let certain = from.at_or_below_number(0.0) | to.at_or_below_number(0.0);
                watched.select(certain.select(to.all(-1.0), from * to * scale), never)
            };
            let lower = exponent(before - interval.lo + shift, below + shift, watched[0]);
            let upper = exponent(interval.hi - before + shift, above + shift, watched[1]);
            lower.store(&mut self.exponents[0], g);
            upper.store(&mut self.exponents[1], g);
            shift.store(&mut self.shift, g);
            variance.store(&mut self.variance, g);
            before.store(&mut self.before, g);
            bridges = lower.min(upper).below_number(FAR);
            // A path between the edge and its shifted barrier continues.
            outside = outside & !(watched[0] | watched[1]);
            self.bridged = true;
        }
        let jumps = clock.is(0.0);
        let t = Vector::load(simd, &self.t, g) + tau;
        let landed = jumps.select(after + jump, after);
        let events = Vector::load(simd, &self.events, g) + jumps.choose(2.0, 1.0);
        let inside = landed.above_number(interval.lo) & landed.below_number(interval.hi);
        let ends = t.at_or_above_number(limits.max_time) | events.at_or_above_number(limits.max_events as f64);
        // The events of an idle lane stay below 0.
        let attention = bridges.choose(BRIDGE, 0.0) + (jumps & !inside | ends).choose(END, 0.0);
        let attention = outside.select(attention.all(OUTSIDE), attention);
        let attention = events.above_number(0.0).select(attention, after.all(0.0));
        attention.store(&mut self.attention, g);
        after.store(&mut self.after, g);
        tau.store(&mut self.tau, g);
        jump.store(&mut self.kick, g);
        landed.store(&mut self.x, g);
        t.store(&mut self.t, g);
        clock.store(&mut self.clock, g);
        events.store(&mut self.events, g);
        attention
    }

    /// The lanes that need [`EventLanes::attend`] as bits, given the exponential numbers of their bridges. Branches that no processor can foresee would cost
    /// more.
    #[inline(always)]
    pub fn called<S: Simd>(&self, simd: S, draws: &[f64; N]) -> u64 {
        let mut sum = Vector::splat(simd, 0.0);
        for g in 0..N / S::F64_LANES {
            let attention = Vector::load(simd, &self.attention, g);
            // The sum of the two probabilities is at most twice the larger one.
            let nearer = Vector::load(simd, &self.exponents[0], g).min(Vector::load(simd, &self.exponents[1], g));
            let reaches = nearer.below(Vector::load(simd, draws, g).abs() + std::f64::consts::LN_2);
            let called = attention.above_number(0.0) & (reaches | !attention.is(BRIDGE));
            sum = sum + called.select(Vector::load(simd, &Self::BITS, g), Vector::splat(simd, 0.0));
        }
        sum.total() as u64
    }

    /// The bit of every lane.
    const BITS: [f64; N] = {
        assert!(N <= 52);
        let mut bits = [0.0; N];
        let mut lane = 0;
        while lane < N {
            bits[lane] = (1u64 << lane) as f64;
            lane += 1;
        }
        bits
    };

    /// The end of the last event of a lane: the time, the place, and where a jump landed, NaN without one.
    pub fn last_event(&self, lane: usize) -> [f64; 3] {
        let landed = if self.clock[lane] == 0.0 { self.x[lane] } else { f64::NAN };
        [self.t[lane], self.after[lane], landed]
    }

    /// The record of a lane whose event ended its path.
    pub fn attend(
        &self,
        interval: &IntervalProblem,
        lane: usize,
        draw: f64,
        streams: &mut LaneStreams<N>,
        limits: Limits<'_>,
    ) -> Option<PathRecord> {
        let (after, tau) = (self.after[lane], self.tau[lane]);
        let jumped = self.clock[lane] == 0.0;
        let (t, events) = (self.t[lane], self.events[lane] as u64);
        let record = |outcome, events| Some(PathRecord { outcome, events });
        let flow_events = events - u64::from(jumped);
        let mut crossing = None;
        if self.attention[lane] >= OUTSIDE {
            crossing = Some((usize::from(after >= interval.hi), tau));
        } else if self.attention[lane] >= BRIDGE
            && let Some(edge) = crossed([self.exponents[0][lane], self.exponents[1][lane]], draw)
        {
            let (before, shift) = (self.before[lane], self.shift[lane]);
            let bridge = match edge {
                0 => Bridge { from: before - interval.lo + shift, to: after - interval.lo + shift },
                _ => Bridge { from: interval.hi - before + shift, to: interval.hi - after + shift },
            };
            let mut stream = streams.stream(lane);
            let delay = bridge.crossing_time(self.variance[lane], tau, &mut stream);
            streams.set(lane, &stream);
            crossing = Some((edge, delay));
        }
        // A limit must not change the path before it, so the stretch that contains it is computed in full.
        let exit = crossing.map_or(t, |(_, delay)| (t - tau) + delay);
        if exit >= limits.max_time {
            return record(Outcome::Censored { at: limits.max_time }, flow_events);
        }
        if let Some((edge, _)) = crossing {
            let side = if edge == 0 { Side::Minus } else { Side::Plus };
            let site = ExitSite { axis: 0, side, overshoot: 1.0, by: Departure::Creep, landed: None };
            return record(Outcome::Exited { time: exit, site }, flow_events);
        }
        let x = self.x[lane];
        if jumped && !(interval.lo < x && x < interval.hi) {
            let end = if x < interval.minimum { interval.lo } else { interval.hi };
            if x == end && end.is_infinite() {
                // The jump overflowed towards the open side of a half-line.
                return record(Outcome::Diverged { at: t }, events);
            }
            let overshoot = ((x - interval.minimum) / (end - interval.minimum)).max(1.0);
            let side = Side::of(interval.noise_of(self.kick[lane]));
            let site = ExitSite { axis: 0, side, overshoot, by: Departure::Jump, landed: None };
            return record(Outcome::Exited { time: t, site }, events);
        }
        if events >= limits.max_events {
            return record(Outcome::Censored { at: t }, events);
        }
        None
    }
}
