//! Laplace transform of the scaled escape time between the two sides of Theorem 1.
//!
//! Above, `E exp(-uλΓ)` against `1/(1+u)` and the sandwich `(1-ρ)/(1+u+ρ) ≤ · ≤ (1+ρ)/(1+u-ρ)`; below, the same times
//! `1+u`, so that what is left is the deviation.

use super::curve::{grid, labels, look, sorted};
use super::style::{FULL_WIDTH, GREY, INK};
use super::{
    Axis, Entry, Figure, FigureError, Legend, Mark, Numbers, Panel, Point, Sample, Scale, Sheet, Stroke, number,
};

const STEM: &str = "laplace";
const BAND: f64 = 0.22;
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
        let usable = |p: &&Point| p.x > -1.0 && p.y.is_finite() && p.y > 0.0;
        let points = || self.panels.iter().flat_map(|p| &p.series).flat_map(|s| &s.points).filter(usable);
        let u = Axis::over("u", Scale::Linear, points().map(|p| p.x)).ok_or_else(empty)?;
        let u = Axis { lo: u.lo.max(-0.98), ..u };
        let heights = points().flat_map(|p| p.heights().into_iter().chain([1.0 / (1.0 + p.x)]));
        let above = Axis::over("E exp(−uλΓ)", Scale::Log, heights).ok_or_else(empty)?;
        let below = self.deviation_axis(points()).ok_or_else(empty)?;
        let all: Vec<&str> = labels(self.panels.iter().flat_map(|p| &p.series).map(|s| s.label.as_str()));

        let shown: Vec<&LaplacePanel> = self.panels.iter().filter(|p| !p.series.is_empty()).collect();
        let columns = if shown.len() == 4 { 2 } else { shown.len().min(3) };
        let mut sheet = Sheet::new(FULL_WIDTH, columns);
        for chunk in shown.chunks(columns) {
            let upper = chunk.iter().enumerate().map(|(i, panel)| {
                let numbers = Numbers::new(false, i == 0);
                Panel { numbers, ..panel.drawn(&all, u.clone(), above.clone(), |_| 1.0) }
            });
            let lower = chunk.iter().enumerate().map(|(i, panel)| {
                let numbers = Numbers::new(true, i == 0);
                let drawn = panel.drawn(&all, u.clone(), below.clone(), |u| 1.0 + u);
                Panel { numbers, title: String::new(), ..drawn }
            });
            sheet.row(if columns == 1 { 135.0 } else { 105.0 }, upper);
            sheet.row(70.0, lower);
        }
        let series = all.iter().map(|label| Entry::new(Sample::Points(look(&all, label)), *label)).collect();
        sheet.legend = Legend::default().with(series).with(self.keys());
        Ok(sheet)
    }
}

impl Laplace {
    fn deviation_axis<'a>(&self, points: impl Iterator<Item = &'a Point>) -> Option<Axis> {
        let points: Vec<Point> = points.map(|p| p.scaled(1.0 + p.x)).collect();
        let heights = points.iter().flat_map(Point::heights).filter(|v| *v < 5.0);
        // The sandwich opens without bound as u falls to ρ - 1; where u >= 0 it must be seen whole.
        let sides =
            self.panels.iter().filter_map(|p| p.rho).flat_map(|rho| [sandwich(0.0, rho).0, sandwich(0.0, rho).1]);
        Axis::over("E exp(−uλΓ) · (1 + u)", Scale::Linear, heights.chain(sides).chain([0.98, 1.02]))
    }

    fn keys(&self) -> Vec<Entry> {
        let mut keys = vec![Entry::new(Sample::Line(law()), "1/(1 + u)")];
        let mut rhos: Vec<String> = self.panels.iter().filter_map(|p| p.rho).map(number).collect();
        rhos.dedup();
        if !rhos.is_empty() {
            // In the order of the panels, if they differ.
            let label = format!("Theorem 1, ρ = {}", rhos.join(", "));
            keys.push(Entry::new(Sample::Band(GREY, BAND, None), label));
        }
        if self.panels.iter().flat_map(|p| &p.series).any(|s| !s.exact.is_empty()) {
            keys.push(Entry::new(Sample::Line(Stroke::solid(GREY, 0.7)), "exact solver"));
        }
        keys
    }
}

impl LaplacePanel {
    /// All curves times `weight(u)`.
    fn drawn(&self, all: &[&str], u: Axis, y: Axis, weight: impl Fn(f64) -> f64) -> Panel {
        let places: Vec<f64> = grid(u.lo, u.hi, CURVE).collect();
        let mut panel = Panel { title: self.title.clone(), ..Panel::new(u, y) };
        if let Some(rho) = self.rho {
            let slice = |&u: &f64| {
                let (lo, hi) = sandwich(u, rho);
                (u, weight(u) * lo, weight(u) * hi)
            };
            panel.mark(Mark::Band(places.iter().map(slice).collect(), GREY, BAND));
        }
        let law_curve = places.iter().map(|&u| (u, weight(u) / (1.0 + u))).collect();
        panel.mark(Mark::Line(law_curve, law()));
        for series in &self.series {
            let exact = sorted(&series.exact).into_iter().map(|(u, y)| (u, weight(u) * y)).collect();
            panel.mark(Mark::Line(exact, Stroke::solid(look(all, &series.label).color, 0.7)));
        }
        for series in &self.series {
            let points = series.points.iter().map(|p| p.scaled(weight(p.x))).collect();
            panel.mark(Mark::Points(points, look(all, &series.label)));
        }
        panel
    }
}

/// Both sides of Theorem 1; the upper one is infinite up to `u = ρ - 1`.
fn sandwich(u: f64, rho: f64) -> (f64, f64) {
    let upper = if 1.0 + u > rho { (1.0 + rho) / (1.0 + u - rho) } else { f64::INFINITY };
    ((1.0 - rho) / (1.0 + u + rho), upper)
}

fn law() -> Stroke {
    Stroke::dashed(INK, 0.9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandwich_holds_the_law() {
        for u in [-0.8, 0.0, 4.0] {
            let (lo, hi) = sandwich(u, 0.1);
            assert!(lo < 1.0 / (1.0 + u) && hi > 1.0 / (1.0 + u));
        }
        assert_eq!(sandwich(-0.95, 0.1).1, f64::INFINITY);
    }
}
