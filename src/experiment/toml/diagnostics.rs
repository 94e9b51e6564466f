//! What is wrong with an experiment file, all at once.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource};
use thiserror::Error;

use crate::calibrate::Calibration;
use crate::experiment::calibrations::Calibrations;

/// Findings that are shown; more are only counted.
const SHOWN: usize = 100;
/// Findings that are kept at all.
const KEPT: usize = 10_000;
/// Numbers that the sweeps and basins of one file may hold together, beside what the file itself spells out.
const MOST_NUMBERS: u64 = 20_000_000;

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

    /// Where it is.
    pub fn span(&self) -> Span {
        self.span.clone()
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

/// Everything that is wrong with one file, in the order of the file. Its `Display` is one line a finding,
/// `file:line:column: message (hint: ..)`; columns count characters.
#[derive(Clone, Debug, Error)]
pub struct ExperimentErrors {
    source_code: NamedSource<Arc<str>>,
    findings: Vec<Finding>,
    omitted: usize,
}

impl ExperimentErrors {
    /// The findings in the text of `file`. After the first hundred they are only counted.
    pub fn new(file: &str, text: Arc<str>, mut findings: Vec<Finding>) -> Self {
        findings.iter_mut().for_each(|f| f.span = first_line(&text, &f.span));
        findings.sort_by_key(|f| f.span.start);
        // One mistake can be met once per cell.
        findings.dedup();
        let omitted = findings.len().saturating_sub(SHOWN);
        findings.truncate(SHOWN);
        ExperimentErrors { source_code: NamedSource::new(file, text), findings, omitted }
    }

    /// The findings.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// One report a finding, with the lines of the file around its place.
    pub fn reports(&self) -> impl Iterator<Item = miette::Report> + '_ {
        self.findings.iter().map(|f| miette::Report::new(f.clone()).with_source_code(self.source_code.clone()))
    }

    /// How many findings there are beside those that are kept.
    pub fn omitted(&self) -> usize {
        self.omitted
    }
}

impl fmt::Display for ExperimentErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.source_code.name();
        for (index, finding) in self.findings.iter().enumerate() {
            let (line, column) = place(self.source_code.inner(), finding.span.start);
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{file}:{line}:{column}: {}", finding.message)?;
            if let Some(help) = &finding.help {
                write!(f, " (hint: {help})")?;
            }
        }
        if self.omitted > 0 {
            write!(f, "\n{file}: and {} more", self.omitted)?;
        }
        Ok(())
    }
}

/// Line and column of an offset, both from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The part of `span` on its first line, inside `text` and on character boundaries.
fn first_line(text: &str, span: &Span) -> Span {
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end).max(start);
    start..start + text[start..end].split('\n').next().unwrap_or_default().trim_end().len()
}

/// Where a reader leaves what it finds, so that it can go on to the next key.
#[derive(Debug, Default)]
pub(in crate::experiment) struct Findings {
    findings: RefCell<Vec<Finding>>,
    pushed: Cell<usize>,
    recovered: Cell<bool>,
    spent: Cell<u64>,
    calibrations: RefCell<Calibrations>,
}

impl Findings {
    /// No findings yet, for a file whose calibrations lie in this folder of results.
    pub fn with_results(results: &Path) -> Self {
        Findings { calibrations: RefCell::new(Calibrations::new(results)), ..Findings::default() }
    }

    /// The calibration of that name, or why there is none.
    pub fn calibration(&self, name: &str) -> Result<Rc<Calibration>, String> {
        self.calibrations.borrow_mut().get(name)
    }

    /// Hash of every calibration that was read, by the name that the file gives it.
    pub fn calibration_contents(&self) -> BTreeMap<String, String> {
        self.calibrations.borrow().contents()
    }

    pub fn push(&self, finding: Finding) {
        self.pushed.set(self.pushed.get() + 1);
        let mut findings = self.findings.borrow_mut();
        if findings.len() < KEPT {
            findings.push(finding);
        }
    }

    pub fn len(&self) -> usize {
        self.pushed.get()
    }

    pub fn take(&self) -> Vec<Finding> {
        self.findings.take()
    }

    /// The value of a result, or `None` with its error noted at `span`.
    pub fn note<T, E: std::error::Error>(&self, span: &Span, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.push(Finding::new(span.clone(), error.to_string()))).ok()
    }

    /// Like [`Findings::note`], with what would do instead.
    pub fn note_with_help<T, E: std::error::Error>(&self, span: &Span, result: Result<T, E>, help: &str) -> Option<T> {
        result.map_err(|error| self.push(Finding::new(span.clone(), error.to_string()).help(help))).ok()
    }

    /// Notes that the tree was recovered from a file with syntax errors, so that a missing key proves nothing.
    pub fn set_recovered(&self) {
        self.recovered.set(true);
    }

    /// Whether the tree was recovered.
    pub fn recovered(&self) -> bool {
        self.recovered.get()
    }

    /// Whether the file has asked for too much already.
    pub fn exhausted(&self) -> bool {
        self.spent.get() > MOST_NUMBERS
    }

    /// Asks for the memory of `numbers` more numbers; refuses at `span` what is too much for one file.
    pub fn spend(&self, span: &Span, numbers: u64) -> Option<()> {
        let first = !self.exhausted();
        self.spent.set(self.spent.get().saturating_add(numbers));
        if !self.exhausted() {
            return Some(());
        }
        if first {
            let message = format!("the sweeps and basins of this file hold more than {MOST_NUMBERS} numbers");
            self.push(Finding::new(span.clone(), message).help("shorten a sweep or lower a dimension"));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_findings_come_in_order() {
        let text: Arc<str> = Arc::from("α = 1\nβε = [2,\n 3]\n");
        let at = text.find('[').unwrap();
        let second = Finding::new(at..text.len(), "second").help("do");
        let past_the_end = Finding::new(text.len() + 7..text.len() + 9, "past the end");
        let findings = vec![second.clone(), Finding::new(0..2, "first"), second, past_the_end];
        let errors = ExperimentErrors::new("a.toml", text, findings);
        assert_eq!(errors.to_string(), "a.toml:1:1: first\na.toml:2:6: second (hint: do)\na.toml:4:1: past the end");
        assert_eq!(errors.findings()[1].span().len(), "[2,".len());
    }

    #[test]
    fn a_flood_is_counted() {
        let findings = (0..500).map(|i| Finding::new(i..i + 1, "x")).collect();
        let errors = ExperimentErrors::new("a.toml", "y".repeat(600).into(), findings);
        assert_eq!(errors.findings().len(), 100);
        assert!(errors.to_string().ends_with("a.toml: and 400 more"));
    }
}
