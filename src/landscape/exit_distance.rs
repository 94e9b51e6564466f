//! Distances from the minimum to the edge of a basin.

use super::Form;
use super::basin::{Basin, Region};

impl Basin {
    /// Distance from `θ*` to the edge along `direction`, in units of that vector: `sup { s : θ* + s v ∈ Ω }` over the part
    /// connected to `θ*`. Infinite for the zero vector.
    pub fn exit_distance(&self, direction: &[f64]) -> f64 {
        match &self.region {
            Region::Box { lo, hi } => {
                let mut nearest = f64::INFINITY;
                for (((v, m), lo), hi) in direction.iter().zip(self.minimum()).zip(lo).zip(hi) {
                    if *v > 0.0 {
                        nearest = nearest.min((hi - m) / v);
                    } else if *v < 0.0 {
                        nearest = nearest.min((lo - m) / v);
                    }
                }
                nearest
            }
            Region::Ball { radius } => radius / direction.iter().map(|v| v * v).sum::<f64>().sqrt(),
            Region::Ellipsoid { semi_axes } => {
                direction.iter().zip(semi_axes).map(|(v, a)| (v / a) * (v / a)).sum::<f64>().sqrt().recip()
            }
            Region::Level { height, floor, .. } => self.level_distance(direction, *height, *floor),
            Region::Until(target) => target.entry(self.minimum().iter().copied(), direction.iter().copied()),
            Region::Attraction(basin) => basin.exit(self.potential(), direction),
        }
    }

    /// [`Basin::exit_distance`] along `v e_axis`, at a cost that does not grow with the dimension, except for level sets of coupled axes.
    pub(crate) fn axis_exit_distance(&self, axis: usize, v: f64) -> f64 {
        match &self.region {
            Region::Box { lo, hi } => {
                let minimum = self.minimum()[axis];
                match v {
                    v if v > 0.0 => (hi[axis] - minimum) / v,
                    v if v < 0.0 => (lo[axis] - minimum) / v,
                    _ => f64::INFINITY,
                }
            }
            Region::Ball { radius } => radius / (v * v).sqrt(),
            Region::Ellipsoid { semi_axes } => ((v / semi_axes[axis]) * (v / semi_axes[axis])).sqrt().recip(),
            Region::Level { height, floor, .. } => {
                if let Some([left, right]) = self.potential().form().curvatures_of(axis) {
                    return (2.0 * height / if v < 0.0 { left } else { right }).sqrt() / v.abs();
                }
                let mut direction = vec![0.0; self.dim()];
                direction[axis] = v;
                self.level_distance(&direction, *height, *floor)
            }
            Region::Until(target) => {
                let direction = (0..self.dim()).map(|i| if i == axis { v } else { 0.0 });
                target.entry(self.minimum().iter().copied(), direction)
            }
            Region::Attraction(basin) => {
                let mut direction = vec![0.0; self.dim()];
                direction[axis] = v;
                basin.exit(self.potential(), &direction)
            }
        }
    }

    fn level_distance(&self, direction: &[f64], height: f64, floor: f64) -> f64 {
        let point = |s: f64| -> Vec<f64> { self.minimum().iter().zip(direction).map(|(m, v)| m + s * v).collect() };
        let rise = |s: f64| self.potential().value(&point(s)) - floor;
        if direction.iter().all(|v| *v == 0.0) {
            return f64::INFINITY;
        }
        if !matches!(self.potential().form(), Form::General) {
            // Homogeneous of degree two about the minimum.
            return (height / rise(1.0)).sqrt();
        }
        // Marches outwards, starting with a step far below the first crossing of a parabola, then bisects.
        let norm = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
        let probe = 1e-4 / norm;
        let curvature = 2.0 * rise(probe) / (probe * probe);
        let mut step = if curvature > 0.0 { (2.0 * height / curvature).sqrt() / 16.0 } else { 1e-3 / norm };
        let mut inside = 0.0;
        for _ in 0..4096 {
            if !self.contains(&point(inside + step)) {
                let mut outside = inside + step;
                while outside - inside > 1e-15 * outside {
                    let middle = 0.5 * (inside + outside);
                    if middle <= inside || middle >= outside {
                        break;
                    }
                    if self.contains(&point(middle)) { inside = middle } else { outside = middle }
                }
                return outside;
            }
            inside += step;
            step *= 1.01;
        }
        f64::INFINITY
    }

    /// [`Basin::exit_distance`]; of a basin of attraction, which is costly, it may be infinite beyond `furthest`.
    pub(crate) fn exit_within(&self, direction: &[f64], furthest: f64) -> f64 {
        match &self.region {
            Region::Attraction(basin) => basin.exit_within(self.potential(), direction, furthest),
            _ => self.exit_distance(direction),
        }
    }

    /// Gauge of the domain at `x`: `|x - θ*| / r(u)` with the exit radius `r(u)` along `u = (x-θ*)/|x-θ*|`. Below 1 inside, 1 on
    /// the edge; for an exit it is the overshoot, which is Pareto with index α in the limit `ε → 0`. 0 inside a basin of attraction that is
    /// followed, whose edge is searched only as far as `x`.
    pub fn gauge(&self, x: &[f64]) -> f64 {
        let direction: Vec<f64> = self.offsets(x).collect();
        1.0 / self.exit_within(&direction, 1.0)
    }

    /// Distances from the minimum along `direction`, in units of that vector, at which a ray leaves the domain, comes back, leaves again, and so on;
    /// all of them for a basin of attraction, the first for the other domains.
    pub(crate) fn crossings(&self, direction: &[f64]) -> Vec<f64> {
        match &self.region {
            Region::Attraction(basin) => basin.crossings(self.potential(), direction),
            _ => vec![self.exit_distance(direction)],
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::landscape::basin::tests::all_shapes;
    use crate::landscape::{Basin, Domain, DoubleWell, Well};
    use std::f64::consts::PI;

    #[test]
    fn exit_distance_is_where_contains_ends() {
        for basin in all_shapes() {
            for k in 0..24 {
                let angle = 0.1 + PI * f64::from(k) / 12.0;
                let v = [3.0 * angle.cos(), 3.0 * angle.sin()];
                let r = basin.exit_distance(&v);
                let at = |s: f64| -> Vec<f64> { basin.minimum().iter().zip(&v).map(|(m, v)| m + s * v).collect() };
                assert!(basin.contains(&at(r * (1.0 - 1e-9))), "{basin:?} {v:?}");
                assert!(!basin.contains(&at(r * (1.0 + 1e-9))), "{basin:?} {v:?}");
                assert!((basin.gauge(&at(0.5 * r)) - 0.5).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn level_of_the_right_well_stays_right() {
        let wells = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap().from_well(Well::Right);
        let basin = Basin::new(wells, Domain::Level { height: 0.25 }).unwrap();
        assert!(basin.contains(&[0.01]) && !basin.contains(&[-0.5]) && !basin.contains(&[1.5]));
        // F(x) = 0 at 0 and √2.
        assert!((basin.exit_distance(&[1.0]) - (2f64.sqrt() - 1.0)).abs() < 1e-9);
    }

    /// At a level just above the saddle, the march does not enter the next well.
    #[test]
    fn level_at_the_saddle_ends_there() {
        let wells = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap();
        let basin = Basin::new(wells.clone(), Domain::Level { height: 0.25 }).unwrap();
        assert!((basin.exit_distance(&[1.0]) - 1.0).abs() < 1e-9);
        let valley = Basin::new(wells.with_transverse(vec![1.0]).unwrap(), Domain::Level { height: 0.25 }).unwrap();
        assert!((valley.exit_distance(&[1.0, 0.0]) - 1.0).abs() < 1e-9);
    }
}
