//! Tables that can be sorted and filtered: `summary.csv` and `comparison.csv`.

use maud::{Markup, html};

use crate::experiment::swept_parameters;
use crate::report::number;
use crate::results::{COMPARISON_COLUMNS, CellResult, Pair, summary_columns};

/// Bytes of a text from which on its lines may be broken.
const LONGEST_LINE: usize = 24;

/// Rows on the page. A browser is slow with more.
const MOST_ROWS: usize = 2_000;

/// A column of a table.
struct Column {
    /// Its name in the CSV file; empty for a value that the file does not hold.
    name: String,
    heading: String,
    /// Whether it is shown before the reader asks for all columns.
    shown: bool,
}

/// Columns with a heading of their own; they are shown.
const HEADINGS: [(&str, &str); 17] = [
    ("cell", "cell"),
    ("dynamics", "dynamics"),
    ("basin", "basin"),
    ("dim", "d"),
    ("alpha", "α"),
    ("epsilon", "ε"),
    ("scheme", "scheme"),
    ("mean_time", "E Γ measured"),
    ("exact_mean", "E Γ exact"),
    ("lambda_mean", "λ E Γ"),
    ("gamma_ratio", "measured"),
    ("check", "check"),
    ("det_q", "det Q"),
    ("anisotropy", "anisotropy"),
    ("volume_claim", "volume argument"),
    ("predicted_ratio", "predicted"),
    ("cell_adam", "cell of Adam"),
];

/// Columns that distinguish cells, and are left out of the first view if they are the same everywhere.
const IDENTITY: [&str; 6] = ["dynamics", "basin", "dim", "alpha", "epsilon", "scheme"];

/// Columns of the summary with few values, from which a reader can choose.
const CHOICES: [&str; 7] = ["dynamics", "basin", "dim", "alpha", "epsilon", "scheme", "check"];

/// Columns of a table of tail indices. The ends of an interval are shown with its value.
const INDICES: [&str; 11] = [
    "optimiser",
    "noise",
    "sample",
    "estimator",
    "index",
    "index_lo",
    "index_hi",
    "surrogate",
    "surrogate_lo",
    "surrogate_hi",
    "conclusion",
];

/// A table before it is written: for every column a value per row.
struct Table<'t> {
    name: &'static str,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    caption: &'t str,
    /// Columns from whose values a reader can choose.
    choices: &'static [&'static str],
}

/// The summary, one row per cell, with the predicted mean beside the measured one.
pub fn summary(results: &[CellResult]) -> Markup {
    let parameters = swept_parameters(results.iter().map(|result| &result.plan));
    let names = summary_columns(&parameters).into_iter();
    let rows: Vec<Vec<String>> = results.iter().take(MOST_ROWS).map(|result| result.summary_row(&parameters)).collect();
    let mut table = Table::new("summary", names, rows, "One row per cell. E Γ and λ E Γ with 95 % intervals.");
    if let Some(at) = table.position("mean_time") {
        table.columns.insert(at, Column { name: String::new(), heading: "E Γ predicted, 1/λ".to_owned(), shown: true });
        for (row, result) in table.rows.iter_mut().zip(results) {
            let mean = result.prediction.as_ref().map(|theory| theory.mean_time()).filter(|mean| mean.is_finite());
            row.insert(at, mean.map_or(String::new(), |mean| mean.to_string()));
        }
    }
    table.markup(results.len())
}

/// The pairs of SGD and Adam, `None` without one.
pub fn comparison(results: &[CellResult]) -> Option<Markup> {
    let rows: Vec<Vec<String>> = Pair::every(results).iter().map(Pair::row).collect();
    let total = rows.len();
    let rows = rows.into_iter().take(MOST_ROWS).collect();
    let caption = "One row per pair. The predicted and the measured Γ_ADAM/Γ_SGD, with 95 % intervals.";
    let table = Table::new("comparison", COMPARISON_COLUMNS.iter().copied(), rows, caption);
    (total > 0).then(|| table.markup(total))
}

/// Tail indices beside those of their surrogates, in the order of [`INDICES`].
pub fn tail_indices(rows: Vec<[String; INDICES.len()]>) -> Markup {
    let column = |name: &str| Column {
        name: name.to_owned(),
        heading: if name == "index" { "α̂".to_owned() } else { name.replace('_', " ") },
        shown: !name.ends_with("_lo") && !name.ends_with("_hi"),
    };
    let total = rows.len();
    let table = Table {
        name: "indices",
        columns: INDICES.into_iter().map(column).collect(),
        rows: rows.into_iter().map(Vec::from).collect(),
        caption: "One row per sample and estimator, with 95 % intervals.",
        choices: &INDICES[..4],
    };
    table.markup(total)
}

impl<'t> Table<'t> {
    fn new<'n>(
        name: &'static str,
        names: impl Iterator<Item = &'n str>,
        rows: Vec<Vec<String>>,
        caption: &'t str,
    ) -> Self {
        let column = |(at, name): (usize, &str)| {
            let heading = HEADINGS.iter().find(|(known, _)| *known == name);
            let same = rows.len() > 1 && rows.windows(2).all(|pair| pair[0][at] == pair[1][at]);
            let shown = heading.is_some() && !(IDENTITY.contains(&name) && same);
            Column { name: name.to_owned(), heading: heading.map_or(name, |(_, heading)| heading).to_owned(), shown }
        };
        let columns = names.enumerate().map(column).collect();
        Table { name, columns, rows, caption, choices: &CHOICES }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    fn markup(&self, total: usize) -> Markup {
        html! {
            div.table data-table=(self.name) {
                div.controls {
                    label { "Filter " input type="search" placeholder="words of a row" aria-label="filter rows"; }
                    @for (at, values) in self.choices() {
                        label { (self.columns[at].heading) " "
                            select data-column=(at) { option value="" { "all" }
                                @for value in values { option value=(value) { (display(value)) } }
                            }
                        }
                    }
                    label { input type="checkbox"; " all columns" }
                    span.count aria-live="polite" {}
                }
                div.scroll { table {
                    caption { (self.caption) @if total > self.rows.len() {
                        " The first " (self.rows.len()) " of " (total) " rows; " (self.name) ".csv has all."
                    } }
                    thead { tr { @for (at, column) in self.columns.iter().enumerate() {
                        th.more[!column.shown].number[self.is_numeric(at)] scope="col" data-column=(column.name) {
                            button type="button" title=[Some(&column.name).filter(|name| !name.is_empty())] { (column.heading) }
                        }
                    } } }
                    tbody { @for row in &self.rows {
                        tr.off[self.position("check").is_some_and(|at| row[at] == "off")] {
                            @for (at, column) in self.columns.iter().enumerate() { (self.cell(row, at, column)) }
                        }
                    } }
                } }
            }
        }
    }

    /// Whether a column holds numbers only.
    fn is_numeric(&self, at: usize) -> bool {
        self.rows.iter().all(|row| row[at].is_empty() || row[at].parse::<f64>().is_ok())
    }

    fn cell(&self, row: &[String], at: usize, column: &Column) -> Markup {
        let value = row[at].as_str();
        let numeric = value.parse::<f64>().is_ok();
        let shown = display(value);
        let interval = self.interval(row, &column.name);
        let differs = value != shown || interval.is_some() || column.name == "check";
        html! {
            td.more[!column.shown].number[numeric].text[shown.len() > LONGEST_LINE] data-value=[differs.then_some(value)] {
                @match value {
                    "ok" if column.name == "check" => span.ok { "✓ ok" },
                    "off" if column.name == "check" => span.off { "✗ off" },
                    _ => (shown),
                }
                @if let Some([lo, hi]) = interval { " " span.interval { "(" (lo) " to " (hi) ")" } }
            }
        }
    }

    /// The interval of a value whose ends are columns of their own.
    fn interval(&self, row: &[String], name: &str) -> Option<[String; 2]> {
        let stem = name.strip_suffix("_time").unwrap_or(name);
        let end = |suffix: &str| {
            let at = self.columns.iter().position(|column| column.name.strip_prefix(stem) == Some(suffix))?;
            Some(display(&row[at])).filter(|end| !end.is_empty())
        };
        Some([end("_lo")?, end("_hi")?]).filter(|_| !name.is_empty())
    }

    /// Columns with a few values, from which a reader can choose.
    fn choices(&self) -> Vec<(usize, Vec<&String>)> {
        let choice = |name: &&str| {
            let at = self.position(name)?;
            let mut values: Vec<&String> = Vec::new();
            for value in self.rows.iter().map(|row| &row[at]) {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            (2..=30).contains(&values.len()).then_some((at, values))
        };
        self.choices.iter().filter_map(choice).collect()
    }
}

/// A number to three digits; anything else as it is. Whole numbers keep their digits.
fn display(value: &str) -> String {
    let plain = value.len() <= 6 || value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse::<f64>() {
        Ok(parsed) if !plain => number(parsed),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shortened_and_texts_are_not() {
        for (value, shown) in
            [("0.123456789", "0.123"), ("1234567", "1234567"), ("1.5e-9", "1.5e-9"), ("", ""), ("sgd", "sgd")]
        {
            assert_eq!(display(value), shown);
        }
    }

    #[test]
    fn cells_keep_their_digits_and_escape_their_text() {
        let rows =
            vec![vec!["1".into(), "<script>".into(), "1.23456789".into(), "1.1".into(), "1.3".into(), "off".into()]];
        let names = ["cell", "basin", "mean_time", "mean_lo", "mean_hi", "check"].into_iter();
        let html = Table::new("summary", names, rows, "").markup(1).into_string();
        assert!(html.contains(">&lt;script&gt;</td>") && !html.contains("<script>"), "{html}");
        assert!(html.contains("data-value=\"1.23456789\">1.23 <span class=\"interval\">(1.1 to 1.3)</span>"), "{html}");
        assert!(html.contains("<tr class=\"off\">") && html.contains("✗ off"), "{html}");
    }
}
