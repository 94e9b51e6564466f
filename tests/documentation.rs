//! The tables of `docs/` against the parser and the writers: every key, every column, in order.

mod json_schema;
mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use levy_escape::experiment::{Experiment, calibration_schema, experiment_schema};
use levy_escape::experiment::{RESULT_COLUMNS, WORD_COLUMNS};
use levy_escape::report::{DataKind, FIGURE_COLUMNS};
use levy_escape::results::{
    COMPARISON_COLUMNS, ESCAPE_COLUMNS, EXTRA_SUMMARY_COLUMNS, FLATNESS_COLUMNS, HITTING_COLUMNS, LANDING_COLUMNS,
    OCCUPANCY_COLUMNS, OPTIMISER_COLUMNS, POSITION_COLUMNS, RANDOM_PROBLEM_COLUMNS, RATE_COLUMNS, SUMMARY_COLUMNS,
    TRAJECTORY_COLUMNS, WELL_COLUMNS,
};
use levy_escape::scheme::PointKind;
use levy_escape::tail::NpyArray;

const EXPERIMENTS: &str = include_str!("../docs/experiments.md");
const RESULTS: &str = include_str!("../docs/results.md");
/// Folder that holds the calibrations of the examples.
const CALIBRATIONS: &str = "results/reference";
/// A key that no table accepts and that resembles none.
const UNKNOWN: &str = "zzqqzz";

/// A row of a Markdown table: the text of each cell.
type Row<'d> = Vec<&'d str>;

/// The rows of the tables below each heading, without the table's own heading. Tables whose first column is not called `first` are
/// left out.
fn tables<'d>(document: &'d str, first: &str) -> Vec<(&'d str, Vec<Row<'d>>)> {
    let mut sections: Vec<(&str, Vec<Row<'_>>)> = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        let cells: Option<Row<'_>> = line
            .strip_prefix("| ")
            .and_then(|line| line.strip_suffix('|'))
            .map(|line| line.split(" |").map(str::trim).collect());
        match cells {
            _ if line.starts_with('#') => sections.push((line.trim_start_matches('#').trim(), Vec::new())),
            Some(cells) if cells[0] == first => inside = true,
            Some(cells) if inside => sections.last_mut().unwrap().1.push(cells),
            _ => inside = inside && line.starts_with('|'),
        }
    }
    sections
}

/// The code spans of a cell.
fn spans(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The rows of the section with this heading, which may be followed by a colon and an explanation.
fn rows_under<'d>(document: &'d str, first: &str, heading: &str) -> Vec<Row<'d>> {
    let found = |(title, _): &(&str, Vec<Row<'d>>)| title.split(": ").next() == Some(heading);
    let (_, rows) = tables(document, first).into_iter().find(found).unwrap_or_else(|| panic!("no section {heading}"));
    assert!(!rows.is_empty(), "{heading}");
    rows
}

#[test]
fn the_column_tables_are_those_of_the_writers() {
    let summary: Vec<&str> = SUMMARY_COLUMNS.iter().copied().chain(EXTRA_SUMMARY_COLUMNS).collect();
    for (file, columns) in [
        ("`summary.csv`", &summary[..]),
        ("`comparison.csv`", &COMPARISON_COLUMNS),
        ("`escapes.csv`", &ESCAPE_COLUMNS),
        ("`trajectories.csv`", &TRAJECTORY_COLUMNS),
        ("`landings.csv`", &LANDING_COLUMNS),
        ("`hitting.csv`", &HITTING_COLUMNS),
        ("`random_problems.csv`", &RANDOM_PROBLEM_COLUMNS),
        ("`which_flatness.csv`", &FLATNESS_COLUMNS),
        ("`optimisers.csv`", &OPTIMISER_COLUMNS),
        ("`occupancy.csv`", &OCCUPANCY_COLUMNS),
        ("`occupancy_rates.csv`", &RATE_COLUMNS),
        ("`occupancy_wells.csv`", &WELL_COLUMNS),
        ("`mean_position.csv`", &POSITION_COLUMNS),
        ("`figures/<figure>.csv`", &FIGURE_COLUMNS),
    ] {
        let rows = rows_under(RESULTS, "column", file);
        let documented: Vec<&str> = rows.iter().map(|row| spans(row[0])[0]).collect();
        assert_eq!(documented, columns, "{file}");
        assert!(rows.iter().all(|row| row.len() == 3 && !row[1].is_empty()), "{file}: every column has a definition");
    }
}

/// The kinds of values in the tables of figures, and the columns that a figure can show.
#[test]
fn the_kinds_of_values_and_the_columns_of_plots_are_documented() {
    let rows = rows_under(RESULTS, "kind", "`figures/<figure>.csv`");
    let documented: Vec<&str> = rows.iter().map(|row| spans(row[0])[0]).collect();
    assert_eq!(documented, DataKind::ALL.map(DataKind::name));
    let rows = rows_under(RESULTS, "kind of point", "`trajectories.csv`");
    let documented: Vec<&str> = rows.iter().map(|row| spans(row[0])[0]).collect();
    assert_eq!(documented, PointKind::ALL.map(PointKind::name));
    let summary: Vec<&str> = SUMMARY_COLUMNS.iter().copied().chain(EXTRA_SUMMARY_COLUMNS).collect();
    assert!(RESULT_COLUMNS.iter().chain(&WORD_COLUMNS).all(|column| summary.contains(column)));
}

/// Every path of keys in a JSON document; the entries of a list share one path.
fn paths(value: &serde_json::Value, path: &str, out: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(entries) => {
            for (key, value) in entries {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                out.insert(below.clone());
                paths(value, &below, out);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| paths(item, path, out)),
        _ => {}
    }
}

fn paths_in(file: &Path, out: &mut BTreeSet<String>) {
    let text = std::fs::read_to_string(file).unwrap();
    paths(&serde_json::from_str(&text).unwrap(), "", out);
}

/// The paths of keys in `file` of the reference calibrations.
fn of_calibrations(file: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in ["calibrate-digits", "calibrate-fashion"] {
        paths_in(&Path::new(CALIBRATIONS).join(name).join(file), &mut found);
    }
    found
}

/// The paths of keys in the manifest of a small run.
fn of_a_run() -> BTreeSet<String> {
    let folder = program::folder(&with_lines(experiment(), "noise", &["eta = 0.1"]));
    let said = program::say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let mut found = BTreeSet::new();
    paths_in(&folder.path().join("results/documented/manifest.json"), &mut found);
    found
}

#[test]
fn the_tables_of_json_keys_are_those_of_the_files() {
    // The keys that the rows of `ended`, `axis`, `measured` and `surrogate` describe in words.
    let in_words = |path: &str| {
        let parents = ["runs.ended.", "runs.measurements.axis.", "indices.measured.", "indices.surrogate."];
        parents.iter().any(|parent| path.contains(parent))
    };
    for (heading, found) in [
        ("`manifest.json`", of_a_run()),
        ("`calibration.json`", of_calibrations("calibration.json")),
        ("`manifest.json` of a calibration", of_calibrations("manifest.json")),
    ] {
        let rows = rows_under(RESULTS, "key", heading);
        let documented: BTreeSet<String> = rows.iter().map(|row| spans(row[0])[0].to_string()).collect();
        assert_eq!(documented.len(), rows.len(), "{heading}: a key is documented twice");
        let undocumented: Vec<&String> = found.difference(&documented).filter(|path| !in_words(path)).collect();
        assert!(undocumented.is_empty(), "{heading}: not documented: {undocumented:?}");
        // The table marks optional keys.
        let optional =
            |key: &String| rows.iter().any(|row| spans(row[0])[0] == key && row[1].contains("(only ")) || in_words(key);
        let absent: Vec<&String> = documented.difference(&found).filter(|key| !optional(key)).collect();
        assert!(absent.is_empty(), "{heading}: not written: {absent:?}");
    }
}

/// A section of a file: its name, its header and its lines. The top level has neither name nor header.
type Section = (&'static str, &'static str, Vec<String>);

fn section(name: &'static str, header: &'static str, lines: &[&str]) -> Section {
    (name, header, lines.iter().map(|line| line.to_string()).collect())
}

fn experiment() -> Vec<Section> {
    vec![
        section("", "", &["name = \"documented\"", "paths = 10"]),
        section("noise", "[noise]", &["alpha = 1.5", "epsilon = 0.01"]),
        section("dynamics", "[[dynamics]]", &["sgd = {}"]),
        section(
            "basin",
            "[[basin]]",
            &[
                "name = \"b\"",
                "potential = { quadratic = { curvature = [1.0] } }",
                "domain = { interval = [-1.0, 1.0] }",
            ],
        ),
        section("scheme", "[scheme]", &["euler = {}"]),
    ]
}

fn calibration() -> Vec<Section> {
    vec![
        section(
            "",
            "",
            &["name = \"documented\"", "network = { mlp = { hidden = [8] } }", "batch = 10", "iterations = 1_000"],
        ),
        section("optimiser", "[[optimiser]]", &["sgd = { eta = 0.1 }"]),
        section("noise", "[noise]", &[]),
    ]
}

fn key_of(line: &str) -> &str {
    line.split_once('=').map_or("", |(key, _)| key).trim()
}

/// Puts the lines of an example into a section, replacing the lines with the same or excluded keys.
fn with_lines(mut file: Vec<Section>, name: &'static str, lines: &[&str]) -> String {
    const EXCLUSIVE: [&[&str]; 5] = [
        &["epsilon", "eta"],
        &["alpha", "gaussian", "skewed", "tempered", "truncated", "student_t", "empirical", "laws"],
        &["sgd", "adam", "sgd_steps", "adam_steps", "rmsprop_steps", "adagrad_steps", "lion_steps"],
        &["jump_adapted", "euler"],
        &["level", "ellipsoid"],
    ];
    if file.iter().all(|section| section.0 != name) {
        let header = match name {
            "random_problems" => "[random_problems]",
            "random_basins" => "[[random_basins]]",
            "quick" => "[quick]",
            "occupancy" => "[occupancy]",
            "mean_position" => "[mean_position]",
            "escape" => "[escape]",
            "noise_scaling" => "[noise_scaling]",
            _ => panic!("no section {name}"),
        };
        let lines: &[&str] = match name {
            "quick" => &[],
            "random_basins" => {
                &["name = \"r\"", "basins = 2", "dim = 2", "curvature = [0.1, 1.0]", "level = [0.1, 1.0]"]
            }
            "occupancy" | "mean_position" => &["times = [1.0, 10.0]"],
            "escape" => &["weight_decay = 2e-3", "radii = { from = 0.05, to = 0.5 }"],
            "noise_scaling" => &["weight_decay = 2e-3", "batches = [2, 4]", "radii = { from = 0.05, to = 0.5 }"],
            _ => &["problems = 10", "dim = 2", "alpha = 1.5"],
        };
        file.push(section(name, header, lines));
    }
    for line in lines {
        let excluded = |other: &str| EXCLUSIVE.iter().any(|keys| keys.contains(&key_of(line)) && keys.contains(&other));
        if name.is_empty() {
            file.retain(|section| section.0.is_empty() || section.0 != key_of(line));
        }
        let target = file.iter_mut().find(|section| section.0 == name).unwrap();
        target.2.retain(|known| key_of(known) != key_of(line) && !excluded(key_of(known)));
        target.2.push(line.to_string());
    }
    let text = |(_, header, lines): Section| format!("{header}\n{}\n", lines.join("\n"));
    file.into_iter().map(text).collect()
}

/// Every place in `text` at which a table can hold another key, with the key of the table and the text to insert.
fn openings(text: &str) -> Vec<(usize, String, String)> {
    let mut found = vec![(0, String::new(), format!("{UNKNOWN} = 0\n"))];
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with('[') {
            let owner = line.trim().trim_matches(['[', ']']).to_string();
            found.push((start + line.len(), owner, format!("{UNKNOWN} = 0\n")));
        } else {
            // The key before the last `=`, and those of the tables around it.
            let (mut word, mut key, mut outer) = (String::new(), String::new(), Vec::new());
            for (offset, c) in line.char_indices().filter(|(at, _)| line[..*at].matches('"').count() % 2 == 0) {
                match c {
                    '=' => key = std::mem::take(&mut word),
                    '{' => {
                        let comma = if line[offset + 1..].starts_with('}') { "" } else { "," };
                        found.push((start + offset + 1, key.clone(), format!(" {UNKNOWN} = 0{comma}")));
                        outer.push(key.clone());
                    }
                    '}' => key = outer.pop().unwrap(),
                    ' ' => {}
                    c if c.is_alphanumeric() || c == '_' => word.push(c),
                    _ => {}
                }
                if "{[,".contains(c) {
                    word.clear();
                }
            }
        }
        start += line.len();
    }
    found
}

/// The keys that a table accepts, from the message about the unknown one.
fn accepted(errors: &str) -> BTreeSet<String> {
    let refusal = errors.lines().find(|line| line.contains(UNKNOWN));
    let refusal = refusal.unwrap_or_else(|| panic!("the unknown key is accepted: {errors}"));
    let hint = refusal.rsplit_once("(hint: ").map(|(_, hint)| hint.trim_end_matches(')')).unwrap();
    let keys = hint.rsplit_once(": ").map_or("", |(_, keys)| keys);
    keys.split(", ").filter(|key| !key.is_empty()).map(str::to_string).collect()
}

/// A folder with the reference calibration, completed by noise vectors, which the reference does not keep.
fn calibrations_with_vectors() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("calibrate-digits");
        std::fs::create_dir(&place).unwrap();
        let reference = Path::new(CALIBRATIONS).join("calibrate-digits/calibration.json");
        let mut calibration: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(reference).unwrap()).unwrap();
        for run in calibration["runs"].as_array_mut().unwrap() {
            let file = format!("{}-noise.npy", run["label"].as_str().unwrap());
            let dim = run["minimum"]["coordinates"].as_array().unwrap().len();
            let vectors = (0..3 * dim).map(|k| k as f64 - 1.5).collect();
            NpyArray::new(vec![3, dim], vectors).unwrap().write(&place.join(&file)).unwrap();
            run["minimum"]["noise_file"] = file.into();
        }
        std::fs::write(place.join("calibration.json"), calibration.to_string()).unwrap();
        folder
    };
    FOLDER.get_or_init(make).path()
}

fn parse(text: &str, is_calibration: bool) -> Result<(), String> {
    if !is_calibration {
        let parsed = Experiment::parse_with_results("documented.toml", text, calibrations_with_vectors());
        return parsed.map(|_| ()).map_err(|errors| errors.to_string());
    }
    #[cfg(feature = "calibrate")]
    return levy_escape::experiment::CalibrationFile::parse("documented.toml", text)
        .map(|_| ())
        .map_err(|errors| errors.to_string());
    #[cfg(not(feature = "calibrate"))]
    unreachable!("without the feature `calibrate` nothing parses {text}")
}

#[test]
fn the_key_tables_are_those_of_the_parser() {
    let sections: &[(&str, &str)] = &[
        ("Sweeps", "noise"),
        ("Top level", ""),
        ("`[noise]`", "noise"),
        ("Values taken from a calibration", "noise"),
        ("`[[dynamics]]`", "dynamics"),
        ("`[[basin]]`", "basin"),
        ("`[[random_basins]]`", "random_basins"),
        ("`[scheme]`", "scheme"),
        ("`[occupancy]`", "occupancy"),
        ("`[mean_position]`", "mean_position"),
        ("`[random_problems]`", "random_problems"),
        ("Calibration: top level", ""),
        ("Calibration: `[[optimiser]]`", "optimiser"),
        ("Calibration: `[noise]`", "noise"),
        ("Calibration: `[escape]`", "escape"),
        ("Calibration: `[noise_scaling]`", "noise_scaling"),
        ("Calibration: `[quick]`", "quick"),
    ];
    // By kind of file and by the key of the table.
    let mut documented: BTreeMap<(bool, String), BTreeSet<String>> = BTreeMap::new();
    let mut found = documented.clone();
    let with_keys = tables(EXPERIMENTS, "key").into_iter().filter(|(_, rows)| !rows.is_empty());
    let headings: Vec<&str> = with_keys.clone().map(|(heading, _)| heading).collect();
    assert_eq!(headings, sections.iter().map(|section| section.0).collect::<Vec<_>>());
    for ((heading, rows), &(_, name)) in with_keys.zip(sections) {
        let is_calibration = heading.starts_with("Calibration:");
        if is_calibration && !cfg!(feature = "calibrate") {
            continue;
        }
        for row in rows {
            assert_eq!(row.len(), 5, "{heading}: {row:?}");
            let path = spans(row[0])[0];
            let (owner, key) = path.split_once('.').unwrap_or((name, path));
            let known = documented.entry((is_calibration, owner.to_string())).or_default();
            assert!(known.insert(key.to_string()), "{heading}: `{path}` is documented twice");
            let mut file = if is_calibration { calibration() } else { experiment() };
            if row[4].contains("[[basin]]") {
                file[3].2[1] =
                    "potential = { calibrated = { calibration = \"calibrate-digits\", optimiser = \"sgd\" } }"
                        .to_string();
                file[3].2[2] = "domain = { ball = { radius = 0.1 } }".to_string();
            }
            if name == "occupancy" || path == "occupancy" {
                // Only the wells of a formula are searched for in a range.
                let wells = match path {
                    "range" => "expression = { formula = \"x^4/4 - x^2/2\", minimum = [1.0] }",
                    _ => "multi_well = { minima = [-1.0, 1.0], saddles = [0.0], depths = [2.0, 1.0] }",
                };
                file[3].2[1] = format!("potential = {{ {wells} }}");
                file[3].2[2] = "domain = { well = {} }".to_string();
                file.truncate(4);
            }
            if name == "mean_position" || path == "mean_position" {
                file[3].2.truncate(2);
                file.truncate(4);
            }
            if row[4].contains("[[dynamics]]") {
                file[2].2[0] = "sgd_steps = {}".to_string();
            }
            let lines: Vec<&str> = spans(row[4]).into_iter().filter(|span| span.contains('=')).collect();
            let shown = if owner == "sweep" { key } else { path.rsplit('.').next().unwrap() };
            assert!(lines.iter().any(|line| line.contains(&format!("{shown} ="))), "{heading}: {path}: {lines:?}");
            let text = with_lines(file, name, &lines);
            parse(&text, is_calibration).unwrap_or_else(|errors| panic!("{heading}: {path}:\n{text}\n{errors}"));
            json_schema::accepts(&text).unwrap_or_else(|wrong| panic!("schema: {heading}: {path}:\n{text}\n{wrong}"));
            for (at, owner, entry) in openings(&text) {
                let mut wrong = text.clone();
                wrong.insert_str(at, &entry);
                let errors = parse(&wrong, is_calibration).expect_err(&wrong);
                let keys = accepted(&errors);
                let owner = if keys.contains("values") { "sweep".to_string() } else { owner };
                found.entry((is_calibration, owner)).or_default().extend(keys);
            }
        }
    }
    // Tables that take no keys are not documented as owners.
    found.retain(|_, keys| !keys.is_empty());
    for (owner, keys) in &found {
        let known = documented.get(owner).unwrap_or_else(|| panic!("{owner:?} is not documented: {keys:?}"));
        assert_eq!(known, keys, "{owner:?}: documented, and accepted by the parser");
    }
    let never: Vec<_> = documented.keys().filter(|owner| !found.contains_key(*owner)).collect();
    assert!(never.is_empty(), "documented, but no table of the parser: {never:?}");

    let keys = |table: &serde_json::Value| -> BTreeSet<String> {
        table["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let mut of_schema = BTreeMap::new();
    for (is_calibration, schema) in [(false, experiment_schema()), (true, calibration_schema())] {
        if is_calibration && !cfg!(feature = "calibrate") {
            continue;
        }
        let schema = schema.unwrap();
        of_schema.insert((is_calibration, String::new()), keys(&schema));
        let definitions = schema["definitions"].as_object().unwrap().iter();
        of_schema.extend(definitions.map(|(name, table)| ((is_calibration, name.clone()), keys(table))));
    }
    assert_eq!(of_schema, found, "schemas, and parsers");
}

/// The complete files of the page, which readers copy.
#[test]
fn the_example_files_parse() {
    let blocks: Vec<&str> =
        EXPERIMENTS.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let is_calibration = levy_escape::experiment::is_calibration(block);
        if !is_calibration || cfg!(feature = "calibrate") {
            parse(block, is_calibration).unwrap();
        }
        json_schema::accepts(block).unwrap();
    }
}
