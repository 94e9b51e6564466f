//! A small sweep, and actions on its runs.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use levy_escape::store::{ChunkOutcomes, Store, StoreError};

/// Two dynamics, two levels; cells that end in the middle of a chunk.
pub const SWEEP: &str = r#"name = "sweep"
seed = 7
paths = 12_345
figures = ["exponential-law"]

[noise]
alpha = 1.5
epsilon = [0.05, 0.2]

[[dynamics]]
sgd = {}
[[dynamics]]
adam = { beta1_rate = 1.0, beta2_rate = 0.1 }

[[basin]]
name = "sharp"
potential = { quadratic = { curvature = [4.0] } }
domain = { interval = [-0.5, 0.5] }

[scheme]
jump_adapted = {}
"#;

pub const TABLES: [&str; 3] = ["summary.csv", "escapes.csv", "comparison.csv"];

pub fn many(few: u64, slow: u64) -> u64 {
    if cfg!(feature = "slow-tests") { slow } else { few }
}

/// Exit code and standard error.
pub fn say(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let said = super::say(folder, arguments);
    (said.code, said.stderr)
}

pub fn succeed(folder: &Path, arguments: &[&str]) {
    let (code, said) = say(folder, arguments);
    assert_eq!(code, 0, "{arguments:?}: {said}");
}

pub fn tables(results: &Path) -> Vec<Vec<u8>> {
    TABLES.iter().map(|table| fs::read(results.join(table)).unwrap_or_else(|e| panic!("{table}: {e}"))).collect()
}

/// The tables of an uninterrupted run.
pub fn undisturbed(folder: &Path) -> Vec<Vec<u8>> {
    succeed(folder, &["run", "my.toml", "-q", "--out", "undisturbed"]);
    tables(&folder.join("undisturbed/sweep"))
}

pub fn signal(child: &Child, name: &str) {
    // The process may have ended before the signal.
    Command::new("kill").args([name, &child.id().to_string()]).stderr(Stdio::null()).status().unwrap();
}

/// Number of paths in a store, which a killed run must not lose.
pub fn paths_kept(results: &Path) -> u64 {
    let Ok(store) = Store::open(results) else { return 0 };
    let mut kept = 0;
    for cell in 0..4 {
        let mut count = |chunk: &ChunkOutcomes| {
            kept += chunk.outcomes.len() as u64;
            Ok::<_, StoreError>(true)
        };
        store.read_cell(cell, 1, &mut count).unwrap();
    }
    kept
}

pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// An experiment whose single path takes weeks.
pub fn endless() -> String {
    SWEEP
        .replace("[0.05, 0.2]", "1e-6")
        .replace("jump_adapted = {}", "euler = { step = 1e-9, max_steps = 9_000_000_000_000_000 }")
}
