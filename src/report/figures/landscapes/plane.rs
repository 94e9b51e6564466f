//! A landscape in the plane: contours of `F`, and `Ω`.

use std::f64::consts::TAU;

use plotters::style::RGBColor;

use crate::landscape::{Basin, Potential};
use crate::report::plot::contour::Grid;
use crate::report::plot::style::{GREY, INK};
use crate::report::{Aspect, Axis, DataKind, Mark, Panel, Scale, Stroke, number};

/// Points of the grid along a side, contours, and corners of an edge.
const GRID: usize = 61;
const CONTOURS: usize = 7;
const CORNERS: usize = 240;
/// The contours reach this many times as far as the window, since the shape of a frame is known only about.
const BEYOND: f64 = 1.35;
/// White around `Ω`, as a share of its extent.
const MARGIN: f64 = 0.3;
/// The part of a well that is shown beyond its saddle, in units of the distance between them.
const NEIGHBOUR: f64 = 1.4;
/// Where an open basin of attraction is cut, in units of the median distance of its edge.
const OPEN: f64 = 2.0;
/// Smallest and largest height of the window, in units of its width.
const SHAPES: [f64; 2] = [0.55, 1.1];
/// The outside of `Ω`.
pub(in crate::report::figures) const SHADE: f64 = 0.08;
const CONTOUR: RGBColor = RGBColor(0xA8, 0xB8, 0xC4);

/// The series of the edge.
pub(in crate::report::figures) const EDGE: &str = "edge of Ω";

/// The series of a line that is one of several.
pub(in crate::report::figures) fn piece(series: &str, index: usize) -> String {
    if index == 0 { series.to_owned() } else { format!("{series}, {}", index + 1) }
}

pub(in crate::report::figures) fn contour_stroke() -> Stroke {
    Stroke::solid(CONTOUR, 0.6)
}

pub(in crate::report::figures) fn edge_stroke() -> Stroke {
    Stroke::dotted(INK, 1.0)
}

type Line = Vec<(f64, f64)>;

/// A landscape in two dimensions.
pub(in crate::report::figures) struct Plane {
    /// What is shown of `x1` and of `x2`.
    window: [[f64; 2]; 2],
    contours: Vec<(f64, Vec<Line>)>,
    /// The corners of `Ω`; an open side ends far outside the window.
    outline: Line,
    /// The parts of the outline that are edges.
    edges: Vec<Line>,
}

/// Height of a basin and its surroundings in units of the width.
pub(in crate::report::figures) fn shape(basin: &Basin) -> f64 {
    let [width, height] = window(basin).map(|[lo, hi]| hi - lo);
    (height / width).clamp(SHAPES[0], SHAPES[1])
}

impl Plane {
    /// The basin in a frame of this height in units of its width.
    pub fn of(basin: &Basin, shape: f64) -> Self {
        let mut plane = Plane::over(basin.potential(), window(basin), shape);
        (plane.outline, plane.edges) = outline(basin, plane.far());
        plane
    }

    /// The potential over at least a window, without a domain, in a frame of this height in units of its width.
    pub fn over(potential: &dyn Potential, window: [[f64; 2]; 2], shape: f64) -> Self {
        let [width, height] = window.map(|[lo, hi]| hi - lo);
        let window = [widened(window[0], height / shape), widened(window[1], width * shape)];
        let mut plane = Plane { window, contours: Vec::new(), outline: Vec::new(), edges: Vec::new() };
        let far = plane.far();
        let value = |(x, y): (f64, f64)| potential.value(&[x, y]);
        let grid = Grid::of(far[0], far[1], [GRID, GRID], value);
        let [[left, right], [below, above]] = window;
        let mut heights = grid.values(|(x, y)| left <= x && x <= right && below <= y && y <= above);
        heights.sort_by(f64::total_cmp);
        // Lines at quantiles of the values that are shown fill the window evenly whatever the shape of the landscape.
        let level = |k: usize| heights.get((k * 2 + 1) * heights.len() / (2 * CONTOURS)).copied();
        let mut levels: Vec<f64> = (0..CONTOURS).filter_map(level).collect();
        levels.dedup();
        plane.contours = levels.into_iter().map(|level| (level, grid.lines(level))).collect();
        plane
    }

    /// The window and what the frame may show around it.
    fn far(&self) -> [[f64; 2]; 2] {
        self.window.map(|[lo, hi]| {
            let (middle, half) = (0.5 * (lo + hi), 0.5 * BEYOND * (hi - lo));
            [middle - half, middle + half]
        })
    }

    /// Whether a point is in the window.
    pub fn shows(&self, x: &[f64]) -> bool {
        x.iter().zip(self.window).all(|(x, [lo, hi])| lo <= *x && *x <= hi)
    }

    /// A panel with the contours and the edge.
    pub fn panel(&self, title: String) -> Panel {
        let axis = |label: &str, [lo, hi]: [f64; 2]| Axis::between(label, Scale::Linear, lo, hi);
        let mut panel = Panel::new(axis("θ_{1}", self.window[0]), axis("θ_{2}", self.window[1]));
        (panel.title, panel.aspect) = (title, Aspect::Equal);
        if !self.outline.is_empty() {
            panel.mark(Mark::Outside(self.outline.clone(), GREY, SHADE));
        }
        for (level, lines) in &self.contours {
            let series = format!("F = {}", number(*level));
            for (index, line) in lines.iter().enumerate() {
                panel.data(piece(&series, index), DataKind::Contour, Mark::Line(line.clone(), contour_stroke()));
            }
        }
        for (index, edge) in self.edges.iter().enumerate() {
            panel.data(piece(EDGE, index), DataKind::Boundary, Mark::Line(edge.clone(), edge_stroke()));
        }
        panel
    }
}

/// What is shown: `Ω` with a margin. Open sides are cut at the distance of the farthest face.
fn window(basin: &Basin) -> [[f64; 2]; 2] {
    let minimum = basin.minimum();
    let mut ends = match basin.sides() {
        Some((lo, hi)) => {
            let reaches: Vec<f64> = (0..2).flat_map(|i| [minimum[i] - lo[i], hi[i] - minimum[i]]).collect();
            let reach = reaches.iter().copied().filter(|r| r.is_finite()).fold(0.0, f64::max);
            let past = if basin.is_well() { NEIGHBOUR * reach } else { 0.0 };
            let end = |k: usize| if reaches[k].is_finite() { reaches[k] + past } else { 1.2 * reach };
            [0, 1].map(|i| [minimum[i] - end(2 * i), minimum[i] + end(2 * i + 1)])
        }
        None => {
            let empty = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
            round(basin).into_iter().fold(empty, |[x, y], v| [grown(x, v.0), grown(y, v.1)])
        }
    };
    for [lo, hi] in &mut ends {
        let room = MARGIN * 0.5 * (*hi - *lo);
        (*lo, *hi) = (*lo - room, *hi + room);
    }
    ends
}

fn widened([lo, hi]: [f64; 2], length: f64) -> [f64; 2] {
    let (middle, half) = (0.5 * (lo + hi), 0.5 * length.max(hi - lo));
    [middle - half, middle + half]
}

fn grown([lo, hi]: [f64; 2], v: f64) -> [f64; 2] {
    [lo.min(v), hi.max(v)]
}

/// The outline of a domain around the minimum. A basin of attraction may be open: it is cut at [`OPEN`] times the usual distance of its edge.
fn round(basin: &Basin) -> Vec<(f64, f64)> {
    corners(basin, OPEN).into_iter().map(|(corner, _)| corner).collect()
}

/// The corners of the outline, and whether each is on the edge; a basin of attraction is cut at `open` times the usual distance.
fn corners(basin: &Basin, open: f64) -> Vec<((f64, f64), bool)> {
    let minimum = basin.minimum();
    let ray = |k: usize| {
        let angle = TAU * k as f64 / CORNERS as f64;
        let v = [angle.cos(), angle.sin()];
        (v, basin.exit_distance(&v))
    };
    let rays: Vec<([f64; 2], f64)> = (0..=CORNERS).map(ray).collect();
    let most = if basin.is_followed() {
        let mut finite: Vec<f64> = rays.iter().map(|ray| ray.1).filter(|r| r.is_finite()).collect();
        finite.sort_by(f64::total_cmp);
        finite.get(finite.len() / 2).map_or(1.0, |median| open * median)
    } else {
        f64::INFINITY
    };
    let corner = |(v, r): ([f64; 2], f64)| {
        let cut = r.min(most);
        ((minimum[0] + cut * v[0], minimum[1] + cut * v[1]), r <= most)
    };
    rays.into_iter().map(corner).collect()
}

/// The outline of `Ω`, and the parts of it that are edges. Open sides of a box end at `far`.
fn outline(basin: &Basin, far: [[f64; 2]; 2]) -> (Line, Vec<Line>) {
    let Some((lo, hi)) = basin.sides() else {
        // Far beyond the frame, so that no open side is drawn as an edge.
        let corners = corners(basin, 100.0 * OPEN);
        let edges = corners.chunk_by(|a, b| a.1 == b.1).filter(|part| part[0].1);
        let edges = edges.map(|part| part.iter().map(|(corner, _)| *corner).collect()).collect();
        return (corners.into_iter().map(|(corner, _)| corner).collect(), edges);
    };
    // Beyond the far end, so that no open side is drawn as an edge.
    let cut = |i: usize| {
        let room = far[i][1] - far[i][0];
        [
            if lo[i].is_finite() { lo[i] } else { far[i][0] - room },
            if hi[i].is_finite() { hi[i] } else { far[i][1] + room },
        ]
    };
    let ([x0, x1], [y0, y1]) = (cut(0), cut(1));
    let faces = [
        (lo[0], [(x0, y0), (x0, y1)]),
        (hi[0], [(x1, y0), (x1, y1)]),
        (lo[1], [(x0, y0), (x1, y0)]),
        (hi[1], [(x0, y1), (x1, y1)]),
    ];
    let edges = faces.into_iter().filter(|(end, _)| end.is_finite()).map(|(_, line)| line.to_vec());
    (vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)], edges.collect())
}
