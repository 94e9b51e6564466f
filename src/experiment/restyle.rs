//! Figures and styles that a command asks for, besides those of the file.

use std::collections::HashSet;

use thiserror::Error;

use super::figures::{FigureChoice, FigureKind, FigureStyle, PlannedFigure};
use super::file::Experiment;
use super::toml::other_names::suggestion;

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
    /// Writes the figures of these names with `style`, and no other figure. Without names, all figures are written with the style.
    ///
    /// # Errors
    /// [`FigureNameError`]; nothing is changed.
    pub fn restyle(&mut self, names: &[String], style: FigureStyle) -> Result<(), FigureNameError> {
        if names.is_empty() {
            self.figure_style = style;
            return Ok(());
        }
        let mut added: Vec<PlannedFigure> = Vec::new();
        for name in names {
            if self.figures.iter().chain(&added).any(|figure| figure.name() == name) {
                continue;
            }
            let kind =
                FigureKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| self.unknown(name))?;
            let choice = FigureChoice::new(&self.cells, self.random_problems.is_some(), self.paths_kept > 0);
            if let Some(needs) = choice.missing(kind) {
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

    /// Whether the files of a figure are to be written: all are, unless a command named some.
    pub fn is_written(&self, figure: &PlannedFigure) -> bool {
        self.figure_styles.is_empty() || self.figure_styles.contains_key(figure.name())
    }

    /// Whether a figure is drawn because it fits the experiment, and nobody named it.
    pub fn is_automatic(&self, figure: &PlannedFigure) -> bool {
        self.auto_figures && !self.figure_styles.contains_key(figure.name())
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
