//! The sections of an experiment file, one file each.

pub(super) mod calibration;
pub(super) mod dynamics;
#[cfg(feature = "calibrate")]
pub(super) mod escape;
pub(super) mod landscape;
pub(super) mod mean_position;
pub(super) mod noise;
pub(super) mod noise_law;
#[cfg(feature = "calibrate")]
pub(super) mod noise_scaling;
pub(super) mod occupancy;
pub(super) mod random_problems;
mod rate;
pub(super) mod scheme;
mod steps;
pub(super) mod sweep;

#[cfg(feature = "calibrate")]
pub use calibration::is_experiment;
pub use calibration::{calibrations_named, is_calibration};
pub use random_problems::RandomProblemsPlan;
