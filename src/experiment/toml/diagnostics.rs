//! Collects the errors of a file, so that reading continues after the first.

use std::cell::{Cell, RefCell};
use std::error::Error;

use super::diagnostic::{Diagnostic, Span};

/// Diagnostics that are kept; the others are only counted.
const KEPT: usize = 10_000;

/// The errors found so far in one file.
#[derive(Debug, Default)]
pub(in crate::experiment) struct Diagnostics {
    kept: RefCell<Vec<Diagnostic>>,
    count: Cell<usize>,
    recovered: Cell<bool>,
    /// What begins there or later is not reported.
    end: Cell<Option<usize>>,
}

impl Diagnostics {
    pub fn report(&self, diagnostic: Diagnostic) {
        if self.end.get().is_some_and(|end| diagnostic.span().start >= end) {
            return;
        }
        self.count.set(self.count.get() + 1);
        let mut kept = self.kept.borrow_mut();
        if kept.len() < KEPT {
            kept.push(diagnostic);
        }
    }

    /// Whether further diagnostics are only counted.
    pub fn is_full(&self) -> bool {
        self.count.get() >= KEPT
    }

    /// Number of diagnostics reported so far, whether kept or not.
    pub fn count(&self) -> usize {
        self.count.get()
    }

    /// Removes and returns the diagnostics that are kept.
    pub fn take(&self) -> Vec<Diagnostic> {
        self.kept.take()
    }

    /// The value of a result, or `None` after reporting its error at `span`.
    pub fn check<T, E: Error>(&self, span: &Span, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.report(Diagnostic::new(span.clone(), error.to_string()))).ok()
    }

    /// [`Diagnostics::check`], with an instruction how to correct the error.
    pub fn check_with_help<T, E: Error>(&self, span: &Span, result: Result<T, E>, help: &str) -> Option<T> {
        result.map_err(|error| self.report(Diagnostic::new(span.clone(), error.to_string()).help(help))).ok()
    }

    /// Marks the tree as recovered from a file with syntax errors: a key may then be missing because of them.
    pub fn set_recovered(&self) {
        self.recovered.set(true);
    }

    /// Ignores what is reported at `end` or later, where the tree is not what the file means.
    pub fn end_at(&self, end: usize) {
        self.end.set(Some(end));
    }

    /// Whether the tree was recovered from a file with syntax errors.
    pub fn recovered(&self) -> bool {
        self.recovered.get()
    }
}
