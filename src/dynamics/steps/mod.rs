//! # Discrete optimisers
//!
//! Every optimiser maps the stochastic gradient `g_k = ∇F(θ_k) + ς Σ ξ_k` to a step, with `ξ_k` SαS(1) and `ς = ε η^(1/α-1)`, which is 1 if
//! the noise level is given as `η`. The recursions are those of `torch.optim`, and of Chen et al. for Lion. [`StepSettings`] adds clipping,
//! weight decay and a schedule of the learning rate to each. One step is, in this order: the gradient is clipped, the weights decay, the
//! optimiser moves the parameters with the learning rate `η_k` of the schedule.
//!
//! After `k` steps the time of the SDE is `t = k η` with the base learning rate `η`, whatever the schedule.
//!
//! Plain SGD steps are the Euler scheme of the SDE. Those of the others are not.

mod adagrad;
mod adam;
mod clipping;
mod lion;
mod recursion;
mod rmsprop;
mod schedule;
mod settings;
mod sgd;

#[cfg(test)]
mod recorded;

pub use adagrad::AdagradSteps;
pub use adam::AdamSteps;
pub use clipping::Clipping;
pub use lion::LionSteps;
pub(crate) use recursion::{Recursion, Stepper, StepperVisitor};
pub use rmsprop::RmspropSteps;
pub use schedule::Schedule;
pub use settings::{StepSettings, WeightDecay};
pub use sgd::{Momentum, SgdSteps};
