//! Distances to the edge of a domain along its normal.

use super::Form;
use super::basin::{Basin, Region};

impl Basin {
    /// Signed distance to the edge of a smooth domain near `x`, positive inside, and the outward unit normal there.
    ///
    /// Measured along the gradient of the gauge: exact for balls, second order in the distance otherwise. Boxes have
    /// corners; use [`Basin::sides`] for them.
    pub(crate) fn edge(&self, x: &[f64], normal: &mut [f64]) -> f64 {
        match &self.region {
            Region::Ball { radius } => {
                let norm = self.offsets(x).map(|y| y * y).sum::<f64>().sqrt();
                if norm == 0.0 {
                    return self.centre_distance(normal);
                }
                normal.iter_mut().zip(self.offsets(x)).for_each(|(n, y)| *n = y / norm);
                radius - norm
            }
            Region::Ellipsoid { semi_axes } => {
                normal.iter_mut().zip(self.offsets(x)).zip(semi_axes).for_each(|((n, y), a)| *n = y / (a * a));
                let norm = normal.iter().map(|n| n * n).sum::<f64>().sqrt();
                if norm == 0.0 {
                    return self.centre_distance(normal);
                }
                let (mut a, mut b, mut c) = (0.0, 0.0, -1.0);
                for ((n, y), axis) in normal.iter_mut().zip(self.offsets(x)).zip(semi_axes) {
                    *n /= norm;
                    a += (*n / axis) * (*n / axis);
                    b += *n * y / (axis * axis);
                    c += (y / axis) * (y / axis);
                }
                ((b * b - a * c).max(0.0).sqrt() - b) / a
            }
            Region::Level { height, floor, reach } => {
                self.potential().gradient(x, normal);
                let norm = normal.iter().map(|n| n * n).sum::<f64>().sqrt();
                if norm == 0.0 {
                    return self.centre_distance(normal);
                }
                normal.iter_mut().for_each(|n| *n /= norm);
                let below = floor + height - self.potential().value(x);
                if below == 0.0 {
                    return 0.0;
                }
                // The curvature along the normal comes from a second gradient at the current estimate, which is exact for
                // quadratics. Near the minimum the first estimate would lie far outside.
                let mut distance = (below / norm).clamp(-reach, *reach);
                let mut gradient = vec![0.0; x.len()];
                let guesses = if matches!(self.potential().form(), Form::General) { 3 } else { 1 };
                for _ in 0..guesses {
                    let ahead: Vec<f64> = x.iter().zip(normal.iter()).map(|(x, n)| x + distance * n).collect();
                    self.potential().gradient(&ahead, &mut gradient);
                    let slope: f64 = gradient.iter().zip(normal.iter()).map(|(g, n)| g * n).sum();
                    let curvature = (slope - norm) / distance;
                    // The root of ½ curvature s² + norm s = below with the sign of `below`, in its numerically stable form.
                    let root = (norm * norm + 2.0 * curvature * below).max(0.0).sqrt();
                    distance = (2.0 * below / (norm + root)).clamp(-reach, *reach);
                }
                distance
            }
            Region::Box { lo, hi } => {
                let mut nearest = f64::INFINITY;
                let mut face = (0, 1.0);
                for i in 0..x.len() {
                    for (distance, sign) in [(hi[i] - x[i], 1.0), (x[i] - lo[i], -1.0)] {
                        if distance < nearest {
                            (nearest, face) = (distance, (i, sign));
                        }
                    }
                }
                normal.fill(0.0);
                normal[face.0] = face.1;
                nearest
            }
            Region::Until(target) => target.distance(x, normal),
            // Where it is not known, the schemes that need it refuse the domain.
            Region::Attraction(basin) => match basin.nearest(self.potential(), x) {
                Some(nearest) => {
                    normal.copy_from_slice(&nearest.normal);
                    nearest.distance
                }
                None => self.centre_distance(normal),
            },
        }
    }

    /// The nearest exit along the axes, for a path at the minimum, where the gauge has no gradient.
    fn centre_distance(&self, normal: &mut [f64]) -> f64 {
        let mut nearest = (f64::INFINITY, 0);
        for axis in 0..normal.len() {
            normal.fill(0.0);
            normal[axis] = 1.0;
            let distance = self.exit_distance(normal);
            if distance < nearest.0 {
                nearest = (distance, axis);
            }
        }
        normal.fill(0.0);
        normal[nearest.1] = 1.0;
        nearest.0
    }
}

#[cfg(test)]
mod tests {
    use crate::landscape::basin::tests::all_shapes;
    use std::f64::consts::PI;

    #[test]
    fn edge_distance_vanishes_on_the_edge_and_has_unit_slope() {
        for basin in all_shapes().into_iter().skip(1) {
            for k in 0..12 {
                let angle = 0.05 + PI * f64::from(k) / 6.0;
                let v = [angle.cos(), angle.sin()];
                let r = basin.exit_distance(&v);
                let on_edge: Vec<f64> = basin.minimum().iter().zip(v).map(|(m, v)| m + r * v).collect();
                let (mut normal, mut other) = ([0.0; 2], [0.0; 2]);
                assert!(basin.edge(&on_edge, &mut normal).abs() < 1e-6, "{basin:?}");
                for depth in [0.01, -0.01] {
                    let inner: Vec<f64> = on_edge.iter().zip(normal).map(|(x, n)| x - depth * n).collect();
                    let distance = basin.edge(&inner, &mut other);
                    assert!((distance - depth).abs() < 1e-3, "{basin:?} {depth} {distance}");
                }
            }
        }
    }
}
