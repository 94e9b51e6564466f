//! # Double well
//!
//! Along the first axis `F'(x) = c (x-a)(x-s)(x-b)` with minima `a < b` and the saddle `s` between them, so the wells can
//! differ in width. Further axes are quadratic, `½ k_j y_j²`. Symmetric unit wells are `x⁴/4 - x²/2` (`a = -1, s = 0, b = 1`).
//! The barrier above a minimum `m` is `F(s) - F(m)`, with `F(s) = 0`.

use nalgebra::{DMatrix, DVector};

use super::super::potential::check_positive_curvatures;
use super::super::{LandscapeError, Potential, Wells};

/// The well in which a path starts; its minimum is `θ*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Well {
    /// The lower minimum along the first axis.
    #[default]
    Left,
    /// The upper minimum.
    Right,
}

/// Two wells along the first axis, quadratic along the others.
#[derive(Clone, Debug)]
pub struct DoubleWell {
    minima: [f64; 2],
    saddle: f64,
    stiffness: f64,
    transverse: Vec<f64>,
    well: Well,
    minimum: Vec<f64>,
}

impl DoubleWell {
    /// `F'(x) = stiffness (x-a)(x-s)(x-b)` in one dimension, starting from the left well.
    ///
    /// # Errors
    /// [`LandscapeError::WellOrder`] unless `a < s < b`, [`LandscapeError::Size`] for a stiffness that is not positive.
    pub fn new(minima: [f64; 2], saddle: f64, stiffness: f64) -> Result<Self, LandscapeError> {
        let [left, right] = minima;
        if !(left < saddle && saddle < right && left.is_finite() && right.is_finite()) {
            return Err(LandscapeError::WellOrder { left, saddle, right });
        }
        if !(stiffness > 0.0 && stiffness.is_finite()) {
            return Err(LandscapeError::Size { what: "stiffness", value: stiffness });
        }
        let minimum = vec![left];
        Ok(DoubleWell { minima, saddle, stiffness, transverse: Vec::new(), well: Well::Left, minimum })
    }

    /// Adds one axis per curvature.
    ///
    /// # Errors
    /// [`LandscapeError::Curvature`] for a curvature that is not positive.
    pub fn with_transverse(mut self, curvature: Vec<f64>) -> Result<Self, LandscapeError> {
        check_positive_curvatures(&curvature)?;
        self.transverse = curvature;
        let well = self.well;
        Ok(self.from_well(well))
    }

    /// Chooses the well whose minimum is `θ*`.
    pub fn from_well(mut self, well: Well) -> Self {
        self.well = well;
        let first = match well {
            Well::Left => self.minima[0],
            Well::Right => self.minima[1],
        };
        self.minimum = std::iter::once(first).chain(self.transverse.iter().map(|_| 0.0)).collect();
        self
    }

    /// The saddle between the wells, along the first axis.
    pub fn saddle(&self) -> f64 {
        self.saddle
    }

    fn along_first(&self, x: f64) -> f64 {
        let (u, p, q) = (x - self.saddle, self.minima[0] - self.saddle, self.minima[1] - self.saddle);
        self.stiffness * u * u * (u * u / 4.0 - (p + q) * u / 3.0 + p * q / 2.0)
    }
}

impl Potential for DoubleWell {
    fn dim(&self) -> usize {
        self.minimum.len()
    }

    fn value(&self, x: &[f64]) -> f64 {
        let bowls = self.transverse.iter().zip(&x[1..]).map(|(k, y)| 0.5 * k * y * y).sum::<f64>();
        self.along_first(x[0]) + bowls
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        gradient[0] = self.stiffness * (x[0] - self.minima[0]) * (x[0] - self.saddle) * (x[0] - self.minima[1]);
        for ((g, k), y) in gradient[1..].iter_mut().zip(&self.transverse).zip(&x[1..]) {
            *g = k * y;
        }
    }

    fn minimum(&self) -> &[f64] {
        &self.minimum
    }

    fn hessian(&self, x: &[f64]) -> DMatrix<f64> {
        let (a, s, b) = (x[0] - self.minima[0], x[0] - self.saddle, x[0] - self.minima[1]);
        let first = self.stiffness * (a * s + a * b + s * b);
        let diagonal = std::iter::once(first).chain(self.transverse.iter().copied());
        DMatrix::from_diagonal(&DVector::from_iterator(self.dim(), diagonal))
    }

    fn well(&self) -> Option<Vec<[f64; 2]>> {
        let first = match self.well {
            Well::Left => [f64::NEG_INFINITY, self.saddle],
            Well::Right => [self.saddle, f64::INFINITY],
        };
        let beyond = self.transverse.iter().map(|_| [f64::NEG_INFINITY, f64::INFINITY]);
        Some(std::iter::once(first).chain(beyond).collect())
    }

    fn wells(&self) -> Option<Wells> {
        if self.transverse.is_empty() { Wells::new(self.minima.to_vec(), vec![self.saddle]).ok() } else { None }
    }

    fn landing_wells(&self) -> Option<Wells> {
        Wells::new(self.minima.to_vec(), vec![self.saddle]).ok()
    }

    fn landmarks(&self) -> Option<Vec<[f64; 2]>> {
        let [a, b] = self.minima;
        // All points without a gradient lie on the first axis.
        let height = 0.1 * (b - a);
        (self.dim() == 2).then(|| vec![[a, -height], [self.saddle, 0.0], [b, height]])
    }

    fn joins_minimum(&self, x: &[f64], level: f64) -> bool {
        // F vanishes on the saddle; a higher level set joins both wells.
        level > 0.0 || (x[0] < self.saddle) == (self.well == Well::Left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::potential::tests::gradient_agrees_with_value;

    #[test]
    fn symmetric_unit_wells() {
        let well = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap();
        for x in [-1.5f64, -0.2, 0.7, 2.0] {
            assert!((well.value(&[x]) - (x.powi(4) / 4.0 - x * x / 2.0)).abs() < 1e-14);
            gradient_agrees_with_value(&well, &[x]);
        }
        assert!((well.hessian(&[-1.0])[(0, 0)] - 2.0).abs() < 1e-14);
    }

    #[test]
    fn two_dimensions_and_sides() {
        let well = DoubleWell::new([-2.0, 1.0], 0.0, 0.7).unwrap().with_transverse(vec![3.0]).unwrap();
        assert_eq!(well.minimum(), [-2.0, 0.0]);
        assert_eq!(well.clone().from_well(Well::Right).minimum(), [1.0, 0.0]);
        gradient_agrees_with_value(&well, &[0.4, -0.6]);
        assert!(well.joins_minimum(&[-1.0, 0.0], -0.01) && !well.joins_minimum(&[1.0, 0.0], -0.01));
        assert!(DoubleWell::new([1.0, -1.0], 0.0, 1.0).is_err());
    }
}
