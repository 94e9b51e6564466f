//! The format of a table: the delimiter, and whether the first row holds names.
//!
//! Both are detected from the first rows. If they are ambiguous, the result is an error, since a wrong guess would lose an entry
//! or invent one.

use super::cell::{CellKind, Decimal, kind};

/// Number of rows used for the detection.
const ROWS: usize = 200;
const DELIMITERS: [u8; 4] = *b",;\t|";
/// The delimiter of a table of one column, which occurs in no text.
pub const NONE: u8 = 0x1f;
/// The delimiter of rows whose cells are separated by any number of blanks.
pub const BLANK: u8 = b' ';
/// Integers that can be years.
const YEARS: std::ops::RangeInclusive<u32> = 1800..=2200;

/// Whether the first row holds names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstRow {
    Names,
    Entries,
    /// Unclear.
    Unclear,
}

/// The first rows of `text`, each with as many cells as it has.
pub fn first_rows(text: &str, delimiter: u8) -> Vec<csv::StringRecord> {
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    reader.into_records().take(ROWS).map_while(Result::ok).collect()
}

/// The delimiter: among those that give all rows the same number of cells, the one with the most numbers and dates; no comma if that separates
/// `decimals`.
pub fn delimiter(text: &str, marks: &[String], decimals: Option<Decimal>) -> u8 {
    let is_possible = |delimiter: &u8| *delimiter != b',' || decimals != Some(Decimal::Comma);
    let readable = |rows: &[csv::StringRecord]| {
        let (mut good, mut all) = (0usize, 0usize);
        for cell in rows.iter().flatten() {
            all += 1;
            good += usize::from(kind(cell, marks) != CellKind::Text);
        }
        good as f64 / all.max(1) as f64
    };
    let is_even = |rows: &[csv::StringRecord]| {
        rows.first().is_some_and(|first| first.len() > 1 && rows.iter().all(|row| row.len() == first.len()))
    };
    let mut best: Option<(f64, u8)> = None;
    for delimiter in DELIMITERS.into_iter().filter(is_possible) {
        let rows = first_rows(text, delimiter);
        let share = readable(&rows);
        if delimiter == b',' && are_decimals(text, &rows) {
            continue;
        }
        if is_even(&rows) && best.is_none_or(|(most, _)| share > most) {
            best = Some((share, delimiter));
        }
    }
    let rows = first_rows(text, NONE);
    let of_one_column = readable(&rows[1.min(rows.len())..]);
    let aligned = first_rows(&single_blanks(text.lines().take(ROWS)), BLANK);
    if is_even(&aligned) && readable(&aligned) > best.map_or(of_one_column, |(most, _)| most.max(of_one_column)) {
        return BLANK;
    }
    if let Some((_, delimiter)) = best {
        return delimiter;
    }
    // In one column of numbers with decimal commas only the header has another number of cells.
    let one_column = of_one_column > 0.5;
    if one_column || !text.contains([',', ';', '\t', '|']) {
        return NONE;
    }
    // Uneven rows are rejected later, with their place; the most frequent delimiter is used.
    let count =
        |delimiter: &u8| rows.iter().flatten().map(|cell| cell.matches(*delimiter as char).count()).sum::<usize>();
    DELIMITERS.into_iter().filter(is_possible).rev().max_by_key(count).unwrap_or(b',')
}

/// Whether what commas cut into two integers are numbers with decimal commas: `0,05` and `-1,7`, but not `1,12` and `2,34`. The second part has no sign,
/// and begins with a zero somewhere.
fn are_decimals(text: &str, rows: &[csv::StringRecord]) -> bool {
    let is_whole = |cell: &str| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    let is_cut = |row: &csv::StringRecord| {
        row.len() == 2 && is_whole(row[0].trim_start_matches(['+', '-'])) && is_whole(&row[1])
    };
    !text.contains('.')
        && rows.iter().all(is_cut)
        && rows.iter().any(|row| row[1].len() > 1 && row[1].starts_with('0') || row[0].starts_with("-0"))
}

/// The lines of a table of one column, in which a blank line between two rows is a missing value. Where every other line is blank, it is not.
pub fn with_missing_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_row = |line: &&str| !line.trim().is_empty();
    let (Some(first), Some(last)) = (lines.iter().position(is_row), lines.iter().rposition(is_row)) else {
        return text.to_owned();
    };
    // Behind the names, if there are any, no value can be missing before the first.
    let second = lines.iter().skip(first + 1).position(is_row).map_or(last, |k| first + 1 + k);
    let (rows, inner) = (lines.iter().filter(|line| is_row(line)).count(), second..=last);
    let blank = lines[inner.clone()].iter().filter(|line| !is_row(line)).count();
    let counts = blank > 0 && blank + 2 < rows;
    let mut out = String::with_capacity(text.len() + 2 * blank);
    for (number, line) in lines.iter().enumerate() {
        out.push_str(if counts && inner.contains(&number) && !is_row(line) { "\"\"" } else { line });
        out.push('\n');
    }
    out
}

/// The lines with one blank between cells. Those that begin with `#` are comments, as NumPy writes them; the last one above the rows names the
/// columns if it has as many words as the first row. A first line of one word less names all columns but the first, that of the rows' names, as
/// R and pandas write them.
pub fn single_blanks<'t>(lines: impl Iterator<Item = &'t str>) -> String {
    let joined = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = lines.peekable();
    let mut comments = Vec::new();
    while let Some(line) = lines.next_if(|line| line.starts_with('#')) {
        comments.push(joined(line.trim_start_matches('#')));
    }
    let words = |line: &str| line.split_whitespace().count();
    let named = comments.last().zip(lines.peek()).is_some_and(|(names, row)| words(names) == words(row));
    let (last, mut text) = (comments.len().saturating_sub(1), String::new());
    for (number, comment) in comments.iter().enumerate() {
        text.push_str(if named && number == last { comment } else { "" });
        text.push('\n');
    }
    let mut rows = lines.map(|line| if line.starts_with('#') { String::new() } else { joined(line) }).peekable();
    if let Some(names) = rows.next() {
        let are_names = names.split(' ').all(|word| kind(word, &[]) == CellKind::Text);
        let is_short = rows.peek().is_some_and(|row| words(row) == words(&names) + 1);
        text.push_str(if are_names && is_short { " " } else { "" });
        text.push_str(&names);
        text.push('\n');
    }
    rows.for_each(|row| text.extend([row.as_str(), "\n"]));
    text
}

/// Whether the first row holds names. `asked` are the requested columns.
pub fn first_row(rows: &[csv::StringRecord], marks: &[String], asked: &[String]) -> FirstRow {
    let [first, rest @ ..] = rows else { return FirstRow::Entries };
    let is_number = |name: &String| name.parse().is_ok_and(|number: usize| number < first.len());
    if asked.iter().any(|name| !is_number(name) && first.iter().any(|cell| cell == name)) {
        return FirstRow::Names;
    }
    let columns: Vec<(CellKind, CellKind)> =
        (0..first.len()).map(|c| (kind(&first[c], marks), majority(rest, c, marks))).collect();
    let names = columns.iter().any(|(first, rest)| match rest {
        CellKind::Number => matches!(first, CellKind::Text | CellKind::Date),
        CellKind::Date => matches!(first, CellKind::Text | CellKind::Number),
        _ => false,
    });
    let entries = columns.iter().any(|pair| {
        matches!(
            pair,
            (CellKind::Number, CellKind::Number | CellKind::Text | CellKind::Missing)
                | (CellKind::Date, CellKind::Date)
        )
    });
    let labels = labels(first, rest, marks);
    match (names, entries) {
        (true, false) => FirstRow::Names,
        (_, true) if labels == Some(true) => FirstRow::Names,
        (_, true) if labels == Some(false) => FirstRow::Unclear,
        (false, true) => FirstRow::Entries,
        (true, true) => FirstRow::Unclear,
        (false, false) if columns.iter().all(|(first, _)| *first == CellKind::Missing) => FirstRow::Entries,
        // An index column without a name next to names, or columns of text.
        (false, false) if columns.iter().any(|(first, _)| *first == CellKind::Text) => FirstRow::Names,
        (false, false) => FirstRow::Entries,
    }
}

/// The most frequent kind of the cells of a column.
fn majority(rows: &[csv::StringRecord], column: usize, marks: &[String]) -> CellKind {
    let mut counts = [0; 3];
    for cell in rows.iter().filter_map(|row| row.get(column)) {
        match kind(cell, marks) {
            CellKind::Number => counts[0] += 1,
            CellKind::Date => counts[1] += 1,
            CellKind::Text => counts[2] += 1,
            CellKind::Missing => {}
        }
    }
    let all: usize = counts.iter().sum();
    match counts {
        _ if all == 0 => CellKind::Missing,
        [numbers, ..] if 2 * numbers > all => CellKind::Number,
        [_, dates, _] if 2 * dates > all => CellKind::Date,
        _ => CellKind::Text,
    }
}

/// Whether numbers in the first row are names: `Some(true)` for years, or 0, 1, 2, …, above numbers with decimals; `Some(false)` for years above
/// other integers, and for 1, 2, … above numbers with decimals, which may be names or entries; `None` for other numbers.
fn labels(first: &csv::StringRecord, rest: &[csv::StringRecord], marks: &[String]) -> Option<bool> {
    // An index column, with or without a name, may precede the labels.
    let skipped =
        usize::from(first.len() > 1 && first[0].parse::<u32>().is_err() && kind(&first[0], marks) != CellKind::Number);
    let parse = |cell: &str| cell.parse::<u32>().ok().filter(|_| !cell.starts_with('+'));
    let integers: Vec<u32> = first.iter().skip(skipped).map(parse).collect::<Option<_>>()?;
    let counts_from = |first| integers.iter().zip(first..).all(|(integer, place)| *integer == place);
    let counted = counts_from(0) && !integers.is_empty();
    let counted_from_one = counts_from(1) && integers.len() > 1;
    let years = integers.iter().all(|integer| YEARS.contains(integer)) && !integers.is_empty();
    if !(counted || counted_from_one || years) || rest.is_empty() {
        return None;
    }
    let mut has_decimals = false;
    let (mut alike, mut all) = (0usize, 0usize);
    for cell in
        rest.iter().flat_map(|row| row.iter().skip(skipped)).filter(|cell| kind(cell, marks) == CellKind::Number)
    {
        has_decimals |= cell.contains(['.', ',']);
        alike += usize::from(parse(cell).is_some_and(|integer| YEARS.contains(&integer)));
        all += 1;
    }
    if has_decimals {
        return Some(!counted_from_one);
    }
    // If most integers of the column are years, so is this one.
    (years && 2 * alike < all).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str, asked: &[&str]) -> FirstRow {
        let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
        first_row(&first_rows(text, delimiter(text, &[], None)), &[], &asked)
    }

    #[test]
    fn delimiters_are_found() {
        for (text, expected) in [
            ("a,b\n1,2\n", b','),
            ("date;r\n2020-01-01;0,5\n2020-01-02;1,5\n", b';'),
            ("2020-01-01;0,5\n2020-01-02;1,5\n", b';'),
            ("a\tb\n1\t2\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("\"a;b\",c\n1,2\n", b','),
            ("r\n0,5\n1,5\n-2,5\n", NONE),
            ("1 2\n3 4\n", BLANK),
            ("    x      y\n  1.5   -2\n -3.25   4\n", BLANK),
            ("# x y\n1.0e+00 2.0e+00\n3.0e+00 4.0e+00\n", BLANK),
            ("1,5 2,5\n-3,5 4,5\n", BLANK),
            ("2020-01-01 10:00:00 1.5 -2\n2020-01-02 11:00:00 2.5 1\n", BLANK),
            ("   g    c\n1 0.5 -1\n2 1.5  3\n", BLANK),
            ("1, 2\n3, 4\n", b','),
            ("2020-01-01 10:00:00\n2020-01-02 11:00:00\n", NONE),
            ("2020-01-01 10:00:00,1\n2020-01-02 11:00:00,2\n", b','),
            ("two words\nthree words\n", NONE),
            ("r\n0.5\n1.5\n", NONE),
            ("0,5\n-1,05\n2,5\n", NONE),
            ("-0,5\n-1,25\n2,5\n", NONE),
            ("1,12\n2,34\n", b','),
            ("0,05\n1,-3\n", b','),
        ] {
            assert_eq!(delimiter(text, &[], None), expected, "{text}");
        }
    }

    #[test]
    fn a_stated_decimal_comma_separates_no_cells() {
        assert_eq!(delimiter("1,12\n2,34\n", &[], Some(Decimal::Comma)), NONE);
        assert_eq!(delimiter("1,12;3\n2,34;4\n", &[], Some(Decimal::Comma)), b';');
        assert_eq!(delimiter("1,12\n2,34\n", &[], Some(Decimal::Point)), b',');
    }

    #[test]
    fn blank_lines_between_rows_are_missing_values() {
        assert_eq!(with_missing_lines("x\n\n1\n\n2\n3\n4\n\n\n"), "x\n\n1\n\"\"\n2\n3\n4\n\n\n");
        assert_eq!(with_missing_lines("1\n\n2\n\n3\n\n4"), "1\n\n2\n\n3\n\n4\n");
        assert_eq!(with_missing_lines("1\n2\n"), "1\n2\n");
        assert_eq!(with_missing_lines("\n"), "\n");
    }

    #[test]
    fn comments_above_blank_separated_rows_are_not_rows() {
        let of = |text: &str| single_blanks(text.lines());
        assert_eq!(of("# by NumPy\n#a b  c\n1  2   3\n"), "\na b c\n1 2 3\n");
        assert_eq!(of("# by NumPy 2\n1\t2\n 3 4 \n"), "\n1 2\n3 4\n");
        assert_eq!(of("1 2\n# in between\n3 4\n"), "1 2\n\n3 4\n");
        assert_eq!(of("    g  c\n0  1  2\n1  3  4\n"), " g c\n0 1 2\n1 3 4\n");
        assert_eq!(of("1 2\n1 2 3\n"), "1 2\n1 2 3\n");
        assert_eq!(of(""), "");
    }

    #[test]
    fn first_rows_are_told_from_entries() {
        use FirstRow::{Entries, Names, Unclear};
        for (text, expected) in [
            ("a,b\n1,2\n", Names),
            ("1\n2\n3\n", Entries),
            ("2020-01-01,0.5\n2020-01-02,1.5\n", Entries),
            ("AAPL,0.5\nAAPL,1.5\n", Entries),
            ("2019,2020\n0,0.5\n1,1.5\n", Names),
            ("2020\n0.5\n-1.25\n", Names),
            ("date,2020,2021\n2020-01-01,0.5,1.5\n", Names),
            (",0\n0,0.5\n1,1.5\n2,2.5\n", Names),
            ("0,1,2\n0.5,1.5,2.5\n0.25,3.5,1.25\n", Names),
            ("0,1\n3,5\n7,2\n", Entries),
            ("1,2\n3,5\n7,2\n", Entries),
            ("1,2\n0.5,1.5\n2.5,3.5\n", Unclear),
            ("2000\n37\n12\n950\n", Unclear),
            ("2000\n1950\n2010\n1999\n", Entries),
            ("x,0.75\n0.5,1.5\n0.25,3.5\n", Unclear),
            ("NA\n1.5\n2.5\n", Entries),
            ("r\nNA\n1.5\n", Names),
            ("1\n2\nabc\n", Entries),
            ("x\n", Names),
        ] {
            assert_eq!(first(text, &[]), expected, "{text}");
        }
        assert_eq!(first("7,9\n3,5\n1,4\n", &["9"]), Names);
        assert_eq!(first("7,9\n3,5\n1,4\n", &["1"]), Entries);
    }
}
