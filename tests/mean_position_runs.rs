//! Experiments with `[mean_position]`: what the file may say, what a run writes, and that threads, shards and a stop do not change a byte.

#![cfg(unix)]

mod program;

use std::fs;

use levy_escape::experiment::Experiment;
use program::sweep::{say, succeed};
use program::{folder, names};

const VALLEY: &str = r#"name = "valley"
seed = 3
paths = 600

[noise]
alpha = [1.5, 2.0]
eta = 0.02

[[dynamics]]
sgd = {}
[[dynamics]]
sgd_steps = {}
[[dynamics]]
adam_steps = { beta1 = 0.9, beta2 = 0.999 }

[[basin]]
name = "valley"
potential = { asymmetric = { left = [4.0, 1.0], right = [1.0, 1.0] } }

[mean_position]
times = [6.0, 7.0, 8.0]
"#;

#[test]
fn a_run_writes_its_table_and_the_figure() {
    let folder = folder(VALLEY);
    succeed(folder.path(), &["run", "my.toml", "-q"]);
    let results = folder.path().join("results/valley");
    let left = names(&results);
    for file in ["findings.md", "figures", "manifest.json", "mean_position.csv", "report.html", "run.sqlite"] {
        assert!(left.iter().any(|name| name == file), "{file} is missing: {left:?}");
    }
    assert!(!left.iter().any(|name| name == "summary.csv" || name == "escapes.csv"), "{left:?}");
    assert!(results.join("figures/mean-position.svg").is_file());
    let table = fs::read(results.join("mean_position.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(&table[..]);
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    // Two axes in six cells; only Adam's have no prediction.
    assert_eq!(rows.len(), 12);
    let number = |row: &csv::StringRecord, column: usize| row[column].parse::<f64>().ok();
    for row in &rows {
        assert!(number(row, 10).is_some() && number(row, 11) < number(row, 12), "{row:?}");
        assert_eq!(number(row, 13).is_none(), row[1].starts_with("adam_steps"), "{row:?}");
        if &row[5] == "2" && !row[1].starts_with("adam_steps") {
            assert_eq!(number(row, 13), Some(0.0), "{row:?}");
        }
    }
    let findings = fs::read_to_string(results.join("findings.md")).unwrap();
    assert!(findings.contains("1 of 2 | 1 | 0 |"), "{findings}");
    // Writing it again from the store changes nothing.
    fs::remove_file(results.join("mean_position.csv")).unwrap();
    succeed(folder.path(), &["report", "results/valley"]);
    assert!(fs::read(results.join("mean_position.csv")).unwrap() == table);
}

#[test]
fn threads_shards_and_a_stop_do_not_change_a_byte() {
    let folder = folder(VALLEY);
    let table = |place: &str| fs::read(folder.path().join(place).join("mean_position.csv")).unwrap();
    succeed(folder.path(), &["run", "my.toml", "-q", "--out", "whole", "--threads", "1"]);
    let reference = table("whole/valley");
    for shard in ["1/3", "2/3", "3/3"] {
        succeed(folder.path(), &["run", "my.toml", "-q", "--out", "parts", "--threads", "2", "--shard", shard]);
    }
    let parts = [3, 1, 2].map(|i| format!("parts/valley.shard-{i}-of-3"));
    let mut arguments = vec!["merge", "-q"];
    arguments.extend(parts.iter().map(String::as_str));
    arguments.extend(["--into", "merged"]);
    succeed(folder.path(), &arguments);
    assert!(table("merged") == reference);
    // Half of the paths, and the others later.
    succeed(folder.path(), &["run", "my.toml", "-q", "--out", "twice", "--paths", "256"]);
    succeed(folder.path(), &["run", "my.toml", "-q", "--out", "twice", "--paths", "600", "--resume"]);
    assert!(table("twice/valley") == reference);
    // Another time is another run.
    fs::write(folder.path().join("my.toml"), VALLEY.replace("8.0]", "9.0]")).unwrap();
    let (code, said) = say(folder.path(), &["run", "my.toml", "-q", "--out", "whole", "--resume"]);
    assert!(code == 2 && said.contains("mean_position.times"), "{code}: {said}");
}

/// Every error comes before any work, with its line and what to do.
#[test]
fn wrong_sections_are_refused_with_a_hint() {
    let experiment = Experiment::parse("a.toml", VALLEY).unwrap();
    assert!(experiment.cells.len() == 6 && experiment.warnings.is_empty(), "{:?}", experiment.warnings);
    for (from, to, expected) in [
        ("alpha = [1.5, 2.0]", "alpha = [1.5, 1.0]", "give `alpha` above 1"),
        ("alpha = [1.5, 2.0]", "student_t = { degrees = 3.0 }", "give `alpha` in place of the law"),
        ("times = [6.0, 7.0, 8.0]", "", "`times` is missing"),
        ("times = [6.0, 7.0, 8.0]", "times = [7.0, 6.0]", "the times must be in ascending order"),
        ("times = [6.0, 7.0, 8.0]", "times = [6.0]\nclip = 0.0", "clip = 0 is outside [0.1, 1000]"),
        ("times = [6.0, 7.0, 8.0]", "times = [6.0]\ncip = 3.0", "did you mean `clip`?"),
        ("[mean_position]", "[scheme]\neuler = {}\n[mean_position]", "leave [scheme] out"),
        ("[mean_position]", "[occupancy]\ntimes = [1.0]\n[mean_position]", "either [occupancy] or [mean_position]"),
        ("seed = 3", "seed = 3\nmax_time = 9", "end at the last recorded time"),
        ("seed = 3", "seed = 3\npaths_kept = 1", "the paths of a mean position have none"),
        ("seed = 3", "seed = 3\nfigures = [\"laplace\"]", "paths of a mean position have no edge"),
        ("sgd = {}", "adam = { beta1_rate = 1.0, beta2_rate = 0.1 }", "use `adam_steps`"),
        ("eta = 0.02", "eta = 0.6", "give a smaller `eta`"),
        ("left = [4.0, 1.0]", "left = [4.0, 0.0]", "positive curvatures"),
        ("left = [4.0, 1.0]", "left = [4.0]", "right"),
        (
            "right = [1.0, 1.0] } }",
            "right = [1.0, 1.0] } }\ndomain = { ball = { radius = 1.0 } }",
            "leave `domain` out",
        ),
        ("right = [1.0, 1.0] } }", "right = [1.0, 1.0] } }\nstart = [0.1, 0.0]", "leave out `start` and `inset`"),
        (
            "asymmetric = { left = [4.0, 1.0], right = [1.0, 1.0] }",
            "expression = { formula = \"x^4 + x^2\" }",
            "use `quadratic` or `asymmetric`",
        ),
    ] {
        assert!(VALLEY.contains(from), "{from}");
        let errors = Experiment::parse("a.toml", &VALLEY.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(errors.contains(expected), "{to}: {errors}");
        assert!(errors.contains("a.toml:"), "{to}: no place in {errors}");
    }
    // Too early for paths to be at rest.
    let early = Experiment::parse("a.toml", &VALLEY.replace("[6.0, 7.0, 8.0]", "[1.0]")).unwrap();
    assert!(early.warnings.iter().any(|warning| warning.contains("begin at 5")), "{:?}", early.warnings);
}
