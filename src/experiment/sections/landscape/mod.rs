//! The sections of the landscape: basins, their potentials and domains.

pub(in crate::experiment) mod basin;
pub(super) mod domain;
pub(in crate::experiment) mod family;
pub(in crate::experiment) mod potential;
pub(in crate::experiment) mod random_basins;
