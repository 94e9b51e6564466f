//! The figure `sample-paths`: the kept paths, with the jump that leaves drawn bold.

use super::between::Between;
use super::exits;
use super::line::Stretch;
use super::plane::{EDGE, Plane, Surroundings, contour_stroke, edge_stroke, row_height};
use crate::report::plot::curve::columns;
use crate::report::plot::style::{COLUMN_WIDTH, FULL_WIDTH, GREY, INK};
use crate::report::select::{alpha, alpha_label, basin_title, distinct, epsilon, group_by, scheme_title, title};
use crate::report::{
    Axis, DataKind, Entry, Figure, FigureError, Legend, Mark, Panel, Point, Sample, Scale, Sheet, Stroke, color, number,
};
use crate::results::{CellResult, KeptPath};
use crate::scheme::{Departure, PointKind, TrajectoryPoint};

const STEM: &str = "sample-paths";
/// Most panels, paths in one, and points of a path.
const PANELS: usize = 9;
const PATHS: usize = 4;
const POINTS: usize = 500;
/// What is shown of the gauge beyond the edge.
const MARGIN: f64 = 0.6;
/// Height of a frame over time on a page with several columns, and with one.
const HEIGHTS: [f64; 2] = [95.0, 130.0];

/// The cells whose paths are shown: of every dynamics, basin, tail index and scheme that of the largest noise level, where a path takes the
/// fewest relaxation times to leave. Where these are too many, those of the middle tail index, and of them an even choice.
pub(in crate::report) struct SamplePathsFigure<'r> {
    cells: Vec<&'r CellResult>,
}

impl<'r> SamplePathsFigure<'r> {
    pub fn of(results: &'r [CellResult]) -> Self {
        let kept = results.iter().filter(|r| !r.kept.is_empty());
        let key = |r: &CellResult| (r.plan.dynamics.clone(), r.plan.basin.clone(), alpha(r), r.plan.scheme.name());
        let largest = |cells: Vec<&'r CellResult>| cells.into_iter().max_by(|a, b| epsilon(a).total_cmp(&epsilon(b)));
        let mut cells: Vec<&CellResult> =
            group_by(kept, key).into_iter().filter_map(|(_, cells)| largest(cells)).collect();
        if cells.len() > PANELS {
            let mut tails = distinct(cells.iter().map(|cell| alpha(cell)));
            tails.sort_by(f64::total_cmp);
            let middle = tails[tails.len() / 2];
            cells.retain(|cell| alpha(cell) == middle);
        }
        let (count, shown) = (cells.len(), cells.len().min(PANELS));
        SamplePathsFigure { cells: (0..shown).map(|k| cells[k * count / shown]).collect() }
    }
}

impl<'r> Figure for SamplePathsFigure<'r> {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = || FigureError::Empty { figure: STEM.to_owned(), what: "a kept path" };
        let columns = columns(self.cells.len());
        let mut sheet = Sheet::new(if columns == 1 { COLUMN_WIDTH } else { FULL_WIDTH }, columns);
        // What all cells share is in the title of the page.
        let parts: Vec<[String; 5]> = self.cells.iter().map(|cell| heading(cell)).collect();
        let shared: Vec<bool> =
            (0..5).map(|k| parts.len() > 1 && parts.iter().all(|part| part[k] == parts[0][k])).collect();
        let title = |part: &[String; 5], wanted: bool| {
            let chosen =
                part.iter().zip(&shared).filter(|(_, shared)| **shared == wanted).map(|(part, _)| part.as_str());
            chosen.collect::<Vec<&str>>().join(", ")
        };
        sheet.title = parts.first().map_or_else(String::new, |part| title(part, true));
        let mut headings = parts.iter().map(|part| title(part, false));
        for row in self.cells.chunks(columns) {
            let basin = |cell: &'r CellResult| cell.plan.problem.basin();
            let planes: Vec<Option<Surroundings<'_>>> =
                row.iter().map(|cell| is_plane(cell).then(|| Surroundings::of(basin(cell)))).collect();
            let height = row_height(&planes, columns, HEIGHTS);
            let mut panels = Vec::new();
            for (cell, surroundings) in row.iter().zip(&planes) {
                let heading = headings.next().unwrap_or_default();
                panels.push(match surroundings {
                    Some(surroundings) => plane_panel(cell, &Plane::of(surroundings, height, columns), heading),
                    None => against_time(cell, heading).ok_or_else(empty)?,
                });
            }
            sheet.row(height, panels);
        }
        if sheet.panels.is_empty() {
            return Err(empty());
        }
        sheet.legend = self.legend();
        Ok(sheet)
    }
}

impl SamplePathsFigure<'_> {
    fn legend(&self) -> Legend {
        let kept = || self.cells.iter().flat_map(|cell| shown_paths(cell));
        let drawn = self.cells.iter().map(|cell| shown_paths(cell).len()).max().unwrap_or(0);
        let path = |k: usize| Entry::new(Sample::Line(Stroke::solid(color(k), 0.8)), name(k as u64));
        let mut keys = vec![Entry::new(Sample::Line(edge_stroke()), EDGE)];
        if self.cells.iter().any(|cell| is_plane(cell)) {
            keys.push(Entry::new(Sample::Line(contour_stroke()), "contours of F"));
        }
        if kept().any(|kept| leap(kept).is_some()) {
            keys.push(Entry::new(Sample::Line(Stroke::solid(INK, LEAP)), "jump that leaves"));
        }
        let leaves = |by: &Departure| kept().filter_map(|kept| kept.record.outcome.site()).any(|site| site.by == *by);
        let ways = exits::WAYS.into_iter().filter(leaves);
        keys.extend(ways.map(|by| Entry::new(Sample::Points(exits::look(by, GREY)), exits::name(by))));
        Legend::default().with((0..drawn).map(path).collect()).with(keys)
    }
}

fn is_plane(cell: &CellResult) -> bool {
    cell.plan.problem.basin().dim() == 2
}

/// The paths of a cell that are drawn.
fn shown_paths(cell: &CellResult) -> &[KeptPath] {
    &cell.kept[..cell.kept.len().min(PATHS)]
}

/// Width of the jump that leaves.
const LEAP: f64 = 2.2;

fn name(path: u64) -> String {
    format!("path {path}")
}

/// Dynamics, basin, tail index, noise level and scheme.
fn heading(cell: &CellResult) -> [String; 5] {
    [
        title(&cell.plan.dynamics),
        basin_title(&cell.plan.basin),
        alpha_label(alpha(cell)),
        format!("ε = {}", number(epsilon(cell))),
        scheme_title(cell.plan.scheme.name()),
    ]
}

/// Times and places of a path, at most about [`POINTS`] of the scheme, with the motion between them.
fn course(cell: &CellResult, kept: &KeptPath) -> Vec<(f64, Vec<f64>)> {
    let count = kept.trajectory.len();
    let stride = count.div_ceil(POINTS).max(1);
    let is_plain = |point: &TrajectoryPoint<'_>| point.kind == PointKind::Step;
    let shown = |(i, point): &(usize, TrajectoryPoint<'_>)| {
        !is_plain(point) || i.is_multiple_of(stride) || i + POINTS / 5 > count
    };
    let mut between = Between::of(&cell.plan.problem, cell.plan.scheme.name());
    let mut course: Vec<(f64, Vec<f64>)> = Vec::new();
    let mut last: Option<TrajectoryPoint<'_>> = None;
    for (_, point) in kept.trajectory.points().enumerate().filter(shown) {
        if let (Some(between), Some(last)) = (&mut between, last) {
            course.extend(between.fill(last, point));
        }
        course.push((point.time, point.x.to_vec()));
        last = Some(point);
    }
    course
}

/// The last two points of a path that left by a jump.
fn leap(kept: &KeptPath) -> Option<[TrajectoryPoint<'_>; 2]> {
    let site = kept.record.outcome.site()?;
    let last = kept.trajectory.len().checked_sub(2).filter(|_| site.by == Departure::Jump)?;
    Some([kept.trajectory.get(last)?, kept.trajectory.get(last + 1)?])
}

/// Adds the paths of a cell: `place` gives where a time and a point are drawn.
fn draw_paths(panel: &mut Panel, cell: &CellResult, place: impl Fn(f64, &[f64]) -> (f64, f64)) {
    for (index, kept) in shown_paths(cell).iter().enumerate() {
        let line: Vec<(f64, f64)> = course(cell, kept).iter().map(|(t, x)| place(*t, x)).collect();
        panel.data(name(kept.path), DataKind::Path, Mark::Line(line, Stroke::solid(color(index), 0.8)));
        if let Some(ends) = leap(kept) {
            let bold = ends.map(|point| place(point.time, point.x)).to_vec();
            panel.mark(Mark::Line(bold, Stroke::solid(color(index), LEAP)));
        }
        if let (Some(site), Some(last)) = (kept.record.outcome.site(), kept.trajectory.last()) {
            let (x, y) = place(last.time, last.x);
            let look = exits::look(site.by, color(index));
            panel.data(name(kept.path), DataKind::Exit, Mark::Points(vec![Point::exact(x, y)], look));
        }
    }
}

/// The parameter against time; above two dimensions the gauge of the domain, which is 1 on the edge.
fn against_time(cell: &CellResult, heading: String) -> Option<Panel> {
    let basin = cell.plan.problem.basin();
    let is_line = basin.dim() == 1;
    let times = shown_paths(cell).iter().filter_map(|kept| kept.trajectory.last()).map(|point| point.time);
    let x = Axis::over("time t", Scale::Linear, times.chain([0.0]))?;
    let x = Axis { lo: 0.0, ..x };
    let (y, stretch) = if is_line {
        let stretch = Stretch::of(basin);
        (Axis::between("θ", Scale::Linear, stretch.lo, stretch.hi), stretch)
    } else {
        let (lo, hi) = (0.0, 1.0 + MARGIN);
        let stretch = Stretch { lo, hi, edges: vec![1.0], outside: Vec::new() };
        (Axis::between("gauge of θ", Scale::Linear, lo, hi), stretch)
    };
    let mut panel = Panel { title: heading, ..Panel::new(x, y) };
    stretch.draw_level(&mut panel);
    draw_paths(&mut panel, cell, |t, x| (t, if is_line { x[0] } else { basin.gauge(x) }));
    Some(panel)
}

fn plane_panel(cell: &CellResult, plane: &Plane, heading: String) -> Panel {
    let mut panel = plane.panel(heading);
    draw_paths(&mut panel, cell, |_, x| (x[0], x[1]));
    panel
}
