//! The figure `occupancy`: the landscape with its wells in colour, and beside it the share of the paths in each well against time.

use super::plane::{Plane, edge_stroke, piece};
use crate::landscape::{PlanarBasins, PlanarWells, Potential, WellSet, Wells};
use crate::report::plot::curve::{columns, grid};
use crate::report::plot::style::{FULL_WIDTH, INK};
use crate::report::select::{alpha_label, basin_title, title};
use crate::report::{
    Axis, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Numbers, Panel, Point, Sample, Scale, Sheet, Stroke,
};
use crate::results::OccupancyResult;

/// Vertices of a predicted curve, and of the landscape.
const VERTICES: u32 = 200;
const LANDSCAPE: u32 = 1_200;
/// Height of a frame, and about its widths by the number of columns.
const HEIGHT: f64 = 120.0;
const WIDTHS: [f64; 3] = [300.0, 190.0, 120.0];
/// What is shown around the minima and saddles in the plane, as a share of their extent.
const AROUND: f64 = 0.35;
/// Every so many points of a basin's boundary are drawn.
const THINNED: usize = 4;
/// The series of the lines between the wells in the plane.
const BOUNDARY: &str = "boundary of the basins";

/// One landscape and the cells in it.
pub struct OccupancyFigure {
    landscapes: Vec<Landscape>,
    cells: Vec<Cell>,
}

struct Landscape {
    title: String,
    picture: Picture,
}

type Line = Vec<(f64, f64)>;

enum Picture {
    /// The curve `F`, well by well.
    Line(Vec<Line>),
    /// Contours of `F`, the minima, and the boundaries of their basins.
    Plane { plane: Plane, minima: Line, boundaries: Vec<Line> },
}

struct Cell {
    title: String,
    wells: Vec<WellSeries>,
    diverged: Vec<Point>,
}

#[derive(Default)]
struct WellSeries {
    points: Vec<Point>,
    predicted: Vec<(f64, f64)>,
}

impl OccupancyFigure {
    pub fn of(results: &[OccupancyResult]) -> Self {
        let mut first: Vec<&OccupancyResult> = Vec::new();
        for result in results {
            if !first.iter().any(|known| known.plan.basin == result.plan.basin) {
                first.push(result);
            }
        }
        let width = WIDTHS[columns(first.len() + results.len()).clamp(1, WIDTHS.len()) - 1];
        let landscapes: Vec<Landscape> =
            first.into_iter().map(|result| Landscape::of(result, HEIGHT / width)).collect();
        let several = landscapes.len() > 1;
        let cells = results.iter().map(|result| Cell::of(result, several)).collect();
        OccupancyFigure { landscapes, cells }
    }
}

impl Landscape {
    /// The landscape of a result, for a frame of this height in units of its width.
    fn of(result: &OccupancyResult, shape: f64) -> Self {
        let potential = result.plan.problem.basin().potential();
        let picture = match result.occupancy.wells() {
            WellSet::Line(wells) => Picture::Line(curves(potential, wells)),
            WellSet::Plane(wells) => in_plane(potential, wells, shape),
        };
        Landscape { title: basin_title(&result.plan.basin), picture }
    }
}

/// The curve of a potential, well by well.
fn curves(potential: &dyn Potential, wells: &Wells) -> Vec<Line> {
    let value = |x: f64| potential.value(&[x]);
    let n = wells.count();
    let top = wells.saddles().iter().map(|s| value(*s)).fold(f64::NEG_INFINITY, f64::max);
    let floor = wells.minima().iter().map(|m| value(*m)).fold(f64::INFINITY, f64::min);
    // The outer slopes up to a little above the highest saddle.
    let rim = top + 0.1 * (top - floor);
    let outer = |from: f64, side: f64| {
        let mut reach = 1e-3 * wells.widths(0)[1];
        while value(from + side * reach) < rim && reach < 1e6 * wells.widths(0)[1] {
            reach *= 1.05;
        }
        from + side * reach
    };
    let curve = |well: usize| {
        let [lo, hi] = wells.bounds(well);
        let minimum = wells.minima()[well];
        let lo = if lo.is_finite() { lo } else { outer(minimum, -1.0) };
        let hi = if hi.is_finite() { hi } else { outer(minimum, 1.0) };
        grid(lo, hi, LANDSCAPE / n as u32 + 2).map(|x| (x, value(x))).collect()
    };
    (0..n).map(curve).collect()
}

fn in_plane(potential: &dyn Potential, wells: &PlanarWells, shape: f64) -> Picture {
    let saddles = wells.saddles().iter().map(|saddle| saddle.point.x);
    let points = || wells.minima().iter().map(|minimum| minimum.x).chain(saddles.clone());
    let bounds =
        [0, 1].map(|i| points().fold([f64::INFINITY, f64::NEG_INFINITY], |[lo, hi], x| [lo.min(x[i]), hi.max(x[i])]));
    let extent = bounds.iter().map(|[lo, hi]| hi - lo).fold(0.0, f64::max);
    let window = bounds.map(|[lo, hi]| [lo - AROUND * extent, hi + AROUND * extent]);
    let plane = Plane::over(potential, window, shape);
    let shown = |line: &Vec<[f64; 2]>| -> Line {
        let thinned = line.iter().enumerate().filter(|(k, _)| k % THINNED == 0).map(|(_, x)| *x);
        thinned.take_while(|x| plane.shows(x)).map(|[x, y]| (x, y)).collect()
    };
    let boundaries = PlanarBasins::new(potential, wells)
        .map_or(Vec::new(), |basins| basins.separatrices().iter().map(shown).filter(|line| line.len() > 1).collect());
    let minima = wells.minima().iter().map(|minimum| (minimum.x[0], minimum.x[1])).collect();
    Picture::Plane { plane, minima, boundaries }
}

impl Cell {
    fn of(result: &OccupancyResult, several: bool) -> Self {
        let noise = result.plan.problem.noise();
        let mut heading = format!("{}, {}", title(&result.plan.dynamics), alpha_label(noise.alpha().get()));
        if several {
            heading = format!("{heading}, {}", basin_title(&result.plan.basin));
        }
        let times = result.occupancy.times();
        let mut wells: Vec<WellSeries> = (0..result.wells()).map(|_| WellSeries::default()).collect();
        for (k, &x) in times.iter().enumerate() {
            for (well, series) in wells.iter_mut().enumerate() {
                series.points.extend(result.share(k, well).map(|e| Point { x, y: e.value, lo: e.lo, hi: e.hi }));
            }
        }
        let [first, last] = [times[0], times[times.len() - 1]];
        for t in grid(first.ln(), last.ln().max(first.ln() + 1e-9), VERTICES).map(f64::exp) {
            for (series, y) in wells.iter_mut().zip(result.predicted(t).into_iter().flatten()) {
                series.predicted.push((t, y));
            }
        }
        let diverged = times.iter().enumerate().filter_map(|(k, &x)| {
            let share = result.diverged(k).filter(|_| result.has_diverged())?;
            Some(Point { x, y: share.value, lo: share.lo, hi: share.hi })
        });
        Cell { title: heading, diverged: diverged.collect(), wells }
    }
}

impl Figure for OccupancyFigure {
    fn stem(&self) -> &str {
        "occupancy"
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = |what| move || FigureError::Empty { figure: self.stem().to_owned(), what };
        let times = || self.cells.iter().flat_map(|cell| &cell.wells).flat_map(|well| &well.points).map(|p| p.x);
        let x = Axis::over("time t", Scale::Log, times()).ok_or_else(empty("times"))?;
        let y = Axis::over("share of paths", Scale::Linear, [0.0, 1.0]).ok_or_else(empty("shares"))?;
        // Each panel with whether its vertical axis is that of the shares.
        let landscapes = self.landscapes.iter().filter_map(Landscape::panel).map(|panel| (panel, false));
        let cells = self.cells.iter().map(|cell| (cell.panel(x.clone(), y.clone()), true));
        let panels: Vec<(Panel, bool)> = landscapes.chain(cells).collect();
        let columns = columns(panels.len());
        let mut sheet = Sheet::new(FULL_WIDTH, columns);
        for row in panels.chunks(columns) {
            // A panel shares the numbers of its neighbour on the left if that has the same axis.
            let numbered = |(i, (panel, shares)): (usize, &(Panel, bool))| {
                let follows = *shares && i > 0 && row[i - 1].1;
                Panel { numbers: Numbers::new(true, !follows), ..panel.clone() }
            };
            sheet.row(HEIGHT, row.iter().enumerate().map(numbered));
        }
        let wells = self.cells.iter().map(|cell| cell.wells.len()).max().unwrap_or(0);
        let mut entries: Vec<Entry> =
            (0..wells).map(|well| Entry::new(Sample::Points(Look::of(well)), well_name(well))).collect();
        if self.cells.iter().any(|cell| !cell.diverged.is_empty()) {
            entries.push(Entry::new(Sample::Line(Stroke::dotted(INK, 0.9)), DIVERGED));
        }
        let in_plane = |landscape: &Landscape| matches!(landscape.picture, Picture::Plane { .. });
        if self.landscapes.iter().any(in_plane) {
            entries.push(Entry::new(Sample::Line(edge_stroke()), BOUNDARY));
        }
        let predicted = self.cells.iter().flat_map(|cell| &cell.wells).any(|well| !well.predicted.is_empty());
        let line = predicted.then(|| Entry::new(Sample::Line(Stroke::dashed(INK, 0.9)), "predicted"));
        sheet.legend = Legend::default().with(entries).with(line.into_iter().collect());
        Ok(sheet)
    }
}

/// The series of the paths whose parameters overflowed.
const DIVERGED: &str = "diverged";

fn well_name(well: usize) -> String {
    format!("well {}", well + 1)
}

impl Landscape {
    fn panel(&self) -> Option<Panel> {
        match &self.picture {
            Picture::Line(wells) => {
                let all = || wells.iter().flatten();
                let x = Axis::over("θ", Scale::Linear, all().map(|v| v.0))?;
                let y = Axis::over("F(θ)", Scale::Linear, all().map(|v| v.1))?;
                let mut panel = Panel { title: self.title.clone(), ..Panel::new(x, y) };
                for (well, curve) in wells.iter().enumerate() {
                    let line = Mark::Line(curve.clone(), Stroke::solid(Look::of(well).color, 1.6));
                    panel.data(well_name(well), DataKind::Potential, line);
                }
                Some(panel)
            }
            Picture::Plane { plane, minima, boundaries } => {
                let mut panel = plane.panel(self.title.clone());
                for (index, line) in boundaries.iter().enumerate() {
                    let mark = Mark::Line(line.clone(), edge_stroke());
                    panel.data(piece(BOUNDARY, index), DataKind::Boundary, mark);
                }
                for (well, (x, y)) in minima.iter().enumerate() {
                    let point = Mark::Points(vec![Point::exact(*x, *y)], Look::of(well));
                    panel.data(well_name(well), DataKind::Potential, point);
                }
                Some(panel)
            }
        }
    }
}

impl Cell {
    fn panel(&self, x: Axis, y: Axis) -> Panel {
        let mut panel = Panel { title: self.title.clone(), ..Panel::new(x, y) };
        for (well, series) in self.wells.iter().enumerate() {
            let line = Mark::Line(series.predicted.clone(), Stroke::dashed(Look::of(well).color, 0.9));
            panel.data(well_name(well), DataKind::Predicted, line);
        }
        let lost: Vec<(f64, f64)> = self.diverged.iter().map(|p| (p.x, p.y)).collect();
        panel.data(DIVERGED, DataKind::Measured, Mark::Line(lost, Stroke::dotted(INK, 0.9)));
        for (well, series) in self.wells.iter().enumerate() {
            panel.data(well_name(well), DataKind::Measured, Mark::Points(series.points.clone(), Look::of(well)));
        }
        panel
    }
}
