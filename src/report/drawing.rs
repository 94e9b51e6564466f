//! A figure that has been drawn: its files, and the same figure for a page.

use std::path::{Path, PathBuf};

use super::plot::{files_of, inline};
use super::{Figure, FigureError, save};
use crate::experiment::FigureStyle;

/// A figure for an HTML page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// Name of its files without the extension.
    pub stem: String,
    /// Names of its files.
    pub files: Vec<String>,
    /// Its SVG, with the values of its points as `<title>` elements.
    pub svg: String,
}

/// Writes the files of a figure into `dir`; without a style, leaves those that are there as they are.
///
/// # Errors
/// [`FigureError`].
pub(super) fn drawn(figure: &impl Figure, dir: &Path, style: Option<&FigureStyle>) -> Result<Drawing, FigureError> {
    let name = |path: &PathBuf| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let files = match style {
        Some(style) => save(figure, dir, style)?,
        None => files_of(figure.stem(), dir),
    };
    Ok(Drawing { stem: figure.stem().to_owned(), files: files.iter().map(name).collect(), svg: inline(figure)? })
}
