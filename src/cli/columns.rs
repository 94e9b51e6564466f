//! Tables of text, and the numbers in them.

/// Columns of equal width, to the left where `left` has their number and to the right elsewhere.
pub fn aligned(rows: &[impl AsRef<[String]>], left: &[usize]) -> Vec<String> {
    let width = |text: &String| text.chars().count();
    let columns = rows.first().map_or(0, |row| row.as_ref().len());
    let widest = |c: usize| rows.iter().map(|row| width(&row.as_ref()[c])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(c, (text, widest))| {
            let pad = " ".repeat(widest - width(text));
            if left.contains(&c) { format!("{text}{pad}") } else { format!("{pad}{text}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(|row| line(row.as_ref())).collect()
}

/// `1 cell`, `2 cells`.
pub fn counted(count: impl std::fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Four significant digits: `0.1234`, `75.13`, `123456`; below 1e-4 and from 1e6 on `1.234e-5`.
pub fn number(x: f64) -> String {
    // Of the rounded number: 999999.9 has seven digits.
    let scientific = format!("{x:.3e}");
    let decade = scientific.split_once('e').and_then(|(_, decade)| decade.parse::<i32>().ok());
    match decade {
        _ if x == 0.0 => "0".to_owned(),
        Some(decade) if (-4..6).contains(&decade) => format!("{x:.*}", (3 - decade).max(0) as usize),
        _ => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits() {
        for (x, text) in [
            (0.1, "0.1000"),
            (12.3456, "12.35"),
            (1234.5, "1234"),
            (123_456.0, "123456"),
            (999_999.9, "1.000e6"),
            (1e100, "1.000e100"),
            (0.000_123_4, "0.0001234"),
            (1e-9, "1.000e-9"),
            (-0.5, "-0.5000"),
            (f64::INFINITY, "inf"),
            (0.0, "0"),
        ] {
            assert_eq!(number(x), text);
        }
    }
}
