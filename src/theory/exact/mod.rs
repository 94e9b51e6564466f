//! Deterministic solution of the exit problem on an interval.
//!
//! [`ExactExit`] asks the questions; `mesh` grades the interval towards the boundary layers, `galerkin` sets up
//! the equation in piecewise polynomials, `quadrature` integrates its singular kernel, and `krylov` follows the
//! survival probability in time.

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
