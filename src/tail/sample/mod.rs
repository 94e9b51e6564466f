//! The sample that estimators work on: centred data without zeros and without rounding.

mod lattice;
mod rounding;
mod tail_sample;

pub use tail_sample::{Centre, TailSample};
