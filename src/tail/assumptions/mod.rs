//! The assumptions that all estimators make, tested: symmetry and independence.

mod checks;
mod serial;
mod symmetry;

pub use checks::{Assumptions, Rejection};
pub use serial::{Pattern, SerialCorrelation, SerialDependence};
pub use symmetry::Skewness;
