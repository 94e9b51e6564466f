//! How one path runs into a target.

use rand::RngExt;
use rand_distr::Exp1;

use super::super::roam::{BridgedMover, Roamed};
use super::hit_test::{HitTest, Place};
use crate::noise::Stream;
use crate::scheme::jump_adapted::{FAR, crossed};
use crate::scheme::{ExitSite, Limits, Outcome, PathRecord};

/// Runs one path to the target; returns its record and its last place.
pub(super) fn run_into<P: Place>(
    wells: &impl Roamed<P>,
    target: &impl HitTest<P>,
    mover: &mut dyn BridgedMover<P>,
    rng: &mut Stream,
    limits: &Limits<'_>,
) -> (PathRecord, P) {
    let (mut t, mut events) = (0.0, 0u64);
    let diverged = |at: f64, events: u64, x: P| (PathRecord { outcome: Outcome::Diverged { at }, events }, x);
    let is_finite = |x: P| x.coordinates().iter().all(|x| x.is_finite());
    let Some(mut well) = wells.well_of(mover.x()) else { return diverged(0.0, 0, mover.x()) };
    let mut until_jump = wells.wait(well, rng);
    loop {
        if events >= limits.max_events || limits.abandoned(events) {
            return (PathRecord { outcome: Outcome::Censored { at: t }, events }, mover.x());
        }
        events += 1;
        let before = mover.x();
        let seen = target.seen_from(before);
        // A path that a linear force holds at its minimum over the whole wait does not reach the target, and is no Brownian motion.
        let variance = if mover.is_linear(well, [t, until_jump]) { 0.0 } else { mover.variance(well, seen.1) };
        // The stretch to the time limit is computed in full: a limit must not change the path before it.
        let tau = mover.step(well, [t, until_jump], rng);
        let after = mover.x();
        // A path so far out that no step is short enough cannot be continued.
        if !is_finite(after) || tau <= 0.0 && until_jump > 0.0 {
            return diverged(t, events, after);
        }
        let bridge = target.bridge(before, after, seen);
        let exponent = bridge.exponent(variance * tau);
        if exponent < FAR && crossed([exponent], rng.sample(Exp1)).is_some() {
            let wait = if variance > 0.0 {
                bridge.crossing_time(variance, tau, rng)
            } else {
                // Along an axis without noise the drift alone enters.
                tau * (bridge.from / (bridge.from - bridge.to))
            };
            let (site, x) = target.crept(before, after, wait / tau);
            return hit(t + wait, site, x, events, limits);
        }
        t += tau;
        until_jump -= tau;
        if t >= limits.max_time {
            return (PathRecord { outcome: Outcome::Censored { at: limits.max_time }, events }, after);
        }
        let jumps = until_jump <= 0.0;
        if jumps {
            events += 1;
            let jump = wells.draw_jump(well, rng);
            mover.jump(jump);
            let x = mover.x();
            if !is_finite(x) {
                return diverged(t, events, x);
            }
            if target.holds(x) {
                return hit(t, target.jumped(x, jump), x, events, limits);
            }
        }
        let Some(now) = wells.well_of(mover.x()) else { return diverged(t, events, mover.x()) };
        // The waiting time has no memory: with the cut of another well it is drawn anew.
        if jumps || now != well {
            well = now;
            until_jump = wells.wait(well, rng);
        }
    }
}

/// The record of a path that enters the target at `x`.
fn hit<P>(time: f64, site: ExitSite, x: P, events: u64, limits: &Limits<'_>) -> (PathRecord, P) {
    let outcome = if time >= limits.max_time {
        Outcome::Censored { at: limits.max_time }
    } else {
        Outcome::Exited { time, site }
    };
    (PathRecord { outcome, events }, x)
}
