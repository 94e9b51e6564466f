//! Escape times of SGD and Adam driven by Lévy noise, simulated beside the theory.
#![warn(missing_docs)]

pub mod dynamics;
pub mod landscape;
pub mod noise;
pub mod scheme;
