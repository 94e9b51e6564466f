//! One file for every figure: which panels it has, and what is drawn in them.

pub(super) mod cost;
mod escape_set;
mod exponential_law;
mod gamma_vs_epsilon;
mod gamma_vs_volume;
mod laplace;
mod noise_law;
mod noise_tails;
pub(super) mod random_problems;
mod scales;
mod series_figure;
pub(super) mod steps;
mod tail_index;
mod theorem2;
mod training;
pub(super) mod transitions;

pub use escape_set::{EscapePlane, EscapeRegion, EscapeSet};
pub use exponential_law::{ExponentialLaw, Survival, SurvivalPanel};
pub use gamma_vs_epsilon::{EpsilonPanel, EpsilonSeries, FittedSlope, GammaVsEpsilon};
pub use gamma_vs_volume::{BasinPoint, GammaVsVolume};
pub use laplace::{Laplace, LaplacePanel, LaplaceSeries};
pub use noise_law::{LawCurve, NoiseLaw};
pub use noise_tails::{NoiseTails, TailsPanel};
pub use scales::{ScaleDistribution, ScalesFigure};
pub use series_figure::{Labelling, Series, SeriesFigure};
pub use tail_index::{TailCurve, TailIndexFigure};
pub use theorem2::{RatioSeries, TheoremTwo};
pub use training::{TrainingCurves, TrainingFigure};
