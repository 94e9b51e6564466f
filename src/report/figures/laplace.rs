//! Laplace transform of the scaled escape time, with the bounds of Theorem 1.
//!
//! Top: `E exp(-uλΓ)` with `1/(1+u)` and the bounds `(1-ρ)/(1+u+ρ) ≤ · ≤ (1+ρ)/(1+u-ρ)`. Bottom: the same times `1+u`, which shows
//! the deviation; series are shifted sideways so that their points do not overlap.

use crate::report::plot::curve::{aside, columns, grid, labels, look, sorted};
use crate::report::plot::style::{FULL_WIDTH, GREY, INK};
use crate::report::{
    Axis, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Numbers, Panel, Point, Sample, Scale, Sheet,
    Stated, Stroke, number,
};
use crate::theory::sandwich;

const STEM: &str = "laplace";
const BAND: f64 = 0.22;
/// Room at both ends of the horizontal axis for the points that are shifted sideways.
const ROOM: f64 = 0.03;
/// Points of a smooth curve.
const CURVE: u32 = 200;

/// The figure: small multiples, one panel for each noise level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Laplace {
    /// Panels in reading order.
    pub panels: Vec<LaplacePanel>,
}

/// One noise level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaplacePanel {
    /// Title, as `ε = 0.01`.
    pub title: String,
    /// The `ρ` of the sandwich; without it no band is drawn.
    pub rho: Option<f64>,
    /// Series of the same label look the same in all panels.
    pub series: Vec<LaplaceSeries>,
}

/// The transform of one cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaplaceSeries {
    /// What the legend says, as `SGD, α = 1.5`.
    pub label: String,
    /// `y = E exp(-xλΓ)` at `x = u > -1`, with intervals.
    pub points: Vec<Point>,
    /// `(u, E exp(-uλΓ))` of the exact solver, where there is one.
    pub exact: Vec<(f64, f64)>,
}

impl Figure for Laplace {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = || FigureError::Empty { figure: STEM.to_owned(), what: "E exp(-uλΓ)" };
        let usable = |p: &Point| p.x > -1.0 && p.y.is_finite() && p.y > 0.0;
        let points = || self.panels.iter().flat_map(LaplacePanel::points).flat_map(|(_, points)| points).filter(usable);
        let u = Axis::over("u", Scale::Linear, points().map(|p| p.x)).ok_or_else(empty)?;
        let u = u.roomier(ROOM);
        let u = Axis { lo: u.lo.max(-0.98), ..u };
        let heights = points().flat_map(|p| p.heights().into_iter().chain([1.0 / (1.0 + p.x)]));
        let above = Axis::over("E exp(−uλΓ)", Scale::Log, heights).ok_or_else(empty)?;
        let all: Vec<&str> = labels(self.panels.iter().flat_map(|p| &p.series).map(|s| s.label.as_str()));

        let shown: Vec<&LaplacePanel> = self.panels.iter().filter(|p| !p.series.is_empty()).collect();
        let columns = columns(shown.len());
        let one_rho = self.one_rho();
        let mut sheet = Sheet::new(FULL_WIDTH, columns);
        for chunk in shown.chunks(columns) {
            let upper = chunk.iter().enumerate().map(|(i, panel)| {
                let numbers = Numbers::new(false, i == 0);
                let title = panel.heading(one_rho);
                Panel { numbers, title, ..panel.upper(&all, u.clone(), above.clone()) }
            });
            let lower = chunk.iter().enumerate().map(|(i, panel)| {
                // Deviations differ in size between panels, so each panel has its own scale.
                let mut below = panel.deviation_axis();
                if i > 0 {
                    below.label.clear();
                }
                panel.lower(&all, u.clone(), below)
            });
            sheet.row(if columns == 1 { 135.0 } else { 105.0 }, upper);
            sheet.row(78.0, lower);
        }
        let series = all.iter().map(|label| Entry::new(Sample::Points(look(&all, label)), *label)).collect();
        sheet.legend = Legend::default().with(series).with(self.keys());
        Ok(sheet)
    }
}

impl Laplace {
    /// Whether all panels have the same `ρ`; the legend then states it once.
    fn one_rho(&self) -> bool {
        let mut all = self.panels.iter().filter_map(|p| p.rho);
        all.next().is_none_or(|first| all.all(|rho| rho == first))
    }

    fn keys(&self) -> Vec<Entry> {
        let simulated = Sample::Interval(Look { color: GREY, ..Look::of(0) });
        let mut keys =
            vec![Entry::new(simulated, "simulation, 95 % interval"), Entry::new(Sample::Line(law()), "1/(1 + u)")];
        if let Some(rho) = self.panels.iter().find_map(|p| p.rho) {
            let value = if self.one_rho() { format!(", ρ = {}", number(rho)) } else { String::new() };
            keys.push(Entry::new(
                Sample::Band(GREY, BAND, None),
                format!("Theorem 1 with the smallest ρ that fits{value}"),
            ));
        }
        if self.panels.iter().flat_map(|p| &p.series).any(|s| !s.exact.is_empty()) {
            keys.push(Entry::new(Sample::Line(Stroke::solid(GREY, 0.7)), "exact solver"));
        }
        keys
    }
}

impl LaplacePanel {
    fn heading(&self, one_rho: bool) -> String {
        match self.rho.filter(|_| !one_rho).map(|rho| format!("ρ = {}", number(rho))) {
            Some(rho) if self.title.is_empty() => rho,
            Some(rho) => format!("{}, {rho}", self.title),
            None => self.title.clone(),
        }
    }

    /// The axis of `(1+u) E exp(-uλΓ)`: all points, and the sandwich where `u ≥ 0` unless it is far wider than they are.
    fn deviation_axis(&self) -> Axis {
        let points = self.points().flat_map(|(_, points)| points).map(|p| p.scaled(1.0 + p.x));
        let heights = points.flat_map(|p| p.heights()).filter(|v| *v < 5.0);
        let sides = self.rho.into_iter().flat_map(|rho| sandwich(0.0, rho)).filter(|side| *side < 3.0);
        let label = "(1 + u) E exp(−uλΓ)";
        Axis::over(label, Scale::Linear, heights.chain(sides).chain([0.98, 1.02]))
            .unwrap_or_else(|| Axis::between(label, Scale::Linear, 0.5, 1.5))
    }

    /// The bounds and all curves times `weight(u)`.
    fn curves(&self, all: &[&str], u: Axis, y: Axis, weight: impl Fn(f64) -> f64) -> Panel {
        let places: Vec<f64> = grid(u.lo, u.hi, CURVE).collect();
        let mut panel = Panel::new(u, y);
        if let Some(rho) = self.rho {
            let slice = |&u: &f64| {
                let [lo, hi] = sandwich(u, rho);
                (u, weight(u) * lo, weight(u) * hi)
            };
            let bounds = Mark::Band(places.iter().map(slice).collect(), GREY, BAND);
            panel.data("Theorem 1", DataKind::Bounds, bounds);
            panel.stated.push(Stated::new("Theorem 1", DataKind::Rho, rho));
        }
        let law_curve = places.iter().map(|&u| (u, weight(u) / (1.0 + u))).collect();
        panel.data("1/(1 + u)", DataKind::Law, Mark::Line(law_curve, law()));
        for series in &self.series {
            let exact = sorted(&series.exact).into_iter().map(|(u, y)| (u, weight(u) * y)).collect();
            let mark = Mark::Line(exact, Stroke::solid(look(all, &series.label).color, 0.7));
            panel.data(&series.label, DataKind::Exact, mark);
        }
        panel
    }

    /// The points of every series with its label.
    fn points(&self) -> impl Iterator<Item = (&str, Vec<Point>)> {
        self.series.iter().map(|s| (s.label.as_str(), s.points.clone()))
    }

    fn upper(&self, all: &[&str], u: Axis, y: Axis) -> Panel {
        let mut panel = self.curves(all, u, y, |_| 1.0);
        for (label, points) in self.points() {
            panel.data(label, DataKind::Measured, Mark::Points(points, look(all, label)));
        }
        panel
    }

    fn lower(&self, all: &[&str], u: Axis, y: Axis) -> Panel {
        let mut panel = self.curves(all, u, y, |u| 1.0 + u);
        for (i, (label, points)) in self.points().enumerate() {
            let deviations = points.iter().map(|p| p.scaled(1.0 + p.x)).collect();
            let mark = Mark::Aside(deviations, aside(i, self.series.len(), 0.05), look(all, label));
            panel.data(label, DataKind::Measured, mark);
        }
        panel
    }
}

fn law() -> Stroke {
    Stroke::dashed(INK, 0.9)
}
