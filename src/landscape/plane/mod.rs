//! Landscapes in the plane: all minima and saddles, the basins of attraction that the saddles separate, and which of them a ray crosses.

mod basins;
mod critical_points;
mod descent;
mod rays;
mod wells;

pub use basins::PlanarBasins;
pub use critical_points::CriticalPoint;
pub(crate) use rays::wells_along;
pub use wells::{PlanarSaddle, PlanarWells};
