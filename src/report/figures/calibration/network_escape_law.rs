//! The law of the network's escape times: their survival against the exponential law, the mean against the number of runs, the share of exits made by
//! one step, and the coefficient of variation.

use crate::report::plot::style::{self, FULL_WIDTH, INK};
use crate::report::{
    Axis, Dash, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Numbers, Panel, Point, Sample, Scale, Sheet,
    Stroke,
};

const STEM: &str = "network-escape-law";
/// Optimisers beside each other.
const COLUMNS: usize = 3;
/// Survival is shown down to this probability.
const LOWEST: f64 = 0.01;

/// Heights of the panels in points.
const SURVIVAL: f64 = 115.0;
const SHARE: f64 = 85.0;

/// The figure: one column an optimiser.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkEscapeLaw {
    /// Names of the optimisers, each with its settings.
    pub optimisers: Vec<(String, Vec<EscapeLaw>)>,
}

/// One learning rate and batch at the first minimum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EscapeLaw {
    /// What the legend says, as `0.5 η, batch 32`.
    pub setting: String,
    /// `P(Γ > t E Γ)` against `t`, for the largest ball that every run left.
    pub survival: Vec<(f64, f64)>,
    /// Mean of the first `N` runs over that of all against `N`, for the same ball.
    pub running: Vec<(f64, f64)>,
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
        let laws = || self.optimisers.iter().flat_map(|o| &o.1);
        let radii = || laws().flat_map(|s| s.one_step.iter().chain(&s.variation)).map(|v| v.0);
        let radius = Axis::over("radius r", Scale::Log, radii()).ok_or_else(empty("the escapes"))?;
        let times = laws().flat_map(|s| &s.survival).map(|v| v.0).chain([0.0, 4.6]);
        let time = Axis::over("t / mean", Scale::Linear, times).ok_or_else(empty("the times"))?;
        let variations = laws().flat_map(|s| &s.variation).map(|v| v.1).chain([0.0, 1.05]);
        let variation =
            Axis::over("coeff. of variation", Scale::Linear, variations).ok_or_else(empty("the variation"))?;
        let survival = Axis::between("P(Γ > t)", Scale::Log, LOWEST, 1.2);
        let share = Axis::between("one-step exits", Scale::Linear, -0.05, 1.05);
        let runs = laws().flat_map(|s| &s.running).map(|v| v.0);
        let runs = Axis::over("runs N", Scale::Log, runs).ok_or_else(empty("the runs"))?;
        let running = laws().flat_map(|s| &s.running).map(|v| v.1).chain([0.5, 1.5]);
        let running = Axis::over("Γ_{N} / Γ", Scale::Linear, running).ok_or_else(empty("the runs"))?;
        let mut sheet = Sheet::new(FULL_WIDTH, self.optimisers.len().clamp(1, COLUMNS));
        for optimisers in self.optimisers.chunks(COLUMNS) {
            let row = |below: bool, panel: &dyn Fn(&str, &[EscapeLaw]) -> Panel| -> Vec<Panel> {
                let numbered = |(column, (name, laws)): (usize, &(String, Vec<EscapeLaw>))| Panel {
                    numbers: Numbers::new(below, column == 0),
                    ..panel(name, laws)
                };
                optimisers.iter().enumerate().map(numbered).collect()
            };
            let of_time = row(true, &|name, laws| {
                let mut panel = Panel { title: name.to_owned(), ..Panel::new(time.clone(), survival.clone()) };
                panel.mark(Mark::Line(vec![(0.0, 1.0), (-LOWEST.ln(), LOWEST)], exponential()));
                for (i, law) in laws.iter().enumerate() {
                    let stroke = Stroke::solid(style::color(i), 1.0);
                    panel.data(law.setting.as_str(), DataKind::Measured, Mark::Line(law.survival.clone(), stroke));
                }
                panel
            });
            sheet.row(SURVIVAL, of_time);
            let of_runs = row(true, &|_, laws| {
                let mut panel = Panel::new(runs.clone(), running.clone());
                panel.level(1.0, all_runs());
                for (i, law) in laws.iter().enumerate() {
                    let stroke = Stroke::solid(style::color(i), 1.0);
                    panel.data(law.setting.as_str(), DataKind::Measured, Mark::Line(law.running.clone(), stroke));
                }
                panel
            });
            sheet.row(SHARE, of_runs);
            sheet.row(SHARE, row(false, &|_, laws| against_radius(&radius, &share, laws, |law| &law.one_step)));
            let spread = row(true, &|_, laws| {
                let mut panel = against_radius(&radius, &variation, laws, |law| &law.variation);
                panel.level(1.0, exponential());
                panel
            });
            sheet.row(SHARE, spread);
        }
        let most = self.optimisers.iter().map(|o| &o.1).max_by_key(|laws| laws.len());
        let settings = most.map_or(&[][..], |laws| laws).iter().enumerate();
        let settings = settings.map(|(i, s)| Entry::new(Sample::Points(Look::of(i)), s.setting.as_str())).collect();
        let exact = vec![
            Entry::new(Sample::Line(exponential()), "exponential law"),
            Entry::new(Sample::Line(all_runs()), "all runs"),
        ];
        sheet.legend = Legend::default().with(settings).with(exact);
        Ok(sheet)
    }
}

fn against_radius(x: &Axis, y: &Axis, laws: &[EscapeLaw], of: fn(&EscapeLaw) -> &Vec<(f64, f64)>) -> Panel {
    let mut panel = Panel::new(x.clone(), y.clone());
    for (i, law) in laws.iter().enumerate() {
        panel.mark(Mark::Line(of(law).clone(), Stroke::solid(style::color(i), 0.7)));
        let points = of(law).iter().map(|&(x, y)| Point::exact(x, y)).collect();
        panel.data(law.setting.as_str(), DataKind::Measured, Mark::Points(points, Look::of(i)));
    }
    panel
}

fn all_runs() -> Stroke {
    Stroke { dash: Dash::Dotted, ..Stroke::solid(INK, 0.8) }
}

fn exponential() -> Stroke {
    Stroke::dashed(INK, 0.9)
}
