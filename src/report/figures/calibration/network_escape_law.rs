//! The law of the network's escape times: their survival against the exponential law, the share of exits made by one step, and the
//! coefficient of variation.

use crate::report::plot::style::{self, FULL_WIDTH, INK};
use crate::report::{
    Axis, Dash, Entry, Figure, FigureError, Legend, Look, Mark, Panel, Point, Sample, Scale, Sheet, Stroke,
};

const STEM: &str = "network-escape-law";
/// Survival is shown down to this probability.
const LOWEST: f64 = 0.01;

/// The figure: one series a configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkEscapeLaw {
    /// The configurations.
    pub series: Vec<EscapeLaw>,
}

/// One configuration at the first minimum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EscapeLaw {
    /// What the legend says.
    pub label: String,
    /// `P(Γ > t E Γ)` against `t`, for the largest ball that every run left.
    pub survival: Vec<(f64, f64)>,
    /// Share of the exits from a ball whose last step is longer than half its radius, against the radius.
    pub one_step: Vec<(f64, f64)>,
    /// Coefficient of variation against the radius.
    pub variation: Vec<(f64, f64)>,
}

impl Figure for NetworkEscapeLaw {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = |what| move || FigureError::Empty { figure: STEM.to_owned(), what };
        let radii = || self.series.iter().flat_map(|s| s.one_step.iter().chain(&s.variation)).map(|v| v.0);
        let radius = Axis::over("radius r", Scale::Log, radii()).ok_or_else(empty("the escapes"))?;
        let times = self.series.iter().flat_map(|s| &s.survival).map(|v| v.0).chain([0.0, 4.6]);
        let time = Axis::over("t / mean", Scale::Linear, times).ok_or_else(empty("the times"))?;
        let variations = self.series.iter().flat_map(|s| &s.variation).map(|v| v.1).chain([0.0, 1.05]);
        let variation =
            Axis::over("coefficient of variation", Scale::Linear, variations).ok_or_else(empty("the variation"))?;
        let mut survival = Panel::new(time, Axis::between("P(Γ > t)", Scale::Log, LOWEST, 1.2));
        survival.mark(Mark::Line(vec![(0.0, 1.0), (-LOWEST.ln(), LOWEST)], exponential()));
        let mut one_step =
            Panel::new(radius.clone(), Axis::between("share of one-step exits", Scale::Linear, -0.03, 1.03));
        let mut spread = Panel::new(radius, variation);
        spread.level(1.0, exponential());
        for (i, series) in self.series.iter().enumerate() {
            survival.mark(Mark::Line(series.survival.clone(), stroke(i)));
            for (panel, curve) in [(&mut one_step, &series.one_step), (&mut spread, &series.variation)] {
                panel.mark(Mark::Line(curve.clone(), stroke(i)));
                panel.mark(Mark::Points(curve.iter().map(|&(x, y)| Point::exact(x, y)).collect(), Look::of(i)));
            }
        }
        let mut sheet = Sheet::new(FULL_WIDTH, 3);
        sheet.row(150.0, [survival, one_step, spread]);
        let series = self.series.iter().enumerate();
        let series = series.map(|(i, s)| Entry::new(Sample::Line(stroke(i)), s.label.as_str())).collect();
        let exact = vec![Entry::new(Sample::Line(exponential()), "exponential law")];
        sheet.legend = Legend::default().with(series).with(exact);
        Ok(sheet)
    }
}

fn exponential() -> Stroke {
    Stroke::dashed(INK, 0.9)
}

fn stroke(index: usize) -> Stroke {
    Stroke { color: style::color(index), width: 1.0, dash: [Dash::Solid, Dash::DashDot, Dash::Dotted][index % 3] }
}
