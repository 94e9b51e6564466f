//! A figure that has been drawn: its files, and the same figure for a page.

use std::path::Path;

use super::plot::inline;
use super::{Figure, FigureError, save};

/// A figure for an HTML page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// Name of its files without the extension.
    pub stem: String,
    /// Its SVG, with the values of its points as `<title>` elements.
    pub svg: String,
}

/// Writes the files of a figure into `dir`.
///
/// # Errors
/// [`FigureError`].
pub(super) fn drawn(figure: &impl Figure, dir: &Path) -> Result<Drawing, FigureError> {
    save(figure, dir)?;
    Ok(Drawing { stem: figure.stem().to_owned(), svg: inline(figure)? })
}
