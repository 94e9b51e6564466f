//! The plotting of any panel: a figure is drawn once for both files, an SVG with live text and a PNG of 300 dots per inch, at the size in
//! which a paper prints it.
//!
//! A figure describes a [`Sheet`] of [`Panel`]s; the sheet measures its own text, so that nothing overlaps and legends have a strip of
//! their own.

pub(super) mod axis;
pub(super) mod canvas;
pub(super) mod clip;
pub(super) mod curve;
mod figure;
mod legend;
mod lettering;
mod mark;
mod note;
mod panel;
mod placement;
mod sheet;
pub(super) mod style;
mod text;

pub use axis::{Axis, Scale, Tick, number};
pub use figure::{Figure, FigureError, Format, save, save_as};
pub use legend::{Entry, Group, Legend, Sample};
pub use mark::{Mark, Point};
pub use note::{EndLabel, Note, Side};
pub use panel::{Aspect, Numbers, Panel};
pub use sheet::Sheet;
pub use style::{Dash, Fill, Look, Marker, Stroke, color};

use canvas::Rect;
