//! Escape sets in the plane of the noise.
//!
//! The basin `Ω - θ*`, and the jumps `y` that do not leave it: `Σ⁻¹Ω` for SGD, `Σ⁻¹QΩ` for Adam. The escape set `W` is
//! what lies outside. Independent noise jumps along the axes only: it sees no more of `W` than where the axes enter it,
//! at the exit distances `r_i±` that are marked.

use plotters::style::RGBColor;

use super::canvas::Align;
use super::style::{self, FULL_WIDTH, GREY, INK};
use super::{Axis, Dash, Entry, Figure, FigureError, Legend, Look, Mark, Panel, Point, Sample, Scale, Sheet, Stroke};

const STEM: &str = "escape-set";
const SHADE: f64 = 0.13;

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
        let finite =
            |region: &EscapeRegion| region.boundary.iter().filter(|v| v.0.is_finite() && v.1.is_finite()).count();
        let planes: Vec<&EscapePlane> =
            self.planes.iter().filter(|p| p.regions.iter().any(|r| finite(r) > 2)).collect();
        if planes.is_empty() {
            return Err(FigureError::Empty { figure: STEM.to_owned(), what: "the boundary" });
        }
        let columns = planes.len().min(3);
        let mut sheet = Sheet::new(if columns == 1 { style::COLUMN_WIDTH } else { FULL_WIDTH }, columns);
        for chunk in planes.chunks(columns) {
            let height = [185.0, 160.0, 105.0][columns - 1];
            sheet.row(height, chunk.iter().enumerate().filter_map(|(i, plane)| plane.drawn(i == 0)));
        }
        sheet.legend = legend(&planes);
        Ok(sheet)
    }
}

impl EscapePlane {
    fn drawn(&self, first: bool) -> Option<Panel> {
        let vertices = || self.basin.iter().chain(self.regions.iter().flat_map(|r| &r.boundary));
        // The origin belongs to the picture, and the outside needs room.
        let spread = |values: Vec<f64>| {
            let axis = Axis::over("", Scale::Linear, values.into_iter().chain([0.0]))?;
            let room = 0.14 * (axis.hi - axis.lo);
            Some((axis.lo - room, axis.hi + room))
        };
        let (x, y) = (spread(vertices().map(|v| v.0).collect())?, spread(vertices().map(|v| v.1).collect())?);
        let label = if first { "noise y_{2}" } else { "" };
        let mut panel = Panel::new(
            Axis::between("noise y_{1}", Scale::Linear, x.0, x.1),
            Axis::between(label, Scale::Linear, y.0, y.1),
        );
        panel.title = self.title.clone();
        panel.equal_aspect = true;
        for (i, region) in self.regions.iter().enumerate() {
            panel.mark(Mark::Outside(region.boundary.clone(), style::color(i), SHADE));
        }
        let far = 1e3 * (x.1 - x.0).max(y.1 - y.0);
        for axis in [[(-far, 0.0), (far, 0.0)], [(0.0, -far), (0.0, far)]] {
            panel.mark(Mark::Line(axis.to_vec(), Stroke::solid(GREY, 0.5)));
        }
        panel.mark(Mark::Line(closed(&self.basin), basin_stroke()));
        for (i, region) in self.regions.iter().enumerate() {
            panel.mark(Mark::Line(closed(&region.boundary), stroke(i)));
        }
        for (i, region) in self.regions.iter().enumerate() {
            region.mark_exits(&mut panel, i);
        }
        Some(panel)
    }
}

impl EscapeRegion {
    /// Marks where the axes leave the region. The first region's labels stand above and right of the axes, the second's
    /// below and left, so that they keep apart where the exits fall together.
    fn mark_exits(&self, panel: &mut Panel, index: usize) {
        let [right, left, up, down] = self.radii;
        let side = if index % 2 == 0 { 1.0 } else { -1.0 };
        let exits = [
            ((right, 0.0), "r_{1+}", (4.0, -6.5 * side), Align::Left),
            ((-left, 0.0), "r_{1−}", (-4.0, -6.5 * side), Align::Right),
            ((0.0, up), "r_{2+}", (4.5 * side, -6.5), if side > 0.0 { Align::Left } else { Align::Right }),
            ((0.0, -down), "r_{2−}", (4.5 * side, 6.5), if side > 0.0 { Align::Left } else { Align::Right }),
        ];
        let look = Look::of(index);
        for (at, label, offset, align) in exits.into_iter().filter(|e| e.0.0.is_finite() && e.0.1.is_finite()) {
            panel.mark(Mark::Points(vec![Point::exact(at.0, at.1)], look));
            let ink = darker(look.color);
            panel.mark(Mark::Text { label: label.to_owned(), at, offset, align, ink });
        }
    }
}

fn legend(planes: &[&EscapePlane]) -> Legend {
    let mut entries = Vec::new();
    if planes.iter().any(|p| !p.basin.is_empty()) {
        entries.push(Entry::new(Sample::Line(basin_stroke()), "basin Ω"));
    }
    let most = planes.iter().max_by_key(|p| p.regions.len());
    for (i, region) in most.iter().flat_map(|p| &p.regions).enumerate() {
        let sample = Sample::Band(style::color(i), SHADE, Some(stroke(i)));
        entries.push(Entry::new(sample, format!("edge and outside of {}", region.label)));
    }
    entries.push(Entry::new(Sample::Line(Stroke::solid(GREY, 0.5)), "noise axes"));
    Legend::default().with(entries)
}

fn closed(vertices: &[(f64, f64)]) -> Vec<(f64, f64)> {
    vertices.iter().chain(vertices.first()).copied().collect()
}

fn basin_stroke() -> Stroke {
    Stroke::dotted(INK, 1.0)
}

fn stroke(index: usize) -> Stroke {
    let dash = [Dash::Solid, Dash::Dashed, Dash::DashDot][index % 3];
    Stroke { color: style::color(index), width: 1.1, dash }
}

fn darker(color: RGBColor) -> RGBColor {
    let dim = |channel: u8| (f64::from(channel) * 0.75) as u8;
    RGBColor(dim(color.0), dim(color.1), dim(color.2))
}
