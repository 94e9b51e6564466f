//! The noise against batch size, learning rate and distance from the minimum.

use crate::report::plot::curve::{aside, labels, place};
use crate::report::plot::style::{self, FULL_WIDTH, GREY, INK};
use crate::report::{
    Axis, Dash, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Panel, Point, Sample, Scale, Sheet, Stroke,
};

const STEM: &str = "noise-scaling";
/// Panels beside each other, and their height in points.
const COLUMNS: usize = 2;
const HEIGHT: f64 = 112.0;
/// Share of a panel's width over which points at one place are spread.
const ROOM: f64 = 0.03;

/// The figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NoiseScalingFigure {
    /// Its panels; one without points is left out.
    pub panels: Vec<ScalingPanel>,
}

/// One panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScalingPanel {
    /// Its title.
    pub title: String,
    /// What its series have in common, in the legend.
    pub heading: String,
    /// Labels and scales of its axes.
    pub x: (String, Scale),
    /// The vertical axis.
    pub y: (String, Scale),
    /// Measured series. Equal labels look the same in all panels.
    pub series: Vec<ScalingSeries>,
    /// Predicted curves with their legend texts. Equal texts look the same in all panels.
    pub predicted: Vec<(String, Vec<(f64, f64)>)>,
}

/// One measured series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScalingSeries {
    /// Legend text.
    pub label: String,
    /// Points of all minima.
    pub points: Vec<Point>,
}

impl ScalingPanel {
    fn points(&self) -> impl Iterator<Item = &Point> + Clone {
        self.series.iter().flat_map(|series| &series.points)
    }

    fn panel(&self, names: &[&str], laws: &[&str]) -> Option<Panel> {
        let [x, y] = [&self.x, &self.y];
        let heights = self.points().flat_map(Point::heights);
        let curves = || self.predicted.iter().flat_map(|(_, curve)| curve);
        let (lo, hi) = heights.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        // A prediction that is far from all measurements is cut at the frame.
        let reach = if y.1 == Scale::Log { [lo / 3.0, 3.0 * hi] } else { [2.0 * lo - hi - 1.0, 2.0 * hi - lo + 1.0] };
        let near = curves().map(|v| v.1).filter(|v| (reach[0]..=reach[1]).contains(v));
        // A prediction may start at the batch to which the scales are relative, which has no point.
        let x = Axis::over(&x.0, x.1, self.points().map(|p| p.x).chain(curves().map(|v| v.0)))?.roomier(ROOM);
        let y = Axis::over(&y.0, y.1, heights.chain(near))?;
        let mut panel = Panel { title: self.title.clone(), ..Panel::new(x, y) };
        for (law, curve) in &self.predicted {
            panel.data(law, DataKind::Predicted, Mark::Line(curve.clone(), stroke(place(laws, law))));
        }
        let count = self.series.len();
        for (i, series) in self.series.iter().enumerate() {
            let look = Look::of(place(names, &series.label));
            panel.data(
                &series.label,
                DataKind::Measured,
                Mark::Aside(series.points.clone(), aside(i, count, ROOM), look),
            );
        }
        Some(panel)
    }
}

impl Figure for NoiseScalingFigure {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let names = labels(self.panels.iter().flat_map(|p| &p.series).map(|s| s.label.as_str()));
        let laws = labels(self.panels.iter().flat_map(|p| &p.predicted).map(|(law, _)| law.as_str()));
        let panels: Vec<Panel> = self.panels.iter().filter_map(|panel| panel.panel(&names, &laws)).collect();
        if panels.is_empty() {
            return Err(FigureError::Empty { figure: STEM.to_owned(), what: "the scaling of the noise" });
        }
        let mut sheet = Sheet::new(FULL_WIDTH, COLUMNS);
        for row in panels.chunks(COLUMNS) {
            sheet.row(HEIGHT, row.to_vec());
        }
        // The series of each panel that those before it do not have.
        let mut legend = Legend::default();
        let mut shown = Vec::new();
        for panel in &self.panels {
            let own = labels(panel.series.iter().map(|s| s.label.as_str()).filter(|label| !shown.contains(label)));
            let entry = |name: &&str| Entry::new(Sample::Points(Look::of(place(&names, name))), *name);
            legend = legend.with_heading(&panel.heading, own.iter().map(entry).collect());
            shown.extend(own);
        }
        let laws = laws.iter().enumerate().map(|(i, law)| Entry::new(Sample::Line(stroke(i)), *law));
        sheet.legend = legend.with_heading("predicted", laws.collect());
        Ok(sheet)
    }
}

/// Predictions differ in their dashes.
fn stroke(index: usize) -> Stroke {
    Stroke {
        color: [INK, style::color(5), GREY][index % 3],
        width: 1.0,
        dash: [Dash::Dashed, Dash::Solid, Dash::DashDot, Dash::Dotted][index % 4],
    }
}
