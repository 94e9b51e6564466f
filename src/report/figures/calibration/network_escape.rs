//! The network's escape: mean steps to leave a ball against its radius with the predictions, and the local slopes.

use crate::report::plot::style::{self, FULL_WIDTH, GREY, INK};
use crate::report::{
    Axis, Dash, Entry, Figure, FigureError, Legend, Look, Mark, Numbers, Panel, Point, Sample, Scale, Sheet, Stroke,
};

const STEM: &str = "network-escape";
/// Panels of a row.
const COLUMNS: usize = 3;

/// The figure: one column a configuration, with `Γ` above and its slope below.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkEscapeFigure {
    /// The configurations.
    pub panels: Vec<EscapeCurves>,
}

/// One configuration; minima of the network differ in colour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EscapeCurves {
    /// Title, as `SGD, η = 0.1, batch 32`.
    pub title: String,
    /// Per minimum: mean steps with intervals against the radius.
    pub measured: Vec<Vec<Point>>,
    /// Names and mean steps of the predictions, at the first minimum.
    pub predicted: Vec<(String, Vec<(f64, f64)>)>,
    /// Per minimum: local slopes.
    pub slopes: Vec<Vec<(f64, f64)>>,
    /// Tail index of the noise at the first minimum.
    pub alpha: f64,
}

impl Figure for NetworkEscapeFigure {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = |what| move || FigureError::Empty { figure: STEM.to_owned(), what };
        let points = || self.panels.iter().flat_map(|p| p.measured.iter().flatten());
        let slopes = || self.panels.iter().flat_map(|p| p.slopes.iter().flatten());
        let x = Axis::over("radius r", Scale::Log, points().map(|p| p.x)).ok_or_else(empty("the escapes"))?;
        let (lo, hi) = points().fold((f64::INFINITY, 1.0f64), |(lo, hi), p| (lo.min(p.y), hi.max(p.y)));
        // Predictions that leave the range of the measurements by more than a factor of 30 are cut at the frame.
        let inside = |y: &f64| *y > lo / 30.0 && *y < 30.0 * hi;
        let curves = self.panels.iter().flat_map(|p| &p.predicted).flat_map(|(_, curve)| curve).map(|v| v.1);
        let heights = points().map(|p| p.y).chain(curves.filter(inside));
        let y = Axis::over("mean steps Γ", Scale::Log, heights).ok_or_else(empty("the escapes"))?;
        let steep = slopes().map(|v| v.1).chain([0.0, 2.0]);
        let steep = Axis::over("d log Γ / d log r", Scale::Linear, steep).ok_or_else(empty("the slopes"))?;
        let mut sheet = Sheet::new(FULL_WIDTH, self.panels.len().clamp(1, COLUMNS));
        for row in self.panels.chunks(COLUMNS) {
            let numbered = |panel: Panel, i: usize| Panel { numbers: Numbers::new(true, i == 0), ..panel };
            let above = row.iter().enumerate().map(|(i, curves)| numbered(curves.means(&x, &y), i));
            sheet.row(150.0, above.collect::<Vec<_>>());
            let below = row.iter().enumerate().map(|(i, curves)| numbered(curves.local(&x, &steep), i));
            sheet.row(95.0, below.collect::<Vec<_>>());
        }
        let minima = self.panels.iter().map(|p| p.measured.len()).max().unwrap_or(0);
        let measured = (0..minima)
            .map(|i| Entry::new(Sample::Points(Look { color: shade(i), ..Look::of(i) }), format!("minimum {}", i + 1)));
        let names: Vec<&String> =
            self.panels.first().map_or(Vec::new(), |p| p.predicted.iter().map(|c| &c.0).collect());
        let laws = names.iter().enumerate().map(|(i, name)| Entry::new(Sample::Line(stroke(i)), name.as_str()));
        let levels = vec![
            Entry::new(Sample::Line(level(Dash::Dashed)), "slope α̂"),
            Entry::new(Sample::Line(level(Dash::Dotted)), "slope 2"),
        ];
        sheet.legend = Legend::default().with(measured.collect()).with(laws.collect()).with(levels);
        Ok(sheet)
    }
}

impl EscapeCurves {
    fn means(&self, x: &Axis, y: &Axis) -> Panel {
        let mut panel = Panel { title: self.title.clone(), ..Panel::new(x.clone(), y.clone()) };
        for (i, (_, curve)) in self.predicted.iter().enumerate() {
            panel.mark(Mark::Line(curve.clone(), stroke(i)));
        }
        for (i, points) in self.measured.iter().enumerate() {
            panel.mark(Mark::Points(points.clone(), Look { color: shade(i), ..Look::of(i) }));
        }
        panel
    }

    fn local(&self, x: &Axis, y: &Axis) -> Panel {
        let mut panel = Panel::new(x.clone(), y.clone());
        panel.level(self.alpha, level(Dash::Dashed));
        panel.level(2.0, level(Dash::Dotted));
        for (i, slopes) in self.slopes.iter().enumerate() {
            let points: Vec<Point> = slopes.iter().map(|&(x, y)| Point::exact(x, y)).collect();
            panel.mark(Mark::Line(slopes.clone(), Stroke::solid(shade(i), 0.7)));
            panel.mark(Mark::Points(points, Look { color: shade(i), ..Look::of(i) }));
        }
        panel
    }
}

/// Minima are dark, the predictions have colours.
fn shade(i: usize) -> plotters::style::RGBColor {
    if i == 0 { INK } else { GREY }
}

fn level(dash: Dash) -> Stroke {
    Stroke { dash, ..Stroke::solid(INK, 0.8) }
}

fn stroke(index: usize) -> Stroke {
    Stroke {
        color: style::color(index),
        width: 1.1,
        dash: [Dash::Solid, Dash::DashDot, Dash::Dashed, Dash::Dotted, Dash::Solid][index % 5],
    }
}
