//! The page of one calibration.

use maud::{Markup, html};

use super::markdown::inline;
use super::parts::{command_line, definitions, figures, file_of, footer, links, program, question, warned};
use super::shell::shell;
use super::table::tail_indices;
use crate::calibrate::{Calibration, IndexPair, IndexRecord, Measurement, SamplingAxis};
use crate::report::Drawing;
use crate::report::calibration::{kind_name, verdict};
use crate::report::select::title;

/// What the page of a calibration shows.
#[derive(Clone, Debug)]
pub struct CalibrationPage<'p> {
    /// The measurements.
    pub calibration: &'p Calibration,
    /// Text of the file.
    pub text: &'p str,
    /// What was found, in a few sentences.
    pub answer: Option<&'p str>,
    /// What is missing, and why.
    pub warnings: &'p [String],
    /// Text of `summary.txt`.
    pub summary: &'p str,
    /// Its figures.
    pub drawings: &'p [Drawing],
    /// Commit of the program, if it was known when it was built.
    pub commit: Option<&'p str>,
    /// Operating system and processor architecture.
    pub machine: &'p str,
    /// The device, and why it was chosen.
    pub device: &'p str,
    /// Start and end, UTC.
    pub period: [&'p str; 2],
    /// Running time.
    pub seconds: f64,
    /// The command that calibrates again, with `FILE` for the file.
    pub command: &'p str,
    /// Names of the other files of the folder.
    pub files: &'p [String],
}

/// The page as HTML.
pub fn calibration_page(page: &CalibrationPage<'_>) -> String {
    let calibration = page.calibration;
    let body = html! {
        header { h1 { (calibration.name) } (question(page.text)) }
        main {
            section.answer #answer { h2 { "Answer" }
                p { (inline(page.answer.unwrap_or("No tail index was measured."))) }
            }
            (warned(page.warnings))
            (figures(page.drawings))
            section #results { h2 { "Tail indices at the end of the training" } (indices(calibration))
                p.hint { "The surrogate is Gaussian noise with the scale and the share of zeros of every parameter. Only an index below that of \
                          the surrogate indicates tails heavier than Gaussian." }
            }
            section #summary { h2 { "Summary" } details { summary { "All measurements" } pre { (page.summary) } } }
            (file_of("Calibration", page.text))
            section #provenance { h2 { "Provenance" } (origin(page)) (links(page.files)) }
        }
        (footer())
    };
    shell(&calibration.name, body)
}

/// The measurements of the last iteration with a surrogate beside each.
fn indices(calibration: &Calibration) -> Markup {
    let mut rows = Vec::new();
    for run in &calibration.runs {
        let last = run.measurements.iter().map(|m| m.iteration).max();
        for measurement in run.measurements.iter().filter(|m| Some(m.iteration) == last) {
            rows.extend(measurement.indices.iter().map(|pair| row(&run.label, measurement, pair)));
        }
    }
    tail_indices(rows)
}

fn row(label: &str, measurement: &Measurement, pair: &IndexPair) -> [String; 11] {
    let [index, lo, hi] = entries(&pair.measured);
    let [surrogate, low, high] = entries(&pair.surrogate);
    let noise = kind_name(measurement.noise).to_owned();
    let conclusion = verdict(pair).unwrap_or_default().to_owned();
    let estimator = pair.estimator.clone();
    [title(label), noise, sample(measurement), estimator, index, lo, hi, surrogate, low, high, conclusion]
}

/// A value with its interval, or the reason why there is none.
fn entries(record: &IndexRecord) -> [String; 3] {
    match record {
        IndexRecord::Index { value, lo, hi } => [value, lo, hi].map(ToString::to_string),
        IndexRecord::Undefined(reason) => [reason.clone(), String::new(), String::new()],
    }
}

fn sample(measurement: &Measurement) -> String {
    match &measurement.axis {
        SamplingAxis::Pooled => "all parameters".to_owned(),
        SamplingAxis::Batches => "one parameter over batches, median".to_owned(),
        SamplingAxis::Iterations => "one parameter over iterations, median".to_owned(),
        SamplingAxis::Layer(name) => format!("layer {name}"),
    }
}

fn origin(page: &CalibrationPage<'_>) -> Markup {
    let (calibration, [start, end]) = (page.calibration, page.period);
    let (network, data) = (&calibration.network, &calibration.data);
    definitions(&[
        ("command", command_line(page.command)),
        ("program", program(&calibration.program, page.commit)),
        ("seed", html! { (calibration.seed) }),
        ("network", html! { (network.kind) ", " (network.parameters) " parameters, batches of " (calibration.batch) }),
        ("data", html! { (data.name) ", " (data.train) " images to train on, " (data.test) " to test with" }),
        ("machine", html! { (page.machine) ", " (page.device) }),
        ("run", html! { (start) " to " (end) ", " (format!("{:.1}", page.seconds)) " s" }),
    ])
}
