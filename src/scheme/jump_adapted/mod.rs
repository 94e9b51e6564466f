//! Large jumps drawn exactly, small jumps as a Brownian motion: the cost of a path does not grow as `ε` falls.

mod adam_motion;
mod axis_steps;
mod barrier;
mod between_jumps;
mod cut;
mod cut_laws;
mod few;
mod interval;
mod kernel;
mod large_jumps;
mod lazy;
mod local_steps;
mod modes;
mod momentum;
mod path_events;
mod runge_kutta;
mod sgd_motion;
mod thresholds;

pub use barrier::small_jump_shift;
pub(in crate::scheme) use barrier::{Bridge, FAR, crossed};
pub use kernel::JumpAdapted;
