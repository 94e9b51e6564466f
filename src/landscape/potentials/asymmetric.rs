//! # Asymmetric potential
//!
//! `F(x) = ½ Σ_i k_i(x) (x_i - θ*_i)²` with `k_i = left_i` below the minimum and `right_i` above: a valley with a steep and a
//! flat side along every axis. The flow does not change sides: `x_i(t) = θ*_i + exp(-k_i t)(x_i - θ*_i)`.
//!
//! # References
//! - He, Huang, Yuan (2019), *Asymmetric Valleys: Beyond Sharp and Flat Local Minima*, NeurIPS.

use nalgebra::{DMatrix, DVector};

use super::super::potential::{check_curvatures, check_point};
use super::super::{Form, LandscapeError, Potential};

/// A valley with one curvature on each side of every axis.
#[derive(Clone, Debug)]
pub struct Asymmetric {
    left: Vec<f64>,
    right: Vec<f64>,
    minimum: Vec<f64>,
}

impl Asymmetric {
    /// Curvatures below and above the minimum, which is the origin.
    ///
    /// # Errors
    /// [`LandscapeError::Curvature`] for a curvature that is negative or not finite, [`LandscapeError::NoCurvature`] if all are 0,
    /// [`LandscapeError::Length`] if the two sides differ in length.
    pub fn new(left: Vec<f64>, right: Vec<f64>) -> Result<Self, LandscapeError> {
        check_curvatures(&[&left, &right])?;
        if left.len() != right.len() {
            return Err(LandscapeError::Length { what: "right", found: right.len(), dim: left.len() });
        }
        let minimum = vec![0.0; left.len()];
        Ok(Asymmetric { left, right, minimum })
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

    fn curvature(&self, i: usize, offset: f64) -> f64 {
        if offset < 0.0 { self.left[i] } else { self.right[i] }
    }
}

impl Potential for Asymmetric {
    fn dim(&self) -> usize {
        self.minimum.len()
    }

    fn value(&self, x: &[f64]) -> f64 {
        let offsets = x.iter().zip(&self.minimum).map(|(x, m)| x - m).enumerate();
        0.5 * offsets.map(|(i, y)| self.curvature(i, y) * y * y).sum::<f64>()
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        for (i, g) in gradient.iter_mut().enumerate() {
            let offset = x[i] - self.minimum[i];
            *g = self.curvature(i, offset) * offset;
        }
    }

    fn minimum(&self) -> &[f64] {
        &self.minimum
    }

    fn hessian(&self, x: &[f64]) -> DMatrix<f64> {
        let diagonal = x.iter().zip(&self.minimum).enumerate().map(|(i, (x, m))| {
            // On the kink: the mean of both sides.
            if x == m { 0.5 * (self.left[i] + self.right[i]) } else { self.curvature(i, x - m) }
        });
        DMatrix::from_diagonal(&DVector::from_iterator(self.dim(), diagonal))
    }

    fn form(&self) -> Form<'_> {
        Form::Asymmetric { left: &self.left, right: &self.right }
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
    fn gradient_agrees_with_value_on_both_sides() {
        let valley = Asymmetric::new(vec![10.0, 1.0], vec![0.5, 2.0]).unwrap().centred_at(vec![0.5, 0.0]).unwrap();
        for x in [[0.1, 0.4], [1.0, -0.3], [3.0, 2.0]] {
            gradient_agrees_with_value(&valley, &x);
        }
        assert!(Asymmetric::new(vec![1.0], vec![1.0, 2.0]).is_err());
    }
}
