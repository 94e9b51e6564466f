//! One path at a time, by its active coordinates.

use std::ops::Range;

use rand::{Rng, RngExt};
use rand_distr::Exp1;

use super::super::barrier::{Bridge, FAR, STEP_DRIFT, STEP_SPREAD, crossed};
use super::super::cut::Ladder;
use super::axis_choice::AxisChoice;
use super::geometry::{AxisEdge, Shape};
use super::motion::{Active, After, AxisMotions};
use crate::landscape::Basin;
use crate::noise::{QuantileTable, Stream};
use crate::scheme::exit_site::by_face;
use crate::scheme::trajectory::{Observer, Recorder, Unobserved, move_to_edge};
use crate::scheme::{Departure, ExitSite, Limits, Outcome, PathRecord, PointKind, Side, StreamSource, Trajectory};

/// A problem on separate axes.
pub(super) struct LazyEvents<M> {
    pub shape: Shape,
    pub dim: usize,
    /// The kinds of axes.
    pub kinds: Vec<AxisEdge>,
    pub motion: M,
    pub choice: AxisChoice,
    /// Pareto numbers of either sign, 1 or more.
    pub jump: QuantileTable,
    pub ladder: Ladder,
    pub sums: Sums,
    /// The rate at which the variance approaches its value at rest.
    pub settling: f64,
    /// The same as in [`LargeJumps`](super::super::large_jumps::LargeJumps).
    pub whole: f64,
    pub pareto_root: f64,
    pub shift: f64,
    /// Longest step near the edge.
    pub longest: f64,
    /// The coordinates that do not start at the minimum: axis, kind and offset.
    pub start: Vec<(u32, u32, f64)>,
}

/// Sums over all axes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// Rates of large jumps with the cuts far from the edge, and with the largest cuts near it.
    pub far_rate: f64,
    pub near_rate: f64,
    pub load: f64,
    /// A round edge is far where this is below the square of the depth `1 - g²`.
    pub most_load: f64,
    /// Mean squares of the gauge at rest.
    pub square: f64,
    /// Variance per unit time of the small jumps with the largest cuts near the edge, relative to the squared distance to the edge.
    pub spread: f64,
    /// The same weighted by the mean squares at rest: the variance of the gauge.
    pub quiver: f64,
}

/// A path with its state.
struct Place<O> {
    t: f64,
    active: Vec<Active<O>>,
    near: bool,
    /// Cut of the coordinates at rest, relative to the largest near the edge, and the rate of their large jumps.
    rest_share: f64,
    rest_rate: f64,
    /// Variance of the gauge per unit time from coordinates at rest.
    rest_quiver: f64,
    rate: f64,
    /// Share of the variance at rest that has been reached.
    settled: f64,
    /// Square of the gauge while coordinates are followed, now and before the present step; of a round edge only.
    square: f64,
    square_before: f64,
}

/// Runs paths of any dynamics.
pub(in super::super) trait LazyRun: Send + Sync {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>);

    /// One path, point by point. A coordinate that is not followed, because it is at rest, has the value at the minimum.
    fn follow(&self, basin: &Basin, source: StreamSource, path: u64, limits: Limits<'_>) -> (PathRecord, Trajectory);
}

fn nearer(ways: [f64; 2]) -> f64 {
    ways[0].min(ways[1])
}

impl<M: AxisMotions> LazyRun for LazyEvents<M> {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        let mut place = Place::new();
        for path in range {
            let mut rng = source.stream(path);
            records.push(self.path(&mut place, &mut rng, limits, &mut Unobserved));
        }
    }

    fn follow(&self, basin: &Basin, source: StreamSource, path: u64, limits: Limits<'_>) -> (PathRecord, Trajectory) {
        let (mut place, mut recorder) = (Place::new(), Placed { recorder: Recorder::new(basin), basin, tau: 0.0 });
        let record = self.path(&mut place, &mut source.stream(path), limits, &mut recorder);
        let mut x = place.point(basin, |active| active.y);
        if let Outcome::Exited { time, site } = record.outcome
            && site.by == Departure::Creep
        {
            let before = place.point(basin, |active| active.before);
            let face = basin.sides().map(|_| 2 * site.axis as usize + usize::from(site.side == Side::Plus));
            move_to_edge(basin, &before, &mut x, [time - place.t, recorder.tau], face);
        }
        recorder.recorder.end(record, &x)
    }
}

/// Where the coordinates of a path are seen.
trait Lookout<O> {
    /// The path is at `place`.
    fn see(&mut self, place: &Place<O>, kind: PointKind);

    /// The path crosses the edge in a step of length `tau`.
    fn cross(&mut self, tau: f64);
}

impl<O> Lookout<O> for Unobserved {
    #[inline(always)]
    fn see(&mut self, _place: &Place<O>, _kind: PointKind) {}

    #[inline(always)]
    fn cross(&mut self, _tau: f64) {}
}

/// Records points in all coordinates.
struct Placed<'b> {
    recorder: Recorder<'b>,
    basin: &'b Basin,
    /// Length of the step in which the path crossed the edge.
    tau: f64,
}

impl<O> Lookout<O> for Placed<'_> {
    fn see(&mut self, place: &Place<O>, kind: PointKind) {
        self.recorder.see(place.t, &place.point(self.basin, |active| active.y), kind);
    }

    fn cross(&mut self, tau: f64) {
        self.tau = tau;
    }
}

impl<O> Place<O> {
    fn new() -> Self {
        Place {
            t: 0.0,
            active: Vec::new(),
            near: false,
            rest_share: 1.0,
            rest_rate: 0.0,
            rest_quiver: 0.0,
            rate: 0.0,
            settled: 0.0,
            square: 0.0,
            square_before: 0.0,
        }
    }

    /// The point whose followed coordinates have the offsets `of` from the minimum.
    fn point(&self, basin: &Basin, of: impl Fn(&Active<O>) -> f64) -> Vec<f64> {
        let mut x = basin.minimum().to_vec();
        self.active.iter().for_each(|active| x[active.axis as usize] += of(active));
        x
    }
}

impl<M: AxisMotions> LazyEvents<M> {
    // Its parts are inlined by attribute: the compiler does not do it by itself in a function that exists twice.
    fn path(
        &self,
        place: &mut Place<M::Own>,
        rng: &mut Stream,
        limits: Limits<'_>,
        lookout: &mut impl Lookout<M::Own>,
    ) -> PathRecord {
        place.t = 0.0;
        place.settled = 0.0;
        place.active.clear();
        place
            .active
            .extend(self.start.iter().map(|&(axis, kind, y)| self.active([axis, kind], y, self.motion.start(kind, y))));
        place.square = self.gauge_square(place);
        let mut events = 0;
        let mut looked = 0;
        let mut clock: f64 = rng.sample(Exp1);
        loop {
            if events >= limits.max_events || (events >= looked && limits.is_abandoned()) {
                return PathRecord { outcome: Outcome::Censored { at: place.t }, events };
            }
            if events >= looked {
                looked = events + 1024;
            }
            events += 1;
            let step = self.look_around(place);
            let left = limits.max_time - place.t;
            let wait = clock / place.rate;
            let tau = wait.min(step).min(left);
            let rate = place.rate;
            self.advance(place, tau, &mut events, rng);
            if let Some((delay, site)) = self.crossing(place, tau, rng) {
                lookout.cross(tau);
                return PathRecord { outcome: Outcome::Exited { time: place.t + delay, site }, events };
            }
            place.t += tau;
            lookout.see(place, if tau < wait || tau >= left { PointKind::Step } else { PointKind::BeforeJump });
            if tau >= left {
                return PathRecord { outcome: Outcome::Censored { at: limits.max_time }, events };
            }
            if tau < wait {
                clock = (clock - tau * rate).max(f64::MIN_POSITIVE);
                continue;
            }
            clock = rng.sample(Exp1);
            events += 1;
            if let Some(outcome) = self.jump(place, rng) {
                return PathRecord { outcome, events };
            }
            lookout.see(place, PointKind::AfterJump);
        }
    }

    fn active(&self, [axis, kind]: [u32; 2], y: f64, own: M::Own) -> Active<M::Own> {
        Active { axis, kind, y, before: y, cut: self.kinds[kind as usize].far, near: false, own }
    }

    /// The square of the gauge; coordinates at rest contribute their mean.
    fn gauge_square(&self, place: &Place<M::Own>) -> f64 {
        let (mut square, mut rest) = (0.0, self.sums.square);
        for active in &place.active {
            let axis = &self.kinds[active.kind as usize];
            let part = axis.part(active.y);
            square += part * part;
            rest -= axis.square;
        }
        square + place.settled * rest.max(0.0)
    }

    /// Sets the cuts from the distances to the edge, and returns the longest step, which is infinite far from the edge.
    #[inline(always)]
    fn look_around(&self, place: &mut Place<M::Own>) -> f64 {
        match self.shape {
            Shape::Round => self.look_at_round_edge(place),
            Shape::Faces => self.look_at_faces(place),
        }
    }

    /// Factor by which `Q` exceeds its value at rest.
    fn growth(&self, active: &Active<M::Own>) -> f64 {
        1.0 / (self.motion.inverse_q(&active.own) * self.kinds[active.kind as usize].q)
    }

    fn set_far(&self, place: &mut Place<M::Own>) -> f64 {
        place.near = false;
        place.rate = self.sums.far_rate;
        for active in &mut place.active {
            active.near = false;
            active.cut = self.kinds[active.kind as usize].far;
        }
        let swing: f64 = place.active.iter().map(|active| self.motion.swing(active)).sum();
        if swing < 1.0 { f64::INFINITY } else { self.motion.wide_step() }
    }

    #[inline(always)]
    fn look_at_round_edge(&self, place: &mut Place<M::Own>) -> f64 {
        if place.active.is_empty() {
            return self.set_far(place);
        }
        let depth = (1.0 - place.square).max(0.0);
        // The distance along an axis is at least half of the depth, in units of that from the minimum.
        if self.sums.most_load < depth * depth {
            return self.set_far(place);
        }
        let Sums {
            load: mut rest_load,
            near_rate: mut rest_rate,
            spread: mut rest_spread,
            quiver: mut rest_quiver,
            ..
        } = self.sums;
        let mut load = 0.0;
        for active in &place.active {
            let axis = &self.kinds[active.kind as usize];
            load += axis.load_at(axis.to_round_edge(active.y, depth)) / self.growth(active).powi(2);
            rest_load -= axis.load();
            rest_rate -= axis.near.rate;
            rest_spread -= axis.spread();
            rest_quiver -= axis.spread() * axis.square;
        }
        if load + rest_load.max(0.0) / depth < 1.0 {
            return self.set_far(place);
        }
        place.near = true;
        // For all coordinates at rest the distance to the edge is the same share of that from the minimum.
        let over = |share: f64| share.max(Ladder::FLOOR).powi(2);
        let all_active = place.active.len() == self.dim;
        let [step, power] = self.ladder.step_of(depth.sqrt());
        place.rest_share = step;
        place.rest_rate = if all_active { 0.0 } else { power * rest_rate.max(0.0) };
        place.rate = place.rest_rate;
        let mut spread = if all_active { 0.0 } else { step * step * power * rest_spread.max(0.0) / over(depth.sqrt()) };
        place.rest_quiver = step * step * power * rest_quiver.max(0.0) * place.settled / place.square;
        let mut speed = 0.0;
        let gauge = place.square.sqrt();
        let mut limit = self.longest;
        for active in &mut place.active {
            let axis = &self.kinds[active.kind as usize];
            let share = nearer(axis.to_round_edge(active.y, depth)) / axis.reach * self.growth(active);
            active.near = true;
            active.cut = self.ladder.lower(&axis.near, share);
            place.rate += active.cut.rate;
            spread += axis.spread() * active.cut.variance / axis.near.variance.max(f64::MIN_POSITIVE) / over(share);
            speed += self.motion.speed(active) * axis.part(active.y) / axis.end(active.y) / gauge;
            limit = limit.min(self.motion.step_limit(active, place.t));
        }
        let drift = STEP_DRIFT * (1.0 - gauge).max(Ladder::FLOOR) / speed.abs();
        limit.min(drift).min(STEP_SPREAD * STEP_SPREAD / (self.whole * spread))
    }

    /// Treats every coordinate separately: one that is far from its faces keeps the cut and the step far from the edge.
    #[inline(always)]
    fn look_at_faces(&self, place: &mut Place<M::Own>) -> f64 {
        let is_near = |active: &Active<M::Own>| {
            let axis = &self.kinds[active.kind as usize];
            let ways = axis.to_faces(active.y);
            let is_surely_far = ways[0] > axis.far_from[0] && ways[1] > axis.far_from[1];
            !is_surely_far && axis.load_at(ways) >= self.growth(active).powi(2)
        };
        if !place.active.iter().any(is_near) {
            return self.set_far(place);
        }
        place.near = true;
        place.rest_rate = self.sums.far_rate;
        let (mut rate, mut limit, mut spread) = (0.0, self.longest, 0.0);
        for active in &mut place.active {
            let axis = &self.kinds[active.kind as usize];
            let way = nearer(axis.to_faces(active.y));
            let share = way / axis.reach * self.growth(active);
            place.rest_rate -= axis.far.rate;
            active.near = is_near(active);
            active.cut = if active.near { self.ladder.lower(&axis.near, share) } else { axis.far };
            rate += active.cut.rate;
            limit = limit.min(self.motion.step_limit(active, place.t));
            if active.near {
                let held = share.max(Ladder::FLOOR);
                spread += axis.spread() * active.cut.variance / axis.near.variance / (held * held);
                let floor = Ladder::FLOOR * axis.width();
                limit = limit.min(STEP_DRIFT * way.max(floor) / self.motion.speed(active).abs());
            }
        }
        if place.active.len() == self.dim {
            place.rest_rate = 0.0;
        }
        place.rest_rate = place.rest_rate.max(0.0);
        place.rate = place.rest_rate + rate;
        limit.min(STEP_SPREAD * STEP_SPREAD / (self.whole * spread))
    }

    /// Flow and small jumps over `tau`. Far from the edge, coordinates that have come to rest are no longer followed.
    #[inline(always)]
    fn advance(&self, place: &mut Place<M::Own>, tau: f64, events: &mut u64, rng: &mut Stream) {
        place.square_before = place.square;
        let t = place.t;
        if place.near {
            for active in &mut place.active {
                active.before = active.y;
                self.motion.step(active, t, tau, rng);
            }
        } else {
            let (mut kept, crowd) = (0, place.active.len());
            for i in 0..crowd {
                let active = &mut place.active[i];
                active.before = active.y;
                if self.motion.rest(active, t, tau, crowd, events, rng) == After::Moved {
                    place.active.swap(kept, i);
                    kept += 1;
                }
            }
            place.active.truncate(kept);
        }
        if place.settled < 1.0 {
            let lost = -(-self.settling * tau).exp_m1();
            place.settled += (1.0 - place.settled) * lost;
        }
    }

    /// Where and when, after the beginning of the step just made, the Gaussian part first met its barrier.
    #[inline(always)]
    fn crossing(&self, place: &mut Place<M::Own>, tau: f64, rng: &mut Stream) -> Option<(f64, ExitSite)> {
        match self.shape {
            _ if !place.near && place.active.is_empty() => None,
            Shape::Round => {
                let after = self.gauge_square(place);
                place.square = after;
                if !place.near {
                    // The Gaussian part reaches the edge with a probability of 10⁻⁶ or less.
                    return (after >= 1.0).then(|| (tau, self.creeps(place)));
                }
                let [from, to] = [place.square_before, after].map(|square| 1.0 - square.sqrt());
                let nearer = |active: &Active<M::Own>| if to < from { active.y } else { active.before };
                let gauge = 1.0 - to.min(from);
                let [mut variance, mut weighted] = [place.rest_quiver, 0.0];
                for active in &place.active {
                    let (axis, y) = (&self.kinds[active.kind as usize], nearer(active));
                    let normal = axis.part(y) / (axis.end(y) * gauge) * self.motion.inverse_q(&active.own);
                    let square = normal * normal * active.cut.variance;
                    variance += square;
                    if square > 0.0 {
                        weighted += normal.abs() * square * active.cut.size * axis.amplitude.abs();
                    }
                }
                let shift = if variance > 0.0 { self.shift * weighted / variance } else { 0.0 };
                let bridge = Bridge { from: from + shift, to: to + shift };
                let exponent = bridge.exponent(variance * tau);
                if !(exponent <= FAR) {
                    return None;
                }
                crossed([exponent], rng.sample(Exp1))?;
                Some((bridge.crossing_time(variance, tau, rng), self.creeps(place)))
            }
            Shape::Faces => {
                for active in &place.active {
                    let axis = &self.kinds[active.kind as usize];
                    if !active.near {
                        if nearer(axis.to_faces(active.y)) <= 0.0 {
                            return Some((tau, by_face(active.axis as usize, active.y > 0.0)));
                        }
                        continue;
                    }
                    let inverse_q = self.motion.inverse_q(&active.own);
                    let variance = active.cut.variance * inverse_q * inverse_q;
                    let shift = self.shift * active.cut.size * axis.amplitude.abs() * inverse_q;
                    let bridges = [
                        Bridge { from: axis.ends[0] + active.before + shift, to: axis.ends[0] + active.y + shift },
                        Bridge { from: axis.ends[1] - active.before + shift, to: axis.ends[1] - active.y + shift },
                    ];
                    let exponents = bridges.map(|bridge| bridge.exponent(variance * tau));
                    if !(exponents[0].min(exponents[1]) <= FAR) {
                        continue;
                    }
                    if let Some(side) = crossed(exponents, rng.sample(Exp1)) {
                        let delay = bridges[side].crossing_time(variance, tau, rng);
                        return Some((delay, by_face(active.axis as usize, side == 1)));
                    }
                }
                None
            }
        }
    }

    /// The place of a path that crept out: the coordinate that is furthest out.
    fn creeps(&self, place: &Place<M::Own>) -> ExitSite {
        let furthest = place.active.iter().max_by(|a, b| a.y.abs().total_cmp(&b.y.abs()));
        let (axis, y) = furthest.map_or((0, 0.0), |active| (active.axis, active.y));
        ExitSite { axis, side: Side::of(y), overshoot: 1.0, by: Departure::Creep, landed: None }
    }

    /// A large jump; returns the end of the path if it leaves.
    #[inline(always)]
    fn jump(&self, place: &mut Place<M::Own>, rng: &mut Stream) -> Option<Outcome> {
        let (i, rung) = self.choose(place, rng);
        let active = &mut place.active[i];
        let axis = &self.kinds[active.kind as usize];
        let pareto = self.jump.from_word(rng.next_u64());
        let size = match rung {
            Some(size) => (pareto.abs() * self.pareto_root).max(1.0).copysign(pareto) * size,
            None => pareto * axis.far.size,
        };
        active.y += axis.amplitude * size * self.motion.inverse_q(&active.own);
        let (number, y) = (active.axis, active.y);
        let square = match self.shape {
            Shape::Round => self.gauge_square(place),
            Shape::Faces => axis.part(y) * axis.part(y),
        };
        place.square = square;
        // The root of a number below 1 is below 1. NaN counts as outside.
        if square < 1.0 {
            return None;
        }
        if y.is_infinite() && axis.end(y).is_infinite() {
            // The jump overflowed towards an open side.
            return Some(Outcome::Diverged { at: place.t });
        }
        let gauge = if self.shape == Shape::Round { square.sqrt() } else { axis.part(y).abs() };
        let overshoot = if y.is_finite() { gauge.max(1.0) } else { f64::INFINITY };
        let site = ExitSite { axis: number, side: Side::of(size), overshoot, by: Departure::Jump, landed: None };
        Some(Outcome::Exited { time: place.t, site })
    }

    /// The coordinate of the next jump, which is followed from now on, and the cut of that jump.
    #[inline(always)]
    fn choose(&self, place: &mut Place<M::Own>, rng: &mut Stream) -> (usize, Option<f64>) {
        let mut lowered = None;
        if place.near {
            let mut target = rng.random::<f64>() * place.rate;
            for (i, active) in place.active.iter().enumerate() {
                target -= active.cut.rate;
                if target < 0.0 {
                    return (i, active.near.then_some(active.cut.size));
                }
            }
            if place.rest_rate == 0.0 {
                // Only rounding leads here.
                let last = place.active.len() - 1;
                return (last, place.active[last].near.then_some(place.active[last].cut.size));
            }
            lowered = (self.shape == Shape::Round).then_some(place.rest_share);
        }
        loop {
            let [axis, kind] = self.choice.draw(rng);
            let known = place.active.iter().position(|active| active.axis == axis);
            match (known, place.near) {
                (Some(i), false) => return (i, None),
                // Followed coordinates were considered above.
                (Some(_), true) => {}
                (None, _) => {
                    let (y, own) = self.motion.wake(kind, place.settled, rng);
                    place.active.push(self.active([axis, kind], y, own));
                    return (place.active.len() - 1, lowered.map(|share| share * self.kinds[kind as usize].near.size));
                }
            }
        }
    }
}
