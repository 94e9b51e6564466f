//! Loss landscapes: a potential with its minimum `θ*`, and the domain `Ω` around it.
//!
//! A [`Basin`] joins a [`Potential`] and a [`Domain`]. It answers the questions of the theory and the schemes: whether a point
//! is inside, how far the edge is in a direction, and how large the volume is.

mod asymmetric;
mod attraction;
mod basin;
mod domain;
mod double_well;
mod edge;
mod expression;
mod flat;
mod minimum;
mod multi_well;
mod potential;
mod quadratic;
mod seen_from;
pub(crate) mod sphere;
mod target;
mod volume;
mod wells;

pub use asymmetric::Asymmetric;
pub use basin::Basin;
pub use domain::Domain;
pub use double_well::{DoubleWell, Well};
pub use expression::{Expression, FormulaError};
pub use flat::Flat;
pub use multi_well::MultiWell;
pub use potential::{Form, LandscapeError, Potential};
pub use quadratic::Quadratic;
pub use volume::Volume;
pub use wells::Wells;
