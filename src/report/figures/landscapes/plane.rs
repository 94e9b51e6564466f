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
/// Smallest and largest height of the window, in units of its width.
const SHAPES: [f64; 2] = [0.55, 1.1];
/// Where `Ω` goes on to infinity or far out, it is shown this many times as far as its farthest edge, and that many times as far as its middle one.
const ONWARDS: f64 = 1.2;
const FAR: f64 = 2.5;
/// Where the outline of such an `Ω` runs, in units of that.
const OUTSIDE: f64 = 20.0;
/// Frames are about this wide, in one column, in two and in three.
const WIDTHS: [f64; 3] = [185.0, 140.0, 85.0];
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

/// A corner of `Ω`.
#[derive(Clone, Copy)]
struct Corner {
    at: (f64, f64),
    /// Whether it lies on an edge, or far out where `Ω` goes on.
    is_edge: bool,
    /// The point in its direction that is to be shown.
    shown: (f64, f64),
}

/// A basin in the plane and the part of it that is shown. Its edge is found once: in a basin of attraction each point of it takes many steps.
pub(in crate::report::figures) struct Surroundings<'b> {
    basin: &'b Basin,
    /// What is to be shown at least of `x1` and of `x2`.
    window: [[f64; 2]; 2],
    /// The corners of `Ω` around the minimum; empty for a box and outside of one.
    round: Vec<Corner>,
}

impl<'b> Surroundings<'b> {
    pub fn of(basin: &'b Basin) -> Self {
        let round = if basin.sides().or(basin.target()).is_some() { Vec::new() } else { round(basin) };
        Surroundings { basin, window: window(basin, &round), round }
    }

    /// Height in units of the width.
    fn shape(&self) -> f64 {
        let [width, height] = self.window.map(|[lo, hi]| hi - lo);
        (height / width).clamp(SHAPES[0], SHAPES[1])
    }
}

/// Height of the frames in a row of panels with so many columns: what its highest plane needs. `lines` are those of panels that are no planes, on a
/// page with several columns and with one.
pub(in crate::report::figures) fn row_height(row: &[Option<Surroundings<'_>>], columns: usize, lines: [f64; 2]) -> f64 {
    let planes = row.iter().flatten().map(|plane| plane.shape() * WIDTHS[columns - 1]);
    let line = lines[usize::from(columns == 1)];
    planes.fold(if row.iter().all(Option::is_some) { 0.0 } else { line }, f64::max)
}

/// A landscape in two dimensions.
pub(in crate::report::figures) struct Plane {
    /// What is shown of `x1` and of `x2`.
    window: [[f64; 2]; 2],
    contours: Vec<(f64, Vec<Line>)>,
    /// What is shaded: all but the corners of `Ω`, of which an open side ends far outside the window, or a target.
    shade: Option<Mark>,
    /// The edges of `Ω`.
    edges: Vec<Line>,
}

impl Plane {
    /// The basin in a frame of this height, in a row of so many columns.
    pub fn of(surroundings: &Surroundings<'_>, height: f64, columns: usize) -> Self {
        let Surroundings { basin, window, round } = surroundings;
        let mut plane = Plane::over(basin.potential(), *window, height / WIDTHS[columns - 1]);
        let far = plane.far();
        let (shade, edges) = if let Some((lo, hi)) = basin.target() {
            let ([[x0, x1], [y0, y1]], edges) = faces(lo, hi, far);
            (Mark::Band(vec![(x0, y0, y1), (x1, y0, y1)], GREY, SHADE), edges)
        } else if let Some((lo, hi)) = basin.sides() {
            let ([[x0, x1], [y0, y1]], edges) = faces(lo, hi, far);
            (Mark::Outside(vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)], GREY, SHADE), edges)
        } else {
            let line = |part: &[Corner]| part.iter().map(|corner| corner.at).collect::<Line>();
            let on_edge = round.split(|corner| !corner.is_edge).filter(|part| part.len() > 1);
            (Mark::Outside(line(round), GREY, SHADE), on_edge.map(line).collect())
        };
        (plane.shade, plane.edges) = (Some(shade), edges);
        plane
    }

    /// The potential over at least a window, without a domain, in a frame of this height in units of its width.
    pub fn over(potential: &dyn Potential, window: [[f64; 2]; 2], shape: f64) -> Self {
        let [width, height] = window.map(|[lo, hi]| hi - lo);
        let window = [widened(window[0], height / shape), widened(window[1], width * shape)];
        let mut plane = Plane { window, contours: Vec::new(), shade: None, edges: Vec::new() };
        let far = plane.far();
        let grid = Grid::of(far[0], far[1], [GRID, GRID], |(x, y)| potential.value(&[x, y]));
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
        if let Some(shade) = &self.shade {
            panel.mark(shade.clone());
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
fn window(basin: &Basin, round: &[Corner]) -> [[f64; 2]; 2] {
    let minimum = basin.minimum();
    let empty = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
    let mut ends = if let Some((lo, hi)) = basin.target() {
        let finite = |i: usize| [lo[i], hi[i], minimum[i], basin.start()[i]].into_iter().filter(|x| x.is_finite());
        [0, 1].map(|i| finite(i).fold(empty[i], grown))
    } else if let Some((lo, hi)) = basin.sides() {
        let reaches: Vec<f64> = (0..2).flat_map(|i| [minimum[i] - lo[i], hi[i] - minimum[i]]).collect();
        let reach = reaches.iter().copied().filter(|r| r.is_finite()).fold(0.0, f64::max);
        let past = if basin.is_well() { NEIGHBOUR * reach } else { 0.0 };
        let end = |k: usize| if reaches[k].is_finite() { reaches[k] + past } else { ONWARDS * reach };
        [0, 1].map(|i| [minimum[i] - end(2 * i), minimum[i] + end(2 * i + 1)])
    } else {
        round.iter().fold(empty, |[x, y], corner| [grown(x, corner.shown.0), grown(y, corner.shown.1)])
    };
    // A target on an axis through the minimum has no extent across it.
    let widest = ends.iter().map(|[lo, hi]| hi - lo).fold(0.0, f64::max);
    for [lo, hi] in &mut ends {
        let room = MARGIN * 0.5 * (*hi - *lo).max(SHAPES[0] * widest);
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

/// The corners of a domain around the minimum. Where it has no edge, or only one far out, the window is cut.
fn round(basin: &Basin) -> Vec<Corner> {
    let minimum = basin.minimum();
    let rays: Vec<([f64; 2], f64)> = (0..CORNERS)
        .map(|k| {
            let angle = TAU * k as f64 / CORNERS as f64;
            let v = [angle.cos(), angle.sin()];
            (v, basin.exit_distance(&v))
        })
        .collect();
    let mut distances: Vec<f64> = rays.iter().map(|ray| ray.1).filter(|r| r.is_finite()).collect();
    distances.sort_by(f64::total_cmp);
    let [middle, farthest] = [distances.get(distances.len() / 2), distances.last()].map(|r| r.copied().unwrap_or(1.0));
    let cut = (ONWARDS * farthest).min(FAR * middle);
    let corner = |([x, y], r): &([f64; 2], f64)| {
        let place = |r: f64| (minimum[0] + r * x, minimum[1] + r * y);
        let is_edge = r.is_finite();
        Corner { at: place(if is_edge { *r } else { OUTSIDE * farthest.max(cut) }), is_edge, shown: place(r.min(cut)) }
    };
    rays.iter().chain(&rays[..1]).map(corner).collect()
}

/// The ends of a box, and its faces. Open sides end beyond the far end, so that no open side is drawn as an edge.
fn faces(lo: &[f64], hi: &[f64], far: [[f64; 2]; 2]) -> ([[f64; 2]; 2], Vec<Line>) {
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
    ([[x0, x1], [y0, y1]], edges.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Domain, DoubleWell, Expression};

    /// The basin of attraction of a double well is a half-plane: its saddle is an edge, the rest is cut.
    #[test]
    fn an_unbounded_basin_is_cut() {
        let formula = "(x^2 - 1)^2/4 + 2*y^2";
        let potential = Expression::new(formula, &[], Some(&[-1.0, 0.0]), None).unwrap();
        let basin = Basin::new(potential, Domain::Attraction).unwrap();
        let surroundings = Surroundings::of(&basin);
        let plane = Plane::of(&surroundings, 60.0, 2);
        assert!(plane.window.iter().flatten().all(|end| end.is_finite()), "{:?}", plane.window);
        assert!(plane.contours.iter().any(|(_, lines)| !lines.is_empty()));
        let corners: Vec<(f64, f64)> = plane.edges.iter().flatten().copied().collect();
        assert!(corners.len() > 20 && corners.iter().all(|(x, _)| x.abs() < 0.01), "{corners:?}");
        let Some(Mark::Outside(outline, ..)) = &plane.shade else { panic!("{:?}", plane.shade) };
        assert!(outline.iter().all(|(x, _)| *x < 0.01) && outline.iter().any(|(x, _)| *x < plane.window[0][0]));
        assert!(plane.window[0][0] < -1.0 && plane.window[0][1] > 0.0);
    }

    #[test]
    fn a_target_is_shaded() {
        let well = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap().with_transverse(vec![4.0]).unwrap();
        let basin = Basin::new(well, Domain::Until(vec![[0.5, 1.5], [-0.25, f64::INFINITY]])).unwrap();
        let plane = Plane::of(&Surroundings::of(&basin), 60.0, 2);
        assert!(plane.window.iter().flatten().all(|end| end.is_finite()), "{:?}", plane.window);
        assert_eq!(plane.edges.len(), 3);
        let Some(Mark::Band(slices, ..)) = &plane.shade else { panic!("{:?}", plane.shade) };
        assert_eq!([slices[0].0, slices[1].0, slices[0].1], [0.5, 1.5, -0.25]);
    }
}
