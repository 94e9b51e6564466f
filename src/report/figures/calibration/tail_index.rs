//! Tail indices during training, each with the index of Gaussian noise of the same scales.

use crate::report::plot::curve::{band, labels, multiples, place, sorted};
use crate::report::plot::style::{self, INK};
use crate::report::{
    Axis, Dash, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Panel, Point, Sample, Scale, Sheet, Stroke,
};

const STEM: &str = "tail-index";
const BAND: f64 = 0.2;

/// The figure: one panel an optimiser and kind of noise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TailIndexFigure {
    /// Titles, as `SGD, gradient`, and curves.
    pub panels: Vec<(String, Vec<TailCurve>)>,
}

/// One way to estimate, along the iterations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TailCurve {
    /// What the legend says. Curves of the same label look the same in all panels.
    pub label: String,
    /// `α̂` with its interval against the iteration.
    pub measured: Vec<Point>,
    /// The same of the Gaussian surrogate.
    pub surrogate: Vec<Point>,
}

impl Figure for TailIndexFigure {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = |what| move || FigureError::Empty { figure: STEM.to_owned(), what };
        let curves = || self.panels.iter().flat_map(|(_, curves)| curves);
        let points = || curves().flat_map(|curve| curve.measured.iter().chain(&curve.surrogate));
        let x = Axis::over("iteration", Scale::Log, points().map(|p| p.x)).ok_or_else(empty("the iteration"))?;
        // Intervals that reach far beyond the indices would flatten all else; they are cut at the frame.
        let heights = points().flat_map(|p| [p.y, p.lo.max(p.y - 0.4), p.hi.min(p.y + 0.4)]).chain([2.0]);
        let y = Axis::over("tail index α̂", Scale::Linear, heights).ok_or_else(empty("α̂"))?;
        let names = labels(curves().map(|curve| curve.label.as_str()));
        let panel = |(title, curves): &(String, Vec<TailCurve>)| {
            let mut panel = Panel { title: title.clone(), ..Panel::new(x.clone(), y.clone()) };
            panel.level(2.0, gaussian());
            curves.iter().for_each(|curve| curve.mark(place(&names, &curve.label), &mut panel));
            panel
        };
        let mut sheet = multiples(self.panels.iter().map(panel).collect(), [140.0; 2]);
        let measured =
            names.iter().enumerate().map(|(i, name)| Entry::new(Sample::Points(Look::of(i)), *name)).collect();
        let keys = vec![
            Entry::new(Sample::Line(Stroke::dashed(INK, 0.9)), "Gaussian surrogate, same scales"),
            Entry::new(Sample::Line(gaussian()), "α = 2"),
        ];
        sheet.legend = Legend::default().with(measured).with(keys);
        Ok(sheet)
    }
}

impl TailCurve {
    fn mark(&self, index: usize, panel: &mut Panel) {
        let color = style::color(index);
        let line = |points: &[Point]| sorted(&points.iter().map(|p| (p.x, p.y)).collect::<Vec<_>>());
        panel.mark(Mark::Band(band(&self.measured), color, BAND));
        let surrogate = Mark::Line(line(&self.surrogate), Stroke::dashed(color, 0.9));
        panel.data(&self.label, DataKind::Surrogate, surrogate);
        panel.mark(Mark::Line(line(&self.measured), Stroke::solid(color, 0.9)));
        if self.surrogate.len() == 1 {
            panel.mark(Mark::Points(self.surrogate.clone(), Look { fill: style::Fill::Hollow, ..Look::of(index) }));
        }
        panel.data(&self.label, DataKind::Measured, Mark::Points(self.measured.clone(), Look::of(index)));
    }
}

fn gaussian() -> Stroke {
    Stroke { dash: Dash::Dotted, ..Stroke::solid(INK, 0.8) }
}
