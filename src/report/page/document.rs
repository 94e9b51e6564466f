//! The page of one run.

use maud::{Markup, html};

use super::markdown::{inline, markdown};
use super::parts::{command_line, definitions, figures, file_of, footer, links, program, question, warned};
use super::shell::shell;
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
    /// The command that runs the experiment again, with `FILE` for its file.
    pub command: String,
    /// Whether the sweep was extended, so that its cells have other random numbers than those of the command.
    pub is_extended: bool,
}

/// The page as HTML. The same results give the same bytes.
pub fn page(page: &Page<'_>) -> String {
    let Page { experiment, cells, occupancies, positions, answer, findings, drawings, warnings, provenance, files } =
        page;
    let [done, planned] = provenance.paths;
    let body = html! {
        header {
            h1 { (experiment.name) }
            (question(&experiment.text))
        }
        main {
            @if done < planned {
                p.notice { strong { "Partial: " } (done) " of " (planned) " paths were run. Tables and figures hold the first paths of every cell." }
            }
            section.answer #answer { h2 { "Answer" }
                p { (inline(answer.unwrap_or("Nothing was compared: no cell has both a mean and a prediction."))) }
            }
            (warned(warnings))
            (figures(drawings))
            @if occupancies.is_empty() && positions.is_empty() { section #results { h2 { "Predicted and measured" } (summary(cells))
                p.hint { code { "check" } " compares the mean with the exact one, where a solver exists: within .5 % and an interval that holds with 95 % for all cells together. λ E Γ has the limit 1 for ε → 0." }
            } }
            @if let Some(table) = comparison(cells) { section #pairs { h2 { "Adam and SGD" } (table) } }
            @if let Some(findings) = findings { section #findings { h2 { "Findings" } (markdown(findings)) } }
            (file_of("Experiment", &experiment.text))
            section #provenance { h2 { "Provenance" } (origin(provenance, experiment.cells.len())) (links(files)) }
        }
        (footer())
    };
    shell(&experiment.name, body)
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
        is_extended,
        ..
    } = provenance;
    let [start, end] = period;
    let command = html! {
        (command_line(command))
        @if *is_extended {
            "; the sweep was extended, and its cells kept their random numbers: run at once, the command draws others (see " code { "stream" } " in "
            code { "manifest.json" } ")"
        }
    };
    definitions(&[
        ("command", command),
        ("program", program(version, *commit)),
        ("seed", html! { (seed) }),
        ("size", html! { (cells) " cells of " (paths_per_cell) " paths" }),
        ("machine", html! { (machine) ", " (threads) @if *threads == 1 { " thread" } @else { " threads" } }),
        ("run", html! { (start) " to " (end) ", " (format!("{seconds:.1}")) " s" }),
        ("fingerprint", html! { code { (fingerprint) } }),
    ])
}
