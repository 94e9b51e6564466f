//! Ratio of the escape times of Adam and SGD, compared with the volume argument.
//!
//! Left: against `det Q`, the ratio of the volumes. By the volume argument of Theorem 2, Adam is slower where it exceeds 1. Right:
//! against the anisotropy of `Q` at `det Q = 1`, where the volumes are equal and the argument predicts nothing.

use crate::report::plot::curve::{labels, look, sorted};
use crate::report::plot::style::{FULL_WIDTH, GREY, INK};
use crate::report::{
    Axis, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Note, NoteAlign, Numbers, Panel, Point, Sample,
    Scale, Sheet, Stroke,
};

const STEM: &str = "theorem2";

/// The figure; a panel without a finite point is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TheoremTwo {
    /// Series against `x = det Q`.
    pub determinant: Vec<RatioSeries>,
    /// Series against `x =` anisotropy of `Q`, its largest over its smallest eigenvalue, at `det Q = 1`.
    pub anisotropy: Vec<RatioSeries>,
}

/// `E Γ_Adam / E Γ_SGD` along one sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RatioSeries {
    /// Legend text, such as `d = 2, α = 1.5`. Equal labels look the same in both panels.
    pub label: String,
    /// Measured ratios with intervals.
    pub points: Vec<Point>,
    /// Predicted ratios `λ_SGD/λ_Adam`.
    pub predicted: Vec<(f64, f64)>,
}

impl Figure for TheoremTwo {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = || FigureError::Empty { figure: STEM.to_owned(), what: "Γ_Adam/Γ_SGD" };
        let all = || self.determinant.iter().chain(&self.anisotropy);
        let y = Axis::over("E Γ_{ADAM} / E Γ_{SGD}", Scale::Log, all().flat_map(heights).chain([1.0]));
        let y = y.filter(|_| all().flat_map(heights).any(|v| v.is_finite() && v > 0.0)).ok_or_else(empty)?;
        let names = labels(all().map(|s| s.label.as_str()));

        let x = |label, series: &[RatioSeries]| Axis::over(label, Scale::Log, series.iter().flat_map(abscissae));
        let mut panels = Vec::new();
        if let Some(x) = x("det Q", &self.determinant) {
            panels.push(determinant_panel(&self.determinant, &names, x, y.clone()));
        }
        if let Some(x) = x("anisotropy of Q", &self.anisotropy) {
            let mut panel = Panel { title: "det Q = 1".to_owned(), ..Panel::new(x, y) };
            panel.numbers = Numbers::new(true, panels.is_empty());
            panel.notes.push(Note::new("volume argument: no difference", GREY));
            fill(&mut panel, &self.anisotropy, &names);
            panels.push(panel);
        }
        if panels.is_empty() {
            return Err(empty());
        }
        let mut sheet = Sheet::new(FULL_WIDTH, panels.len());
        sheet.row(150.0, panels);
        let series = names.iter().enumerate().map(|(i, name)| Entry::new(Sample::Points(Look::of(i)), *name));
        let mut keys =
            vec![Entry::new(Sample::Interval(Look { color: GREY, ..Look::of(0) }), "simulation, 95 % interval")];
        if all().any(|s| !s.predicted.is_empty()) {
            keys.push(Entry::new(Sample::Line(Stroke::dashed(GREY, 0.9)), "predicted λ_{SGD}/λ_{ADAM}"));
        }
        keys.push(Entry::new(Sample::Band(GREY, SHADE, None), "as the volume argument says"));
        sheet.legend = Legend::default().with(series.collect()).with(keys);
        Ok(sheet)
    }
}

const SHADE: f64 = 0.1;

/// Shaded where the sign of `log Γ_Adam/Γ_SGD` is the one that the volume argument gives.
fn determinant_panel(series: &[RatioSeries], names: &[&str], x: Axis, y: Axis) -> Panel {
    let mut panel = Panel { title: "volumes differ by det Q".to_owned(), ..Panel::new(x, y) };
    let (x, y) = (panel.x.clone(), panel.y.clone());
    let split = 1f64.clamp(x.lo, x.hi);
    for (from, to, lo, hi) in [(x.lo, split, y.lo, 1.0), (split, x.hi, 1.0, y.hi)] {
        if to > from && hi > lo {
            panel.mark(Mark::Band(vec![(from, lo, hi), (to, lo, hi)], GREY, SHADE));
        }
    }
    // The legend says whose claim it is: longer notes would not fit into one line, over their sides.
    if split > x.lo {
        panel.notes.push(Note::new("Adam faster", GREY));
    }
    if split < x.hi {
        let slower = if panel.notes.is_empty() { "Adam slower" } else { "slower" };
        panel.notes.push(Note { align: NoteAlign::Right, ..Note::new(slower, GREY) });
    }
    if split > x.lo && split < x.hi {
        panel.upright(1.0, Stroke::dotted(INK, 0.8));
    }
    fill(&mut panel, series, names);
    panel
}

fn fill(panel: &mut Panel, series: &[RatioSeries], names: &[&str]) {
    panel.level(1.0, Stroke::dotted(INK, 0.8));
    for series in series {
        let stroke = Stroke::dashed(look(names, &series.label).color, 0.9);
        panel.data(&series.label, DataKind::Predicted, Mark::Line(sorted(&series.predicted), stroke));
    }
    for series in series {
        let mark = Mark::Points(series.points.clone(), look(names, &series.label));
        panel.data(&series.label, DataKind::Measured, mark);
    }
}

fn heights(series: &RatioSeries) -> impl Iterator<Item = f64> {
    series.points.iter().flat_map(Point::heights).chain(series.predicted.iter().map(|v| v.1))
}

fn abscissae(series: &RatioSeries) -> impl Iterator<Item = f64> {
    series.points.iter().map(|p| p.x).chain(series.predicted.iter().map(|v| v.0))
}
