//! Fixed steps: Euler's scheme for the equations, and the steps of discrete optimisers.

#[cfg(test)]
mod accuracy;
mod box_steps;
mod interval_lanes;
mod interval_steps;
mod kernel;
#[cfg(test)]
mod laws;
mod monitoring;
mod optimiser_steps;
mod step_noise;

pub use kernel::{Euler, Monitoring};
pub use monitoring::discrete_monitoring_shift;
pub use optimiser_steps::Steps;
pub(in crate::scheme) use step_noise::{StepLaw, StepNoise};
