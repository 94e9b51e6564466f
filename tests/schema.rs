//! The JSON Schemas of files accept what the readers accept, and the copies for the experiments of the repository are the generated ones.

mod json_schema;
mod program;

use std::fs;
use std::path::{Path, PathBuf};

use json_schema::accepts;
use levy_escape::experiment::{Experiment, is_calibration};

fn files_in(folder: &str) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap().map(|entry| entry.unwrap().path())
}

#[test]
fn the_schemas_accept_every_file() {
    let mut files: Vec<PathBuf> =
        ["experiments", "src/cli/templates", "tests/data"].into_iter().flat_map(files_in).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    let mut accepted = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        accepts(&text).unwrap_or_else(|wrong| panic!("{}: {wrong}", file.display()));
        accepted += 1;
    }
    assert!(accepted > 15, "{accepted}");
}

/// Replaces parts of a valid file, each by what the reader and the schema reject.
fn both_reject(text: &str, reads: impl Fn(&str) -> bool, wrong: &[(&str, &str)]) {
    assert!(reads(text));
    accepts(text).unwrap();
    for (from, to) in wrong {
        let wrong = text.replacen(from, to, 1);
        assert_ne!(wrong, text, "{from}");
        assert!(!reads(&wrong), "the reader accepts {to}");
        assert!(accepts(&wrong).is_err(), "the schema accepts {to}");
    }
}

#[test]
fn the_schema_rejects_what_the_reader_rejects() {
    let text = include_str!("data/small.toml");
    let reads = |text: &str| Experiment::parse("a.toml", text).is_ok();
    let wrong = [
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
    ];
    both_reject(text, reads, &wrong);
}

#[cfg(feature = "calibrate")]
#[test]
fn the_schema_of_calibrations_rejects_what_the_reader_rejects() {
    use levy_escape::experiment::CalibrationFile;
    let text = "name = 'c'\nnetwork = { mlp = { hidden = [8] } }\nbatch = 32\niterations = 100\n[[optimiser]]\nsgd = { eta = 0.1 }\n";
    let reads = |text: &str| CalibrationFile::parse("c.toml", text).is_ok();
    let wrong = [
        ("batch = 32", "batch = 0"),
        ("batch = 32", ""),
        ("batch = 32", "batches = 32"),
        ("name = 'c'", "name = 'c'\ndevice = 'gpu'"),
        ("name = 'c'", "name = 'c'\ndata = 'mnist'"),
        ("name = 'c'", "name = 'c'\ndata = { idx = 'a', cifar10 = 'b' }"),
        ("name = 'c'", "name = 'c'\nfigures = ['scale']"),
        ("mlp", "mpl"),
        ("[8]", "[0]"),
        ("{ hidden = [8] }", "{ hidden = [8] }, lenet = {}"),
        ("eta = 0.1", "eta = 0"),
        ("eta = 0.1", "eta = 0.1, beta1 = 0.9"),
        ("[[opt", "[noise]\nmeasurements = 201\n[[opt"),
        ("[[opt", "[noise]\ntrain = 5\n[[opt"),
        ("[[opt", "[escape]\nweight_decay = 1e-3\n[[opt"),
        (
            "[[opt",
            "[noise_scaling]\nweight_decay = 1e-3\nbatches = [2]\nradii = { from = 0.1, to = 1 }\nestimator = 'hill'\n[[opt",
        ),
    ];
    both_reject(text, reads, &wrong);
}

#[test]
fn the_committed_schemas_are_the_generated_ones() {
    let folder = program::folder("");
    for (kind, file, committed) in [
        ("experiment", "schema.json", include_str!("../experiments/schema.json")),
        ("calibration", "calibration.schema.json", include_str!("../experiments/calibration.schema.json")),
    ] {
        let said = program::say(folder.path(), &["generate", "schema", kind]);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""));
        assert_eq!(said.stdout, committed, "write it again: levy-escape generate schema {kind} > experiments/{file}");
    }
}

/// Editors find the schema by the first line.
#[test]
fn the_experiments_point_to_their_schemas() {
    for file in files_in("experiments").filter(|file| file.extension().is_some_and(|extension| extension == "toml")) {
        let text = fs::read_to_string(&file).unwrap();
        let schema = if is_calibration(&text) { "calibration.schema.json" } else { "schema.json" };
        assert!(text.starts_with(&format!("#:schema ./{schema}\n")), "{}", file.display());
    }
}
