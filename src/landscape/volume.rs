//! The volume of a domain.

use super::Form;
use super::basin::{Basin, Region};
use super::sphere::{average, unit_ball_volume};

/// A volume with the standard error of its quadrature, 0 for a closed form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Volume {
    /// The `d`-dimensional volume of the domain.
    pub value: f64,
    /// Standard error of `value`.
    pub error: f64,
}

impl Basin {
    /// Volume of the domain, infinite if a side is, not a number for a basin of attraction that is followed: a closed form, or `V_d E_u[r(u)^d]`
    /// with its standard error.
    pub fn volume(&self) -> Volume {
        let dim = self.dim();
        let exact = |value| Volume { value, error: 0.0 };
        match &self.region {
            Region::Box { lo, hi } => exact(lo.iter().zip(hi).map(|(lo, hi)| hi - lo).product()),
            Region::Until(_) => exact(f64::INFINITY),
            Region::Attraction(_) => exact(f64::NAN),
            Region::Ball { radius } => exact(unit_ball_volume(dim) * radius.powi(dim as i32)),
            Region::Ellipsoid { semi_axes } => exact(unit_ball_volume(dim) * semi_axes.iter().product::<f64>()),
            Region::Level { height, .. } => {
                let axis = |k: f64| (2.0 * height / k).sqrt();
                match self.potential().form() {
                    Form::Diagonal(k) => exact(unit_ball_volume(dim) * k.iter().map(|k| axis(*k)).product::<f64>()),
                    Form::Dense(h) => {
                        let product = h.symmetric_eigenvalues().iter().map(|k| axis(*k)).product::<f64>();
                        exact(unit_ball_volume(dim) * product)
                    }
                    // In every orthant the level set is part of another ellipsoid.
                    Form::Asymmetric { left, right } => {
                        let mean = left.iter().zip(right).map(|(l, r)| 0.5 * (axis(*l) + axis(*r)));
                        exact(unit_ball_volume(dim) * mean.product::<f64>())
                    }
                    _ => {
                        let ball = unit_ball_volume(dim);
                        let (value, error) = average(dim, |u| self.exit_distance(u).powi(dim as i32));
                        Volume { value: ball * value, error: ball * error }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::landscape::basin::tests::all_shapes;

    /// Compares volumes with counts of grid points: 1 % for 10^6 cells of a two-dimensional set.
    #[test]
    fn volumes_agree_with_counting() {
        for basin in all_shapes() {
            let (n, reach) = (1000, 4.0);
            let inside = (0..n * n).filter(|k| {
                let x = [(k % n) as f64, (k / n) as f64].map(|i| reach * ((i + 0.5) / n as f64 * 2.0 - 1.0));
                basin.contains(&x)
            });
            let counted = inside.count() as f64 * (2.0 * reach / n as f64).powi(2);
            let volume = basin.volume().value;
            assert!((counted / volume - 1.0).abs() < 0.01, "{basin:?}: {counted} {volume}");
        }
    }
}
