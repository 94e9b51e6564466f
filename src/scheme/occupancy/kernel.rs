//! The occupancy as a scheme: what it accepts, and how its paths run.

use std::ops::Range;

use rand::RngExt;

use super::adam::AdamFlow;
use super::counts::OccupancyCounts;
use super::equation::{AdamMover, Equation, Mover, SgdMover};
use super::local_wells::Cuts;
use super::plane::PlanarKernel;
use super::settings::Occupancy;
use super::sgd::SgdFlow;
use super::steps::{OptimiserSteps, StepRun};
use super::watch::Watch;
use crate::dynamics::{Dynamics, Problem, SecondMoment};
use crate::landscape::{WellSet, Wells};
use crate::noise::{NoiseError, NoiseLaw, Stream};
use crate::scheme::kernel::CountingKernel;
use crate::scheme::{Limits, Outcome, PathKernel, PathRecord, Scheme, SchemeError, StreamSource};

/// Runs paths on a line.
pub(super) struct OccupancyKernel {
    settings: Occupancy,
    wells: Wells,
    cores: Vec<[f64; 2]>,
    /// Points at which paths start, with the cumulative probability.
    starts: Vec<(f64, f64)>,
    motion: Motion,
    description: String,
}

enum Motion {
    Sgd(Equation<SgdFlow>),
    Adam(Equation<AdamFlow>),
    Steps(Box<dyn StepRun>),
}

/// How a path ended.
struct Ended {
    time: f64,
    events: u64,
    diverged: bool,
}

impl OccupancyKernel {
    pub fn new(settings: &Occupancy, wells: &Wells, problem: &Problem) -> Result<Self, NoiseError> {
        let kappa = settings.threshold();
        let cuts = Cuts { wells, kappa, width: &|_, width| width, densest: f64::INFINITY };
        let local = || Equation::sgd(problem, cuts, settings.step_cap()).local;
        let jumps = if problem.noise().alpha().is_gaussian() {
            "diffusion without jumps".to_string()
        } else {
            format!("jumps above {kappa} of the width of a well")
        };
        let (motion, description) = match problem.dynamics() {
            Dynamics::Sgd => (Motion::Sgd(Equation::sgd(problem, cuts, settings.step_cap())), jumps),
            Dynamics::Adam(adam) => (Motion::Adam(Equation::adam(problem, cuts, adam)), jumps),
            Dynamics::SgdSteps(sgd) => {
                (Motion::Steps(OptimiserSteps::boxed(problem, local(), sgd.stepper(1))?), sgd.describe())
            }
            Dynamics::AdamSteps(adam) => {
                (Motion::Steps(OptimiserSteps::boxed(problem, local(), adam.stepper(1))?), adam.describe())
            }
            Dynamics::RmspropSteps(rmsprop) => {
                (Motion::Steps(OptimiserSteps::boxed(problem, local(), rmsprop.stepper(1))?), rmsprop.describe())
            }
            Dynamics::AdagradSteps(adagrad) => {
                (Motion::Steps(OptimiserSteps::boxed(problem, local(), adagrad.stepper(1))?), adagrad.describe())
            }
            Dynamics::LionSteps(lion) => {
                (Motion::Steps(OptimiserSteps::boxed(problem, local(), lion.stepper(1))?), lion.describe())
            }
        };
        let mut total = 0.0;
        let starts = settings.start().points(wells).into_iter().map(|(x, p)| {
            total += p;
            (x, total)
        });
        Ok(OccupancyKernel {
            wells: wells.clone(),
            cores: (0..wells.count()).map(|i| wells.core(i)).collect(),
            starts: starts.collect(),
            settings: settings.clone(),
            motion,
            description: format!("occupancy of {} wells, {description}", wells.count()),
        })
    }

    fn count(
        &self,
        source: StreamSource,
        range: Range<u64>,
        limits: Limits<'_>,
        records: &mut Vec<PathRecord>,
    ) -> OccupancyCounts {
        let wells = &self.wells;
        let mut counts = OccupancyCounts::new(self.settings.times().len(), wells.count());
        for path in range {
            let mut rng = source.stream(path);
            let u: f64 = rng.random();
            let at = self.starts.partition_point(|(_, below)| *below <= u).min(self.starts.len() - 1);
            let x = self.starts[at].0;
            let mut watch = Watch::start(wells, &self.cores, self.settings.times(), &mut counts, x);
            let ended = match &self.motion {
                Motion::Sgd(equation) => {
                    follow(equation, wells, &mut SgdMover { equation, x }, &mut watch, &mut rng, &limits)
                }
                Motion::Adam(equation) => {
                    let state = equation.flow.start(&equation.local, x);
                    follow(equation, wells, &mut AdamMover { equation, state }, &mut watch, &mut rng, &limits)
                }
                Motion::Steps(steps) => {
                    let ended = steps.run(x, &mut watch, &mut rng, &limits);
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
fn follow<F>(
    equation: &Equation<F>,
    wells: &Wells,
    mover: &mut dyn Mover,
    watch: &mut Watch<'_>,
    rng: &mut Stream,
    limits: &Limits<'_>,
) -> Ended {
    let (mut t, mut events, mut well) = (0.0, 0u64, wells.well_of(mover.x()));
    let mut until_jump = equation.wait(well, rng);
    while let Some(next) = watch.next_time() {
        if limits.abandoned(events) {
            break;
        }
        events += 1;
        let most = until_jump.min(next - t);
        let tau = mover.step(well, [t, most], rng);
        if !mover.x().is_finite() {
            return Ended { time: t, events, diverged: true };
        }
        let records = tau >= most && next - t <= until_jump;
        t = if records { next } else { t + tau };
        until_jump -= tau;
        watch.see(t, mover.x());
        if records {
            watch.record(mover.x());
        }
        if until_jump <= 0.0 {
            mover.jump(equation.draw_jump(well, rng));
            if !mover.x().is_finite() {
                return Ended { time: t, events, diverged: true };
            }
            watch.see(t, mover.x());
            well = wells.well_of(mover.x());
            until_jump = equation.wait(well, rng);
        } else {
            let now = wells.well_of(mover.x());
            if now != well {
                // The waiting time has no memory: with the cut of another well it is drawn anew.
                well = now;
                until_jump = equation.wait(well, rng);
            }
        }
    }
    Ended { time: t, events, diverged: false }
}

impl Scheme for Occupancy {
    fn name(&self) -> &'static str {
        "occupancy"
    }

    fn check(&self, problem: &Problem) -> Result<(), SchemeError> {
        let law = problem.noise().law();
        match problem.dynamics() {
            _ if problem.basin().dim() != self.wells().dim() => {
                Err(SchemeError::OtherWells { wells: self.wells().dim(), dim: problem.basin().dim() })
            }
            _ if !(law.is_stable() || *law == NoiseLaw::Gaussian) => {
                Err(SchemeError::Law { scheme: self.name(), takes: "SαS noise", law: law.name() })
            }
            Dynamics::Adam(adam) if adam.second_moment() == SecondMoment::Sampled => Err(SchemeError::Sampled),
            _ => Ok(()),
        }
    }

    fn prepare(&self, problem: &Problem) -> Result<Box<dyn PathKernel>, SchemeError> {
        self.check(problem)?;
        Ok(match self.wells() {
            WellSet::Line(wells) => Box::new(OccupancyKernel::new(self, wells, problem)?),
            WellSet::Plane(wells) => Box::new(PlanarKernel::new(self, wells, problem)?),
        })
    }
}

impl PathKernel for OccupancyKernel {
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

impl CountingKernel for OccupancyKernel {
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
