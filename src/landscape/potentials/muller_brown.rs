//! # Müller and Brown's potential
//!
//! `F(x, y) = c Σ_k A_k exp(a_k (x-x_k)² + b_k (x-x_k)(y-y_k) + c_k (y-y_k)²)` with four terms: three wells that fall off in all directions and a hill
//! that grows in all directions. The standard test of searches for reaction paths: three minima, a curved valley, and two saddles between them.
//!
//! | minimum | `F/c` | saddle | `F/c` |
//! |---|---|---|---|
//! | (-0.5582, 1.4417) | -146.700 | (-0.8220, 0.6243) | -40.665 |
//! | (-0.0500, 0.4667) | -80.768 | (0.2125, 0.2930) | -72.249 |
//! | (0.6235, 0.0280) | -108.167 | | |
//!
//! The exponent `q` of the fourth term is positive definite: the potential confines, but `e^q` leaves the finite numbers at a distance of some 30, and
//! Lévy jumps go farther. Beyond the ellipse `q = 8`, which lies outside the window of the minima, `e^q` is replaced by its Taylor polynomial of
//! degree 2 at 8. There the other terms are below 10⁻³ of it, and the gradient of any increasing function of `q` has the direction of `∇q`: the
//! lines of the gradient flow, and so the basins of attraction, are those of the original, and only the speed on them is smaller.
//!
//! # References
//! - Müller, Brown (1979), *Location of Saddle Points and Minimum Energy Paths by a Constrained Simplex Optimization Procedure*, Theor. Chim. Acta 53,
//!   75-93, footnote 7.

use nalgebra::{DMatrix, dmatrix};

use super::super::minimum::descend;
use super::super::{LandscapeError, Minima, PlanarWells, Potential};

/// `A, a, b, c, x, y` of the four terms.
const TERMS: [[f64; 6]; 4] = [
    [-200.0, -1.0, 0.0, -10.0, 1.0, 0.0],
    [-100.0, -1.0, 0.0, -10.0, 0.0, 0.5],
    [-170.0, -6.5, 11.0, -6.5, -0.5, 1.5],
    [15.0, 0.7, 0.6, 0.7, -1.0, 1.0],
];
/// The minima, from left to right.
const MINIMA: [[f64; 2]; 3] = [[-0.5582, 1.4417], [-0.0500, 0.4667], [0.6235, 0.0280]];
/// Corners of a window that holds all minima and saddles.
const WINDOW: [[f64; 2]; 2] = [[-1.5, -0.5], [1.2, 2.2]];
/// The exponent beyond which `e^q` is a parabola in `q`.
const FARTHEST: f64 = 8.0;

/// Müller and Brown's surface, times a factor.
///
/// # Example
/// ```
/// use levy_escape::landscape::{MullerBrown, Potential};
///
/// let surface = MullerBrown::new(1.0, 0)?;
/// assert!((surface.value(surface.minimum()) + 146.6995).abs() < 1e-4);
/// # Ok::<(), levy_escape::landscape::LandscapeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MullerBrown {
    scale: f64,
    minimum: Vec<f64>,
}

impl MullerBrown {
    /// The surface times `scale`; `θ*` is the minimum number `well` of three, counted from 0 and from left to right.
    ///
    /// # Errors
    /// [`LandscapeError::Size`] for a scale that is not positive, [`LandscapeError::WellCount`] for a fourth well.
    pub fn new(scale: f64, well: usize) -> Result<Self, LandscapeError> {
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(LandscapeError::Size { what: "scale", value: scale });
        }
        let Some(start) = MINIMA.get(well) else {
            return Err(LandscapeError::NoSuchWell { well: well + 1, count: MINIMA.len() });
        };
        // The minimum does not depend on the scale, whose extremes would disturb the search.
        let surface = MullerBrown { scale: 1.0, minimum: start.to_vec() };
        let minimum = descend(&surface, start, false)?;
        Ok(MullerBrown { scale, minimum })
    }

    /// The factor of the surface.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

/// Value and first two derivatives of a term in its exponent, the gradient of the exponent, and the entries of its Hessian.
struct Term {
    exponential: [f64; 3],
    slope: [f64; 2],
    bend: [f64; 3],
}

impl Term {
    #[inline]
    fn at(&[size, a, b, c, at_x, at_y]: &[f64; 6], x: &[f64]) -> Self {
        let (u, v) = (x[0] - at_x, x[1] - at_y);
        let q = a * u * u + b * u * v + c * v * v;
        let exponential = if q <= FARTHEST {
            [size * q.exp(); 3]
        } else {
            let (rim, beyond) = (size * FARTHEST.exp(), q - FARTHEST);
            [rim * (1.0 + beyond * (1.0 + 0.5 * beyond)), rim * (1.0 + beyond), rim]
        };
        Term { exponential, slope: [2.0 * a * u + b * v, b * u + 2.0 * c * v], bend: [2.0 * a, b, 2.0 * c] }
    }
}

impl Potential for MullerBrown {
    fn dim(&self) -> usize {
        2
    }

    fn value(&self, x: &[f64]) -> f64 {
        self.scale * TERMS.iter().map(|term| Term::at(term, x).exponential[0]).sum::<f64>()
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        let mut sum = [0.0; 2];
        for term in &TERMS {
            let Term { exponential, slope, .. } = Term::at(term, x);
            // Far out the exponential is 0 and the slope may be infinite.
            if exponential[1] != 0.0 {
                sum[0] += exponential[1] * slope[0];
                sum[1] += exponential[1] * slope[1];
            }
        }
        gradient.copy_from_slice(&sum.map(|g| self.scale * g));
    }

    fn minimum(&self) -> &[f64] {
        &self.minimum
    }

    fn hessian(&self, x: &[f64]) -> DMatrix<f64> {
        let mut sum = [0.0; 3];
        for term in &TERMS {
            let Term { exponential: [_, first, second], slope: [u, v], bend } = Term::at(term, x);
            if first != 0.0 {
                let square = [u * u, u * v, v * v];
                sum.iter_mut().zip(bend).zip(square).for_each(|((h, b), s)| *h += first * b + second * s);
            }
        }
        let [xx, xy, yy] = sum.map(|h| self.scale * h);
        dmatrix![xx, xy; xy, yy]
    }

    fn minima(&self) -> Option<Minima> {
        PlanarWells::landing_minima(self)
    }

    fn landmarks(&self) -> Option<Vec<[f64; 2]>> {
        Some(WINDOW.into_iter().chain(MINIMA).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::potential::tests::{gradient_agrees_with_value, hessian_agrees_with_gradient};
    use crate::noise::{Seed, Stream};
    use rand::RngExt;

    /// Landing points are named by the three minima, from left to right.
    #[test]
    fn paths_land_in_its_wells() {
        let surface = MullerBrown::new(1.0, 0).unwrap();
        let minima = surface.minima().unwrap();
        assert_eq!(minima.count(), MINIMA.len());
        for (well, point) in [[-0.558, 1.442], [-0.05, 0.467], [0.623, 0.028]].into_iter().enumerate() {
            assert_eq!(minima.well_of(&surface, &point), Some(well));
        }
    }

    #[test]
    fn derivatives_agree_with_differences() {
        let surface = MullerBrown::new(0.02, 0).unwrap();
        let mut rng = Stream::new(Seed(32), 0, 0);
        for reach in [1.0, 3.0, 30.0] {
            for _ in 0..200 {
                let x =
                    [-0.2 + reach * (2.8 * rng.random::<f64>() - 1.4), 0.8 + reach * (3.0 * rng.random::<f64>() - 1.5)];
                gradient_agrees_with_value(&surface, &x);
                hessian_agrees_with_gradient(&surface, &x);
            }
        }
    }

    /// The published minima.
    #[test]
    fn minima_are_the_published_ones() {
        for (well, value) in [-146.6995, -80.7678, -108.1667].into_iter().enumerate() {
            let surface = MullerBrown::new(3.0, well).unwrap();
            assert!((surface.value(surface.minimum()) - 3.0 * value).abs() < 3e-4, "{well}");
            let mut gradient = [0.0; 2];
            surface.gradient(surface.minimum(), &mut gradient);
            assert!(gradient[0].hypot(gradient[1]) < 1e-9 && surface.hessian(surface.minimum()).cholesky().is_some());
        }
        assert!(MullerBrown::new(1.0, 3).is_err() && MullerBrown::new(0.0, 0).is_err());
    }

    /// A force at any distance that a jump may reach, towards the centre.
    #[test]
    fn the_surface_is_finite_far_out() {
        let surface = MullerBrown::new(1.0, 0).unwrap();
        for far in [10.0, 1e3, 1e12, 1e30] {
            for (x, y) in [(1.0, 0.0), (-0.6, 0.8), (0.0, -1.0), (0.7, -0.7)] {
                let mut gradient = [0.0; 2];
                surface.gradient(&[far * x, far * y], &mut gradient);
                assert!(gradient[0] * x + gradient[1] * y > 0.0 && gradient.iter().all(|g| g.is_finite()), "{far}");
            }
        }
    }
}
