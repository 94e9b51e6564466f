//! The figure `occupancy`: the landscape with its wells in colour, and beside it the share of the paths in each well against time.

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
/// Height of a frame.
const HEIGHT: f64 = 120.0;

/// One landscape and the cells in it.
pub struct OccupancyFigure {
    landscapes: Vec<Landscape>,
    cells: Vec<Cell>,
}

struct Landscape {
    title: String,
    /// The curve `F`, well by well.
    wells: Vec<Vec<(f64, f64)>>,
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
        let mut landscapes: Vec<(String, Landscape)> = Vec::new();
        for result in results {
            if !landscapes.iter().any(|(basin, _)| *basin == result.plan.basin) {
                landscapes.push((result.plan.basin.clone(), Landscape::of(result)));
            }
        }
        let several = landscapes.len() > 1;
        let cells = results.iter().map(|result| Cell::of(result, several)).collect();
        OccupancyFigure { landscapes: landscapes.into_iter().map(|(_, landscape)| landscape).collect(), cells }
    }
}

impl Landscape {
    fn of(result: &OccupancyResult) -> Self {
        let (wells, potential) = (result.occupancy.wells(), result.plan.problem.basin().potential());
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
        Landscape { title: basin_title(&result.plan.basin), wells: (0..n).map(curve).collect() }
    }
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
        let all = || self.wells.iter().flatten();
        let x = Axis::over("θ", Scale::Linear, all().map(|v| v.0))?;
        let y = Axis::over("F(θ)", Scale::Linear, all().map(|v| v.1))?;
        let mut panel = Panel { title: self.title.clone(), ..Panel::new(x, y) };
        for (well, curve) in self.wells.iter().enumerate() {
            let line = Mark::Line(curve.clone(), Stroke::solid(Look::of(well).color, 1.6));
            panel.data(well_name(well), DataKind::Potential, line);
        }
        Some(panel)
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
