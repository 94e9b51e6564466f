//! Errors in a file with their places, as they are shown to a user.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{LabeledSpan, MietteError, MietteSpanContents, NamedSource, SourceCode, SourceSpan, SpanContents};
use thiserror::Error;

/// Diagnostics that are shown; the others are only counted.
const SHOWN: usize = 100;

/// Columns of a terminal that a report takes beside a line of the file and its number, with the mark of a cut.
const BESIDE_A_LINE: usize = 6;
/// Fewest characters of a line that are shown.
const NARROWEST: usize = 12;

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
    /// separate the mark from its place; they are cut on the right, and on the left where the place lies further to the right.
    pub fn reports(&self, width: Option<usize>) -> impl Iterator<Item = miette::Report> + '_ {
        let text = self.source_code.inner();
        let numbers = text.lines().count().to_string().len();
        let columns = width.map_or(usize::MAX, |width| width.saturating_sub(numbers + BESIDE_A_LINE).max(NARROWEST));
        self.diagnostics.iter().map(move |diagnostic| {
            let (cut, span) = cut_lines(text, &diagnostic.span, columns);
            let lines = NamedSource::new(self.source_code.name(), cut);
            let (_, column) = line_and_column(text, diagnostic.span.start);
            let diagnostic = Diagnostic { span, ..diagnostic.clone() };
            miette::Report::new(diagnostic).with_source_code(CutLines { lines, column })
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

/// Lines of a file that may have been cut, and the column of a place in the file, from 1. miette would count bytes of the cut line.
struct CutLines {
    lines: NamedSource<Arc<str>>,
    column: usize,
}

impl SourceCode for CutLines {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let read = self.lines.read_span(span, before, after)?;
        // Without lines around it the place itself is asked for.
        let column = if before == 0 && after == 0 { self.column - 1 } else { read.column() };
        let (line, count) = (read.line(), read.line_count());
        let name = self.lines.name().to_owned();
        Ok(Box::new(MietteSpanContents::new_named(name, read.data(), *read.span(), line, column, count)))
    }
}

/// The text with lines of at most `columns` characters, and `span` in it. A span that is longer than half a line is kept whole.
fn cut_lines(text: &Arc<str>, span: &Span, columns: usize) -> (Arc<str>, Span) {
    if text.lines().all(|line| line.chars().count() <= columns) {
        return (text.clone(), span.clone());
    }
    let mut cut = String::with_capacity(text.len());
    let (mut start, mut moved) = (0, None);
    for line in text.split_inclusive('\n') {
        let (content, end) = line.split_at(line.trim_end_matches(['\r', '\n']).len());
        let mark = (start..start + line.len()).contains(&span.start).then(|| span.start - start..span.end - start);
        let kept = kept(content, mark.as_ref(), columns);
        cut.push_str(if kept.start > 0 { "…" } else { "" });
        if let Some(mark) = mark {
            let at = |place: usize| cut.len() + place - kept.start;
            moved = Some(at(mark.start)..at(mark.end));
        }
        cut.extend([&content[kept.clone()], if kept.end < content.len() { "…" } else { "" }, end]);
        start += line.len();
    }
    let at_the_end = cut.len()..cut.len();
    (cut.into(), moved.unwrap_or(at_the_end))
}

/// The bytes of a line that are shown: the first, or those around a mark that ends behind them.
fn kept(line: &str, mark: Option<&Span>, columns: usize) -> Span {
    let place = |number: usize| line.char_indices().nth(number).map_or(line.len(), |(at, _)| at);
    let Some(mark) = mark.filter(|mark| mark.end > place(columns)) else { return 0..place(columns) };
    let (first, last) = (line[..mark.start].chars().count(), line[..mark.end.min(line.len())].chars().count());
    let from = place(first.saturating_sub(columns / 2));
    let shown = line[..from].chars().count() + columns;
    from..place(shown.max(last))
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

    /// The cut text, and what the mark is under.
    fn cut(text: &str, mark: &str, columns: usize) -> (String, String) {
        let at = text.find(mark).unwrap();
        let (cut, span) = cut_lines(&Arc::from(text), &(at..at + mark.len()), columns);
        (cut.to_string(), cut[span].to_owned())
    }

    #[test]
    fn lines_are_cut_at_the_width_around_the_mark() {
        let text = "# a line that is far too long\nα = 1 # another long line\r\nb = 2\n";
        let short = "# a line t…\nα = 1 # an…\r\nb = 2\n";
        assert_eq!(cut(text, "1", 10), (short.to_owned(), "1".to_owned()));
        let far = "# a line t…\n…ther long l…\r\nb = 2\n";
        assert_eq!(cut(text, "long l", 10), (far.to_owned(), "long l".to_owned()));
        assert_eq!(cut(text, "1", 100).0, text);
        let (cut, span) = cut_lines(&Arc::from(text), &(text.len()..text.len()), 10);
        assert_eq!(span, cut.len()..cut.len());
    }

    #[test]
    fn the_column_of_a_cut_line_is_that_of_the_file() {
        let text = format!("\"α\" = [{}2.5]\n", "1.5, ".repeat(30));
        let at = text.find("2.5").unwrap();
        let column = text[..at].chars().count() + 1;
        let errors = ExperimentErrors::new("a.toml", text.into(), vec![Diagnostic::new(at..at + 3, "wrong")]);
        for width in [None, Some(60)] {
            let shown = format!("{:?}", errors.reports(width).next().unwrap());
            assert!(shown.contains(&format!("a.toml:1:{column}]")), "{shown}");
            let lines: Vec<&str> = shown.lines().collect();
            let row = lines.iter().position(|line| line.contains("2.5")).unwrap();
            let place = |line: &str, part: &str| line[..line.find(part).unwrap()].chars().count();
            assert_eq!(place(lines[row + 1], "─"), place(lines[row], "2.5"), "{shown}");
            assert!(width.is_none_or(|width| lines.iter().all(|line| line.chars().count() <= width)), "{shown}");
        }
    }

    #[test]
    fn diagnostics_beyond_the_first_hundred_are_counted() {
        let diagnostics = (0..500).map(|i| Diagnostic::new(i..i + 1, "x")).collect();
        let errors = ExperimentErrors::new("a.toml", "y".repeat(600).into(), diagnostics);
        assert_eq!(errors.diagnostics().len(), 100);
        assert!(errors.to_string().ends_with("a.toml: and 400 more"));
    }
}
