//! Which well holds each path in time: paths that no edge absorbs.
//!
//! The equations of SGD and Adam are integrated with steps that follow the local curvature, so that a jump to where a potential is steep does
//! not make the path explode. The same motion runs paths into a target. Discrete optimisers take the steps they take, and may diverge.

mod adam;
mod counts;
mod equation;
mod flow;
mod hitting;
mod kernel;
mod local_wells;
mod plane;
mod roam;
mod settings;
mod sgd;
mod steps;
mod visits;
mod watch;

pub use counts::OccupancyCounts;
pub(in crate::scheme) use hitting::HittingKernel;
pub use settings::{Occupancy, OccupancyStart};
