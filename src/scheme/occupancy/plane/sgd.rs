//! SGD's equation in the plane, without an edge.
//!
//! Near a minimum the transition of the linear equation is exact. Elsewhere a step is half of the noise, the gradient flow by an adaptive
//! Runge-Kutta pair, and half of the noise, at most a share of the local relaxation time long.

use nalgebra::SVector;

use super::super::flow::flow;
use super::super::local_wells::Cuts;
use super::super::roam::{BridgedMover, Mover};
use super::linear::Ladder;
use super::local::{PlanarLocal, PlanarWell};
use crate::dynamics::Problem;
use crate::landscape::{LandscapeError, PlanarWells};
use crate::noise::Stream;

/// Local error of the flow in distances to the boundary of the well.
const TOLERANCE: f64 = 1e-5;
/// First time of the exact transition, in relaxation times.
const SHORTEST: f64 = 0.1;

/// SGD in a landscape in the plane.
pub(in crate::scheme::occupancy) struct PlanarSgd {
    pub local: PlanarLocal,
    ladders: Vec<Ladder<2>>,
    /// Longest step in local relaxation times.
    share: f64,
}

impl PlanarSgd {
    /// SGD with steps of at most `share` local relaxation times.
    ///
    /// # Errors
    /// Those of [`PlanarLocal::new`].
    pub fn new(problem: &Problem, cuts: Cuts<'_, PlanarWells, [f64; 2]>, share: f64) -> Result<Self, LandscapeError> {
        let at_rest = |curvature: f64, variance: f64| (0.5 * variance / curvature).sqrt();
        let local = PlanarLocal::new(problem, cuts, [1.0; 2], at_rest)?;
        let ladder = |well: &PlanarWell| Ladder::new(&-&well.hessian, &well.covariance, SHORTEST / well.curvatures[1]);
        let ladders = local.wells.iter().map(ladder).collect();
        Ok(PlanarSgd { local, ladders, share })
    }
}

pub(in crate::scheme::occupancy) struct SgdMover<'e> {
    pub equation: &'e PlanarSgd,
    pub x: [f64; 2],
}

impl SgdMover<'_> {
    fn offset(&self, well: &PlanarWell) -> SVector<f64, 2> {
        SVector::from([self.x[0] - well.minimum[0], self.x[1] - well.minimum[1]])
    }

    fn kick(&mut self, well: &PlanarWell, tau: f64, rng: &mut Stream) {
        let displacement = self.equation.local.kick(well, tau, rng);
        self.displace(displacement);
    }

    fn displace(&mut self, displacement: [f64; 2]) {
        self.x = [self.x[0] + displacement[0], self.x[1] + displacement[1]];
    }
}

impl Mover<[f64; 2]> for SgdMover<'_> {
    fn x(&self) -> [f64; 2] {
        self.x
    }

    fn step(&mut self, number: usize, [_, most]: [f64; 2], rng: &mut Stream) -> f64 {
        let PlanarSgd { local, ladders, share } = self.equation;
        let well = &local.wells[number];
        let mut y = self.offset(well);
        if y.norm() < well.zone
            && let Some(tau) = ladders[number].climb(&mut y, most, rng)
        {
            self.x = [well.minimum[0] + y[0], well.minimum[1] + y[1]];
            return tau;
        }
        let tau = most.min(share / local.local_curvature(self.x, well)).min(local.longest_step(well, [1.0; 2]));
        self.kick(well, 0.5 * tau, rng);
        self.x = flow(|x| local.slope(x).map(|g| -g), self.x, tau, TOLERANCE * well.reach);
        self.kick(well, 0.5 * tau, rng);
        tau
    }

    fn jump(&mut self, sizes: [f64; 2]) {
        self.displace(self.equation.local.displaced(sizes));
    }
}

impl BridgedMover<[f64; 2]> for SgdMover<'_> {
    fn is_linear(&self, number: usize, [_, most]: [f64; 2]) -> bool {
        let well = &self.equation.local.wells[number];
        self.offset(well).norm() < well.zone && self.equation.ladders[number].reaches(most)
    }

    fn variance(&self, well: usize, normal: [f64; 2]) -> f64 {
        self.equation.local.wells[well].variance(normal)
    }
}
