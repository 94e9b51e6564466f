//! One file for every figure: which panels it has, and what is drawn in them.

mod calibration;
pub(super) mod cost;
mod escape_set;
mod exponential_law;
mod gamma_vs_epsilon;
mod gamma_vs_volume;
pub(super) mod heat_map;
pub(super) mod landscapes;
mod laplace;
pub(super) mod plotted;
mod series_figure;
pub(super) mod steps;
pub(super) mod studies;

pub use calibration::{
    EscapeCurves, EscapeLaw, LawCurve, NetworkEscapeFigure, NetworkEscapeLaw, NoiseLaw, NoiseScalingFigure, NoiseTails,
    OptimiserCurves, ScaleDistribution, ScalesFigure, ScalingPanel, ScalingSeries, TailCurve, TailIndexFigure,
    TailsPanel, TrainingCurves, TrainingFigure,
};
pub use escape_set::{EscapePlane, EscapeRegion, EscapeSet};
pub use exponential_law::{ExponentialLaw, Survival, SurvivalPanel};
pub use gamma_vs_epsilon::{EpsilonPanel, EpsilonSeries, FittedSlope, GammaVsEpsilon};
pub use gamma_vs_volume::{BasinPoint, GammaVsVolume};
pub use laplace::{Laplace, LaplacePanel, LaplaceSeries};
pub use series_figure::{Labelling, Series, SeriesFigure};
pub use studies::optimisers::{OptimiserPoint, OptimisersFigure};
pub use studies::theorem2::{RatioSeries, TheoremTwo};
