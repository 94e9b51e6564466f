//! Names of the columns of `summary.csv` that do not depend on the experiment.

/// Results that a figure can show: numbers, one per cell.
pub const RESULT_COLUMNS: [&str; 18] = [
    "mean_time",
    "median_time",
    "restricted_mean",
    "rate",
    "lambda_mean",
    "exact_mean",
    "lambda_mean_second_order",
    "theory_rate",
    "radon_measure",
    "theta",
    "volume",
    "ks_statistic",
    "ks_p",
    "events_per_path",
    "paths",
    "exited",
    "censored",
    "diverged",
];

/// Columns by whose values a figure can group cells: words.
pub const WORD_COLUMNS: [&str; 4] = ["dynamics", "optimiser", "basin", "scheme"];

/// The other columns, and parameters that have a column wherever they exist.
const OTHERS: [&str; 15] = [
    "cell",
    "dim",
    "alpha",
    "epsilon",
    "eta",
    "mean_lo",
    "mean_hi",
    "rate_lo",
    "rate_hi",
    "lambda_mean_lo",
    "lambda_mean_hi",
    "check",
    "mean_basis",
    "law",
    "jumps",
];

/// Whether a column of the summary has this name in every experiment, so that no setting can have it.
pub fn is_fixed(name: &str) -> bool {
    RESULT_COLUMNS.contains(&name) || WORD_COLUMNS.contains(&name) || OTHERS.contains(&name)
}
