//! Steps of a motion in a potential without a closed form, by its curvature around the present place.

use super::between_jumps::State;
use super::large_jumps::LargeJumps;
use crate::landscape::Basin;

/// Largest dimension in which the curvature along every axis is looked at. In more, that along the gradient and that at the minimum count.
const MOST_AXES: usize = 8;
/// Largest step in units of that at the minimum.
const LONGEST: f64 = 64.0;
/// Standard deviations of the small jumps of a step over which the curvature is looked at.
const DEVIATIONS: f64 = 2.0;
/// Largest ratio of consecutive steps.
const GROWTH: f64 = 4.0;
/// Changes of a step before it is taken as it is.
const MOST_TRIES: usize = 16;

/// The longest step `τ <= longest` of at most `share` relaxation times, where `rate` gives the relaxation rate of a curvature and `fastest` the
/// rate at the minimum. `velocity` gives that of an axis by the gradient.
///
/// The curvature is the mean one, `|∇F(x ± w) - ∇F(x)|/w`, over the stretch `w` that the path covers in the step by its drift or by its small
/// jumps: over it the splitting into noise and flow must resolve the contraction of the flow.
pub(super) fn local_limit(
    basin: &Basin,
    jumps: &LargeJumps,
    state: &mut State,
    [longest, fastest, share]: [f64; 3],
    velocity: impl Fn(&State, &[f64], usize) -> f64,
    rate: impl Fn(f64, &State, usize) -> f64,
) -> f64 {
    let potential = basin.potential();
    let dim = state.x.len();
    let mut tau = longest.min(LONGEST * share / fastest).min(GROWTH * state.local_step);
    let every_axis = dim <= MOST_AXES;
    let mut gradient = std::mem::take(&mut state.gradient);
    potential.gradient(&state.x, &mut gradient);
    let size = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    let directions = if every_axis { dim } else { 1 };
    let mut variances = [0.0; MOST_AXES];
    for (axis, variance) in variances.iter_mut().enumerate().take(directions) {
        *variance = if jumps.amplitude().is_diagonal() {
            jumps.axis_variance(state.cuts.of(axis), axis)
        } else {
            jumps.at_face(&state.cuts, axis, &mut state.normal).variance
        };
    }
    for _ in 0..MOST_TRIES {
        let mut limit = if every_axis { f64::INFINITY } else { share / fastest };
        for (direction, noise) in variances.iter().enumerate().take(directions) {
            let inverse_q = state.inverse_q(direction);
            let way =
                (velocity(state, &gradient, direction).abs() * tau).max(DEVIATIONS * (noise * tau).sqrt() * inverse_q);
            if !(way > 0.0) || !way.is_finite() || (!every_axis && size == 0.0) {
                continue;
            }
            for sign in [1.0, -1.0] {
                state.before.copy_from_slice(&state.x);
                if every_axis {
                    state.before[direction] += sign * way;
                } else {
                    state.before.iter_mut().zip(&gradient).for_each(|(x, g)| *x += sign * way * g / size);
                }
                potential.gradient(&state.before, &mut state.normal);
                let change: f64 = state.normal.iter().zip(&gradient).map(|(a, b)| (a - b) * (a - b)).sum();
                limit = limit.min(share / rate(change.sqrt() / way, state, direction));
            }
        }
        if tau <= limit || limit.is_nan() {
            break;
        }
        tau = limit.max(0.25 * tau);
    }
    state.gradient = gradient;
    state.local_step = tau;
    tau
}
