//! First exits from a basin and their statistics.
//!
//! A path ends in an [`Outcome`](crate::scheme::Outcome); everything else in this module is estimated from many of them.

mod ascending;
mod censored;
#[cfg(test)]
mod coverage;
mod error;
mod estimate;
mod kolmogorov;
mod kolmogorov_bins;
mod laplace;
mod moments;
mod proportion;
mod rate;
mod ratio;
mod sample;
mod slope;
mod survival;

pub use ascending::{Read, Select, ascending};
pub use censored::{exponential_p_value, mean_at_least, restricted_mean};
pub use error::ExitError;
pub use estimate::{Confidence, Estimate};
pub use kolmogorov::{KolmogorovDistance, KolmogorovTest, kolmogorov_test};
pub use kolmogorov_bins::{BinnedTest, KolmogorovBins};
pub use laplace::{LaplaceTransform, laplace_grid};
pub use moments::ExitMoments;
pub use proportion::{proportion, wilson};
pub use rate::{MeanBasis, MeanTime, event_rate, exit_rate, mean_exit_time};
pub use ratio::{ratio_of_means, ratio_of_signed};
pub use sample::ExitSample;
pub use slope::{Curvature, LevelMean, SlopeFit, fit_slope};
pub use survival::{SurvivalCurve, SurvivalStep};
