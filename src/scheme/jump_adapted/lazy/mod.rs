//! Events whose cost depends only on the active coordinates.
//!
//! With a diagonal amplitude and a potential that is a sum over the axes, a large jump moves one coordinate. The path follows that coordinate
//! until the displacement has decayed. The other coordinates are at rest: they have their stationary law, and are drawn from it when they
//! jump. Their contribution to the gauge of a ball, an ellipsoid or a level set is replaced by its mean; see `docs/schemes.md`.

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
