//! Clock, noise and large jumps of an event on an interval, which depend on the distance to the edge.

use pulp::Simd;

use super::interval_events::Stretch;
use crate::scheme::jump_adapted::barrier::{STEP_SPREAD, near_square};
use crate::scheme::jump_adapted::cut::{Cut, Ladder};
use crate::scheme::jump_adapted::large_jumps::LargeJumps;
use crate::scheme::vector::{Mask, Vector};

/// The cuts of one noise coordinate as displacements of the parameter, before `Q⁻¹`.
#[derive(Clone, Copy)]
pub(in crate::scheme::jump_adapted) struct EventCuts {
    far: Cut,
    near: Cut,
    ladder: Ladder,
    /// Distances below which the lower and the upper edge are near.
    near_distances: [f64; 2],
    /// Distance from the minimum to the nearer edge.
    reach: f64,
    /// The step near the edge for the largest cut, at the distance of the minimum.
    near_step: f64,
    shift: f64,
    pareto_root: f64,
}

/// The noise of a stretch at a place.
#[derive(Clone, Copy)]
pub(in crate::scheme::jump_adapted) struct Place<S: Simd> {
    /// Longest stretch: until the clock runs down, or a step.
    pub tau: Vector<S>,
    /// Variance of the Gaussian part per unit time.
    pub variance: Vector<S>,
    pub shift: Vector<S>,
    pub jump: Vector<S>,
    rate: Vector<S>,
    /// Lanes whose stretch ends with a jump.
    jumps: Mask<S>,
}

/// A place near the edge, and its distance, which has a lower limit.
pub(in crate::scheme::jump_adapted) struct NearPlace<S: Simd> {
    pub place: Place<S>,
    /// Longest step for any clock.
    pub step: Vector<S>,
    pub distance: Vector<S>,
}

impl EventCuts {
    /// The cuts of a problem in one dimension. `reaches`: the distances from the minimum to the edges; `spreads`: the times in which the small
    /// jumps accumulate their variance at rest on either side.
    pub fn new(jumps: &LargeJumps, alpha: f64, reaches: [f64; 2], spreads: [f64; 2]) -> Self {
        let amplitude = jumps.axis_amplitude(0).abs();
        let displaced = |cut: Cut| Cut { size: amplitude * cut.size, variance: jumps.axis_variance(cut, 0), ..cut };
        let (far, largest) = (displaced(jumps.far(0)), displaced(jumps.largest_near(0)));
        let reach = reaches[0].min(reaches[1]);
        let step = (STEP_SPREAD * reach).powi(2) / (jumps.whole() * largest.variance);
        let near = spreads.map(|spread| (near_square(alpha) * far.variance * spread).sqrt());
        let is_near_at_rest = near[0] >= reaches[0] || near[1] >= reaches[1];
        EventCuts {
            far,
            near: largest,
            ladder: *jumps.ladder(),
            // A path that relaxes comes as near to the edge as the minimum.
            near_distances: if is_near_at_rest { [f64::INFINITY; 2] } else { near },
            reach,
            near_step: step,
            shift: jumps.shift() * largest.size,
            pareto_root: jumps.pareto_root(),
        }
    }

    /// Distance below which the nearer edge of two equal sides is near.
    pub fn near_distance(&self) -> f64 {
        self.near_distances[0]
    }

    /// Lanes in which an edge is near, by the distances to the lower and the upper one.
    #[inline(always)]
    pub fn is_near<S: Simd>(&self, [lower, upper]: [Vector<S>; 2]) -> Mask<S> {
        lower.below_number(self.near_distances[0]) | upper.below_number(self.near_distances[1])
    }

    /// A stretch far from the edge: until the clock runs out.
    #[inline(always)]
    pub fn far<S: Simd>(&self, clock: Vector<S>, pareto: Vector<S>) -> Place<S> {
        let tau = clock * (1.0 / self.far.rate);
        Place {
            tau,
            variance: clock.all(self.far.variance),
            shift: clock.all(0.0),
            jump: pareto * self.far.size,
            rate: clock.all(self.far.rate),
            jumps: tau.below_or_at(tau),
        }
    }

    /// A stretch near the edge: a step in which the small jumps spread over a share of the `distance`, or until the clock runs out.
    #[inline(always)]
    pub fn near<S: Simd>(&self, distance: Vector<S>, clock: Vector<S>, pareto: Vector<S>) -> NearPlace<S> {
        let part = (distance * (1.0 / self.reach)).at_least(Ladder::FLOOR);
        let [share, power] = self.ladder.step(part);
        let rate = power * self.near.rate;
        let variance = share * share * power * self.near.variance;
        let spread = part / share;
        let step = spread * spread * (self.near_step / power);
        let wait = clock / rate;
        let size = (pareto.abs() * self.pareto_root).at_least(1.0) * share * self.near.size;
        let place = Place {
            tau: step.min(wait),
            variance,
            shift: share * self.shift,
            jump: pareto.below_number(0.0).select(-size, size),
            rate,
            jumps: wait.below_or_at(step),
        };
        NearPlace { place, step, distance: part * self.reach }
    }
}

impl<S: Simd> Place<S> {
    /// Another place where the edge is near.
    #[inline(always)]
    pub fn or_where(self, near: Mask<S>, other: Self) -> Self {
        Place {
            tau: near.select(other.tau, self.tau),
            variance: near.select(other.variance, self.variance),
            shift: near.select(other.shift, self.shift),
            jump: near.select(other.jump, self.jump),
            rate: near.select(other.rate, self.rate),
            jumps: near & other.jumps | !near & self.jumps,
        }
    }

    /// The stretch, shortened to at most `tau`.
    #[inline(always)]
    pub fn cut_short(self, tau: Vector<S>) -> Self {
        Place { tau: tau.min(self.tau), jumps: self.jumps & self.tau.below_or_at(tau), ..self }
    }

    /// The stretch between two points with its clock at the end, where the noise acts before `Q⁻¹`.
    #[inline(always)]
    pub(super) fn stretch(
        &self,
        inverse_q: Vector<S>,
        [before, after]: [Vector<S>; 2],
        clock: Vector<S>,
        watched: Option<[Mask<S>; 2]>,
    ) -> Stretch<S> {
        Stretch {
            before,
            after,
            tau: self.tau,
            clock,
            jump: self.jump * inverse_q,
            variance: self.variance * inverse_q * inverse_q,
            shift: self.shift * inverse_q,
            watched,
        }
    }

    /// The rest of the clock at the end of the stretch.
    #[inline(always)]
    pub fn clock_at_end(&self, clock: Vector<S>) -> Vector<S> {
        let left = (clock - self.tau * self.rate).at_least(f64::MIN_POSITIVE);
        self.jumps.select(clock.all(0.0), left)
    }
}
