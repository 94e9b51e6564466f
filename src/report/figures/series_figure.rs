//! A general figure of series: points with intervals, lines and bands on two axes.

use crate::report::plot::curve::{aside, labels, look, multiples, sorted};
use crate::report::plot::style::{GREY, INK};
use crate::report::{
    Axis, DataKind, EndLabel, Entry, Figure, FigureError, Legend, Look, Mark, Note, Panel, Point, Sample, Scale, Sheet,
    Stated, Stroke,
};

/// Share of the horizontal axis over which points are shifted.
const SPREAD: f64 = 0.07;

/// The figure: small multiples with common axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesFigure {
    /// Name of the files, as `cost-vs-epsilon`.
    pub stem: String,
    /// Title of the whole; may be empty.
    pub title: String,
    /// Label of the horizontal axes.
    pub x_label: String,
    /// Label of the vertical axes.
    pub y_label: String,
    /// Scale of the horizontal axes.
    pub x_scale: Scale,
    /// Scale of the vertical axes.
    pub y_scale: Scale,
    /// Titles and series of the panels.
    pub panels: Vec<(String, Vec<Series>)>,
    /// Horizontal lines through all panels, with their legend texts.
    pub levels: Vec<(f64, String)>,
    /// What the notes on the series state, above them; may be empty.
    pub remark: String,
    /// Whether the points of the series are shifted sideways, since they lie on each other.
    pub is_spread: bool,
    /// Position of the series' names.
    pub labelling: Labelling,
}

/// Position of the series' names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Labelling {
    /// In a legend below.
    #[default]
    Legend,
    /// At the right end of each curve; for a single panel.
    AtEnds,
}

/// One series. Series of the same label look the same in all panels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Legend text.
    pub label: String,
    /// Points with their intervals.
    pub points: Vec<Point>,
    /// Whether the points are joined by a line.
    pub joined: bool,
    /// A predicted curve, dashed.
    pub predicted: Vec<(f64, f64)>,
    /// An exact curve, thin and solid.
    pub exact: Vec<(f64, f64)>,
    /// An area `(x, lower, upper)`, shaded.
    pub band: Vec<(f64, f64, f64)>,
    /// A note on the series, in a corner of its panel.
    pub note: Option<String>,
    /// The values that the note states.
    pub stated: Vec<Stated>,
}

impl Figure for SeriesFigure {
    fn stem(&self) -> &str {
        &self.stem
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = |what| move || FigureError::Empty { figure: self.stem.clone(), what };
        let all = || self.panels.iter().flat_map(|(_, series)| series);
        let heights = all().flat_map(Series::heights);
        // A series without values has no abscissae either.
        let y = Axis::over(&self.y_label, self.y_scale, heights.clone()).ok_or_else(empty("y"))?;
        let x = Axis::over(&self.x_label, self.x_scale, all().flat_map(Series::abscissae)).ok_or_else(empty("x"))?;
        let x = if self.is_spread { x.roomier(0.03) } else { x };
        let levels = self.levels.iter().map(|level| level.0);
        let y = Axis::over(&self.y_label, self.y_scale, heights.chain(levels)).unwrap_or(y);
        let names = labels(all().map(|s| s.label.as_str()));

        let panel = |(title, series): &(String, Vec<Series>)| Panel {
            title: title.clone(),
            ..self.panel(series, &names, x.clone(), y.clone())
        };
        let panels = self.panels.iter().map(panel).collect();
        let mut sheet = Sheet { title: self.title.clone(), ..multiples(panels, [165.0, 125.0]) };
        sheet.legend = self.legend(&names);
        Ok(sheet)
    }
}

impl SeriesFigure {
    fn panel(&self, all: &[Series], names: &[&str], x: Axis, y: Axis) -> Panel {
        let mut panel = Panel::new(x, y);
        for series in all.iter().filter(|s| !s.band.is_empty()) {
            let mark = Mark::Band(series.band.clone(), look(names, &series.label).color, 0.2);
            panel.data(&series.label, DataKind::Measured, mark);
        }
        for (i, level) in self.levels.iter().enumerate() {
            panel.level(level.0, level_stroke(i));
        }
        for series in all {
            let color = look(names, &series.label).color;
            // A curve that several series share would have the colour of the last.
            let shares = |other: &&Series| !series.predicted.is_empty() && other.predicted == series.predicted;
            let predicted = if all.iter().filter(shares).count() > 1 { INK } else { color };
            let (predicted, exact) = (Stroke::dashed(predicted, 0.9), Stroke::solid(color, 0.7));
            panel.data(&series.label, DataKind::Predicted, Mark::Line(sorted(&series.predicted), predicted));
            panel.data(&series.label, DataKind::Exact, Mark::Line(sorted(&series.exact), exact));
            if series.joined {
                let joints: Vec<_> = series.points.iter().map(|p| (p.x, p.y)).collect();
                panel.mark(Mark::Line(sorted(&joints), Stroke::solid(color, 0.9)));
            }
        }
        for (i, series) in all.iter().enumerate() {
            let look = look(names, &series.label);
            let points = match self.is_spread {
                true => Mark::Aside(series.points.clone(), aside(i, all.len(), SPREAD), look),
                false => Mark::Points(series.points.clone(), look),
            };
            panel.data(&series.label, DataKind::Measured, points);
            panel.stated.extend(series.stated.iter().cloned());
            if let Some(note) = &series.note {
                if panel.corner.is_empty() && !self.remark.is_empty() {
                    panel.corner.push(Note::new(self.remark.as_str(), GREY));
                }
                panel.corner.push(Note::new(format!("{}: {note}", series.label), look.color));
            }
            if let Some(y) = series.end().filter(|_| self.labelling == Labelling::AtEnds) {
                panel.ends.push(EndLabel { text: series.label.clone(), y, ink: look.color });
            }
        }
        panel
    }

    fn legend(&self, names: &[&str]) -> Legend {
        let series = || self.panels.iter().flat_map(|(_, series)| series);
        let levels = self.levels.iter().enumerate();
        let mut keys: Vec<Entry> =
            levels.map(|(i, level)| Entry::new(Sample::Line(level_stroke(i)), level.1.as_str())).collect();
        // A line of one vertex is not visible.
        if series().any(|s| s.predicted.len() > 1) {
            keys.push(Entry::new(Sample::Line(Stroke::dashed(INK, 0.9)), "predicted"));
        }
        if series().any(|s| s.exact.len() > 1) {
            keys.push(Entry::new(Sample::Line(Stroke::solid(INK, 0.7)), "exact"));
        }
        let sample = |(i, name): (usize, &&str)| {
            let pointless = series().filter(|s| s.label == **name).all(|s| s.points.is_empty());
            let is_predicted = series().filter(|s| s.label == **name).all(|s| s.exact.is_empty() && s.band.is_empty());
            let stroke = if is_predicted { Stroke::dashed } else { Stroke::solid };
            let line = Sample::Line(stroke(Look::of(i).color, 1.2));
            Entry::new(if pointless { line } else { Sample::Points(Look::of(i)) }, *name)
        };
        let entries = match self.labelling {
            Labelling::Legend => names.iter().enumerate().map(sample).collect(),
            Labelling::AtEnds => Vec::new(),
        };
        Legend::default().with(entries).with(keys)
    }
}

impl Series {
    fn abscissae(&self) -> impl Iterator<Item = f64> {
        let lines = self.predicted.iter().chain(&self.exact).map(|v| v.0);
        self.points.iter().map(|p| p.x).chain(lines).chain(self.band.iter().map(|v| v.0))
    }

    fn heights(&self) -> impl Iterator<Item = f64> + Clone {
        let lines = self.predicted.iter().chain(&self.exact).map(|v| v.1);
        let band = self.band.iter().flat_map(|v| [v.1, v.2]);
        self.points.iter().flat_map(Point::heights).chain(lines).chain(band)
    }

    /// Height at the right end.
    fn end(&self) -> Option<f64> {
        let lines = self.predicted.iter().chain(&self.exact).copied();
        let all = self.points.iter().map(|p| (p.x, p.y)).chain(lines);
        let all = all.filter(|v| v.0.is_finite() && v.1.is_finite());
        all.max_by(|a, b| a.0.total_cmp(&b.0)).map(|v| v.1)
    }
}

fn level_stroke(index: usize) -> Stroke {
    if index == 0 {
        Stroke::dotted(INK, 0.8)
    } else {
        Stroke { dash: crate::report::Dash::DashDot, ..Stroke::dotted(INK, 0.8) }
    }
}
