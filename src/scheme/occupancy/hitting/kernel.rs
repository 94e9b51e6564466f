//! The kernel of a problem whose paths run into a target.

use std::ops::Range;

use super::super::adam::AdamFlow;
use super::super::equation::{AdamMover, Equation, Roaming, SgdMover};
use super::super::local_wells::Cuts;
use super::super::plane::{self, PlanarAdam, PlanarSgd};
use super::super::settings::Occupancy;
use super::super::sgd::SgdFlow;
use super::hit_test::{LineTarget, Place, PlanarTarget};
use super::run::run_into;
use crate::dynamics::{Dynamics, Problem};
use crate::landscape::{PlanarWells, Target, Wells};
use crate::noise::Stream;
use crate::scheme::{Limits, PathKernel, PathRecord, SchemeError, StreamSource};

/// Most jumps per relaxation time that a near or narrow target may ask for. With more, a path hits the target within a small part of a relaxation
/// time in any case.
const DENSEST: f64 = 2_000.0;
/// Smallest distance and width of a target, as a part of the width of a well. Shorter ones are replaced by it, so that steps do not become too
/// short.
const NARROWEST: f64 = 1.0 / 1024.0;

/// Runs paths of the equations of SGD and Adam into a target on a line or in the plane.
pub(in crate::scheme) struct HittingKernel {
    pub(super) problem: Problem,
    pub(super) target: Target,
    pub(super) motion: Motion,
    description: String,
}

pub(super) enum Motion {
    Sgd(Equation<SgdFlow>, Wells),
    Adam(Equation<AdamFlow>, Wells),
    PlanarSgd(PlanarSgd),
    PlanarAdam(PlanarAdam),
}

impl HittingKernel {
    /// Checks that the wells of the landscape are known.
    ///
    /// # Errors
    /// [`SchemeError::Target`], and [`SchemeError::Landscape`] for a landscape in the plane whose saddles are not found.
    pub fn check(problem: &Problem) -> Result<(), SchemeError> {
        let basin = problem.basin();
        let known = match basin.dim() {
            1 => basin.wells().is_some(),
            _ => basin.planar_wells()?.is_some(),
        };
        if known { Ok(()) } else { Err(SchemeError::Target { dim: basin.dim() }) }
    }

    /// The kernel of a problem, with the share `κ` of a width above which jumps are drawn one by one, and the longest step in local relaxation
    /// times.
    ///
    /// # Errors
    /// As [`HittingKernel::check`], and [`SchemeError::Landscape`] for a landscape in the plane whose basins cannot be mapped.
    pub fn new(problem: &Problem, kappa: Option<f64>, step_cap: Option<f64>) -> Result<Self, SchemeError> {
        let basin = problem.basin();
        let refused = SchemeError::Target { dim: basin.dim() };
        let Some(target) = basin.target_box() else { return Err(refused) };
        let (kappa, share) = (kappa.unwrap_or(Occupancy::THRESHOLD), step_cap.unwrap_or(Occupancy::STEP_CAP));
        let motion = match (basin.dim(), basin.wells()) {
            (1, Some(wells)) => line_motion(problem, target, wells, [kappa, share]),
            _ => planar_motion(problem, target, basin.planar_wells()?.ok_or(refused)?, [kappa, share])?,
        };
        let sides: Vec<String> = target.lo.iter().zip(&target.hi).map(|(lo, hi)| format!("[{lo}, {hi}]")).collect();
        let width = if basin.dim() == 1 { "width of a well" } else { "way to the boundary of a well" };
        let description =
            format!("jump_adapted, into the target {}, threshold {kappa} of the {width}", sides.join(" × "));
        Ok(HittingKernel { problem: problem.clone(), target: target.clone(), motion, description })
    }

    /// Runs one path; calls `end` with its record and its last point.
    fn path<R>(&self, rng: &mut Stream, limits: &Limits<'_>, end: impl Fn(PathRecord, &[f64]) -> R) -> R {
        let Self { problem, target, .. } = self;
        let start = problem.basin().start();
        let on_line = LineTarget { problem, ends: [target.lo[0], target.hi[0]] };
        let in_plane = PlanarTarget { problem, sides: target };
        match &self.motion {
            Motion::Sgd(equation, wells) => {
                let mut mover = SgdMover { equation, x: start[0] };
                let (record, x) = run_into(&Roaming { equation, wells }, &on_line, &mut mover, rng, limits);
                end(record, x.coordinates())
            }
            Motion::Adam(equation, wells) => {
                let mut mover = AdamMover { equation, state: equation.flow.start(&equation.local, start[0]) };
                let (record, x) = run_into(&Roaming { equation, wells }, &on_line, &mut mover, rng, limits);
                end(record, x.coordinates())
            }
            Motion::PlanarSgd(equation) => {
                let mut mover = plane::SgdMover { equation, x: [start[0], start[1]] };
                let (record, x) = run_into(&equation.local, &in_plane, &mut mover, rng, limits);
                end(record, x.coordinates())
            }
            Motion::PlanarAdam(equation) => {
                let mut mover = plane::AdamMover::start(equation, [start[0], start[1]]);
                let (record, x) = run_into(&equation.local, &in_plane, &mut mover, rng, limits);
                end(record, x.coordinates())
            }
        }
    }
}

/// The width that a target leaves of that of a well, at a signed distance from the minimum.
fn width_before(target: &Target, distance: f64, width: f64) -> f64 {
    // Paths of a well whose minimum lies in the target end before they come to rest.
    let near = if distance > 0.0 { distance } else { f64::INFINITY };
    let narrowest = target.lo.iter().zip(&target.hi).map(|(lo, hi)| hi - lo).fold(f64::INFINITY, f64::min);
    width.min(near.min(narrowest).max(NARROWEST * width))
}

/// The wells whose minimum lies in the target or just beside it, from the distances and the widths: a path comes to rest in none of them.
fn absorbed(wells: impl Iterator<Item = [f64; 2]>) -> Vec<usize> {
    wells.enumerate().filter(|(_, [distance, width])| *distance <= NARROWEST * width).map(|(well, _)| well).collect()
}

fn line_motion(problem: &Problem, target: &Target, wells: &Wells, [kappa, share]: [f64; 2]) -> Motion {
    let distance = |minimum: f64| (target.lo[0] - minimum).max(minimum - target.hi[0]);
    let width = |minimum: f64, width: f64| width_before(target, distance(minimum), width);
    let cuts = Cuts { wells, kappa, width: &width, densest: DENSEST };
    let narrower = |i: usize| wells.widths(i).into_iter().fold(f64::INFINITY, f64::min);
    let absorbed = absorbed((0..wells.count()).map(|i| [distance(wells.minima()[i]), narrower(i)]));
    match problem.dynamics() {
        Dynamics::Adam(adam) => {
            let mut equation = Equation::adam(problem, cuts, adam);
            equation.local.drop_zones(&absorbed);
            Motion::Adam(equation, wells.clone())
        }
        _ => {
            let mut equation = Equation::sgd(problem, cuts, share);
            equation.local.drop_zones(&absorbed);
            Motion::Sgd(equation, wells.clone())
        }
    }
}

fn planar_motion(
    problem: &Problem,
    target: &Target,
    wells: &PlanarWells,
    [kappa, share]: [f64; 2],
) -> Result<Motion, SchemeError> {
    let distance = |minimum: [f64; 2]| target.distance(&minimum, &mut [0.0; 2]);
    let width = |minimum: [f64; 2], width: f64| width_before(target, distance(minimum), width);
    let cuts = Cuts { wells, kappa, width: &width, densest: DENSEST };
    let absorbed =
        |reach: &dyn Fn(usize) -> f64| absorbed((0..wells.count()).map(|i| [distance(wells.minima()[i].x), reach(i)]));
    Ok(match problem.dynamics() {
        Dynamics::Adam(adam) => {
            let mut equation = PlanarAdam::new(problem, cuts, adam)?;
            let absorbed = absorbed(&|i| equation.local.basins.reach(i));
            equation.local.drop_zones(&absorbed);
            Motion::PlanarAdam(equation)
        }
        _ => {
            let mut equation = PlanarSgd::new(problem, cuts, share)?;
            let absorbed = absorbed(&|i| equation.local.basins.reach(i));
            equation.local.drop_zones(&absorbed);
            Motion::PlanarSgd(equation)
        }
    })
}

impl PathKernel for HittingKernel {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        records.extend(range.map(|path| self.path(&mut source.stream(path), &limits, |record, _| record)));
    }

    fn landing_point(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> Option<Vec<f64>> {
        let point = |record: PathRecord, x: &[f64]| record.outcome.site().map(|_| x.to_vec());
        self.path(&mut source.stream(path), &limits, point)
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
}
