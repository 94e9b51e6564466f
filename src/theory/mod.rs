//! What the theory predicts: the escape set and its Radon measure, theorems 1 and 2.

mod prediction;
mod theorem1;
mod theorem2;

pub use prediction::{AxisRate, Prediction, TheoryError};
pub use theorem1::{sandwich, smallest_rho};
pub use theorem2::{Comparison, VolumeClaim};
