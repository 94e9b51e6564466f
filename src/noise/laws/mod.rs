//! Noise laws other than the symmetric α-stable one.

mod cut_stable;
mod empirical;
mod noise_law;
mod skewed_stable;
mod small_jumps;

pub use cut_stable::CutStable;
pub use empirical::EmpiricalNoise;
pub use noise_law::NoiseLaw;
pub use skewed_stable::SkewedStable;
