//! The JSON Schema of experiment files accepts what the reader accepts, and the copy for the experiments of the repository is the generated one.

mod json_schema;
mod program;

use std::fs;
use std::path::{Path, PathBuf};

use json_schema::accepts;
use levy_escape::experiment::is_calibration;

fn files_in(folder: &str) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap().map(|entry| entry.unwrap().path())
}

#[test]
fn the_schema_accepts_every_experiment_file() {
    let mut files: Vec<PathBuf> =
        ["experiments", "src/cli/templates", "tests/data"].into_iter().flat_map(files_in).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    let mut accepted = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        if !is_calibration(&text) {
            accepts(&text).unwrap_or_else(|wrong| panic!("{}: {wrong}", file.display()));
            accepted += 1;
        }
    }
    assert!(accepted > 15, "{accepted}");
}

#[test]
fn the_schema_rejects_what_the_reader_rejects() {
    let text = include_str!("data/small.toml");
    accepts(text).unwrap();
    for (from, to) in [
        ("paths = 300", "paths = 0"),
        ("paths = 300", "paths = 2.5"),
        ("paths = 300", "path = 300"),
        ("seed = 7", "seed = 7\nfigures = \"laplace\""),
        ("seed = 7", "seed = 7\nfigures = [\"laplas\"]"),
        ("seed = 7", "seed = 7\nescapes = \"json\""),
        ("epsilon = 0.1", "epsilon = -0.1"),
        ("epsilon = 0.1", "epsilon = { from = 0.1, to = 0.2 }"),
        ("sgd = {}", "sgd = { eta = 1 }"),
        ("sgd = {}", "sgd = {}\nadam = { beta1_rate = 1, beta2_rate = 1 }"),
        ("[scheme]", "[schemes]"),
    ] {
        let wrong = text.replacen(from, to, 1);
        assert_ne!(wrong, text, "{from}");
        assert!(levy_escape::experiment::Experiment::parse("a.toml", &wrong).is_err(), "the reader accepts {to}");
        assert!(accepts(&wrong).is_err(), "the schema accepts {to}");
    }
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let folder = program::folder("");
    let said = program::say(folder.path(), &["generate", "schema"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let committed = include_str!("../experiments/schema.json");
    assert_eq!(said.stdout, committed, "write it again: levy-escape generate schema > experiments/schema.json");
}

/// Editors find the schema by the first line.
#[test]
fn the_experiments_point_to_the_schema() {
    for file in files_in("experiments").filter(|file| file.extension().is_some_and(|extension| extension == "toml")) {
        let text = fs::read_to_string(&file).unwrap();
        let points = text.starts_with("#:schema ./schema.json\n");
        assert_eq!(points, !is_calibration(&text), "{}", file.display());
    }
}
