//! # Columns of a table of text
//!
//! CSV and similar formats: cells separated by commas, semicolons, tabs or bars, decimals by points or commas, with or without names in the first row.
//! Settings that [`TableSettings`] leave open are detected ([`dialect`](super::dialect)).

use std::path::Path;

use thiserror::Error;

use super::cell::{CellKind, Decimal, is_missing, kind, number};
use super::dialect::{BLANK, FirstRow, NONE, delimiter, first_row, first_rows, single_blanks, with_missing_lines};
use super::unpacked::{UnpackError, read_file};

/// Reasons why a column could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnpackError),
    /// Its rows differ in length.
    #[error(transparent)]
    Rows(#[from] csv::Error),
    /// The bytes are not UTF-8.
    #[error("it is not UTF-8 text at byte {at}")]
    Encoding {
        /// First invalid byte.
        at: usize,
    },
    /// The table is empty.
    #[error("it has no rows")]
    Empty,
    /// The first row can hold names or entries.
    #[error("its first row may hold names or entries: {first}")]
    FirstRow {
        /// The row.
        first: String,
    },
    /// There are several columns and none was chosen.
    #[error("it has {} columns; choose one of {}", columns.len(), listed(columns))]
    Choose {
        /// Their names, or their numbers.
        columns: Vec<String>,
    },
    /// No column has the requested name or number.
    #[error("it has no column {column:?}; there are {}", listed(columns))]
    NoColumn {
        /// The requested column.
        column: String,
        /// The names or numbers of the columns.
        columns: Vec<String>,
    },
    /// Several columns have the requested name.
    #[error("columns {} are all named {column:?}", numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(" and "))]
    SameName {
        /// The name.
        column: String,
        /// Numbers of the columns, from 0.
        numbers: Vec<usize>,
    },
    /// One column is requested twice.
    #[error("column {column} is requested twice")]
    Twice {
        /// Its name, or its number.
        column: String,
    },
    /// A cell that is not a finite number.
    #[error("line {line}, column {column}: {text:?} is not a finite number")]
    Number {
        /// Line of the file, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        text: String,
    },
    /// A column of dates.
    #[error("column {column} holds dates: line {line} has {text:?}")]
    Date {
        /// Line of the file, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        text: String,
    },
    /// A missing value, if these are errors.
    #[error("line {line}, column {column}: the value is missing ({text:?})")]
    Missing {
        /// Line of the file, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        text: String,
    },
    /// A comma that can separate decimals or thousands.
    #[error("line {line}, column {column}: the comma in {text:?} may separate decimals or thousands")]
    Comma {
        /// Line of the file, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        text: String,
    },
}

/// Whether the first row names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Header {
    /// Detected from the table.
    #[default]
    Detect,
    /// The first row holds names.
    Present,
    /// The first row holds entries; columns have numbers.
    Absent,
}

/// Treatment of missing values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// They are left out and counted.
    #[default]
    Omit,
    /// They are an error.
    Refuse,
}

/// Format of a table. Settings that are `None` or automatic are detected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableSettings {
    /// The delimiter; a blank stands for any number of blanks.
    pub delimiter: Option<u8>,
    /// The decimal separator.
    pub decimal: Option<Decimal>,
    /// Names in the first row.
    pub header: Header,
    /// Treatment of missing values.
    pub missing: Missing,
    /// Marks of missing values, in addition to an empty cell, NA, NaN and null.
    pub marks: Vec<String>,
    /// Requested columns: a first row that names one of them is a header.
    pub asked: Vec<String>,
}

/// A table of text.
#[derive(Clone, Debug)]
pub struct Table {
    text: String,
    settings: TableSettings,
    delimiter: u8,
    names: Vec<String>,
    header: bool,
    /// Lines removed before the first row.
    skipped: u64,
}

impl Table {
    /// The table in `bytes`.
    ///
    /// # Errors
    /// [`ColumnError`] if it is not UTF-8 or empty, or if its first row may be names or entries.
    pub fn parse(bytes: Vec<u8>, settings: TableSettings) -> Result<Self, ColumnError> {
        let mut text =
            String::from_utf8(bytes).map_err(|error| ColumnError::Encoding { at: error.utf8_error().valid_up_to() })?;
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let (stated, skipped) = spreadsheet_line(&mut text);
        let delimiter =
            settings.delimiter.or(stated).unwrap_or_else(|| delimiter(&text, &settings.marks, settings.decimal));
        if delimiter == BLANK {
            text = single_blanks(text.lines());
        } else if delimiter == NONE {
            text = with_missing_lines(&text);
        }
        let rows = first_rows(&text, delimiter);
        let Some(first) = rows.first() else { return Err(ColumnError::Empty) };
        let header = match settings.header {
            Header::Present => true,
            Header::Absent => false,
            Header::Detect => match first_row(&rows, &settings.marks, &settings.asked) {
                FirstRow::Names => true,
                FirstRow::Entries => false,
                FirstRow::Unclear => {
                    let first: Vec<String> = first.iter().take(6).map(str::to_owned).collect();
                    return Err(ColumnError::FirstRow { first: first.join(", ") });
                }
            },
        };
        let names = (0..first.len()).map(|c| if header { first[c].to_owned() } else { c.to_string() }).collect();
        Ok(Table { text, settings, delimiter, names, header, skipped })
    }

    /// Names of the columns, or their numbers.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the first row holds names.
    pub fn has_header(&self) -> bool {
        self.header
    }

    /// The delimiter; `None` for a single column.
    pub fn delimiter(&self) -> Option<char> {
        (self.delimiter != NONE).then_some(self.delimiter as char)
    }

    /// Columns in which at least half of the cells that are not missing are numbers, without an unnamed one that counts the rows. Their other
    /// cells are errors of [`values`](Table::values).
    pub fn numeric(&self) -> Vec<usize> {
        let mut counts = vec![(0usize, 0usize); self.names.len()];
        for record in self.records().map_while(Result::ok) {
            for ((numbers, others), cell) in counts.iter_mut().zip(&record) {
                match kind(cell, &self.settings.marks) {
                    CellKind::Missing => {}
                    CellKind::Number => *numbers += 1,
                    CellKind::Date | CellKind::Text => *others += 1,
                }
            }
        }
        let is_index = |c: usize| self.header && self.names[c].is_empty() && c == 0 && self.names.len() > 1;
        let is_numeric = |(numbers, others): (usize, usize)| numbers > 0 && numbers >= others;
        (0..self.names.len()).filter(|c| is_numeric(counts[*c]) && !is_index(*c)).collect()
    }

    /// The column with the given name or, if there is none, with the given number.
    ///
    /// # Errors
    /// [`ColumnError::NoColumn`], [`ColumnError::SameName`].
    pub fn find(&self, column: &str) -> Result<usize, ColumnError> {
        let numbers: Vec<usize> = (0..self.names.len()).filter(|c| self.header && self.names[*c] == column).collect();
        match numbers.as_slice() {
            [] => column
                .parse()
                .ok()
                .filter(|number| *number < self.names.len())
                .ok_or_else(|| ColumnError::NoColumn { column: column.to_owned(), columns: self.names.clone() }),
            [number] => Ok(*number),
            _ => Err(ColumnError::SameName { column: column.to_owned(), numbers }),
        }
    }

    /// The columns named in texts, each of one, or of several separated by commas.
    ///
    /// # Errors
    /// [`ColumnError::Twice`], and the errors of [`find`](Table::find).
    pub fn find_each(&self, texts: &[String]) -> Result<Vec<usize>, ColumnError> {
        let mut columns = Vec::new();
        for text in texts {
            for column in self.find_all(text)? {
                if columns.contains(&column) {
                    return Err(ColumnError::Twice { column: self.names[column].clone() });
                }
                columns.push(column);
            }
        }
        Ok(columns)
    }

    /// The columns named in a text: one, or several separated by commas.
    ///
    /// # Errors
    /// The errors of [`find`](Table::find).
    pub fn find_all(&self, columns: &str) -> Result<Vec<usize>, ColumnError> {
        match self.find(columns) {
            Ok(column) => Ok(vec![column]),
            Err(ColumnError::NoColumn { .. }) if columns.contains(',') => {
                columns.split(',').map(|column| self.find(column.trim())).collect()
            }
            Err(error) => Err(error),
        }
    }

    /// The only column, or the only one with numbers.
    ///
    /// # Errors
    /// [`ColumnError::Choose`] if there are several.
    pub fn only(&self) -> Result<usize, ColumnError> {
        if self.names.len() == 1 {
            return Ok(0);
        }
        match self.numeric().as_slice() {
            [column] => Ok(*column),
            _ => Err(ColumnError::Choose { columns: self.names.clone() }),
        }
    }

    /// The values of the given columns, row by row; NaN marks a missing one.
    ///
    /// # Errors
    /// [`ColumnError`] with the place of the first cell that is not a number; [`ColumnError::Rows`] for rows of different lengths.
    pub fn values(&self, columns: &[usize]) -> Result<Vec<f64>, ColumnError> {
        let decimals: Vec<Decimal> = columns.iter().map(|column| self.decimal(*column)).collect::<Result<_, _>>()?;
        let mut values = Vec::new();
        for record in self.records() {
            let record = record?;
            for (column, decimal) in columns.iter().zip(&decimals) {
                let text = record.get(*column).unwrap_or_default();
                values.push(match number(text, *decimal) {
                    Some(value) if self.settings.marks.is_empty() => value,
                    found => self.value(text, found, &record, *column)?,
                });
            }
        }
        if values.is_empty() { Err(ColumnError::Empty) } else { Ok(values) }
    }

    /// A cell that may be missing.
    fn value(
        &self,
        text: &str,
        found: Option<f64>,
        record: &csv::StringRecord,
        column: usize,
    ) -> Result<f64, ColumnError> {
        let missing = is_missing(text, &self.settings.marks);
        let (line, name, text) = (self.line(record), self.names[column].clone(), text.to_owned());
        match (missing, found) {
            (true, _) if self.settings.missing == Missing::Omit => Ok(f64::NAN),
            (true, _) => Err(ColumnError::Missing { line, column: name, text }),
            (false, Some(value)) => Ok(value),
            (false, None) if kind(&text, &[]) == CellKind::Date => Err(ColumnError::Date { line, column: name, text }),
            (false, None) => Err(ColumnError::Number { line, column: name, text }),
        }
    }

    /// The decimal separator of a column: a point, unless its cells are numbers only with commas.
    pub fn decimal(&self, column: usize) -> Result<Decimal, ColumnError> {
        if let Some(decimal) = self.settings.decimal {
            return Ok(decimal);
        }
        let (mut point, mut comma, mut with_comma) = (0usize, 0usize, None);
        for record in self.records() {
            let record = record?;
            let text = record.get(column).unwrap_or_default();
            if !text.contains(',') && number(text, Decimal::Point).is_some() && number(text, Decimal::Comma).is_some() {
                continue;
            }
            if is_missing(text, &self.settings.marks) {
                continue;
            }
            point += usize::from(number(text, Decimal::Point).is_some());
            comma += usize::from(number(text, Decimal::Comma).is_some());
            if with_comma.is_none() && text.contains(',') {
                with_comma = Some((self.line(&record), text.to_owned()));
            }
        }
        match with_comma {
            Some((line, text)) if point == comma && point > 0 => {
                Err(ColumnError::Comma { line, column: self.names[column].clone(), text })
            }
            Some(_) if comma > point => Ok(Decimal::Comma),
            _ => Ok(Decimal::Point),
        }
    }

    fn line(&self, record: &csv::StringRecord) -> u64 {
        record.position().map_or(0, csv::Position::line) + self.skipped
    }

    /// The rows below the names; all must have the same length.
    fn records(&self) -> impl Iterator<Item = csv::Result<csv::StringRecord>> + '_ {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .trim(csv::Trim::All)
            .delimiter(self.delimiter)
            .from_reader(self.text.as_bytes());
        reader.into_records().skip(usize::from(self.header))
    }
}

/// Removes the first line `sep=;` of a spreadsheet.
fn spreadsheet_line(text: &mut String) -> (Option<u8>, u64) {
    let first = text.lines().next().unwrap_or_default();
    match first.strip_prefix("sep=").map(str::as_bytes) {
        Some([delimiter]) => {
            let delimiter = *delimiter;
            let end = text.find('\n').map_or(text.len(), |end| end + 1);
            text.drain(..end);
            (Some(delimiter), 1)
        }
        _ => (None, 0),
    }
}

/// Names of columns that an error lists.
const MOST_LISTED: usize = 20;

/// Names of columns, quoted unless all are numbers.
fn listed(columns: &[String]) -> String {
    let are_numbers = columns.iter().all(|column| column.parse::<usize>().is_ok());
    let quoted = |column: &String| if are_numbers { column.clone() } else { format!("{column:?}") };
    let mut listed: Vec<String> = columns.iter().take(MOST_LISTED).map(quoted).collect();
    if columns.len() > MOST_LISTED {
        listed.push(format!("… ({} in all)", columns.len()));
    }
    listed.join(", ")
}

/// The numbers of a column of a file, by its name or its number from 0. `None` chooses the only column, or the only one with
/// numbers. Missing values are left out.
///
/// # Errors
/// [`ColumnError`]; a cell that is not a finite number is rejected with its place.
pub fn read_column(path: &Path, column: Option<&str>) -> Result<Vec<f64>, ColumnError> {
    let asked = column.map(str::to_owned).into_iter().collect();
    let table = Table::parse(read_file(path)?, TableSettings { asked, ..TableSettings::default() })?;
    let column = column.map_or_else(|| table.only(), |column| table.find(column))?;
    let values: Vec<f64> = table.values(&[column])?.into_iter().filter(|value| !value.is_nan()).collect();
    if values.is_empty() { Err(ColumnError::Empty) } else { Ok(values) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        Table::parse(text.as_bytes().to_vec(), TableSettings::default()).unwrap()
    }

    fn read(text: &str, column: Option<&str>) -> Result<Vec<f64>, ColumnError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.csv");
        std::fs::write(&path, text).unwrap();
        read_column(&path, column)
    }

    #[test]
    fn columns_by_name_and_number() {
        let text = "time, value\n0, 1.5\n1, -2e-3\n";
        assert_eq!(read(text, Some("value")).unwrap(), [1.5, -2e-3]);
        assert_eq!(read(text, Some("0")).unwrap(), [0.0, 1.0]);
        assert_eq!(read("1\n2\n", None).unwrap(), [1.0, 2.0]);
        assert_eq!(read("1,2\n3,4\n", Some("1")).unwrap(), [2.0, 4.0]);
        assert_eq!(read("date,r\n2020-01-01,1\n2020-01-02,2\n", None).unwrap(), [1.0, 2.0]);
        assert_eq!(read("2019,2020\n0,0.5\n1,1.5\n", Some("2020")).unwrap(), [0.5, 1.5]);
        assert_eq!(read("2019,2020\n0,0.5\n1,1.5\n", Some("1")).unwrap(), [0.5, 1.5]);
        assert_eq!(read("a,\"b, c\"\n1,2\n", Some("b, c")).unwrap(), [2.0]);
        assert_eq!(table("a,b,c\n1,2,3\n").find_all("c,a").unwrap(), [2, 0]);
    }

    #[test]
    fn tables_of_the_continent() {
        assert_eq!(read("date;r\n2020-01-01;0,5\n2020-01-02;-1,25\n", Some("r")).unwrap(), [0.5, -1.25]);
        assert_eq!(read("sep=;\nr;s\n1.234,5;1\n0,5;2\n", Some("r")).unwrap(), [1234.5, 0.5]);
        assert_eq!(read("r\n0,5\n1,25\n-3,5\n", None).unwrap(), [0.5, 1.25, -3.5]);
        assert_eq!(read("\u{feff}r\n1.5\n", Some("r")).unwrap(), [1.5]);
        assert_eq!(read("r,s\n\"1,234.5\",1\n0.5,2\n", Some("r")).unwrap(), [1234.5, 0.5]);
        assert!(matches!(read("r;s\n1,234;1\n5,678;2\n", Some("r")), Err(ColumnError::Comma { line: 2, .. })));
    }

    #[test]
    fn missing_values_are_left_out() {
        assert_eq!(read("r\nNA\n1.5\nnan\n2\nnull\n", None).unwrap(), [1.5, 2.0]);
        assert_eq!(read("r,s\n,1\n1.5,2\n", Some("r")).unwrap(), [1.5]);
        let refuse = TableSettings { missing: Missing::Refuse, ..TableSettings::default() };
        let table = Table::parse(b"r\n1\nNA\n".to_vec(), refuse).unwrap();
        assert!(matches!(table.values(&[0]), Err(ColumnError::Missing { line: 3, .. })));
        let marks = TableSettings { marks: vec!["-999".to_owned()], ..TableSettings::default() };
        let table = Table::parse(b"r\n1\n-999\n".to_vec(), marks).unwrap();
        assert!(table.values(&[0]).unwrap()[1].is_nan());
    }

    #[test]
    fn a_column_of_numbers_with_a_wrong_cell_is_not_left_out() {
        let rows = |row: fn(usize) -> String| -> String { (0..500).map(row).collect() };
        let text = format!("t,r\n{}", rows(|i| format!("{i},{}\n", if i == 250 { "." } else { "0.5" })));
        assert!(matches!(read(&text, None), Err(ColumnError::Choose { .. })));
        let table = table(&text);
        assert!(matches!(table.values(&table.numeric()), Err(ColumnError::Number { line: 252, .. })));
        let dates = format!("date,r\n{}", rows(|i| format!("2020-01-01,{}\n", if i == 1 { "." } else { "0.5" })));
        assert!(matches!(read(&dates, None), Err(ColumnError::Number { line: 3, .. })));
        let late = format!("s,r\n{}", rows(|i| format!("a,{}\n", if i < 240 { "" } else { "0.5" })));
        assert_eq!(read(&late, None).unwrap().len(), 260);
        let text = format!("t,s\n{}", rows(|i| format!("{i},{}\n", if i % 3 == 0 { "1" } else { "a" })));
        assert_eq!(read(&text, None).unwrap().len(), 500);
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        assert!(matches!(read("", None), Err(ColumnError::Empty)));
        assert!(matches!(read("x\n", None), Err(ColumnError::Empty)));
        assert!(matches!(read("x\nNA\n", None), Err(ColumnError::Empty)));
        assert!(matches!(read("a,b\n1,2\n", None), Err(ColumnError::Choose { .. })));
        let names = read("name,\"re, turn\"\n1,2\n", None).unwrap_err();
        assert_eq!(names.to_string(), "it has 2 columns; choose one of \"name\", \"re, turn\"");
        assert!(matches!(
            table("a,b\n1,2\n").find_each(&["a".to_owned(), "b,0".to_owned()]),
            Err(ColumnError::Twice { .. })
        ));
        assert!(matches!(read("a,b\n1,2\n", Some("c")), Err(ColumnError::NoColumn { .. })));
        assert!(matches!(read("a,a\n1,2\n", Some("a")), Err(ColumnError::SameName { .. })));
        assert!(matches!(read("a,b\n2020-01-01,2\n", Some("a")), Err(ColumnError::Date { line: 2, .. })));
        assert!(matches!(read("2000\n37\n12\n", None), Err(ColumnError::FirstRow { .. })));
        for bad in ["inf", "one", "1e999", "0x10"] {
            let read = read(&format!("a,b\n1,2\n{bad},3\n"), Some("a"));
            assert!(matches!(read, Err(ColumnError::Number { line: 3, .. })), "{bad}");
        }
        assert!(matches!(read("a,b\n1\n", Some("a")), Err(ColumnError::Rows(_) | ColumnError::NoColumn { .. })));
        assert!(matches!(
            Table::parse(b"a\n\xff\n".to_vec(), TableSettings::default()),
            Err(ColumnError::Encoding { at: 2 })
        ));
    }
}
