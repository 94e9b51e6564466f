//! How a trained network leaves its minimum: first-passage times of nested sets beside the predictions of the step simulator.

mod hessian;
mod laws;
mod minimum;
mod mlp;
mod noise;
mod passages;
mod sets;
mod settings;
mod study;
mod table;
#[cfg(test)]
mod tests;
mod walk;

#[cfg(test)]
pub(super) use mlp::{Buffers, Mlp};
pub use passages::{EscapeRow, Prediction as EscapePredictions};
pub use sets::SetKind;
pub use settings::{Activation, EscapeSettings, Sizes};
pub use study::{EscapeCell, EscapeMinimum, NetworkEscape};
pub(super) use study::{EscapeInput, network_escape};
