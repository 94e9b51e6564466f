//! Errors in a file with their places, as they are shown to a user.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource};
use thiserror::Error;

/// Diagnostics that are shown; the others are only counted.
const SHOWN: usize = 100;

/// Columns of a terminal that a report takes beside a line of the file and its number, with the mark of a cut.
const BESIDE_A_LINE: usize = 5;

/// Byte range in an experiment file.
pub type Span = Range<usize>;

/// One error in a file: its place, what is wrong, and how to correct it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct Diagnostic {
    span: Span,
    message: String,
    help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic at `span`; `message` in lower case without a full stop.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Diagnostic { span, message: message.into(), help: None }
    }

    /// Adds an instruction how to correct the error.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The place of the error.
    pub fn span(&self) -> Span {
        self.span.clone()
    }
}

impl miette::Diagnostic for Diagnostic {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let length = self.span.end.saturating_sub(self.span.start);
        Some(Box::new(std::iter::once(LabeledSpan::new(None, self.span.start, length))))
    }
}

/// All errors in one file, in the order of the file. `Display` writes one line for each,
/// `file:line:column: message (hint: ..)`, and more for lines to be added to the file; columns count characters.
#[derive(Clone, Debug, Error)]
pub struct ExperimentErrors {
    source_code: NamedSource<Arc<str>>,
    diagnostics: Vec<Diagnostic>,
    omitted: usize,
}

impl ExperimentErrors {
    /// The diagnostics of the text of `file`. The first hundred are kept, the others are counted.
    pub fn new(file: &str, text: Arc<str>, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.iter_mut().for_each(|d| d.span = first_line(&text, &d.span));
        diagnostics.sort_by_key(|d| d.span.start);
        // One error can be found once per cell.
        diagnostics.dedup();
        let omitted = diagnostics.len().saturating_sub(SHOWN);
        diagnostics.truncate(SHOWN);
        ExperimentErrors { source_code: NamedSource::new(file, text), diagnostics, omitted }
    }

    /// The diagnostics.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// One report per diagnostic, with the lines of the file around its place. A terminal of `width` columns would wrap longer lines and
    /// separate the mark from its place; they are cut, unless the place lies beyond.
    pub fn reports(&self, width: Option<usize>) -> impl Iterator<Item = miette::Report> + '_ {
        let text = self.source_code.inner();
        let numbers = text.lines().count().to_string().len();
        let columns = width.map_or(usize::MAX, |width| width.saturating_sub(numbers + BESIDE_A_LINE));
        self.diagnostics.iter().map(move |diagnostic| {
            let (text, span) = cut_lines(text, &diagnostic.span, columns);
            let diagnostic = Diagnostic { span, ..diagnostic.clone() };
            miette::Report::new(diagnostic).with_source_code(NamedSource::new(self.source_code.name(), text))
        })
    }

    /// Number of diagnostics that were counted but not kept.
    pub fn omitted(&self) -> usize {
        self.omitted
    }
}

impl fmt::Display for ExperimentErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.source_code.name();
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            let (line, column) = line_and_column(self.source_code.inner(), diagnostic.span.start);
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{file}:{line}:{column}: {}", diagnostic.message)?;
            if let Some(help) = &diagnostic.help {
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
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The text with lines of at most `columns` characters, or as many as `span` needs, and `span` in it.
fn cut_lines(text: &Arc<str>, span: &Span, columns: usize) -> (Arc<str>, Span) {
    if text.lines().all(|line| line.chars().count() <= columns) {
        return (text.clone(), span.clone());
    }
    let mut cut = String::with_capacity(text.len());
    let (mut start, mut moved) = (0, span.clone());
    for line in text.split_inclusive('\n') {
        let holds = (start..start + line.len()).contains(&span.start);
        if holds {
            moved = cut.len() + span.start - start..cut.len() + span.end - start;
        }
        let end = line.char_indices().nth(columns).map_or(line.len(), |(at, _)| at);
        let end = if holds { end.max(span.end - start) } else { end };
        let rest = line[end..].trim_end_matches(['\r', '\n']);
        if rest.is_empty() {
            cut.push_str(line);
        } else {
            cut.extend([&line[..end], "…", &line[end + rest.len()..]]);
        }
        start += line.len();
    }
    if span.start >= start {
        moved = cut.len()..cut.len();
    }
    (cut.into(), moved)
}

/// The part of `span` on its first line, inside `text` and on character boundaries.
fn first_line(text: &str, span: &Span) -> Span {
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end).max(start);
    start..start + text[start..end].split('\n').next().unwrap_or_default().trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_diagnostics_are_sorted() {
        let text: Arc<str> = Arc::from("α = 1\nβε = [2,\n 3]\n");
        let at = text.find('[').unwrap();
        let second = Diagnostic::new(at..text.len(), "second").help("do");
        let past_the_end = Diagnostic::new(text.len() + 7..text.len() + 9, "past the end");
        let diagnostics = vec![second.clone(), Diagnostic::new(0..2, "first"), second, past_the_end];
        let errors = ExperimentErrors::new("a.toml", text, diagnostics);
        assert_eq!(errors.to_string(), "a.toml:1:1: first\na.toml:2:6: second (hint: do)\na.toml:4:1: past the end");
        assert_eq!(errors.diagnostics()[1].span().len(), "[2,".len());
    }

    #[test]
    fn lines_are_cut_at_the_width_and_not_before_the_place() {
        let text: Arc<str> = Arc::from("# a line that is far too long\nα = 1 # another long line\r\nb = 2\n");
        let one = text.find('1').unwrap();
        let (cut, span) = cut_lines(&text, &(one..one + 1), 10);
        assert_eq!((&*cut, &cut[span]), ("# a line t…\nα = 1 # an…\r\nb = 2\n", "1"));
        let long = text.find("long line").unwrap();
        let (cut, span) = cut_lines(&text, &(long..long + 4), 10);
        assert_eq!((&*cut, &cut[span]), ("# a line t…\nα = 1 # another long…\r\nb = 2\n", "long"));
        let (cut, span) = cut_lines(&text, &(text.len()..text.len()), 10);
        assert_eq!(span, cut.len()..cut.len());
        assert_eq!(cut_lines(&text, &(one..one + 1), 100).0, text);
    }

    #[test]
    fn diagnostics_beyond_the_first_hundred_are_counted() {
        let diagnostics = (0..500).map(|i| Diagnostic::new(i..i + 1, "x")).collect();
        let errors = ExperimentErrors::new("a.toml", "y".repeat(600).into(), diagnostics);
        assert_eq!(errors.diagnostics().len(), 100);
        assert!(errors.to_string().ends_with("a.toml: and 400 more"));
    }
}
