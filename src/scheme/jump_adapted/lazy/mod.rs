//! Events that cost what is active: coordinates at rest are not touched.
//!
//! With a diagonal amplitude and a potential that is a sum over the axes, a large jump moves one coordinate. A coordinate is followed from
//! its jump until it has forgotten it; of the others only their law at rest is known, and it is drawn when they jump. What they add to the
//! gauge of a ball, an ellipsoid or a level set is replaced by its mean; see `docs/schemes.md`.

mod adam_axes;
mod axis_choice;
mod build;
mod events;
mod geometry;
mod motion;
mod sgd_axes;

pub(super) use build::lazy_events;
pub(super) use events::LazyRun;

#[cfg(test)]
mod tests;
