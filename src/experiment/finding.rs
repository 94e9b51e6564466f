//! What is wrong with an experiment file, all at once.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource};
use thiserror::Error;

/// Byte range in an experiment file.
pub type Span = Range<usize>;

/// One thing that is wrong, with its place and what would do instead.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct Finding {
    span: Span,
    message: String,
    help: Option<String>,
}

impl Finding {
    /// A finding at `span`; `message` in lower case without a full stop.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Finding { span, message: message.into(), help: None }
    }

    /// Says what would do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl Diagnostic for Finding {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let length = self.span.end.saturating_sub(self.span.start);
        Some(Box::new(std::iter::once(LabeledSpan::new(None, self.span.start, length))))
    }
}

/// Everything that is wrong with one file. Its `Display` is one line a finding, `file:line:column: message`.
#[derive(Clone, Debug, Error)]
pub struct ExperimentErrors {
    source_code: NamedSource<Arc<str>>,
    text: Arc<str>,
    findings: Vec<Finding>,
}

impl ExperimentErrors {
    /// The findings in the text of `file`, in the order of their places.
    pub fn new(file: &str, text: Arc<str>, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|f| f.span.start);
        findings.dedup();
        ExperimentErrors { source_code: NamedSource::new(file, text.clone()), text, findings }
    }

    /// The findings.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// One report a finding, with the lines of the file around its place.
    pub fn reports(&self) -> impl Iterator<Item = miette::Report> + '_ {
        self.findings.iter().map(|f| miette::Report::new(f.clone()).with_source_code(self.source_code.clone()))
    }

    fn place(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        (line, column)
    }
}

impl fmt::Display for ExperimentErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.findings.iter().enumerate() {
            let (line, column) = self.place(finding.span.start);
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{}:{line}:{column}: {}", self.source_code.name(), finding.message)?;
            if let Some(help) = &finding.help {
                write!(f, " (hint: {help})")?;
            }
        }
        Ok(())
    }
}

/// Where a reader leaves what it finds, so that it can go on to the next key.
#[derive(Debug, Default)]
pub(super) struct Findings(RefCell<Vec<Finding>>);

impl Findings {
    pub fn push(&self, finding: Finding) {
        self.0.borrow_mut().push(finding);
    }

    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    pub fn take(&self) -> Vec<Finding> {
        self.0.take()
    }

    /// The value of a result, or `None` with its error noted at `span`.
    pub fn note<T, E: std::error::Error>(&self, span: &Span, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.push(Finding::new(span.clone(), error.to_string()))).ok()
    }
}
