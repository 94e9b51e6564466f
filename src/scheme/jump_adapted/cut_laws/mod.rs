//! Tempered and truncated noise: large jumps by thinning, small ones replaced as those of SαS noise, with the moments and the edge of their
//! own measure. The page `docs/schemes.md` has the derivations.

mod measure;
mod rungs;
mod scales;

#[cfg(test)]
mod tests;

pub(super) use measure::CutMeasure;
pub(super) use rungs::CutJumps;
pub(super) use scales::{AxisScales, axis_scales, lower_and_upper};
