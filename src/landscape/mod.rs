//! Loss landscapes: a potential with its minimum `θ*`, and the domain `Ω` around it.
//!
//! A [`Basin`] joins a [`Potential`] and a [`Domain`]. It answers the questions of the theory and the schemes: whether a point
//! is inside, how far the edge is in a direction, and how large the volume is.

mod attraction;
mod basin;
mod domain;
mod edge;
mod exit_distance;
mod expression;
mod flow;
mod landing_wells;
mod minimum;
mod plane;
mod potential;
mod potentials;
mod seen_from;
pub(crate) mod sphere;
mod target;
mod volume;
mod well_set;
mod wells;

pub use basin::Basin;
pub use domain::Domain;
pub use expression::{Expression, FormulaError};
pub(crate) use flow::AdaptiveFlow;
pub use flow::Minima;
pub(crate) use plane::wells_along;
pub use plane::{CriticalPoint, PlanarBasins, PlanarSaddle, PlanarWells};
pub use potential::{Form, LandscapeError, Potential};
pub use potentials::asymmetric::Asymmetric;
pub use potentials::double_well::{DoubleWell, Well};
pub use potentials::flat::Flat;
pub use potentials::gaussian_wells::{GaussianWell, GaussianWells};
pub use potentials::muller_brown::MullerBrown;
pub use potentials::multi_well::MultiWell;
pub use potentials::quadratic::Quadratic;
pub(crate) use target::Target;
pub use volume::Volume;
pub use well_set::WellSet;
pub use wells::Wells;
