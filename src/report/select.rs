//! Selection and grouping of cells for figures.

use crate::results::CellResult;

/// Groups in the order in which their keys first appear.
pub fn group_by<'r, K: PartialEq>(
    results: impl IntoIterator<Item = &'r CellResult>,
    key: impl Fn(&CellResult) -> K,
) -> Vec<(K, Vec<&'r CellResult>)> {
    let mut groups: Vec<(K, Vec<&CellResult>)> = Vec::new();
    for result in results {
        let key = key(result);
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, members)) => members.push(result),
            None => groups.push((key, vec![result])),
        }
    }
    groups
}

/// Tail index of a cell.
pub fn alpha(result: &CellResult) -> f64 {
    result.plan.problem.noise().alpha().get()
}

/// `α = 1.5`, rounded to four decimals.
pub fn alpha_label(alpha: f64) -> String {
    format!("α = {}", (1e4 * alpha).round() / 1e4)
}

/// Noise level of a cell.
pub fn epsilon(result: &CellResult) -> f64 {
    result.plan.problem.noise().epsilon()
}

/// Values in the order in which they first appear.
pub fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

/// `sgd` → `SGD`, `adam_steps` → `Adam, steps`; a user's own name stays.
pub fn title(dynamics: &str) -> String {
    match dynamics {
        "sgd" => "SGD".to_string(),
        "adam" => "Adam".to_string(),
        "sgd_steps" => "SGD, steps".to_string(),
        "adam_steps" => "Adam, steps".to_string(),
        "rmsprop_steps" => "RMSProp, steps".to_string(),
        "adagrad_steps" => "AdaGrad, steps".to_string(),
        "lion_steps" => "Lion, steps".to_string(),
        own => own.to_string(),
    }
}
