//! The results of a run: tables, findings, figures, manifest, and their agreement with theory.

mod program;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use program::{command, folder, manifest, names, say};
use serde_json::Value;

/// The example of the documentation. Its `figures` are below the header of `[scheme]`.
const EXAMPLE: &str = include_str!("data/documented.toml");

/// One cell, quick to run.
const SMALL: &str = include_str!("data/small.toml");

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

/// `findings.md` gives claim, prediction and measurement for each regime of theorem 2, and the results of the random problems.
#[test]
fn findings_are_told_regime_by_regime() {
    let text = r#"
name = "regimes"
paths = 300
figures = ["theorem2", "random-problems"]
[random_problems]
problems = 500
dim = [2, 6]
alpha = 1.5
[noise]
alpha = 1.5
epsilon = 0.003
amplitude = { values = [0.5, 2.0] }
[[dynamics]]
name = "SGD"
sgd = {}
[[dynamics]]
name = "Adam"
adam = { beta1_rate = 1.0, beta2_rate = 0.1 }
[[dynamics]]
name = "SGD, diag"
sgd = {}
amplitude = [2.0, 0.5]
[[dynamics]]
name = "Adam, diag"
adam = { beta1_rate = 1.0, beta2_rate = 0.1 }
amplitude = [2.0, 0.5]
[[basin]]
name = "disc"
dim = 2
potential = { quadratic = { curvature = 1.0 } }
domain = { ball = { radius = 1.0 } }
[scheme]
jump_adapted = {}
"#;
    let folder = folder(text);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/regimes");
    let findings = fs::read_to_string(results.join("findings.md")).unwrap();
    for line in [
        "| det Q > 1, Q a multiple of I | 1 | Adam escapes later | 2.828 |",
        "| det Q = 1, Q anisotropic | 1 | nothing: the volumes are equal | 1.591 |",
        "| det Q < 1, Q a multiple of I | 1 | Adam escapes earlier | 0.354 |",
        "- scaled_wishart, d = 6, α = 1.5: m(W_ADAM) < m(W_SGD) in 99.",
    ] {
        assert!(findings.contains(line), "{line}\n{findings}");
    }
    let table = fs::read_to_string(results.join("random_problems.csv")).unwrap();
    assert!(table.starts_with(
        "dim,alpha,problems,adam_later,share,share_lo,share_hi,gamma_ratio_5,gamma_ratio_50,gamma_ratio_95,ensemble\n2,1.5,500,"
    ));
    assert!(results.join("figures/random-problems.svg").exists() && results.join("figures/theorem2.png").exists());

    fs::write(
        folder.path().join("my.toml"),
        text.replace("[random_problems]\nproblems = 500\ndim = [2, 6]\nalpha = 1.5\n", ""),
    )
    .unwrap();
    let said = say(folder.path(), &["check", "my.toml"]);
    assert!(said.code == 2 && said.stderr.contains("needs [random_problems]"), "{}", said.stderr);
}

/// Discrete optimisers are compared with their SDEs, once for any number of schemes; they need a learning rate and no scheme.
#[test]
fn steps_stand_beside_their_equations() {
    let text = r#"
name = "steps"
paths = 200
figures = ["sde-vs-steps"]
[noise]
alpha = 1.5
eta = [0.1, 0.3]
[[dynamics]]
sgd = {}
[[dynamics]]
sgd_steps = {}
[[dynamics]]
adam = { beta1 = 0.9, beta2 = 0.999 }
[[dynamics]]
adam_steps = { beta1 = 0.9, beta2 = 0.999 }
[[basin]]
name = "unit"
potential = { quadratic = { curvature = 1.0 } }
domain = { interval = [-1.0, 1.0] }
[[scheme]]
jump_adapted = {}
[[scheme]]
euler = {}
"#;
    let folder = folder(text);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/steps");
    let summary = fs::read_to_string(results.join("summary.csv")).unwrap();
    let rows: Vec<Vec<&str>> = summary.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let count = |dynamics: &str, scheme: &str| rows.iter().filter(|row| row[1] == dynamics && row[6] == scheme).count();
    for (dynamics, scheme, cells) in [
        ("sgd", "jump_adapted", 2),
        ("sgd", "euler", 2),
        ("adam", "euler", 2),
        ("sgd_steps", "steps", 2),
        ("adam_steps", "steps", 2),
    ] {
        assert_eq!(count(dynamics, scheme), cells, "{summary}");
    }
    // The theory is about the SDE. SGD's steps converge to it; Adam's have no Q*.
    assert!(rows.iter().all(|row| row[17].is_empty() == (row[1] == "adam_steps")), "{summary}");
    let findings = fs::read_to_string(results.join("findings.md")).unwrap();
    assert!(findings.contains("moves each coordinate of Adam by at most 31.77 η"), "{findings}");
    assert!(fs::read_to_string(results.join("figures/sde-vs-steps.svg")).unwrap().contains("31.77"));

    fs::write(folder.path().join("my.toml"), text.replace("eta = [0.1, 0.3]", "epsilon = 0.1")).unwrap();
    let said = say(folder.path(), &["check", "my.toml"]);
    assert!(said.code == 2 && said.stderr.contains("`sgd_steps` needs a learning rate"), "{}", said.stderr);
}

/// The table of theorem 2 for one pair, with Σ = 2 I in the plane: det Q = 4, complements π r²/4 and π r², and Adam later by 2^α.
#[test]
fn sgd_and_adam_are_compared() {
    let text = r#"
name = "pair"
paths = 400
[noise]
alpha = 1.5
epsilon = 0.003
amplitude = 2.0
[[dynamics]]
sgd = {}
[[dynamics]]
adam = { beta1_rate = 1.0, beta2_rate = 0.1 }
[[basin]]
name = "disc"
dim = 2
potential = { quadratic = { curvature = 1.0 } }
domain = { ball = { radius = 1.0 } }
[scheme]
jump_adapted = {}
"#;
    let folder = folder(text);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let table = fs::read_to_string(folder.path().join("results/pair/comparison.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 2);
    let value = |column: &str| rows[1][rows[0].iter().position(|c| *c == column).unwrap()];
    let number = |column: &str| value(column).parse::<f64>().unwrap();
    assert_eq!(value("volume_claim"), "adam_later");
    let exact = [
        ("det_q", 4.0),
        ("complement_sgd", std::f64::consts::PI / 4.0),
        ("complement_adam", std::f64::consts::PI),
        ("predicted_ratio", 2f64.powf(1.5)),
    ];
    for (column, expected) in exact {
        assert!((number(column) / expected - 1.0).abs() < 1e-6, "{column}: {}", value(column));
    }
    assert!(
        number("gamma_ratio_lo") < number("predicted_ratio") && number("predicted_ratio") < number("gamma_ratio_hi")
    );
}

#[test]
fn theory_prints_every_prediction() {
    let folder = folder(EXAMPLE);
    let said = say(folder.path(), &["theory", "my.toml"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let table: Vec<&str> = said.stdout.lines().collect();
    assert!(table[0].contains("standard") && table[0].contains("c_α"), "{}", table[0]);
    for column in ["theta", "m(W)", "lambda", "E Gamma", "volume"] {
        assert!(table[1].contains(column), "{}", table[1]);
    }
    assert_eq!(table.len(), 2 + 54);

    let said = say(folder.path(), &["theory", "my.toml", "--json"]);
    let object: Value = serde_json::from_str(&said.stdout).unwrap();
    let cells = object["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 54);
    for cell in cells {
        assert_eq!(cell["measure"], "standard");
        let number = |key: &str| cell[key].as_f64().unwrap_or_else(|| panic!("{key} in {cell}"));
        assert!((number("theta") * number("radon_measure") / number("rate") - 1.0).abs() < 1e-12);
        assert!((number("mean_time") * number("rate") - 1.0).abs() < 1e-12);
        assert_eq!(number("volume"), 1.0);
    }
}

/// λ = Σ_i (c/α) ε^α [r_-^-α + r_+^-α] with r = 1/2 on both sides, in both normalisations.
#[test]
fn theory_agrees_with_the_formula() {
    for (measure, c) in [("standard", 0.299_206_710_300_107_6), ("unit", 1.0)] {
        let text = SMALL.replace("epsilon = 0.1", &format!("epsilon = 0.1\nmeasure = \"{measure}\""));
        let said = say(folder(&text).path(), &["theory", "my.toml", "--json"]);
        let cell = &serde_json::from_str::<Value>(&said.stdout).unwrap()["cells"][0];
        let expected = 2.0 * c / 1.5 * 0.1f64.powf(1.5) * 0.5f64.powf(-1.5);
        assert!((cell["rate"].as_f64().unwrap() / expected - 1.0).abs() < 1e-9, "{measure}: {cell}");
        assert_eq!(cell["measure"], measure);
    }
}

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

/// The findings are about the experiment at hand: its family of basins, its schemes, its levels. What holds as `ε → 0` is held against the smallest
/// level alone. Σ r^-1.5 is .2^-1.5 + 1.8^-1.5 = 11.594 off the centre and 2 at it.
#[test]
fn findings_are_about_the_experiment() {
    let text = r#"
name = "family"
seed = 5
paths = 300
[noise]
alpha = 1.5
epsilon = [0.03, 0.3]
[[dynamics]]
sgd = {}
[[basin]]
name = "shifted"
potential = { quadratic = { curvature = [1.0] } }
domain = { interval = [-1.0, 1.0] }
minimum = [{ values = [0.0, 0.8] }]
[[scheme]]
jump_adapted = {}
[[scheme]]
euler = { step = 0.01, monitoring = "discrete" }
"#;
    let folder = folder(text);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let findings = fs::read_to_string(folder.path().join("results/family/findings.md")).unwrap();
    for part in ["\n| SGD | 0.03 | 4 |", "\n| shifted | 1 | SGD | 1.5 | jump_adapted | 0.03 | 2 | 2 |", "| 5.797 |"] {
        assert!(findings.contains(part), "{part}\n{findings}");
    }
    let section = |title: &str| findings.split("\n## ").find(|part| part.starts_with(title)).unwrap();
    assert!(!section("λ E Γ at the smallest noise level").contains("0.3 "), "{findings}");
    let costs = section("Cost of the schemes");
    assert!(
        costs.contains("| jump_adapted | 1.5 | 0.3 to 0.03 |") && costs.contains("| euler_discrete | 1.5 |"),
        "{costs}"
    );
    assert!(!findings.contains("Theorem 1"), "{findings}");
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
    assert!(wrong.code == 2 && wrong.stderr.contains("one of: csv, parquet, none"), "{}", wrong.stderr);
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

/// Three optimisers under two laws. The ratios are those of the means in `summary.csv`; where too few paths left, limits stand in their place.
#[test]
fn optimisers_are_compared_with_plain_sgd_under_every_law() {
    const TEXT: &str = "name = 'o'\npaths = 100\nmax_time = 200\nfigures = ['optimisers']\n[noise]\neta = 0.1\n\
        laws = [{ alpha = 1.5 }, { gaussian = {}, scale = 0.2 }, { gaussian = {}, scale = 0.9 }]\n\
        [[dynamics]]\nname = 'Nesterov'\nsgd_steps = { momentum = 0.5, nesterov = true }\neta = 0.05\n\
        [[dynamics]]\nsgd_steps = {}\n[[dynamics]]\nname = 'clipped'\nsgd_steps = { clip_norm = 1 }\n\
        [[basin]]\nname = 'b'\npotential = { quadratic = { curvature = [1] } }\ndomain = { interval = [-0.6, 0.6] }\n";
    let folder = folder(TEXT);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/o");
    let table = |name: &str| -> Vec<csv::StringRecord> {
        csv::Reader::from_path(results.join(name)).unwrap().records().map(Result::unwrap).collect()
    };
    let (summary, rows) = (table("summary.csv"), table("optimisers.csv"));
    assert_eq!(rows.len(), 9);
    let number = |text: &str| text.parse::<f64>().ok();
    for row in &rows {
        let cell = &summary[row[0].parse::<usize>().unwrap()];
        let sgd = &summary[row[1].parse::<usize>().unwrap()];
        let what = format!("{row:?}");
        assert_eq!((&row[3], &row[4], &sgd[1][..9]), ("b", &cell[33], "sgd_steps"), "{what}");
        let [mean, low, high] = [9, 10, 11].map(|i| number(&row[i]));
        let still = cell[33].starts_with("gaussian") && cell[8].parse::<f64>().unwrap() < 30.0;
        if still {
            // Nobody leaves a basin that is a hundred standard deviations deep.
            assert_eq!((&cell[8], mean, high), ("0", None, None), "{what}");
            assert!((low.unwrap() - 200.0 * 0.0125f64.powf(0.01)).abs() < 1e-4, "{what}");
            continue;
        }
        assert_eq!([mean, low, high], [11, 12, 13].map(|i| number(&cell[i])), "{what}");
        let [ratio, from, to] = [12, 13, 14].map(|i| number(&row[i]));
        if &row[2] == "sgd_steps" {
            assert_eq!((ratio, &row[0]), (None, &row[1]), "{what}");
            continue;
        }
        let of_sgd = number(&sgd[11]).unwrap();
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert!(near(ratio.unwrap(), mean.unwrap() / of_sgd), "{what}");
        // The interval of a ratio is wider than that of either mean.
        assert!(to.unwrap() / from.unwrap() > high.unwrap() / low.unwrap(), "{what}");
        let steps = if &row[2] == "Nesterov" { 2.0 } else { 1.0 };
        assert!(near(number(&row[15]).unwrap(), steps * ratio.unwrap()), "{what}");
    }
    // Clipping keeps the path inside under SαS noise.
    let clipped = rows.iter().find(|row| &row[2] == "clipped" && &row[4] == "stable").unwrap();
    assert!(number(&clipped[13]).unwrap() > 2.0, "{clipped:?}");
    let findings = fs::read_to_string(results.join("findings.md")).unwrap();
    assert!(
        findings.contains("## Optimisers step by step against plain SGD") && findings.contains("at least 191"),
        "{findings}"
    );
    let values = table("figures/optimisers.csv");
    assert!(values.iter().all(|row| &row[2] == "Nesterov; clipped" && &row[3] == "names"), "{values:?}");
    assert_eq!(values.len(), 4);

    let lonely = TEXT.replace("sgd_steps = {}", "sgd_steps = { momentum = 0.1 }");
    fs::write(folder.path().join("lonely.toml"), lonely).unwrap();
    let said = say(folder.path(), &["check", "lonely.toml"]);
    assert!(said.code == 2 && said.stderr.contains("needs plain `sgd_steps`"), "{}", said.stderr);
}
