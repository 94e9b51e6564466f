//! `noise_scaling.csv` and the findings in words.

use std::collections::BTreeSet;

use super::study::{Exponent, ExponentOf, MinimumScaling, NoiseScaling, ScaleQuantity, StepRule};
use crate::exit::Estimate;

/// Columns of `noise_scaling.csv`.
const COLUMNS: [&str; 16] = [
    "minimum",
    "part",
    "quantity",
    "optimiser",
    "eta",
    "batch",
    "effective_batch",
    "radius",
    "count",
    "value",
    "lo",
    "hi",
    "p_line",
    "predicted_gaussian",
    "predicted_pooled",
    "predicted_single",
];

/// Names of the tail indices of a batch size.
const INDICES: [&str; 3] = ["pooled", "surrogate", "single"];

/// One row of the table; what is `None` or empty stays empty.
#[derive(Clone, Debug, Default)]
struct Row<'r> {
    part: &'static str,
    quantity: &'static str,
    optimiser: &'r str,
    eta: Option<f64>,
    batch: Option<usize>,
    effective: Option<f64>,
    radius: Option<f64>,
    count: Option<usize>,
    value: Option<f64>,
    interval: Option<[f64; 2]>,
    p_line: Option<f64>,
    predicted: [Option<f64>; 3],
}

impl Row<'_> {
    fn with(self, value: Option<Estimate>) -> Self {
        Row { value: value.map(|e| e.value), interval: value.map(|e| [e.lo, e.hi]), ..self }
    }

    fn record(&self, minimum: usize) -> Vec<String> {
        let number = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or(String::new(), |x| x.to_string());
        let whole = |x: Option<usize>| x.map_or(String::new(), |x| x.to_string());
        let mut record =
            vec![minimum.to_string(), self.part.to_owned(), self.quantity.to_owned(), self.optimiser.to_owned()];
        record.extend([
            number(self.eta),
            whole(self.batch),
            number(self.effective),
            number(self.radius),
            whole(self.count),
        ]);
        record.extend([self.value, self.interval.map(|i| i[0]), self.interval.map(|i| i[1]), self.p_line].map(number));
        record.extend(self.predicted.map(number));
        record
    }
}

impl MinimumScaling {
    /// Exponents that Gaussian noise, and SαS noise of the two measured indices, would have. The root mean square of a batch falls as `S^(-1/2)`
    /// whatever the noise. Mean steps are those of one jump, or of diffusion without a force: `(κ s)^(-α)` for noise of scale
    /// `s ~ S^((1-α)/α)`, with `κ = η` for SGD and `κ = η/√E[g²] ~ η S^(1/2)` for Adam.
    pub fn predicted(&self, of: ExponentOf) -> [Option<f64>; 3] {
        let [pooled, single] = self.indices();
        [Some(2.0), pooled, single].map(|alpha| {
            let alpha = alpha?;
            Some(match of {
                ExponentOf::Scale(ScaleQuantity::Rms) => -0.5,
                ExponentOf::Scale(_) => (1.0 - alpha) / alpha,
                ExponentOf::StepsByBatch { rule: StepRule::Proportional, .. } => alpha - 1.0,
                ExponentOf::StepsByBatch { rule: StepRule::Normalised, .. } => 0.5 * alpha - 1.0,
                ExponentOf::StepsByEta { .. } => -alpha,
            })
        })
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let mut rows = Vec::new();
        for size in &self.sizes {
            let row = Row { batch: Some(size.batch), effective: Some(size.effective), ..Row::default() };
            for (quantity, scale) in ScaleQuantity::ALL.into_iter().zip(size.scales) {
                let count = (quantity == ScaleQuantity::Typical).then_some(size.varying);
                rows.push(Row { part: "scale", quantity: quantity.name(), count, ..row.clone() }.with(scale));
            }
            for (quantity, value) in INDICES.into_iter().zip(size.alpha) {
                rows.push(Row { part: "index", quantity, value, ..row.clone() });
            }
        }
        for stay in &self.stays {
            let row = Row {
                part: "steps",
                quantity: "mean",
                optimiser: &stay.optimiser,
                eta: Some(stay.eta),
                batch: Some(stay.batch),
                radius: Some(stay.radius),
                count: Some(stay.exited),
                ..Row::default()
            };
            rows.push(row.with(stay.mean));
        }
        for exponent in &self.exponents {
            let row = Row {
                part: "exponent",
                optimiser: &exponent.optimiser,
                p_line: exponent.fit.straightness(),
                predicted: self.predicted(exponent.of),
                ..Row::default()
            };
            let row = match exponent.of {
                ExponentOf::Scale(quantity) => Row { quantity: quantity.name(), ..row },
                ExponentOf::StepsByBatch { eta, radius, .. } => {
                    Row { quantity: "steps_by_batch", eta: Some(eta), radius: Some(radius), ..row }
                }
                ExponentOf::StepsByEta { batch, radius } => {
                    Row { quantity: "steps_by_eta", batch: Some(batch), radius: Some(radius), ..row }
                }
            };
            rows.push(row.with(Some(exponent.fit.slope)));
        }
        for distance in &self.distances {
            for (quantity, ratio) in ScaleQuantity::ALL.into_iter().zip(distance.ratios) {
                let (radius, count) = (Some(distance.radius), Some(distance.paths));
                rows.push(
                    Row { part: "distance", quantity: quantity.name(), radius, count, ..Row::default() }.with(ratio),
                );
            }
        }
        rows
    }
}

impl NoiseScaling {
    /// The table; a field that was not measured is empty.
    ///
    /// # Errors
    /// An error of the encoder.
    pub fn table(&self) -> Result<Vec<u8>, csv::Error> {
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(COLUMNS)?;
        for cell in &self.cells {
            for row in cell.rows() {
                table.write_record(row.record(cell.minimum))?;
            }
        }
        table.into_inner().map_err(|error| error.into_error().into())
    }

    /// Whether every minimum was reached and measured.
    pub fn complete(&self) -> bool {
        !self.stopped && self.left_out.is_empty() && self.minima.iter().all(|minimum| minimum.reached)
    }

    /// The findings as text.
    pub fn summary(&self) -> String {
        let mut lines = vec![String::new(), "Scaling of the noise at the minimum:".to_owned()];
        lines.extend(self.minima.iter().map(|minimum| format!("  {}", minimum.line())));
        lines.extend(self.left_out.iter().map(|reason| format!("  left out: {reason}")));
        for cell in &self.cells {
            lines.extend(cell.lines());
        }
        if self.stopped {
            lines.push("  stopped here: what is missing was not measured".to_owned());
        }
        lines.join("\n") + "\n"
    }
}

impl MinimumScaling {
    fn lines(&self) -> Vec<String> {
        let predicted = |of| {
            let [gaussian, pooled, single] =
                self.predicted(of).map(|p| p.map_or("–".to_owned(), |p| format!("{p:.2}")));
            format!("Gaussian {gaussian}, SαS at the pooled index {pooled}, at that of single parameters {single}")
        };
        let mut lines = Vec::new();
        for size in &self.sizes {
            let index = |k: usize| size.alpha[k].map_or("–".to_owned(), |alpha| format!("{alpha:.2}"));
            lines.push(format!(
                "  minimum {}, batch {}: α̂ pooled {}, its surrogate {}, single parameters {}",
                self.minimum,
                size.batch,
                index(0),
                index(1),
                index(2)
            ));
        }
        for exponent in &self.exponents {
            let ExponentOf::Scale(quantity) = exponent.of else { continue };
            let slope = exponent.fit.slope;
            let bent = if exponent.fit.is_bent() { "; the points are not on a line" } else { "" };
            lines.push(format!(
                "    {} scale falls as S^{:.3} ({:.3} to {:.3}){bent}",
                quantity.name(),
                slope.value,
                slope.lo,
                slope.hi
            ));
        }
        if !self.exponents.is_empty() {
            lines.push(format!("    predicted: {}", predicted(ExponentOf::Scale(ScaleQuantity::Typical))));
        }
        type IsKind = fn(&ExponentOf) -> bool;
        let kinds: [(&str, IsKind); 2] = [
            ("batch size", |of| matches!(of, ExponentOf::StepsByBatch { .. })),
            ("learning rate", |of| matches!(of, ExponentOf::StepsByEta { .. })),
        ];
        let of_steps = self.exponents.iter().filter(|e| !e.optimiser.is_empty());
        let optimisers: BTreeSet<&str> = of_steps.map(|e| e.optimiser.as_str()).collect();
        for (optimiser, (name, is_kind)) in optimisers.into_iter().flat_map(|label| kinds.map(|kind| (label, kind))) {
            let is_ours = |e: &&Exponent| e.optimiser == optimiser && is_kind(&e.of);
            let of_kind: Vec<_> = self.exponents.iter().filter(is_ours).collect();
            let slopes = of_kind.iter().map(|e| e.fit.slope.value);
            let (lo, hi) = slopes.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
            if let Some(first) = of_kind.first() {
                lines.push(format!(
                    "    {optimiser}: mean steps as a power of the {name}: {lo:.2} to {hi:.2} over {} radii and settings; predicted by one \
                     jump: {}",
                    of_kind.len(),
                    predicted(first.of)
                ));
            }
        }
        for (k, quantity) in ScaleQuantity::ALL.into_iter().enumerate() {
            let last = self.distances.iter().rev().find_map(|row| Some((row, row.ratios[k]?)));
            if let Some((row, ratio)) = last {
                lines.push(format!(
                    "    {} scale at r = {:.3}: {:.3} ({:.3} to {:.3}) times that at the minimum",
                    quantity.name(),
                    row.radius,
                    ratio.value,
                    ratio.lo,
                    ratio.hi
                ));
            }
        }
        lines
    }
}
