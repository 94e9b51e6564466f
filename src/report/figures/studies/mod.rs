//! Figures that compare dynamics or basins.

pub(in crate::report) mod mean_position;
pub(in crate::report) mod optimisers;
pub(in crate::report) mod random_problems;
pub(super) mod theorem2;
pub(in crate::report) mod which_flatness;
