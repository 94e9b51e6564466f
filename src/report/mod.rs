//! Figures and findings of a run.
//!
//! A figure is built from plain numbers and labels and does not depend on the simulation. `plot` draws panels, `figures` describes each
//! figure, and `draw` fills the figures from the results of a run.

mod calibration;
mod columns;
mod draw;
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

pub use calibration::calibration_summary;
#[cfg(feature = "calibrate")]
pub use calibration::{calibration_answer, calibration_warnings, draw_calibration};
pub use draw::{Material, draw};
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
pub use page::{
    CalibrationPage, IndexEntry, Page, Provenance, answer, calibration_page, first_comment, index, is_index, page,
};
pub use plot::{
    Aspect, Axis, Dash, DataKind, DataName, EndLabel, Entry, FIGURE_COLUMNS, Figure, FigureError, Fill, Group, Layer,
    Legend, Look, Mark, Marker, Note, NoteAlign, Numbers, Panel, Point, Sample, Scale, Sheet, Stated, Stroke, Tick,
    Tile, color, inline, number, save, save_as,
};
