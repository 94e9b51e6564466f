//! Selection and grouping of cells for figures.

use crate::experiment::number_label;
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

/// Tail index of a cell; infinite for noise that has none.
pub fn alpha(result: &CellResult) -> f64 {
    let noise = result.plan.problem.noise();
    if noise.law().has_motion() { noise.alpha().get() } else { f64::INFINITY }
}

/// `α = 1.5`; of more than six digits the first five.
pub fn alpha_label(alpha: f64) -> String {
    if alpha.is_infinite() {
        return "no α".to_owned();
    }
    format!("α = {}", number_label(alpha, 5))
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

/// `sgd` → `SGD`, `adam_steps` → `Adam, steps`, `sgd[amplitude=2]` → `SGD, amplitude = 2`; a user's own name stays.
pub fn title(dynamics: &str) -> String {
    let (name, values) = split(dynamics);
    let name = match name {
        "sgd" => "SGD",
        "adam" => "Adam",
        "sgd_steps" => "SGD, steps",
        "adam_steps" => "Adam, steps",
        "rmsprop_steps" => "RMSProp, steps",
        "adagrad_steps" => "AdaGrad, steps",
        "lion_steps" => "Lion, steps",
        own => own,
    };
    format!("{name}{values}")
}

/// `sharp[radius=0.1]` → `sharp, radius = 0.1`.
pub fn basin_title(basin: &str) -> String {
    let (name, values) = split(basin);
    format!("{name}{values}")
}

/// The name of a scheme in figures and sentences.
pub fn scheme_title(name: &str) -> String {
    match name {
        "euler" => "Euler".to_owned(),
        "euler_discrete" => "Euler, discrete".to_owned(),
        other => other.replace('_', "-"),
    }
}

/// The name of a member of a family, and its values in words.
fn split(member: &str) -> (&str, String) {
    match member.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some((name, values)) => {
            (name, values.split(' ').map(|v| format!(", {}", v.replace('=', " = ").replace('_', " "))).collect())
        }
        None => (member, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_indices_that_differ_have_labels_that_differ() {
        assert_eq!(alpha_label(1.50001), "α = 1.50001");
        assert_eq!(alpha_label(1.50002), "α = 1.50002");
        assert_eq!(alpha_label(1.495_348_781_2), "α = 1.4953");
        assert_eq!(alpha_label(f64::INFINITY), "no α");
    }

    #[test]
    fn members_of_families_are_named_in_words() {
        assert_eq!(title("sgd"), "SGD");
        assert_eq!(title("adam_steps[amplitude=0.5]"), "Adam, steps, amplitude = 0.5");
        assert_eq!(title("my own"), "my own");
        assert_eq!(basin_title("sharp[lo=-1 hi=2]"), "sharp, lo = -1, hi = 2");
        assert_eq!(basin_title("digits[half_width=0.2]"), "digits, half width = 0.2");
        assert_eq!(basin_title("left, 4 × deeper"), "left, 4 × deeper");
    }
}
