//! SGD's equation in the plane, without an edge.
//!
//! Near a minimum the transition of the linear equation is exact. Elsewhere a step is half of the noise, the gradient flow by an adaptive
//! Runge-Kutta pair, and half of the noise, at most a share of the local relaxation time long.

use nalgebra::SVector;

use super::super::flow::flow;
use super::super::roam::Mover;
use super::linear::Ladder;
use super::local::{PlanarLocal, PlanarWell};
use crate::dynamics::Problem;
use crate::landscape::{LandscapeError, PlanarWells};
use crate::noise::Stream;
use crate::scheme::Occupancy;

/// Local error of the flow in distances to the boundary of the well.
const TOLERANCE: f64 = 1e-5;
/// First time of the exact transition, in relaxation times.
const SHORTEST: f64 = 0.1;

/// SGD in a landscape in the plane.
pub(super) struct PlanarSgd {
    pub local: PlanarLocal,
    ladders: Vec<Ladder<2>>,
    /// Longest step in local relaxation times.
    share: f64,
}

impl PlanarSgd {
    pub fn new(problem: &Problem, wells: &PlanarWells, settings: &Occupancy) -> Result<Self, LandscapeError> {
        let at_rest = |curvature: f64, variance: f64| (0.5 * variance / curvature).sqrt();
        let local = PlanarLocal::new(problem, wells, settings.threshold(), [1.0; 2], at_rest)?;
        let ladder = |well: &PlanarWell| Ladder::new(&-&well.hessian, &well.covariance, SHORTEST / well.curvatures[1]);
        let ladders = local.wells.iter().map(ladder).collect();
        Ok(PlanarSgd { local, ladders, share: settings.step_cap() })
    }
}

pub(super) struct SgdMover<'e> {
    pub equation: &'e PlanarSgd,
    pub x: [f64; 2],
}

impl Mover<[f64; 2]> for SgdMover<'_> {
    fn x(&self) -> [f64; 2] {
        self.x
    }

    fn step(&mut self, number: usize, [_, most]: [f64; 2], rng: &mut Stream) -> f64 {
        let PlanarSgd { local, ladders, share } = self.equation;
        let well = &local.wells[number];
        let mut y = SVector::from([self.x[0] - well.minimum[0], self.x[1] - well.minimum[1]]);
        if y.norm() < well.zone
            && let Some(tau) = ladders[number].climb(&mut y, most, rng)
        {
            self.x = [well.minimum[0] + y[0], well.minimum[1] + y[1]];
            return tau;
        }
        let tau = most.min(share / local.local_curvature(self.x, well)).min(local.longest_step(well, [1.0; 2]));
        self.jump(local.kick(well, 0.5 * tau, rng));
        self.x = flow(|x| local.slope(x).map(|g| -g), self.x, tau, TOLERANCE * well.reach);
        self.jump(local.kick(well, 0.5 * tau, rng));
        tau
    }

    fn jump(&mut self, displacement: [f64; 2]) {
        self.x = [self.x[0] + displacement[0], self.x[1] + displacement[1]];
    }
}
