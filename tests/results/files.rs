//! What a run writes into its folder, and what an interrupt, a second run and a merge leave.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::{command, folder, manifest, names, say};
use crate::{EXAMPLE, SMALL};
use serde_json::Value;

const SUMMARY: &str = "cell,dynamics,basin,dim,alpha,epsilon,scheme,paths,exited,censored,diverged,mean_time,mean_lo,mean_hi,\
    rate,rate_lo,rate_hi,theory_rate,radon_measure,theta,volume,lambda_mean,lambda_mean_lo,lambda_mean_hi,exact_mean,ks_statistic,ks_p,\
    events_per_path,check,mean_basis,restricted_mean,optimiser,median_time,law,jumps,lambda_mean_second_order";
const ESCAPES: &str = "cell,path,outcome,time,axis,side,overshoot,by_jump,landed";

fn lines(path: impl AsRef<Path>) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(String::from).collect()
}

#[test]
fn the_example_leaves_everything_it_promises() {
    let folder = folder(EXAMPLE);
    let said = say(folder.path(), &["run", "my.toml", "--paths", "64"]);
    assert_eq!((said.code, said.stdout.as_str()), (0, ""), "{}", said.stderr);
    assert!(said.stderr.contains("54 cells") && said.stderr.contains("results/gamma-vs-epsilon"), "{}", said.stderr);

    let results = folder.path().join("results/gamma-vs-epsilon");
    assert_eq!(names(&folder.path().join("results")), ["gamma-vs-epsilon"]);
    let summary = lines(results.join("summary.csv"));
    assert_eq!((summary[0].as_str(), summary.len()), (SUMMARY, 1 + 54));
    let escapes = lines(results.join("escapes.csv"));
    assert_eq!((escapes[0].as_str(), escapes.len()), (ESCAPES, 1 + 54 * 64));
    for (index, row) in csv::Reader::from_path(results.join("escapes.csv")).unwrap().records().enumerate() {
        let row = row.unwrap();
        assert_eq!(&row[0], (index / 64).to_string());
        assert_eq!(&row[1], (index % 64).to_string());
        assert!(row[3].parse::<f64>().unwrap() > 0.0);
    }

    let manifest = manifest(&results);
    assert_eq!(manifest["stop_reason"], "complete");
    assert_eq!(manifest["seed"], 20201206);
    assert_eq!(manifest["paths_per_cell"], 64);
    assert_eq!(manifest["experiment"], EXAMPLE);
    assert_eq!(manifest["cells"].as_array().unwrap().len(), 54);

    for figure in ["gamma-vs-epsilon", "exponential-law", "laplace"] {
        let svg = fs::read_to_string(results.join(format!("figures/{figure}.svg"))).unwrap();
        assert!(svg.trim_end().ends_with("</svg>"), "{figure}");
        let png = fs::read(results.join(format!("figures/{figure}.png"))).unwrap();
        assert!(png.starts_with(b"\x89PNG") && png.len() > 1000, "{figure}");
    }
    assert_eq!(names(&results.join("figures")).len(), 9);
}

#[test]
fn json_is_one_object_an_experiment() {
    let folder = folder(SMALL);
    let said = say(folder.path(), &["run", "my.toml", "--json", "--quiet", "--seed", "9", "--out", "new/nested"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let object: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(said.stdout.lines().count(), 1);
    assert_eq!((&object["name"], &object["complete"]), (&Value::from("small"), &Value::from(true)));
    assert_eq!(object["cells"][0]["exited"], 300);
    assert_eq!(manifest(&folder.path().join("new/nested/small"))["seed"], 9);

    let said = say(folder.path(), &["run", "my.toml", "--json", "--quiet", "--shard", "2/2"]);
    let object: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&object["shard"], &object["complete"]), (&Value::from("2/2"), &Value::from(true)));
    assert_eq!((&object["paths"], &object["cells"]), (&Value::from(300 - 256), &Value::Null));
}

#[test]
fn threads_do_not_change_a_byte() {
    let folder = folder(&EXAMPLE.replace("[1.2, 1.5, 1.8]", "1.5").replace("count = 9", "count = 3"));
    let tables = |threads: &str| {
        let said = say(
            folder.path(),
            &["run", "my.toml", "--paths", "300", "--threads", threads, "--out", threads, "--quiet"],
        );
        assert_eq!(said.code, 0, "{}", said.stderr);
        let results = folder.path().join(threads).join("gamma-vs-epsilon");
        assert_eq!(manifest(&results)["threads"].to_string(), threads);
        ["summary.csv", "escapes.csv"].map(|table| fs::read(results.join(table)).unwrap())
    };
    let one = tables("1");
    // Not assert_eq: a difference would print megabytes.
    assert!(one == tables("2"), "two threads differ from one");
    assert!(one == tables("8"), "eight threads differ from one");
}

#[test]
fn existing_results_are_kept() {
    let folder = folder(SMALL);
    let results = folder.path().join("results");
    let run = |more: &[&str]| say(folder.path(), &[&["run", "my.toml", "-q"], more].concat());
    assert_eq!(run(&[]).code, 0);
    let first = fs::read(results.join("small/escapes.csv")).unwrap();
    fs::write(results.join("small/notes.txt"), "mine").unwrap();

    let refused = run(&["--seed", "8"]);
    assert_eq!(refused.code, 2);
    insta::assert_snapshot!(refused.stderr, @r"
    error: results/small exists already

    hint: pass --resume to continue it, --force to move it aside, or --out DIR to write elsewhere
    ");
    assert_eq!(names(&results), ["small"]);
    assert_eq!(fs::read(results.join("small/escapes.csv")).unwrap(), first);

    let forced = say(folder.path(), &["run", "my.toml", "--seed", "8", "--force"]);
    assert_eq!(forced.code, 0);
    assert!(forced.stderr.contains("results/small was moved to results/small.1\n"), "{}", forced.stderr);
    assert_eq!(run(&["--seed", "9", "--force"]).code, 0);
    assert_eq!(names(&results), ["small", "small.1", "small.2"]);
    assert_eq!(fs::read(results.join("small.1/escapes.csv")).unwrap(), first);
    assert_eq!(fs::read_to_string(results.join("small.1/notes.txt")).unwrap(), "mine");
    assert_ne!(fs::read(results.join("small.2/escapes.csv")).unwrap(), first);
    assert_eq!(manifest(&results.join("small"))["seed"], 9);
}

#[test]
fn two_experiments_never_share_a_folder() {
    let folder = folder(SMALL);
    fs::copy(folder.path().join("my.toml"), folder.path().join("copy.toml")).unwrap();
    let said = say(folder.path(), &["run", "my.toml", "copy.toml"]);
    assert_eq!(said.code, 2);
    insta::assert_snapshot!(said.stderr, @r#"
    error: two experiments are named "small"

    hint: the name of an experiment is its results folder: give each its own
    "#);
    assert!(!folder.path().join("results").exists());

    // If one of two results exists already, nothing is run, and no files of the other remain.
    fs::write(folder.path().join("copy.toml"), SMALL.replace("\"small\"", "\"other\"")).unwrap();
    assert_eq!(say(folder.path(), &["run", "my.toml", "-q"]).code, 0);
    assert_eq!(say(folder.path(), &["run", "copy.toml", "my.toml"]).code, 2);
    assert_eq!(names(&folder.path().join("results")), ["small"]);
}

#[test]
fn a_figure_that_cannot_be_drawn_costs_no_results() {
    let none_escapes = |figures: &str| SMALL.replace("seed = 7", &format!("seed = 7\nmax_time = 1e-9\n{figures}"));
    let named = folder(&none_escapes("figures = [\"exponential-law\"]"));
    let said = say(named.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert!(said.stderr.contains("exponential-law could not be drawn"), "{}", said.stderr);
    assert_eq!(lines(named.path().join("results/small/escapes.csv")).len(), 1 + 300);

    // Nobody asked for the figures that fit.
    let auto = folder(&none_escapes(""));
    let said = say(auto.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("figures: landscape; without data: exponential-law, laplace\n"), "{}", said.stderr);
}

/// Without `figures`, and with `figures = "auto"`, what fits is drawn; a list draws what it names, and the run is the same.
#[test]
fn figures_that_fit_are_drawn_by_default() {
    let text = |figures: &str| {
        let text = SMALL.replace("epsilon = 0.1", "epsilon = [0.1, 0.2]");
        text.replace("seed = 7", &format!("seed = 7\n{figures}"))
    };
    let fit = "exponential-law, gamma-vs-epsilon, landscape, laplace";
    let mut fingerprints = Vec::new();
    for (figures, expected) in
        [("", fit), ("figures = \"auto\"", fit), ("figures = []", "none"), ("figures = [\"laplace\"]", "laplace")]
    {
        let folder = folder(&text(figures));
        let named = |line: &str| {
            let mut names: Vec<&str> = line.rsplit_once("figures: ").expect(line).1.trim_end().split(", ").collect();
            names.sort_unstable();
            names.join(", ")
        };
        let said = say(folder.path(), &["check", "my.toml"]);
        assert_eq!((said.code, named(&said.stdout).as_str()), (0, expected), "{figures}: {}", said.stderr);
        let said = say(folder.path(), &["run", "my.toml"]);
        assert_eq!(said.code, 0, "{figures}: {}", said.stderr);
        let line = said.stderr.lines().find(|line| line.starts_with("figures: ")).unwrap();
        assert_eq!(named(line), expected, "{figures}");
        let results = folder.path().join("results/small");
        let page = fs::read_to_string(results.join("report.html")).unwrap();
        for figure in expected.split(", ").filter(|figure| *figure != "none") {
            assert!(results.join(format!("figures/{figure}.png")).exists(), "{figures}: {figure}");
            assert!(page.contains(&format!("figures/{figure}.svg")), "{figures}: {figure} is not on the page");
        }
        assert_eq!(results.join("figures").exists(), expected != "none", "{figures}");
        fingerprints.push(manifest(&results)["fingerprint"].clone());
        // Results of one choice can be resumed with another.
        fs::write(folder.path().join("my.toml"), text("figures = [\"gamma-vs-epsilon\"]")).unwrap();
        let said = say(folder.path(), &["run", "my.toml", "--resume"]);
        assert!(said.code == 0 && said.stderr.contains("figures: gamma-vs-epsilon\n"), "{figures}: {}", said.stderr);
    }
    assert!(fingerprints.windows(2).all(|pair| pair[0] == pair[1]), "{fingerprints:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_what_was_done() {
    // One path takes about a millisecond, so 10^9 of them would take days.
    let text = SMALL
        .replace("paths = 300", "paths = 1_000_000_000")
        .replace("epsilon = 0.1", "epsilon = [0.1, 0.2]")
        .replace("jump_adapted = {}", "euler = { step = 0.001 }");
    let folder = folder(&text);
    fs::write(folder.path().join("next.toml"), SMALL.replace("\"small\"", "\"next\"")).unwrap();
    let mut running = command(folder.path(), &["run", "my.toml", "next.toml", "--progress", "none"]).spawn().unwrap();
    let results = folder.path().join("results");
    let begun = Instant::now();
    // The last folder is opened after the signal handler is installed.
    while !results.join("next/run.sqlite").exists() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the run does not begin");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(1000));
    let sent = Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let begun = Instant::now();
    while running.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(30) {
            running.kill().unwrap();
            panic!("the run does not stop");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = running.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("stopped; completed paths are in results/small"), "{stderr}");
    assert!(stderr.contains("run my.toml next.toml --progress none --resume"), "{stderr}");

    // The first chunk of every cell comes first; the second experiment leaves nothing.
    assert_eq!(names(&results), ["small"]);
    let results = results.join("small");
    assert_eq!(manifest(&results)["stop_reason"], "interrupted");
    assert_eq!(manifest(&results)["complete"], false);
    let mut summary = csv::Reader::from_path(results.join("summary.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = summary.records().map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), 2);
    let paths: Vec<usize> = rows.iter().map(|row| row[7].parse().unwrap()).collect();
    assert!((256..1_000_000_000).contains(&paths[0]) && paths[1] == 256, "{paths:?}");
    let escapes = lines(results.join("escapes.csv"));
    // The paths of a cell up to its first gap: a sample of those that happened to end would be biased.
    let expected =
        paths.iter().enumerate().flat_map(|(cell, n)| (0..*n).map(move |path| format!("{cell},{path},exited,")));
    assert_eq!(escapes.len(), 1 + paths.iter().sum::<usize>());
    assert!(escapes[1..].iter().zip(expected).all(|(row, start)| row.starts_with(&start)));
}

/// The table of all paths can be chosen in the file and on the command line; it does not change the run, and comes back from the store.
#[test]
fn the_table_of_all_paths_is_chosen() {
    let none = SMALL.replace("seed = 7", "seed = 7\nescapes = \"none\"");
    let folder = folder(SMALL);
    let succeed = |arguments: &[&str]| {
        let said = say(folder.path(), arguments);
        assert_eq!(said.code, 0, "{}", said.stderr);
    };
    let (table, summary) =
        (folder.path().join("results/small/escapes.csv"), folder.path().join("results/small/summary.csv"));
    succeed(&["run", "my.toml", "-q"]);
    let (all, cells) = (fs::read(&table).unwrap(), fs::read(&summary).unwrap());
    succeed(&["report", "results/small", "-q", "--escapes", "none"]);
    assert!(!table.exists(), "a table of an earlier state");

    // The choice is not part of the run: it resumes.
    fs::write(folder.path().join("my.toml"), &none).unwrap();
    succeed(&["run", "my.toml", "-q", "--resume"]);
    assert!(!table.exists());
    succeed(&["run", "my.toml", "-q", "--resume", "--escapes", "csv"]);
    assert!(fs::read(&table).unwrap() == all && fs::read(&summary).unwrap() == cells);

    fs::write(folder.path().join("my.toml"), none.replace("jump_adapted = {}", "jump_adapted = {}\nescapes = \"csv\""))
        .unwrap();
    let twice = say(folder.path(), &["check", "my.toml"]);
    assert!(twice.code == 2 && twice.stderr.contains("`escapes` is given twice"), "{}", twice.stderr);
    fs::write(folder.path().join("my.toml"), none.replace("\"none\"", "\"cvs\"")).unwrap();
    let wrong = say(folder.path(), &["check", "my.toml"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("did you mean \"csv\"?"), "{}", wrong.stderr);
}

#[test]
fn shards_are_merged_without_a_table_of_paths() {
    let folder = folder(SMALL);
    for shard in ["1/2", "2/2"] {
        assert_eq!(say(folder.path(), &["run", "my.toml", "-q", "--shard", shard]).code, 0);
    }
    let parts = ["results/small.shard-1-of-2", "results/small.shard-2-of-2"];
    let merged =
        say(folder.path(), &[&["merge", "-q", "--escapes", "none", "--into", "results/small"], &parts[..]].concat());
    assert_eq!(merged.code, 0, "{}", merged.stderr);
    let files = names(&folder.path().join("results/small"));
    assert!(
        files.iter().any(|name| name == "summary.csv") && !files.iter().any(|name| name == "escapes.csv"),
        "{files:?}"
    );
}
