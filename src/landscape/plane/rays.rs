//! The wells along a ray.

use super::basins::PlanarBasins;
use crate::landscape::Potential;
use crate::landscape::flow::edge_between;

/// Where a ray ends, in extents of the minima and saddles.
const FURTHEST: f64 = 1e3;
/// Growth of the steps far out, as a share of the distance.
const GROWTH: f64 = 0.01;

impl PlanarBasins {
    /// The wells along the ray `from + s direction`: the lengths `s` at which a well begins, ascending from 0, with its number; `None` where the flow
    /// leads to no minimum.
    ///
    /// Parts of a basin narrower than a tenth of a cell of the map, or far out than a hundredth of their distance, may be missed, and what lies beyond
    /// a thousand times the extent of the minima and saddles.
    pub fn along(&self, potential: &dyn Potential, from: [f64; 2], direction: [f64; 2]) -> Vec<(f64, Option<usize>)> {
        self.along_to(potential, from, direction, [FURTHEST, GROWTH])
    }

    /// [`PlanarBasins::along`] with its end and the growth of its steps.
    pub(crate) fn along_to(
        &self,
        potential: &dyn Potential,
        from: [f64; 2],
        direction: [f64; 2],
        coarse: [f64; 2],
    ) -> Vec<(f64, Option<usize>)> {
        self.along_by(from, direction, coarse, |x| self.well_of(potential, x))
    }

    /// [`PlanarBasins::along_to`] for another way to come from a point to a well.
    pub(crate) fn along_by(
        &self,
        from: [f64; 2],
        direction: [f64; 2],
        [furthest, growth]: [f64; 2],
        well_of: impl Fn([f64; 2]) -> Option<usize>,
    ) -> Vec<(f64, Option<usize>)> {
        let length = direction[0].hypot(direction[1]);
        let at = |s: f64| [from[0] + s * direction[0], from[1] + s * direction[1]];
        let resolution = |s: f64| self.resolution(at(s), growth) / length;
        wells_along(furthest * self.extent() / length, resolution, |s| well_of(at(s)))
    }

    /// Distances from the minimum of a well to the boundary of its basin along `±direction`, in units of that vector; infinite where there is
    /// none: the widths that Lévy noise has to jump, whatever the barriers.
    pub fn widths(&self, potential: &dyn Potential, well: usize, direction: [f64; 2]) -> [f64; 2] {
        [-1.0, 1.0].map(|sign| {
            let ray = self.along(potential, self.minima()[well], direction.map(|v| sign * v));
            ray.get(1).map_or(f64::INFINITY, |(s, _)| *s)
        })
    }
}

/// The lengths `s` at which the wells along a ray begin, ascending from 0, with their numbers: `well_at` tells the well at `s`, `resolution` the length of
/// the next step from there. What lies beyond `furthest`, which may be missed, belongs to the last.
pub(crate) fn wells_along(
    furthest: f64,
    resolution: impl Fn(f64) -> f64,
    well_at: impl Fn(f64) -> Option<usize>,
) -> Vec<(f64, Option<usize>)> {
    let mut here = well_at(0.0);
    let mut found = vec![(0.0, here)];
    let mut s = 0.0;
    while s < furthest && furthest.is_finite() {
        let next = s + resolution(s);
        if well_at(next) == here {
            s = next;
            continue;
        }
        s = edge_between(s, next, 1e-10, |s| well_at(s) == here);
        // Where a third well lies in between, it is the one that begins.
        here = well_at(s);
        found.push((s, here));
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::landscape::{DoubleWell, MullerBrown, PlanarBasins, PlanarWells, Potential};

    #[test]
    fn widths_of_a_double_well() {
        let landscape = DoubleWell::new([-1.0, 2.0], 0.5, 1.0).unwrap().with_transverse(vec![1.5]).unwrap();
        let basins = PlanarBasins::new(&landscape, &PlanarWells::of(&landscape, None).unwrap()).unwrap();
        let [left, right] = basins.widths(&landscape, 0, [3.0, 0.0]);
        assert!(left.is_infinite() && (right - 0.5).abs() < 1e-9, "{left} {right}");
        let [below, above] = basins.widths(&landscape, 1, [-1.0, 2.0]);
        assert!(below.is_infinite() && (above - 1.5).abs() < 1e-6, "{below} {above}");
        assert_eq!(basins.widths(&landscape, 1, [0.0, 1.0]), [f64::INFINITY; 2]);
    }

    /// Along a ray the map changes where the wells of its points do.
    #[test]
    fn a_ray_crosses_basins_in_order() {
        let surface = MullerBrown::new(1.0, 0).unwrap();
        let basins = PlanarBasins::new(&surface, &PlanarWells::of(&surface, None).unwrap()).unwrap();
        let direction = [0.6, -0.8];
        let ray = basins.along(&surface, [-0.9, 2.0], direction);
        assert!(ray.len() >= 3 && ray[0] == (0.0, Some(0)), "{ray:?}");
        for (k, (s, well)) in ray.iter().enumerate() {
            let until = ray.get(k + 1).map_or(s + 1.0, |next| next.0);
            for share in [1e-3, 0.3, 0.6, 0.999] {
                let t = s + share * (until - s);
                let x = [-0.9 + t * direction[0], 2.0 + t * direction[1]];
                assert_eq!(basins.well_of(&surface, x), *well, "{t} of {ray:?}");
            }
        }
        assert!(surface.landmarks().is_some());
    }
}
