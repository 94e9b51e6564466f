//! How a path that no edge absorbs moves from well to well, on a line and in the plane.

use rand::RngExt;

use crate::dynamics::{Recursion, Stepper};
use crate::noise::Stream;
use crate::scheme::Limits;
use crate::scheme::counted::Ended;

/// The wells of a landscape with the noise, at places `P`.
pub(super) trait Roamed<P> {
    /// The well that holds a place; `None` for one that is lost.
    fn well_of(&self, x: P) -> Option<usize>;
    /// The time to the next jump that is drawn in a well.
    fn wait(&self, well: usize, rng: &mut Stream) -> f64;
    /// A jump that is drawn in a well, in units of `εΣ`.
    fn draw_jump(&self, well: usize, rng: &mut Stream) -> P;
}

/// The part of the state that jumps, and how it moves.
pub(super) trait Mover<P> {
    fn x(&self) -> P;
    /// Moves at time `t` for at most `most`; returns for how long.
    fn step(&mut self, well: usize, span: [f64; 2], rng: &mut Stream) -> f64;
    /// Displaces the parameters by a jump of [`Roamed::draw_jump`].
    fn jump(&mut self, jump: P);
    /// Whether a path in the core of a well stays there; with momentum it may only pass through.
    fn stays_in(&self, _well: usize) -> bool {
        true
    }
}

/// What a path into a target needs to know of its next step.
pub(super) trait BridgedMover<P>: Mover<P> {
    /// Whether the next step, from a time for at most another, is that of a linear force near the minimum of the well, over any time.
    fn is_linear(&self, well: usize, span: [f64; 2]) -> bool;
    /// Variance per unit time of the small jumps in the parameters, along a unit vector.
    fn variance(&self, well: usize, normal: P) -> f64;
}

/// The record of a path.
pub(super) trait Watched<P> {
    /// The next time to be recorded; `None` if all are.
    fn next_time(&self) -> Option<f64>;
    /// Records a path that is at `x` at [`Watched::next_time`].
    fn record(&mut self, x: P);
    /// Notes that the path is at `x` at time `t`; `stays` tells of a well in whose core it is whether it stays there.
    fn see(&mut self, t: f64, x: P, stays: impl Fn(usize) -> bool);
}

/// Points at which paths start, with the cumulative probability.
pub(super) struct Starts<P>(Vec<(P, f64)>);

impl<P: Copy> Starts<P> {
    pub fn new(points: impl IntoIterator<Item = (P, f64)>) -> Self {
        let mut total = 0.0;
        let cumulative = points.into_iter().map(|(x, p)| {
            total += p;
            (x, total)
        });
        Starts(cumulative.collect())
    }

    pub fn draw(&self, rng: &mut Stream) -> P {
        let u: f64 = rng.random();
        let at = self.0.partition_point(|(_, below)| *below <= u).min(self.0.len() - 1);
        self.0[at].0
    }
}

/// Follows the motion of an equation to the last time of the watch.
pub(super) fn roam<P: Copy>(
    wells: &impl Roamed<P>,
    mover: &mut dyn Mover<P>,
    watch: &mut impl Watched<P>,
    rng: &mut Stream,
    limits: &Limits<'_>,
) -> Ended {
    let (mut t, mut events) = (0.0, 0u64);
    let lost = |time: f64, events: u64| Ended { time, events, diverged: true };
    let Some(mut well) = wells.well_of(mover.x()) else { return lost(0.0, 0) };
    let mut until_jump = wells.wait(well, rng);
    while let Some(next) = watch.next_time() {
        if limits.abandoned(events) {
            break;
        }
        events += 1;
        let most = until_jump.min(next - t);
        let tau = mover.step(well, [t, most], rng);
        // A path so far out that no step is short enough cannot be continued.
        let Some(mut now) = wells.well_of(mover.x()).filter(|_| tau > 0.0 || !(most > 0.0)) else {
            return lost(t, events);
        };
        let records = tau >= most && next - t <= until_jump;
        t = if records { next } else { t + tau };
        until_jump -= tau;
        watch.see(t, mover.x(), |well| mover.stays_in(well));
        if records {
            watch.record(mover.x());
        }
        let jumps = until_jump <= 0.0;
        if jumps {
            mover.jump(wells.draw_jump(well, rng));
            let Some(landed) = wells.well_of(mover.x()) else { return lost(t, events) };
            watch.see(t, mover.x(), |well| mover.stays_in(well));
            now = landed;
        }
        // The waiting time has no memory: with the cut of another well it is drawn anew.
        if jumps || now != well {
            well = now;
            until_jump = wells.wait(well, rng);
        }
    }
    Ended { time: t, events, diverged: false }
}

/// Takes the steps of a discrete optimiser from `x` to the last time of the watch. `step` takes one, by its number from 0, and says whether the
/// parameters are finite.
pub(super) fn iterate<R: Recursion, P: Copy>(
    stepper: &Stepper<R>,
    mut x: P,
    mut step: impl FnMut(&mut Stepper<R>, u64, &mut P) -> bool,
    watch: &mut impl Watched<P>,
    limits: &Limits<'_>,
) -> Ended {
    let (mut stepper, eta) = (stepper.clone(), stepper.eta());
    let mut steps = 0u64;
    stepper.start();
    loop {
        // The parameters of step k hold from t = k η to the next step. A time that is a multiple of η up to rounding is that of a step.
        while watch.next_time().is_some_and(|time| time < (steps + 1) as f64 * eta * (1.0 - 1e-12)) {
            watch.record(x);
        }
        if watch.next_time().is_none() || limits.abandoned(steps) {
            return Ended { time: steps as f64 * eta, events: steps, diverged: false };
        }
        let is_finite = step(&mut stepper, steps, &mut x);
        steps += 1;
        let time = steps as f64 * eta;
        if !is_finite {
            return Ended { time, events: steps, diverged: true };
        }
        watch.see(time, x, |_| true);
    }
}
