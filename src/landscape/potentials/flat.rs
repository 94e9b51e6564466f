//! # No potential
//!
//! `F = 0`: pure Lévy motion, the reference problem with closed-form exit times (Getoor 1961; Ryznar 2025). The centre takes
//! the place of the minimum.

use nalgebra::DMatrix;

use super::super::potential::check_point;
use super::super::{Form, LandscapeError, Potential};

/// The zero potential in `R^d`.
#[derive(Clone, Debug)]
pub struct Flat {
    centre: Vec<f64>,
}

impl Flat {
    /// In `dim` dimensions, centred at the origin.
    ///
    /// # Errors
    /// [`LandscapeError::NoDimension`] for `dim = 0`.
    pub fn new(dim: usize) -> Result<Self, LandscapeError> {
        if dim == 0 {
            return Err(LandscapeError::NoDimension);
        }
        Ok(Flat { centre: vec![0.0; dim] })
    }

    /// Moves the centre.
    ///
    /// # Errors
    /// [`LandscapeError::Length`] or [`LandscapeError::NotFinite`] for a point of the wrong length, or one that is not finite.
    pub fn centred_at(mut self, centre: Vec<f64>) -> Result<Self, LandscapeError> {
        check_point("minimum", &centre, self.centre.len())?;
        self.centre = centre;
        Ok(self)
    }
}

impl Potential for Flat {
    fn dim(&self) -> usize {
        self.centre.len()
    }

    fn value(&self, _x: &[f64]) -> f64 {
        0.0
    }

    fn gradient(&self, _x: &[f64], gradient: &mut [f64]) {
        gradient.fill(0.0);
    }

    fn minimum(&self) -> &[f64] {
        &self.centre
    }

    fn hessian(&self, _x: &[f64]) -> DMatrix<f64> {
        DMatrix::zeros(self.dim(), self.dim())
    }

    fn form(&self) -> Form<'_> {
        Form::Flat
    }

    fn joins_minimum(&self, _x: &[f64], _level: f64) -> bool {
        true
    }
}
