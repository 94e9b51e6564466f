//! Syntax errors of a file, in words that say what to write.

use toml::de::Error;

use super::brackets::unclosed;
use super::diagnostic::{Diagnostic, Span};
use super::diagnostics::Diagnostics;
use super::number::{broken_value, malformed_number, number_at};

/// What stands in documents for a straight quote.
const CURLY: [char; 8] = ['“', '”', '„', '«', '»', '‘', '’', '‚'];

/// Reports the errors of a parser. What follows from another error is left out: the second of a line, and all behind a bracket that is not closed.
pub(super) fn report(text: &str, errors: &[Error], diagnostics: &Diagnostics) {
    if errors.is_empty() {
        return;
    }
    diagnostics.set_recovered();
    if let Some(at) = unclosed(text).or_else(|| open_header(text, errors)) {
        let [open, close] = if text[at..].starts_with('[') { ["[", "]"] } else { ["{", "}"] };
        let help = format!("add `{close}`; the rest of the file is checked once it is there");
        diagnostics.report(Diagnostic::new(at..at + 1, format!("`{open}` is not closed")).help(help));
        diagnostics.end_at(at);
    }
    let mut explained = 0;
    for (number, error) in errors.iter().enumerate() {
        let span = error.span().unwrap_or(0..0);
        if span.start < explained {
            continue;
        }
        match explanation(text, &span, error.message(), number < CLOSELY) {
            Some(diagnostic) => {
                diagnostics.report(diagnostic);
                explained = line(text, span.start).end;
            }
            None => diagnostics.report(Diagnostic::new(span, format!("not valid TOML: {}", error.message()))),
        }
    }
}

/// The offset of the bracket of a section's header that its line does not close.
fn open_header(text: &str, errors: &[Error]) -> Option<usize> {
    let unclosed = ["unclosed table", "unclosed array table"];
    let error = errors.iter().find(|error| unclosed.iter().any(|start| error.message().starts_with(start)))?;
    let line = line(text, error.span()?.start);
    let indent = text[line.clone()].find('[')?;
    Some(line.start + indent)
}

/// Errors that are looked at closely, which takes as long as the file or a line of it is. A file can hold millions.
const CLOSELY: usize = 100;

/// What is wrong, where the parser's message does not say what to write.
fn explanation(text: &str, span: &Span, message: &str, closely: bool) -> Option<Diagnostic> {
    let number = number_at(text, span.start).and_then(|number| malformed_number(text, number));
    let value = || broken_value(text, span).map(|(place, message)| Diagnostic::new(place, message));
    let other = || [invisible, slashes, greek_key].into_iter().find_map(|explain| explain(text, span));
    let other = number.or_else(|| closely.then(other)?).or_else(value);
    other.or_else(|| curly_quotes(text, span)).or_else(|| no_value(text, span, message)).or_else(|| {
        let duplicate = message.starts_with("duplicate key");
        let first = || closely.then(|| first_place(text, span))?;
        duplicate.then(|| single_brackets(text, span).or_else(first))?
    })
}

/// A blank of a text processor, or a character without width, on the line up to the end of the error.
fn invisible(text: &str, span: &Span) -> Option<Diagnostic> {
    let start = line(text, span.start).start;
    let seen = &text[start..text.ceil_char_boundary(span.end.max(span.start))];
    let is_invisible =
        |c: char| !c.is_ascii() && c.is_whitespace() || "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}".contains(c);
    let code = seen.split(['#', '"', '\'']).next()?;
    let (at, c) = code.char_indices().find(|(_, c)| is_invisible(*c))?;
    let message = format!("the character U+{:04X}, which looks like a blank or like nothing", u32::from(c));
    Some(Diagnostic::new(start + at..start + at + c.len_utf8(), message).help("delete it, or replace it by a blank"))
}

/// A comment as in other languages.
fn slashes(text: &str, span: &Span) -> Option<Diagnostic> {
    let line = line(text, span.start);
    let code = text[line.clone()].split(['#', '"', '\'']).next()?;
    let at = line.start + code.find("//")?;
    let is_there = code.trim_start().starts_with("//") || (at <= span.end && span.start <= at + 1);
    is_there.then(|| Diagnostic::new(at..at + 2, "a comment begins with `#`").help("write `#` in place of `//`"))
}

/// A Greek letter for the name of a key.
fn greek_key(text: &str, span: &Span) -> Option<Diagnostic> {
    let line = line(text, span.start);
    let (key, _) = text[line.clone()].split_once('=')?;
    let key = key.rsplit(['{', ',']).next()?.trim();
    let (_, name) = GREEK.into_iter().find(|(letter, _)| *letter == key)?;
    let message = format!("the name of a key has no Greek letter: `{key}`");
    Some(Diagnostic::new(span.clone(), message).help(format!("write {name}")))
}

/// The keys that papers write as a letter.
const GREEK: [(&str, &str); 7] = [
    ("α", "alpha"),
    ("ε", "epsilon"),
    ("ϵ", "epsilon"),
    ("η", "eta"),
    ("Σ", "amplitude"),
    ("β1", "beta1"),
    ("β2", "beta2"),
];

/// A key that its section has already.
fn first_place(text: &str, span: &Span) -> Option<Diagnostic> {
    let key = text.get(span.clone())?.trim();
    let section = text[..span.start].rfind("\n[").map_or(0, |start| start + 1);
    let is_the_key = |line: &str| line.split_once('=').is_some_and(|(name, _)| name.trim() == key);
    let place = text[section..span.start].lines().position(is_the_key)?;
    let number = text[..section].lines().count() + place + 1;
    Some(Diagnostic::new(span.clone(), format!("`{key}` is already on line {number}")).help("keep one of them"))
}

fn curly_quotes(text: &str, span: &Span) -> Option<Diagnostic> {
    let inner = text.get(span.clone())?.strip_prefix(CURLY)?.trim_end_matches(CURLY);
    let diagnostic = Diagnostic::new(span.clone(), "a string stands between straight quotes");
    Some(diagnostic.help(format!("write \"{inner}\"")))
}

fn no_value(text: &str, span: &Span, message: &str) -> Option<Diagnostic> {
    let key = text[line(text, span.start).start..span.start].trim();
    let is_colon = text[span.start..].trim_start().starts_with(':');
    let help = if is_colon { "write `=` in place of `:`" } else { "write `=` and a value after it" };
    let diagnostic = Diagnostic::new(span.clone(), format!("`{key}` has no value")).help(help);
    message.starts_with("key with no value").then_some(diagnostic)
}

/// A section `[[name]]` after a section `[name]`.
fn single_brackets(text: &str, span: &Span) -> Option<Diagnostic> {
    let name = text[line(text, span.start)].trim().strip_prefix("[[")?.split("]]").next()?.trim();
    let single = format!("[{name}]");
    let first = text.lines().position(|line| line.split('#').next().unwrap_or_default().trim() == single)?;
    let message = format!("line {} begins the section `{single}`, which then can be there only once", first + 1);
    Some(Diagnostic::new(span.clone(), message).help(format!("write [[{name}]] there, too")))
}

/// The line that holds a place.
fn line(text: &str, at: usize) -> Span {
    let at = text.floor_char_boundary(at);
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    start..at + text[at..].find('\n').unwrap_or(text.len() - at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::toml::node::Node;

    /// What is reported for a text in which `^` marks the place, each once.
    fn reported(marked: &str) -> (Vec<String>, bool) {
        let diagnostics = Diagnostics::default();
        Node::parse(&marked.replace('^', ""), &diagnostics);
        let found = diagnostics.take();
        let is_there = found.first().is_some_and(|first| Some(first.span().start) == marked.find('^'));
        (found.iter().map(|diagnostic| diagnostic.message().to_owned()).collect(), is_there)
    }

    #[test]
    fn each_mistake_is_named_once_at_its_place() {
        for (marked, message) in [
            ("a = { b = ^1.0 c = 0.1 }\n", "a comma is missing between 1.0 and c"),
            ("a = { b = ^1.0 c=0.1 }\n", "a comma is missing between 1.0 and c"),
            ("a = ^“base”\nb = 1\n", "a string stands between straight quotes"),
            ("alpha ^: [1.2, 1.5]\n", "`alpha` has no value"),
            ("b = 2\nalpha^\n", "`alpha` has no value"),
            ("[a]\nb = 1\n[[^a]]\nb = 2\n", "line 1 begins the section `[a]`, which then can be there only once"),
            ("^[noise\nb = 1\n[[a]]\n[[a]]\n", "`[` is not closed"),
            ("a = 1\n^[[noise]\nb = 1\n", "`[` is not closed"),
            ("a = ^TRUE\n", "booleans are written `true` and `false`"),
            ("a = ^None\n", "TOML has no None: leave out the key"),
            ("a = ^5%\n", "5% is no TOML number: write 0.05"),
            ("a = 0.01 ^// noise\n", "a comment begins with `#`"),
            ("a = 1\n^// noise\n", "a comment begins with `#`"),
            ("a =^\u{a0}0.01\n", "the character U+00A0, which looks like a blank or like nothing"),
            ("^\u{200b}a = 0.01\n", "the character U+200B, which looks like a blank or like nothing"),
            ("^ε = 0.01\n", "the name of a key has no Greek letter: `ε`"),
            ("[b]\na = 1\n[c]\na = 1\nb = 2\n^a = 2\n", "`a` is already on line 4"),
        ] {
            assert_eq!(reported(marked), (vec![message.to_owned()], true), "{marked}");
        }
        let (messages, _) = reported("a = 1\na = 2\nb = .5\nc = “x”\n");
        let different: std::collections::BTreeSet<&String> = messages.iter().collect();
        assert_eq!(different.len(), 3, "one of each line: {messages:?}");
    }
}
