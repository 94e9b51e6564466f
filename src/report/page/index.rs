//! The index of the runs in one folder.

use maud::{Markup, html};

use super::markdown::inline;
use super::parts::footer;
use super::shell::{GENERATOR, address, shell};

/// A results folder.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexEntry {
    /// Name of the folder.
    pub folder: String,
    /// Path of its page, or of another file to read, within the folder.
    pub page: Option<String>,
    /// First paragraph of the first comment of the experiment.
    pub question: Option<String>,
    /// What was found.
    pub answer: Option<String>,
    /// Size and state, such as `12 cells of 1000 paths`.
    pub size: String,
    /// Whether every path was run.
    pub complete: bool,
    /// Running time in seconds.
    pub seconds: f64,
    /// Its warnings.
    pub warnings: Vec<String>,
}

/// The index as HTML.
pub fn index(entries: &[IndexEntry]) -> String {
    let body = html! {
        header { h1 { "Results" } p { (entries.len()) @if entries.len() == 1 { " run" } @else { " runs" } } }
        main { ul.runs { @for entry in entries { (run(entry)) } } }
        (footer())
    };
    shell("Results of levy-escape", body)
}

fn run(entry: &IndexEntry) -> Markup {
    let target = entry.page.as_ref().map(|page| address(&[&entry.folder, page]));
    html! {
        li {
            h2 { @match target { Some(target) => a href=(target) { (entry.folder) }, None => (entry.folder) } }
            @if let Some(question) = &entry.question { p.question { (inline(question)) } }
            @if let Some(answer) = &entry.answer { p { (inline(answer)) } }
            p.hint { (entry.size) ", " (format!("{:.1}", entry.seconds)) " s"
                @if !entry.complete { ", " strong.off { "incomplete" } }
            }
            @if !entry.warnings.is_empty() { details.hint {
                summary { (entry.warnings.len()) @if entry.warnings.len() == 1 { " warning" } @else { " warnings" } }
                ul { @for warning in &entry.warnings { li { (inline(warning)) } } }
            } }
        }
    }
}

/// Whether a file was written by this program, which may then replace it.
pub fn is_index(text: &str) -> bool {
    let head = text.split_once("</head>").map_or("", |(head, _)| head);
    head.contains(&format!("<meta name=\"generator\" content=\"{GENERATOR}\">"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_linked_and_escaped() {
        let entry = IndexEntry {
            folder: "a<b".to_owned(),
            page: Some("report.html".to_owned()),
            question: Some("<script>".to_owned()),
            answer: None,
            size: "1 cell".to_owned(),
            complete: false,
            seconds: 1.0,
            warnings: vec!["paths were cut".to_owned()],
        };
        let text = index(&[entry]);
        assert!(text.contains("<a href=\"./a%3Cb/report.html\">a&lt;b</a>"), "{text}");
        assert!(
            text.contains("&lt;script&gt;")
                && text.contains("incomplete")
                && text.contains("1 warning")
                && text.contains("paths were cut"),
            "{text}"
        );
        assert!(is_index(&text) && !is_index("<html><head></head>"));
    }
}
