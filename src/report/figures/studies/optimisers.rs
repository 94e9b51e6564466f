//! The figure `optimisers`: mean escape times of optimisers step by step, relative to that of plain SGD.

use crate::noise::{Amplitude, NoiseLaw};
use crate::report::plot::curve::{labels, look};
use crate::report::plot::style::{COLUMN_WIDTH, GREY, INK};
use crate::report::select::{alpha_label, basin_title, distinct, title};
use crate::report::{
    Axis, DataKind, Entry, Figure, FigureError, Legend, Look, Mark, Panel, Point, Sample, Scale, Sheet, Stroke, number,
};
use crate::results::{CellResult, OptimiserRow, Stay};

/// Height of a row for each law, of a row, and of what is between them, in points.
const LAW: f64 = 4.1;
const ROW: f64 = 4.0;
/// Share of a row that its points take.
const SPREAD: f64 = 0.72;

/// `E Γ / E Γ_SGD` in steps: a row for every optimiser, a panel for every basin, a look for every law.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimisersFigure {
    /// Names of the rows, from the top.
    pub rows: Vec<String>,
    /// Names of the laws.
    pub laws: Vec<String>,
    /// Titles and points of the panels.
    pub panels: Vec<(String, Vec<OptimiserPoint>)>,
}

/// A value of one optimiser under one law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimiserPoint {
    /// Number of the row, from 0.
    pub row: usize,
    /// Number of the law, from 0.
    pub law: usize,
    /// The value and its interval; for a lower limit NaN, the limit and infinity.
    pub ratio: [f64; 3],
}

impl OptimisersFigure {
    /// The figure of an experiment.
    pub(in crate::report) fn of(results: &[CellResult]) -> Self {
        let all = OptimiserRow::all(results);
        let name = |row: &OptimiserRow<'_>| {
            let several = all
                .iter()
                .any(|other| other.cell.plan.name == row.cell.plan.name && other.cell.plan.eta != row.cell.plan.eta);
            let eta =
                row.cell.plan.eta.filter(|_| several).map_or(String::new(), |eta| format!(", η = {}", number(eta)));
            format!("{}{eta}", title(&row.cell.plan.name))
        };
        let rows = distinct(all.iter().filter(|row| !row.is_sgd() || row.time_ratio().is_some()).map(name));
        let label = law_labels(all.iter().map(|row| row.cell));
        let laws = distinct(all.iter().map(|row| label(row.cell)));
        let panel = |basin: &String| {
            let here = all.iter().filter(|row| row.cell.plan.basin == *basin);
            let points = here.filter_map(|row| {
                let place = |names: &[String], name: &String| names.iter().position(|other| other == name);
                let (row_number, law) = (place(&rows, &name(row))?, place(&laws, &label(row.cell))?);
                Some(OptimiserPoint { row: row_number, law, ratio: row.step_ratio().map(Stay::interval)? })
            });
            (basin_title(basin), points.collect())
        };
        let basins = distinct(all.iter().map(|row| &row.cell.plan.basin));
        OptimisersFigure { panels: basins.into_iter().map(panel).collect(), rows, laws }
    }
}

/// The law of a cell in words: `SαS, α = 1.5`, `Student's t, ν = 3`; with the amplitude where one law has several among `cells`.
pub(in crate::report) fn law_labels<'r>(cells: impl Iterator<Item = &'r CellResult>) -> impl Fn(&CellResult) -> String {
    let amplitude = |cell: &CellResult| match cell.plan.problem.noise().amplitude() {
        Amplitude::Scalar(scale) => Some(*scale),
        _ => None,
    };
    let all = distinct(cells.map(|cell| (law_label(cell), amplitude(cell))));
    move |cell| {
        let (label, own) = (law_label(cell), amplitude(cell));
        let several = all.iter().filter(|(other, _)| *other == label).count() > 1;
        match own.filter(|_| several) {
            Some(scale) => format!("{label}, amplitude {}", number(scale)),
            None => label,
        }
    }
}

fn law_label(cell: &CellResult) -> String {
    let noise = cell.plan.problem.noise();
    let alpha = alpha_label(noise.alpha().get());
    match noise.law() {
        NoiseLaw::Stable if noise.alpha().is_gaussian() => alpha,
        NoiseLaw::Stable => format!("SαS, {alpha}"),
        NoiseLaw::Gaussian => "Gaussian".to_owned(),
        NoiseLaw::Skewed { beta } => format!("skewed, {alpha}, β = {}", number(*beta)),
        NoiseLaw::Tempered { cutoff } => format!("tempered, {alpha}, cutoff {}", number(*cutoff)),
        NoiseLaw::Truncated { at } => format!("truncated at {}, {alpha}", number(*at)),
        NoiseLaw::StudentT { degrees } => format!("Student's t, ν = {}", number(*degrees)),
        NoiseLaw::Empirical(_) => "measured noise".to_owned(),
    }
}

impl Figure for OptimisersFigure {
    fn stem(&self) -> &str {
        "optimisers"
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let all = || self.panels.iter().flat_map(|(_, points)| points);
        let values = all().flat_map(|point| point.ratio).chain([1.0]);
        let x = Axis::over("E Γ / E Γ_{SGD}, in steps", Scale::Log, values).filter(|_| all().next().is_some());
        let mut x = x.ok_or_else(|| FigureError::Empty { figure: self.stem().to_owned(), what: "Γ/Γ_SGD" })?;
        // Room for the arrow of the largest lower limit.
        let open =
            all().filter(|point| point.ratio[2] == f64::INFINITY).map(|point| point.ratio[1]).fold(0.0, f64::max);
        x.hi = x.hi.max(open * (x.hi / x.lo).powf(0.12));
        let names = labels(self.laws.iter().map(String::as_str));
        let shift = |law: usize| SPREAD * ((law as f64 + 0.5) / self.laws.len() as f64 - 0.5);
        let mut sheet = Sheet::new(COLUMN_WIDTH, 1);
        for (title, points) in &self.panels {
            let mut panel = Panel::new(x.clone(), Axis::named("", self.rows.clone()));
            if self.panels.len() > 1 {
                panel.title.clone_from(title);
            }
            panel.upright(1.0, Stroke::dotted(INK, 0.8));
            for (law, name) in self.laws.iter().enumerate() {
                let of_law = points.iter().filter(|point| point.law == law);
                let point =
                    |p: &OptimiserPoint| Point { x: p.row as f64, y: p.ratio[0], lo: p.ratio[1], hi: p.ratio[2] };
                let mark = Mark::Across(of_law.map(point).collect(), shift(law), look(&names, name));
                panel.data(name, DataKind::Measured, mark);
            }
            sheet.row(self.rows.len() as f64 * (ROW + LAW * self.laws.len() as f64), [panel]);
        }
        let entries = self.laws.iter().map(|law| Entry::new(Sample::Points(look(&names, law)), law.as_str()));
        let grey = Look { color: GREY, ..Look::of(0) };
        let mut keys = vec![Entry::new(Sample::Line(Stroke::dotted(INK, 0.8)), "as many steps as SGD")];
        if all().any(|point| point.ratio[2] == f64::INFINITY) {
            keys.push(Entry::new(Sample::AtLeast(grey), "lower limit: paths were censored"));
        }
        sheet.legend = Legend::default().with(entries.collect()).with(keys);
        Ok(sheet)
    }
}
