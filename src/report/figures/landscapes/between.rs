//! The motion between two points of a path, for a picture of it.
//!
//! The jump-adapted scheme crosses the whole wait between two large jumps in one stretch, and its points do not show how a path relaxes after
//! a jump. A picture shows the motion without noise from the earlier point, `θ' = -∇F` for SGD and `θ' = -m/q, m' = β1 (∇F - m)` for Adam at
//! rest, plus the remaining difference to the later point in proportion to the time.

use crate::dynamics::{Dynamics, Problem};
use crate::scheme::TrajectoryPoint;

/// A path within this share of the distance to the edge is at rest for a picture.
const AT_REST: f64 = 0.02;
/// Steps in units of the shortest time of the motion, most steps, and steps from one vertex to the next.
const STEP: f64 = 0.1;
const MOST_STEPS: usize = 600;
const STRIDE: usize = 3;

/// Fills in the motion between the points of one path.
pub(in crate::report::figures) struct Between<'p> {
    problem: &'p Problem,
    /// The fastest rate of the gradient flow at the minimum.
    fastest: f64,
    /// Adam's `β1` and the diagonal of `Q` at rest.
    adam: Option<(f64, Vec<f64>)>,
    momentum: Vec<f64>,
    /// The shortest distance from the minimum to the edge along an axis.
    reach: f64,
}

impl<'p> Between<'p> {
    /// `None` for a problem whose scheme shows every step.
    pub fn of(problem: &'p Problem, scheme: &str) -> Option<Self> {
        let basin = problem.basin();
        let adam = match problem.dynamics() {
            _ if scheme != "jump_adapted" => return None,
            Dynamics::Sgd => None,
            Dynamics::Adam(adam) => {
                let q = problem.preconditioner()?;
                Some((adam.beta1_rate(), (0..basin.dim()).map(|i| q.entry(i)).collect()))
            }
            _ => return None,
        };
        let curvatures = basin.potential().hessian(basin.minimum()).symmetric_eigenvalues();
        let axes = (0..basin.dim()).flat_map(|axis| [-1.0, 1.0].map(|sign| basin.axis_exit_distance(axis, sign)));
        let reach = axes.fold(f64::INFINITY, f64::min);
        Some(Between { problem, fastest: curvatures.max().max(0.0), adam, momentum: vec![0.0; basin.dim()], reach })
    }

    /// The times and places between two points, without them.
    pub fn fill(&mut self, from: TrajectoryPoint<'_>, to: TrajectoryPoint<'_>) -> Vec<(f64, Vec<f64>)> {
        let basin = self.problem.basin();
        let whole = to.time - from.time;
        let (mut x, mut gradient) = (from.x.to_vec(), vec![0.0; from.x.len()]);
        let (mut t, mut filled) = (0.0, Vec::new());
        // Not by the gauge of the domain, which is 0 towards open sides.
        let is_away = |x: &[f64]| {
            x.iter().zip(basin.minimum()).map(|(x, m)| (x - m) * (x - m)).sum::<f64>().sqrt() >= AT_REST * self.reach
        };
        if !(is_away(&x) && whole > 0.0) {
            self.momentum.fill(0.0);
            return filled;
        }
        for k in 0..MOST_STEPS {
            basin.potential().gradient(&x, &mut gradient);
            let h = self.step(&x, &gradient).min(whole - t);
            if !(h > 0.0 && h.is_finite()) {
                break;
            }
            match &self.adam {
                None => x.iter_mut().zip(&gradient).for_each(|(x, g)| *x -= h * g),
                Some((beta, q)) => {
                    for (((x, m), g), q) in x.iter_mut().zip(&mut self.momentum).zip(&gradient).zip(q) {
                        *m += h * beta * (g - *m);
                        *x -= h * *m / q;
                    }
                }
            }
            t += h;
            let is_still = self.momentum.iter().all(|m| m.abs() < AT_REST * self.fastest * self.reach);
            if t >= whole || !x.iter().all(|x| x.is_finite()) {
                break;
            }
            if k % STRIDE == STRIDE - 1 {
                filled.push((from.time + t, x.clone()));
            }
            if !is_away(&x) && (self.adam.is_none() || is_still) {
                self.momentum.fill(0.0);
                return filled;
            }
        }
        // The motion has come to the later point in time, but not exactly to its place.
        let off: Vec<f64> = to.x.iter().zip(&x).map(|(to, x)| to - x).collect();
        for (time, x) in &mut filled {
            let share = (*time - from.time) / t;
            x.iter_mut().zip(&off).for_each(|(x, off)| *x += share * off);
        }
        filled.retain(|(_, x)| x.iter().all(|x| x.is_finite()));
        filled
    }

    /// A step that resolves the motion at `x`.
    fn step(&self, x: &[f64], gradient: &[f64]) -> f64 {
        let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
        let offset = norm(&mut x.iter().zip(self.problem.basin().minimum()).map(|(x, m)| x - m));
        let rate = self.fastest.max(norm(&mut gradient.iter().copied()) / offset);
        match &self.adam {
            None => STEP / rate,
            Some((beta, q)) => {
                let q = q.iter().copied().fold(f64::INFINITY, f64::min);
                STEP / (beta + (beta * rate / q).sqrt())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Basin, Domain, Quadratic};
    use crate::noise::{Alpha, LevyNoise};
    use crate::scheme::PointKind;

    /// In a parabola the path decays exponentially, and then follows a straight line.
    #[test]
    fn the_motion_between_two_points_is_the_flow() {
        let basin = Basin::new(Quadratic::new(vec![2.0]).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.01).unwrap();
        let problem = Problem::new(basin, Dynamics::Sgd, noise).unwrap();
        let mut between = Between::of(&problem, "jump_adapted").unwrap();
        let point = |time, x| TrajectoryPoint { time, kind: PointKind::Step, x };
        let filled = between.fill(point(3.0, &[0.8]), point(50.0, &[0.001]));
        assert!(filled.len() > 5 && filled.last().unwrap().0 < 6.0, "{filled:?}");
        for (t, x) in &filled {
            let exact = 0.8 * (-2.0 * (t - 3.0)).exp();
            assert!((x[0] - exact).abs() < 0.05, "{t} {x:?} {exact}");
        }
        // A wait that ends before: the line goes to the later point.
        let filled = between.fill(point(3.0, &[0.8]), point(3.5, &[0.5]));
        let (t, x) = filled.last().unwrap();
        assert!(*t < 3.5 && (x[0] - 0.5).abs() < 0.1, "{t} {x:?}");
        assert!(between.fill(point(3.0, &[0.01]), point(50.0, &[0.001])).is_empty());
        // Towards an open side, where the gauge of the domain is 0.
        let half = Basin::new(Quadratic::new(vec![2.0]).unwrap(), Domain::interval(f64::NEG_INFINITY, 1.0)).unwrap();
        let problem = Problem::new(half, Dynamics::Sgd, problem.noise().clone()).unwrap();
        let mut between = Between::of(&problem, "jump_adapted").unwrap();
        let filled = between.fill(point(0.0, &[-3.0]), point(50.0, &[0.0]));
        assert!(filled.len() > 5, "{filled:?}");
        for (t, x) in &filled {
            // Euler's recursion with steps of a tenth of the relaxation time.
            let exact = -3.0 * (20.0 * t * f64::ln(0.9)).exp();
            assert!(
                (x[0] - exact).abs() < 0.02 && (x[0] - 1.1 * exact).abs() > 1e-3 * exact.abs(),
                "{t} {x:?} {exact}"
            );
        }
        assert!(Between::of(&problem, "euler").is_none());
    }
}
