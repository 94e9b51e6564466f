//! The results of a run as a table for the terminal.

use super::columns::{aligned, number};
use crate::exit::Estimate;
use crate::experiment::number_labels;
use crate::results::CellResult;

/// Rows that are printed; `summary.csv` has all.
const MOST_ROWS: usize = 20;

/// What a reader needs to know about the last column.
const NOTE: &str = "verdict: ok if the interval of the mean, .5 % wider on both sides, contains the exact mean (95 % for all cells together); – without an exact mean.";

/// One row per cell: the settings that distinguish it, E Γ and λ E Γ with 95 % intervals, the exact mean, and the verdict. If the terminal has only
/// `width` columns and the table is wider, every cell has lines of its own.
pub fn table(results: &[CellResult], width: Option<usize>) -> Vec<String> {
    let words = |text: fn(&CellResult) -> String| -> Vec<String> { results.iter().map(text).collect() };
    let mut identity = vec![
        ("dynamics", words(|r| r.plan.dynamics.clone())),
        ("basin", words(|r| r.plan.basin.clone())),
        ("scheme", words(|r| r.plan.scheme.name().to_string())),
        ("law", words(|r| r.plan.problem.noise().law().to_string())),
        ("α", labels(results, |r| r.plan.parameter("alpha"))),
        ("ε", labels(results, |r| Some(r.plan.problem.noise().epsilon()))),
    ];
    // A column that is the same in every row says nothing, and a terminal may be narrow.
    identity.retain(|(_, texts)| texts.windows(2).any(|pair| pair[0] != pair[1]));
    let mut heading = vec!["cell".to_string()];
    heading.extend(identity.iter().map(|(name, _)| name.to_string()));
    heading.extend(["E Γ", "λ E Γ", "exact", "verdict"].map(String::from));
    let mut rows = vec![heading];
    for (place, result) in results.iter().enumerate().take(MOST_ROWS) {
        let mut row = vec![result.plan.index.to_string()];
        row.extend(identity.iter().map(|(_, texts)| texts[place].clone()));
        row.push(result.mean().as_ref().map_or_else(dash, interval));
        row.push(result.lambda_mean().as_ref().map_or_else(dash, interval));
        row.push(result.exact_mean.map_or_else(dash, number));
        row.push(verdict(result));
        rows.push(row);
    }
    let mut lines = aligned(&rows, &[]);
    if let Some(width) = width.filter(|width| lines.iter().any(|line| line.chars().count() > *width)) {
        lines = stacked(&rows, identity.len(), width);
    }
    if results.len() > MOST_ROWS {
        lines.push(format!("… and {} more in summary.csv", results.len() - MOST_ROWS));
    }
    match width {
        Some(width) => lines.extend(wrapped(NOTE.split(' '), " ", width)),
        None => lines.push(NOTE.to_string()),
    }
    lines
}

/// A parameter of every cell, in as many digits as distinguish its values.
fn labels(results: &[CellResult], parameter: fn(&CellResult) -> Option<f64>) -> Vec<String> {
    let values: Vec<Option<f64>> = results.iter().map(parameter).collect();
    let mut labels = number_labels(&values.iter().flatten().copied().collect::<Vec<_>>()).into_iter();
    values.iter().map(|value| value.and_then(|_| labels.next()).unwrap_or_else(dash)).collect()
}

/// Every row below the heading as `name value` pairs: what distinguishes the cell, and then the results, indented.
fn stacked(rows: &[Vec<String>], identity: usize, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows.iter().skip(1) {
        let pairs: Vec<String> = rows[0].iter().zip(row).map(|(name, value)| format!("{name} {value}")).collect();
        let (head, results) = pairs.split_at(1 + identity);
        lines.extend(wrapped(head.iter().map(String::as_str), ", ", width));
        let results = wrapped(results.iter().map(String::as_str), ", ", width.saturating_sub(2));
        lines.extend(results.iter().map(|line| format!("  {line}")));
    }
    lines
}

/// Joins parts to lines of at most `width` columns; a longer part has its own line.
fn wrapped<'p>(parts: impl Iterator<Item = &'p str>, separator: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.chars().count() + separator.len() + part.chars().count() <= width => {
                line.push_str(separator);
                line.push_str(part);
            }
            _ => lines.push(part.to_owned()),
        }
    }
    lines
}

/// The `check` of `summary.csv`.
fn verdict(result: &CellResult) -> String {
    result.check.map_or_else(dash, |check| check.to_string())
}

fn dash() -> String {
    "–".to_string()
}

fn interval(estimate: &Estimate) -> String {
    format!("{} ({} to {})", number(estimate.value), number(estimate.lo), number(estimate.hi))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_gets_lines_of_its_width() {
        let row = |words: [&str; 5]| words.map(String::from).to_vec();
        let rows = [
            row(["cell", "ε", "E Γ", "λ E Γ", "verdict"]),
            row(["0", "0.1000", "12.35 (12.11 to 12.59)", "0.9876 (0.9700 to 1.005)", "ok"]),
        ];
        let lines = stacked(&rows, 1, 46);
        assert_eq!(
            lines,
            ["cell 0, ε 0.1000", "  E Γ 12.35 (12.11 to 12.59)", "  λ E Γ 0.9876 (0.9700 to 1.005), verdict ok"]
        );
        assert_eq!(wrapped("a bc def".split(' '), " ", 4), ["a bc", "def"]);
    }
}
