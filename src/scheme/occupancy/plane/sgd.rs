//! SGD's equation in the plane, without an edge.
//!
//! Near a minimum the transition of the linear equation is exact. Elsewhere a step is half of the noise, the gradient flow by an adaptive
//! Runge-Kutta pair, and half of the noise, at most a share of the local relaxation time long.

use nalgebra::SVector;

use super::linear::Ladder;
use super::local::{PlanarLocal, PlanarWell};
use super::mover::PlanarMover;
use crate::dynamics::Problem;
use crate::landscape::{LandscapeError, PlanarWells};
use crate::noise::Stream;
use crate::scheme::Occupancy;

/// Local error of the flow in distances to the boundary of the well, and far out in distances.
const TOLERANCE: f64 = 1e-5;
const FAR_TOLERANCE: f64 = 1e-6;
/// Smallest step of the flow that is still refined, in units of the time asked for.
const SMALLEST_STEP: f64 = 1e-30;
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

impl PlanarMover for SgdMover<'_> {
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

/// `y(tau)` of `y' = f(y)` by the pair of Bogacki and Shampine, with local errors below `tolerance`; not a number if it leaves the finite ones.
fn flow(f: impl Fn([f64; 2]) -> [f64; 2], mut y: [f64; 2], tau: f64, tolerance: f64) -> [f64; 2] {
    let (mut left, mut h) = (tau, tau);
    let mut k1 = f(y);
    while left > 0.0 {
        h = h.min(left);
        let at = |[a, b, c]: [f64; 3], [k1, k2, k3]: [[f64; 2]; 3]| {
            [0, 1].map(|i| y[i] + h * (a * k1[i] + b * k2[i] + c * k3[i]))
        };
        let k2 = f(at([0.5, 0.0, 0.0], [k1; 3]));
        let k3 = f(at([0.0, 0.75, 0.0], [k1, k2, k2]));
        let next = at([2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0], [k1, k2, k3]);
        let k4 = f(next);
        let error = [0, 1].map(|i| h * (-5.0 / 72.0 * k1[i] + k2[i] / 12.0 + k3[i] / 9.0 - k4[i] / 8.0));
        let error = error[0].hypot(error[1]);
        let is_smallest = !(h > SMALLEST_STEP * tau);
        if !error.is_finite() {
            if is_smallest {
                return [f64::NAN; 2];
            }
            h *= 0.1;
            continue;
        }
        let allowed = tolerance.max(FAR_TOLERANCE * y[0].hypot(y[1]));
        if error <= allowed || is_smallest {
            (y, k1) = (next, k4);
            left -= h;
            if left <= 0.0 {
                break;
            }
        }
        h *= (0.9 * (allowed / error.max(1e-300)).cbrt()).clamp(0.2, 5.0);
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `y' = -|y|² y` from far out: `|y(t)| = (|y_0|^-2 + 2t)^(-1/2)`, in the direction of the start.
    #[test]
    fn a_steep_potential_is_survived() {
        for far in [2.0, 1e3, 1e12] {
            let exact = (1.0 / (far * far) + 0.5f64).powf(-0.5);
            let force = |y: [f64; 2]| y.map(|z| -z * (y[0] * y[0] + y[1] * y[1]));
            let found = flow(force, [0.6 * far, -0.8 * far], 0.25, 1e-5);
            assert!((found[0] - 0.6 * exact).hypot(found[1] + 0.8 * exact) < 1e-3, "{far}: {found:?}");
        }
    }
}
