//! The stochastic differential equations of SGD and Adam.
//!
//! SGD: `dθ = -∇F dt + ε Σ dL`. Adam: `dθ = -μ_t Q_t⁻¹ m dt + ε Q_t⁻¹ Σ dL` with the running averages `m` of the gradient and
//! `v` of its square. A [`Problem`] joins a basin, a dynamics and a noise.

mod adam;
mod averages;
mod preconditioner;
mod problem;

pub use adam::{Adam, SecondMoment};
pub(crate) use averages::Averages;
pub use preconditioner::Preconditioner;
pub use problem::{Dynamics, DynamicsError, Problem};
