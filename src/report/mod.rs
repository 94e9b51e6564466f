//! Figures and findings of a run.
//!
//! A figure is built from plain numbers and labels and does not depend on the simulation. `plot` draws panels, `figures` describes each
//! figure, and `draw` fills the figures from the results of a run.

mod calibration_summary;
mod columns;
mod draw;
#[cfg(feature = "calibrate")]
mod draw_calibration;
#[cfg(feature = "calibrate")]
mod draw_network_escape;
#[cfg(feature = "calibrate")]
mod draw_noise_scaling;
mod drawing;
mod figures;
mod findings;
mod landing_findings;
mod mean_position_findings;
mod occupancy_findings;
mod optimiser_findings;
mod page;
mod plot;
mod select;
mod slopes;
mod words;

pub use calibration_summary::calibration_summary;
pub use draw::{Material, draw};
#[cfg(feature = "calibrate")]
pub use draw_calibration::draw_calibration;
pub use drawing::Drawing;
pub use figures::{
    BasinPoint, EpsilonPanel, EpsilonSeries, EscapeCurves, EscapeLaw, EscapePlane, EscapeRegion, EscapeSet,
    ExponentialLaw, FittedSlope, GammaVsEpsilon, GammaVsVolume, Labelling, Laplace, LaplacePanel, LaplaceSeries,
    LawCurve, NetworkEscapeFigure, NetworkEscapeLaw, NoiseLaw, NoiseScalingFigure, NoiseTails, OptimiserCurves,
    OptimiserPoint, OptimisersFigure, RatioSeries, ScaleDistribution, ScalesFigure, ScalingPanel, ScalingSeries,
    Series, SeriesFigure, Survival, SurvivalPanel, TailCurve, TailIndexFigure, TailsPanel, TheoremTwo, TrainingCurves,
    TrainingFigure,
};
pub use findings::findings;
pub use mean_position_findings::{mean_position_answer, mean_position_findings};
pub use occupancy_findings::{occupancy_answer, occupancy_findings};
pub use page::{IndexEntry, Page, Provenance, answer, first_comment, index, is_index, page};
pub use plot::{
    Aspect, Axis, Dash, DataKind, DataName, EndLabel, Entry, FIGURE_COLUMNS, Figure, FigureError, Fill, Group, Layer,
    Legend, Look, Mark, Marker, Note, NoteAlign, Numbers, Panel, Point, Sample, Scale, Sheet, Stated, Stroke, Tick,
    Tile, color, inline, number, save, save_as,
};
