//! Problems on an interval, whose paths run in lanes.

mod adam_events;
mod adam_kink_events;
mod event_cuts;
mod event_kernel;
mod follow;
mod interval_events;
mod lanes;
mod sgd_events;

pub(super) use adam_events::AdamEvents;
pub(super) use adam_kink_events::AdamKink;
pub(super) use event_cuts::EventCuts;
pub(super) use event_kernel::{AnyEvents, EventKernel};
pub(super) use sgd_events::{KinkEvents, SmoothEvents};

#[cfg(test)]
mod kink_tests;
