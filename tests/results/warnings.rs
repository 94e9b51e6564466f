//! Warnings about results, and outcomes that are not exits.

use std::fs;
use std::path::Path;

use crate::SMALL;
use crate::program::{folder, manifest, names, say};

/// Warnings about means reach the console, `findings.md` and the manifest after `run`, `report` and `merge`.
fn is_warned_everywhere(text: &str, name: &str, warning: &str) {
    let folder = folder(text);
    let path = folder.path();
    let said = say(path, &["run", "my.toml"]);
    let count = |text: &str| text.matches(warning).count();
    assert_eq!((said.code, count(&said.stderr)), (0, 1), "{}", said.stderr);
    let kept = |results: &Path| {
        let findings = fs::read_to_string(results.join("findings.md")).unwrap();
        assert!(findings.contains("## Warnings\n\n- cell 0: ") && count(&findings) == 1, "{findings}");
        let manifest = manifest(results);
        let warnings = manifest["warnings"].as_array().unwrap();
        assert_eq!(warnings.iter().filter(|said| count(said.as_str().unwrap()) == 1).count(), 1, "{warnings:?}");
    };
    let results = path.join("results").join(name);
    kept(&results);
    fs::remove_file(results.join("findings.md")).unwrap();
    let said = say(path, &["report", &format!("results/{name}")]);
    assert_eq!((said.code, count(&said.stderr)), (0, 1), "{}", said.stderr);
    kept(&results);
    for shard in ["1/2", "2/2"] {
        let said = say(path, &["run", "my.toml", "--shard", shard, "--out", &shard.replace('/', "-")]);
        assert_eq!((said.code, count(&said.stderr)), (0, 0), "{}", said.stderr);
    }
    let parts: Vec<String> = ["1-2", "2-2"]
        .iter()
        .flat_map(|shard| names(&path.join(shard)).into_iter().map(move |n| format!("{shard}/{n}")))
        .collect();
    let said = say(path, &["merge", &parts[0], &parts[1], "--into", "merged"]);
    assert_eq!((said.code, count(&said.stderr)), (0, 1), "{}", said.stderr);
    kept(&path.join("merged"));
}

/// Euler with discrete monitoring and a step of half a relaxation time leaves far too late.
fn late() -> String {
    SMALL
        .replace("0.1", "0.5")
        .replace("paths = 300", "paths = 4_000")
        .replace("jump_adapted = {}", "euler = { step = 0.2, monitoring = \"discrete\" }")
}

#[test]
fn a_mean_that_is_off_is_a_warning() {
    is_warned_everywhere(&late(), "small", "does not agree with the exact mean");
    // Power: the same cell by the default scheme.
    let folder = folder(&SMALL.replace("0.1", "0.5").replace("paths = 300", "paths = 4_000"));
    let said = say(folder.path(), &["run", "my.toml"]);
    assert!(said.code == 0 && !said.stderr.contains("warning"), "{}", said.stderr);
}

/// OU (1.5, .5) censored at .3, before the quasi-stationary regime: the law of the exits is not exponential, and 1/rate is too long by half.
#[test]
fn a_censored_mean_without_an_exponential_law_is_a_warning() {
    let text = SMALL
        .replace("0.1", "0.5")
        .replace("paths = 300", "paths = 40_000\nmax_time = 0.3")
        .replace("curvature = [4.0]", "curvature = [1.0]")
        .replace("[-0.5, 0.5]", "[-1.0, 1.0]");
    is_warned_everywhere(&text, "small", "reject the exponential law that the mean assumes");
}

/// `reproduce` completes every experiment, also those after the one whose mean is off, and ends with 1.
#[test]
fn reproduce_ends_with_1_if_a_mean_is_off() {
    let folder = folder("");
    let experiments = folder.path().join("experiments");
    fs::create_dir(&experiments).unwrap();
    fs::write(experiments.join("a.toml"), late()).unwrap();
    fs::write(experiments.join("b.toml"), SMALL.replace("\"small\"", "\"other\"")).unwrap();
    let said = say(folder.path(), &["reproduce"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert!(said.stderr.contains("does not agree with the exact mean"), "{}", said.stderr);
    assert!(said.stderr.ends_with(
        "error: the mean exit time of 1 cell does not agree with its exact mean\n\n\
         hint: all results are written; the warnings above and each findings.md name the cells\n"
    ));
    for name in ["small", "other"] {
        assert_eq!(manifest(&folder.path().join("results").join(name))["complete"], true);
    }
    fs::remove_file(experiments.join("a.toml")).unwrap();
    assert_eq!(say(folder.path(), &["reproduce", "--force"]).code, 0);
}

fn column(results: &Path, cell: usize, name: &str) -> f64 {
    let mut table = csv::Reader::from_path(results.join("summary.csv")).unwrap();
    let at = table.headers().unwrap().iter().position(|column| column == name).unwrap();
    table.records().nth(cell).unwrap().unwrap()[at].parse().unwrap()
}

/// A jump beyond the finite numbers leaves. By Getoor E Γ = 1.0127 at α = .01, ε = .5 on (-1, 1).
#[test]
fn infinite_jumps_are_exits() {
    let text = SMALL
        .replace("alpha = 1.5", "alpha = [0.01, 0.02, 0.05]")
        .replace("0.1", "0.5")
        .replace("paths = 300", "paths = 4_000")
        .replace("potential = { quadratic = { curvature = [4.0] } }", "dim = 1\npotential = { none = {} }")
        .replace("[-0.5, 0.5]", "[-1.0, 1.0]")
        .replace("jump_adapted", "euler");
    let folder = folder(&text);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert!(said.code == 0 && !said.stderr.contains("diverged"), "{}", said.stderr);
    let results = folder.path().join("results/small");
    for cell in 0..3 {
        assert_eq!((column(&results, cell, "exited"), column(&results, cell, "diverged")), (4000.0, 0.0));
    }
    let ends = ["mean_lo", "mean_hi"].map(|end| column(&results, 0, end));
    assert!(0.995 * ends[0] < 1.0127 && 1.0127 < 1.005 * ends[1], "{ends:?}");
}

/// A jump to the far left of a double well, where the cube of the place is beyond all numbers: the drift diverges, not the noise.
#[test]
fn diverged_paths_are_in_the_last_line() {
    let text = SMALL
        .replace("alpha = 1.5", "alpha = 0.02")
        .replace("paths = 300", "paths = 3_000")
        .replace("quadratic = { curvature = [4.0] }", "double_well = { minima = [-1, 1] }")
        .replace("interval = [-0.5, 0.5]", "well = {}")
        .replace("jump_adapted = {}", "euler = { step = 0.01 }");
    let folder = folder(&text);
    let said = say(folder.path(), &["run", "my.toml"]);
    let diverged = column(&folder.path().join("results/small"), 0, "diverged");
    assert!(diverged > 0.0 && said.stderr.contains(&format!(", {diverged} paths diverged → ")), "{}", said.stderr);
}
