//! # Quadratic potential
//!
//! `F(x) = ½ (x - θ*)ᵀ H (x - θ*)` with a diagonal or full positive definite Hessian; the gradient flow is
//! `x(t) = θ* + exp(-Ht)(x - θ*)`. Its minimum is `θ*`, by default the origin. It has no barrier.

use nalgebra::DMatrix;

use super::super::potential::{check_curvatures, check_point};
use super::super::{Form, LandscapeError, Potential};

#[derive(Clone, Debug)]
enum Hessian {
    Diagonal(Vec<f64>),
    Dense(DMatrix<f64>),
}

/// A quadratic potential around `θ*`.
///
/// # Example
/// ```
/// use levy_escape::landscape::{Potential, Quadratic};
///
/// let bowl = Quadratic::new(vec![4.0, 1.0])?;
/// assert_eq!(bowl.value(&[1.0, 2.0]), 4.0);
/// # Ok::<(), levy_escape::landscape::LandscapeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Quadratic {
    hessian: Hessian,
    minimum: Vec<f64>,
}

impl Quadratic {
    /// Diagonal Hessian with the given curvatures, minimum at the origin. A curvature of 0 leaves its axis without a force; `θ*` is then one
    /// of many minima.
    ///
    /// # Errors
    /// [`LandscapeError::Curvature`] for a curvature that is negative or not finite, [`LandscapeError::NoCurvature`] if all are 0.
    pub fn new(curvature: Vec<f64>) -> Result<Self, LandscapeError> {
        check_curvatures(&[&curvature])?;
        let minimum = vec![0.0; curvature.len()];
        Ok(Quadratic { hessian: Hessian::Diagonal(curvature), minimum })
    }

    /// Full Hessian, minimum at the origin.
    ///
    /// # Errors
    /// [`LandscapeError::HessianShape`] unless square and symmetric to 1e-9 of its largest entry,
    /// [`LandscapeError::NotPositiveDefinite`] if an eigenvalue is not positive.
    pub fn with_hessian(hessian: DMatrix<f64>) -> Result<Self, LandscapeError> {
        let dim = hessian.nrows();
        if dim == 0 {
            return Err(LandscapeError::NoDimension);
        }
        if hessian.ncols() != dim || !((&hessian - hessian.transpose()).amax() <= 1e-9 * hessian.amax()) {
            return Err(LandscapeError::HessianShape { dim });
        }
        let smallest = hessian.symmetric_eigenvalues().min();
        if !(smallest > 0.0) {
            return Err(LandscapeError::NotPositiveDefinite { smallest });
        }
        Ok(Quadratic { hessian: Hessian::Dense(hessian), minimum: vec![0.0; dim] })
    }

    /// Moves the minimum.
    ///
    /// # Errors
    /// [`LandscapeError::Length`] or [`LandscapeError::NotFinite`] for a point of the wrong length, or one that is not finite.
    pub fn centred_at(mut self, minimum: Vec<f64>) -> Result<Self, LandscapeError> {
        check_point("minimum", &minimum, self.minimum.len())?;
        self.minimum = minimum;
        Ok(self)
    }
}

impl Potential for Quadratic {
    fn dim(&self) -> usize {
        self.minimum.len()
    }

    fn value(&self, x: &[f64]) -> f64 {
        match &self.hessian {
            Hessian::Diagonal(k) => {
                0.5 * k.iter().zip(x).zip(&self.minimum).map(|((k, x), m)| k * (x - m) * (x - m)).sum::<f64>()
            }
            Hessian::Dense(_) => {
                let mut gradient = vec![0.0; self.dim()];
                self.gradient(x, &mut gradient);
                0.5 * gradient.iter().zip(x).zip(&self.minimum).map(|((g, x), m)| g * (x - m)).sum::<f64>()
            }
        }
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        match &self.hessian {
            Hessian::Diagonal(k) => {
                for (((g, k), x), m) in gradient.iter_mut().zip(k).zip(x).zip(&self.minimum) {
                    *g = k * (x - m);
                }
            }
            Hessian::Dense(h) => {
                gradient.fill(0.0);
                for ((column, x), m) in h.column_iter().zip(x).zip(&self.minimum) {
                    gradient.iter_mut().zip(column.iter()).for_each(|(g, h)| *g += h * (x - m));
                }
            }
        }
    }

    fn minimum(&self) -> &[f64] {
        &self.minimum
    }

    fn hessian(&self, _x: &[f64]) -> DMatrix<f64> {
        match &self.hessian {
            Hessian::Diagonal(k) => DMatrix::from_diagonal(&nalgebra::DVector::from_column_slice(k)),
            Hessian::Dense(h) => h.clone(),
        }
    }

    fn form(&self) -> Form<'_> {
        match &self.hessian {
            Hessian::Diagonal(k) => Form::Diagonal(k),
            Hessian::Dense(h) => Form::Dense(h),
        }
    }

    fn joins_minimum(&self, _x: &[f64], _level: f64) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::potential::tests::gradient_agrees_with_value;

    #[test]
    fn gradients_agree_with_values() {
        let diagonal = Quadratic::new(vec![4.0, 0.5]).unwrap().centred_at(vec![1.0, -2.0]).unwrap();
        let dense = Quadratic::with_hessian(DMatrix::from_row_slice(2, 2, &[2.0, 0.5, 0.5, 1.0])).unwrap();
        for x in [[0.3, -0.7], [2.0, 1.0]] {
            gradient_agrees_with_value(&diagonal, &x);
            gradient_agrees_with_value(&dense, &x);
        }
    }

    #[test]
    fn bad_hessians_are_refused() {
        assert!(Quadratic::new(vec![1.0, 0.0]).is_ok());
        assert_eq!(Quadratic::new(vec![0.0, 0.0]).unwrap_err(), LandscapeError::NoCurvature);
        assert_eq!(Quadratic::new(vec![1.0, -1.0]).unwrap_err(), LandscapeError::Curvature { axis: 1, value: -1.0 });
        assert!(Quadratic::new(vec![f64::NAN]).is_err());
        assert!(Quadratic::new(vec![]).is_err());
        let saddle = DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 2.0, 1.0]);
        assert!(matches!(
            Quadratic::with_hessian(saddle),
            Err(LandscapeError::NotPositiveDefinite { smallest }) if (smallest + 1.0).abs() < 1e-12
        ));
        let skew = DMatrix::from_row_slice(2, 2, &[1.0, 0.2, 0.0, 1.0]);
        assert_eq!(Quadratic::with_hessian(skew).unwrap_err(), LandscapeError::HessianShape { dim: 2 });
    }
}
