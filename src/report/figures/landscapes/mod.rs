//! Figures of places: potentials, wells and paths.

pub(super) mod between;
pub(in crate::report) mod landscape;
pub(in crate::report) mod occupancy;
pub(super) mod plane;
pub(in crate::report) mod sample_paths;
pub(in crate::report) mod transitions;
