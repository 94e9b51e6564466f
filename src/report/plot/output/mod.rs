//! The files of a figure: SVG, PNG, PDF and the table of its values, and its SVG for an HTML page.

mod figure;
mod inline;
mod page;
mod pdf;
mod table;

pub use figure::{Figure, FigureError, files_of, save, save_as};
pub use inline::inline;
pub use table::FIGURE_COLUMNS;
