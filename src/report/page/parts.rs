//! Parts that the pages of runs and of calibrations share.

use maud::{Markup, PreEscaped, html};

use super::experiment_text::first_comment;
use super::markdown::inline;
use super::shell::address;
use crate::report::Drawing;

/// The question of a file, its first comment.
pub fn question(text: &str) -> Markup {
    let mut paragraphs = first_comment(text).into_iter();
    html! {
        @if let Some(first) = paragraphs.next() { p.question { (inline(&first)) } }
        @for more in paragraphs { p { (inline(&more)) } }
    }
}

/// The warnings, if there are any.
pub fn warned(warnings: &[String]) -> Markup {
    html! {
        @if !warnings.is_empty() { section.notice #warnings { h2 { "Warnings" }
            ul { @for warning in warnings { li { (warning) } } }
        } }
    }
}

/// The figures, with links to their files.
pub fn figures(drawings: &[Drawing]) -> Markup {
    html! {
        @if !drawings.is_empty() { section #figures { h2 { "Figures" }
            p.hint { "Point at a mark, or tap it, to read its values." }
            @for drawing in drawings { (figure(drawing)) }
        } }
    }
}

fn figure(drawing: &Drawing) -> Markup {
    let format = |file: &str| file.rsplit_once('.').map_or_else(String::new, |(_, format)| format.to_uppercase());
    html! {
        figure {
            div.scroll { (PreEscaped(&drawing.svg)) }
            figcaption { (drawing.stem.replace('-', " "))
                @for file in &drawing.files { " · " a href=(address(&["figures", file])) { (format(file)) } }
            }
        }
    }
}

/// The text of an input file, folded.
pub fn file_of(heading: &str, text: &str) -> Markup {
    html! { section #experiment { h2 { (heading) } details { summary { "The file" } pre { code { (text) } } } } }
}

/// Names with what they mean.
pub fn definitions(rows: &[(&str, Markup)]) -> Markup {
    html! { dl { @for (name, value) in rows { dt { (name) } dd { (value) } } } }
}

/// A command, in which `FILE` stands for a file with the text on the page: nobody knows where the reader keeps it.
pub fn command_line(command: &str) -> Markup {
    html! { code { (command) } ", with the file above as " code { "FILE" } }
}

/// The program with its version, and its commit if that is known.
pub fn program(version: &str, commit: Option<&str>) -> Markup {
    html! { "levy-escape " (version) @if let Some(commit) = commit { ", commit " code { (commit) } } }
}

/// Links to the other files of the folder.
pub fn links(files: &[String]) -> Markup {
    html! {
        @if !files.is_empty() { p.files { "Files: " @for (i, file) in files.iter().enumerate() {
            @if i > 0 { ", " } a href=(address(&[file])) { (file) }
        } } }
    }
}

/// The last line of a page.
pub fn footer() -> Markup {
    html! { footer { "Written by levy-escape " (env!("CARGO_PKG_VERSION")) } }
}
