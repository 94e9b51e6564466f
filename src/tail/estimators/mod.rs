//! The estimators of the tail index, one file each.

mod hill;
mod koutrouvelis;
mod maximum_likelihood;
mod mcculloch;
mod mohammadi;

pub use hill::Hill;
pub use koutrouvelis::Koutrouvelis;
pub use maximum_likelihood::MaximumLikelihood;
pub use mcculloch::McCulloch;
pub use mohammadi::{BlockLength, Mohammadi};
