//! Mean escape time against the volume of the basin, and against `1/λ`.
//!
//! Left: against the volume, which the paper names as the deciding quantity. Right: the same points against the prediction of
//! Theorem 1, where basins of every shape and dimension, and both optimisers, fall on one line.

use plotters::style::RGBColor;

use crate::report::plot::curve::labels;
use crate::report::plot::style::{self, FILLS, FULL_WIDTH, Fill, GREY, INK, MARKERS, Marker};
use crate::report::{
    Axis, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Numbers, Panel, Point, Sample, Scale, Sheet, Stroke,
};

const STEM: &str = "gamma-vs-volume";

/// The figure: one point for each cell of a sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GammaVsVolume {
    /// All cells.
    pub points: Vec<BasinPoint>,
}

/// One basin and its escape time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BasinPoint {
    /// Volume of the basin.
    pub volume: f64,
    /// Predicted mean escape time `1/λ`.
    pub predicted: f64,
    /// Measured mean escape time.
    pub mean: f64,
    /// Lower end of its 95 % interval.
    pub lo: f64,
    /// Upper end of its 95 % interval.
    pub hi: f64,
    /// Shape of the basin, such as `flat`: colour.
    pub shape: String,
    /// Dimension: marker.
    pub dim: usize,
    /// Optimiser, as `SGD`: filled, hollow, dotted.
    pub dynamics: String,
}

impl Figure for GammaVsVolume {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = |what| move || FigureError::Empty { figure: STEM.to_owned(), what };
        let measured = || self.points.iter().filter(|p| p.mean.is_finite() && p.mean > 0.0);
        let times = || measured().flat_map(|p| [p.mean, p.lo, p.hi]);
        let predicted = || measured().map(|p| p.predicted);
        // The prediction spans the same range as the times, so that the line y = x is the diagonal.
        let y = Axis::over("mean escape time E Γ", Scale::Log, times().chain(predicted())).ok_or_else(empty("E Γ"))?;
        let volume = measured().map(|p| p.volume);
        let volume = Axis::over("volume of the basin", Scale::Log, volume).ok_or_else(empty("the volume"))?;
        let keys = Keys::of(&self.points);

        let mut left = Panel { title: "against volume".to_owned(), ..Panel::new(volume, y.clone()) };
        self.scatter(&mut left, &keys, |p| p.volume);
        let mut panels = vec![left];
        if predicted().any(|v| v.is_finite() && v > 0.0) {
            let x = Axis { label: "predicted 1/λ".to_owned(), ..y.clone() };
            let mut right = Panel { title: "against the prediction".to_owned(), ..Panel::new(x, y) };
            right.numbers = Numbers::Below;
            let diagonal = [right.x.lo, right.x.hi].map(|v| (v, v)).to_vec();
            right.mark(Mark::Line(diagonal, Stroke::dashed(INK, 0.9)));
            self.scatter(&mut right, &keys, |p| p.predicted);
            panels.push(right);
        }
        let collapse = panels.len() > 1;
        let mut sheet = Sheet::new(FULL_WIDTH, panels.len());
        sheet.row(160.0, panels);
        sheet.legend = keys.legend(collapse);
        Ok(sheet)
    }
}

impl GammaVsVolume {
    /// Hollow points last: they hide less.
    fn scatter(&self, panel: &mut Panel, keys: &Keys, x: impl Fn(&BasinPoint) -> f64) {
        let mut points: Vec<(&BasinPoint, Look)> = self.points.iter().map(|p| (p, keys.look(p))).collect();
        points.sort_by_key(|(_, look)| look.fill != Fill::Filled);
        for (point, look) in points {
            let placed = Point { x: x(point), y: point.mean, lo: point.lo, hi: point.hi };
            let series = format!("{}, d = {}, {}", point.shape, point.dim, point.dynamics);
            panel.data(series, DataKind::Measured, Mark::Points(vec![placed], look));
        }
    }
}

/// Meaning of colour, marker and fill.
struct Keys<'a> {
    shapes: Vec<&'a str>,
    dims: Vec<usize>,
    dynamics: Vec<&'a str>,
}

impl<'a> Keys<'a> {
    fn of(points: &'a [BasinPoint]) -> Self {
        let mut dims: Vec<usize> = points.iter().map(|p| p.dim).collect();
        dims.sort_unstable();
        dims.dedup();
        Keys {
            shapes: labels(points.iter().map(|p| p.shape.as_str())),
            dims,
            dynamics: labels(points.iter().map(|p| p.dynamics.as_str())),
        }
    }

    fn look(&self, point: &BasinPoint) -> Look {
        let shape = self.shapes.iter().position(|s| *s == point.shape).unwrap_or(0);
        let dim = self.dims.iter().position(|d| *d == point.dim).unwrap_or(0);
        let dynamics = self.dynamics.iter().position(|d| *d == point.dynamics).unwrap_or(0);
        Look { color: style::color(shape), marker: marker(dim), fill: FILLS[dynamics % FILLS.len()] }
    }

    fn legend(&self, collapse: bool) -> Legend {
        let entry = |color: RGBColor, marker, fill, label: String| {
            Entry::new(Sample::Points(Look { color, marker, fill }), label)
        };
        let shape = |(i, s): (usize, &&str)| Entry::new(Sample::Band(style::color(i), 1.0, None), (*s).to_owned());
        let dim = |(i, d): (usize, &usize)| entry(GREY, marker(i), Fill::Filled, format!("d = {d}"));
        let dynamics = |(i, d): (usize, &&str)| entry(GREY, Marker::Circle, FILLS[i % FILLS.len()], (*d).to_owned());
        let mut last: Vec<Entry> = self.dynamics.iter().enumerate().map(dynamics).collect();
        if collapse {
            last.push(Entry::new(Sample::Line(Stroke::dashed(INK, 0.9)), "E Γ = 1/λ"));
        }
        Legend::default()
            .with_heading("basin", self.shapes.iter().enumerate().map(shape).collect())
            .with_heading("dimension", self.dims.iter().enumerate().map(dim).collect())
            .with_heading("optimiser", last)
    }
}

fn marker(index: usize) -> Marker {
    MARKERS[index % MARKERS.len()]
}
