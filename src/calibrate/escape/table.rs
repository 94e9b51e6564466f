//! `network_escape.csv` and the findings in words.

use super::found_minimum::EscapeMinimum;
use super::study::{EscapeCell, NetworkEscape};
use super::{EscapeRow, SetKind};

/// Columns of `network_escape.csv`.
const COLUMNS: [&str; 23] = [
    "minimum",
    "optimiser",
    "eta",
    "batch",
    "set",
    "size",
    "runs",
    "exited",
    "mean_steps",
    "lo",
    "hi",
    "cv",
    "one_step_share",
    "slope",
    "predicted_stable",
    "predicted_surrogate",
    "predicted_gaussian",
    "predicted_empirical",
    "predicted_formula",
    "alpha",
    "largest_step",
    "excess_loss",
    "mean_steps_half",
];

impl NetworkEscape {
    /// The table; a field that was not measured is empty.
    ///
    /// # Errors
    /// An error of the encoder.
    pub fn table(&self) -> Result<Vec<u8>, csv::Error> {
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(COLUMNS)?;
        for cell in &self.cells {
            for row in &cell.rows {
                table.write_record(record(cell, row))?;
            }
        }
        table.into_inner().map_err(|error| error.into_error().into())
    }

    /// Whether every minimum was reached, and every cell measured.
    pub fn complete(&self) -> bool {
        !self.stopped && self.left_out.is_empty() && self.minima.iter().all(|minimum| minimum.reached)
    }

    /// The findings as text.
    pub fn summary(&self) -> String {
        let mut lines = vec![String::new(), "Escapes of the network from its minimum:".to_owned()];
        lines.extend(self.minima.iter().map(|minimum| format!("  {}", minimum.line())));
        lines.extend(self.left_out.iter().map(|reason| format!("  left out: {reason}")));
        for cell in &self.cells {
            lines.push(format!(
                "  minimum {}, {} at η = {}, batch {}: α̂ = {:.2}, surrogate {:.2}",
                cell.minimum, cell.optimiser, cell.eta, cell.batch, cell.alpha[0], cell.alpha[1]
            ));
            for kind in [SetKind::Ball, SetKind::Box, SetKind::Level] {
                lines.extend(family(cell, kind));
            }
        }
        if self.stopped {
            lines.push("  stopped here: what is missing was not measured".to_owned());
        }
        lines.join("\n") + "\n"
    }
}

impl EscapeMinimum {
    /// One line about it.
    pub(in crate::calibrate) fn line(&self) -> String {
        let reached =
            if self.reached { "" } else { " (NOT REACHED: the descent ended here, and nothing was measured)" };
        let curvature =
            self.curvature.map_or(String::new(), |[lo, hi]| format!(", curvature {lo:.2e} to {hi:.2e} (Ritz values)"));
        format!(
            "minimum {}: F* = {:.5}, |∇F| fell from {:.2e} to {:.2e} in {} full-batch steps{reached}{curvature}",
            self.number, self.loss, self.gradient[0], self.gradient[1], self.steps
        )
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| format!("{value}"))
}

fn record(cell: &EscapeCell, row: &EscapeRow) -> Vec<String> {
    let p = row.predicted;
    let mut record =
        vec![cell.minimum.to_string(), cell.optimiser.clone(), cell.eta.to_string(), cell.batch.to_string()];
    record.extend([row.set.name().to_owned(), row.size.to_string(), row.runs.to_string(), row.steps.len().to_string()]);
    record.extend([row.mean.map(|m| m.value), row.mean.map(|m| m.lo), row.mean.map(|m| m.hi)].map(number));
    record.extend([row.variation, row.one_step_share, row.slope].map(number));
    record.extend([p.stable, p.surrogate, p.gaussian, p.empirical, p.formula].map(number));
    record.extend([Some(cell.alpha[0]), row.largest_step, row.excess, row.half].map(number));
    record
}

/// One line about the sets of one shape.
fn family(cell: &EscapeCell, kind: SetKind) -> Option<String> {
    let left = || cell.rows.iter().filter(move |row| row.set == kind && row.mean.is_some());
    let all = cell.rows.iter().filter(|row| row.set == kind).count();
    if all == 0 {
        return None;
    }
    let range = |values: Vec<f64>| {
        let (lo, hi) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(*v), hi.max(*v)));
        if values.is_empty() { "–".to_owned() } else { format!("{lo:.3} to {hi:.3}") }
    };
    let ratio =
        |of: fn(&EscapeRow) -> Option<f64>| range(left().filter_map(|row| Some(of(row)? / row.mean?.value)).collect());
    let at_first = left().filter(|row| row.mean.is_some_and(|mean| mean.value < 1.5)).count();
    let mut line = format!(
        "    {}: {} of {all} sizes left by every run; mean of the first half of the runs over that of all {}; slope {}; coefficient of variation {}; share of one-step exits {}; predicted over measured: stable {}, \
         surrogate {}, Gaussian {}, empirical {}, formula {}",
        kind.name(),
        left().count(),
        ratio(|row| row.half),
        range(left().filter_map(|row| row.slope).collect()),
        range(left().filter_map(|row| row.variation).collect()),
        range(left().filter_map(|row| row.one_step_share).collect()),
        ratio(|row| row.predicted.stable),
        ratio(|row| row.predicted.surrogate),
        ratio(|row| row.predicted.gaussian),
        ratio(|row| row.predicted.empirical),
        ratio(|row| row.predicted.formula),
    );
    if at_first > 0 {
        line += &format!("; the first step or two leave {at_first} of them");
    }
    if left().count() == 0 {
        line += "; none was left by every run: raise max_steps or lower the sizes";
    }
    Some(line)
}
