//! Experiments with `[occupancy]`: what the file may say, what a run writes, and that interruptions, threads and shards do not change a byte.

#![cfg(unix)]

mod program;

use std::fs;
use std::path::Path;
use std::time::Duration;

use levy_escape::experiment::Experiment;
use levy_escape::noise::{Seed, Stream};
use program::sweep::{say, signal, succeed};
use program::{command, folder, manifest, names};

const WELLS: &str = r#"name = "wells"
seed = 3
paths = 1_500

[noise]
alpha = 1.5
eta = 0.01
amplitude = 0.25

[[dynamics]]
sgd = {}
[[dynamics]]
adam = { beta1 = 0.9, beta2 = 0.999, gradient_noise = [1.5] }
[[dynamics]]
sgd_steps = {}
[[dynamics]]
name = "Gauss"
sgd = {}
alpha = 2.0
amplitude = 6.0

[[basin]]
name = "wells"
potential = { multi_well = { minima = [-0.5, 0.5, 5.0], saddles = [0.0, 2.0], depths = [2.0, 1.2, 0.6] } }
domain = { well = {} }

[occupancy]
times = { from = 1, to = 30, count = 4, scale = "log" }
"#;

const TABLES: [&str; 3] = ["occupancy.csv", "occupancy_rates.csv", "occupancy_wells.csv"];

fn tables(results: &Path) -> Vec<Vec<u8>> {
    TABLES.iter().map(|table| fs::read(results.join(table)).unwrap_or_else(|e| panic!("{table}: {e}"))).collect()
}

#[test]
fn a_run_writes_its_tables_and_the_figure() {
    let folder = folder(WELLS);
    succeed(folder.path(), &["run", "my.toml", "-q"]);
    let results = folder.path().join("results/wells");
    let left = names(&results);
    for file in ["findings.md", "figures", "manifest.json", "report.html", "run.sqlite"].into_iter().chain(TABLES) {
        assert!(left.iter().any(|name| name == file), "{file} is missing: {left:?}");
    }
    assert!(!left.iter().any(|name| name == "summary.csv" || name == "escapes.csv"), "{left:?}");
    assert!(results.join("figures/occupancy.svg").is_file());
    assert_eq!(manifest(&results)["complete"], true);
    let table = fs::read_to_string(results.join("occupancy.csv")).unwrap();
    // Three wells at four times in four cells, and the diverged paths of the steps.
    assert_eq!(table.lines().count(), 1 + 4 * 3 * 4 + 4);
    let sums = |cell: &str| {
        let mut sums = std::collections::BTreeMap::new();
        for line in table.lines().skip(1).filter(|line| line.starts_with(cell)) {
            let fields: Vec<&str> = line.split(',').collect();
            *sums.entry(fields[2].to_owned()).or_insert(0.0) += fields[4].parse::<f64>().unwrap();
        }
        sums
    };
    for cell in ["0,", "1,", "2,", "3,"] {
        let sums = sums(cell);
        assert!(sums.len() == 4 && sums.values().all(|sum| (sum - 1.0).abs() < 1e-9), "{sums:?}");
    }
    // The predicted shares add up to 1 as well, and the start is uniform.
    let first: Vec<&str> = table.lines().nth(1).unwrap().split(',').collect();
    assert!((first[7].parse::<f64>().unwrap() - 1.0 / 3.0).abs() < 0.02, "{first:?}");
    // The figure shows every share, and its table has the digits of the other.
    let shown = fs::read_to_string(results.join("figures/occupancy.csv")).unwrap();
    let mut shown = csv::Reader::from_reader(shown.as_bytes());
    let shown: Vec<csv::StringRecord> = shown.records().map(Result::unwrap).collect();
    assert!(["potential", "predicted"].iter().all(|kind| shown.iter().any(|row| &row[7] == *kind)));
    let place = |row: &csv::StringRecord| [row[8].to_owned(), row[9].to_owned()];
    let mut measured: Vec<[String; 2]> = shown.iter().filter(|row| &row[7] == "measured").map(place).collect();
    let fields = |line: &str| -> Vec<String> { line.split(',').map(String::from).collect() };
    let rows = table.lines().skip(1).map(fields).filter(|row| row[3] != "diverged");
    let mut expected: Vec<[String; 2]> = rows.map(|row| [row[2].clone(), row[4].clone()]).collect();
    measured.sort();
    expected.sort();
    assert_eq!(measured, expected);
    // Writing them again from the store changes nothing.
    let written = tables(&results);
    TABLES.iter().for_each(|table| fs::remove_file(results.join(table)).unwrap());
    succeed(folder.path(), &["report", "results/wells"]);
    assert!(tables(&results) == written);
}

#[test]
fn a_run_killed_at_any_moment_gives_the_same_bytes() {
    let folder = folder(WELLS);
    succeed(folder.path(), &["run", "my.toml", "-q", "--out", "undisturbed"]);
    let reference = tables(&folder.path().join("undisturbed/wells"));
    let results = folder.path().join("results/wells");
    let mut rng = Stream::new(Seed(9), 0, 0);
    let mut interrupted = 0;
    for _ in 0..60 {
        let mut child = command(folder.path(), &["run", "my.toml", "-q", "--resume"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis((600.0 * rng.open01()) as u64));
        signal(&child, "-KILL");
        if child.wait().unwrap().code() == Some(0) {
            break;
        }
        interrupted += 1;
        if interrupted == 8 {
            break;
        }
    }
    assert!(interrupted > 0, "no run was interrupted");
    succeed(folder.path(), &["run", "my.toml", "-q", "--resume"]);
    assert!(tables(&results) == reference, "other bytes after {interrupted} kills");
}

#[test]
fn threads_and_shards_do_not_change_a_byte() {
    let folder = folder(WELLS);
    succeed(folder.path(), &["run", "my.toml", "-q", "--out", "whole", "--threads", "1"]);
    let reference = tables(&folder.path().join("whole/wells"));
    for shard in ["1/3", "2/3", "3/3"] {
        succeed(folder.path(), &["run", "my.toml", "-q", "--out", "parts", "--threads", "2", "--shard", shard]);
    }
    let parts = [3, 1, 2].map(|i| format!("parts/wells.shard-{i}-of-3"));
    let mut arguments = vec!["merge", "-q"];
    arguments.extend(parts.iter().map(String::as_str));
    arguments.extend(["--into", "merged"]);
    succeed(folder.path(), &arguments);
    assert!(tables(&folder.path().join("merged")) == reference);
    // Another time is another run.
    fs::write(folder.path().join("my.toml"), WELLS.replace("to = 30", "to = 31")).unwrap();
    let (code, said) = say(folder.path(), &["run", "my.toml", "-q", "--out", "whole", "--resume"]);
    assert!(code == 2 && said.contains("occupancy.times.to"), "{code}: {said}");
}

/// The wells, their widths and the stationary law.
#[test]
fn theory_lists_the_wells() {
    let folder = folder(WELLS);
    let said = program::say(folder.path(), &["theory", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("wells of wells") && said.stdout.contains("left width"), "{}", said.stdout);
    assert!(said.stdout.contains("cell 3: stationary law of the wells"), "{}", said.stdout);
    let said = program::say(folder.path(), &["theory", "my.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["cells"][0]["wells"]["saddles"], serde_json::json!([0.0, 2.0]));
}

/// Every error comes before any work, with its line and what to do.
#[test]
fn wrong_sections_are_refused_with_a_hint() {
    assert_eq!(Experiment::parse("a.toml", WELLS).unwrap().cells.len(), 4);
    for (from, to, expected) in [
        ("times = { from = 1, to = 30, count = 4, scale = \"log\" }", "", "`times` is missing"),
        ("from = 1,", "from = -1,", "a logarithmic sweep needs positive ends"),
        ("{ from = 1, to = 30, count = 4, scale = \"log\" }", "[3.0, 2.0]", "the times must be in ascending order"),
        ("{ from = 1, to = 30, count = 4, scale = \"log\" }", "[0.0, 2.0]", "the time 0 is not positive"),
        ("[occupancy]", "[occupancy]\nstarts = 1", "did you mean `start`?"),
        ("[occupancy]", "[occupancy]\nstart = \"unifrom\"", "did you mean \"uniform\"?"),
        ("[occupancy]", "[occupancy]\nstart = [1.0]", "write `start = { positions = [..] }`"),
        ("[occupancy]", "[occupancy]\nstart = { weights = [1.0] }", "one weight for every well"),
        ("[occupancy]", "[occupancy]\nstart = { position = [1.0] }", "did you mean `positions`?"),
        ("[occupancy]", "[scheme]\neuler = {}\n[occupancy]", "Euler's steps explode"),
        ("[occupancy]", "[scheme]\njump_adapted = { max_events = 5 }\n[occupancy]", "leave it out"),
        ("seed = 3", "seed = 3\nmax_time = 9", "the paths of an occupancy end at the last recorded time"),
        ("seed = 3", "seed = 3\nfigures = [\"laplace\"]", "needs escapes, and paths of an occupancy have no edge"),
        ("domain = { well = {} }", "domain = { interval = [-1.0, 0.0] }", "paths of an occupancy have none"),
        ("domain = { well = {} }", "domain = { well = {} }\nstart = [-0.4]", "leave out `start` and `inset`"),
        ("saddles = [0.0, 2.0]", "saddles = [0.0, 9.0]", "must alternate in ascending order"),
        ("depths = [2.0, 1.2, 0.6]", "depths = [2.0, 1.2]", "there are 2 depths, not 3"),
        ("depths = [2.0, 1.2, 0.6]", "depths = [2.0, -1.2, 0.6]", "the minimum of well 2 is not below"),
        (
            "multi_well = { minima = [-0.5, 0.5, 5.0], saddles = [0.0, 2.0], depths = [2.0, 1.2, 0.6] }",
            "expression = { formula = \"x^4/4 - x^2/2\", minimum = [1.0] }",
            "give `range = [lo, hi]` under [occupancy]",
        ),
        (
            "[occupancy]",
            "[occupancy]\nrange = [100.0, 200.0]",
            "the wells are known, and no others are searched in `range`",
        ),
        ("gradient_noise = [1.5]", "gradient_noise = [1.5], second_moment = \"sampled\"", "use the second moment"),
    ] {
        assert!(WELLS.contains(from), "{from}");
        let errors = Experiment::parse("a.toml", &WELLS.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(errors.contains(expected), "{to}: {errors}");
        assert!(errors.starts_with("a.toml:") || errors.contains("\na.toml:"), "{to}: no place in {errors}");
    }
    // A formula needs the range, and then has its wells.
    let formula = WELLS
        .replace(
            "multi_well = { minima = [-0.5, 0.5, 5.0], saddles = [0.0, 2.0], depths = [2.0, 1.2, 0.6] }",
            "expression = { formula = \"x^4/4 - x^2/2\", minimum = [1.0] }",
        )
        .replace("[occupancy]", "[occupancy]\nrange = [-3.0, 3.0]");
    let experiment = Experiment::parse("a.toml", &formula).unwrap_or_else(|errors| panic!("{errors}"));
    let wells = experiment.cells[0].occupancy.as_ref().unwrap().wells().clone();
    assert!(wells.count() == 2 && (wells.minimum(0)[0] + 1.0).abs() < 1e-9, "{wells:?}");
}

const PLANE: &str = r#"name = "plane"
seed = 3
paths = 512

[noise]
alpha = 1.5
epsilon = 0.05

[[dynamics]]
sgd = {}
[[dynamics]]
name = "Gauss"
sgd = {}
alpha = 2.0
epsilon = 0.35

[[basin]]
name = "wells"
potential = { gaussian_wells = { positions = [[-1.0, 0.0], [1.0, 0.5]], widths = [0.3, 0.8], depths = [2.0, 1.0], curvature = 0.1 } }
domain = { attraction = {} }

[occupancy]
times = { from = 1, to = 30, count = 4, scale = "log" }
"#;

/// The tables and the figure of wells in the plane, and the same bytes after an interruption.
#[test]
fn wells_in_the_plane_have_tables_and_a_figure() {
    let folder = folder(PLANE);
    succeed(folder.path(), &["run", "my.toml", "-q"]);
    let results = folder.path().join("results/plane");
    let written = tables(&results);
    let wells = csv::Reader::from_path(results.join("occupancy_wells.csv")).unwrap().into_records();
    let wells: Vec<csv::StringRecord> = wells.map(Result::unwrap).collect();
    assert_eq!(wells.len(), 4);
    for (row, place) in wells.iter().zip([-1.0, 1.0, -1.0, 1.0]) {
        // The bowl draws the minima towards the origin; neither well has a boundary on its outer side.
        assert!((row[6].parse::<f64>().unwrap() - place).abs() < 0.1 && row[16].parse::<f64>().is_ok(), "{row:?}");
        assert!(row[if place < 0.0 { 7 } else { 8 }].is_empty() && row[9].is_empty() && !row[19].is_empty(), "{row:?}");
    }
    let figure = fs::read_to_string(results.join("figures/occupancy.csv")).unwrap();
    assert!(["contour", "boundary", "potential", "predicted"].iter().all(|kind| figure.contains(kind)));
    assert!(
        fs::read_to_string(results.join("findings.md"))
            .unwrap()
            .contains("| widths along each axis | lowest barrier |")
    );
    succeed(folder.path(), &["run", "my.toml", "-q", "--out", "other", "--threads", "1"]);
    assert!(tables(&folder.path().join("other/plane")) == written);
    let said = program::say(folder.path(), &["theory", "my.toml"]);
    assert!(
        said.stdout.contains("1–2") && said.stdout.contains("cell 1: stationary law of the wells"),
        "{}",
        said.stdout
    );
    let said = program::say(folder.path(), &["theory", "my.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["cells"][0]["wells"]["saddles"][0]["joins"], serde_json::json!([1, 2]));
}

#[test]
fn wrong_wells_in_the_plane_are_refused_with_a_hint() {
    assert_eq!(Experiment::parse("a.toml", PLANE).unwrap().cells.len(), 2);
    for (from, to, expected) in [
        ("[occupancy]", "[occupancy]\nstart = { positions = [1.0] }", "two in the plane, `[[-1, 0], [0.2, 1]]`"),
        ("[occupancy]", "[occupancy]\nstart = { positions = [[1.0, 0.0], [1.0]] }", "differ in length"),
        ("[occupancy]", "[occupancy]\nstart = { weights = [1.0] }", "one weight for every well"),
        ("[occupancy]", "[occupancy]\nrange = [-1.0, 1.0]", "the wells are known"),
        ("domain = { attraction = {} }", "domain = { ball = { radius = 0.2 } }", "use `domain = { attraction = {} }`"),
        ("widths = [0.3, 0.8]", "widths = [0.3]", "there are 1 widths, and 2 positions"),
        ("[1.0, 0.5]", "[1.0, 0.5, 2.0]", "rows"),
        ("depths = [2.0, 1.0]", "depths = [0.001, 1.0]", "start in another one with `well`"),
        ("curvature = 0.1", "curvature = 0.1, well = 3", "well"),
    ] {
        assert!(PLANE.contains(from), "{from}");
        let errors = Experiment::parse("a.toml", &PLANE.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(errors.contains(expected) && errors.contains("a.toml:"), "{to}: {errors}");
    }
    let positions = PLANE.replace("[occupancy]", "[occupancy]\nstart = { positions = [[0.9, 0.4], [-3.0, 1.0]] }");
    assert!(Experiment::parse("a.toml", &positions).is_ok());
    // A formula in the plane is searched in a square.
    let formula = PLANE.replace(
        "gaussian_wells = { positions = [[-1.0, 0.0], [1.0, 0.5]], widths = [0.3, 0.8], depths = [2.0, 1.0], curvature = 0.1 }",
        "expression = { formula = \"x^4/4 - x^2/2 + y^2\", minimum = [1.0, 0.0] }",
    );
    let errors = Experiment::parse("a.toml", &formula).unwrap_err().to_string();
    assert!(errors.contains("lie in the square of this side"), "{errors}");
    let formula = formula.replace("[occupancy]", "[occupancy]\nrange = [-2.0, 2.0]");
    let experiment = Experiment::parse("a.toml", &formula).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(experiment.cells[0].occupancy.as_ref().unwrap().wells().count(), 2);
}
