//! Figures of places: potentials, wells and paths.

pub(super) mod between;
mod exits;
pub(in crate::report) mod landscape;
mod line;
pub(in crate::report) mod occupancy;
pub(super) mod plane;
pub(in crate::report) mod sample_paths;
pub(in crate::report) mod transitions;
