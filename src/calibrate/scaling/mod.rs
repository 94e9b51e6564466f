//! How the gradient noise at a minimum scales with the batch, how long the network stays there, and how the noise changes on the way out.

mod scales;
mod settings;
mod stays;
mod study;
mod table;
#[cfg(test)]
mod tests;

pub use settings::ScalingSettings;
pub use stays::StayRow;
pub use study::{DistanceRow, Exponent, ExponentOf, MinimumScaling, NoiseScaling, ScaleQuantity, SizeRow, StepRule};
pub(super) use study::{ScalingInput, noise_scaling};
