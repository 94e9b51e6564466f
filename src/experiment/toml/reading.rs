//! The context for reading one file.

use std::cell::{Cell, RefCell};
use std::path::Path;

use super::budget::Budget;
use super::diagnostics::Diagnostics;
use crate::experiment::calibrations::Calibrations;

/// The context in which one file is read.
#[derive(Debug, Default)]
pub(in crate::experiment) struct Reading {
    /// The errors found so far.
    pub diagnostics: Diagnostics,
    /// The calibrations read so far.
    pub calibrations: RefCell<Calibrations>,
    /// The memory requested so far.
    pub budget: Budget,
    /// Whether basins have no domain: paths around a minimum without an edge.
    pub without_edge: Cell<bool>,
}

impl Reading {
    /// The context for a file whose calibrations are in the results folder `results`.
    pub fn with_results(results: &Path) -> Self {
        Reading { calibrations: RefCell::new(Calibrations::new(results)), ..Reading::default() }
    }
}
