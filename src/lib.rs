//! Escape times of SGD and Adam driven by Lévy noise, simulated beside the theory.
#![warn(missing_docs)]

pub mod noise;
pub mod report;
