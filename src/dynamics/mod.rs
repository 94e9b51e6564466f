//! SGD and Adam, as stochastic differential equations and as discrete optimisers.
//!
//! SGD: `dθ = -∇F dt + ε Σ dL`. Adam: `dθ = -μ_t Q_t⁻¹ m dt + ε Q_t⁻¹ Σ dL` with the running averages `m` of the gradient and
//! `v` of its square. [`SgdSteps`] and [`AdamSteps`] are the discrete recursions. A [`Problem`] joins a basin, a dynamics and a noise.

mod adam;
mod averages;
mod preconditioner;
mod problem;
mod steps;

pub use adam::{Adam, SecondMoment};
pub(crate) use averages::Averages;
pub use preconditioner::Preconditioner;
pub use problem::{Dynamics, DynamicsError, Problem};
pub(crate) use steps::AdamStepper;
pub use steps::{AdamSteps, SgdSteps};
