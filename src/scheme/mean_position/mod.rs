//! The mean position of paths at rest: paths that no edge absorbs, around one minimum.
//!
//! The equation of SGD is integrated by a symmetric splitting of the exact flow and the noise; discrete optimisers take the steps they take.

mod kernel;
mod settings;
mod sums;
mod walk;

pub use settings::MeanPosition;
pub use sums::PositionSums;
