//! Potentials, one file each.

pub(super) mod asymmetric;
pub(super) mod double_well;
pub(super) mod flat;
pub(super) mod gaussian_wells;
pub(super) mod muller_brown;
pub(super) mod multi_well;
pub(super) mod quadratic;
