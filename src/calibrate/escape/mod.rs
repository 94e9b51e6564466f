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

pub(super) use hessian::Quadratic;
pub(super) use minimum::Training;
pub(super) use mlp::{Buffers, Mlp, norm};
pub(super) use noise::{NoiseSample, centred, index};
pub use passages::{EscapeRow, Prediction as EscapePredictions};
pub(super) use sets::Nested;
pub use sets::SetKind;
pub use settings::{Activation, EscapeSettings, Sizes};
pub(super) use study::{Around, EscapeInput, is_minimum, network_escape, scaled};
pub use study::{EscapeCell, EscapeMinimum, NetworkEscape};
pub(super) use walk::{Landscape, Run, Walk};
