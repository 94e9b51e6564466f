//! # The basins of attraction of a landscape in the plane, as a map
//!
//! The lines of the flow that end in a saddle separate the basins. They are traced uphill from every saddle, and the cells of a grid that they touch
//! are marked. The other cells fall into connected parts, each in one basin, which one line of the flow identifies. In such a cell the well is looked
//! up; from any other point the flow is followed until it comes to one, or to the core of a minimum, a ball in which the flow leads inwards.
//!
//! Errors: the flow crosses the boundary of a basin by mistake only from a distance of the order [`TOLERANCE`] times the extent of the minima and saddles.

use super::critical_points::{distance, gradient, hessian, side};
use super::descent::{Descent, trace};
use super::wells::PlanarWells;
use crate::landscape::{LandscapeError, Potential};

/// Cells along the longer side of the map.
const CELLS: usize = 240;
/// What the map shows around the minima and saddles, as a share of their extent.
const MARGIN: f64 = 0.7;
/// Points of a traced line in a cell.
const PER_CELL: f64 = 3.0;
/// How far from the saddle a traced line begins, in cells.
const BESIDE: f64 = 0.01;
/// How far a line is traced, in extents of the map from its middle, and its largest number of points.
const TRACED: f64 = 1.5;
const MOST_POINTS: usize = 60_000;
/// Local error of the flow as a share of the extent, and far out of the distance.
const TOLERANCE: f64 = 1e-6;
const MOST_STEPS: usize = 100_000;
/// Growth of the ball while the core is searched for, the directions that are looked at, and the share of it that is used.
const GROWTH: f64 = 1.1;
const DIRECTIONS: usize = 48;
const USED: f64 = 0.8;
/// A cell in which the flow is followed.
const OPEN: u16 = u16::MAX;

/// Which well holds a point of the plane.
#[derive(Clone, Debug)]
pub struct PlanarBasins {
    minima: Vec<[f64; 2]>,
    /// Radii of the cores.
    cores: Vec<f64>,
    /// Shortest distances from the minima to the boundaries of their basins.
    reaches: Vec<f64>,
    separatrices: Vec<Vec<[f64; 2]>>,
    map: Map,
    /// Extent of the minima and saddles, and their middle.
    extent: f64,
    middle: [f64; 2],
}

/// Square cells over a rectangle.
#[derive(Clone, Debug)]
struct Map {
    corner: [f64; 2],
    per_cell: f64,
    cells: [usize; 2],
    wells: Vec<u16>,
    /// The largest norm of the Hessian in and around a cell.
    curvatures: Vec<f32>,
}

impl Map {
    fn cell(&self, x: [f64; 2]) -> Option<usize> {
        let [column, row] = [0, 1].map(|i| (x[i] - self.corner[i]) * self.per_cell);
        // Also for NaN.
        let inside = column >= 0.0 && row >= 0.0 && column < self.cells[0] as f64 && row < self.cells[1] as f64;
        inside.then(|| row as usize * self.cells[0] + column as usize)
    }

    fn centre(&self, cell: usize) -> [f64; 2] {
        let at = [cell % self.cells[0], cell / self.cells[0]];
        [0, 1].map(|i| self.corner[i] + (at[i] as f64 + 0.5) / self.per_cell)
    }

    /// A cell and its neighbours.
    fn around(&self, cell: usize) -> impl Iterator<Item = usize> + use<> {
        let [columns, rows] = self.cells;
        let (column, row) = (cell % columns, cell / columns);
        let near = |at: usize, count: usize| at.saturating_sub(1)..(at + 2).min(count);
        near(row, rows).flat_map(move |row| near(column, columns).map(move |column| row * columns + column))
    }
}

impl PlanarBasins {
    /// The basins of the wells of `potential`.
    ///
    /// # Errors
    /// [`LandscapeError::LostFlow`] if the flow from a part of the plane ends at none of the minima, [`LandscapeError::WellRange`] for more than
    /// 65,534 wells.
    pub fn new(potential: &dyn Potential, wells: &PlanarWells) -> Result<Self, LandscapeError> {
        let minima: Vec<[f64; 2]> = wells.minima().iter().map(|minimum| minimum.x).collect();
        if minima.len() >= usize::from(OPEN) {
            return Err(LandscapeError::WellRange { reason: "there are too many wells in it" });
        }
        let saddles = wells.saddles().iter().map(|saddle| saddle.point);
        let points =
            || minima.iter().copied().chain(saddles.clone().map(|s| s.x)).chain(wells.maxima().iter().map(|m| m.x));
        let bounds = [0, 1]
            .map(|i| points().fold([f64::INFINITY, f64::NEG_INFINITY], |[lo, hi], x| [lo.min(x[i]), hi.max(x[i])]));
        // A single minimum has no extent.
        let extent = if wells.saddles().is_empty() { side(wells.window()) } else { side(bounds) };
        let sides = bounds.map(|[lo, hi]| [lo - MARGIN * extent, hi + MARGIN * extent]);
        let per_cell = CELLS as f64 / side(sides);
        let cells = sides.map(|[lo, hi]| ((hi - lo) * per_cell).ceil() as usize);
        let map = Map {
            corner: sides.map(|[lo, _]| lo),
            per_cell,
            cells,
            wells: vec![OPEN; cells[0] * cells[1]],
            curvatures: Vec::new(),
        };
        let middle = sides.map(|[lo, hi]| 0.5 * (lo + hi));
        let mut basins = PlanarBasins {
            cores: minima.iter().map(|minimum| core(potential, *minimum, extent)).collect(),
            reaches: Vec::new(),
            separatrices: Vec::new(),
            minima,
            map,
            extent,
            middle,
        };
        let is_touched = basins.trace(potential, wells);
        basins.reaches = (0..basins.minima.len()).map(|i| basins.nearest_separatrix(i)).collect();
        // A narrow well between the directions that are looked at is no part of the core of a broad one.
        for (core, reach) in basins.cores.iter_mut().zip(&basins.reaches) {
            *core = core.min(USED * reach);
        }
        basins.name_cells(potential, &is_touched)?;
        basins.measure_curvatures(potential);
        Ok(basins)
    }

    /// Traces the lines that end in the saddles; returns which cells they touch, or nearly.
    fn trace(&mut self, potential: &dyn Potential, wells: &PlanarWells) -> Vec<bool> {
        let mut is_touched = vec![false; self.map.wells.len()];
        let step = 1.0 / (PER_CELL * self.map.per_cell);
        let furthest = TRACED * self.map.cells.into_iter().max().unwrap_or(1) as f64 / self.map.per_cell;
        // Both lines of a saddle in a valley around a maximum lead to one minimum: what ends there separates nothing.
        for saddle in wells.saddles().iter().filter(|saddle| saddle.joins[0] != saddle.joins[1]) {
            for sign in [1.0, -1.0] {
                let beside = sign * BESIDE / self.map.per_cell;
                let start = [0, 1].map(|i| saddle.point.x[i] + beside * saddle.point.directions[1][i]);
                let mut line = vec![saddle.point.x];
                trace(potential, start, step, MOST_POINTS, |x| {
                    line.push(x);
                    let at_top = wells.maxima().iter().any(|top| distance(top.x, x) < 1.5 * step);
                    at_top || distance(x, self.middle) > furthest
                });
                for cell in line.iter().filter_map(|x| self.map.cell(*x)) {
                    self.map.around(cell).for_each(|cell| is_touched[cell] = true);
                }
                self.separatrices.push(line);
            }
        }
        is_touched
    }

    fn nearest_separatrix(&self, well: usize) -> f64 {
        let points = self.separatrices.iter().flatten();
        points.map(|x| distance(*x, self.minima[well])).fold(f64::INFINITY, f64::min)
    }

    /// Names the parts of the map that no separatrix touches.
    fn name_cells(&mut self, potential: &dyn Potential, is_touched: &[bool]) -> Result<(), LandscapeError> {
        let mut is_seen = is_touched.to_vec();
        for first in 0..is_seen.len() {
            if std::mem::replace(&mut is_seen[first], true) {
                continue;
            }
            let mut part = vec![first];
            let mut next = 0;
            while let Some(&cell) = part.get(next) {
                next += 1;
                for neighbour in self.map.around(cell) {
                    // A line that passed between two diagonal neighbours would touch both.
                    if !std::mem::replace(&mut is_seen[neighbour], true) {
                        part.push(neighbour);
                    }
                }
            }
            // A part outside whose boundary beyond the map is not traced may belong to two basins: its cells stay open.
            let shown = [0, part.len() / 3, 2 * part.len() / 3, part.len() - 1].map(|k| self.map.centre(part[k]));
            let mut held = [0; 4];
            for (held, x) in held.iter_mut().zip(shown) {
                *held = self.followed(potential, x).ok_or(LandscapeError::LostFlow { point: x })?;
            }
            if held.iter().all(|well| *well == held[0]) {
                part.into_iter().for_each(|cell| self.map.wells[cell] = held[0] as u16);
            }
        }
        Ok(())
    }

    fn measure_curvatures(&mut self, potential: &dyn Potential) {
        let norm = |cell: usize| norm(hessian(potential, self.map.centre(cell))) as f32;
        let at: Vec<f32> = (0..self.map.wells.len()).map(norm).collect();
        let around = |cell: usize| self.map.around(cell).map(|cell| at[cell]).fold(0.0, f32::max);
        self.map.curvatures = (0..at.len()).map(around).collect();
    }

    /// The well that holds `x`, counted from 0; `None` if `x` is not finite, or if the flow from there leaves the finite numbers.
    pub fn well_of(&self, potential: &dyn Potential, x: [f64; 2]) -> Option<usize> {
        self.known(x).or_else(|| self.followed(potential, x))
    }

    /// The well of a cell in one basin, or of a core.
    #[inline]
    fn known(&self, x: [f64; 2]) -> Option<usize> {
        let well = self.map.wells[self.map.cell(x)?];
        (well != OPEN).then_some(usize::from(well))
    }

    fn followed(&self, potential: &dyn Potential, x: [f64; 2]) -> Option<usize> {
        if !x.iter().all(|x| x.is_finite()) {
            return None;
        }
        let allowed = |x: [f64; 2]| TOLERANCE * self.extent.max(distance(x, self.middle));
        let mut flow = Descent::from(potential, x, 10.0 * allowed(x));
        for _ in 0..MOST_STEPS {
            let apart = self.minima.iter().map(|m| distance(*m, flow.x())).enumerate();
            let nearest = apart.min_by(|(_, a), (_, b)| a.total_cmp(b));
            let arrived = nearest.filter(|(well, away)| *away < self.cores[*well]).map(|(well, _)| well);
            if let Some(well) = arrived.or_else(|| self.known(flow.x())) {
                return Some(well);
            }
            let allowed = allowed(flow.x());
            if !flow.step(potential, allowed) {
                return None;
            }
        }
        None
    }

    /// The minima.
    pub fn minima(&self) -> &[[f64; 2]] {
        &self.minima
    }

    /// The shortest distance from the minimum of a well to the boundary of its basin, whatever the direction; infinite without one.
    pub fn reach(&self, well: usize) -> f64 {
        self.reaches[well]
    }

    /// Lines of points along the boundaries of the basins, two from every saddle.
    pub fn separatrices(&self) -> &[Vec<[f64; 2]>] {
        &self.separatrices
    }

    /// An upper estimate of the norm of the Hessian around `x`; `None` outside the map.
    pub(crate) fn curvature(&self, x: [f64; 2]) -> Option<f64> {
        self.map.cell(x).map(|cell| f64::from(self.map.curvatures[cell]))
    }

    /// Extent of the minima and saddles.
    pub(super) fn extent(&self) -> f64 {
        self.extent
    }

    /// A length over which the map should be looked at from `x`: a part of a cell in the map, and far out a part of the distance.
    pub(super) fn resolution(&self, x: [f64; 2], growth: f64) -> f64 {
        match self.map.cell(x) {
            Some(cell) if self.map.wells[cell] == OPEN => 0.1 / self.map.per_cell,
            Some(_) => 0.5 / self.map.per_cell,
            None => (growth * distance(x, self.middle)).max(0.5 / self.map.per_cell),
        }
    }
}

/// An upper bound of the spectral norm.
pub(crate) fn norm([xx, xy, yy]: [f64; 3]) -> f64 {
    (xx * xx + 2.0 * xy * xy + yy * yy).sqrt()
}

/// The radius of a ball around a minimum in which the flow leads inwards.
fn core(potential: &dyn Potential, minimum: [f64; 2], extent: f64) -> f64 {
    let leads_inwards = |radius: f64| {
        (0..DIRECTIONS).all(|k| {
            let (sin, cos) = (std::f64::consts::TAU * k as f64 / DIRECTIONS as f64).sin_cos();
            let [gx, gy] = gradient(potential, [minimum[0] + radius * cos, minimum[1] + radius * sin]);
            gx * cos + gy * sin > 0.0
        })
    };
    let mut radius = 1e-6 * extent;
    while radius < extent && leads_inwards(radius) {
        radius *= GROWTH;
    }
    USED * radius / GROWTH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Basin, Domain, DoubleWell, GaussianWell, GaussianWells, MullerBrown};
    use crate::noise::{Seed, Stream};
    use rand::RngExt;

    fn basins(potential: &dyn Potential) -> PlanarBasins {
        PlanarBasins::new(potential, &PlanarWells::of(potential, None).unwrap()).unwrap()
    }

    /// The map agrees with the flow that is followed for one basin at a time, at points everywhere and far out, and on both sides of the separatrices.
    #[test]
    fn the_map_agrees_with_the_flow() {
        let surface = MullerBrown::new(0.01, 0).unwrap();
        let map = basins(&surface);
        let single: Vec<Basin> =
            (0..3).map(|well| Basin::new(MullerBrown::new(0.01, well).unwrap(), Domain::Attraction).unwrap()).collect();
        let mut rng = Stream::new(Seed(41), 0, 0);
        let mut counts = [0; 3];
        for k in 0..400 {
            let spread = if k % 4 == 3 { 40.0 } else { 1.0 };
            let mut x = [0, 1].map(|i| map.middle[i] + spread * map.extent * 2.4 * (rng.random::<f64>() - 0.5));
            if k % 4 == 0 {
                // Beside a separatrix.
                let line = &map.separatrices[k / 4 % map.separatrices.len()];
                let at = line[rng.random_range(0..line.len().min(300))];
                x = at.map(|x| x + 2e-4 * (rng.random::<f64>() - 0.5));
            }
            let well = map.well_of(&surface, x).unwrap();
            counts[well] += 1;
            let held: Vec<usize> = (0..3).filter(|well| single[*well].contains(&x)).collect();
            assert_eq!(held, [well], "{x:?}");
        }
        assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
        assert!(
            map.well_of(&surface, [f64::NAN, 0.0]).is_none() && map.well_of(&surface, [f64::INFINITY; 2]).is_none()
        );
        assert!(map.well_of(&surface, [1e12, -3e11]).is_some());
    }

    /// The boundary between the wells of a double well is its saddle's vertical, at any height.
    #[test]
    fn a_straight_boundary() {
        let landscape = DoubleWell::new([-1.0, 2.0], 0.5, 1.0).unwrap().with_transverse(vec![1.5]).unwrap();
        let map = basins(&landscape);
        for y in [-50.0, -0.7, 0.0, 0.3, 2.0, 9.0] {
            for (x, well) in [(-300.0, 0), (0.4999, 0), (0.5001, 1), (7.0, 1)] {
                assert_eq!(map.well_of(&landscape, [x, y]), Some(well), "{x} {y}");
            }
        }
        assert!((map.reach(0) - 1.5).abs() < 1e-4 && (map.reach(1) - 1.5).abs() < 1e-4);
    }

    /// A narrow well, smaller than a cell of the map.
    #[test]
    fn a_narrow_well_is_not_lost() {
        let well = |x: f64, y: f64, width: f64| GaussianWell { position: [x, y], width, depth: 1.0 };
        let landscape = GaussianWells::new(vec![well(0.0, 0.0, 0.6), well(2.0, 1.0, 0.004)], 0.05, 1).unwrap();
        let map = basins(&landscape);
        let narrow = (0..map.minima.len()).find(|i| distance(map.minima[*i], [2.0, 1.0]) < 0.004).unwrap();
        assert_eq!(map.well_of(&landscape, [2.001, 1.002]), Some(narrow));
        assert_ne!(map.well_of(&landscape, [2.1, 1.0]), Some(narrow));
        assert!(map.reach(narrow) < 0.1);
    }

    /// A well that is too narrow for the directions of a core lies inside that of a broad one: its minimum is its own.
    #[test]
    fn a_broad_core_does_not_hold_a_narrow_well() {
        let well = |position, width| GaussianWell { position, width, depth: 1.0 };
        for angle in 0..12 {
            let (sin, cos) = (0.1 + f64::from(angle)).sin_cos();
            let narrow = well([0.58 * cos, 0.58 * sin], 0.01);
            let surface =
                GaussianWells::new(vec![well([0.0, 0.0], 0.6), well([2.0, 1.0], 0.5), narrow], 0.05, 0).unwrap();
            let wells = PlanarWells::of(&surface, None).unwrap();
            let basins = PlanarBasins::new(&surface, &wells).unwrap();
            assert_eq!(wells.count(), 3);
            for (number, minimum) in basins.minima().iter().enumerate() {
                assert_eq!(basins.well_of(&surface, *minimum), Some(number), "{angle}");
            }
        }
    }
}
