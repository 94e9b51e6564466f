//! The gradient flow from a point, by adaptive steps.
//!
//! # References
//! - Bogacki, Shampine (1989), *A 3(2) Pair of Runge-Kutta Formulas*, Appl. Math. Lett. 2.

use nalgebra::DVector;

use super::super::Potential;

/// Share of its place, in radii, within which a Newton step counts as short.
const SHORT: f64 = 1e-2;

/// A point that follows `dx/dt = -∇F(x)`, also where a superlinear force is many orders of magnitude larger than at the minimum.
pub(in crate::landscape) struct Descent<'p> {
    potential: &'p dyn Potential,
    x: Vec<f64>,
    next: Vec<f64>,
    slopes: [Vec<f64>; 4],
    step: f64,
}

/// The result of one attempted step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::landscape) enum Progress {
    /// The point has moved.
    Moved,
    /// The error was too large: the next step is shorter.
    Rejected,
    /// The flow leaves the finite numbers, or has no slope to follow.
    Lost,
}

impl<'p> Descent<'p> {
    /// Begins at `x` with a step of about the length `first`.
    pub fn new(potential: &'p dyn Potential, x: &[f64], first: f64) -> Self {
        let zero = vec![0.0; x.len()];
        let mut slopes: [Vec<f64>; 4] = std::array::from_fn(|_| zero.clone());
        potential.gradient(x, &mut slopes[0]);
        let step = first / norm(&slopes[0]);
        Descent { potential, x: x.to_vec(), next: zero, slopes, step }
    }

    /// Where the point is.
    pub fn place(&self) -> &[f64] {
        &self.x
    }

    /// `∇F` there.
    pub fn gradient(&self) -> &[f64] {
        &self.slopes[0]
    }

    /// Tries one step with a local error of at most `allowed`.
    pub fn advance(&mut self, allowed: f64) -> Progress {
        let h = self.step;
        let [k1, k2, k3, k4] = &mut self.slopes;
        moved(&mut self.next, &self.x, &[(0.5 * h, &*k1)]);
        self.potential.gradient(&self.next, k2);
        moved(&mut self.next, &self.x, &[(0.75 * h, &*k2)]);
        self.potential.gradient(&self.next, k3);
        moved(&mut self.next, &self.x, &[(2.0 / 9.0 * h, &*k1), (h / 3.0, &*k2), (4.0 / 9.0 * h, &*k3)]);
        self.potential.gradient(&self.next, k4);
        let slopes = k1.iter().zip(k2.iter()).zip(k3.iter()).zip(k4.iter());
        let error = slopes.map(|(((a, b), c), d)| -5.0 / 72.0 * a + b / 12.0 + c / 9.0 - d / 8.0);
        // Far out a gradient may be too large for its square.
        let error = error.map(|e| (h * e) * (h * e)).sum::<f64>().sqrt();
        if !error.is_finite() || !self.next.iter().all(|x| x.is_finite()) {
            self.step *= 0.1;
            return if self.step > 0.0 && self.step.is_finite() { Progress::Rejected } else { Progress::Lost };
        }
        self.step *= (0.9 * (allowed / error.max(1e-300)).cbrt()).clamp(0.2, 5.0);
        if error > allowed {
            return Progress::Rejected;
        }
        std::mem::swap(&mut self.x, &mut self.next);
        self.slopes.swap(0, 3);
        Progress::Moved
    }
}

/// Whether `x`, with the gradient `g`, lies beside a minimum, at a distance small beside `radius`: a step of Newton's method is short and ends at
/// almost no gradient.
pub(in crate::landscape) fn is_beside_minimum(potential: &dyn Potential, x: &[f64], g: &[f64], radius: f64) -> bool {
    let size = norm(g);
    if size == 0.0 {
        return true;
    }
    let Some(factor) = potential.hessian(x).cholesky() else { return false };
    let step = factor.solve(&DVector::from_column_slice(g));
    if !(step.norm() < SHORT * radius) {
        return false;
    }
    let there: Vec<f64> = x.iter().zip(step.iter()).map(|(x, s)| x - s).collect();
    let mut gradient = vec![0.0; x.len()];
    potential.gradient(&there, &mut gradient);
    norm(&gradient) < 0.1 * size
}

/// The length of a vector, also where its square is not finite.
pub(in crate::landscape) fn norm(x: &[f64]) -> f64 {
    let largest = x.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    largest * x.iter().map(|x| (x / largest) * (x / largest)).sum::<f64>().sqrt()
}

/// `x - Σ h k`.
fn moved(out: &mut [f64], x: &[f64], parts: &[(f64, &[f64])]) {
    for (i, out) in out.iter_mut().enumerate() {
        *out = x[i] - parts.iter().map(|(h, k)| h * k[i]).sum::<f64>();
    }
}
