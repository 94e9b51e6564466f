//! The content of a cell of a table: a number in either notation, a date, nothing, or text.

/// The decimal separator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// `1234.5` or `1,234.5`.
    Point,
    /// `1234,5` or `1.234,5`.
    Comma,
}

/// Kind of the content of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    Missing,
    Number,
    Date,
    Text,
}

/// Marks of a missing value, in lower case, of R, NumPy, pandas, SQL and spreadsheets.
const MARKS: [&str; 13] =
    ["", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "+nan", "null", "none", "#n/a n/a", "nil"];

/// Whether the cell marks a missing value; `more` are additional marks.
pub fn is_missing(text: &str, more: &[String]) -> bool {
    // No mark is longer, and most cells are numbers, which then need no copy.
    (text.len() <= 8 && MARKS.contains(&text.to_ascii_lowercase().as_str())) || more.iter().any(|mark| mark == text)
}

/// The finite number in the cell.
pub fn number(text: &str, decimal: Decimal) -> Option<f64> {
    let (group, point) = match decimal {
        Decimal::Point => (',', '.'),
        Decimal::Comma => ('.', ','),
    };
    let value: f64 = if !text.contains([group, ',']) {
        text.parse().ok()?
    } else {
        let (whole, decimals) = text.split_once(point).map_or((text, None), |(whole, part)| (whole, Some(part)));
        let whole = if whole.contains(group) { ungrouped(whole, group)? } else { whole.to_owned() };
        match decimals {
            Some(part) if part.contains([group, point]) => return None,
            // `"step": 0,` of JSON.
            Some("") if point == ',' => return None,
            Some(part) => format!("{whole}.{part}").parse().ok()?,
            None => whole.parse().ok()?,
        }
    };
    value.is_finite().then_some(value)
}

/// `-1,234,567` without its separators: groups of three after a first of one to three digits.
fn ungrouped(text: &str, group: char) -> Option<String> {
    let digits = text.trim_start_matches(['+', '-']);
    let mut groups = digits.split(group);
    let first = groups.next()?;
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=3).contains(&first.len()) && is_digits(first) && !first.starts_with('0');
    (fits && groups.all(|part| part.len() == 3 && is_digits(part))).then(|| text.replace(group, ""))
}

/// The kind of the cell, for either notation.
pub fn kind(text: &str, marks: &[String]) -> CellKind {
    if is_missing(text, marks) {
        CellKind::Missing
    } else if number(text, Decimal::Point).or_else(|| number(text, Decimal::Comma)).is_some() {
        CellKind::Number
    } else if is_date(text) {
        CellKind::Date
    } else {
        CellKind::Text
    }
}

/// Whether this follows the time of a date: nothing, a zone such as `+01:00`, `-0500` or `UTC`, or a half of the day.
fn is_zone(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    let offset = digits.len() < text.len() && digits.chars().filter(char::is_ascii_digit).count() == 4;
    offset && digits.chars().all(|c| c.is_ascii_digit() || c == ':') || text.chars().all(|c| c.is_ascii_alphabetic())
}

/// `2020-01-31`, `31.1.2020`, `1/31/20`, with or without a time and a zone; `09:30:00`; `31-Jan-2020`; `2020-Q1`.
fn is_date(text: &str) -> bool {
    let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let mut words = time.split_whitespace();
    if words.next().is_some_and(|time| !time.contains(':')) || !words.all(is_zone) {
        return false;
    }
    let separator = day.chars().find(|c| ['-', '/', '.', ':'].contains(c));
    let Some(separator) = separator else { return false };
    let parts: Vec<&str> = day.split(separator).collect();
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let is_number = |part: &str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
    let is_seconds = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_month = |part: &str| {
        part.get(..3).is_some_and(|start| months.contains(&start.to_ascii_lowercase().as_str()))
            || part.strip_prefix('Q').is_some_and(is_number)
    };
    (2..=3).contains(&parts.len())
        && parts.iter().all(|part| is_number(part) || is_month(part) || (separator == ':' && is_seconds(part)))
        && (parts.len() == 3 || separator == ':' || parts.iter().any(|part| is_month(part)) || parts[0].len() == 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_both_notations() {
        for (text, point, comma) in [
            ("1.5", Some(1.5), None),
            ("-2e-3", Some(-2e-3), Some(-2e-3)),
            ("12", Some(12.0), Some(12.0)),
            ("0,505", None, Some(0.505)),
            ("-7,5e2", None, Some(-750.0)),
            ("1,234", Some(1234.0), Some(1.234)),
            ("1,234.5", Some(1234.5), None),
            ("1,234,567", Some(1_234_567.0), None),
            ("1.234,5", None, Some(1234.5)),
            ("1.234.567,5", None, Some(1_234_567.5)),
            ("12,34.5", None, None),
            ("1.2.3", None, None),
            ("0,", None, None),
            ("inf", None, None),
            ("1e999", None, None),
            ("abc", None, None),
        ] {
            assert_eq!(number(text, Decimal::Point), point, "{text}");
            assert_eq!(number(text, Decimal::Comma), comma, "{text}");
        }
        assert_eq!(number("1.234", Decimal::Comma), Some(1234.0));
    }

    #[test]
    fn cells_are_told_apart() {
        for text in [
            "2020-01-31",
            "31.1.2020",
            "1/31/20",
            "2020-01-31T09:30:00Z",
            "2020-01-31 09:30",
            "2020-01-31 09:30:00 -0500",
            "1/31/20 9:30 PM UTC",
            "31-Jan-2020",
            "09:30:00.125",
            "2020-Q1",
            "2020-01",
        ] {
            assert_eq!(kind(text, &[]), CellKind::Date, "{text}");
        }
        for text in ["close", "a-b", "r.x", "1-2", "::", "AAPL", "2020-01-31 0.5", "2020-01-31 09:30 -0.5 1.5"] {
            assert_eq!(kind(text, &[]), CellKind::Text, "{text}");
        }
        for text in ["", "NA", "NaN", "null", "N/A", "None"] {
            assert_eq!(kind(text, &[]), CellKind::Missing, "{text}");
        }
        assert_eq!(kind("-999", &["-999".to_owned()]), CellKind::Missing);
        assert_eq!(kind("0,5", &[]), CellKind::Number);
    }
}
