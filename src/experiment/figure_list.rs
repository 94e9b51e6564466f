//! `figures`: the figures that an experiment draws, and those that a command asks for besides.

use std::collections::HashSet;

use thiserror::Error;

use super::figure_choice::FigureChoice;
use super::figure_kind::FigureKind;
use super::figure_style::FigureStyle;
use super::file::Experiment;
use super::plan::CellPlan;
use super::plot::{self, PlannedFigure, PlotRequest};
use super::toml::node::Kind;
use super::toml::reader::{Value, suggestion};

/// Why a figure cannot be drawn.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FigureNameError {
    /// There is no figure of this name.
    #[error("there is no figure {name:?}")]
    Unknown {
        /// The name.
        name: String,
        /// The figure that may be meant, or all figures.
        hint: String,
    },
    /// The experiment lacks what the figure shows.
    #[error("the figure {name:?} needs {needs}")]
    Missing {
        /// Its name.
        name: String,
        /// What is missing.
        needs: &'static str,
    },
}

impl Experiment {
    /// Draws the figures of these names with `style`, besides the others. Without names, all figures have the style.
    ///
    /// # Errors
    /// [`FigureNameError`]; nothing is changed.
    pub fn restyle(&mut self, names: &[String], style: FigureStyle) -> Result<(), FigureNameError> {
        if names.is_empty() {
            self.figure_style = style;
            return Ok(());
        }
        let mut added = Vec::new();
        for name in names {
            if self.figures.iter().any(|figure| figure.name() == name) {
                continue;
            }
            let kind =
                FigureKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| self.unknown(name))?;
            if let Some(needs) = FigureChoice::new(&self.cells, self.random_problems.is_some()).missing(kind) {
                return Err(FigureNameError::Missing { name: name.clone(), needs });
            }
            added.push(kind.into());
        }
        self.figures.extend(added);
        self.figure_styles.extend(names.iter().map(|name| (name.clone(), style.clone())));
        Ok(())
    }

    /// How a figure is written.
    pub fn style_of(&self, figure: &PlannedFigure) -> &FigureStyle {
        self.figure_styles.get(figure.name()).unwrap_or(&self.figure_style)
    }

    fn unknown(&self, name: &str) -> FigureNameError {
        let known = FigureKind::ALL.iter().map(|kind| kind.name());
        let mut known: Vec<&str> = self.figures.iter().map(PlannedFigure::name).chain(known).collect();
        let mut seen = HashSet::new();
        known.retain(|name| seen.insert(*name));
        let hint = match suggestion(name, &known) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("one of: {}", known.join(", ")),
        };
        FigureNameError::Unknown { name: name.to_owned(), hint }
    }
}

/// What `figures` asks for.
#[derive(Default)]
pub(super) enum FigureRequest<'a> {
    /// What fits the experiment.
    #[default]
    Auto,
    Named(Vec<(NamedFigure<'a>, Value<'a>)>),
}

/// A figure of the list.
pub(super) enum NamedFigure<'a> {
    Known(FigureKind),
    Plot(PlotRequest<'a>),
}

impl FigureRequest<'_> {
    pub fn names(&self, kind: FigureKind) -> bool {
        matches!(self, FigureRequest::Named(named) if named.iter().any(|(named, _)| matches!(named, NamedFigure::Known(known) if *known == kind)))
    }

    /// The figures to draw, and whether they were chosen automatically. Reports every named figure that cannot be drawn.
    pub fn resolve(self, choice: &FigureChoice<'_>, cells: &[CellPlan]) -> Option<(Vec<PlannedFigure>, bool)> {
        let named = match self {
            FigureRequest::Auto => return Some((choice.auto().into_iter().map(PlannedFigure::from).collect(), true)),
            FigureRequest::Named(named) => named,
        };
        let mut names = HashSet::new();
        let possible = |(figure, value): (NamedFigure<'_>, Value<'_>)| {
            let kind = match figure {
                NamedFigure::Known(kind) => kind,
                NamedFigure::Plot(plot) => {
                    let plot = plot.resolve(cells)?;
                    if names.insert(plot.name.clone()) && !FigureKind::ALL.iter().any(|kind| kind.name() == plot.name) {
                        return Some(PlannedFigure::Plot(plot));
                    }
                    value.report_with_help(
                        format!("two figures are named {:?}", plot.name),
                        "give the plot another `name`",
                    );
                    return None;
                }
            };
            let Some(needs) = choice.missing(kind) else { return Some(kind.into()) };
            let message = format!("the figure \"{}\" needs {needs}", kind.name());
            value.report_with_help(message, "leave it out; `figures = \"auto\"` draws what fits the experiment");
            None
        };
        // Every figure is checked, not only those before the first wrong one.
        let figures: Vec<Option<PlannedFigure>> = named.into_iter().map(possible).collect();
        Some((figures.into_iter().collect::<Option<_>>()?, false))
    }
}

/// Reads the key `figures`.
pub(super) fn read(value: Value<'_>) -> Option<FigureRequest<'_>> {
    const AUTO: &str = "auto";
    match &value.node.kind {
        Kind::Text(text) if text == AUTO => Some(FigureRequest::Auto),
        Kind::Text(text) => {
            let help = match FigureKind::ALL.iter().find(|kind| kind.name() == text) {
                Some(kind) => format!("write `figures = [\"{}\"]`", kind.name()),
                None => format!("write `figures = \"{AUTO}\"`, or a list of figures"),
            };
            value.report_with_help(format!("unknown value {text:?} for `{}`", value.key), help);
            None
        }
        _ => {
            let items: Vec<Value<'_>> = value.list()?.collect();
            let named: Vec<Option<NamedFigure<'_>>> = items.iter().copied().map(read_figure).collect();
            let named: Vec<NamedFigure<'_>> = named.into_iter().collect::<Option<_>>()?;
            Some(FigureRequest::Named(named.into_iter().zip(items).collect()))
        }
    }
}

fn read_figure(item: Value<'_>) -> Option<NamedFigure<'_>> {
    if item.is_table() {
        return plot::read(item).map(NamedFigure::Plot);
    }
    item.named(&FigureKind::ALL, FigureKind::name).map(NamedFigure::Known)
}
