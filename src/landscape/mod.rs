//! The ground the parameters move on: a potential with its minimum `θ*`, and the domain `Ω` around it.
//!
//! A [`Basin`] joins a [`Potential`] and a [`Domain`]; it answers what the theory and the schemes ask: is a point
//! inside, how far is the edge along a direction, how large is the volume.

mod asymmetric;
mod basin;
mod domain;
mod double_well;
mod flat;
mod potential;
mod quadratic;
mod seen_from;
pub(crate) mod sphere;

pub use asymmetric::Asymmetric;
pub use basin::{Basin, Volume};
pub use domain::Domain;
pub use double_well::{DoubleWell, Well};
pub use flat::Flat;
pub use potential::{Form, LandscapeError, Potential};
pub use quadratic::Quadratic;
