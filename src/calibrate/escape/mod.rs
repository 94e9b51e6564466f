//! How a trained network leaves its minimum: first-passage times of nested sets beside the predictions of the step simulator.

mod found_minimum;
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
mod together;
mod walk;

pub use found_minimum::EscapeMinimum;
pub(super) use found_minimum::NetworkInput;
pub(super) use mlp::norm;
#[cfg(test)]
pub(super) use mlp::{Buffers, Mlp};
pub(super) use noise::{NoiseSample, centred, index};
pub(super) use passages::mean_steps;
pub use passages::{EscapeRow, Prediction as EscapePredictions};
pub(super) use sets::Nested;
pub use sets::SetKind;
pub use settings::{Activation, EscapeSettings, MinimaSettings, Sizes};
pub use study::{EscapeCell, NetworkEscape};
pub(super) use study::{EscapeInput, network_escape, scaled};
pub(super) use walk::{Landscape, Run, Walk};
