//! The file as a tree with places. Values are read one by one, and every error is reported with its line and column.

mod brackets;
mod budget;
pub(super) mod diagnostic;
pub(super) mod diagnostics;
pub(super) mod node;
mod number;
pub(super) mod other_names;
pub(super) mod reader;
pub(super) mod reading;
mod syntax;

pub use diagnostic::{Diagnostic, ExperimentErrors, Span};
