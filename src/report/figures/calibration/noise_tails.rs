//! Tails of gradient noise on logarithmic axes, where a power law is a straight line, against the laws that fit best.

use crate::report::plot::curve::{labels, multiples, place};
use crate::report::plot::style::{self, GREY, INK};
use crate::report::{
    Axis, Dash, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Panel, Point, Sample, Scale, Sheet, Stroke,
};

const STEM: &str = "noise-law";

/// The figure: one panel a sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NoiseTails {
    /// Panels in reading order.
    pub panels: Vec<TailsPanel>,
}

/// One sample: `P(|X| > x)` at magnitudes `x` in units of the sample's median magnitude.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TailsPanel {
    /// Title, as `SGD, pooled`.
    pub title: String,
    /// The empirical tail.
    pub measured: Vec<(f64, f64)>,
    /// The empirical tail of the Gaussian surrogate; may be empty.
    pub surrogate: Vec<(f64, f64)>,
    /// Names and tails of the fitted laws. Laws of the same name look the same in all panels.
    pub laws: Vec<(String, Vec<(f64, f64)>)>,
}

impl Figure for NoiseTails {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = || FigureError::Empty { figure: STEM.to_owned(), what: "the noise" };
        let measured = || self.panels.iter().flat_map(|panel| &panel.measured);
        let label = "noise x, in units of the median of |x|";
        let x = Axis::over(label, Scale::Log, measured().map(|v| v.0)).ok_or_else(empty)?;
        let y = Axis::over("P(|X| > x)", Scale::Log, measured().map(|v| v.1)).ok_or_else(empty)?;
        let names = labels(self.panels.iter().flat_map(|panel| &panel.laws).map(|(name, _)| name.as_str()));
        let panel = |tails: &TailsPanel| {
            let mut panel = Panel { title: tails.title.clone(), ..Panel::new(x.clone(), y.clone()) };
            panel.data("noise", DataKind::Surrogate, Mark::Line(tails.surrogate.clone(), surrogate()));
            for (name, curve) in &tails.laws {
                panel.data(name, DataKind::Law, Mark::Line(curve.clone(), stroke(place(&names, name))));
            }
            let points = tails.measured.iter().map(|&(x, y)| Point::exact(x, y)).collect();
            panel.data("noise", DataKind::Measured, Mark::Points(points, look()));
            panel
        };
        let mut sheet = multiples(self.panels.iter().map(panel).collect(), [165.0, 125.0]);
        let laws = names.iter().enumerate().map(|(i, name)| Entry::new(Sample::Line(stroke(i)), *name));
        let mut data = vec![Entry::new(Sample::Points(look()), "measured")];
        if self.panels.iter().any(|panel| !panel.surrogate.is_empty()) {
            data.push(Entry::new(Sample::Line(surrogate()), "Gaussian surrogate, same scales"));
        }
        sheet.legend = Legend::default().with(data).with(laws.collect());
        Ok(sheet)
    }
}

fn look() -> Look {
    Look { color: INK, ..Look::of(0) }
}

fn surrogate() -> Stroke {
    Stroke::dashed(GREY, 0.9)
}

/// Lines of neighbouring colours differ in their breaks as well.
fn stroke(index: usize) -> Stroke {
    Stroke { color: style::color(index), width: 1.0, dash: [Dash::Solid, Dash::DashDot, Dash::Dotted][index % 3] }
}
