//! The page of one run.

use maud::{Markup, PreEscaped, html};

use super::experiment_text::first_comment;
use super::markdown::{inline, markdown};
use super::shell::{address, shell};
use super::table::{comparison, summary};
use crate::experiment::Experiment;
use crate::report::Drawing;
use crate::results::{CellResult, MeanPositionResult, OccupancyResult};

/// What the page of a run shows.
#[derive(Clone, Debug)]
pub struct Page<'p> {
    /// The experiment.
    pub experiment: &'p Experiment,
    /// Results of its cells.
    pub cells: &'p [CellResult],
    /// Results of the cells of an occupancy.
    pub occupancies: &'p [OccupancyResult],
    /// Results of the cells of mean positions.
    pub positions: &'p [MeanPositionResult],
    /// What was found, in a few sentences; `None` if nothing is compared.
    pub answer: Option<&'p str>,
    /// Text of `findings.md`, if there is one.
    pub findings: Option<&'p str>,
    /// Its figures.
    pub drawings: &'p [Drawing],
    /// Warnings about the plan and the results.
    pub warnings: &'p [String],
    /// Where the results come from.
    pub provenance: Provenance<'p>,
    /// Names of the other files of the results folder.
    pub files: &'p [String],
}

/// Where results come from.
#[derive(Clone, Debug)]
pub struct Provenance<'p> {
    /// Version of the program that ran the paths.
    pub version: &'p str,
    /// Commit of the program that wrote the page, if it was known when it was built.
    pub commit: Option<&'p str>,
    /// Operating system and processor architecture.
    pub machine: String,
    /// Threads of the last session.
    pub threads: usize,
    /// Seed.
    pub seed: u64,
    /// Paths of every cell.
    pub paths_per_cell: u64,
    /// Paths that were run, and those of the complete run.
    pub paths: [u64; 2],
    /// Hash of the resolved cells and of the calibrations.
    pub fingerprint: &'p str,
    /// Start of the first session and end of the last, UTC.
    pub period: [String; 2],
    /// Running time of all sessions.
    pub seconds: f64,
    /// The command that runs the experiment again.
    pub command: String,
}

/// The page as HTML. The same results give the same bytes.
pub fn page(page: &Page<'_>) -> String {
    let Page { experiment, cells, occupancies, positions, answer, findings, drawings, warnings, provenance, files } =
        page;
    let mut question = first_comment(&experiment.text).into_iter();
    let [done, planned] = provenance.paths;
    let body = html! {
        header {
            h1 { (experiment.name) }
            @if let Some(first) = question.next() { p.question { (inline(&first)) } }
            @for more in question { p { (inline(&more)) } }
        }
        main {
            @if done < planned {
                p.notice { strong { "Partial: " } (done) " of " (planned) " paths were run. Tables and figures hold the first paths of every cell." }
            }
            section.answer #answer { h2 { "Answer" }
                p { (inline(answer.unwrap_or("Nothing was compared: no cell has both a mean and a prediction."))) }
            }
            @if !warnings.is_empty() { section.notice #warnings { h2 { "Warnings" }
                ul { @for warning in *warnings { li { (warning) } } }
            } }
            @if !drawings.is_empty() { section #figures { h2 { "Figures" }
                p.hint { "Point at a mark, or tap it, to read its values." }
                @for drawing in *drawings { (figure(drawing)) }
            } }
            @if occupancies.is_empty() && positions.is_empty() { section #results { h2 { "Predicted and measured" } (summary(cells))
                p.hint { code { "check" } " compares the mean with the exact one, where a solver exists. λ E Γ has the limit 1 for ε → 0." }
            } }
            @if let Some(table) = comparison(cells) { section #pairs { h2 { "Adam and SGD" } (table) } }
            @if let Some(findings) = findings { section #findings { h2 { "Findings" } (markdown(findings)) } }
            section #experiment { h2 { "Experiment" } details { summary { "The file" } pre { code { (experiment.text) } } } }
            section #provenance { h2 { "Provenance" } (origin(provenance, experiment.cells.len()))
                @if !files.is_empty() { p.files { "Files: " @for (i, file) in files.iter().enumerate() {
                    @if i > 0 { ", " } a href=(address(&[file])) { (file) }
                } } }
            }
        }
        footer { "Written by levy-escape " (env!("CARGO_PKG_VERSION")) }
    };
    shell(&experiment.name, body)
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

fn origin(provenance: &Provenance<'_>, cells: usize) -> Markup {
    let Provenance {
        version,
        commit,
        machine,
        threads,
        seed,
        paths_per_cell,
        fingerprint,
        period,
        seconds,
        command,
        ..
    } = provenance;
    let [start, end] = period;
    let row = |name: &str, value: Markup| html! { dt { (name) } dd { (value) } };
    html! {
        dl {
            (row("command", html! { code { (command) } }))
            (row("program", html! { "levy-escape " (version) @if let Some(commit) = commit { ", commit " code { (commit) } } }))
            (row("seed", html! { (seed) }))
            (row("size", html! { (cells) " cells of " (paths_per_cell) " paths" }))
            (row("machine", html! { (machine) ", " (threads) @if *threads == 1 { " thread" } @else { " threads" } }))
            (row("run", html! { (start) " to " (end) ", " (format!("{seconds:.1}")) " s" }))
            (row("fingerprint", html! { code { (fingerprint) } }))
        }
    }
}
