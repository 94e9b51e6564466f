//! The time scales of a problem, from which default steps follow.

use super::linear::slow_rate;
use crate::dynamics::{Dynamics, Preconditioner, Problem};
use crate::landscape::Form;

/// Largest and smallest curvature of `Q⁻¹F` at the minimum; zeros without potential. Where the potential has no closed form, a Hessian that does
/// not describe the fluctuations, as of `x⁴`, is replaced by the mean curvature over them.
pub(super) fn curvature_range(problem: &Problem) -> [f64; 2] {
    let basin = problem.basin();
    let q = rest_preconditioner(problem);
    let range = |k: &mut dyn Iterator<Item = f64>| k.fold([0.0f64, f64::INFINITY], |[a, b], k| [a.max(k), b.min(k)]);
    match basin.potential().form().axis_curvatures(basin.dim()) {
        Some([left, right]) => {
            let sides = left.iter().enumerate().chain(right.iter().enumerate());
            range(&mut sides.map(|(i, k)| k / q.entry(i)))
        }
        None => {
            let mut h = basin.potential().hessian(basin.minimum());
            for i in 0..basin.dim() {
                for j in 0..basin.dim() {
                    h[(i, j)] /= (q.entry(i) * q.entry(j)).sqrt();
                }
            }
            let eigen = h.symmetric_eigen();
            let modes = eigen.eigenvalues.iter().zip(eigen.eigenvectors.column_iter());
            let is_general = matches!(basin.potential().form(), Form::General);
            range(&mut modes.map(|(k, mode)| {
                let direction: Vec<f64> = mode.iter().enumerate().map(|(i, u)| u / q.entry(i).sqrt()).collect();
                if is_general { fluctuating_curvature(problem, k.max(0.0), &direction) } else { k.max(0.0) }
            }))
        }
    }
}

/// Factor between the curvature at the minimum and that over the fluctuations up to which the former describes them.
const HARMONIC: f64 = 2.0;

/// The mean curvature of the potential along a mode of its Hessian, over the distance `s` that the noise covers in a relaxation time: with
/// `k(s) = v·(∇F(θ* + s v) - ∇F(θ* - s v))/(2s)`, the solution of `s = ε_v k(s)^(-1/α)`, at most the distance to the edge. `at_minimum` where
/// that is the same up to a factor of 2.
fn fluctuating_curvature(problem: &Problem, at_minimum: f64, direction: &[f64]) -> f64 {
    let (basin, noise) = (problem.basin(), problem.noise());
    let alpha = noise.alpha().get();
    let scale = noise.increment_scale(1.0) * noise.amplitude().scale_along(direction, alpha, noise.structure());
    let dim = basin.dim();
    let mut gradient = vec![0.0; dim];
    let mut slope = |s: f64| {
        let point: Vec<f64> = basin.minimum().iter().zip(direction).map(|(m, v)| m + s * v).collect();
        basin.potential().gradient(&point, &mut gradient);
        gradient.iter().zip(direction).map(|(g, v)| g * v).sum::<f64>()
    };
    let mut curvature = |s: f64| (slope(s) - slope(-s)) / (2.0 * s);
    let back: Vec<f64> = direction.iter().map(|v| -v).collect();
    let reach = basin.exit_distance(direction).min(basin.exit_distance(&back));
    if !(scale > 0.0) || !reach.is_finite() || !(reach > 0.0) {
        return at_minimum;
    }
    let is_beyond = |k: f64, s: f64| !(k > 0.0 && (scale / s).powf(alpha) > k);
    let (mut lo, mut hi) = (1e-9f64.ln(), 0.0f64);
    for _ in 0..40 {
        let middle = 0.5 * (lo + hi);
        let s = reach * middle.exp();
        if is_beyond(curvature(s), s) { hi = middle } else { lo = middle }
    }
    let k = curvature(reach * hi.exp());
    let is_harmonic = k < HARMONIC * at_minimum && at_minimum < HARMONIC * k;
    if is_harmonic || !(k > 0.0 && k.is_finite()) { at_minimum } else { k }
}

/// Rates `[fastest, slowest]` at which the parameters relax to the minimum, momentum included: for Adam the mode
/// `z² + β1 z + β1 k/q = 0` that governs `θ`: its modulus if it oscillates, else its slow root.
/// The slowest is the rate at which the envelope decays.
pub(super) fn relaxation_rates(problem: &Problem) -> [f64; 2] {
    let [largest, smallest] = curvature_range(problem);
    match problem.dynamics() {
        Dynamics::Adam(adam) => {
            let beta = adam.beta1_rate();
            let fastest = if beta < 4.0 * largest { (beta * largest).sqrt() } else { slow_rate(beta, largest) };
            [fastest, slow_rate(beta, smallest)]
        }
        _ => [largest, smallest],
    }
}

/// Noise of a step, as a share of the way to the edge, below which it does not matter where exactly the edge is: a shift of the edge by a
/// share `s` of the way changes the rate of the jumps beyond it by `α s`, and small jumps do not lead there.
const NEGLIGIBLE_NOISE: f64 = 1e-4;

/// `t* = (ε/v)^(α/(α-1))`, the time in which drift and noise balance at the nearest point of the edge, `v` the drift there; the smallest
/// over the half axes on which the noise of steps of length `step` matters. Infinite without drift; `None` for `α ≤ 1`, where it has no meaning.
pub(super) fn balance_time(problem: &Problem, step: f64) -> Option<f64> {
    let alpha = problem.noise().alpha().get();
    if alpha <= 1.0 {
        return None;
    }
    let increment = step.powf(1.0 / alpha);
    let balance = edge_speeds(problem)
        .filter(|(amplitude, _, r)| amplitude * increment >= NEGLIGIBLE_NOISE * r)
        .map(|(amplitude, drift, _)| (amplitude / drift).powf(alpha / (alpha - 1.0)));
    Some(balance.fold(f64::INFINITY, f64::min))
}

/// The time `(r/(ε s))^α` that the noise alone takes to cross the shortest distance to the edge along an axis.
pub(super) fn crossing_time(problem: &Problem) -> f64 {
    let alpha = problem.noise().alpha().get();
    edge_speeds(problem).map(|(amplitude, _, r)| (r / amplitude).powf(alpha)).fold(f64::INFINITY, f64::min)
}

/// [`crossing_time`] from another point than the minimum.
pub(super) fn crossing_time_from(problem: &Problem, x: &[f64]) -> f64 {
    let (basin, noise, alpha) = (problem.basin(), problem.noise(), problem.noise().alpha().get());
    let scale = noise.increment_scale(1.0);
    let row_scales = noise.amplitude().row_scales(basin.dim(), alpha, noise.structure());
    let place = basin.seen_from(x);
    let exits = row_scales.iter().enumerate().flat_map(|(axis, row)| place.axis_exits(axis, 1.0).map(|r| (r, *row)));
    exits.map(|(r, row)| (r / (scale * row)).powf(alpha)).fold(f64::INFINITY, f64::min)
}

/// `(ε s_i, |∂_i F|, r)` at the edge along every half axis that meets it.
fn edge_speeds(problem: &Problem) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
    let (basin, noise) = (problem.basin(), problem.noise());
    let dim = basin.dim();
    let scale = noise.increment_scale(1.0);
    let curvatures = basin.potential().form().axis_curvatures(dim);
    let row_scales = noise.amplitude().row_scales(dim, noise.alpha().get(), noise.structure());
    (0..2 * dim).filter_map(move |half_axis| {
        let (axis, sign) = (half_axis / 2, if half_axis % 2 == 0 { 1.0 } else { -1.0 });
        let r = basin.axis_exit_distance(axis, sign);
        if r.is_infinite() {
            return None;
        }
        let drift = match &curvatures {
            Some([left, right]) => r * if sign < 0.0 { left[axis] } else { right[axis] },
            None => {
                let mut edge = basin.minimum().to_vec();
                edge[axis] += r * sign;
                let mut gradient = vec![0.0; dim];
                basin.potential().gradient(&edge, &mut gradient);
                gradient[axis].abs()
            }
        };
        Some((scale * row_scales[axis], drift, r))
    })
}

/// `Q*`; for a second moment without a limit, that of the mean-field second moment.
fn rest_preconditioner(problem: &Problem) -> Preconditioner {
    match (problem.preconditioner(), problem.dynamics()) {
        (Some(q), _) => q,
        (None, Dynamics::Adam(adam)) => {
            let scales = adam.noise_scales(problem.noise(), problem.basin().dim());
            Preconditioner::diagonal(scales.iter().map(|s| s + adam.stabilizer()).collect())
        }
        (None, _) => Preconditioner::identity(),
    }
}
