//! The exact solver applied to a problem.

use super::ExactExit;
use crate::dynamics::{Dynamics, Problem};
use crate::noise::NoiseLaw;

/// The exact exit from a one-dimensional basin under SGD. `None` for Adam, for more dimensions, for a target, for a half-line without a force
/// that leads back from its open side, for `α ≤ 1`, where drift dominates at the edge, and for noise that is neither SαS nor Gaussian.
///
/// An unresolved boundary layer is reported by the first query, not here.
pub fn exact_exit(problem: &Problem) -> Option<ExactExit<impl Fn(f64) -> f64 + '_>> {
    let (basin, noise) = (problem.basin(), problem.noise());
    if basin.dim() != 1 || basin.target().is_some() || !matches!(problem.dynamics(), Dynamics::Sgd) {
        return None;
    }
    if !(noise.law().is_stable() || *noise.law() == NoiseLaw::Gaussian) {
        return None;
    }
    let minimum = basin.minimum()[0];
    let interval = (minimum - basin.exit_distance(&[-1.0]), minimum + basin.exit_distance(&[1.0]));
    let alpha = noise.alpha();
    let scale = noise.increment_scale(1.0) * noise.amplitude().scale_along(&[1.0], alpha.get(), noise.structure());
    let force = |x: f64| {
        let mut gradient = [0.0];
        basin.potential().gradient(&[x], &mut gradient);
        gradient[0]
    };
    ExactExit::new(alpha, scale, interval, force).ok()
}
