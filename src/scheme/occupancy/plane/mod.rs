//! Occupancy of the wells of a landscape in the plane.
//!
//! The scheme is that of a line. In a well whose boundary is `r` away from the minimum, jumps that move a path at rest by more than `κ r` are drawn
//! one by one, and the others are a Brownian motion. Near a minimum the transition of the linear equation is exact; elsewhere the flow is followed with
//! adaptive steps.

mod adam;
mod kernel;
mod linear;
mod local;
mod sgd;
mod steps;
mod watch;

pub(super) use adam::{AdamMover, PlanarAdam};
pub(super) use kernel::PlanarPaths;
pub(super) use sgd::{PlanarSgd, SgdMover};
