//! # The time at which a path hits a target
//!
//! Paths run through all wells of a landscape on a line or in the plane, as those of an occupancy, and end when they enter the target: by a jump that
//! lands in it, or between two jumps, at the first time of a Brownian bridge over a step. Where the target is nearer to a minimum than the edge of its
//! well, its distance takes the place of the width of the well, in the cut of the jumps and in the steps; so does the width of a narrow target, over
//! which drawn jumps can leap.

mod hit_test;
mod kernel;
mod run;
#[cfg(test)]
mod tests;

pub(in crate::scheme) use kernel::HittingKernel;
