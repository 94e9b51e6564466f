//! `figures`: the figures that an experiment draws.

use std::collections::HashSet;

use super::choice::FigureChoice;
use super::kind::FigureKind;
use super::plot::{self, PlannedFigure, PlotRequest};
use crate::experiment::plan::CellPlan;
use crate::experiment::toml::node::Kind;
use crate::experiment::toml::reader::Value;

/// What `figures` asks for.
#[derive(Default)]
pub(in crate::experiment) enum FigureRequest<'a> {
    /// What fits the experiment.
    #[default]
    Auto,
    Named(Vec<(NamedFigure<'a>, Value<'a>)>),
}

/// A figure of the list.
pub(in crate::experiment) enum NamedFigure<'a> {
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
                    let is_known = FigureKind::ALL.iter().any(|kind| kind.name() == plot.name);
                    if names.insert(plot.name.clone()) && !is_known {
                        return Some(PlannedFigure::Plot(plot));
                    }
                    let message = format!("another figure has the name {:?}", plot.name);
                    value.report_with_help(message, "give the plot another `name`");
                    return None;
                }
            };
            if !names.insert(kind.name().to_owned()) {
                value.report(format!("the figure {:?} is listed twice", kind.name()));
                return None;
            }
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
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<FigureRequest<'_>> {
    const AUTO: &str = "auto";
    match &value.node.kind {
        Kind::Text(text) if text == AUTO => Some(FigureRequest::Auto),
        Kind::Text(text) => {
            if let Some(kind) = FigureKind::ALL.iter().find(|kind| kind.name() == text) {
                let help = format!("write `figures = [\"{}\"]`", kind.name());
                value.report_with_help(format!("`{}` must be a list, or \"{AUTO}\"", value.key), help);
            } else {
                let help = format!("write `figures = \"{AUTO}\"`, or a list of figures");
                value.report_with_help(format!("unknown value {text:?} for `{}`", value.key), help);
            }
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
