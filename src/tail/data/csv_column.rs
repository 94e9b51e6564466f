//! A column of a CSV file as numbers.

use std::path::Path;

use thiserror::Error;

/// Why a column was not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// The file cannot be read, or its rows are not of one length.
    #[error(transparent)]
    File(#[from] csv::Error),
    /// The table is empty.
    #[error("it has no rows")]
    Empty,
    /// Which column is not said.
    #[error("it has {} columns, and one must be chosen: {}", columns.len(), columns.join(", "))]
    Choose {
        /// Their names, or their numbers.
        columns: Vec<String>,
    },
    /// The column is not there.
    #[error("it has no column {column:?}; there are {}", columns.join(", "))]
    NoColumn {
        /// The column asked for.
        column: String,
        /// The names that are there, or the numbers.
        columns: Vec<String>,
    },
    /// A cell that is no finite number.
    #[error("line {line}, column {column}: {text:?} is not a finite number")]
    Number {
        /// Line of the file, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        text: String,
    },
}

/// The numbers of a column, by its name or its number from 0; none need be named where there is only one.
///
/// The first row is a header unless all its cells are numbers.
///
/// # Errors
/// [`ColumnError`]; a cell that is no finite number is refused with its place.
pub fn read_column(path: &Path, column: Option<&str>) -> Result<Vec<f64>, ColumnError> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_path(path)?;
    let mut records = reader.records();
    let first = records.next().ok_or(ColumnError::Empty)??;
    let has_header = first.iter().any(|cell| cell.parse::<f64>().is_err());
    let number = |index: usize| index.to_string();
    let columns: Vec<String> = match has_header {
        true => first.iter().map(str::to_owned).collect(),
        false => (0..first.len()).map(number).collect(),
    };
    let index = match column {
        None if columns.len() == 1 => 0,
        None => return Err(ColumnError::Choose { columns }),
        Some(column) => {
            let named = columns.iter().position(|name| name == column);
            let index = named.or_else(|| column.parse().ok().filter(|index| *index < columns.len()));
            index.ok_or_else(|| ColumnError::NoColumn { column: column.to_owned(), columns: columns.clone() })?
        }
    };
    let rows = (!has_header).then_some(Ok(first)).into_iter().chain(records);
    let mut values = Vec::new();
    for record in rows {
        let record = record?;
        let text = record.get(index).unwrap_or_default();
        let value = text.parse().ok().filter(|value: &f64| value.is_finite());
        values.push(value.ok_or_else(|| ColumnError::Number {
            line: record.position().map_or(0, csv::Position::line),
            column: columns[index].clone(),
            text: text.to_owned(),
        })?);
    }
    if values.is_empty() { Err(ColumnError::Empty) } else { Ok(values) }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        assert!(matches!(read("", None), Err(ColumnError::Empty)));
        assert!(matches!(read("x\n", None), Err(ColumnError::Empty)));
        assert!(matches!(read("a,b\n1,2\n", None), Err(ColumnError::Choose { .. })));
        assert!(matches!(read("a,b\n1,2\n", Some("c")), Err(ColumnError::NoColumn { .. })));
        for bad in ["nan", "inf", "", "one"] {
            let read = read(&format!("a,b\n1,2\n{bad},3\n"), Some("a"));
            assert!(matches!(read, Err(ColumnError::Number { line: 3, .. })), "{bad}");
        }
        assert!(matches!(read("a,b\n1\n", Some("a")), Err(ColumnError::File(_))));
    }
}
