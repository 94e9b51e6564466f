//! How a trained network leaves its minimum: first-passage times of nested sets beside the predictions of the step simulator.

mod hessian;
mod laws;
mod mlp;
mod minimum;
mod noise;
mod passages;
mod settings;
mod sets;
mod study;
mod table;
#[cfg(test)]
mod tests;
mod walk;

pub use passages::{EscapeRow, Prediction as EscapePredictions};
pub use settings::{Activation, EscapeSettings, Sizes};
pub use sets::SetKind;
pub(super) use study::{EscapeInput, network_escape};
pub use study::{EscapeCell, EscapeMinimum, NetworkEscape};
