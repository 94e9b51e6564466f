//! The file as a tree with places: read value by value, every mistake noted with its line and column.

pub(super) mod diagnostics;
pub(super) mod node;
pub(super) mod reader;

pub use diagnostics::{ExperimentErrors, Finding, Span};
