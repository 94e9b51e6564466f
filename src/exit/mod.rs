//! First exits from a basin and their statistics.
//!
//! A path ends in an [`Outcome`]; everything else in this room is estimated from many of them.

mod outcome;

pub use outcome::{Departure, Outcome, PathRecord, Side, Site};
