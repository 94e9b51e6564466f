//! The symmetric α-stable law, its Lévy measure, other laws of the noise, and the random streams that feed the paths.
//!
//! [`LevyMeasure`] is the only place that distinguishes the *standard* Lévy motion (increments `h^(1/α) SαS(1)`) from the *unit
//! density* of the paper (`ν(dy) = |y|^(-1-α) dy`).

mod alpha;
mod amplitude;
mod lane_streams;
mod laws;
mod levy_measure;
mod levy_noise;
mod low_rank;
mod positive_stable;
mod quantile_kernel;
mod quantile_table;
mod stable;
mod stable_density;
mod stable_integral;
mod stream;
mod vectors;

pub use alpha::{Alpha, NoiseError};
pub use amplitude::Amplitude;
pub use lane_streams::LaneStreams;
pub use laws::{CutStable, EmpiricalNoise, NoiseLaw, SkewedStable};
pub(crate) use levy_measure::mean_abs_power;
pub use levy_measure::{LevyMeasure, Measure, Structure};
pub use levy_noise::{LevyNoise, epsilon_of_learning_rate};
pub use low_rank::LowRank;
pub use positive_stable::PositiveStable;
pub(crate) use quantile_kernel::TableView;
pub use quantile_table::{QuantileTable, QuantileTableError};
pub use stable::StableLaw;
pub use stable_density::{StableDensity, StableDensityError};
pub use stream::{Seed, Stream};
#[cfg(test)]
pub(crate) use vectors::levels;
