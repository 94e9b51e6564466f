//! SGD with a piecewise linear force on an interval, event by event.

use pulp::Simd;

use super::event_cuts::EventCuts;
use super::interval_events::{EventLanes, IntervalEvents, Stretch};
use crate::scheme::interval::IntervalProblem;
use crate::scheme::jump_adapted::axis_steps::{KinkAxis, KinkDraws, SmoothAxis};
use crate::scheme::jump_adapted::barrier::STEP_DRIFT;
use crate::scheme::vector::Vector;

/// The constants of the events with one curvature.
#[derive(Clone, Copy)]
pub(in crate::scheme::jump_adapted) struct SmoothEvents {
    interval: IntervalProblem,
    cuts: EventCuts,
    axis: SmoothAxis,
    longest: f64,
}

/// The constants of the events with two curvatures that meet in a kink.
#[derive(Clone, Copy)]
pub(in crate::scheme::jump_adapted) struct KinkEvents {
    interval: IntervalProblem,
    cuts: EventCuts,
    axis: KinkAxis,
    near_step: f64,
}

impl SmoothEvents {
    /// `longest`: the longest step near the edge.
    pub fn new(interval: IntervalProblem, cuts: EventCuts, longest: f64, floor: f64) -> Self {
        SmoothEvents { interval, cuts, axis: SmoothAxis::new(interval.curvatures[0], floor), longest }
    }
}

impl KinkEvents {
    /// `near_step`: the longest step near the edge in relaxation times of the side.
    pub fn new(interval: IntervalProblem, cuts: EventCuts, near_step: f64, floor: f64) -> Self {
        let reach = interval.reaches();
        KinkEvents { interval, cuts, axis: KinkAxis::new(interval.curvatures, reach, floor), near_step }
    }
}

impl IntervalEvents<0> for SmoothEvents {
    const MORE_NORMALS: usize = 0;
    const EXPONENTIALS: usize = 0;

    fn interval(&self) -> &IntervalProblem {
        &self.interval
    }

    #[inline(always)]
    fn stretch<S: Simd, const N: usize>(&self, simd: S, lanes: &mut EventLanes<0, N>, g: usize) -> Stretch<S> {
        let x = Vector::load(simd, &lanes.x, g);
        let y = x - self.interval.minimum;
        let clock = lanes.clock(simd, g);
        let normal = Vector::load(simd, &lanes.normals[0], g);
        let pareto = Vector::load(simd, &lanes.jump, g);
        let mut place = self.cuts.far(clock, pareto);
        let distances = self.interval.distances(x);
        let near = self.cuts.is_near(distances);
        let is_near = near.any();
        if is_near {
            let local = self.cuts.near(distances[0].min(distances[1]), clock, pareto);
            let drift = (STEP_DRIFT / self.interval.curvatures[0]) * local.distance / y.abs();
            let tau = local.place.tau.min(drift).at_most(self.longest);
            place = place.or_where(near, local.place.cut_short(tau));
        }
        Stretch {
            before: x,
            after: self.interval.minimum + self.axis.step(y, place.variance, place.tau, normal),
            tau: place.tau,
            clock: place.clock_at_end(clock),
            jump: place.jump,
            variance: place.variance,
            shift: place.shift,
            watched: is_near.then_some([near, near]),
        }
    }
}

impl IntervalEvents<0> for KinkEvents {
    const MORE_NORMALS: usize = 1;
    const EXPONENTIALS: usize = 1;

    fn interval(&self) -> &IntervalProblem {
        &self.interval
    }

    #[inline(always)]
    fn stretch<S: Simd, const N: usize>(&self, simd: S, lanes: &mut EventLanes<0, N>, g: usize) -> Stretch<S> {
        let x = Vector::load(simd, &lanes.x, g);
        let y = x - self.interval.minimum;
        let clock = lanes.clock(simd, g);
        let pareto = Vector::load(simd, &lanes.jump, g);
        let mut place = self.cuts.far(clock, pareto);
        let mut limit = place.tau;
        let distances = self.interval.distances(x);
        // A path far from the edge keeps that cut until the next jump. Its steps depend on the wait, so a cut that changed after them would
        // depend on it too.
        let near = self.cuts.is_near(distances) & !lanes.keeps_far(simd, g);
        let is_near = near.any();
        if is_near {
            let local = self.cuts.near(distances[0].min(distances[1]), clock, pareto);
            let [left, right] = self.interval.curvatures;
            let k = y.below_number(0.0).choose(left, right);
            let drift = (STEP_DRIFT * local.distance / y.abs()).at_most(self.near_step) / k;
            limit = near.select(local.step.min(drift), limit);
            place = place.or_where(near, local.place);
        }
        let draws = KinkDraws {
            normals: [0, 1].map(|i| Vector::load(simd, &lanes.normals[i], g)),
            exponential: Vector::load(simd, &lanes.exponential, g).abs(),
        };
        let step = self.axis.step(y, place.variance, [limit, place.tau], !near, draws);
        let place = place.cut_short(step.tau);
        let left = place.clock_at_end(clock);
        let open = near & !step.walled;
        let watched = is_near.then_some(if self.axis.is_steep_left() { [open, near] } else { [near, open] });
        Stretch {
            before: x,
            after: self.interval.minimum + step.y,
            tau: place.tau,
            clock: near.select(left, -left),
            jump: place.jump,
            variance: place.variance,
            shift: place.shift,
            watched,
        }
    }
}
