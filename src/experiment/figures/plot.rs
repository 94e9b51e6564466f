//! `plot`: a figure of any result against any parameter, or a heat map over two.

use super::kind::FigureKind;
use crate::experiment::columns::{RESULT_COLUMNS, WORD_COLUMNS};
use crate::experiment::parameters::plot_parameters;
use crate::experiment::plan::CellPlan;
use crate::experiment::toml::other_names::suggestion;
use crate::experiment::toml::reader::Value;

/// A figure that an experiment draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedFigure {
    /// One of the figures with a name.
    Known(FigureKind),
    /// A figure of columns of the summary.
    Plot(PlotSettings),
}

impl PlannedFigure {
    /// The name, which is also the stem of the files.
    pub fn name(&self) -> &str {
        match self {
            PlannedFigure::Known(kind) => kind.name(),
            PlannedFigure::Plot(plot) => &plot.name,
        }
    }
}

impl From<FigureKind> for PlannedFigure {
    fn from(kind: FigureKind) -> Self {
        PlannedFigure::Known(kind)
    }
}

/// The columns of a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlotSettings {
    /// Name of its files.
    pub name: String,
    /// Column along the horizontal axis.
    pub x: String,
    /// Column along the vertical axis: a result; with `color` a parameter or a result.
    pub y: String,
    /// Column whose values have a series each; by default all parameters that vary besides.
    pub group: Option<String>,
    /// Result that a heat map shows by colour.
    pub color: Option<String>,
}

/// A plot before the cells are known.
pub(in crate::experiment) struct PlotRequest<'a> {
    name: Option<String>,
    x: Value<'a>,
    y: Value<'a>,
    group: Option<Value<'a>>,
    color: Option<Value<'a>>,
}

/// Reads `{ plot = { x = .., y = .. } }`.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<PlotRequest<'_>> {
    let outer = value.table()?;
    let plot = outer.need("plot", "{ x = \"epsilon\", y = \"mean_time\" }");
    outer.finish();
    let table = plot?.table()?;
    let name = table.get("name").map(|name| name.file_name());
    let (x, y) = (table.need("x", "\"epsilon\""), table.need("y", "\"mean_time\""));
    let (group, color) = (table.get("group"), table.get("color"));
    table.finish();
    if let (Some(group), Some(_)) = (group, color) {
        group.report_with_help("a heat map has no `group`", "leave out `group`, or `color`");
        return None;
    }
    let name = match name {
        Some(name) => Some(name?),
        None => None,
    };
    Some(PlotRequest { name, x: x?, y: y?, group, color })
}

impl PlotRequest<'_> {
    /// The settings, if the cells have the columns; every unknown one is reported.
    pub fn resolve(&self, cells: &[CellPlan]) -> Option<PlotSettings> {
        let parameters = plot_parameters(cells);
        let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
        let results = RESULT_COLUMNS.as_slice();
        let along = [&parameters, results].concat();
        let x = column(self.x, &along, cells);
        let (y, color) = match self.color {
            Some(color) => (column(self.y, &along, cells), Some(column(color, results, cells))),
            None => (column(self.y, results, cells), None),
        };
        let group = self.group.map(|group| column(group, &[WORD_COLUMNS.as_slice(), &parameters].concat(), cells));
        let (x, y) = (x?, y?);
        let group = group.map_or(Some(None), |group| group.map(Some))?;
        let color = color.map_or(Some(None), |color| color.map(Some))?;
        if x == y {
            self.y.report(format!("`x` and `y` are both \"{x}\""));
            return None;
        }
        let name = self.name.clone().unwrap_or_else(|| match (&color, &group) {
            (Some(color), _) => format!("{color}-over-{x}-and-{y}"),
            (None, Some(group)) => format!("{y}-vs-{x}-by-{group}"),
            (None, None) => format!("{y}-vs-{x}"),
        });
        Some(PlotSettings { name, x, y, group, color })
    }
}

/// The column that a key names, one of `known`.
fn column(value: Value<'_>, known: &[&str], cells: &[CellPlan]) -> Option<String> {
    let name = value.text()?;
    if known.contains(&name) {
        return Some(name.to_owned());
    }
    if cells.iter().any(|cell| cell.parameter(name).is_some()) {
        let help = format!("sweep it, or use one of: {}", known.join(", "));
        value.report_with_help(format!("`{name}` has one value in this experiment"), help);
        return None;
    }
    let help = match suggestion(name, known) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!("one of: {}", known.join(", ")),
    };
    value.report_with_help(format!("`{}` cannot be \"{}\"", value.key, name.escape_debug()), help);
    None
}
