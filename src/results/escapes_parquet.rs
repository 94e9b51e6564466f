//! `escapes.parquet`: the typed columns of `escapes.csv`. The exit site of a path that did not leave is null, and so is an unknown well.
//!
//! Cell and path numbers have a delta encoding, words a dictionary, and floating-point numbers byte-stream splitting. A row takes about 16
//! bytes without compression.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Encoding;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::table::TableError;
use crate::files::AtomicFile;
use crate::scheme::{Departure, ExitSite, Outcome, Side};

const NAME: &str = "escapes.parquet";
const SCHEMA: &str = "message escapes {
    required int64 cell (integer(64, false));
    required int64 path (integer(64, false));
    required binary outcome (string);
    required double time;
    optional int32 axis (integer(32, false));
    optional binary side (string);
    optional double overshoot;
    optional boolean by_jump;
    optional int32 landed (integer(16, false));
}";
/// Rows of a group, which are held in memory. A file has at most 32,767 groups.
const GROUP: usize = 1 << 20;
/// Rows that are written at once.
const BATCH: usize = 4_096;

struct Row {
    cell: u64,
    path: u64,
    outcome: Outcome,
}

/// The file being written. Without [`ParquetEscapes::finish`] it is removed.
pub(super) struct ParquetEscapes {
    place: PathBuf,
    file: SerializedFileWriter<AtomicFile>,
    rows: Vec<Row>,
}

impl ParquetEscapes {
    pub fn create(folder: &Path) -> Result<Self, TableError> {
        let place = folder.join(NAME);
        let part = AtomicFile::create(&place).map_err(|source| TableError::Write { path: place.clone(), source })?;
        let open = || {
            let schema = Arc::new(parse_message_type(SCHEMA)?);
            SerializedFileWriter::new(part, schema, Arc::new(properties()))
        };
        let file = open().map_err(|error| failed(&place, error))?;
        Ok(ParquetEscapes { place, file, rows: Vec::new() })
    }

    pub fn write(&mut self, cell: u64, first: u64, outcomes: &[Outcome]) -> Result<(), TableError> {
        let rows = (first..).zip(outcomes).map(|(path, outcome)| Row { cell, path, outcome: *outcome });
        self.write_rows(rows, GROUP)
    }

    /// Groups have `group` rows each, however many come at once: the bytes must not depend on the rows of the store.
    fn write_rows(&mut self, mut rows: impl Iterator<Item = Row>, group: usize) -> Result<(), TableError> {
        loop {
            let room = group - self.rows.len();
            self.rows.extend(rows.by_ref().take(room));
            if self.rows.len() < group {
                return Ok(());
            }
            self.write_group()?;
        }
    }

    pub fn finish(mut self) -> Result<(), TableError> {
        self.write_group()?;
        let ParquetEscapes { place, file, .. } = self;
        let file = file.into_inner().map_err(|error| failed(&place, error))?;
        file.finish().map_err(|source| TableError::Write { path: place, source })
    }

    fn write_group(&mut self) -> Result<(), TableError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let written = self.file.next_row_group().and_then(|group| write_columns(group, &self.rows));
        self.rows.clear();
        written.map_err(|error| failed(&self.place, error))
    }
}

fn properties() -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for (column, encoding) in [
        ("cell", Encoding::DELTA_BINARY_PACKED),
        ("path", Encoding::DELTA_BINARY_PACKED),
        ("time", Encoding::BYTE_STREAM_SPLIT),
        ("axis", Encoding::DELTA_BINARY_PACKED),
        ("overshoot", Encoding::BYTE_STREAM_SPLIT),
    ] {
        let column = ColumnPath::from(column);
        properties =
            properties.set_column_dictionary_enabled(column.clone(), false).set_column_encoding(column, encoding);
    }
    properties.build()
}

fn write_columns(mut group: SerializedRowGroupWriter<'_, AtomicFile>, rows: &[Row]) -> Result<(), ParquetError> {
    let [exited, censored, diverged] = ["exited", "censored", "diverged"].map(ByteArray::from);
    let [minus, plus] = ["-", "+"].map(ByteArray::from);
    let site = |row: &Row| row.outcome.site();
    let some = |row: &Row, of: &dyn Fn(ExitSite) -> i32| site(row).map(of);
    column::<Int64Type>(&mut group, rows, |row| Some(row.cell as i64))?;
    column::<Int64Type>(&mut group, rows, |row| Some(row.path as i64))?;
    column::<ByteArrayType>(&mut group, rows, |row| {
        Some(match row.outcome {
            Outcome::Exited { .. } => exited.clone(),
            Outcome::Censored { .. } => censored.clone(),
            Outcome::Diverged { .. } => diverged.clone(),
        })
    })?;
    column::<DoubleType>(&mut group, rows, |row| {
        Some(match row.outcome {
            Outcome::Exited { time, .. } => time,
            Outcome::Censored { at } | Outcome::Diverged { at } => at,
        })
    })?;
    column::<Int32Type>(&mut group, rows, |row| some(row, &|site| site.axis as i32))?;
    column::<ByteArrayType>(&mut group, rows, |row| {
        site(row).map(|site| if site.side == Side::Minus { minus.clone() } else { plus.clone() })
    })?;
    column::<DoubleType>(&mut group, rows, |row| site(row).map(|site| site.overshoot))?;
    column::<BoolType>(&mut group, rows, |row| site(row).map(|site| site.by == Departure::Jump))?;
    column::<Int32Type>(&mut group, rows, |row| Some(i32::from(site(row)?.landed?.get())))?;
    group.close().map(|_| ())
}

/// Writes the next column with the values of `of`; `None` is null.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, AtomicFile>,
    rows: &[Row],
    of: impl Fn(&Row) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("more columns than the schema has".to_string()));
    };
    for batch in rows.chunks(BATCH) {
        let values: Vec<Option<T::T>> = batch.iter().map(&of).collect();
        let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
        let values: Vec<T::T> = values.into_iter().flatten().collect();
        // A required column ignores the levels.
        column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    }
    column.close()
}

fn failed(place: &Path, error: ParquetError) -> TableError {
    let source = match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    };
    TableError::Write { path: place.to_owned(), source }
}
