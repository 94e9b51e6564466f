//! How one path advances to its exit.
//!
//! A [`Scheme`] is a setting; [`Scheme::prepare`] turns it, with a [`Problem`](crate::dynamics::Problem), into a kernel
//! that holds every constant of the cell and runs paths. [`Euler`] takes fixed steps; [`JumpAdapted`] draws the large
//! jumps exactly, at a cost that does not grow as `ε` falls; [`Steps`] takes the steps of a discrete optimiser.

mod adam_events;
mod adam_motion;
mod axes;
mod barrier;
mod euler;
mod event_lanes;
mod jump_adapted;
mod kernel;
mod lanes;
mod large_jumps;
mod line;
mod linear;
mod modes;
mod motion;
mod outcome;
mod runge_kutta;
mod sgd_events;
mod sgd_motion;
mod site;
mod step_noise;
mod steps;
mod time_scale;
mod vector;

pub use barrier::{discrete_monitoring_shift, small_jump_shift};
pub use euler::{Euler, Monitoring};
pub use jump_adapted::JumpAdapted;
pub use kernel::{Limits, PathKernel, Scheme, SchemeError, StopFlag, StreamSource};
pub use outcome::{Departure, Outcome, PathRecord, Side, Site};
pub use steps::Steps;
