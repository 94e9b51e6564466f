//! # The basin of attraction of a minimum in several dimensions
//!
//! The set of points from which the gradient flow `dx/dt = -∇F(x)` tends to the minimum `θ*`. Whether a point belongs to it is decided by following
//! the flow with adaptive steps of a Runge-Kutta pair, until it enters the core: a ball around `θ*` in which `(x - θ*)·∇F(x) > 0`, so that the flow
//! stays in it and ends at `θ*`. A flow that comes to another minimum, that falls below `F(θ*)`, or that leaves the finite numbers, does not.
//!
//! Errors: the flow crosses the boundary of the set by mistake only from a distance of the order [`TOLERANCE`] times the radius of the core. The
//! core is checked in finitely many directions. Along a ray, parts narrower than [`OUTWARDS`] of the way may be missed,
//! and an edge beyond [`FURTHEST`] radii of the core counts as none: a share `1000^-α` of the rate of jumps that would leave at one radius.

use std::sync::{Arc, OnceLock};

use nalgebra::Vector2;

use super::flow::{Core, Descent, Nearest, Progress, Separatrix, core, edge_between, is_beside_minimum, norm};
use super::sphere::directions;
use super::{Form, LandscapeError, Potential};

/// Local error of the flow in radii of the core.
const TOLERANCE: f64 = 1e-5;
/// Growth of the steps along a ray, as a share of the way.
const OUTWARDS: f64 = 0.05;
/// Where the search along a ray ends, in radii of the core.
const FURTHEST: f64 = 1e3;
/// Steps of the flow between two looks for another minimum, and the largest number of steps.
const LOOK_EVERY: u32 = 8;
const MOST_STEPS: u32 = 100_000;
/// Largest number of dimensions.
const MOST_DIMENSIONS: usize = 200;
/// Rays along which an end of the set is looked for.
const MOST_RAYS: usize = 64;
/// Directions of the plane from one ray to the next on which points of the edge are looked for.
const EDGE_STRIDE: usize = 3;
/// Distance within which they are looked for, in radii of the core: far out the flow of a steep potential takes long.
const EDGE_WITHIN: f64 = 30.0;

/// The basin of attraction of the minimum of a potential.
#[derive(Clone, Debug)]
pub(super) struct Attraction {
    /// Radius of the core.
    core: f64,
    /// `F(θ*)`.
    floor: f64,
    /// The edge in the plane, traced when it is first asked for; `None` if it is not known.
    edge: Arc<OnceLock<Option<Separatrix>>>,
}

impl Attraction {
    /// The basin of the minimum of `potential`.
    ///
    /// # Errors
    /// [`LandscapeError::NoCore`] if the flow does not lead to the minimum from anywhere around it, [`LandscapeError::NoWell`] if it leads there
    /// from everywhere, and [`LandscapeError::TooManyDimensions`].
    pub fn new(potential: &dyn Potential) -> Result<Self, LandscapeError> {
        let minimum = potential.minimum();
        if minimum.len() > MOST_DIMENSIONS {
            return Err(LandscapeError::TooManyDimensions { most: MOST_DIMENSIONS, dim: minimum.len() });
        }
        // The other forms have one minimum.
        if !matches!(potential.form(), Form::General) {
            return Err(LandscapeError::NoWell);
        }
        let directions = directions(minimum.len());
        let core = match core(potential, minimum, &directions) {
            Core::Ball { radius } => radius,
            Core::None => return Err(LandscapeError::NoCore { minimum: minimum.to_vec() }),
            Core::Everything => return Err(LandscapeError::NoWell),
        };
        let attraction = Attraction { core, floor: potential.value(minimum), edge: Arc::default() };
        let is_bounded = |u: &Vec<f64>| attraction.exit(potential, u).is_finite();
        if !directions.iter().take(MOST_RAYS).any(is_bounded) {
            return Err(LandscapeError::NoWell);
        }
        Ok(attraction)
    }

    /// Whether the flow leads from `x` to the minimum; `false` for a point that is not finite.
    pub fn holds(&self, potential: &dyn Potential, x: &[f64]) -> bool {
        let minimum = potential.minimum();
        let away = |x: &[f64]| x.iter().zip(minimum).map(|(x, m)| (x - m) * (x - m)).sum::<f64>().sqrt();
        if away(x) < self.core {
            return true;
        }
        let mut flow = Descent::new(potential, x, 0.1 * self.core);
        for step in 1..=MOST_STEPS {
            // Far out a relative error is enough.
            let allowed = TOLERANCE * self.core.max(away(flow.place()));
            match flow.advance(allowed) {
                Progress::Lost => return false,
                Progress::Rejected => continue,
                Progress::Moved => {}
            }
            let x = flow.place();
            if away(x) < self.core {
                return true;
            }
            let is_lower = !(potential.value(x) > self.floor);
            if is_lower || step % LOOK_EVERY == 0 && is_beside_minimum(potential, x, flow.gradient(), self.core) {
                return false;
            }
        }
        false
    }

    /// Radius of a ball around the minimum in which the flow leads to it.
    pub fn core(&self) -> f64 {
        self.core
    }

    /// The edge in the plane; `None` in other dimensions, and if it does not consist of stable manifolds of saddles.
    pub fn edge(&self, potential: &dyn Potential) -> Option<&Separatrix> {
        let minimum = potential.minimum();
        if minimum.len() != 2 {
            return None;
        }
        let trace = || {
            let around = directions(2);
            let along = |u: &Vec<f64>| {
                let crossings = self.search(potential, u, EDGE_WITHIN * self.core, usize::MAX).into_iter();
                crossings.map(|s| Vector2::new(minimum[0] + s * u[0], minimum[1] + s * u[1])).collect::<Vec<_>>()
            };
            let on_edge: Vec<_> = around.iter().step_by(EDGE_STRIDE).flat_map(along).collect();
            Separatrix::new(potential, self.core, &on_edge, &|x| self.holds(potential, x))
        };
        self.edge.get_or_init(trace).as_ref()
    }

    /// The nearest point of the edge in the plane, from its inner side where the point is inside.
    pub fn nearest(&self, potential: &dyn Potential, x: &[f64]) -> Option<Nearest> {
        let nearest = self.edge(potential)?.nearest(x)?;
        if nearest.is_end {
            let sign = if self.holds(potential, x) { 1.0 } else { -1.0 };
            return Some(Nearest { distance: sign * nearest.distance.abs(), ..nearest });
        }
        Some(nearest)
    }

    /// The first distance from the minimum along `direction` at which the set ends, in units of that vector; infinite if it does not.
    pub fn exit(&self, potential: &dyn Potential, direction: &[f64]) -> f64 {
        self.exit_within(potential, direction, f64::INFINITY)
    }

    /// [`Attraction::exit`] if it is not beyond `furthest`, or not much; else infinite.
    pub fn exit_within(&self, potential: &dyn Potential, direction: &[f64], furthest: f64) -> f64 {
        self.search(potential, direction, furthest, 1).first().copied().unwrap_or(f64::INFINITY)
    }

    /// The distances from the minimum along `direction` at which the set ends, begins, ends, and so on.
    pub fn crossings(&self, potential: &dyn Potential, direction: &[f64]) -> Vec<f64> {
        self.search(potential, direction, f64::INFINITY, usize::MAX)
    }

    /// Up to `most` crossings, the first ones, about as far as `furthest`.
    fn search(&self, potential: &dyn Potential, direction: &[f64], furthest: f64, most: usize) -> Vec<f64> {
        let unit = self.core / norm(direction);
        let mut found = Vec::new();
        if !unit.is_finite() {
            return found;
        }
        let minimum = potential.minimum();
        let holds = |s: f64| {
            let point: Vec<f64> = minimum.iter().zip(direction).map(|(m, v)| m + s * v).collect();
            self.holds(potential, &point)
        };
        let (mut before, mut inside) = (unit * (1.0 - 1e-9), true);
        while before < furthest.min(FURTHEST * unit) && found.len() < most {
            let after = before * (1.0 + OUTWARDS);
            if holds(after) != inside {
                found.push(edge_between(before, after, 1e-9, |s| holds(s) == inside));
                inside = !inside;
            }
            before = after;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Basin, Domain, Expression, Quadratic};

    /// Müller and Brown's potential, with three minima.
    const MUELLER_BROWN: &str = "-200*exp(-(x-1)^2 - 10*y^2) - 100*exp(-x^2 - 10*(y-0.5)^2) \
        - 170*exp(-6.5*(x+0.5)^2 + 11*(x+0.5)*(y-1.5) - 6.5*(y-1.5)^2) \
        + 15*exp(0.7*(x+1)^2 + 0.6*(x+1)*(y-1) + 0.7*(y-1)^2)";

    fn basin(formula: &str, minimum: &[f64]) -> Basin {
        Basin::new(Expression::new(formula, &[], Some(minimum), None).unwrap(), Domain::Attraction).unwrap()
    }

    /// Two wells in a turned direction `u = (x + 2y)/√5`: the basin of `u = -1` is the half-plane `u < 0.2`.
    #[test]
    fn a_half_plane() {
        let u = "((x + 2*y)/sqrt(5))";
        let formula = format!("{u}^4/4 - 0.2*{u}^3/3 - {u}^2/2 + 0.2*{u} + (2*x - y)^2/2");
        let start = [-1.0 / 5f64.sqrt(), -2.0 / 5f64.sqrt()];
        let found = Expression::new(&formula, &[], None, Some(&start)).unwrap();
        // F' = (u+1)(u-0.2)(u-1) along u.
        let basin = Basin::new(found, Domain::Attraction).unwrap();
        let minimum = basin.minimum().to_vec();
        for (x, y) in [(-3.0, 0.9), (5.0, -2.6), (0.3, 0.05), (0.1, 0.17), (0.1, 0.18), (2.0, -0.7), (-9.0, 9.0)] {
            let u = (x + 2.0 * y) / 5f64.sqrt();
            assert_eq!(basin.contains(&[x, y]), u < 0.2, "{x} {y}: {u}");
        }
        for direction in [[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [-1.0, 0.0], [2.0, -1.0]] {
            let slope = (direction[0] + 2.0 * direction[1]) / 5f64.sqrt();
            let u = (minimum[0] + 2.0 * minimum[1]) / 5f64.sqrt();
            let exact = if slope > 1e-9 { (0.2 - u) / slope } else { f64::INFINITY };
            let found = basin.exit_distance(&direction);
            assert!(found == exact || (found / exact - 1.0).abs() < 1e-4, "{direction:?}: {found} {exact}");
        }
        assert!(basin.volume().value.is_nan() && !basin.contains(&[f64::NAN, 0.0]));
    }

    /// The flow ends where tiny steps against the gradient end, from 96 points of a potential with three minima.
    #[test]
    fn basins_are_those_of_tiny_steps() {
        let minima = [[-0.558, 1.442], [0.623, 0.028], [-0.05, 0.467]];
        let basins = minima.map(|minimum| basin(MUELLER_BROWN, &minimum));
        let (mut counts, mut unclear) = ([0; 3], 0);
        for k in 0..96 {
            let start = [-1.5 + 2.5 * f64::from(k % 12) / 11.0, -0.2 + 2.0 * f64::from(k / 12) / 7.0];
            let held: Vec<usize> = (0..3).filter(|i| basins[*i].contains(&start)).collect();
            let (mut x, mut g, mut end) = (start, [0.0; 2], None);
            for _ in 0..40_000 {
                basins[0].potential().gradient(&x, &mut g);
                let step = 2e-4f64.min(4e-3 / g[0].hypot(g[1]).max(1e-300));
                x.iter_mut().zip(g).for_each(|(x, g)| *x -= step * g);
                end = minima.iter().position(|m| (x[0] - m[0]).hypot(x[1] - m[1]) < 0.02);
                if end.is_some() {
                    break;
                }
            }
            if held.len() == 1 && held.first() == end.as_ref() { counts[held[0]] += 1 } else { unclear += 1 }
        }
        assert!(unclear == 0 && counts.iter().all(|count| *count > 5), "{counts:?} {unclear}");
    }

    #[test]
    fn a_single_minimum_attracts_from_everywhere() {
        let bowl = Quadratic::new(vec![1.0, 3.0]).unwrap();
        assert_eq!(Basin::new(bowl, Domain::Attraction).unwrap_err(), LandscapeError::NoWell);
        let line = Expression::new("x^4/4 - x^2/2", &[], Some(&[1.0]), None).unwrap();
        let well = Basin::new(line.clone(), Domain::Well).unwrap();
        let basin = Basin::new(line, Domain::Attraction).unwrap();
        assert!(basin.sides() == well.sides() && basin.is_well());
    }
}
