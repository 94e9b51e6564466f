//! How one path advances to its exit.
//!
//! A [`Scheme`] is a setting; [`Scheme::prepare`] turns it, with a [`Problem`](crate::dynamics::Problem), into a kernel
//! that holds every constant of the cell and runs paths. [`Euler`] takes fixed steps; [`JumpAdapted`] draws the large
//! jumps exactly, at a cost that does not grow as `ε` falls; [`Steps`] takes the steps of a discrete optimiser; [`Occupancy`] follows paths
//! that no edge absorbs from well to well, [`MeanPosition`] around one minimum. [`PathKernel::follow`] runs one path again and keeps its [`Trajectory`].

mod counted;
mod euler;
mod exit_site;
mod interval;
mod jump_adapted;
mod kernel;
mod linear;
mod mean_position;
mod occupancy;
mod outcome;
mod time_scale;
mod trajectory;
mod vector;

pub use euler::{Euler, Monitoring, Steps, discrete_monitoring_shift};
pub use jump_adapted::{JumpAdapted, small_jump_shift};
pub use kernel::{CountingKernel, Limits, PathKernel, Scheme, SchemeError, StopFlag, StreamSource};
pub use mean_position::{MeanPosition, PositionSums};
pub use occupancy::{Occupancy, OccupancyCounts, OccupancyStart};
pub use outcome::{Departure, ExitSite, Outcome, PathRecord, Side};
pub use trajectory::{PointKind, Trajectory, TrajectoryPoint};
