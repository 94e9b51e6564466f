//! The occupancy as a scheme: what it accepts, and how its paths on a line run.

use super::adam::AdamFlow;
use super::counts::OccupancyCounts;
use super::equation::{AdamMover, Equation, Roaming, SgdMover};
use super::local_wells::Cuts;
use super::plane::PlanarPaths;
use super::roam::{Starts, roam};
use super::settings::Occupancy;
use super::sgd::SgdFlow;
use super::steps::{LineSteps, StepRun};
use super::watch::Watch;
use crate::dynamics::{Dynamics, Problem, SecondMoment};
use crate::landscape::{WellSet, Wells};
use crate::noise::{NoiseError, NoiseLaw, Stream};
use crate::scheme::counted::{CountedKernel, CountedPaths, Ended};
use crate::scheme::{Limits, PathKernel, Scheme, SchemeError};

/// Paths on a line.
struct LinePaths {
    times: Vec<f64>,
    wells: Wells,
    cores: Vec<[f64; 2]>,
    starts: Starts<f64>,
    motion: Motion,
    description: String,
}

enum Motion {
    Sgd(Equation<SgdFlow>),
    Adam(Equation<AdamFlow>),
    Steps(Box<dyn StepRun>),
}

impl LinePaths {
    fn new(settings: &Occupancy, wells: &Wells, problem: &Problem) -> Result<Self, NoiseError> {
        let kappa = settings.threshold();
        let cuts = Cuts::of_wells(wells, kappa);
        let sgd = || Equation::sgd(problem, cuts, settings.step_cap());
        let jumps = if problem.noise().alpha().is_gaussian() {
            "diffusion without jumps".to_string()
        } else {
            format!("jumps above {kappa} of the width of a well")
        };
        let steps = problem.dynamics().visit_stepper(1, LineSteps { problem, local: || sgd().local });
        let (motion, description) = match (problem.dynamics(), steps) {
            (Dynamics::Adam(adam), _) => (Motion::Adam(Equation::adam(problem, cuts, adam)), jumps),
            (_, Some(steps)) => {
                let (steps, description) = steps?;
                (Motion::Steps(steps), description)
            }
            _ => (Motion::Sgd(sgd()), jumps),
        };
        Ok(LinePaths {
            times: settings.times().to_vec(),
            wells: wells.clone(),
            cores: (0..wells.count()).map(|i| wells.core(i)).collect(),
            starts: Starts::new(settings.start().points(settings.wells()).into_iter().map(|(x, p)| (x[0], p))),
            motion,
            description: format!("occupancy of {} wells, {description}", wells.count()),
        })
    }
}

impl CountedPaths for LinePaths {
    type Counts = OccupancyCounts;

    fn none(&self) -> OccupancyCounts {
        OccupancyCounts::new(self.times.len(), self.wells.count())
    }

    fn run(&self, rng: &mut Stream, limits: &Limits<'_>, counts: &mut OccupancyCounts) -> Ended {
        let wells = &self.wells;
        let x = self.starts.draw(rng);
        let mut watch = Watch::start(wells, &self.cores, &self.times, counts, x);
        let ended = match &self.motion {
            Motion::Sgd(equation) => {
                roam(&Roaming { equation, wells }, &mut SgdMover { equation, x }, &mut watch, rng, limits)
            }
            Motion::Adam(equation) => {
                let state = equation.flow.start(&equation.local, x);
                roam(&Roaming { equation, wells }, &mut AdamMover { equation, state }, &mut watch, rng, limits)
            }
            Motion::Steps(steps) => steps.run(x, &mut watch, rng, limits),
        };
        watch.finish(ended.time);
        ended
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
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
            WellSet::Line(wells) => Box::new(CountedKernel(LinePaths::new(self, wells, problem)?)),
            WellSet::Plane(wells) => Box::new(CountedKernel(PlanarPaths::new(self, wells, problem)?)),
        })
    }
}
