//! Tables about several cells together, and those of runs without escapes.

pub(super) mod comparison;
pub(super) mod hitting;
pub(super) mod landings;
pub(super) mod mean_position;
pub(super) mod occupancy;
pub(super) mod optimisers;
pub(super) mod random_problems;
pub(super) mod rank_correlation;
pub(super) mod which_flatness;
