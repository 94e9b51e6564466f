//! `calibrate` as a user meets it.
#![cfg(feature = "calibrate")]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use levy_escape::calibrate::{Calibration, Ended, NoiseKind, SamplingAxis};
use tempfile::TempDir;

const FILE: &str = r#"
name = "small"
seed = 3
network = { mlp = { hidden = [32] } }
batch = 32
iterations = 900
figures = ["tail-index", "training", "noise-law", "scales"]
[[optimiser]]
sgd = { eta = 0.1 }
[[optimiser]]
adam = { eta = 3e-3 }
[noise]
measurements = 2
batches = 60
window = 60
coordinates = 2
"#;

fn program(dir: &Path) -> Command {
    let mut command = Command::cargo_bin("levy-escape").unwrap();
    command.current_dir(dir);
    command
}

fn folder(text: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("c.toml"), text).unwrap();
    dir
}

fn stderr(command: &mut Command, code: i32) -> String {
    let done = command.assert().code(code).get_output().clone();
    String::from_utf8(done.stderr).unwrap()
}

#[test]
fn digits_are_learnt_and_the_same_seed_gives_the_same_bytes() {
    let dir = folder(FILE);
    let done = program(dir.path()).args(["calibrate", "c.toml"]).assert().success().get_output().clone();
    let summary = String::from_utf8(done.stdout).unwrap();
    assert!(summary.contains("surrogate α̂ = ") && summary.contains("test accuracy"), "{summary}");
    let place = dir.path().join("results/small");
    let calibration = Calibration::read(&place.join("calibration.json")).unwrap();
    assert_eq!(fs::read_to_string(place.join("summary.txt")).unwrap(), summary);
    for run in &calibration.runs {
        let last = run.training.last().unwrap();
        assert!(last.test_accuracy >= 0.95, "{}: {}", run.label, last.test_accuracy);
        assert_eq!(run.ended, Ended::Complete { iterations: 900 });
        let axes = |kind| run.measurements.iter().filter(move |m| m.noise == kind).map(|m| m.axis.clone());
        let layer = |n: u32| SamplingAxis::Layer(format!("linear{n}"));
        for axis in [SamplingAxis::Pooled, layer(1), layer(2), SamplingAxis::Batches, SamplingAxis::Iterations] {
            assert!(axes(NoiseKind::Gradient).any(|found| found == axis), "{axis:?}");
            assert_eq!(axes(NoiseKind::Direction).any(|found| found == axis), run.label == "adam", "{axis:?}");
        }
        let pooled = run.measurements.iter().filter(|m| m.axis == SamplingAxis::Pooled);
        assert!(pooled.flat_map(|m| &m.indices).all(|pair| pair.surrogate.index().is_some()));
        let minimum = run.minimum.as_ref().unwrap();
        assert!(minimum.coordinates.len() == 2 || minimum.left_out > 0);
        let array = levy_escape::tail::npy::NpyArray::read(&place.join(&minimum.parameters_file)).unwrap();
        assert_eq!(array.shape(), [calibration.network.parameters, 4]);
    }
    for figure in ["tail-index", "training", "noise-law", "scales"] {
        assert!(place.join(format!("figures/{figure}.png")).is_file(), "{figure}");
    }
    let error = stderr(program(dir.path()).args(["calibrate", "c.toml"]), 2);
    assert!(error.contains("exists already") && error.contains("--force"), "{error}");
    program(dir.path()).args(["calibrate", "c.toml", "--out", "again"]).assert().success();
    for file in ["calibration.json", "sgd.npy", "adam.npy", "summary.txt"] {
        let bytes = |out: &str| fs::read(dir.path().join(out).join("small").join(file)).unwrap();
        assert_eq!(bytes("results"), bytes("again"), "{file}");
    }
}

#[test]
fn reproduce_calibrates_first_and_skips_what_cannot_be_had() {
    let dir = tempfile::tempdir().unwrap();
    let experiments = dir.path().join("experiments");
    fs::create_dir(&experiments).unwrap();
    let small =
        FILE.replace("iterations = 900", "iterations = 90") + "[quick]\niterations = 40\nbatches = 30\nwindow = 30\n";
    fs::write(experiments.join("z.toml"), &small).unwrap();
    let absent = small.replace("name = \"small\"", "name = \"absent\"\ndata = { idx = 'no/such/folder' }");
    fs::write(experiments.join("absent.toml"), absent).unwrap();
    let escape = |calibration: &str| {
        format!(
            "name = 'of-{calibration}'\npaths = 20\n[noise]\nalpha = 1.5\neta = 0.01\n\
             amplitude = {{ calibration = '{calibration}', optimiser = 'sgd' }}\n[[dynamics]]\nsgd = {{}}\n[[basin]]\nname = 'b'\n\
             potential = {{ calibrated = {{ calibration = '{calibration}', optimiser = 'sgd' }} }}\n\
             domain = {{ box = {{ half_width = 0.5 }} }}\n[scheme]\njump_adapted = {{}}\n"
        )
    };
    fs::write(experiments.join("a.toml"), escape("small")).unwrap();
    fs::write(experiments.join("b.toml"), escape("absent")).unwrap();
    let said = stderr(program(dir.path()).args(["reproduce", "--quick", "--out", "made"]), 0);
    assert!(said.contains("absent.toml: skipped, no/such/folder is not there"), "{said}");
    assert!(said.contains("b.toml: skipped, its calibration made/absent is not there"), "{said}");
    assert!(dir.path().join("made/small/calibration.json").is_file());
    assert!(dir.path().join("made/of-small/summary.csv").is_file());
    assert!(!dir.path().join("made/of-absent").exists());
}

#[test]
fn a_learning_rate_that_diverges_keeps_what_was_measured() {
    let dir = folder(&FILE.replace("eta = 0.1", "eta = 1e30").replace("iterations = 900", "iterations = 50"));
    let error = stderr(program(dir.path()).args(["calibrate", "c.toml"]), 1);
    assert!(error.contains("sgd diverged") && error.contains("lower the learning rate"), "{error}");
    let calibration = Calibration::read(&dir.path().join("results/small/calibration.json")).unwrap();
    let sgd = calibration.run("sgd").unwrap();
    assert!(matches!(sgd.ended, Ended::Diverged { .. }) && sgd.minimum.is_none() && !sgd.training.is_empty());
    assert!(calibration.run("adam").unwrap().minimum.is_some());
}

#[test]
fn what_is_wrong_is_said_before_anything_is_written() {
    for (text, code, reason) in [
        (FILE.replace("batch = 32", "batch = 5_000"), 2, "a batch of 5000 of 1437 images"),
        (FILE.replace("mlp = { hidden = [32] }", "lenet = {}"), 2, "lenet takes images of 28 × 28"),
        (FILE.replace("seed = 3", "data = { idx = 'nowhere' }"), 2, "nowhere holds no train-images"),
        (FILE.replace("seed = 3", "data = { cifar10 = 'nowhere' }"), 2, "nowhere holds no data_batch_1.bin"),
        (FILE.replace("seed = 3", "device = 'gpu'"), 2, "does not know \"gpu\""),
        (FILE.replace("sgd = { eta = 0.1 }", "sgd = { eta = -1 }"), 2, "`eta` must be positive"),
    ] {
        let dir = folder(&text);
        let error = stderr(program(dir.path()).args(["calibrate", "c.toml"]), code);
        assert!(error.contains(reason), "{error}");
        assert!(!dir.path().join("results/small").exists() && !dir.path().join("results/.small.part").exists());
    }
    let dir = folder(FILE);
    let said = program(dir.path()).args(["check", "c.toml"]).assert().success().get_output().stdout.clone();
    assert_eq!(String::from_utf8(said).unwrap(), "c.toml: 2 trainings of 900 steps\n");
    let error = stderr(program(dir.path()).args(["run", "c.toml"]), 2);
    assert!(error.contains("trains a network") && error.contains("levy-escape calibrate c.toml"), "{error}");
}
