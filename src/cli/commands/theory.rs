//! `theory`: predictions, without simulation.

use std::path::Path;

use serde_json::json;
use thiserror::Error;

use crate::cli::columns::aligned;
use crate::cli::complaint::{Complain, Complaint};
use crate::cli::console::{Console, OutputError, write_data};
use crate::cli::load::{LoadFailure, load};
use crate::cli::options::TheoryOptions;
use crate::dynamics::Dynamics;
use crate::experiment::{CellPlan, Experiment};
use crate::noise::Measure;
use crate::theory::{Comparison, Prediction};

const COLUMNS: [&str; 11] =
    ["cell", "dynamics", "basin", "alpha", "epsilon", "theta", "m(W)", "lambda", "E Gamma", "volume", "det Q"];

/// Why no predictions are printed.
#[derive(Debug, Error)]
pub enum TheoryFailure {
    #[error(transparent)]
    Load(#[from] LoadFailure),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Complain for TheoryFailure {
    fn complaint(&self) -> Complaint {
        match self {
            TheoryFailure::Load(failure) => failure.complaint(),
            TheoryFailure::Output(error) => error.complaint(),
        }
    }
}

/// Prints a table, or JSON.
pub fn theory(options: &TheoryOptions, console: &Console) -> Result<(), TheoryFailure> {
    let experiment = load(&options.file, Path::new(Experiment::RESULTS))?;
    experiment.warnings.iter().for_each(|warning| console.warn(warning));
    let text = if options.json { as_json(&experiment.cells) } else { as_table(&experiment.cells) };
    Ok(write_data(text)?)
}

fn measure_name(measure: Measure) -> &'static str {
    match measure {
        Measure::Standard => "standard: increments h^(1/α) SαS(1), ν(dy) = c_α |y|^(-1-α) dy",
        Measure::Unit => "unit: ν(dy) = |y|^(-1-α) dy",
    }
}

fn as_table(cells: &[CellPlan]) -> String {
    let mut rows: Vec<Vec<String>> = vec![COLUMNS.map(String::from).to_vec()];
    let mut notes = Vec::new();
    for plan in cells {
        let noise = plan.problem.noise();
        let mut row = vec![
            plan.index.to_string(),
            plan.dynamics.clone(),
            plan.basin.clone(),
            if noise.law().has_motion() { noise.alpha().to_string() } else { "–".to_string() },
            if noise.epsilon() < 0.01 { format!("{:.4e}", noise.epsilon()) } else { format!("{:.4}", noise.epsilon()) },
        ];
        let prediction = Prediction::of(&plan.problem);
        let law = noise.law();
        if !law.is_stable() {
            let jumps = prediction.as_ref().map_or(1, |theory| theory.jumps);
            let by = if jumps > 1 {
                format!(": {jumps} jumps are needed, the rate is that of {jumps}")
            } else {
                String::new()
            };
            notes.push(format!("cell {}: {law} noise{by}", plan.index));
        }
        match prediction {
            Ok(theory) => row.extend([
                format!("{:.4e}", theory.theta),
                theory.radon_measure.map_or("–".to_string(), |measure| format!("{measure:.4e}")),
                format!("{:.4e}", theory.rate),
                format!("{:.4e}", theory.mean_time()),
                format!("{:.4e}", plan.problem.basin().volume().value),
                format!("{:.4}", theory.preconditioner.log_determinant().exp()),
            ]),
            Err(error) => {
                row.extend(std::iter::repeat_n("–".to_string(), 4));
                row.extend([format!("{:.4e}", plan.problem.basin().volume().value), "–".to_string()]);
                notes.push(format!("cell {}: {error}", plan.index));
            }
        }
        rows.push(row);
    }
    let mut lines = vec![format!("Lévy measure, {}", cells.first().map_or("", |plan| measure_name(plan.measure)))];
    lines.extend(aligned(&rows, &[1, 2]));
    lines.extend(notes);
    lines.join("\n")
}

fn as_json(cells: &[CellPlan]) -> String {
    let cells: Vec<serde_json::Value> = cells
        .iter()
        .map(|plan| {
            let noise = plan.problem.noise();
            let volume = plan.problem.basin().volume();
            let mut object = json!({
                "cell": plan.index, "dynamics": plan.dynamics, "basin": plan.basin, "dim": plan.problem.basin().dim(),
                "alpha": noise.alpha().get(), "epsilon": noise.epsilon(), "eta": plan.eta, "measure": plan.measure,
                "structure": noise.structure(), "law": noise.law().to_string(), "volume": volume.value, "volume_error": volume.error,
            });
            let theory = match Prediction::of(&plan.problem) {
                Ok(theory) => json!({
                    "theta": theory.theta, "radon_measure": theory.radon_measure, "radon_error": theory.radon_error,
                    "rate": theory.rate, "jumps": theory.jumps, "mean_time": theory.mean_time(), "width": theory.width,
                    "log_det_q": theory.preconditioner.log_determinant(), "anisotropy": theory.preconditioner.anisotropy(),
                    "axes": theory.axes.iter().map(|a| json!({"minus": a.minus, "plus": a.plus})).collect::<Vec<_>>(),
                }),
                Err(error) => json!({ "undefined": error.to_string() }),
            };
            let theory = with_comparison(theory, plan);
            if let (Some(object), serde_json::Value::Object(theory)) = (object.as_object_mut(), theory) {
                object.extend(theory);
            }
            object
        })
        .collect();
    serde_json::to_string_pretty(&json!({ "cells": cells })).unwrap_or_default()
}

/// Adds, for Adam, the comparison with SGD in the same basin (theorem 2).
fn with_comparison(mut theory: serde_json::Value, plan: &CellPlan) -> serde_json::Value {
    let is_adam = matches!(plan.problem.dynamics(), Dynamics::Adam(_));
    if let Some(both) = is_adam.then(|| Comparison::of(&plan.problem).ok()).flatten() {
        theory["theorem2"] = json!({
            "volume_claim": both.volume_claim(), "complement_sgd": both.complement_sgd,
            "complement_adam": both.complement_adam(), "radon_sgd": both.sgd.radon_measure,
            "radon_adam": both.adam.radon_measure, "predicted_ratio": both.predicted_ratio(),
        });
    }
    theory
}
