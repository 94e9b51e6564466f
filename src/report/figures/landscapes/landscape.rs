//! The figure `landscape`: the potential of every basin with `Ω`, the widths that the noise sees, and the points at which paths left.

use super::exits;
use super::line::Stretch;
use super::plane::{EDGE, Plane, Surroundings, contour_stroke, edge_stroke, row_height};
use crate::dynamics::Preconditioner;
use crate::landscape::Basin;
use crate::noise::Structure;
use crate::report::plot::curve::{columns, grid};
use crate::report::plot::style::{COLUMN_WIDTH, FULL_WIDTH, GREY, INK};
use crate::report::select::{alpha, basin_title, distinct, epsilon, group_by, title};
use crate::report::{
    Axis, DataKind, Entry, Figure, FigureError, Fill, Legend, Look, Mark, Marker, Note, Panel, Point, Sample, Scale,
    Sheet, Stroke, color, number,
};
use crate::results::CellResult;
use crate::scheme::{Departure, Side};

const STEM: &str = "landscape";
/// Most panels, and most exit points in one.
const PANELS: usize = 12;
const EXITS: usize = 60;
/// Vertices of a curve.
const VERTICES: u32 = 400;
/// Height of the frame of a line on a page with several columns, and with one.
const HEIGHTS: [f64; 2] = [105.0, 130.0];

fn width_look() -> Look {
    Look { color: INK, marker: Marker::Square, fill: Fill::Hollow }
}

fn width_stroke() -> Stroke {
    Stroke::solid(INK, 0.9)
}

/// A landscape with the points at which paths left.
struct Landscape<'r> {
    title: String,
    cells: Vec<&'r CellResult>,
}

/// One panel for every basin in one or two dimensions.
pub(in crate::report) struct LandscapeFigure<'r> {
    landscapes: Vec<Landscape<'r>>,
}

impl<'r> LandscapeFigure<'r> {
    pub fn of(results: &'r [CellResult]) -> Self {
        let drawable = results.iter().filter(|r| r.plan.problem.basin().dim() <= 2);
        let landscapes = group_by(drawable, |r| r.plan.basin.clone()).into_iter().take(PANELS);
        let landscapes = landscapes.map(|(basin, cells)| Landscape { title: basin_title(&basin), cells });
        LandscapeFigure { landscapes: landscapes.collect() }
    }
}

impl Figure for LandscapeFigure<'_> {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        if self.landscapes.is_empty() {
            return Err(FigureError::Empty { figure: STEM.to_owned(), what: "a basin in one or two dimensions" });
        }
        let columns = columns(self.landscapes.len());
        let mut sheet = Sheet::new(if columns == 1 { COLUMN_WIDTH } else { FULL_WIDTH }, columns);
        for row in self.landscapes.chunks(columns) {
            let planes: Vec<Option<Surroundings<'_>>> =
                row.iter().map(|at| at.is_plane().then(|| Surroundings::of(at.basin()))).collect();
            let height = row_height(&planes, columns, HEIGHTS);
            let panels = row.iter().zip(&planes).map(|(landscape, plane)| match plane {
                Some(surroundings) => landscape.plane(&Plane::of(surroundings, height, columns)),
                None => landscape.line(),
            });
            let panels = panels.zip(row).map(|(mut panel, landscape)| {
                let note = Note::new(landscape.exits_of(exits::count(&panel)), GREY);
                panel.notes.insert(0, note);
                panel
            });
            sheet.row(height, panels);
        }
        sheet.legend = self.legend(&sheet);
        Ok(sheet)
    }
}

impl LandscapeFigure<'_> {
    fn legend(&self, sheet: &Sheet) -> Legend {
        let has = |is_plane: bool| self.landscapes.iter().any(|landscape| landscape.is_plane() == is_plane);
        let is_drawn = |look: Look| {
            let shows =
                |mark: &Mark| matches!(mark, Mark::Points(points, other) if *other == look && !points.is_empty());
            sheet.panels.iter().flatten().flat_map(|panel| &panel.layers).any(|layer| shows(&layer.mark))
        };
        let mut keys = Vec::new();
        keys.extend(has(false).then(|| Entry::new(Sample::Line(curve_stroke()), "potential F")));
        keys.extend(has(true).then(|| Entry::new(Sample::Line(contour_stroke()), "contours of F")));
        keys.push(Entry::new(Sample::Line(edge_stroke()), EDGE));
        let widths = || Entry::new(Sample::Points(width_look()), "widths along the noise axes");
        keys.extend(is_drawn(width_look()).then(widths));
        let exits = exits::WAYS.map(|by| (exit_look(by), exits::name(by)));
        let exits = exits.into_iter().filter(|(look, _)| is_drawn(*look));
        let exits = exits.map(|(look, name)| Entry::new(Sample::Points(look), name));
        Legend::default().with(keys).with(exits.collect())
    }
}

fn exit_look(by: Departure) -> Look {
    exits::look(by, color(if by == Departure::Jump { 1 } else { 0 }))
}

fn curve_stroke() -> Stroke {
    Stroke::solid(color(2), 1.4)
}

impl Landscape<'_> {
    fn basin(&self) -> &Basin {
        self.cells[0].plan.problem.basin()
    }

    fn is_plane(&self) -> bool {
        self.basin().dim() == 2
    }

    /// Whose exits are shown: `SGD, α = 1.5, ε = 0.1: 60 exits`, with the ends of what varies.
    fn exits_of(&self, count: usize) -> String {
        let cells = || self.cells.iter().copied();
        let optimisers = distinct(cells().map(|r| title(&r.plan.dynamics)));
        let optimisers = match optimisers.as_slice() {
            [one] => one.clone(),
            [one, other] => format!("{one} and {other}"),
            several => format!("{} optimisers", several.len()),
        };
        let range = |of: fn(&CellResult) -> f64, sign: &str| {
            let values = || cells().map(of).filter(|x| x.is_finite());
            let (lo, hi) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
            Some(if lo < hi {
                format!("{sign} = {} to {}", number(lo), number(hi))
            } else {
                format!("{sign} = {}", number(lo))
            })
        };
        let parts = [Some(optimisers), range(alpha, "α"), range(epsilon, "ε")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let all: usize = cells().map(|r| r.moments.exited()).sum();
        let whose = parts.join(", ");
        match count {
            // In the plane the exits of kept paths are shown, and there may be none.
            0 => whose,
            _ if all > count => format!("{whose}: {count} of {all} exits"),
            _ => format!("{whose}: {count} exits"),
        }
    }

    /// The points at which paths left, at most [`EXITS`], as many from every cell.
    fn exits<'s, T>(&'s self, of: impl Fn(&'s CellResult) -> Vec<T>) -> Vec<T> {
        let lists: Vec<Vec<T>> = self.cells.iter().map(|cell| of(cell)).collect();
        let some = lists.iter().filter(|list| !list.is_empty()).count();
        let most = (EXITS / some.max(1)).max(1);
        lists.into_iter().flat_map(|list| list.into_iter().take(most)).take(EXITS).collect()
    }

    fn line(&self) -> Panel {
        let basin = self.basin();
        let (minimum, value) = (basin.minimum()[0], |x: f64| basin.potential().value(&[x]));
        let stretch = Stretch::of(basin);
        let curve: Vec<(f64, f64)> = grid(stretch.lo, stretch.hi, VERTICES).map(|x| (x, value(x))).collect();
        let reaches = [-1.0, 1.0].map(|side| basin.exit_distance(&[side]));
        let widths = [-1.0, 1.0].into_iter().zip(reaches).filter(|(_, r)| r.is_finite());
        let widths: Vec<(f64, f64)> = widths.map(|(side, r)| (side, minimum + side * r)).collect();
        let heights = || curve.iter().map(|v| v.1).filter(|y| y.is_finite());
        let floor = heights().fold(f64::INFINITY, f64::min);
        let rim = stretch.edges.iter().map(|x| value(*x)).filter(|y| y.is_finite()).fold(value(minimum), f64::max);
        // A steep wall beyond the edge would flatten everything else.
        let top = heights().fold(f64::NEG_INFINITY, f64::max).min(rim + 1.2 * (rim - floor).max(0.0));
        let span = if top > floor { top - floor } else { 1.0 };
        let y = Axis::between("F(θ)", Scale::Linear, floor - 0.3 * span, floor + 1.06 * span);
        let x = Axis::between("θ", Scale::Linear, stretch.lo, stretch.hi);
        let mut panel = Panel { title: self.title.clone(), ..Panel::new(x, y) };
        stretch.draw_upright(&mut panel);
        panel.data("F", DataKind::Potential, Mark::Line(curve, curve_stroke()));
        // The widths, below the curve.
        let (bar, tick) = (floor - 0.13 * span, 0.035 * span);
        for &(side, x) in &widths {
            panel.mark(Mark::Line(vec![(minimum, bar), (x, bar)], width_stroke()));
            for x in [minimum, x] {
                panel.mark(Mark::Line(vec![(x, bar - tick), (x, bar + tick)], width_stroke()));
            }
            let symbol = symbol(side);
            let label = format!("{symbol} = {}", number((x - minimum).abs()));
            panel.mark(Mark::Label(label, (0.5 * (minimum + x), bar), INK));
        }
        // In one dimension the overshoot is the distance in units of that to the edge. A target lies on one side, from wherever a path comes.
        let target = basin.target().map(|(lo, _)| if lo[0] > minimum { Side::Plus } else { Side::Minus });
        let exits = self.exits(|cell| cell.exits.clone()).into_iter().map(|site| {
            let (side, reach) = match target.unwrap_or(site.side) {
                Side::Minus => (-1.0, reaches[0]),
                Side::Plus => (1.0, reaches[1]),
            };
            let x = minimum + side * site.overshoot * reach;
            (site.by, (x, value(x)))
        });
        show_exits(&mut panel, &exits.collect::<Vec<_>>());
        for &(side, x) in &widths {
            let end = vec![Point::exact(x, value(x))];
            panel.data(symbol(side), DataKind::ExitDistance, Mark::Points(end, width_look()));
        }
        panel
    }

    fn plane(&self, plane: &Plane) -> Panel {
        let (basin, problem) = (self.basin(), &self.cells[0].plan.problem);
        let mut panel = plane.panel(self.title.clone());
        if problem.noise().structure() == Structure::Independent {
            let rest = problem.preconditioner().unwrap_or_else(Preconditioner::identity);
            let reach = 10.0 * (panel.x.hi - panel.x.lo).max(panel.y.hi - panel.y.lo);
            for axis in 0..2 {
                let direction = problem.jump_direction(&rest, axis);
                let length = direction[0].hypot(direction[1]);
                for (sign, name) in [(1.0, "+"), (-1.0, "−")] {
                    let unit = [0, 1].map(|i| sign * direction[i] / length);
                    let distance = if length > 0.0 { basin.exit_distance(&unit) } else { 0.0 };
                    let r = distance.min(reach);
                    let end = [0, 1].map(|i| basin.minimum()[i] + r * unit[i]);
                    if !end.iter().all(|x| x.is_finite()) {
                        continue;
                    }
                    let line = vec![(basin.minimum()[0], basin.minimum()[1]), (end[0], end[1])];
                    panel.mark(Mark::Line(line, width_stroke()));
                    if distance.is_finite() {
                        let series = format!("r_{{{}{name}}}", axis + 1);
                        let end = vec![Point::exact(end[0], end[1])];
                        panel.data(series, DataKind::ExitDistance, Mark::Points(end, width_look()));
                    }
                }
            }
        }
        let exits = self.exits(|cell| {
            let end = |kept: &crate::results::KeptPath| {
                let (site, last) = (kept.record.outcome.site()?, kept.trajectory.last()?);
                Some((site.by, (last.x[0], last.x[1])))
            };
            cell.kept.iter().filter_map(end).collect()
        });
        show_exits(&mut panel, &exits);
        panel
    }
}

/// Name of the width on a side.
fn symbol(side: f64) -> &'static str {
    if side < 0.0 { "r_{−}" } else { "r_{+}" }
}

/// Adds the exit points.
fn show_exits(panel: &mut Panel, exits: &[(Departure, (f64, f64))]) {
    for by in exits::WAYS {
        let points = exits.iter().filter(|(other, _)| *other == by).map(|(_, (x, y))| Point::exact(*x, *y));
        panel.data(exits::name(by), DataKind::Exit, Mark::Points(points.collect(), exit_look(by)));
    }
}
