//! `escapes.parquet` has the same contents as `escapes.csv`: `cargo test --release --features parquet --test parquet`.

mod program;

use std::fs::File;
use std::path::Path;

use parquet::basic::{LogicalType, Repetition, Type};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use program::{folder, names, say};

/// Paths that leave by a jump and by creeping, on two axes, and paths that stay inside.
const MIXED: &str = r#"name = "mixed"
seed = 5
paths = 3000
max_time = 4.0
[noise]
alpha = 1.5
epsilon = [0.3, 0.6]
[[dynamics]]
sgd = {}
[[basin]]
name = "two"
potential = { quadratic = { curvature = [1.0, 2.0] } }
domain = { box = [[-1.0, 1.0], [-0.7, 1.0]] }
[scheme]
jump_adapted = {}
"#;

fn rows(file: &SerializedFileReader<File>) -> Vec<Row> {
    file.get_row_iter(None).unwrap().collect::<Result<_, _>>().unwrap()
}

/// A field as in `escapes.csv`; empty for null. Overshoots are written with their 24 significant bits.
fn text(name: &str, field: &Field) -> String {
    match (name, field) {
        (_, Field::Null) => String::new(),
        ("overshoot", Field::Double(z)) => (*z as f32).to_string(),
        (_, Field::Double(x)) => x.to_string(),
        (_, Field::Str(word)) => word.clone(),
        (_, other) => other.to_string(),
    }
}

fn compare(parquet: &Path, table: &Path) {
    let file = SerializedFileReader::new(File::open(parquet).unwrap()).unwrap();
    let mut csv = csv::Reader::from_path(table).unwrap();
    let columns: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
    let (mut count, mut empty) = (0, 0);
    let records = csv.records().map(Result::unwrap);
    let table = rows(&file);
    for (record, row) in records.zip(&table) {
        let fields: Vec<(&String, &Field)> = row.get_column_iter().collect();
        assert_eq!(fields.iter().map(|(name, _)| *name).collect::<Vec<_>>(), columns.iter().collect::<Vec<_>>());
        for ((name, field), expected) in fields.iter().zip(&record) {
            let same = match (name.as_str(), *field) {
                // Compares numbers by value: `1e-5` equals `0.00001`.
                ("time", Field::Double(t)) => *t == expected.parse::<f64>().unwrap(),
                (_, field) => text(name, field) == *expected,
            };
            assert!(same, "row {count}, {name}: {field:?}, {expected}");
        }
        empty += usize::from(record[4].is_empty());
        count += 1;
    }
    assert_eq!((count, file.metadata().file_metadata().num_rows() as usize), (6000, 6000));
    assert!(empty > 100 && empty < 5900, "{empty} paths are still inside");
}

#[test]
fn the_two_tables_hold_the_same() {
    let folder = folder(MIXED);
    let said = say(folder.path(), &["run", "my.toml", "-q"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/mixed");
    let (parquet, kept) = (results.join("escapes.parquet"), folder.path().join("kept.csv"));
    assert!(!parquet.exists());
    std::fs::copy(results.join("escapes.csv"), &kept).unwrap();
    assert_eq!(say(folder.path(), &["report", "results/mixed", "-q", "--escapes", "parquet"]).code, 0);
    compare(&parquet, &kept);
    let left = names(&results);
    assert!(!left.iter().any(|name| name.ends_with(".part") || name == "escapes.csv"), "{left:?}");
    let again = folder_with_format();
    assert_eq!(say(again.path(), &["run", "my.toml", "-q"]).code, 0);
    compare(&again.path().join("results/mixed/escapes.parquet"), &kept);
}

fn folder_with_format() -> tempfile::TempDir {
    folder(&MIXED.replace("seed = 5", "seed = 5\nescapes = \"parquet\""))
}

#[test]
fn columns_have_types() {
    let folder = folder(&MIXED.replace("3000", "10"));
    assert_eq!(say(folder.path(), &["run", "my.toml", "-q", "--escapes", "parquet"]).code, 0);
    let path = folder.path().join("results/mixed/escapes.parquet");
    let file = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    let types: Vec<_> = schema
        .columns()
        .iter()
        .map(|column| {
            let optional = column.self_type().get_basic_info().repetition() == Repetition::OPTIONAL;
            (column.name().to_string(), column.physical_type(), optional)
        })
        .collect();
    let expected = [
        ("cell", Type::INT64, false),
        ("path", Type::INT64, false),
        ("outcome", Type::BYTE_ARRAY, false),
        ("time", Type::DOUBLE, false),
        ("axis", Type::INT32, true),
        ("side", Type::BYTE_ARRAY, true),
        ("overshoot", Type::DOUBLE, true),
        ("by_jump", Type::BOOLEAN, true),
        ("landed", Type::INT32, true),
    ];
    assert_eq!(types, expected.map(|(name, kind, optional)| (name.to_string(), kind, optional)));
    assert!(matches!(schema.column(0).logical_type_ref(), Some(LogicalType::Integer(..))));
    assert!(matches!(schema.column(2).logical_type_ref(), Some(LogicalType::String)));
}
