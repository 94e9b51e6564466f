//! One file for every figure: which panels it has, and what is drawn in them.

mod between;
mod calibration;
pub(super) mod cost;
mod escape_set;
mod exponential_law;
mod gamma_vs_epsilon;
mod gamma_vs_volume;
pub(super) mod heat_map;
pub(super) mod landscape;
mod laplace;
pub(super) mod occupancy;
pub(super) mod optimisers;
mod plane;
pub(super) mod plotted;
pub(super) mod random_problems;
pub(super) mod sample_paths;
mod series_figure;
pub(super) mod steps;
mod theorem2;
pub(super) mod transitions;
pub(super) mod which_flatness;

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
pub use optimisers::{OptimiserPoint, OptimisersFigure};
pub use series_figure::{Labelling, Series, SeriesFigure};
pub use theorem2::{RatioSeries, TheoremTwo};
