//! `theory`: predictions, without simulation.

use std::path::Path;

use serde_json::json;
use thiserror::Error;

use crate::cli::columns::{aligned, number};
use crate::cli::complaint::{Complain, Complaint};
use crate::cli::console::{Console, OutputError, write_data};
use crate::cli::line::options::TheoryOptions;
use crate::cli::load::{LoadFailure, load};
use crate::cli::planar_wells as planar;
use crate::dynamics::Dynamics;
use crate::experiment::{CellPlan, Experiment, number_labels};
use crate::landscape::Wells;
use crate::noise::Measure;
use crate::theory::{Comparison, Prediction, TheoryError, WellChain, landing_shares, mean_hitting_time};

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
    let of_noise = |value: fn(&CellPlan) -> f64| number_labels(&cells.iter().map(value).collect::<Vec<_>>());
    let alphas = of_noise(|plan| plan.problem.noise().alpha().get());
    let levels = of_noise(|plan| plan.problem.noise().epsilon());
    for ((plan, alpha), level) in cells.iter().zip(alphas).zip(levels) {
        let noise = plan.problem.noise();
        let mut row = vec![
            plan.index.to_string(),
            plan.dynamics.clone(),
            plan.basin.clone(),
            if noise.law().has_motion() { alpha } else { "–".to_string() },
            level,
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
                positive(theory.theta),
                theory.radon_measure.map_or("–".to_string(), positive),
                positive(theory.rate),
                positive(theory.mean_time()),
                volume_as_text(plan),
                positive(theory.preconditioner.log_determinant().exp()),
            ]),
            Err(error) => {
                row.extend(std::iter::repeat_n("–".to_string(), 4));
                row.extend([volume_as_text(plan), "–".to_string()]);
                notes.push(match (error, mean_hitting_time(&plan.problem)) {
                    (TheoryError::Target, Some(time)) => {
                        format!(
                            "cell {}: mean hitting time of the target {}, by the chain of the wells",
                            plan.index,
                            number(time)
                        )
                    }
                    _ => format!("cell {}: {error}", plan.index),
                });
            }
        }
        rows.push(row);
    }
    let mut lines = vec![format!("Lévy measure, {}", cells.first().map_or("", |plan| measure_name(plan.measure)))];
    lines.extend(aligned(&rows, &[1, 2]));
    lines.extend(notes);
    lines.extend(wells_as_text(cells));
    lines.join("\n")
}

/// The volume, which is not known for a basin of attraction that is followed.
fn volume_as_text(plan: &CellPlan) -> String {
    let volume = plan.problem.basin().volume().value;
    if volume.is_nan() { "–".to_string() } else { positive(volume) }
}

/// A number that is positive, or a bound where it is below or above the numbers of `f64`.
fn positive(x: f64) -> String {
    match x {
        0.0 => "< 1e-308".to_string(),
        f64::INFINITY => "> 1e308".to_string(),
        _ => number(x),
    }
}

/// The minima and saddles of every landscape on a line, once, with the widths that Lévy noise sees; and for an occupancy the stationary law of
/// every cell.
fn wells_as_text(cells: &[CellPlan]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut seen: Vec<(&str, Wells)> = Vec::new();
    for plan in cells {
        let Some(wells) = line_wells_of(plan).filter(|wells| wells.count() > 1) else { continue };
        if seen.iter().any(|(basin, known)| *basin == plan.basin && *known == wells) {
            continue;
        }
        let potential = plan.problem.basin().potential();
        let heading = ["well", "minimum", "F", "left saddle", "right saddle", "left width", "right width"];
        let mut rows =
            vec![heading.into_iter().chain(["left barrier", "right barrier"]).map(String::from).collect::<Vec<_>>()];
        for well in 0..wells.count() {
            let minimum = wells.minima()[well];
            let floor = potential.value(&[minimum]);
            let finite = |x: f64| if x.is_finite() { format!("{x:.4}") } else { "–".to_string() };
            let mut row = vec![(well + 1).to_string(), format!("{minimum:.4}"), format!("{floor:.4}")];
            row.extend(wells.bounds(well).map(finite));
            row.extend(wells.widths(well).map(finite));
            row.extend(
                wells
                    .bounds(well)
                    .map(|s| if s.is_finite() { finite(potential.value(&[s]) - floor) } else { finite(s) }),
            );
            rows.push(row);
        }
        lines.push(format!("wells of {}", plan.basin));
        lines.extend(aligned(&rows, &[]));
        seen.push((&plan.basin, wells));
    }
    lines.extend(planar::listed(cells));
    for plan in cells {
        let Some(occupancy) = &plan.occupancy else { continue };
        lines.push(match WellChain::over(&plan.problem, occupancy.wells()) {
            Ok(chain) => {
                let law: Vec<String> = chain.stationary().iter().map(|p| format!("{p:.4}")).collect();
                format!("cell {}: stationary law of the wells {}", plan.index, law.join(", "))
            }
            Err(error) => format!("cell {}: no chain of wells: {error}", plan.index),
        });
    }
    lines
}

/// The wells of an occupancy on a line, or of a landscape on a line that knows them.
fn line_wells_of(plan: &CellPlan) -> Option<Wells> {
    match &plan.occupancy {
        Some(occupancy) => occupancy.wells().line().cloned(),
        None if plan.problem.basin().dim() == 1 => plan.problem.basin().wells().cloned(),
        None => None,
    }
}

fn wells_as_json(plan: &CellPlan) -> Option<serde_json::Value> {
    let chain = plan.occupancy.as_ref().and_then(|o| WellChain::over(&plan.problem, o.wells()).ok());
    if let Some(mut wells) = planar::as_json(plan) {
        extend_with_chain(&mut wells, chain.as_ref());
        return Some(wells);
    }
    let wells = line_wells_of(plan)?;
    let potential = plan.problem.basin().potential();
    let values = |points: &[f64]| points.iter().map(|x| potential.value(&[*x])).collect::<Vec<_>>();
    let mut object = json!({
        "minima": wells.minima(), "saddles": wells.saddles(), "values": values(wells.minima()), "heights": values(wells.saddles()),
    });
    extend_with_chain(&mut object, chain.as_ref());
    Some(object)
}

/// Adds the chain of the wells of an occupancy.
fn extend_with_chain(object: &mut serde_json::Value, chain: Option<&WellChain>) {
    let matrix = |m: &nalgebra::DMatrix<f64>| {
        m.row_iter().map(|row| row.iter().copied().collect::<Vec<f64>>()).collect::<Vec<_>>()
    };
    object["rates"] = json!(chain.map(|chain| matrix(chain.rates())));
    object["stationary"] = json!(chain.map(WellChain::stationary));
    object["mean_first_passage"] = json!(chain.map(|chain| matrix(&chain.mean_first_passage())));
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
            if let Some(wells) = wells_as_json(plan) {
                object["wells"] = wells;
            }
            let theory = match Prediction::of(&plan.problem) {
                Ok(theory) => json!({
                    "theta": theory.theta, "radon_measure": theory.radon_measure, "radon_error": theory.radon_error,
                    "rate": theory.rate, "jumps": theory.jumps, "mean_time": theory.mean_time(), "width": theory.width,
                    "log_det_q": theory.preconditioner.log_determinant(), "anisotropy": theory.preconditioner.anisotropy(),
                    "axes": theory.axes.iter().map(|a| json!({"minus": a.minus, "plus": a.plus})).collect::<Vec<_>>(),
                }),
                Err(error) => json!({ "undefined": error.to_string() }),
            };
            if let Some(shares) = landing_shares(&plan.problem) {
                object["landing_shares"] = json!(shares);
            }
            if let Some(time) = mean_hitting_time(&plan.problem) {
                object["mean_hitting_time"] = json!(time);
            }
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
