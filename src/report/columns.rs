//! Columns of the summary as axes, groups and titles of figures.

use super::select::{alpha_label, basin_title, scheme_title, title};
use crate::experiment::{WORD_COLUMNS, number_label};
use crate::results::CellResult;

/// Parameters that distinguish cells and have a sign of their own.
const SIGNS: [(&str, &str, &str); 4] = [
    ("alpha", "α", "tail index α"),
    ("eta", "η", "learning rate η"),
    ("epsilon", "ε", "noise level ε"),
    ("dim", "d", "dimension d"),
];

/// The value of a result or parameter and the ends of its interval. A mean or rate that rests on a law which the data reject is left out.
pub fn estimate(result: &CellResult, column: &str) -> Option<[f64; 3]> {
    let three = |e: crate::exit::Estimate| [e.value, e.lo, e.hi];
    let theory = result.prediction.as_ref();
    let count = |count: usize| Some(count as f64);
    let one = match column {
        "mean_time" => return result.supported_mean().map(three),
        "lambda_mean" => {
            return result.supported_mean().zip(theory).map(|(mean, theory)| three(mean.scaled(theory.rate)));
        }
        "rate" => return result.supported_rate().map(three),
        "median_time" => result.median,
        "restricted_mean" => result.restricted_mean(),
        "exact_mean" => result.exact_mean,
        "lambda_mean_second_order" => result.second_order,
        "theory_rate" => theory.map(|theory| theory.rate),
        "radon_measure" => theory.and_then(|theory| theory.radon_measure),
        "theta" => theory.map(|theory| theory.theta),
        "volume" => Some(result.volume),
        "ks_statistic" => result.kolmogorov.as_ref().map(|test| test.statistic),
        "ks_p" => result.kolmogorov.as_ref().map(|test| test.p_value),
        "events_per_path" => Some(result.events_per_path()),
        "paths" => count(result.paths()),
        "exited" => count(result.moments.exited()),
        "censored" => count(result.moments.censored()),
        "diverged" => count(result.moments.diverged()),
        parameter => result.plan.parameter(parameter),
    };
    one.filter(|value| value.is_finite()).map(|value| [value; 3])
}

/// What theory predicts for a result.
pub fn predicted(result: &CellResult, column: &str) -> Option<f64> {
    let theory = result.prediction.as_ref()?;
    match column {
        "mean_time" => Some(theory.mean_time()).filter(|mean| mean.is_finite()),
        "rate" => Some(theory.rate),
        _ => None,
    }
}

/// What the exact solver finds for a result.
pub fn exact(result: &CellResult, column: &str) -> Option<f64> {
    result.exact_mean.filter(|_| column == "mean_time")
}

/// The label of an axis.
pub fn axis_label(column: &str) -> &str {
    if let Some((_, _, label)) = SIGNS.iter().find(|(name, ..)| *name == column) {
        return label;
    }
    match column {
        "mean_time" => "mean escape time E Γ",
        "median_time" => "median escape time",
        "restricted_mean" => "E min(Γ, max_time)",
        "exact_mean" => "exact E Γ",
        "lambda_mean" => "λ E Γ",
        "lambda_mean_second_order" => "λ E Γ to second order in ε",
        "rate" => "escape rate",
        "theory_rate" => "predicted rate λ",
        "radon_measure" => "Radon measure m(W)",
        "theta" => "Θ(ε)",
        "volume" => "volume of the basin",
        "ks_statistic" => "Kolmogorov-Smirnov distance",
        "ks_p" => "Kolmogorov-Smirnov p-value",
        "events_per_path" => "events per path",
        other => other,
    }
}

/// The value of a column of a cell in words, by which cells are grouped; empty if the cell does not have it.
pub fn value_label(result: &CellResult, column: &str) -> String {
    let plan = &result.plan;
    match column {
        "dynamics" => title(&plan.dynamics),
        "optimiser" => title(plan.optimiser),
        "basin" => basin_title(&plan.basin),
        "scheme" => scheme_title(plan.scheme.name()),
        parameter => plan.parameter(parameter).map_or(String::new(), |value| match parameter {
            "alpha" => alpha_label(value),
            _ => {
                let sign = SIGNS.iter().find(|(name, ..)| *name == parameter).map(|(_, sign, _)| (*sign).to_owned());
                let sign = sign.unwrap_or_else(|| parameter.replace('_', " "));
                format!("{sign} = {}", number_label(value, 6))
            }
        }),
    }
}

/// The columns, of those in `candidates`, by which cells that agree in all of `fixed` can be told apart, in the order of preference.
pub fn distinguishing<'c>(cells: &[&CellResult], fixed: &[&str], candidates: &[&'c str]) -> Vec<&'c str> {
    let key = |cell: &CellResult, columns: &[&str]| -> Vec<String> {
        let exact = |column: &&str| match WORD_COLUMNS.contains(column) {
            true => value_label(cell, column),
            false => estimate(cell, column).map_or(String::new(), |[value, ..]| value.to_bits().to_string()),
        };
        columns.iter().map(exact).collect()
    };
    let mut chosen: Vec<&str> = Vec::new();
    for candidate in candidates.iter().filter(|candidate| !fixed.contains(candidate)) {
        let known: Vec<&str> = fixed.iter().chain(&chosen).copied().collect();
        let mut seen: Vec<(Vec<String>, Vec<String>)> =
            cells.iter().map(|cell| (key(cell, &known), key(cell, &[candidate]))).collect();
        seen.sort();
        // Cells that agree so far differ here.
        if seen.windows(2).any(|pair| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1) {
            chosen.push(candidate);
        }
    }
    chosen
}

/// The columns that may distinguish cells, in the order of preference.
pub fn candidates(parameters: &[String]) -> Vec<&str> {
    let parameters = parameters.iter().map(String::as_str);
    ["dynamics", "alpha"].into_iter().chain(parameters).chain(["basin", "scheme", "epsilon", "dim"]).collect()
}

/// The columns that name a series whose horizontal axis is `ε` and whose panel is a tail index: `first`, and those that tell its cells apart.
pub fn series_columns<'c>(cells: &[&CellResult], first: &'c str, parameters: &'c [String]) -> Vec<&'c str> {
    let mut columns = vec![first];
    columns.extend(distinguishing(cells, &[first, "alpha", "epsilon"], &candidates(parameters)));
    columns
}

/// The values of several columns, joined.
pub fn label(result: &CellResult, columns: &[impl AsRef<str>]) -> String {
    let values = columns.iter().map(|column| value_label(result, column.as_ref())).filter(|value| !value.is_empty());
    values.collect::<Vec<_>>().join(", ")
}
