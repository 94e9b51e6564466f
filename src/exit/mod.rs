//! First exits from a basin and their statistics.
//!
//! A path ends in an [`Outcome`]; everything else in this room is estimated from many of them.

mod error;
mod estimate;
mod outcome;
mod rate;
mod sample;
mod survival;

pub use error::ExitError;
pub use estimate::{Confidence, Estimate};
pub use outcome::{Departure, Outcome, PathRecord, Side, Site};
pub use rate::{MeanBasis, MeanTime, exit_rate, mean_exit_time};
pub use sample::ExitSample;
pub use survival::{SurvivalCurve, SurvivalStep};
