//! The results of a run as a table for the terminal.

use super::columns::aligned;
use crate::exit::Estimate;
use crate::results::CellResult;

/// Rows that are printed; `summary.csv` has all.
const MOST_ROWS: usize = 20;

/// What a reader needs to know about the last column.
const NOTE: &str = "verdict: ok if the mean agrees with the exact one within .5 % and its interval, at 95 % for all cells together; – without an exact mean.";

/// The text of a cell of the table.
type Text = fn(&CellResult) -> String;

/// One row per cell: the settings that distinguish it, E Γ and λ E Γ with 95 % intervals, the exact mean, and the verdict. If the terminal has only
/// `width` columns and the table is wider, every cell has lines of its own.
pub fn table(results: &[CellResult], width: Option<usize>) -> Vec<String> {
    let identity: [(&str, Text); 6] = [
        ("dynamics", |r| r.plan.dynamics.clone()),
        ("basin", |r| r.plan.basin.clone()),
        ("scheme", |r| r.plan.scheme.name().to_string()),
        ("law", |r| r.plan.problem.noise().law().to_string()),
        ("α", |r| r.plan.parameter("alpha").map_or_else(dash, number)),
        ("ε", |r| number(r.plan.problem.noise().epsilon())),
    ];
    // A column that is the same in every row says nothing, and a terminal may be narrow.
    let varies = |value: &Text| results.windows(2).any(|pair| value(&pair[0]) != value(&pair[1]));
    let identity: Vec<_> = identity.into_iter().filter(|(_, value)| varies(value)).collect();
    let mut heading = vec!["cell".to_string()];
    heading.extend(identity.iter().map(|(name, _)| name.to_string()));
    heading.extend(["E Γ", "λ E Γ", "exact", "verdict"].map(String::from));
    let mut rows = vec![heading];
    for result in results.iter().take(MOST_ROWS) {
        let mut row = vec![result.plan.index.to_string()];
        row.extend(identity.iter().map(|(_, value)| value(result)));
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

/// Four significant digits.
fn number(x: f64) -> String {
    let decade = x.abs().log10().floor();
    if x == 0.0 {
        "0".to_string()
    } else if (-3.0..4.0).contains(&decade) {
        format!("{x:.*}", (3.0 - decade) as usize)
    } else {
        format!("{x:.3e}")
    }
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

    #[test]
    fn four_digits() {
        for (x, text) in [
            (0.1, "0.1000"),
            (12.3456, "12.35"),
            (1234.5, "1234"),
            (123_456.0, "1.235e5"),
            (1e-9, "1.000e-9"),
            (0.0, "0"),
        ] {
            assert_eq!(number(x), text);
        }
    }
}
