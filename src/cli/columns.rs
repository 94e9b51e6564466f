//! Tables of text.

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
