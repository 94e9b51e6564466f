//! Whole runs of the program, as a user waits for them: `cargo bench --bench runs`. Each row is a command, and its time is the wall-clock time of
//! the whole process on all cores; the goals are for two. On a machine that is busy otherwise the times are too long.
//!
//! 20 million escapes on a line are run with `escapes.csv` and without. `cargo bench --bench runs -- --include-ignored` also runs 100 million,
//! which takes 10 GB of disk in the folder of temporary files with the table and 2 GB without.

use std::process::{Command, Stdio};

use divan::Bencher;
use divan::counter::ItemsCount;

const EXPERIMENT: &str = "
name = \"line\"
seed = 1
paths = 1
[noise]
alpha = 1.5
epsilon = 0.01
[dynamics]
sgd = {}
[basin]
name = \"line\"
potential = { quadratic = { curvature = [1.0] } }
domain = { interval = [-1.0, 1.0] }
[scheme]
jump_adapted = {}
";

fn main() {
    divan::main();
}

fn run(bencher: Bencher<'_, '_>, paths: u64, escapes: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("line.toml");
    std::fs::write(&file, EXPERIMENT).unwrap();
    bencher.counter(ItemsCount::new(paths)).bench_local(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_levy-escape"));
        command.arg("--quiet").arg("run").arg(&file).args(["--paths", &paths.to_string(), "--escapes", escapes]);
        command.arg("--out").arg(folder.path().join("results")).arg("--force").stdout(Stdio::null());
        assert!(command.status().unwrap().success(), "{command:?}");
        // `--force` keeps the results before.
        std::fs::remove_dir_all(folder.path().join("results")).unwrap();
    });
}

#[divan::bench(name = "2e7 escapes with CSV, goal 2.2 s", sample_count = 3, sample_size = 1)]
fn twenty_million_with_csv(bencher: Bencher<'_, '_>) {
    run(bencher, 20_000_000, "csv");
}

#[divan::bench(name = "2e7 escapes without CSV, goal 1.5 s", sample_count = 3, sample_size = 1)]
fn twenty_million(bencher: Bencher<'_, '_>) {
    run(bencher, 20_000_000, "none");
}

#[divan::bench(name = "1e8 escapes with CSV, goal 10 s", sample_count = 1, sample_size = 1, ignore)]
fn hundred_million_with_csv(bencher: Bencher<'_, '_>) {
    run(bencher, 100_000_000, "csv");
}

#[divan::bench(name = "1e8 escapes without CSV, goal 10 s", sample_count = 3, sample_size = 1, ignore)]
fn hundred_million(bencher: Bencher<'_, '_>) {
    run(bencher, 100_000_000, "none");
}
