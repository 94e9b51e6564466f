//! The samples in a file of data.

use std::io;
use std::path::Path;

use super::failure::TailIndexFailure as Failure;
use crate::cli::line::arguments::{DataFormat, MissingValues, SampleAxis, TailIndexOptions};
use crate::tail::{
    ColumnError, Decimal, Grid, Header, Missing, NpyArray, Series, Step, Table, TableSettings, read_file, read_from,
    read_npz, read_safetensors,
};

/// What was read.
pub struct LoadedData {
    pub samples: Vec<Series>,
    /// How the file was understood, where it did not say so itself.
    pub notes: Vec<String>,
}

impl LoadedData {
    /// Reads the file, or standard input for `-`.
    pub fn read(options: &TailIndexOptions) -> Result<Self, Failure> {
        let path = options.data.as_path();
        let format = options.format.or_else(|| of_suffix(path));
        // A plain array is refused by its size before it is read.
        if format == Some(DataFormat::Npy) && path != Path::new("-") && !is_packed(path) {
            let array = NpyArray::read(path).map_err(|source| Failure::Array { path: path.to_owned(), source })?;
            return of_array(options, array);
        }
        if path != Path::new("-") && format.is_none() {
            return Err(Failure::Suffix { path: path.to_owned() });
        }
        let bytes = if path == Path::new("-") {
            read_from(io::stdin().lock(), Path::new("standard input"))?
        } else {
            read_file(path)?
        };
        let bundle = |source| Failure::Bundle { path: path.to_owned(), source };
        match format.unwrap_or_else(|| of_bytes(&bytes)) {
            DataFormat::Csv => of_table(options, bytes, options.delimiter),
            DataFormat::Tsv => of_table(options, bytes, options.delimiter.or(Some(b'\t'))),
            DataFormat::Npy => {
                let array = NpyArray::from_bytes(&bytes);
                of_array(options, array.map_err(|source| Failure::Array { path: path.to_owned(), source })?)
            }
            DataFormat::Npz => of_array(options, read_npz(&bytes, options.array.as_deref()).map_err(bundle)?),
            DataFormat::Safetensors => {
                of_array(options, read_safetensors(&bytes, options.array.as_deref()).map_err(bundle)?)
            }
        }
    }
}

fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

fn of_suffix(path: &Path) -> Option<DataFormat> {
    let stem = if is_packed(path) { Path::new(path.file_stem()?) } else { path };
    Some(match stem.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" | "txt" | "dat" => DataFormat::Csv,
        "tsv" | "tab" => DataFormat::Tsv,
        "npy" => DataFormat::Npy,
        "npz" => DataFormat::Npz,
        "safetensors" => DataFormat::Safetensors,
        _ => return None,
    })
}

/// By what the bytes begin with; text is a table.
fn of_bytes(bytes: &[u8]) -> DataFormat {
    let header = bytes.first_chunk().map(|length| u64::from_le_bytes(*length));
    match bytes {
        _ if bytes.starts_with(b"\x93NUMPY") => DataFormat::Npy,
        _ if bytes.starts_with(b"PK") => DataFormat::Npz,
        [_, _, _, _, _, _, _, _, b'{', ..] if header.is_some_and(|n| n < bytes.len() as u64) => DataFormat::Safetensors,
        _ => DataFormat::Csv,
    }
}

fn step(options: &TailIndexOptions) -> Option<Step> {
    match (options.difference, options.log_return) {
        (true, _) => Some(Step::Difference),
        (_, true) => Some(Step::LogReturn),
        _ => None,
    }
}

/// The samples of a grid: one pooled one where no axis is given.
fn samples(options: &TailIndexOptions, grid: Grid, notes: Vec<String>) -> Result<LoadedData, Failure> {
    let failed = |source| Failure::Grid { path: options.data.clone(), source };
    let grid = match (step(options), options.axis) {
        (Some(step), Some(SampleAxis::Rows)) => grid.transposed().stepped(step).map(|grid| grid.transposed()),
        (Some(step), _) => grid.stepped(step),
        (None, _) => Ok(grid),
    };
    let grid = grid.map_err(failed)?;
    let samples = match options.axis {
        None | Some(SampleAxis::Pooled) => vec![grid.pooled()],
        Some(SampleAxis::Columns) => grid.by_column(),
        Some(SampleAxis::Rows) => grid.by_row(),
    };
    let samples = match samples.len() {
        1 => samples.into_iter().map(|series| series.filled().map_err(failed)).collect::<Result<_, _>>()?,
        _ => samples,
    };
    Ok(LoadedData { samples, notes })
}

fn of_table(options: &TailIndexOptions, bytes: Vec<u8>, delimiter: Option<u8>) -> Result<LoadedData, Failure> {
    let path = &options.data;
    let failed = |source| Failure::Column { path: path.clone(), source };
    let asked: Vec<String> = options
        .column
        .iter()
        .flat_map(|column| column.split(',').chain([column.as_str()]))
        .map(|column| column.trim().to_owned())
        .collect();
    let settings = TableSettings {
        delimiter,
        decimal: match (options.decimal_comma, options.thousands_comma) {
            (true, _) => Some(Decimal::Comma),
            (_, true) => Some(Decimal::Point),
            _ => None,
        },
        header: match (options.header, options.no_header) {
            (true, _) => Header::Present,
            (_, true) => Header::Absent,
            _ => Header::Detect,
        },
        missing: match options.missing {
            MissingValues::Omit => Missing::Omit,
            MissingValues::Refuse => Missing::Refuse,
        },
        marks: options.na.clone(),
        asked,
    };
    let table = Table::parse(bytes, settings).map_err(failed)?;
    let mut notes = Vec::new();
    let found: Result<Vec<usize>, ColumnError> = match options.axis {
        _ if !options.column.is_empty() => table.find_each(&options.column),
        None => table.only().map(|column| vec![column]),
        Some(_) => match table.numeric() {
            columns if columns.is_empty() => Err(ColumnError::Choose { columns: table.names().to_vec() }),
            columns => Ok(columns),
        },
    };
    let columns = found.map_err(failed)?;
    let name = |column: &usize| table.names()[*column].clone();
    if options.column.is_empty() && columns.len() < table.names().len() {
        let others = (0..table.names().len()).filter(|column| !columns.contains(column));
        let others: Vec<String> = others.map(|column| format!("{:?}", name(&column))).collect();
        notes.push(format!("{} left out: not a column of numbers", others.join(", ")));
    }
    let decimals =
        columns.iter().map(|column| table.decimal(*column)).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let by_comma = decimals.contains(&Decimal::Comma) && !options.decimal_comma;
    let separator = match table.delimiter().filter(|_| options.delimiter.is_none()) {
        Some(';') => Some("';'"),
        Some(' ') => Some("blanks"),
        _ => None,
    };
    match (separator, by_comma) {
        (Some(separator), false) => notes.push(format!("cells are separated by {separator}")),
        (Some(separator), true) => notes.push(format!("cells are separated by {separator}, decimals by ','")),
        (None, true) => notes.push("decimals are separated by ','".to_owned()),
        (None, false) => {}
    }
    let first: Vec<&str> = table.names().iter().map(String::as_str).collect();
    if table.has_header() && !options.header && first.iter().all(|name| name.is_empty() || name.parse::<f64>().is_ok())
    {
        notes.push(format!("the first row, {}, is taken for names (--no-header: for entries)", first.join(", ")));
    }
    let values = table.values(&columns).map_err(failed)?;
    samples(options, Grid::new(columns.iter().map(name).collect(), values), notes)
}

fn of_array(options: &TailIndexOptions, array: NpyArray) -> Result<LoadedData, Failure> {
    let path = || options.data.clone();
    let shape = array.shape().to_vec();
    let bad = |x: &f64| x.is_infinite() || (x.is_nan() && options.missing == MissingValues::Refuse);
    if let Some(at) = array.values().iter().position(bad) {
        return Err(Failure::Entry { path: path(), place: place(&shape, at), value: array.values()[at] });
    }
    if array.values().is_empty() {
        return Err(Failure::EmptyArray { path: path(), shape });
    }
    let columns: usize = shape.iter().skip(1).product();
    let names = || (0..columns).map(|column| column.to_string()).collect();
    let grid = |values| Grid::new(names(), values);
    let chosen: Vec<&str> = options.column.iter().flat_map(|column| column.split(',')).map(str::trim).collect();
    if !chosen.is_empty() {
        let number = |column: &&str| {
            let nothing = || Failure::NoColumn { path: path(), column: (*column).to_owned(), shape: shape.clone() };
            column.parse().ok().filter(|c: &usize| shape.len() == 2 && *c < columns).ok_or_else(nothing)
        };
        let numbers: Vec<usize> = chosen.iter().map(number).collect::<Result<_, _>>()?;
        if let Some(at) = (1..numbers.len()).find(|at| numbers[..*at].contains(&numbers[*at])) {
            let source = ColumnError::Twice { column: numbers[at].to_string() };
            return Err(Failure::Column { path: path(), source });
        }
        let rows = array.values().chunks(columns);
        let values = rows.flat_map(|row| numbers.iter().map(|column| row[*column])).collect();
        return samples(options, Grid::new(numbers.iter().map(usize::to_string).collect(), values), Vec::new());
    }
    match (shape.len(), options.axis) {
        (0 | 1, Some(SampleAxis::Rows)) => {
            // One sample, whichever the axis.
            let options = TailIndexOptions { axis: None, ..options.clone() };
            samples(&options, Grid::new(vec!["0".to_owned()], array.into_values()), Vec::new())
        }
        (0 | 1, _) => samples(options, Grid::new(vec!["0".to_owned()], array.into_values()), Vec::new()),
        (_, Some(_)) => samples(options, grid(array.into_values()), Vec::new()),
        (_, None) => Err(Failure::Axis { path: path(), shape }),
    }
}

/// Indices of the entry number `at` in C order.
fn place(shape: &[usize], at: usize) -> Vec<usize> {
    let mut rest = at;
    let mut indices: Vec<usize> = shape.iter().rev().map(|size| (rest % size, rest /= size).0).collect();
    indices.reverse();
    indices
}
