//! The figures of a calibration.

mod network_escape;
mod network_escape_law;
mod noise_law;
mod noise_scaling;
mod noise_tails;
mod scales;
mod tail_index;
mod training;

pub use network_escape::{EscapeCurves, NetworkEscapeFigure, OptimiserCurves};
pub use network_escape_law::{EscapeLaw, NetworkEscapeLaw};
pub use noise_law::{LawCurve, NoiseLaw};
pub use noise_scaling::{NoiseScalingFigure, ScalingPanel, ScalingSeries};
pub use noise_tails::{NoiseTails, TailsPanel};
pub use scales::{ScaleDistribution, ScalesFigure};
pub use tail_index::{TailCurve, TailIndexFigure};
pub use training::{TrainingCurves, TrainingFigure};
