//! Steps of a motion in a potential without a closed form, by its curvature around the present place.

use super::between_jumps::State;
use super::large_jumps::LargeJumps;
use crate::landscape::Basin;

/// Largest dimension in which the curvature along every axis is looked at. In more, that along the gradient and that at the minimum count.
const MOST_AXES: usize = 8;
/// Largest step in units of that at the minimum.
const LONGEST: f64 = 64.0;
/// Largest ratio of consecutive steps.
const GROWTH: f64 = 4.0;
/// Standard deviations of the small jumps of a step over which the curvature is looked at.
const DEVIATIONS: f64 = 2.0;
/// Changes of a step before it is taken as it is.
const MOST_TRIES: usize = 16;

/// The limit of a step at the present place of a path.
///
/// The curvature is the mean one, `|∇F(x ± w) - ∇F(x)|/w`, over the stretch `w` that the path covers in the step by its drift or by its small
/// jumps: over it the splitting into noise and flow must resolve the contraction of the flow.
pub(super) struct LocalSteps<'a> {
    pub basin: &'a Basin,
    pub jumps: &'a LargeJumps,
    /// The relaxation rate at the minimum.
    pub fastest: f64,
    /// Longest step in relaxation times.
    pub share: f64,
}

impl LocalSteps<'_> {
    /// The longest step `τ <= longest` of at most [`Self::share`] relaxation times. `speed` gives that of an axis by `∇F`, and `rate` the
    /// relaxation rate of a curvature along an axis.
    pub fn limit(
        &self,
        state: &mut State,
        longest: f64,
        speed: impl Fn(&State, &[f64], usize) -> f64,
        rate: impl Fn(f64, &State, usize) -> f64,
    ) -> f64 {
        let potential = self.basin.potential();
        let dim = state.x.len();
        let mut gradient = std::mem::take(&mut state.gradient);
        potential.gradient(&state.x, &mut gradient);
        let size = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        let every_axis = dim <= MOST_AXES;
        let directions = if every_axis { dim } else { 1 };
        let mut variances = [0.0; MOST_AXES];
        for (axis, variance) in variances.iter_mut().enumerate().take(directions) {
            *variance = self.variance(state, axis);
        }
        let mut tau = longest.min(LONGEST * self.share / self.fastest).min(GROWTH * state.local_step);
        for _ in 0..MOST_TRIES {
            let mut limit = if every_axis { f64::INFINITY } else { self.share / self.fastest };
            for (direction, variance) in variances.iter().enumerate().take(directions) {
                let noise = (variance * tau).sqrt() * state.inverse_q(direction);
                let way = (speed(state, &gradient, direction) * tau).max(DEVIATIONS * noise);
                if !(way > 0.0 && way.is_finite()) || (!every_axis && size == 0.0) {
                    continue;
                }
                for signed in [way, -way] {
                    state.before.copy_from_slice(&state.x);
                    if every_axis {
                        state.before[direction] += signed;
                    } else {
                        state.before.iter_mut().zip(&gradient).for_each(|(x, g)| *x += signed * g / size);
                    }
                    potential.gradient(&state.before, &mut state.normal);
                    let change: f64 = state.normal.iter().zip(&gradient).map(|(a, b)| (a - b) * (a - b)).sum();
                    limit = limit.min(self.share / rate(change.sqrt() / way, state, direction));
                }
            }
            if tau <= limit {
                break;
            }
            tau = limit.max(0.25 * tau);
        }
        state.gradient = gradient;
        state.local_step = tau;
        tau
    }

    /// Variance of the small jumps along an axis per unit time, before `Q⁻²`.
    fn variance(&self, state: &mut State, axis: usize) -> f64 {
        if self.jumps.amplitude().is_diagonal() {
            return self.jumps.axis_variance(state.cuts.of(axis), axis);
        }
        self.jumps.at_face(&state.cuts, axis, &mut state.normal).variance
    }
}
