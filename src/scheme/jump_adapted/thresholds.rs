//! The default cuts, as shares `κ` of the distance to the edge.

use std::f64::consts::{FRAC_2_PI, PI};

use super::cut_laws::AxisScales;
use super::large_jumps::LargeJumps;
use crate::dynamics::{Preconditioner, Problem};

/// The largest `κ` far from the edge, and near it.
pub(super) const FAR: f64 = 0.3;
pub(super) const NEAR: f64 = 0.4;

/// The smallest `κ` that a kink asks for, and the relative error of the exit rate that it is meant to keep.
const FAR_AT_KINK: f64 = 0.05;
const ERROR_AT_KINK: f64 = 0.004;

/// The largest share `κ <= .3` of the distance from the minimum to the edge at which the Gaussian that replaces the small jumps displaces the
/// path correctly at a kink.
///
/// Between curvatures `k±` the Gaussian rests at a mean of `√(2/π) |σ₋ - σ₊|` towards the flat side, where `σ± = √(v/(2k±))`. The jumps that it
/// replaces reach the flat side less far, by a share of `.125 √(2-α) γ^.4` of that, with the excess kurtosis `γ = k ν₄/ν₂²` of the small jumps
/// at rest on the flat side; the share is a fit to simulations of the small jumps by themselves, for `.3 <= γ <= 30`, to within .05. The change
/// of the exit rate by the displacement must be below [`ERROR_AT_KINK`]. The rate of tempered and truncated noise falls faster with the distance
/// than the power of the stable one, as their `scales` say.
pub(super) fn far_threshold(
    problem: &Problem,
    rest: &Preconditioner,
    reaches: &[f64],
    scales: Option<&[AxisScales]>,
) -> f64 {
    let basin = problem.basin();
    let Some(curvatures) = basin.potential().form().axis_curvatures(basin.dim()) else { return FAR };
    if curvatures[0] == curvatures[1] {
        return FAR;
    }
    let steepness = scales.iter().copied().flatten().map(|axis| axis.steepness).fold(0.0, f64::max);
    let error =
        |kappa| kink_error(problem, rest, &curvatures, steepness, &LargeJumps::new(problem, reaches, [kappa; 2]));
    let mut kappa = FAR;
    while kappa > FAR_AT_KINK && error(kappa) > ERROR_AT_KINK {
        kappa *= 0.85;
    }
    kappa
}

/// The largest error over the axes.
fn kink_error(
    problem: &Problem,
    rest: &Preconditioner,
    [left, right]: &[Vec<f64>; 2],
    steepness: f64,
    jumps: &LargeJumps,
) -> f64 {
    let basin = problem.basin();
    let alpha = problem.noise().alpha().get();
    let (cuts, mut scratch) = (jumps.cuts_far(), vec![0.0; basin.dim()]);
    let error = |axis: usize| {
        let curvatures = [left[axis], right[axis]];
        if curvatures[0] == curvatures[1] {
            return 0.0;
        }
        let noise = jumps.at_face(&cuts, axis, &mut scratch);
        let q = rest.entry(axis);
        let widths = curvatures.map(|k| (0.5 * noise.variance / (k * q)).sqrt());
        let displacement = FRAC_2_PI.sqrt() * (widths[0] - widths[1]).abs();
        let jumpiness = noise.shift / jumps.shift() / (q * widths[0].max(widths[1]));
        let kurtosis = 0.5 * jumpiness * jumpiness * (2.0 - alpha) / (4.0 - alpha);
        let missed = (0.125 * (2.0 - alpha).sqrt() * kurtosis.powf(0.4)).min(1.0);
        let ends = [-1.0, 1.0].map(|sign| basin.axis_exit_distance(axis, sign));
        let [rates, slopes] = [alpha, alpha + 1.0].map(|power| ends.map(|end| end.powf(-power)));
        let slope = alpha * (slopes[1] - slopes[0]).abs() / (rates[0] + rates[1]);
        slope.max(steepness / ends[0].min(ends[1])) * displacement * missed
    };
    (0..basin.dim()).map(error).fold(0.0, f64::max)
}

/// The largest share `κ <= .4` of the distance to the edge at which the error of the replaced jumps is negligible.
///
/// Variance and fourth cumulant are preserved; the sixth cumulant of the law at rest changes its tail at `z` standard deviations by a share of
/// `k_6 z^6/(720 σ^6)`, and with it the rate of creeping out, about `k z e^(-z²/2) √(2/π)`, which is compared with the rate of the jumps to the
/// edge. With `A = 2c ε^α (κr)^-α` it is `k_6/σ^6 = (8/3)(2-α)³ k²/((4-α)(6-α) A²)` and `z² = 2k(2-α)/(A κ²)`. The product treats every
/// small jump as if it came at the minimum, where the cut is largest, and must be below 1 %.
pub(super) fn near_threshold(alpha: f64, rate_to_edge: f64, relaxation: f64) -> f64 {
    let share = |kappa: f64| {
        let ratio = relaxation / (alpha * rate_to_edge * kappa.powf(-alpha));
        let square = 2.0 * (2.0 - alpha) * ratio / (kappa * kappa);
        let sixth = 8.0 / 3.0 * ((2.0 - alpha).powi(3) * ratio * ratio) / ((4.0 - alpha) * (6.0 - alpha));
        let creeps = relaxation * (2.0 / PI * square).sqrt() * (-0.5 * square).exp();
        sixth * square.powi(3) / 720.0 * creeps / (creeps + rate_to_edge)
    };
    let mut kappa = NEAR;
    while share(kappa) > 0.01 && kappa > 0.02 {
        kappa *= 0.95;
    }
    kappa
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::Dynamics;
    use crate::landscape::{Asymmetric, Basin, Domain};
    use crate::noise::{Alpha, LevyNoise};

    /// A valley, mirrored and not.
    fn thresholds(curvatures: [f64; 2], ends: [f64; 2], alpha: f64, epsilon: f64) -> [f64; 2] {
        let of = |[left, right]: [f64; 2], [below, above]: [f64; 2]| {
            let valley = Asymmetric::new(vec![left], vec![right]).unwrap();
            let basin = Basin::new(valley, Domain::interval(-below, above)).unwrap();
            let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap();
            let problem = Problem::new(basin, Dynamics::Sgd, noise).unwrap();
            let rest = Preconditioner::identity();
            far_threshold(&problem, &rest, &LargeJumps::reaches(&problem, &rest), None)
        };
        let mirrored = |[a, b]: [f64; 2]| [b, a];
        [of(curvatures, ends), of(mirrored(curvatures), mirrored(ends))]
    }

    /// The cut falls only where the displacement matters: at a kink, with an edge on one side, and not in weak noise.
    #[test]
    fn the_cut_falls_at_kinks_that_displace_the_path() {
        let (kink, ends) = ([7.419, 0.108], [1.838, 0.344]);
        let [one, other] = thresholds(kink, ends, 1.225, 0.014);
        assert_eq!(one, other);
        assert!((0.05..0.15).contains(&one), "{one}");
        assert_eq!(thresholds([0.108; 2], ends, 1.225, 0.014), [FAR; 2]);
        assert_eq!(thresholds(kink, [0.344; 2], 1.225, 0.014), [FAR; 2]);
        assert_eq!(thresholds(kink, ends, 1.225, 1e-6), [FAR; 2]);
    }
}
