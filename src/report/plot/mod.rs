//! Plotting of panels. Each figure becomes an SVG with text as text and a PNG of 300 dots per inch, both in print size.
//!
//! A figure describes a [`Sheet`] of [`Panel`]s. The sheet measures its text, so that nothing overlaps, and reserves a strip for the
//! legend. plotters draws; `backend` lists what is changed of it.

pub(super) mod axis;
mod backend;
pub(super) mod canvas;
pub(super) mod clip;
pub(super) mod contour;
pub(super) mod curve;
mod data;
mod legend;
mod lettering;
mod mark;
mod note;
mod output;
mod panel;
mod placement;
mod sheet;
pub(super) mod style;
mod text;

pub use axis::{Axis, Scale, Tick, number};
pub use data::{DataKind, DataName, Layer, Stated};
pub use legend::{Entry, Group, Legend, Sample};
pub use mark::{Mark, Point, Tile};
pub use note::{EndLabel, Note, NoteAlign};
pub use output::{FIGURE_COLUMNS, Figure, FigureError, files_of, inline, save, save_as};
pub use panel::{Aspect, Numbers, Panel};
pub use sheet::Sheet;
pub use style::{Dash, Fill, Look, Marker, Stroke, color};

use canvas::Rect;
