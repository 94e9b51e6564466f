//! Distances to the edge of a basin from a point inside.

use super::attraction::Attraction;
use super::basin::{Basin, Region};
use super::{Form, Potential};

/// A point inside a basin, with the numbers that all rays from it need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewpoint<'a> {
    basin: &'a Basin,
    x: &'a [f64],
    /// `1 - g²` with the gauge `g` of an ellipsoid, the height below the edge of a level set.
    depth: f64,
}

impl Basin {
    /// The point `x`.
    pub(crate) fn seen_from<'a>(&'a self, x: &'a [f64]) -> Viewpoint<'a> {
        let depth = match &self.region {
            Region::Box { .. } | Region::Until(_) | Region::Attraction(_) => 0.0,
            Region::Ball { radius } => 1.0 - self.offsets(x).map(|y| (y / radius) * (y / radius)).sum::<f64>(),
            Region::Ellipsoid { semi_axes } => {
                1.0 - self.offsets(x).zip(semi_axes).map(|(y, a)| (y / a) * (y / a)).sum::<f64>()
            }
            Region::Level { height, floor, .. } => floor + height - self.potential().value(x),
        };
        Viewpoint { basin: self, x, depth }
    }

    /// The gauge `g` of the domain at `x`, 1 on the edge, and its gradient; for boxes see [`Basin::sides`].
    pub(crate) fn gauge_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        match &self.region {
            Region::Ball { radius } => {
                let radius = *radius;
                self.ellipsoid_gauge(x, |_| radius, gradient)
            }
            Region::Ellipsoid { semi_axes } => self.ellipsoid_gauge(x, |i| semi_axes[i], gradient),
            Region::Level { height, floor, .. } if !matches!(self.potential().form(), Form::General) => {
                // Homogeneous of degree two about the minimum.
                let gauge = ((self.potential().value(x) - floor) / height).max(0.0).sqrt();
                self.potential().gradient(x, gradient);
                let scale = if gauge > 0.0 { 0.5 / (height * gauge) } else { 0.0 };
                gradient.iter_mut().for_each(|g| *g *= scale);
                gauge
            }
            Region::Attraction(basin) => {
                // In units of the core.
                let distance = self.edge(x, gradient);
                gradient.iter_mut().for_each(|g| *g /= basin.core());
                1.0 - distance / basin.core()
            }
            _ => {
                // In units of the distance itself.
                let distance = self.edge(x, gradient);
                1.0 - distance
            }
        }
    }

    fn ellipsoid_gauge(&self, x: &[f64], semi_axis: impl Fn(usize) -> f64, gradient: &mut [f64]) -> f64 {
        let mut square = 0.0f64;
        for (i, (y, gradient)) in self.offsets(x).zip(gradient.iter_mut()).enumerate() {
            let part = y / semi_axis(i);
            square += part * part;
            *gradient = part / semi_axis(i);
        }
        let gauge = square.sqrt();
        let scale = if gauge > 0.0 { 1.0 / gauge } else { 0.0 };
        gradient.iter_mut().for_each(|g| *g *= scale);
        gauge
    }
}

impl Viewpoint<'_> {
    /// The shorter of the two distances to the edge along `± direction`, in units of that vector; 0 outside, infinite if neither ray
    /// meets the edge. Accurate to a few per cent for level sets of potentials that are not quadratic.
    pub fn nearest_exit(&self, direction: &[f64]) -> f64 {
        match &self.basin.region {
            Region::Box { lo, hi } => {
                let faces = direction.iter().zip(self.x).zip(lo).zip(hi);
                let nearest = faces.map(|(((v, x), lo), hi)| face_exit(*v, *x, [*lo, *hi]));
                nearest.fold(f64::INFINITY, f64::min).max(0.0)
            }
            Region::Ball { radius } => self.ellipsoid_exit(direction, |_| *radius),
            Region::Ellipsoid { semi_axes } => self.ellipsoid_exit(direction, |i| semi_axes[i]),
            Region::Level { reach, .. } => {
                let [behind, ahead] = self.level_exits(direction, *reach);
                behind.min(ahead)
            }
            Region::Attraction(basin) => {
                let [behind, ahead] = self.followed_exits(basin, direction);
                behind.min(ahead)
            }
            Region::Until(target) => {
                let way = |sign: f64| target.entry(self.x.iter().copied(), direction.iter().map(|v| sign * v));
                way(-1.0).min(way(1.0))
            }
        }
    }

    /// The distances to the edge on the lower and the upper side of the axis, in units of `|v|`; 0 outside, infinite for `v = 0`. The cost does
    /// not grow with the dimension, except for level sets of coupled axes. Accurate to a few per cent for level sets without a closed form.
    pub fn axis_exits(&self, axis: usize, v: f64) -> [f64; 2] {
        if v == 0.0 {
            return [f64::INFINITY; 2];
        }
        let (v, y) = (v.abs(), self.x[axis] - self.basin.minimum()[axis]);
        let semi_axis = match &self.basin.region {
            Region::Box { lo, hi } => {
                return [self.x[axis] - lo[axis], hi[axis] - self.x[axis]].map(|way| (way / v).max(0.0));
            }
            Region::Attraction(basin) => {
                let mut direction = vec![0.0; self.x.len()];
                direction[axis] = v;
                return self.followed_exits(basin, &direction);
            }
            Region::Until(target) => {
                return [-v, v].map(|v| {
                    let direction = (0..self.x.len()).map(|i| if i == axis { v } else { 0.0 });
                    target.entry(self.x.iter().copied(), direction)
                });
            }
            Region::Ball { radius } => *radius,
            Region::Ellipsoid { semi_axes } => semi_axes[axis],
            Region::Level { reach, .. } => {
                if let Some(curvatures) = self.basin.potential().form().curvatures_of(axis) {
                    return level_axis_exits(y, curvatures, self.depth).map(|way| way / v);
                }
                let mut direction = vec![0.0; self.x.len()];
                direction[axis] = v;
                return self.level_exits(&direction, *reach);
            }
        };
        let (part, step) = (y / semi_axis, v / semi_axis);
        roots(step * step, part * step, self.depth)
    }

    /// The ways against `direction` and along it to the edge of a basin of attraction; from the minimum where the edge is not known, which the schemes
    /// that need more refuse.
    fn followed_exits(&self, basin: &Attraction, direction: &[f64]) -> [f64; 2] {
        match basin.edge(self.basin.potential()) {
            Some(edge) => edge.exits(self.x, direction),
            None => [-1.0, 1.0].map(|sign| {
                let way: Vec<f64> = direction.iter().map(|v| sign * v).collect();
                self.basin.exit_distance(&way)
            }),
        }
    }

    fn ellipsoid_exit(&self, direction: &[f64], semi_axis: impl Fn(usize) -> f64) -> f64 {
        let (mut a, mut b) = (0.0, 0.0);
        for (i, (y, v)) in self.basin.offsets(self.x).zip(direction).enumerate() {
            let step = v / semi_axis(i);
            a += step * step;
            b += step * (y / semi_axis(i));
        }
        let [behind, ahead] = roots(a, b, self.depth);
        behind.min(ahead)
    }

    /// The ways against `direction` and along it.
    fn level_exits(&self, direction: &[f64], reach: f64) -> [f64; 2] {
        let potential: &dyn Potential = self.basin.potential();
        let dim = direction.len();
        let mut point = vec![0.0; dim];
        let mut at = |s: f64| {
            point.iter_mut().zip(self.x).zip(direction).for_each(|((p, x), v)| *p = x + s * v);
            potential.value(&point)
        };
        let norm = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
        if norm == 0.0 {
            return [f64::INFINITY; 2];
        }
        if self.depth <= 0.0 {
            return [0.0; 2];
        }
        let here = at(0.0);
        if let Form::Flat | Form::Diagonal(_) | Form::Dense(_) = potential.form() {
            // `F(x + s v) = F(x) + b s + a s²`, from values on both sides of the point at the scale of the basin.
            let s = reach / norm;
            let [behind, ahead] = [at(-s) - here, at(s) - here];
            return roots(0.5 * (ahead + behind) / (s * s), 0.25 * (ahead - behind) / s, self.depth);
        }
        // Bisection of the logarithm, down to a thousandth of the longest distance.
        let level = here + self.depth;
        let way = |sign: f64, at: &mut dyn FnMut(f64) -> f64| {
            let (mut inside, mut outside) = (1e-3 * reach / norm, 2.0 * reach / norm);
            if at(sign * inside) >= level {
                return inside;
            }
            for _ in 0..8 {
                let middle = (inside * outside).sqrt();
                if at(sign * middle) < level { inside = middle } else { outside = middle }
            }
            inside
        };
        [-1.0, 1.0].map(|sign| way(sign, &mut at))
    }
}

/// The distance from `x` to the nearer end of an interval in units of `v`.
fn face_exit(v: f64, x: f64, [lo, hi]: [f64; 2]) -> f64 {
    if v == 0.0 { f64::INFINITY } else { (hi - x).min(x - lo) / v.abs() }
}

/// The ways downwards and upwards from `y` to where `½ k± y²` has risen by `depth`; 0 for a point outside.
fn level_axis_exits(y: f64, [left, right]: [f64; 2], depth: f64) -> [f64; 2] {
    if depth <= 0.0 {
        return [0.0; 2];
    }
    // On the side of the point the difference of the two roots in a form that does not cancel.
    let (k, other) = if y < 0.0 { (left, right) } else { (right, left) };
    let top = y * y + 2.0 * depth / k;
    let onward = 2.0 * depth / k / (y.abs() + top.sqrt());
    let back = y.abs() + (top * k / other).sqrt();
    if y < 0.0 { [onward, back] } else { [back, onward] }
}

/// The positive `s` with `a s² - 2 b s = depth` and with `a s² + 2 b s = depth`, `a >= 0`; 0 for a point outside.
fn roots(a: f64, b: f64, depth: f64) -> [f64; 2] {
    if a == 0.0 {
        return [f64::INFINITY; 2];
    }
    let depth = depth.max(0.0);
    let sum = b.abs() + (b * b + a * depth).sqrt();
    let [onward, back] = [depth / sum, sum / a];
    if b < 0.0 { [onward, back] } else { [back, onward] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Asymmetric, Domain, DoubleWell, Quadratic};

    fn shapes() -> Vec<Basin> {
        let bowl = || Quadratic::new(vec![2.0, 0.5]).unwrap().centred_at(vec![0.1, -0.2]).unwrap();
        let valley = Asymmetric::new(vec![4.0, 1.0], vec![1.0, 0.5]).unwrap();
        let wells = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap().with_transverse(vec![1.0]).unwrap();
        vec![
            Basin::new(bowl(), Domain::Box(vec![[-1.0, 1.0], [-2.0, 1.5]])).unwrap(),
            Basin::new(bowl(), Domain::ball(0.8)).unwrap(),
            Basin::new(bowl(), Domain::Ellipsoid { semi_axes: vec![0.5, 1.3] }).unwrap(),
            Basin::new(bowl(), Domain::Level { height: 0.4 }).unwrap(),
            Basin::new(valley, Domain::Level { height: 0.4 }).unwrap(),
            Basin::new(wells, Domain::Level { height: 0.2 }).unwrap(),
        ]
    }

    /// Both ends at nine tenths of the nearest distance are inside, and at eleven tenths at least one is outside; along an axis this holds for
    /// either side.
    #[test]
    fn the_nearest_exit_is_an_exit() {
        for basin in shapes() {
            let minimum = basin.minimum().to_vec();
            for (k, direction) in [[0.3, 0.1], [-0.2, 0.9], [0.0, 2.0]].into_iter().enumerate() {
                let x = [minimum[0] + 0.1 * k as f64, minimum[1] - 0.1];
                let way = basin.seen_from(&x).nearest_exit(&direction);
                let inside = |s: f64| basin.contains(&[x[0] + s * direction[0], x[1] + s * direction[1]]);
                assert!(inside(0.9 * way) && inside(-0.9 * way), "{basin:?} {direction:?} {way}");
                assert!(!inside(1.1 * way) || !inside(-1.1 * way), "{basin:?} {direction:?} {way}");
            }
            let x = [minimum[0] + 0.05, minimum[1] - 0.1];
            let view = basin.seen_from(&x);
            for (axis, direction) in [[-0.7, 0.0], [0.0, 0.4]].into_iter().enumerate() {
                let exits = view.axis_exits(axis, direction[axis]);
                let along = exits[0].min(exits[1]);
                let bisected = matches!(basin.potential().form(), Form::General | Form::Asymmetric { .. })
                    && basin.sides().is_none();
                let tolerance = if bisected { 0.05 } else { 1e-12 };
                assert!((along / view.nearest_exit(&direction) - 1.0).abs() < tolerance, "{basin:?}");
                // Along a single axis the distance in a valley is exact too.
                let (near, far) = match basin.potential().form() {
                    Form::General => (0.9, 1.1),
                    _ => (1.0 - 1e-9, 1.0 + 1e-9),
                };
                for (exit, sign) in exits.into_iter().zip([-1.0, 1.0]) {
                    let inside = |s: f64| {
                        let mut end = x;
                        end[axis] += sign * s * direction[axis].abs();
                        basin.contains(&end)
                    };
                    assert!(inside(near * exit) && !inside(far * exit), "{basin:?} {axis} {sign}");
                }
            }
        }
    }

    /// The gradient by differences.
    #[test]
    fn the_gauge_has_its_gradient() {
        for basin in shapes().into_iter().skip(1).take(4) {
            let at = |x: [f64; 2]| basin.gauge_gradient(&x, &mut [0.0; 2]);
            let (x, mut gradient) = ([0.25, 0.1], [0.0; 2]);
            let gauge = basin.gauge_gradient(&x, &mut gradient);
            assert!((gauge / basin.gauge(&x) - 1.0).abs() < 1e-9, "{basin:?}");
            let slopes =
                [at([x[0] + 1e-6, x[1]]) - at([x[0] - 1e-6, x[1]]), at([x[0], x[1] + 1e-6]) - at([x[0], x[1] - 1e-6])];
            for (slope, exact) in slopes.iter().zip(gradient) {
                assert!((slope / 2e-6 - exact).abs() < 1e-6 * (1.0 + exact.abs()), "{basin:?}");
            }
        }
    }
}
