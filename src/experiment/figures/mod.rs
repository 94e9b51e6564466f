//! The figures that an experiment names: which there are, which it can draw, and how they are written.

mod choice;
mod kind;
mod list;
mod plot;
mod style;

pub(super) use choice::FigureChoice;
pub use choice::{FEWEST_BASINS, FEWEST_OF_A_DIMENSION};
pub use kind::FigureKind;
pub(super) use list::read as read_figures;
pub use plot::{PlannedFigure, PlotSettings};
pub(super) use style::read as read_style;
pub use style::{FigureFormat, FigureStyle, FigureWidth};
