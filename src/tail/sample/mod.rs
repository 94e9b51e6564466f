//! The sample that estimators work on: centred data without zeros, whose rounding is undone.

mod lattice;
mod rounding;
mod tail_sample;

pub use tail_sample::{Centre, TailSample};
