//! How the paths of an occupancy in the plane run.

use super::super::counts::OccupancyCounts;
use super::super::local_wells::Cuts;
use super::super::roam::{Starts, roam};
use super::adam::{AdamMover, PlanarAdam};
use super::local::PlanarLocal;
use super::sgd::{PlanarSgd, SgdMover};
use super::steps::{PlanarRun, PlanarStepsOf};
use super::watch::PlanarWatch;
use crate::dynamics::{Dynamics, Problem};
use crate::landscape::PlanarWells;
use crate::noise::Stream;
use crate::scheme::counted::{CountedPaths, Ended};
use crate::scheme::{Limits, Occupancy, SchemeError};

/// Paths in the plane.
pub(in crate::scheme::occupancy) struct PlanarPaths {
    times: Vec<f64>,
    starts: Starts<[f64; 2]>,
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

impl PlanarPaths {
    /// # Errors
    /// [`SchemeError::Landscape`] if the basins of the wells cannot be mapped, [`SchemeError::Noise`] for steps whose noise cannot be drawn.
    pub fn new(settings: &Occupancy, wells: &PlanarWells, problem: &Problem) -> Result<Self, SchemeError> {
        let jumps = if problem.noise().alpha().is_gaussian() {
            "diffusion without jumps".to_string()
        } else {
            format!("jumps above {} of the way to the boundary of a well", settings.threshold())
        };
        let cuts = Cuts::of_wells(wells, settings.threshold());
        let sgd = || PlanarSgd::new(problem, cuts, settings.step_cap());
        let steps = problem.dynamics().visit_stepper(2, PlanarStepsOf { problem });
        let (motion, description) = match (problem.dynamics(), steps) {
            (Dynamics::Adam(adam), _) => (Motion::Adam(PlanarAdam::new(problem, cuts, adam)?), jumps),
            (_, Some(steps)) => {
                let (steps, description) = steps?;
                (Motion::Steps(steps, sgd()?), description)
            }
            _ => (Motion::Sgd(sgd()?), jumps),
        };
        Ok(PlanarPaths {
            times: settings.times().to_vec(),
            starts: Starts::new(settings.start().points(settings.wells()).into_iter().map(|(x, p)| ([x[0], x[1]], p))),
            motion,
            description: format!("occupancy of {} wells in the plane, {description}", wells.count()),
        })
    }
}

impl CountedPaths for PlanarPaths {
    type Counts = OccupancyCounts;

    fn none(&self) -> OccupancyCounts {
        OccupancyCounts::new(self.times.len(), self.motion.local().wells.len())
    }

    fn run(&self, rng: &mut Stream, limits: &Limits<'_>, counts: &mut OccupancyCounts) -> Ended {
        let local = self.motion.local();
        let x = self.starts.draw(rng);
        let mut watch = PlanarWatch::start(local, &self.times, counts, x);
        let ended = match &self.motion {
            Motion::Sgd(equation) => roam(local, &mut SgdMover { equation, x }, &mut watch, rng, limits),
            Motion::Adam(equation) => roam(local, &mut AdamMover::start(equation, x), &mut watch, rng, limits),
            Motion::Steps(steps, _) => steps.run(local, x, &mut watch, rng, limits),
        };
        watch.finish(ended.time);
        ended
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
}
