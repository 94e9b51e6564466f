//! SGD and Adam, as stochastic differential equations and as discrete optimisers.
//!
//! SGD: `dθ = -∇F dt + ε Σ dL`. Adam: `dθ = -μ_t Q_t⁻¹ m dt + ε Q_t⁻¹ Σ dL` with the running averages `m` of the gradient and
//! `v` of its square. [`SgdSteps`], [`AdamSteps`], [`RmspropSteps`], [`AdagradSteps`] and [`LionSteps`] are discrete recursions. A [`Problem`] joins
//! a basin, a dynamics and a noise.

mod adam;
mod averages;
mod error;
mod preconditioner;
mod problem;
mod stable_moment;
mod steps;

pub use adam::{Adam, SecondMoment};
pub(crate) use averages::Averages;
pub use error::DynamicsError;
pub use preconditioner::Preconditioner;
pub use problem::{Dynamics, Problem};
pub use steps::{
    AdagradSteps, AdamSteps, Clipping, LionSteps, Momentum, RmspropSteps, Schedule, SgdSteps, StepSettings, WeightDecay,
};
pub(crate) use steps::{Recursion, Stepper, StepperVisitor};
