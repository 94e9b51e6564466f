//! Escape sets in the plane of the noise.
//!
//! The basin `Ω - θ*`, and the jumps `y` that do not leave it: `Σ⁻¹Ω` for SGD, `Σ⁻¹QΩ` for Adam. The escape set `W` is
//! what lies outside. Independent noise jumps along the axes only: it sees no more of `W` than where the axes enter it,
//! at the exit distances `r_i±` that are marked.

use plotters::style::RGBColor;

use crate::report::plot::style::{self, COLUMN_WIDTH, FULL_WIDTH, Fill, GREY, INK};
use crate::report::{
    Aspect, Axis, Dash, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Panel, Point, Sample, Scale, Sheet,
    Stroke,
};

const STEM: &str = "escape-set";
const SHADE: f64 = 0.12;
const BASIN: &str = "basin Ω − θ*";

/// The figure: one panel for each pair of optimisers to compare.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EscapeSet {
    /// Panels in reading order.
    pub planes: Vec<EscapePlane>,
}

/// One plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EscapePlane {
    /// Title, as `det Q = 2`.
    pub title: String,
    /// Boundary of `Ω - θ*`; may be empty.
    pub basin: Vec<(f64, f64)>,
    /// The complements of the escape sets, at most seven.
    pub regions: Vec<EscapeRegion>,
}

/// The complement of an escape set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EscapeRegion {
    /// Symbol of the escape set, as `W_{SGD}`.
    pub label: String,
    /// Boundary, in order, around the origin.
    pub boundary: Vec<(f64, f64)>,
    /// Exit distances `r_1+, r_1-, r_2+, r_2-`; what is not finite is not marked.
    pub radii: [f64; 4],
}

impl Figure for EscapeSet {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let drawable = |plane: &&EscapePlane| plane.regions.iter().any(|region| extent(&region.boundary).is_some());
        let planes: Vec<&EscapePlane> = self.planes.iter().filter(drawable).collect();
        if planes.is_empty() {
            return Err(FigureError::Empty { figure: STEM.to_owned(), what: "the boundary" });
        }
        let columns = planes.len().min(3);
        let (page, frame) = [(COLUMN_WIDTH, 185.0), (FULL_WIDTH, 155.0), (FULL_WIDTH, 98.0)][columns - 1];
        let mut sheet = Sheet::new(page, columns);
        for chunk in planes.chunks(columns) {
            let panels: Vec<Panel> = chunk.iter().filter_map(|plane| plane.drawn(columns < 3)).collect();
            // Frames as high as the picture is, within reason.
            let shape = |p: &Panel| (p.y.hi - p.y.lo) / (p.x.hi - p.x.lo);
            let tallest = panels.iter().map(shape).fold(0.0, f64::max);
            sheet.row(frame * tallest.clamp(0.6, 1.1), panels);
        }
        sheet.legend = legend(&planes);
        Ok(sheet)
    }
}

impl EscapePlane {
    /// The panel; `named` if its exit distances are to carry their symbols.
    fn drawn(&self, named: bool) -> Option<Panel> {
        let outlines = self.basin.iter().chain(self.regions.iter().flat_map(|r| &r.boundary));
        let (x, y) = extent(&outlines.chain(&[(0.0, 0.0)]).copied().collect::<Vec<_>>())?;
        // The outside, the escape sets themselves, needs room.
        let roomy = |label, (lo, hi): (f64, f64)| {
            let room = 0.2 * (hi - lo);
            Axis::between(label, Scale::Linear, lo - room, hi + room)
        };
        let mut panel = Panel::new(roomy("noise y_{1}", x), roomy("noise y_{2}", y));
        panel.title = self.title.clone();
        panel.aspect = Aspect::Equal;
        for (i, region) in self.regions.iter().enumerate() {
            panel.mark(Mark::Outside(region.boundary.clone(), style::color(i), SHADE));
        }
        // Longer than any widening of the panel.
        let far = 1e3 * (x.1 - x.0).max(y.1 - y.0);
        for axis in [[(-far, 0.0), (far, 0.0)], [(0.0, -far), (0.0, far)]] {
            panel.mark(Mark::Line(axis.to_vec(), axis_stroke()));
        }
        panel.data(BASIN, DataKind::Boundary, Mark::Line(closed(&self.basin), basin_stroke()));
        for (i, region) in self.regions.iter().enumerate() {
            let outline = Mark::Line(closed(&region.boundary), stroke(i));
            panel.data(&region.label, DataKind::Boundary, outline);
        }
        for (i, region) in self.regions.iter().enumerate() {
            region.mark_exits(&mut panel, Look::of(i), named);
        }
        Some(panel)
    }
}

impl EscapeRegion {
    fn mark_exits(&self, panel: &mut Panel, look: Look, named: bool) {
        let [right, left, up, down] = self.radii;
        let exits = [(right, 0.0, "r_{1+}"), (-left, 0.0, "r_{1−}"), (0.0, up, "r_{2+}"), (0.0, -down, "r_{2−}")];
        for (x, y, symbol) in exits.into_iter().filter(|exit| exit.0.is_finite() && exit.1.is_finite()) {
            panel.data(&self.label, DataKind::ExitDistance, Mark::Points(vec![Point::exact(x, y)], look));
            if named {
                panel.mark(Mark::Label(symbol.to_owned(), (x, y), darker(look.color)));
            }
        }
    }
}

fn legend(planes: &[&EscapePlane]) -> Legend {
    let mut entries = Vec::new();
    let most = planes.iter().max_by_key(|p| p.regions.len());
    for (i, region) in most.iter().flat_map(|p| &p.regions).enumerate() {
        let sample = Sample::Band(style::color(i), SHADE, Some(stroke(i)));
        entries.push(Entry::new(sample, format!("escape set {}", region.label)));
    }
    let mut keys = Vec::new();
    if planes.iter().any(|p| !p.basin.is_empty()) {
        keys.push(Entry::new(Sample::Line(basin_stroke()), BASIN));
    }
    keys.push(Entry::new(Sample::Line(axis_stroke()), "noise axes"));
    let exit = Look { color: GREY, fill: Fill::Filled, ..Look::of(0) };
    keys.push(Entry::new(Sample::Points(exit), "exit distances r_{i±}"));
    Legend::default().with(entries).with(keys)
}

/// Ranges of both coordinates, if the outline encloses anything.
fn extent(outline: &[(f64, f64)]) -> Option<((f64, f64), (f64, f64))> {
    let finite = outline.iter().filter(|v| v.0.is_finite() && v.1.is_finite());
    let empty = (f64::INFINITY, f64::NEG_INFINITY);
    let grow = |(lo, hi): (f64, f64), v: f64| (lo.min(v), hi.max(v));
    let (x, y) = finite.fold((empty, empty), |(x, y), v| (grow(x, v.0), grow(y, v.1)));
    (x.1 > x.0 && y.1 > y.0).then_some((x, y))
}

fn closed(vertices: &[(f64, f64)]) -> Vec<(f64, f64)> {
    vertices.iter().chain(vertices.first()).copied().collect()
}

fn basin_stroke() -> Stroke {
    Stroke::dotted(INK, 1.0)
}

fn axis_stroke() -> Stroke {
    Stroke::solid(GREY, 0.5)
}

fn stroke(index: usize) -> Stroke {
    let dash = [Dash::Solid, Dash::Dashed, Dash::DashDot][index % 3];
    Stroke { color: style::color(index), width: 1.1, dash }
}

/// Letters are thinner than markers: they need more contrast.
fn darker(color: RGBColor) -> RGBColor {
    let dim = |channel: u8| (f64::from(channel) * 0.75) as u8;
    RGBColor(dim(color.0), dim(color.1), dim(color.2))
}
