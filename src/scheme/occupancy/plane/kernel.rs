//! How the paths of an occupancy in the plane run.

use std::ops::Range;

use rand::RngExt;

use super::super::counts::OccupancyCounts;
use super::adam::{AdamMover, PlanarAdam};
use super::local::PlanarLocal;
use super::mover::PlanarMover;
use super::sgd::{PlanarSgd, SgdMover};
use super::steps::{PlanarRun, optimiser};
use super::watch::PlanarWatch;
use crate::dynamics::{Dynamics, Problem};
use crate::landscape::PlanarWells;
use crate::noise::Stream;
use crate::scheme::kernel::CountingKernel;
use crate::scheme::{Limits, Occupancy, Outcome, PathKernel, PathRecord, SchemeError, StreamSource};

pub(in crate::scheme::occupancy) struct PlanarKernel {
    times: Vec<f64>,
    /// Points at which paths start, with the cumulative probability.
    starts: Vec<([f64; 2], f64)>,
    motion: Motion,
    description: String,
}

enum Motion {
    Sgd(PlanarSgd),
    Adam(PlanarAdam),
    /// The steps, in the landscape of the equation.
    Steps(Box<dyn PlanarRun>, PlanarSgd),
}

impl Motion {
    fn local(&self) -> &PlanarLocal {
        match self {
            Motion::Sgd(equation) | Motion::Steps(_, equation) => &equation.local,
            Motion::Adam(equation) => &equation.local,
        }
    }
}

/// How a path ended.
struct Ended {
    time: f64,
    events: u64,
    diverged: bool,
}

impl PlanarKernel {
    /// # Errors
    /// [`SchemeError::Landscape`] if the basins of the wells cannot be mapped, [`SchemeError::Noise`] for steps whose noise cannot be drawn.
    pub fn new(settings: &Occupancy, wells: &PlanarWells, problem: &Problem) -> Result<Self, SchemeError> {
        let jumps = if problem.noise().alpha().is_gaussian() {
            "diffusion without jumps".to_string()
        } else {
            format!("jumps above {} of the way to the boundary of a well", settings.threshold())
        };
        let (motion, description) = match (problem.dynamics(), optimiser(problem)) {
            (Dynamics::Adam(adam), _) => (Motion::Adam(PlanarAdam::new(problem, wells, settings, adam)?), jumps),
            (_, Some(steps)) => {
                let (steps, description) = steps?;
                (Motion::Steps(steps, PlanarSgd::new(problem, wells, settings)?), description)
            }
            _ => (Motion::Sgd(PlanarSgd::new(problem, wells, settings)?), jumps),
        };
        let law = settings.start().law(settings.wells());
        let mut total = 0.0;
        let starts = wells.minima().iter().zip(law).map(|(minimum, p)| {
            total += p;
            (minimum.x, total)
        });
        Ok(PlanarKernel {
            times: settings.times().to_vec(),
            starts: starts.collect(),
            motion,
            description: format!("occupancy of {} wells in the plane, {description}", wells.count()),
        })
    }

    fn count(
        &self,
        source: StreamSource,
        range: Range<u64>,
        limits: Limits<'_>,
        records: &mut Vec<PathRecord>,
    ) -> OccupancyCounts {
        let local = self.motion.local();
        let mut counts = OccupancyCounts::new(self.times.len(), local.wells.len());
        for path in range {
            let mut rng = source.stream(path);
            let u: f64 = rng.random();
            let at = self.starts.partition_point(|(_, below)| *below <= u).min(self.starts.len() - 1);
            let x = self.starts[at].0;
            let mut watch = PlanarWatch::start(local, &self.times, &mut counts, x);
            let ended = match &self.motion {
                Motion::Sgd(equation) => follow(local, &mut SgdMover { equation, x }, &mut watch, &mut rng, &limits),
                Motion::Adam(equation) => {
                    follow(local, &mut AdamMover::start(equation, x), &mut watch, &mut rng, &limits)
                }
                Motion::Steps(steps, _) => {
                    let ended = steps.run(local, x, &mut watch, &mut rng, &limits);
                    Ended { time: ended.time, events: ended.steps, diverged: ended.diverged }
                }
            };
            watch.finish(ended.time);
            let at = ended.time;
            let outcome = if ended.diverged { Outcome::Diverged { at } } else { Outcome::Censored { at } };
            records.push(PathRecord { outcome, events: ended.events });
        }
        counts
    }
}

/// Follows one path to the last time of the watch.
fn follow(
    local: &PlanarLocal,
    mover: &mut dyn PlanarMover,
    watch: &mut PlanarWatch<'_>,
    rng: &mut Stream,
    limits: &Limits<'_>,
) -> Ended {
    let (mut t, mut events) = (0.0, 0u64);
    let lost = |time: f64, events: u64| Ended { time, events, diverged: true };
    let Some(mut well) = local.well_of(mover.x()) else { return lost(0.0, 0) };
    let mut until_jump = local.wait(well, rng);
    while let Some(next) = watch.next_time() {
        if limits.abandoned(events) {
            break;
        }
        events += 1;
        let most = until_jump.min(next - t);
        let tau = mover.step(well, [t, most], rng);
        let Some(mut now) = local.well_of(mover.x()) else { return lost(t, events) };
        let records = tau >= most && next - t <= until_jump;
        t = if records { next } else { t + tau };
        until_jump -= tau;
        watch.see(t, mover.x());
        if records {
            watch.record(mover.x());
        }
        let jumps = until_jump <= 0.0;
        if jumps {
            mover.jump(local.draw_jump(well, rng));
            let Some(landed) = local.well_of(mover.x()) else { return lost(t, events) };
            watch.see(t, mover.x());
            now = landed;
        }
        // The waiting time has no memory: with the cut of another well it is drawn anew.
        if jumps || now != well {
            well = now;
            until_jump = local.wait(well, rng);
        }
    }
    Ended { time: t, events, diverged: false }
}

impl PathKernel for PlanarKernel {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        self.count(source, range, limits, records);
    }

    fn counting(&self) -> Option<&dyn CountingKernel> {
        Some(self)
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
}

impl CountingKernel for PlanarKernel {
    fn run_and_count(
        &self,
        source: StreamSource,
        range: Range<u64>,
        limits: Limits<'_>,
        records: &mut Vec<PathRecord>,
        counts: &mut Vec<u8>,
    ) {
        self.count(source, range, limits, records).encode(counts);
    }
}
