//! One path at a time, by its active coordinates.

use std::ops::Range;

use rand::RngExt;
use rand_distr::Exp1;

use super::super::adam_motion::AdamMotion;
use super::super::axis_steps::SmoothAxis;
use super::super::barrier::{Bridge, FAR, STEP_DRIFT, STEP_SPREAD, crossed};
use super::super::cut::{Cut, Ladder};
use super::super::large_jumps::LargeJumps;
use super::super::sgd_motion::Axis;
use super::adam_axes::AdamAxes;
use super::axis_choice::AxisChoice;
use super::geometry::{AxisEdge, Shape};
use super::motion::{Active, After, AxisMotions};
use super::sgd_axes::SgdAxes;
use crate::dynamics::{Dynamics, Preconditioner, Problem};
use crate::noise::{Stream, Structure};
use crate::scheme::exit_site::by_face;
use crate::scheme::time_scale::crossing_time;
use crate::scheme::vector::Number;
use crate::scheme::{Departure, Limits, Outcome, PathRecord, Side, Site, StreamSource};

/// The largest mean square at rest, in units of the way to the edge, that is replaced by its mean.
const SMALL: f64 = 0.01;

/// A problem on separate axes.
struct LazyEvents<M> {
    shape: Shape,
    axes: Vec<AxisEdge>,
    motion: M,
    choice: AxisChoice,
    ladder: Ladder,
    /// Sums over all axes: rates far from the edge and the largest cuts' near it, loads, squares at rest, and what the largest cuts near
    /// the edge spread over per unit time as a share of the way.
    far_rate: f64,
    near_rate: f64,
    load: f64,
    square: f64,
    spread: f64,
    /// The rate at which the variance at rest comes about.
    settling: f64,
    /// `-1/α`.
    power: f64,
    /// As those of [`LargeJumps`].
    whole: f64,
    pareto_root: f64,
    shift: f64,
    /// Longest step near the edge.
    longest: f64,
    /// The coordinates that do not start at the minimum.
    start: Vec<(usize, f64)>,
}

/// A path and where it is.
struct Place<O> {
    t: f64,
    active: Vec<Active<O>>,
    near: bool,
    /// What the cuts of the coordinates at rest are in units of the largest near the edge, and the rate of their jumps.
    rest_share: f64,
    rest_rate: f64,
    rate: f64,
    /// Share of the variance at rest that has come about.
    settled: f64,
    /// Square of the gauge, and before the present step.
    square: f64,
    square_before: f64,
}

/// The lazy events of a problem with separate axes whose coordinates at rest stay away from the edge; `None` for the others.
pub(in super::super) fn lazy_events(
    problem: &Problem,
    jumps: &LargeJumps,
    rest: &Preconditioner,
    loads: &[f64],
    longest: f64,
) -> Option<Box<dyn LazyRun>> {
    let (basin, noise) = (problem.basin(), problem.noise());
    let dim = basin.dim();
    let [left, right] = basin.potential().form().axis_curvatures(dim)?;
    let slowest = |i: usize| left[i].min(right[i]);
    if dim < 2
        || !noise.amplitude().is_diagonal()
        || noise.structure() != Structure::Independent
        || !(0..dim).all(|i| slowest(i) > 0.0)
    {
        return None;
    }
    let shape = basin.round_axes()?;
    let shape = if shape { Shape::Round } else { Shape::Faces };
    let mut axes: Vec<AxisEdge> = (0..dim)
        .map(|i| {
            let ends = [-1.0, 1.0].map(|sign| basin.axis_exit_distance(i, sign));
            let displaced = |cut: Cut| Cut { variance: jumps.axis_variance(cut, i), ..cut };
            AxisEdge {
                ends,
                reach: ends[0].min(ends[1]),
                amplitude: jumps.axis_amplitude(i),
                q: rest.entry(i),
                far: displaced(jumps.far(i)),
                near: displaced(jumps.largest_near(i)),
                load: loads[i],
                square: 0.0,
            }
        })
        .collect();
    let variances: Vec<f64> = axes.iter().map(|axis| axis.far.variance).collect();
    let (start, minimum) = (basin.start(), basin.minimum());
    let start: Vec<(usize, f64)> =
        (0..dim).map(|i| (i, start[i] - minimum[i])).filter(|(_, y)| *y != 0.0).collect();
    let small = |axes: &[AxisEdge]| match shape {
        Shape::Faces => axes.iter().all(|axis| axis.load < 1.0),
        Shape::Round => {
            axes.iter().map(|axis| axis.load).sum::<f64>() < 1.0
                && axes.iter().map(|axis| axis.square).sum::<f64>() <= SMALL
        }
    };
    match problem.dynamics() {
        Dynamics::Adam(adam) => {
            let motion = AdamMotion::new(problem, adam, jumps);
            let motion = AdamAxes::new(adam, &motion, [&left, &right], &axes)?;
            for (i, axis) in axes.iter_mut().enumerate() {
                axis.square = motion.square_at_rest(i) / (axis.reach * axis.reach);
            }
            small(&axes).then(|| LazyEvents::boxed(shape, axes, motion, jumps, noise.alpha().get(), longest, start))
        }
        _ => {
            let floor = SmoothAxis::NOTHING / crossing_time(problem);
            for (i, axis) in axes.iter_mut().enumerate() {
                axis.square = kinked_square([left[i], right[i]], axis);
            }
            let motion = SgdAxes {
                axes: (0..dim).map(|i| Axis::new([left[i], right[i]], axes[i].ends, floor)).collect(),
                reaches: axes.iter().map(|axis| axis.reach).collect(),
                variances,
            };
            small(&axes).then(|| LazyEvents::boxed(shape, axes, motion, jumps, noise.alpha().get(), longest, start))
        }
    }
}

/// Mean of `(y/r±)²` at rest: the density is continuous at the minimum, and the sides weigh as their widths.
fn kinked_square(curvatures: [f64; 2], axis: &AxisEdge) -> f64 {
    let widths = curvatures.map(|k| (0.5 * axis.far.variance / k).sqrt());
    let total = widths[0] + widths[1];
    if total == 0.0 {
        return 0.0;
    }
    (0..2).map(|side| widths[side] / total * (widths[side] / axis.ends[side]).powi(2)).sum()
}

/// Runs paths, whatever the dynamics is.
pub(in super::super) trait LazyRun: Send + Sync {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>);
}

impl<M: AxisMotions> LazyRun for LazyEvents<M> {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        let mut place = Place {
            t: 0.0,
            active: Vec::new(),
            near: false,
            rest_share: 1.0,
            rest_rate: 0.0,
            rate: 0.0,
            settled: 0.0,
            square: 0.0,
            square_before: 0.0,
        };
        for path in range {
            let mut rng = source.stream(path);
            records.push(self.path(&mut place, &mut rng, limits));
        }
    }
}

impl<M: AxisMotions + 'static> LazyEvents<M> {
    fn boxed(
        shape: Shape,
        axes: Vec<AxisEdge>,
        motion: M,
        jumps: &LargeJumps,
        alpha: f64,
        longest: f64,
        start: Vec<(usize, f64)>,
    ) -> Box<dyn LazyRun> {
        let sum = |of: &dyn Fn(&AxisEdge) -> f64| axes.iter().map(of).sum::<f64>();
        let square = sum(&|axis| axis.square);
        let gathering = sum(&|axis| axis.far.variance / (axis.q * axis.reach).powi(2));
        let rates: Vec<f64> = axes.iter().map(|axis| axis.far.rate).collect();
        Box::new(LazyEvents {
            shape,
            choice: AxisChoice::new(&rates),
            ladder: *jumps.ladder(),
            far_rate: sum(&|axis| axis.far.rate),
            near_rate: sum(&|axis| axis.near.rate),
            load: sum(&|axis| axis.load),
            square,
            spread: sum(&|axis| axis.spread()),
            settling: if square > 0.0 { gathering / square } else { f64::INFINITY },
            power: -1.0 / alpha,
            whole: jumps.whole(),
            pareto_root: jumps.pareto_root(),
            shift: jumps.shift(),
            longest,
            start,
            axes,
            motion,
        })
    }
}

impl<M: AxisMotions> LazyEvents<M> {
    fn path(&self, place: &mut Place<M::Own>, rng: &mut Stream, limits: Limits<'_>) -> PathRecord {
        place.t = 0.0;
        place.settled = 0.0;
        place.active.clear();
        place.active.extend(self.start.iter().map(|&(axis, y)| self.active(axis, y, self.motion.start(axis, y))));
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
                return PathRecord { outcome: Outcome::Exited { time: place.t + delay, site }, events };
            }
            place.t += tau;
            if tau >= left {
                return PathRecord { outcome: Outcome::Censored { at: limits.max_time }, events };
            }
            if tau < wait {
                clock = (clock - tau * rate).max(f64::MIN_POSITIVE);
                continue;
            }
            clock = rng.sample(Exp1);
            events += 1;
            if let Some(site) = self.jump(place, rng) {
                return PathRecord { outcome: Outcome::Exited { time: place.t, site }, events };
            }
        }
    }

    fn active(&self, axis: usize, y: f64, own: M::Own) -> Active<M::Own> {
        Active { axis, y, before: y, cut: self.axes[axis].far, near: false, own }
    }

    /// The square of the gauge, with the mean of what the coordinates at rest add.
    fn gauge_square(&self, place: &Place<M::Own>) -> f64 {
        let (mut square, mut rest) = (0.0, self.square);
        for active in &place.active {
            let axis = &self.axes[active.axis];
            let part = axis.part(active.y);
            square += part * part;
            rest -= axis.square;
        }
        square + place.settled * rest.max(0.0)
    }

    /// Sets the cuts by the ways to the edge, and returns the longest step; it is infinite far from the edge.
    fn look_around(&self, place: &mut Place<M::Own>) -> f64 {
        match self.shape {
            Shape::Round => self.look_at_round_edge(place),
            Shape::Faces => self.look_at_faces(place),
        }
    }

    /// By how much `Q` has grown.
    fn growth(&self, active: &Active<M::Own>) -> f64 {
        1.0 / (self.motion.inverse_q(&active.own) * self.axes[active.axis].q)
    }

    fn set_far(&self, place: &mut Place<M::Own>) -> f64 {
        place.near = false;
        place.rate = self.far_rate;
        for active in &mut place.active {
            active.near = false;
            active.cut = self.axes[active.axis].far;
        }
        let swing: f64 = place.active.iter().map(|active| self.motion.swing(active)).sum();
        if swing < 1.0 { f64::INFINITY } else { self.motion.wide_step() }
    }

    fn look_at_round_edge(&self, place: &mut Place<M::Own>) -> f64 {
        place.square = self.gauge_square(place);
        if place.active.is_empty() {
            return self.set_far(place);
        }
        let depth = (1.0 - place.square).max(0.0);
        let share = |active: &Active<M::Own>| {
            let axis = &self.axes[active.axis];
            axis.to_round_edge(active.y, depth) / axis.reach * self.growth(active)
        };
        let [mut rest_load, mut rest_rate, mut rest_spread] = [self.load, self.near_rate, self.spread];
        let mut load = 0.0;
        for active in &place.active {
            let axis = &self.axes[active.axis];
            let share = share(active);
            load += axis.load / (share * share);
            rest_load -= axis.load;
            rest_rate -= axis.near.rate;
            rest_spread -= axis.spread();
        }
        if load + rest_load.max(0.0) / depth < 1.0 {
            return self.set_far(place);
        }
        place.near = true;
        // Coordinates at rest see the edge at the same share of their ways.
        let lowered = |share: f64| self.ladder.step(Number::of(share)).map(Number::lane);
        let over = |share: f64| share.max(Ladder::FLOOR).powi(2);
        let all_active = place.active.len() == self.axes.len();
        let [step, power] = lowered(depth.sqrt());
        place.rest_share = step;
        place.rest_rate = if all_active { 0.0 } else { power * rest_rate.max(0.0) };
        place.rate = place.rest_rate;
        let mut spread = if all_active { 0.0 } else { step * step * power * rest_spread.max(0.0) / over(depth.sqrt()) };
        let mut speed = 0.0;
        let gauge = place.square.sqrt();
        let mut limit = self.longest;
        for active in &mut place.active {
            let axis = &self.axes[active.axis];
            let share = axis.to_round_edge(active.y, depth) / axis.reach
                / (self.motion.inverse_q(&active.own) * axis.q);
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

    /// Every coordinate by itself: the cuts and the steps of those that are far from their faces are those far from the edge.
    fn look_at_faces(&self, place: &mut Place<M::Own>) -> f64 {
        let share = |active: &Active<M::Own>| {
            let axis = &self.axes[active.axis];
            axis.to_face(active.y) / axis.reach * self.growth(active)
        };
        let is_near = |active: &Active<M::Own>| {
            let share = share(active);
            self.axes[active.axis].load >= share * share
        };
        if !place.active.iter().any(is_near) {
            return self.set_far(place);
        }
        place.near = true;
        place.rest_rate = self.far_rate;
        let (mut rate, mut limit, mut spread) = (0.0, self.longest, 0.0);
        for active in &mut place.active {
            let axis = &self.axes[active.axis];
            let way = axis.to_face(active.y);
            let share = way / axis.reach / (self.motion.inverse_q(&active.own) * axis.q);
            place.rest_rate -= axis.far.rate;
            active.near = axis.load >= share * share;
            active.cut = if active.near { self.ladder.lower(&axis.near, share) } else { axis.far };
            rate += active.cut.rate;
            limit = limit.min(self.motion.step_limit(active, place.t));
            if active.near {
                let held = share.max(Ladder::FLOOR);
                spread += axis.spread() * active.cut.variance / axis.near.variance / (held * held);
                let floor = Ladder::FLOOR * (axis.ends[0] + axis.ends[1]).min(f64::MAX);
                limit = limit.min(STEP_DRIFT * way.max(floor) / self.motion.speed(active).abs());
            }
        }
        if place.active.len() == self.axes.len() {
            place.rest_rate = 0.0;
        }
        place.rest_rate = place.rest_rate.max(0.0);
        place.rate = place.rest_rate + rate;
        limit.min(STEP_SPREAD * STEP_SPREAD / (self.whole * spread))
    }

    /// Flow and small jumps over `tau`. Far from the edge what has come to rest is let go.
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
    fn crossing(&self, place: &mut Place<M::Own>, tau: f64, rng: &mut Stream) -> Option<(f64, Site)> {
        match self.shape {
            _ if !place.near && place.active.is_empty() => None,
            Shape::Round => {
                let after = self.gauge_square(place);
                if !place.near {
                    // The edge is out of reach, but for a draw in a million.
                    return (after >= 1.0).then(|| (tau, self.creeps(place)));
                }
                let [from, to] = [place.square_before, after].map(|square| 1.0 - square.sqrt());
                let nearer = |active: &Active<M::Own>| if to < from { active.y } else { active.before };
                let gauge = 1.0 - to.min(from);
                let [mut variance, mut weighted] = [0.0; 2];
                for active in &place.active {
                    let (axis, y) = (&self.axes[active.axis], nearer(active));
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
                    let axis = &self.axes[active.axis];
                    if !active.near {
                        if axis.to_face(active.y) <= 0.0 {
                            return Some((tau, by_face(active.axis, active.y > 0.0)));
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
                        return Some((delay, by_face(active.axis, side == 1)));
                    }
                }
                None
            }
        }
    }

    /// The place of a path that crept out: the coordinate that is furthest out.
    fn creeps(&self, place: &Place<M::Own>) -> Site {
        let furthest = place.active.iter().max_by(|a, b| a.y.abs().total_cmp(&b.y.abs()));
        let (axis, y) = furthest.map_or((0, 0.0), |active| (active.axis, active.y));
        Site { axis: axis as u32, side: Side::of(y), overshoot: 1.0, by: Departure::Creep }
    }

    /// A large jump; its site if it leaves.
    fn jump(&self, place: &mut Place<M::Own>, rng: &mut Stream) -> Option<Site> {
        let (i, rung) = self.choose(place, rng);
        let active = &mut place.active[i];
        let axis = &self.axes[active.axis];
        let pareto = rng.open01().powf(self.power);
        let size = match rung {
            Some(size) => (pareto * self.pareto_root).max(1.0) * size,
            None => pareto * axis.far.size,
        };
        let size = if rng.random::<bool>() { size } else { -size };
        active.y += axis.amplitude * size * self.motion.inverse_q(&active.own);
        let (number, y) = (active.axis as u32, active.y);
        let gauge = match self.shape {
            Shape::Round => self.gauge_square(place).sqrt(),
            Shape::Faces => axis.part(y).abs(),
        };
        // Not a number counts as outside.
        (!(gauge < 1.0)).then(|| {
            let overshoot = if y.is_finite() { gauge.max(1.0) } else { f64::INFINITY };
            Site { axis: number, side: Side::of(size), overshoot, by: Departure::Jump }
        })
    }

    /// The coordinate of the next jump, which is followed from now on, and the cut of a jump of the kind near the edge.
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
                // Rounding.
                let last = place.active.len() - 1;
                return (last, place.active[last].near.then_some(place.active[last].cut.size));
            }
            lowered = (self.shape == Shape::Round).then_some(place.rest_share);
        }
        loop {
            let axis = self.choice.draw(rng);
            let known = place.active.iter().position(|active| active.axis == axis);
            match (known, place.near) {
                (Some(i), false) => return (i, None),
                // Those that are followed were asked before.
                (Some(_), true) => {}
                (None, _) => {
                    let (y, own) = self.motion.wake(axis, place.settled, rng);
                    place.active.push(self.active(axis, y, own));
                    return (place.active.len() - 1, lowered.map(|share| share * self.axes[axis].near.size));
                }
            }
        }
    }
}

impl AxisEdge {
    /// What the Gaussian part with the largest cut near the edge spreads over per unit time, as a share of the way to the edge.
    fn spread(&self) -> f64 {
        if self.near.variance > 0.0 { self.near.variance / (self.reach * self.q).powi(2) } else { 0.0 }
    }
}
