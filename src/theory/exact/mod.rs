//! Deterministic solution of the exit problem on an interval.
//!
//! [`ExactExit`] answers the queries. `mesh` grades the interval towards the boundary layers, `galerkin` discretises the
//! equation in piecewise polynomials, `quadrature` integrates its singular kernel, and `krylov` evolves the survival
//! probability in time.

mod error;
mod exit;
mod galerkin;
#[cfg(test)]
mod jacobi;
mod krylov;
mod mesh;
mod quadrature;

pub use error::ExactError;
pub use exit::ExactExit;
