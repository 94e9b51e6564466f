//! What a run leaves behind for its reader: figures, and what was found in words.
//!
//! A figure is built from plain numbers and labels, knows nothing of the simulation, and is drawn once for both files:
//! an SVG with live text and a PNG of 300 dots per inch, at the size in which a paper prints it. A figure describes a
//! [`Sheet`] of [`Panel`]s; the sheet measures its own text, so nothing overlaps and legends have a strip of their own.

mod axis;
mod calibration_summary;
mod canvas;
mod clip;
mod cost;
mod curve;
mod draw;
#[cfg(feature = "calibrate")]
mod draw_calibration;
mod escape_set;
mod exponential_law;
mod figure;
mod findings;
mod gamma_vs_epsilon;
mod gamma_vs_volume;
mod laplace;
mod legend;
mod lettering;
mod mark;
mod noise_law;
mod noise_tails;
mod note;
mod panel;
mod placement;
mod random_problems;
mod scales;
mod select;
mod series_figure;
mod sheet;
mod steps;
mod style;
mod tail_index;
mod text;
mod theorem2;
mod training;
mod transitions;

pub use axis::{Axis, Scale, Tick, number};
pub use calibration_summary::calibration_summary;
pub use draw::{Material, draw};
#[cfg(feature = "calibrate")]
pub use draw_calibration::draw_calibration;
pub use escape_set::{EscapePlane, EscapeRegion, EscapeSet};
pub use exponential_law::{ExponentialLaw, Survival, SurvivalPanel};
pub use figure::{Figure, FigureError, Format, save, save_as};
pub use findings::findings;
pub use gamma_vs_epsilon::{EpsilonPanel, EpsilonSeries, GammaVsEpsilon};
pub use gamma_vs_volume::{BasinPoint, GammaVsVolume};
pub use laplace::{Laplace, LaplacePanel, LaplaceSeries};
pub use legend::{Entry, Group, Legend, Sample};
pub use mark::{Mark, Point};
pub use noise_law::{LawCurve, NoiseLaw};
pub use noise_tails::{NoiseTails, TailsPanel};
pub use note::{EndLabel, Note, Side};
pub use panel::{Aspect, Numbers, Panel};
pub use scales::{ScaleDistribution, ScalesFigure};
pub use series_figure::{Labelling, Series, SeriesFigure};
pub use sheet::Sheet;
pub use style::{Dash, Fill, Look, Marker, Stroke, color};
pub use tail_index::{TailCurve, TailIndexFigure};
pub use theorem2::{RatioSeries, TheoremTwo};
pub use training::{TrainingCurves, TrainingFigure};

use canvas::Rect;
