//! A limit for the memory that one file can request.

use std::cell::Cell;

use super::diagnostic::{Diagnostic, Span};
use super::diagnostics::Diagnostics;

/// Numbers that the sweeps and basins of one file may hold together, apart from those written out in the file.
const MOST_NUMBERS: u64 = 20_000_000;

/// Numbers requested by one file so far.
#[derive(Debug, Default)]
pub(in crate::experiment) struct Budget {
    requested: Cell<u64>,
}

impl Budget {
    /// Whether the file has requested more than is allowed.
    pub fn is_exhausted(&self) -> bool {
        self.requested.get() > MOST_NUMBERS
    }

    /// Requests `numbers` more numbers; `None` if that exceeds the limit, which is reported at `span` the first time.
    pub fn request(&self, numbers: u64, span: &Span, diagnostics: &Diagnostics) -> Option<()> {
        let was_exhausted = self.is_exhausted();
        self.requested.set(self.requested.get().saturating_add(numbers));
        if !self.is_exhausted() {
            return Some(());
        }
        if !was_exhausted {
            let message = format!("the sweeps and basins of this file hold more than {MOST_NUMBERS} numbers");
            diagnostics.report(Diagnostic::new(span.clone(), message).help("shorten a sweep or lower a dimension"));
        }
        None
    }
}
