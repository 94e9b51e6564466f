//! Survival of the scaled escape time against the exponential law of Theorem 1.
//!
//! Top: Kaplan-Meier curves of `λΓ` with their bands on a logarithmic axis, where `exp(-t)` is a straight line. Bottom: the same
//! divided by `exp(-t)` at the middle of each step.

use plotters::style::RGBColor;

use crate::report::plot::curve::{band, columns, labels, place};
use crate::report::plot::style::{self, FULL_WIDTH, GREY, INK};
use crate::report::words::p_value;
use crate::report::{
    Axis, Dash, DataKind, Entry, Figure, FigureError, Fill, Legend, Look, Mark, Marker, Note, Numbers, Panel, Point,
    Sample, Scale, Sheet, Stated, Stroke, number,
};

const STEM: &str = "exponential-law";
/// Steps kept of one curve; print does not resolve more.
const STEPS: f64 = 220.0;
/// Below this survival, too few paths are left to set the axes.
const FLOOR: f64 = 1e-4;
/// The lower panel takes its range from the curves up to here, where 2 % of the paths are left.
const EARLY: f64 = 4.0;
const BAND: f64 = 0.2;
/// Curves shorter than this share of the axis are not drawn.
const SHORTEST: f64 = 0.02;
/// With more bands than this in one panel, they cover each other.
const BANDS: usize = 4;

/// The figure: small multiples, one panel for each basin or optimiser.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExponentialLaw {
    /// What all curves have in common, as `ε = 0.003`; may be empty.
    pub title: String,
    /// Panels in reading order.
    pub panels: Vec<SurvivalPanel>,
}

/// One panel; with more than four curves their bands are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SurvivalPanel {
    /// Title, as `Adam, d = 5`.
    pub title: String,
    /// Its curves. Curves of the same label look the same in all panels.
    pub series: Vec<Survival>,
}

/// A Kaplan-Meier curve of `λΓ`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survival {
    /// What the legend says, as `α = 1.5`.
    pub label: String,
    /// Survival `y` just after each step `x`, in units of `1/λ`, ascending, with the 95 % band. It is 1 before the
    /// first. Pass all steps; the figure drops those too close to print.
    pub steps: Vec<Point>,
    /// Kolmogorov-Smirnov statistic against Exp(1) and its p-value.
    pub ks: Option<(f64, f64)>,
    /// The time, in units of `1/λ`, at which paths that are still inside were censored; `None` if all left.
    pub censored: Option<f64>,
}

impl Figure for ExponentialLaw {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = || FigureError::Empty { figure: STEM.to_owned(), what: "λΓ" };
        let panels: Vec<&SurvivalPanel> = self.panels.iter().filter(|p| p.visible().next().is_some()).collect();
        let visible = || panels.iter().flat_map(|p| p.visible());
        let end = visible().map(|p| p.x).fold(0.0, f64::max);
        if end <= 0.0 {
            return Err(empty());
        }
        let lowest = visible().map(|p| p.y).fold(1.0, f64::min).min((-end).exp()).max(FLOOR);
        let time = Axis::between("time t, in units of 1/λ", Scale::Linear, 0.0, 1.02 * end);
        let above = Axis::between("P(λΓ > t)", Scale::Log, 0.7 * lowest, 1.3);
        let early = visible().filter(|p| p.x < EARLY);
        let values = early.flat_map(|p| p.scaled(p.x.exp()).heights()).filter(|v| *v < 3.0);
        let below = Axis::over("P(λΓ > t) e^{t}", Scale::Linear, values.chain([0.95, 1.05])).ok_or_else(empty)?;
        let names = labels(panels.iter().flat_map(|p| &p.series).map(|s| s.label.as_str()));

        let columns = columns(panels.len());
        let mut sheet = Sheet::new(FULL_WIDTH, columns);
        sheet.title = self.heading(end);
        for chunk in panels.chunks(columns) {
            let drawn = chunk.iter().enumerate().map(|(i, panel)| {
                let [mut upper, mut lower] = panel.drawn(&names, time.clone(), above.clone(), below.clone());
                upper.numbers = Numbers::new(false, i == 0);
                lower.numbers = Numbers::new(true, i == 0);
                (upper, lower)
            });
            let (upper, lower): (Vec<Panel>, Vec<Panel>) = drawn.unzip();
            sheet.row(if columns == 1 { 130.0 } else { 105.0 }, upper);
            sheet.row(if columns == 1 { 60.0 } else { 50.0 }, lower);
        }
        let banded = panels.iter().any(|p| p.series.len() <= BANDS);
        let sample = |i| {
            if banded { Sample::Band(style::color(i), BAND, Some(stroke(i))) } else { Sample::Line(stroke(i)) }
        };
        let series = names.iter().enumerate().map(|(i, name)| Entry::new(sample(i), *name)).collect();
        let mut keys = vec![Entry::new(Sample::Line(law()), "Theorem 1: exp(−t)")];
        let ends = |s: &Survival| s.is_shown(end) && s.censored.is_some_and(|at| at < time.hi);
        if panels.iter().flat_map(|p| &p.series).any(ends) {
            keys.push(Entry::new(Sample::Points(end_look(GREY)), "the other paths were censored here"));
        }
        sheet.legend = Legend::default().with(series).with(keys);
        Ok(sheet)
    }
}

impl ExponentialLaw {
    /// The title, and the tests of all curves together: the smallest p-value times their number (Bonferroni).
    fn heading(&self, end: f64) -> String {
        let all = self.panels.iter().flat_map(|panel| &panel.series).filter(|s| s.is_shown(end));
        let p: Vec<f64> = all.filter_map(|s| Some(s.ks?.1)).collect();
        let corrected = (p.len() as f64 * p.iter().copied().fold(1.0, f64::min)).min(1.0);
        let together = format!("KS tests together: {} (smallest p × {})", p_value(corrected), p.len());
        let parts = [self.title.clone(), if p.len() > 1 { together } else { String::new() }];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

impl SurvivalPanel {
    /// What the axes must show.
    fn visible(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(Survival::steady).filter(|p| p.x.is_finite() && p.x > 0.0 && p.y > FLOOR)
    }

    /// The curves, and the curves over the law.
    fn drawn(&self, names: &[&str], time: Axis, above: Axis, below: Axis) -> [Panel; 2] {
        let end = time.hi;
        let (shown, hidden): (Vec<&Survival>, Vec<&Survival>) = self.series.iter().partition(|s| s.is_shown(end));
        let mut upper = Panel { title: self.title.clone(), ..Panel::new(time.clone(), above) };
        let mut lower = Panel::new(time, below);
        let curves: Vec<Vec<Point>> = shown.iter().map(|s| staircase(&s.steps, end / STEPS)).collect();
        let excess: Vec<Vec<Point>> = curves.iter().map(|curve| over_law(curve)).collect();
        let indices: Vec<usize> = shown.iter().map(|s| place(names, &s.label)).collect();
        for (panel, curves) in [(&mut upper, &curves), (&mut lower, &excess)] {
            let labelled = || shown.iter().map(|s| s.label.as_str()).zip(&indices).zip(curves);
            for ((label, &i), curve) in labelled().filter(|_| curves.len() <= BANDS) {
                panel.data(label, DataKind::Measured, Mark::Band(band(curve), style::color(i), BAND));
            }
            for ((label, &i), curve) in labelled() {
                let line = curve.iter().filter(|p| p.y > 0.0).map(|p| (p.x, p.y)).collect();
                panel.data(label, DataKind::Measured, Mark::Line(line, stroke(i)));
            }
            for ((series, &i), curve) in shown.iter().zip(&indices).zip(curves) {
                let last = curve.last().filter(|_| series.censored.is_some_and(|at| at < end));
                let mark = last.map(|p| Mark::Points(vec![Point::exact(p.x, p.y)], end_look(style::color(i))));
                mark.into_iter().for_each(|mark| panel.mark(mark));
            }
        }
        upper.data("exp(−t)", DataKind::Law, Mark::Line(vec![(0.0, 1.0), (end, (-end).exp())], law()));
        lower.level(1.0, law());
        upper.corner = tests(&shown, &indices);
        for series in hidden {
            let until = series.censored.map_or(String::new(), |at| format!(", censored at t = {}", number(at)));
            upper.corner.push(Note::new(format!("{}: no data{until}", series.label), GREY));
        }
        for (series, (distance, p)) in shown.into_iter().filter_map(|series| Some((series, series.ks?))) {
            upper.stated.push(Stated::new(&series.label, DataKind::KsStatistic, distance));
            upper.stated.push(Stated::new(&series.label, DataKind::KsP, p));
        }
        [upper, lower]
    }
}

/// The test of every curve, or of all together if they are many.
fn tests(series: &[&Survival], indices: &[usize]) -> Vec<Note> {
    let tests: Vec<(&Survival, usize, (f64, f64))> =
        series.iter().zip(indices).filter_map(|(s, &i)| Some((*s, i, s.ks?))).collect();
    if tests.len() <= BANDS {
        let one = |(s, i, (distance, p)): (&Survival, usize, (f64, f64))| {
            Note::new(format!("{}: KS {distance:.3}, {}", s.label, p_value(p)), style::color(i))
        };
        return tests.into_iter().map(one).collect();
    }
    let smallest = tests.iter().map(|test| test.2.1).fold(1.0, f64::min);
    vec![Note::new(format!("{} KS tests, smallest {} (uncorrected)", tests.len(), p_value(smallest)), GREY)]
}

/// The end of a curve at which paths were censored.
fn end_look(color: RGBColor) -> Look {
    Look { color, marker: Marker::Circle, fill: Fill::Hollow }
}

impl Survival {
    /// Whether its curve is long enough to be seen on an axis up to `end`.
    fn is_shown(&self, end: f64) -> bool {
        self.steps.last().is_some_and(|step| step.x >= SHORTEST * end)
    }

    /// The curve without its last ten steps, or its last quarter, where single paths are visible.
    fn steady(&self) -> &[Point] {
        &self.steps[..self.steps.len() - (self.steps.len() / 4).min(10)]
    }
}

/// Corners of the staircase from `(0, 1)`. Steps are left out, and those kept joined directly, where they are closer than
/// `gap`: too close to be seen.
fn staircase(steps: &[Point], gap: f64) -> Vec<Point> {
    let mut corners = vec![Point::exact(0.0, 1.0)];
    let mut level = corners[0];
    let mut steps = steps.iter().filter(|p| p.x.is_finite() && p.y.is_finite()).peekable();
    let mut dense = false;
    while let Some(&step) = steps.next() {
        if steps.peek().is_some_and(|next| next.x - level.x < gap) {
            dense = true;
            continue;
        }
        corners.extend((!dense).then_some(Point { x: step.x, ..level }));
        corners.push(step);
        (level, dense) = (step, false);
    }
    corners
}

/// The curve divided by the law at its steps, at the middle of each: a staircase over a smooth law would be a saw.
fn over_law(corners: &[Point]) -> Vec<Point> {
    let middle = |step: &[Point]| {
        let (top, foot) = (step[0], step[step.len() - 1]);
        let mean = |a: f64, b: f64| 0.5 * (a + b);
        Point { x: top.x, y: mean(top.y, foot.y), lo: mean(top.lo, foot.lo), hi: mean(top.hi, foot.hi) }
    };
    corners.chunk_by(|a, b| a.x == b.x).map(|step| middle(step).scaled(step[0].x.exp())).collect()
}

fn law() -> Stroke {
    Stroke::dashed(INK, 0.9)
}

/// Lines of neighbouring colours differ in their breaks as well.
fn stroke(index: usize) -> Stroke {
    let dash = [Dash::Solid, Dash::DashDot, Dash::Dotted][index % 3];
    Stroke { color: style::color(index), width: 1.0, dash }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heading_corrects_the_smallest_p_for_the_number_of_tests() {
        let with = |p: &[f64]| SurvivalPanel {
            series: p
                .iter()
                .map(|p| Survival { ks: Some((0.01, *p)), steps: vec![Point::exact(1.0, 0.4)], ..Survival::default() })
                .collect(),
            ..SurvivalPanel::default()
        };
        let heading = |panels| ExponentialLaw { title: "ε = 0.01".to_owned(), panels }.heading(4.0);
        assert_eq!(
            heading(vec![with(&[0.5, 0.02]), with(&[0.3])]),
            "ε = 0.01; KS tests together: p = 0.060 (smallest p × 3)"
        );
        assert_eq!(heading(vec![with(&[0.5, 0.6])]), "ε = 0.01; KS tests together: p = 1.000 (smallest p × 2)");
        assert_eq!(heading(vec![with(&[0.02])]), "ε = 0.01");
    }

    #[test]
    fn a_staircase_keeps_its_levels_and_thins_out() {
        let steps = [(0.5, 0.8), (1.0, 0.6), (1.001, 0.5)].map(|(t, s)| Point::exact(t, s));
        let corners: Vec<(f64, f64)> = staircase(&steps, 0.6).iter().map(|p| (p.x, p.y)).collect();
        assert_eq!(corners, [(0.0, 1.0), (0.5, 1.0), (0.5, 0.8), (1.001, 0.5)]);
        let many: Vec<Point> =
            (1..20_000).map(|i| Point::exact(f64::from(i) * 4e-4, 1.0 - f64::from(i) / 2e4)).collect();
        assert!(staircase(&many, 8.0 / STEPS).len() < 500);
    }
}
