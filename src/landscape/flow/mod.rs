//! The gradient flow `dx/dt = -∇F(x)` of a potential in several dimensions: where it leads, and what separates its basins.

mod adaptive;
mod bisection;
mod core;
mod descent;
mod minima;
mod separatrix;

pub(crate) use adaptive::AdaptiveFlow;
pub(super) use bisection::edge_between;
pub(super) use core::{Core, core};
pub(super) use descent::{Descent, Progress, is_beside_minimum, norm};
pub use minima::Minima;
pub(super) use minima::in_order;
pub(super) use separatrix::{Nearest, Separatrix};
