//! Mean escape time against the noise level, with `1/λ` and the exact solver.
//!
//! Top: `E Γ` on logarithmic axes, where theory is a line of slope `-α`. Bottom: `λ E Γ`, which tends to 1 as `ε → 0` (Theorem 1);
//! series are shifted sideways so that their points do not overlap.

use plotters::style::RGBColor;

use crate::exit::SlopeFit;
use crate::report::plot::curve::{aside, columns, labels, look, ratio_axis, ratios, sorted};
use crate::report::plot::style::{FULL_WIDTH, GREY, INK};
use crate::report::slopes::{SLOPE_REMARK, slope_text};
use crate::report::{
    Axis, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Note, Numbers, Panel, Point, Sample, Scale, Sheet,
    Stated, Stroke, number,
};

const STEM: &str = "gamma-vs-epsilon";
/// Room at both ends of the horizontal axis for the points that are shifted sideways.
const ROOM: f64 = 0.03;

/// The figure: small multiples, one panel for each basin, dimension or optimiser.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GammaVsEpsilon {
    /// Panels in reading order.
    pub panels: Vec<EpsilonPanel>,
}

/// One panel and its series. Series of the same label look the same in all panels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpsilonPanel {
    /// Title, as `Adam, d = 5`.
    pub title: String,
    /// Its series.
    pub series: Vec<EpsilonSeries>,
}

/// Escape from one basin at one tail index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpsilonSeries {
    /// What the legend says, as `SGD, α = 1.5`.
    pub label: String,
    /// Measured means, `x = ε`, with their intervals.
    pub points: Vec<Point>,
    /// `(ε, 1/λ)`; the ratio is drawn for points within its range.
    pub theory: Vec<(f64, f64)>,
    /// `(ε, E Γ)` of the exact solver, where there is one.
    pub exact: Vec<(f64, f64)>,
    /// `(ε, E Γ)` to second order in `ε`, where it is known; drawn as a ratio to `1/λ`.
    pub second_order: Vec<(f64, f64)>,
    /// Fitted slope of `log E Γ` on `log ε`.
    pub slope: Option<FittedSlope>,
}

/// A slope with what a reader needs to judge it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FittedSlope {
    /// The slope.
    pub value: f64,
    /// Half-width of its 95 % interval.
    pub half_width: f64,
    /// p-value of χ² of a straight line; `None` for two points.
    pub straightness: Option<f64>,
    /// Whether the points contradict a line; it then has no slope to state.
    pub is_bent: bool,
    /// Largest noise level of the fit.
    pub up_to: f64,
}

impl From<SlopeFit> for FittedSlope {
    fn from(fit: SlopeFit) -> Self {
        FittedSlope {
            value: fit.slope.value,
            half_width: 0.5 * (fit.slope.hi - fit.slope.lo),
            straightness: fit.p_value,
            is_bent: fit.is_bent(),
            up_to: fit.range[1],
        }
    }
}

impl FittedSlope {
    /// The values of the fit, for the table of the figure.
    pub fn stated(&self, series: &str) -> Vec<Stated> {
        if self.is_bent {
            return Vec::new();
        }
        let interval = [self.value, self.value - self.half_width, self.value + self.half_width];
        let mut stated = vec![Stated::within(series, DataKind::Slope, interval)];
        stated.extend(self.straightness.map(|p| Stated::new(series, DataKind::SlopeP, p)));
        stated.push(Stated::new(series, DataKind::SlopeUpTo, self.up_to));
        stated
    }
}

impl Figure for GammaVsEpsilon {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = || FigureError::Empty { figure: STEM.to_owned(), what: "E Γ" };
        let panels: Vec<&EpsilonPanel> = self.panels.iter().filter(|p| p.series.iter().any(drawable)).collect();
        let all = || panels.iter().flat_map(|p| &p.series);
        let x = Axis::over("noise level ε", Scale::Log, all().flat_map(abscissae)).ok_or_else(empty)?;
        let x = x.roomier(ROOM);
        let y = Axis::over("mean escape time E Γ", Scale::Log, all().flat_map(ordinates)).ok_or_else(empty)?;
        let ratio = ratio_axis("λ E Γ", all().flat_map(|s| ratios(&s.points, &s.theory)));
        let labels = labels(all().map(|s| s.label.as_str()));

        let columns = columns(panels.len());
        let mut sheet = Sheet::new(FULL_WIDTH, columns);
        for chunk in panels.chunks(columns) {
            let first_with_ratio = chunk.iter().position(|panel| has_ratios(panel));
            let upper = |(i, panel): (usize, &&EpsilonPanel)| {
                let numbers = Numbers::new(!has_ratios(panel), i == 0);
                Panel { numbers, ..time_panel(panel, &labels, x.clone(), y.clone()) }
            };
            let height = if columns == 1 { 165.0 } else { 120.0 - if panels.len() > columns { 20.0 } else { 0.0 } };
            sheet.row(height, chunk.iter().enumerate().map(upper));
            if let (Some(ratio), Some(first)) = (&ratio, first_with_ratio) {
                let lower = |(i, panel): (usize, &&EpsilonPanel)| {
                    let numbers = Numbers::new(true, i == first);
                    let drawn = Panel { numbers, ..ratio_panel(panel, &labels, x.clone(), ratio.clone()) };
                    has_ratios(panel).then_some(drawn)
                };
                sheet.row(46.0, chunk.iter().enumerate().map(lower));
            }
        }
        let has = |part: fn(&EpsilonSeries) -> bool| all().any(part);
        let mut keys = Vec::new();
        if has(|s| !s.points.is_empty()) {
            keys.push(Entry::new(Sample::Interval(simulated()), "simulation, 95 % interval"));
        }
        if has(|s| !s.theory.is_empty()) {
            keys.push(Entry::new(Sample::Line(theory(GREY)), "theory 1/λ (ε → 0)"));
        }
        if has(|s| !s.exact.is_empty()) {
            keys.push(Entry::new(Sample::Line(exact(GREY)), "exact solver"));
        }
        if has(|s| !s.second_order.is_empty()) {
            keys.push(Entry::new(Sample::Line(second_order(GREY)), "theory to second order in ε"));
        }
        let sample = |i: usize, label: &str| {
            let is_measured = all().any(|s| s.label == label && !s.points.is_empty());
            if is_measured { Sample::Points(Look::of(i)) } else { Sample::Line(theory(Look::of(i).color)) }
        };
        let series = labels.iter().enumerate().map(|(i, label)| Entry::new(sample(i, label), *label));
        sheet.legend = Legend::default().with(series.collect()).with(keys);
        Ok(sheet)
    }
}

fn theory(color: RGBColor) -> Stroke {
    Stroke::dashed(color, 0.9)
}

fn exact(color: RGBColor) -> Stroke {
    Stroke::solid(color, 0.7)
}

fn second_order(color: RGBColor) -> Stroke {
    Stroke::dotted(color, 0.9)
}

fn simulated() -> Look {
    Look { color: GREY, ..Look::of(0) }
}

fn drawable(series: &EpsilonSeries) -> bool {
    ordinates(series).any(|y| y.is_finite() && y > 0.0)
}

fn abscissae(series: &EpsilonSeries) -> impl Iterator<Item = f64> {
    let lines = series.theory.iter().chain(&series.exact).map(|v| v.0);
    series.points.iter().map(|p| p.x).chain(lines)
}

fn ordinates(series: &EpsilonSeries) -> impl Iterator<Item = f64> {
    let lines = series.theory.iter().chain(&series.exact).map(|v| v.1);
    series.points.iter().flat_map(Point::heights).chain(lines)
}

fn time_panel(panel: &EpsilonPanel, labels: &[&str], x: Axis, y: Axis) -> Panel {
    let mut drawn = Panel { title: panel.title.clone(), ..Panel::new(x, y) };
    if panel.series.iter().all(|series| series.points.is_empty()) {
        drawn.notes.push(Note::new("too few paths left for a mean", GREY));
    }
    for series in &panel.series {
        let look = look(labels, &series.label);
        drawn.data(&series.label, DataKind::Predicted, Mark::Line(sorted(&series.theory), theory(look.color)));
        drawn.data(&series.label, DataKind::Exact, Mark::Line(sorted(&series.exact), exact(look.color)));
    }
    for series in &panel.series {
        let look = look(labels, &series.label);
        drawn.data(&series.label, DataKind::Measured, Mark::Points(series.points.clone(), look));
        if let Some(slope) = series.slope.filter(|slope| slope.value.is_finite() && slope.half_width.is_finite()) {
            if drawn.corner.is_empty() {
                drawn.corner.push(Note::new(format!("{SLOPE_REMARK}, ε ≤ {}", number(slope.up_to)), GREY));
            }
            let text = slope_text(&slope);
            drawn.corner.push(Note::new(format!("{}: {text}", series.label), look.color));
            drawn.stated.extend(slope.stated(&series.label));
        }
    }
    drawn
}

/// Whether any mean has a prediction.
fn has_ratios(panel: &EpsilonPanel) -> bool {
    panel.series.iter().any(|series| ratios(&series.points, &series.theory).next().is_some())
}

fn ratio_panel(panel: &EpsilonPanel, labels: &[&str], x: Axis, y: Axis) -> Panel {
    let mut drawn = Panel::new(x, y);
    drawn.level(1.0, theory(INK));
    for series in &panel.series {
        let color = look(labels, &series.label).color;
        for (values, kind, stroke) in [
            (&series.exact, DataKind::Exact, exact(color)),
            (&series.second_order, DataKind::SecondOrder, second_order(color)),
        ] {
            let line = sorted(values).into_iter().map(|(x, y)| Point::exact(x, y)).collect::<Vec<_>>();
            let line = ratios(&line, &series.theory).map(|p| (p.x, p.y)).collect();
            drawn.data(&series.label, kind, Mark::Line(line, stroke));
        }
    }
    for (i, series) in panel.series.iter().enumerate() {
        let points = ratios(&series.points, &series.theory).collect();
        let mark = Mark::Aside(points, aside(i, panel.series.len(), 0.07), look(labels, &series.label));
        drawn.data(&series.label, DataKind::Measured, mark);
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a path that left, the legend shows no points.
    #[test]
    fn a_series_without_means_is_a_line() {
        let measured = EpsilonSeries {
            label: "α = 1.5".to_owned(),
            points: vec![Point::exact(0.1, 30.0)],
            theory: vec![(0.1, 31.0), (0.01, 900.0)],
            ..EpsilonSeries::default()
        };
        let samples = |series: &EpsilonSeries| {
            let panel = EpsilonPanel { title: "SGD".to_owned(), series: vec![series.clone()] };
            let sheet = GammaVsEpsilon { panels: vec![panel] }.sheet().unwrap();
            let notes = sheet.panels.iter().flatten().map(|panel| panel.notes.len()).sum::<usize>();
            let entries = sheet.legend.groups.iter().flat_map(|group| &group.entries);
            (entries.filter(|entry| !matches!(entry.sample, Sample::Line(_))).count(), notes)
        };
        assert_eq!(samples(&measured), (2, 0));
        assert_eq!(samples(&EpsilonSeries { points: Vec::new(), ..measured }), (0, 1));
    }
}
