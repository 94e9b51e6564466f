//! Checks and searches of a minimum.

use nalgebra::{DMatrix, DVector};

use super::{LandscapeError, Potential};

/// Largest dimension in which the whole Hessian is looked at.
const MOST_WITH_HESSIAN: usize = 64;
/// Gradient at a minimum, as a share of its size half-way to the edge.
const STATIONARY: f64 = 1e-3;
/// Curvature, as a share of the largest, below which its sign is not that of the difference quotients.
const CURVATURE_NOISE: f64 = 1e-6;
/// Ways along an axis of small curvature that are tried, as shares of the way to the edge.
const TRIED: [f64; 3] = [0.003, 0.03, 0.1];
/// Newton steps of a search. At a minimum of fourth order each gains a third of the way.
const MOST_STEPS: usize = 500;

/// Checks that the minimum of a potential is one: no gradient, and no direction in which the potential falls. `reach` is the distance to the
/// edge of the domain along `±e_axis`.
///
/// # Errors
/// [`LandscapeError::NotStationary`], [`LandscapeError::NotAMinimum`], [`LandscapeError::PotentialNotFinite`].
pub(super) fn check_minimum(
    potential: &dyn Potential,
    reach: &dyn Fn(usize, f64) -> f64,
) -> Result<(), LandscapeError> {
    let (dim, minimum) = (potential.dim(), potential.minimum());
    let floor = potential.value(minimum);
    let mut gradient = vec![0.0; dim];
    potential.gradient(minimum, &mut gradient);
    if !floor.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
        return Err(LandscapeError::PotentialNotFinite { point: minimum.to_vec() });
    }
    // An infinite side, as of a well, is looked at to the distance 1.
    let way = |axis: usize, sign: f64| {
        let reach = reach(axis, sign);
        if reach.is_finite() { reach } else { 1.0 }
    };
    let mut steepest = 0.0f64;
    let (mut point, mut there) = (minimum.to_vec(), vec![0.0; dim]);
    for axis in 0..dim.min(MOST_WITH_HESSIAN) {
        for sign in [1.0, -1.0] {
            point[axis] = minimum[axis] + 0.5 * sign * way(axis, sign);
            potential.gradient(&point, &mut there);
            if there.iter().any(|g| !g.is_finite()) || !potential.value(&point).is_finite() {
                return Err(LandscapeError::PotentialNotFinite { point });
            }
            steepest = steepest.max(norm(&there));
        }
        point[axis] = minimum[axis];
    }
    if norm(&gradient) > STATIONARY * steepest {
        return Err(LandscapeError::NotStationary { minimum: minimum.to_vec(), gradient: norm(&gradient) });
    }
    if dim > MOST_WITH_HESSIAN {
        return Ok(());
    }
    let eigen = potential.hessian(minimum).symmetric_eigen();
    let largest = eigen.eigenvalues.amax();
    for (curvature, direction) in eigen.eigenvalues.iter().zip(eigen.eigenvectors.column_iter()) {
        let way = direction
            .iter()
            .enumerate()
            .filter(|(_, v)| **v != 0.0)
            .map(|(axis, v)| way(axis, v.signum()).min(way(axis, -v.signum())) / v.abs())
            .fold(f64::INFINITY, f64::min);
        let falls = |share: f64| {
            let point: Vec<f64> = minimum.iter().zip(direction.iter()).map(|(m, v)| m + share * way * v).collect();
            // Differences of this size are those of rounding.
            potential.value(&point) < floor - 1e-12 * floor.abs().max(largest * way * way * share * share)
        };
        // Without curvature, as in x⁴, values decide.
        if *curvature < CURVATURE_NOISE * largest && TRIED.iter().any(|share| falls(*share) || falls(-share)) {
            let direction = direction.iter().copied().collect();
            return Err(LandscapeError::NotAMinimum { point: minimum.to_vec(), direction, curvature: *curvature });
        }
    }
    Ok(())
}

/// Descends from `start` to a point without gradient by damped Newton steps, with the gradient and the Hessian of `potential`. A `search` leaves
/// a saddle or a maximum at the start, where there is no gradient to follow.
///
/// # Errors
/// [`LandscapeError::NoMinimum`] if the value falls without end, or is not finite on the way.
pub(super) fn descend(potential: &dyn Potential, start: &[f64], search: bool) -> Result<Vec<f64>, LandscapeError> {
    let dim = start.len();
    let (mut x, mut gradient) = (DVector::from_column_slice(start), DVector::zeros(dim));
    let mut value = potential.value(x.as_slice());
    let lost = |x: &DVector<f64>| LandscapeError::NoMinimum { start: start.to_vec(), at: x.as_slice().to_vec() };
    let mut damping = 0.0;
    potential.gradient(x.as_slice(), gradient.as_mut_slice());
    if search && gradient.iter().all(|g| *g == 0.0) {
        let eigen = potential.hessian(x.as_slice()).symmetric_eigen();
        let steepest = eigen.eigenvalues.imin();
        if eigen.eigenvalues[steepest] < 0.0 {
            x += eigen.eigenvectors.column(steepest) * (1e-3 * (1.0 + x.norm()));
            value = potential.value(x.as_slice());
        }
    }
    for _ in 0..MOST_STEPS {
        potential.gradient(x.as_slice(), gradient.as_mut_slice());
        if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            return Err(lost(&x));
        }
        if gradient.iter().all(|g| *g == 0.0) {
            return Ok(x.as_slice().to_vec());
        }
        let hessian = potential.hessian(x.as_slice());
        let Some(step) = downhill(&hessian, &gradient, damping) else { return Err(lost(&x)) };
        let next = &x - &step;
        let there = potential.value(next.as_slice());
        let scale = hessian.amax().max(gradient.norm());
        if there < value {
            // Longer steps without end: the potential has no minimum here.
            if next.norm() > 1e6 * (1.0 + DVector::from_column_slice(start).norm()) {
                return Err(lost(&next));
            }
            (x, value, damping) = (next, there, 0.1 * damping);
        } else if there <= value + 1e-14 * value.abs() && step.norm() <= 1e-7 * (1.0 + x.norm()) {
            // Values no longer distinguish the points, but gradients do.
            let mut at_next = DVector::zeros(dim);
            potential.gradient(next.as_slice(), at_next.as_mut_slice());
            return Ok(if at_next.norm() < gradient.norm() { next } else { x }.as_slice().to_vec());
        } else if damping > 1e18 * scale {
            return Ok(x.as_slice().to_vec());
        } else {
            damping = (10.0 * damping).max(1e-6 * scale);
        }
    }
    // A minimum of high order is approached slowly; check_minimum judges the point.
    Ok(x.as_slice().to_vec())
}

/// `(H + μ I)⁻¹ g` with the smallest of some `μ ≥ damping` that makes the matrix positive definite.
fn downhill(hessian: &DMatrix<f64>, gradient: &DVector<f64>, damping: f64) -> Option<DVector<f64>> {
    let dim = gradient.len();
    let scale = hessian.amax().max(f64::MIN_POSITIVE);
    let mut shift = damping;
    for _ in 0..60 {
        if let Some(factor) = (hessian + DMatrix::identity(dim, dim) * shift).cholesky() {
            let step = factor.solve(gradient);
            if step.iter().all(|s| s.is_finite()) {
                return Some(step);
            }
        }
        shift = (4.0 * shift).max(1e-3 * scale);
    }
    None
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}
