//! Checks and searches of a minimum.

use nalgebra::{DMatrix, DVector, Dyn, SymmetricEigen};

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
/// After so many steps, each at least [`STEADY_RATIO`] times as long as the one before, steps are doubled. Without that, a potential that only falls
/// takes all of them.
const STEPS_BEFORE_DOUBLING: u32 = 20;
const STEADY_RATIO: f64 = 0.9;
/// A way of a search that is shorter, as a share of the size of the point, began at the minimum.
const AT_MINIMUM: f64 = 1e-6;

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
    let Some(eigen) = modes(potential, minimum) else { return Ok(()) };
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
/// [`LandscapeError::NoMinimum`] if the value falls without end, or is not finite on the way; a `search` also refuses a point beyond which the
/// potential does not rise again.
pub(super) fn descend(potential: &dyn Potential, start: &[f64], search: bool) -> Result<Vec<f64>, LandscapeError> {
    let found = newton(potential, start, search)?;
    if search && !rises_beyond(potential, start, &found) {
        return Err(LandscapeError::NoMinimum { start: start.to_vec(), at: found });
    }
    Ok(found)
}

fn newton(potential: &dyn Potential, start: &[f64], search: bool) -> Result<Vec<f64>, LandscapeError> {
    let dim = start.len();
    let (mut x, mut gradient) = (DVector::from_column_slice(start), DVector::zeros(dim));
    let mut value = potential.value(x.as_slice());
    let lost = |x: &DVector<f64>| LandscapeError::NoMinimum { start: start.to_vec(), at: x.as_slice().to_vec() };
    let mut damping = 0.0;
    let (mut steady, mut last) = (0, f64::INFINITY);
    potential.gradient(x.as_slice(), gradient.as_mut_slice());
    if search
        && gradient.iter().all(|g| *g == 0.0)
        && let Some(eigen) = modes(potential, x.as_slice())
    {
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
        if hessian.iter().any(|h| !h.is_finite()) {
            return Err(lost(&x));
        }
        let Some(mut step) = downhill(&hessian, &gradient, damping) else { return Err(lost(&x)) };
        let mut next = &x - &step;
        let mut there = potential.value(next.as_slice());
        let scale = hessian.amax().max(gradient.norm());
        if there < value {
            let length = step.norm();
            steady = if length >= STEADY_RATIO * last { steady + 1 } else { 0 };
            last = length;
            if steady >= STEPS_BEFORE_DOUBLING {
                step *= f64::from(steady - STEPS_BEFORE_DOUBLING + 1).exp2();
                let further = &x - &step;
                let at_further = potential.value(further.as_slice());
                if at_further < there {
                    (next, there) = (further, at_further);
                } else {
                    steady = 0;
                }
            }
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
    // A minimum of high order is approached slowly; the callers judge the point.
    Ok(x.as_slice().to_vec())
}

/// Whether the potential rises somewhere beyond `found` on the way from `start`, and along every direction without curvature that the way has a part
/// in. It does at a minimum, also at a flat one, but not where it falls towards a limit, as `exp(-x)`, until its digits end. A way that is nearly nothing
/// leads to a minimum that `start` gave.
fn rises_beyond(potential: &dyn Potential, start: &[f64], found: &[f64]) -> bool {
    let way = DVector::from_fn(found.len(), |i, _| found[i] - start[i]);
    let floor = potential.value(found);
    let rises = |way: &DVector<f64>| {
        let at = |share: f64| {
            let point: Vec<f64> = found.iter().zip(way.iter()).map(|(x, w)| x + share * w).collect();
            potential.value(&point)
        };
        (-20..=20).any(|k| !(at(f64::from(k).exp2()) <= floor))
    };
    let size = 1.0 + DVector::from_column_slice(found).norm();
    if way.norm() <= AT_MINIMUM * size {
        return true;
    }
    if !rises(&way) {
        return false;
    }
    if found.len() > MOST_WITH_HESSIAN {
        return true;
    }
    let Some(eigen) = modes(potential, found) else { return true };
    let flat = CURVATURE_NOISE * eigen.eigenvalues.amax();
    eigen.eigenvalues.iter().zip(eigen.eigenvectors.column_iter()).all(|(curvature, direction)| {
        let part = direction.dot(&way);
        *curvature > flat || part.abs() <= 1e-6 * way.norm() || rises(&(direction * part))
    })
}

/// Eigenvalues and eigenvectors of the Hessian; `None` if it is not finite.
fn modes(potential: &dyn Potential, x: &[f64]) -> Option<SymmetricEigen<f64, Dyn>> {
    let hessian = potential.hessian(x);
    let is_finite = hessian.iter().all(|h| h.is_finite());
    is_finite.then(|| hessian.symmetric_eigen())
}

/// `(H + μ I)⁻¹ g` with the smallest of some `μ ≥ damping` that makes the matrix positive definite. Coordinates without slope and curvature, as of
/// variables that do not occur, stay where they are.
fn downhill(hessian: &DMatrix<f64>, gradient: &DVector<f64>, damping: f64) -> Option<DVector<f64>> {
    let dim = gradient.len();
    let moves = |axis: &usize| gradient[*axis] != 0.0 || hessian.column(*axis).iter().any(|h| *h != 0.0);
    let moving: Vec<usize> = (0..dim).filter(moves).collect();
    let (part, slope) = (hessian.select_columns(&moving).select_rows(&moving), gradient.select_rows(&moving));
    let scale = part.amax().max(f64::MIN_POSITIVE);
    let mut shift = damping;
    for _ in 0..60 {
        if let Some(factor) = (&part + DMatrix::identity(moving.len(), moving.len()) * shift).cholesky() {
            let solved = factor.solve(&slope);
            if solved.iter().all(|s| s.is_finite()) {
                let mut step = DVector::zeros(dim);
                moving.iter().zip(solved.iter()).for_each(|(axis, s)| step[*axis] = *s);
                return Some(step);
            }
        }
        shift = (4.0 * shift).max(1e-3 * scale);
    }
    None
}

/// The Euclidean norm, also of numbers whose squares are below all positive ones.
fn norm(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |norm: f64, x| norm.hypot(*x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dvector;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// `exp(-x)`, which counts its Hessians.
    #[derive(Debug)]
    struct Falling(AtomicUsize);

    impl Potential for Falling {
        fn dim(&self) -> usize {
            1
        }

        fn value(&self, x: &[f64]) -> f64 {
            (-x[0]).exp()
        }

        fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
            gradient[0] = -(-x[0]).exp();
        }

        fn minimum(&self) -> &[f64] {
            &[0.0]
        }

        fn hessian(&self, x: &[f64]) -> DMatrix<f64> {
            self.0.fetch_add(1, Ordering::Relaxed);
            DMatrix::from_element(1, 1, (-x[0]).exp())
        }
    }

    #[test]
    fn a_potential_that_only_falls_is_given_up_early() {
        let falling = Falling(AtomicUsize::new(0));
        assert!(matches!(descend(&falling, &[0.0], true), Err(LandscapeError::NoMinimum { .. })));
        let count = falling.0.load(Ordering::Relaxed);
        assert!((20..MOST_STEPS / 4).contains(&count), "{count}");
    }

    /// A row of zeros would otherwise ask for a damping, which shortens the step.
    #[test]
    fn a_coordinate_without_slope_and_curvature_does_not_damp_the_others() {
        let hessian = DMatrix::from_diagonal(&dvector![2.0, 0.0, 8.0]);
        let step = downhill(&hessian, &dvector![2.0, 0.0, 4.0], 0.0).unwrap();
        assert!((step - dvector![1.0, 0.0, 0.5]).amax() < 1e-12);
        assert!(downhill(&hessian, &dvector![2.0, 1.0, 4.0], 0.0).unwrap()[0] < 1.0);
    }
}
