//! # The time at which a path hits a target
//!
//! Paths run through all wells of a landscape, as those of an occupancy, and end when they enter the target: by a jump that lands in it, or
//! between two jumps, at the first time of a Brownian bridge over a step. Where the target is nearer to a minimum than the saddles, its distance takes
//! the place of the width of the well, in the cut of the jumps and in the steps; so does the width of a narrow target, over which drawn jumps can
//! leap.

use std::ops::Range;

use rand::RngExt;
use rand_distr::Exp1;

use super::adam::AdamFlow;
use super::equation::{AdamMover, BridgedMover, Equation, SgdMover};
use super::local_wells::Cuts;
use super::settings::Occupancy;
use super::sgd::SgdFlow;
use crate::dynamics::{Dynamics, Problem};
use crate::landscape::Wells;
use crate::noise::Stream;
use crate::scheme::exit_site::landed;
use crate::scheme::jump_adapted::{Bridge, FAR, crossed};
use crate::scheme::{Departure, ExitSite, Limits, Outcome, PathKernel, PathRecord, SchemeError, Side, StreamSource};

/// Most jumps per relaxation time that a near or narrow target may ask for. With more, a path hits the target within a small part of a relaxation
/// time in any case.
const DENSEST: f64 = 2_000.0;
/// Smallest distance and width of a target, as a part of the narrower width of a well. Shorter ones are replaced by it, so that steps do not become
/// too short.
const NARROWEST: f64 = 1.0 / 1024.0;

/// Runs paths of the equations of SGD and Adam into a target on a line.
pub(in crate::scheme) struct HittingKernel {
    problem: Problem,
    wells: Wells,
    target: [f64; 2],
    motion: Motion,
    kappa: f64,
}

enum Motion {
    Sgd(Equation<SgdFlow>),
    Adam(Equation<AdamFlow>),
}

impl HittingKernel {
    /// Checks that the target is on a line whose wells are known.
    ///
    /// # Errors
    /// [`SchemeError::Target`].
    pub fn check(problem: &Problem) -> Result<(), SchemeError> {
        let known = problem.basin().dim() == 1 && problem.basin().wells().is_some();
        if known { Ok(()) } else { Err(SchemeError::Target { dim: problem.basin().dim() }) }
    }

    /// The kernel of a problem, with the share `κ` of a width above which jumps are drawn one by one, and the longest step in local relaxation
    /// times.
    ///
    /// # Errors
    /// As [`HittingKernel::check`].
    pub fn new(problem: &Problem, kappa: Option<f64>, step_cap: Option<f64>) -> Result<Self, SchemeError> {
        let refused = SchemeError::Target { dim: problem.basin().dim() };
        let (Some((lo, hi)), Some(wells)) = (problem.basin().target(), problem.basin().wells()) else {
            return Err(refused);
        };
        Self::check(problem)?;
        let target = [lo[0], hi[0]];
        let kappa = kappa.unwrap_or(Occupancy::THRESHOLD);
        let distance = |minimum: f64| (target[0] - minimum).max(minimum - target[1]);
        // Paths of a well whose minimum lies in the target end before they come to rest.
        let width = |minimum: f64, width: f64| {
            let near = if distance(minimum) > 0.0 { distance(minimum) } else { f64::INFINITY };
            width.min(near.min(target[1] - target[0]).max(NARROWEST * width))
        };
        let cuts = Cuts { wells, kappa, width: &width, densest: DENSEST };
        let narrower = |i: usize| wells.widths(i).into_iter().fold(f64::INFINITY, f64::min);
        let absorbed = |i: usize| distance(wells.minima()[i]) <= NARROWEST * narrower(i);
        let absorbed: Vec<usize> = (0..wells.count()).filter(|i| absorbed(*i)).collect();
        let motion = match problem.dynamics() {
            Dynamics::Adam(adam) => {
                let mut equation = Equation::adam(problem, cuts, adam);
                equation.local.drop_zones(&absorbed);
                Motion::Adam(equation)
            }
            _ => {
                let mut equation = Equation::sgd(problem, cuts, step_cap.unwrap_or(Occupancy::STEP_CAP));
                equation.local.drop_zones(&absorbed);
                Motion::Sgd(equation)
            }
        };
        Ok(HittingKernel { problem: problem.clone(), wells: wells.clone(), target, motion, kappa })
    }

    fn path(&self, rng: &mut Stream, limits: &Limits<'_>) -> (PathRecord, f64) {
        let start = self.problem.basin().start()[0];
        match &self.motion {
            Motion::Sgd(equation) => self.run_path(equation, &mut SgdMover { equation, x: start }, rng, limits),
            Motion::Adam(equation) => {
                let state = equation.flow.start(&equation.local, start);
                self.run_path(equation, &mut AdamMover { equation, state }, rng, limits)
            }
        }
    }

    /// Runs one path to the target; returns its record and its last point.
    fn run_path<F>(
        &self,
        equation: &Equation<F>,
        mover: &mut dyn BridgedMover,
        rng: &mut Stream,
        limits: &Limits<'_>,
    ) -> (PathRecord, f64) {
        let [lo, hi] = self.target;
        let (mut t, mut events, mut well) = (0.0, 0u64, self.wells.well_of(mover.x()));
        let mut until_jump = equation.wait(well, rng);
        loop {
            if events >= limits.max_events || limits.abandoned(events) {
                return (PathRecord { outcome: Outcome::Censored { at: t }, events }, mover.x());
            }
            events += 1;
            let before = mover.x();
            // A path that a linear force holds at its minimum over the whole wait does not reach the target, and is no Brownian motion.
            let variance = if mover.is_linear(well, t) { 0.0 } else { mover.variance(well) };
            // The stretch to the time limit is computed in full: a limit must not change the path before it.
            let tau = mover.step(well, [t, until_jump], rng);
            let after = mover.x();
            if !after.is_finite() {
                return (PathRecord { outcome: Outcome::Diverged { at: t }, events }, after);
            }
            let bridge = if before < lo {
                Bridge { from: lo - before, to: lo - after }
            } else {
                Bridge { from: before - hi, to: after - hi }
            };
            let exponent = bridge.exponent(variance * tau);
            if exponent < FAR && crossed([exponent], rng.sample(Exp1)).is_some() {
                let time = if variance > 0.0 { t + bridge.crossing_time(variance, tau, rng) } else { t + tau };
                let point = if before < lo { lo.next_up() } else { hi.next_down() };
                return self.hit(time, point, Departure::Creep, Side::of(point - self.minimum()), events, limits);
            }
            t += tau;
            until_jump -= tau;
            if t >= limits.max_time {
                return (PathRecord { outcome: Outcome::Censored { at: limits.max_time }, events }, after);
            }
            if until_jump <= 0.0 {
                events += 1;
                let jump = equation.draw_jump(well, rng);
                mover.jump(jump);
                let x = mover.x();
                if !x.is_finite() {
                    return (PathRecord { outcome: Outcome::Diverged { at: t }, events }, x);
                }
                if lo <= x && x <= hi {
                    // The amplitude of the mover is positive.
                    let sign = self.problem.noise().amplitude().column(1, 0)[0].signum();
                    return self.hit(t, x, Departure::Jump, Side::of(jump * sign), events, limits);
                }
                well = self.wells.well_of(x);
                until_jump = equation.wait(well, rng);
            } else {
                let now = self.wells.well_of(after);
                if now != well {
                    // The waiting time has no memory: with the cut of another well it is drawn anew.
                    well = now;
                    until_jump = equation.wait(well, rng);
                }
            }
        }
    }

    fn minimum(&self) -> f64 {
        self.problem.basin().minimum()[0]
    }

    /// The record of a path that enters the target at `x`.
    fn hit(&self, time: f64, x: f64, by: Departure, side: Side, events: u64, limits: &Limits<'_>) -> (PathRecord, f64) {
        if time >= limits.max_time {
            return (PathRecord { outcome: Outcome::Censored { at: limits.max_time }, events }, x);
        }
        let basin = self.problem.basin();
        let overshoot = basin.gauge(&[x]).max(1.0);
        let site = ExitSite { axis: 0, side, overshoot, by, landed: landed(basin, &[x]) };
        (PathRecord { outcome: Outcome::Exited { time, site }, events }, x)
    }
}

impl PathKernel for HittingKernel {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        records.extend(range.map(|path| self.path(&mut source.stream(path), &limits).0));
    }

    fn landing_point(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> Option<Vec<f64>> {
        let (record, x) = self.path(&mut source.stream(path), &limits);
        record.outcome.site().map(|_| vec![x])
    }

    fn describe(&self) -> String {
        let Self { target: [lo, hi], kappa, .. } = self;
        format!("jump_adapted, into the target [{lo}, {hi}], threshold {kappa} of the width of a well")
    }
}
