//! The largest cuts at which the replaced jumps of a cut law do not change how a path leaves.
//!
//! Where several jumps are needed, or none is large, a path leaves along the way that a large deviation prefers: as if its jumps had the
//! density `e^(sy) ν(dy)`, with the saddle point `s` of the law at rest at the edge. A replacement that preserves the moments below order `n`
//! changes the cumulant function at rest, and so the logarithm of the rate, by `s^n Δk_n/(n! n k)`.

use std::collections::HashMap;

use super::super::barrier::{STEP_RELAXATION, near_square};
use super::measure::CutMeasure;
use crate::dynamics::{Preconditioner, Problem};

/// Largest relative error of the rate by the jumps that are replaced, far from the edge and near it.
const ERROR: f64 = 0.002;
/// Largest cut far from the edge, in lengths of a truncated and of a tempered law.
const FAR_TRUNCATED: f64 = 0.5;
const FAR_TEMPERED: f64 = 2.0;
/// Largest ratio of a cut at the minimum to the largest one allowed there.
const LEAST: f64 = 1.0 / 1024.0;
/// At most one exit in this many may creep out from far away.
const CREEPING: f64 = 1e4;

/// The scales of one noise coordinate, in units of `L`.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct AxisScales {
    /// Largest cuts far from the edge and near it.
    pub far: f64,
    pub near: f64,
    /// Square of the number of standard deviations within which the edge is near; infinite where it always is.
    pub near_square: f64,
    /// `s r`: logarithmic derivative of the rate by the distance to the edge.
    pub steepness: f64,
}

/// The scales of every noise coordinate. `reaches` are the distances that determine the cuts, `spreads` the times in which the small jumps
/// accumulate their variance at rest on either side.
pub(in super::super) fn axis_scales(
    measure: &CutMeasure,
    problem: &Problem,
    rest: &Preconditioner,
    reaches: &[f64],
    spreads: &[[f64; 2]],
) -> Vec<AxisScales> {
    let mut known: HashMap<[u64; 5], AxisScales> = HashMap::new();
    let of = |(j, reach): (usize, &f64)| {
        let mut ways = lower_and_upper(problem, rest, j);
        if ways.iter().all(|way| way.is_infinite()) {
            ways = [*reach; 2];
        }
        let traits = [ways[0], ways[1], spreads[j][0], spreads[j][1], *reach].map(f64::to_bits);
        *known.entry(traits).or_insert_with(|| scales(measure, ways, spreads[j], *reach, problem.noise().alpha().get()))
    };
    reaches.iter().enumerate().map(of).collect()
}

/// Exit distances along a noise coordinate in units of `L`, that to the lower side first.
pub(in super::super) fn lower_and_upper(problem: &Problem, rest: &Preconditioner, j: usize) -> [f64; 2] {
    let noise = problem.noise();
    let [ahead, behind] = problem.jump_exits(rest, j, noise.epsilon());
    let mirrored = noise.amplitude().is_diagonal() && noise.epsilon() * noise.amplitude().diagonal_entry(j) < 0.0;
    if mirrored { [ahead, behind] } else { [behind, ahead] }
}

fn scales(measure: &CutMeasure, ways: [f64; 2], spreads: [f64; 2], reach: f64, alpha: f64) -> AxisScales {
    let longest_far = measure.length() * if measure.has_longest() { FAR_TRUNCATED } else { FAR_TEMPERED };
    let mut scales =
        AxisScales { far: reach.min(longest_far), near: reach, near_square: near_square(alpha), steepness: 0.0 };
    let mut slowest = f64::INFINITY;
    for (way, spread) in ways.into_iter().zip(spreads).filter(|(way, _)| way.is_finite()) {
        // Without a force a path leaves within the time in which the jumps below the distance diffuse over it.
        let diffusion = 0.5 * measure.moments(way).of(2) / (way * way);
        let rate = (0.5 / spread).max(diffusion);
        let (tilt, is_most) = measure.tilt(rate, way);
        let at_rest = measure.cumulants(tilt)[1] / rate;
        let largest = |start: f64, error: &dyn Fn(f64) -> f64| {
            let mut cut = start;
            while cut > LEAST * reach && error(cut) > ERROR {
                cut *= 0.9;
            }
            cut
        };
        let far = |cut: f64| tilt.powi(4) * measure.moments(cut).of(4) / (24.0 * 4.0 * rate);
        // Near the edge jumps at the cut preserve the fourth moment.
        let near = |cut: f64| {
            let moments = measure.moments(cut);
            tilt.powi(6) * (moments.of(4) * cut * cut - moments.of(6)).abs() / (720.0 * 6.0 * rate)
        };
        scales.far = largest(scales.far, &far);
        scales.near = largest(scales.near, &near);
        // Minus the logarithm of the rate of the exits in units of the relaxation rate.
        let rarity = if is_most && !measure.has_longest() {
            -(measure.tail(way) / rate).ln() - at_rest
        } else {
            tilt * way - at_rest
        };
        scales.near_square = scales.near_square.max(2.0 * (rarity.max(0.0) + CREEPING.ln()));
        scales.steepness = scales.steepness.max(tilt * way);
        slowest = slowest.min(rate);
    }
    // Small jumps far from the edge would be drawn more often than steps near it are taken.
    let near_rate = measure.tail(scales.near) + slowest / STEP_RELAXATION;
    if measure.tail(scales.far) > near_rate {
        scales.near_square = f64::INFINITY;
    }
    scales
}
