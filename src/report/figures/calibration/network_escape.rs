//! The network's escape: mean steps to leave a ball against its radius with the predictions, and their local slopes.

use crate::report::plot::style::{self, FULL_WIDTH, GREY, INK};
use crate::report::{
    Axis, Dash, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Note, Numbers, Panel, Point, Sample, Scale,
    Sheet, Stroke,
};

const STEM: &str = "network-escape";
/// Optimisers beside each other.
const COLUMNS: usize = 3;
/// Heights of the panels in points.
const MEANS: f64 = 88.0;
const SLOPES: f64 = 110.0;

/// The figure: one column an optimiser, with a panel for each of its settings, and below them the slopes of `Γ`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkEscapeFigure {
    /// The optimisers.
    pub optimisers: Vec<OptimiserCurves>,
}

/// The settings of one optimiser.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimiserCurves {
    /// Its name.
    pub name: String,
    /// One panel a setting.
    pub settings: Vec<EscapeCurves>,
}

/// Learning rate and batch of one optimiser; minima of the network differ in shade.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EscapeCurves {
    /// Title, as `SGD, η = 0.1, batch 32`.
    pub title: String,
    /// The setting within its optimiser, as `0.5 η, batch 32`.
    pub setting: String,
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
        let panels = || self.optimisers.iter().flat_map(|o| &o.settings);
        let points = || panels().flat_map(|p| p.measured.iter().flatten());
        let slopes = || panels().flat_map(|p| p.slopes.iter().flatten());
        let x = Axis::over("radius r", Scale::Log, points().map(|p| p.x)).ok_or_else(empty("the escapes"))?;
        let (lo, hi) = points().fold((f64::INFINITY, 1.0f64), |(lo, hi), p| (lo.min(p.y), hi.max(p.y)));
        // Predictions that leave the range of the measurements by more than a factor of 30 are cut at the frame.
        let inside = |y: &f64| *y > lo / 30.0 && *y < 30.0 * hi;
        let curves = panels().flat_map(|p| &p.predicted).flat_map(|(_, curve)| curve).map(|v| v.1);
        let heights = points().map(|p| p.y).chain(curves.filter(inside));
        let y = Axis::over("mean steps Γ", Scale::Log, heights).ok_or_else(empty("the escapes"))?;
        let steep = slopes().map(|v| v.1).chain([0.0, 2.0]);
        let steep = Axis::over("d log Γ / d log r", Scale::Linear, steep).ok_or_else(empty("the slopes"))?;
        let mut sheet = Sheet::new(FULL_WIDTH, self.optimisers.len().clamp(1, COLUMNS));
        for optimisers in self.optimisers.chunks(COLUMNS) {
            let settings = optimisers.iter().map(|o| o.settings.len()).max().unwrap_or(0);
            for i in 0..settings {
                let numbered = |column: usize, optimiser: &OptimiserCurves| {
                    let curves = optimiser.settings.get(i)?;
                    Some(Panel { numbers: Numbers::new(i + 1 == settings, column == 0), ..curves.means(&x, &y) })
                };
                sheet.row(MEANS, optimisers.iter().enumerate().map(|(c, o)| numbered(c, o)).collect::<Vec<_>>());
            }
            let numbered = |(column, optimiser): (usize, &OptimiserCurves)| Panel {
                numbers: Numbers::new(true, column == 0),
                ..optimiser.slopes(&x, &steep)
            };
            sheet.row(SLOPES, optimisers.iter().enumerate().map(numbered).collect::<Vec<_>>());
        }
        sheet.legend = self.legend();
        Ok(sheet)
    }
}

impl NetworkEscapeFigure {
    fn legend(&self) -> Legend {
        let panels = || self.optimisers.iter().flat_map(|o| &o.settings);
        let minima = panels().map(|p| p.measured.len()).max().unwrap_or(0);
        let measured = (0..minima).map(|i| Entry::new(Sample::Points(minimum(i)), format!("minimum {}", i + 1)));
        let names = panels().next().map_or(&[][..], |p| &p.predicted);
        let laws = names.iter().enumerate().map(|(i, law)| Entry::new(Sample::Line(stroke(i)), law.0.as_str()));
        let most = self.optimisers.iter().max_by_key(|o| o.settings.len());
        let settings = most.map_or(&[][..], |o| &o.settings).iter().enumerate();
        let mut slopes: Vec<Entry> =
            settings.map(|(i, s)| Entry::new(Sample::Points(Look::of(i)), s.setting.as_str())).collect();
        slopes.push(Entry::new(Sample::Line(level()), "slope 2"));
        Legend::default().with(measured.collect()).with(laws.collect()).with(slopes)
    }
}

impl OptimiserCurves {
    /// The slopes: a colour a setting, a line a minimum.
    fn slopes(&self, x: &Axis, y: &Axis) -> Panel {
        let mut panel = Panel { title: format!("{}: slopes", self.name), ..Panel::new(x.clone(), y.clone()) };
        panel.level(2.0, level());
        for (i, curves) in self.settings.iter().enumerate() {
            for (number, slopes) in curves.slopes.iter().enumerate() {
                let series = format!("{}, minimum {}", curves.setting, number + 1);
                let stroke = Stroke::solid(style::color(i), if number == 0 { 1.0 } else { 0.5 });
                panel.data(series, DataKind::Slope, Mark::Line(slopes.clone(), stroke));
            }
            let first: Vec<Point> =
                curves.slopes.first().into_iter().flatten().map(|&(x, y)| Point::exact(x, y)).collect();
            panel.mark(Mark::Points(first, Look::of(i)));
        }
        panel
    }
}

impl EscapeCurves {
    fn means(&self, x: &Axis, y: &Axis) -> Panel {
        let mut panel = Panel { title: self.title.clone(), ..Panel::new(x.clone(), y.clone()) };
        panel.notes.push(Note::new(format!("α̂ = {:.2}", self.alpha), GREY));
        for (i, points) in self.measured.iter().enumerate() {
            let series = format!("minimum {}", i + 1);
            panel.data(series, DataKind::Measured, Mark::Points(points.clone(), minimum(i)));
        }
        for (i, (law, curve)) in self.predicted.iter().enumerate() {
            panel.data(law, DataKind::Predicted, Mark::Line(curve.clone(), stroke(i)));
        }
        panel
    }
}

/// Measurements are dark, the predictions have colours.
fn minimum(i: usize) -> Look {
    Look { color: if i == 0 { INK } else { GREY }, ..Look::of(i) }
}

fn level() -> Stroke {
    Stroke { dash: Dash::Dotted, ..Stroke::solid(INK, 0.8) }
}

fn stroke(index: usize) -> Stroke {
    Stroke {
        color: style::color(index),
        width: 1.1,
        dash: [Dash::Solid, Dash::DashDot, Dash::Dashed, Dash::Dotted, Dash::Solid][index % 5],
    }
}
