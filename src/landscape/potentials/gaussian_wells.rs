//! # Gaussian wells in the plane
//!
//! `F(x) = ½ k |x|² - Σ_i d_i exp(-|x - p_i|²/(2 w_i²))`: wells with the positions `p_i`, widths `w_i` and depths `d_i` in a bowl of curvature `k > 0`
//! around the origin. Widths and depths are chosen independently, and the bowl brings every path back.
//!
//! `∇F = k x + Σ_i (d_i/w_i²) e_i (x - p_i)` and `∇²F = k I + Σ_i (d_i/w_i²) e_i (I - (x - p_i)(x - p_i)ᵀ/w_i²)` with
//! `e_i = exp(-|x - p_i|²/(2 w_i²))`. Where the gradient vanishes, `x` is an average of the origin and the positions with positive weights, so that
//! all minima and saddles lie in their convex hull. The minimum of a well lies beside its position, drawn towards the bowl and other wells; a well that
//! is too shallow for its place has none.

use std::f64::consts::TAU;

use nalgebra::{DMatrix, dmatrix};

use super::super::minimum::descend;
use super::super::{LandscapeError, Minima, PlanarWells, Potential};

/// One well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianWell {
    /// Position `p`.
    pub position: [f64; 2],
    /// Width `w`, the standard deviation.
    pub width: f64,
    /// Depth `d` below the bowl.
    pub depth: f64,
}

/// A sum of Gaussian wells in a quadratic bowl, in two dimensions.
///
/// # Example
/// ```
/// use levy_escape::landscape::{GaussianWell, GaussianWells, Potential};
///
/// let sharp = GaussianWell { position: [-1.0, 0.0], width: 0.3, depth: 2.0 };
/// let flat = GaussianWell { position: [1.0, 0.5], width: 0.8, depth: 1.0 };
/// let wells = GaussianWells::new(vec![sharp, flat], 0.1, 1)?;
/// assert!((wells.minimum()[0] - 1.0).abs() < 0.1);
/// # Ok::<(), levy_escape::landscape::LandscapeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GaussianWells {
    wells: Vec<GaussianWell>,
    curvature: f64,
    minimum: Vec<f64>,
}

impl GaussianWells {
    /// Largest number of wells.
    pub const MOST: usize = 100;

    /// `wells` in a bowl of the given curvature; `θ*` is the minimum of well number `well`, counted from 0.
    ///
    /// # Errors
    /// [`LandscapeError::WellCount`] for no well, more than 100, or a `well` that is not there; [`LandscapeError::NotFinite`];
    /// [`LandscapeError::Size`] for a width, depth or curvature that is not positive; [`LandscapeError::LostWell`] if there is no minimum within a
    /// width of the position of that well.
    pub fn new(wells: Vec<GaussianWell>, curvature: f64, well: usize) -> Result<Self, LandscapeError> {
        let count = wells.len();
        if !(1..=Self::MOST).contains(&count) {
            let expected = count.clamp(1, Self::MOST);
            return Err(LandscapeError::WellCount { what: "Gaussian wells", found: count, expected });
        }
        let sizes = wells.iter().flat_map(|w| [("width", w.width), ("depth", w.depth)]);
        for (what, value) in sizes.chain([("curvature of the bowl", curvature)]) {
            // The curvature of a well is `d/w²`.
            if !(value > 0.0 && value.is_finite() && (value * value).is_normal()) {
                return Err(LandscapeError::Size { what, value });
            }
        }
        if let Some(&value) = wells.iter().flat_map(|w| &w.position).find(|x| !x.is_finite()) {
            return Err(LandscapeError::NotFinite { what: "position of a well", value });
        }
        let Some(&chosen) = wells.get(well) else {
            return Err(LandscapeError::NoSuchWell { well: well + 1, count });
        };
        let mut landscape = GaussianWells { wells, curvature, minimum: chosen.position.to_vec() };
        let found = descend(&landscape, &chosen.position, true)?;
        let moved = (found[0] - chosen.position[0]).hypot(found[1] - chosen.position[1]);
        if !(moved <= chosen.width) {
            return Err(LandscapeError::LostWell { well, position: chosen.position, found });
        }
        landscape.minimum = found;
        Ok(landscape)
    }

    /// The wells.
    pub fn wells(&self) -> &[GaussianWell] {
        &self.wells
    }

    /// The curvature of the bowl.
    pub fn curvature(&self) -> f64 {
        self.curvature
    }
}

impl GaussianWell {
    /// `x - p` and `(d/w²) e(x)`.
    #[inline]
    fn pull(&self, x: &[f64]) -> ([f64; 2], f64) {
        let y = [x[0] - self.position[0], x[1] - self.position[1]];
        let square = self.width * self.width;
        (y, self.depth / square * (-0.5 * (y[0] * y[0] + y[1] * y[1]) / square).exp())
    }
}

impl Potential for GaussianWells {
    fn dim(&self) -> usize {
        2
    }

    fn value(&self, x: &[f64]) -> f64 {
        let wells: f64 = self.wells.iter().map(|well| well.pull(x).1 * well.width * well.width).sum();
        0.5 * self.curvature * (x[0] * x[0] + x[1] * x[1]) - wells
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        let [mut gx, mut gy] = [self.curvature * x[0], self.curvature * x[1]];
        for well in &self.wells {
            let (y, pull) = well.pull(x);
            if pull > 0.0 {
                gx += pull * y[0];
                gy += pull * y[1];
            }
        }
        gradient.copy_from_slice(&[gx, gy]);
    }

    fn minimum(&self) -> &[f64] {
        &self.minimum
    }

    fn hessian(&self, x: &[f64]) -> DMatrix<f64> {
        let (mut xx, mut xy, mut yy) = (self.curvature, 0.0, self.curvature);
        for well in &self.wells {
            let (y, pull) = well.pull(x);
            if pull > 0.0 {
                let [u, v] = y.map(|y| y / well.width);
                xx += pull * (1.0 - u * u);
                xy -= pull * u * v;
                yy += pull * (1.0 - v * v);
            }
        }
        dmatrix![xx, xy; xy, yy]
    }

    fn minima(&self) -> Option<Minima> {
        PlanarWells::landing_minima(self)
    }

    fn landmarks(&self) -> Option<Vec<[f64; 2]>> {
        // Around a narrow well its saddles are some widths away.
        let around = self.wells.iter().flat_map(|well| {
            let ring = move |k: usize| {
                let (angle, r) = (TAU * (k % 16) as f64 / 16.0, well.width * [1.0, 1.5, 2.2, 3.2][k / 16]);
                [well.position[0] + r * angle.cos(), well.position[1] + r * angle.sin()]
            };
            std::iter::once(well.position).chain((0..64).map(ring))
        });
        Some(std::iter::once([0.0; 2]).chain(around).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::potential::tests::{gradient_agrees_with_value, hessian_agrees_with_gradient};
    use crate::noise::{Seed, Stream};
    use rand::RngExt;

    #[test]
    fn derivatives_agree_with_differences() {
        let mut rng = Stream::new(Seed(31), 0, 0);
        for _ in 0..100 {
            let mut well = || GaussianWell {
                position: [4.0 * rng.random::<f64>() - 2.0, 4.0 * rng.random::<f64>() - 2.0],
                width: 0.2 + rng.random::<f64>(),
                depth: 0.1 + 3.0 * rng.random::<f64>(),
            };
            let list = vec![well(), well(), well()];
            let landscape = GaussianWells { wells: list, curvature: 0.3, minimum: vec![0.0; 2] };
            for _ in 0..5 {
                let x = [6.0 * rng.random::<f64>() - 3.0, 6.0 * rng.random::<f64>() - 3.0];
                gradient_agrees_with_value(&landscape, &x);
                hessian_agrees_with_gradient(&landscape, &x);
            }
        }
    }

    /// A single well at the origin: `F = ½ k r² - d e^(-r²/2w²)`.
    #[test]
    fn one_well_by_hand() {
        let well = GaussianWell { position: [0.0; 2], width: 0.5, depth: 2.0 };
        let landscape = GaussianWells::new(vec![well], 0.4, 0).unwrap();
        assert_eq!((landscape.value(&[0.0; 2]), landscape.minimum()), (-2.0, &[0.0; 2][..]));
        assert!((landscape.value(&[0.3, 0.4]) - (0.05 - 2.0 * (-0.5f64).exp())).abs() < 1e-14);
        let hessian = landscape.hessian(&[0.0; 2]);
        assert!((hessian - DMatrix::identity(2, 2) * 8.4).amax() < 1e-14);
        // Far out only the bowl is left.
        let mut gradient = [0.0; 2];
        landscape.gradient(&[1e200, -1e200], &mut gradient);
        assert_eq!(gradient, [0.4e200, -0.4e200]);
    }

    #[test]
    fn wells_that_are_none_are_refused() {
        let well = |x: f64, width: f64, depth: f64| GaussianWell { position: [x, 0.0], width, depth };
        let of = |wells: Vec<GaussianWell>, k: f64, chosen: usize| GaussianWells::new(wells, k, chosen).unwrap_err();
        assert!(matches!(of(vec![], 1.0, 0), LandscapeError::WellCount { .. }));
        assert!(matches!(of(vec![well(0.0, 1.0, 1.0)], 1.0, 1), LandscapeError::NoSuchWell { .. }));
        assert!(matches!(of(vec![well(0.0, 0.0, 1.0)], 1.0, 0), LandscapeError::Size { what: "width", .. }));
        assert!(matches!(of(vec![well(0.0, 1.0, f64::NAN)], 1.0, 0), LandscapeError::Size { what: "depth", .. }));
        assert!(matches!(of(vec![well(0.0, 1.0, 1.0)], 0.0, 0), LandscapeError::Size { .. }));
        assert!(matches!(of(vec![well(f64::INFINITY, 1.0, 1.0)], 1.0, 0), LandscapeError::NotFinite { .. }));
        // On the slope of the bowl at 3 a depth of .1 makes no minimum.
        let lost = of(vec![well(0.0, 0.5, 1.0), well(3.0, 0.5, 0.1)], 1.0, 1);
        assert!(matches!(lost, LandscapeError::LostWell { well: 1, .. }), "{lost}");
    }
}
