//! What a user sees: the program run on files, right and wrong.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const EXAMPLE: &str = r#"
name  = "gamma-vs-epsilon"      # results/<name>/
seed  = 20201206
paths = 20_000                  # per cell
max_time = 1e6                  # paths still inside are censored, counted and used as such

[noise]
alpha = [1.2, 1.5, 1.8]         # *
epsilon = { from = 0.003, to = 0.3, count = 9, scale = "log" }   # *  or eta*
structure = "independent"       # "isotropic"
measure = "standard"            # "unit"
amplitude = 1.0                 # scalar*, [diagonal], [[matrix]]

[[dynamics]]
sgd = {}
[[dynamics]]
adam = { beta1_rate = 1.0, beta2_rate = 0.1, stabilizer = 1e-8, second_moment = "mean_field" }

[[basin]]
name = "sharp"
potential = { quadratic = { curvature = [4.0] } }
domain = { interval = [-0.5, 0.5] }

[scheme]
jump_adapted = {}               # or euler = { step = 0.01, monitoring = "corrected" }

figures = ["gamma-vs-epsilon", "exponential-law", "laplace"]
"#;

const SMALL: &str = r#"
name = "small"
paths = 700
[noise]
alpha = 1.5
epsilon = [0.1, 0.5]
[[dynamics]]
sgd = {}
[[dynamics]]
adam = { beta1_rate = 1.0, beta2_rate = 0.1 }
[[basin]]
name = "box"
potential = { quadratic = { curvature = [1.0, 2.0] } }
domain = { box = [[-1.0, 1.0], [-0.5, 2.0]] }
[scheme]
jump_adapted = {}
"#;

fn program(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_levy-escape"));
    command.current_dir(folder).args(arguments).output().expect("the program starts")
}

fn folder_with(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("x.toml"), text).unwrap();
    folder
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_documented_example_runs_as_written() {
    let folder = folder_with(EXAMPLE);
    let output = program(folder.path(), &["run", "x.toml", "--paths", "40"]);
    assert!(output.status.success(), "{}", errors(&output));
    assert!(output.stdout.is_empty());
    let results = folder.path().join("results/gamma-vs-epsilon");
    let summary = fs::read_to_string(results.join("summary.csv")).unwrap();
    assert_eq!(
        summary.lines().next().unwrap(),
        "cell,dynamics,basin,dim,alpha,epsilon,scheme,paths,exited,censored,diverged,mean_time,mean_lo,mean_hi,rate,rate_lo,\
         rate_hi,theory_rate,radon_measure,theta,volume,ratio,ratio_lo,ratio_hi,exact_mean,ks_statistic,ks_p,events_per_path"
    );
    assert_eq!(summary.lines().count(), 1 + 54);
    let escapes = fs::read_to_string(results.join("escapes.csv")).unwrap();
    assert_eq!(escapes.lines().next().unwrap(), "cell,path,outcome,time,axis,side,overshoot,by_jump");
    assert_eq!(escapes.lines().count(), 1 + 54 * 40);
    let manifest = fs::read_to_string(results.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["stop_reason"], "complete");
    assert_eq!(manifest["seed"], 20_201_206);
    assert_eq!(manifest["cells"].as_array().unwrap().len(), 54);
    for figure in ["gamma-vs-epsilon", "exponential-law", "laplace"] {
        for extension in ["svg", "png"] {
            let file = results.join(format!("figures/{figure}.{extension}"));
            assert!(fs::metadata(&file).is_ok_and(|m| m.len() > 2000), "{}", file.display());
        }
    }
}

#[test]
fn tables_are_the_same_bytes_on_any_number_of_threads() {
    let folder = folder_with(SMALL);
    let tables = |threads: &str| {
        let arguments = ["run", "x.toml", "--out", threads, "--threads", threads, "-q"];
        let output = program(folder.path(), &arguments);
        assert!(output.status.success() && output.stderr.is_empty(), "{}", errors(&output));
        ["summary.csv", "escapes.csv"]
            .map(|file| fs::read(folder.path().join(threads).join("small").join(file)).unwrap())
    };
    let one = tables("1");
    assert_eq!(one, tables("2"));
    assert_eq!(one, tables("8"));
}

#[test]
fn existing_results_are_kept() {
    let folder = folder_with(SMALL);
    let run = |more: &[&str]| program(folder.path(), &[&["run", "x.toml", "--paths", "20"], more].concat());
    assert!(run(&[]).status.success());
    let before = fs::read(folder.path().join("results/small/escapes.csv")).unwrap();
    let refused = run(&["--seed", "2"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(errors(&refused).contains("--force"), "{}", errors(&refused));
    assert_eq!(fs::read(folder.path().join("results/small/escapes.csv")).unwrap(), before);
    assert!(run(&["--seed", "2", "--force"]).status.success());
    assert_eq!(fs::read(folder.path().join("results/small.1/escapes.csv")).unwrap(), before);
    assert_ne!(fs::read(folder.path().join("results/small/escapes.csv")).unwrap(), before);
}

/// Each change of [`SMALL`] is refused with exit code 2 before a path is run, and the message holds what is named.
#[test]
fn bad_input_is_refused_with_its_place() {
    let changes: &[(&str, &str, &[&str])] = &[
        ("beta1_rate = 1.0", "beta1_rte = 1.0", &["beta1_rte", "beta1_rate", "x.toml:10"]),
        ("alpha = 1.5", "alpha = 2.5", &["2.5", "(0, 2]", "x.toml:5"]),
        ("epsilon = [0.1, 0.5]", "epsilon = nan", &["epsilon", "x.toml:6"]),
        ("epsilon = [0.1, 0.5]", "epsilon = -1", &["-1", "x.toml:6"]),
        ("[-1.0, 1.0]", "[1.0, 1.0]", &["empty", "x.toml:14"]),
        ("[scheme]", "start = [3.0, 0.0]\n[scheme]", &["start", "not inside", "x.toml:15"]),
        ("curvature = [1.0, 2.0]", "hessian = [[1.0, 2.0], [2.0, 1.0]]", &["positive definite", "-1", "x.toml:13"]),
        ("curvature = [1.0, 2.0]", "curvature = [1.0, 0.0]", &["x.toml:13"]),
        ("alpha = 1.5", "alpha = 1.5\namplitude = [1.0, 2.0, 3.0]", &["length 3", "dimension 2", "x.toml:6"]),
        ("alpha = 1.5", "alpha = 1.5\namplitude = [[1.0, 2.0], [1.0]]", &["rows", "x.toml:6"]),
        ("alpha = 1.5", "alpha = 2.0", &["jump_adapted", "euler"]),
        ("beta1_rate = 1.0,", "beta1_rate = 1.0, second_moment = \"sampled\",", &["sampled"]),
        ("beta1_rate = 1.0,", "beta1 = 0.9,", &["beta1", "eta"]),
        ("name = \"small\"", "name = \"../../small\"", &["x.toml:2"]),
        ("paths = 700", "paths = 1000000000000000", &["paths", "x.toml:3"]),
        ("paths = 700", "paths = 700\nfigures = [\"laplac\"]", &["laplace", "x.toml:4"]),
    ];
    for (from, to, expected) in changes {
        assert!(SMALL.contains(from), "{from}");
        let folder = folder_with(&SMALL.replace(from, to));
        let output = program(folder.path(), &["run", "x.toml"]);
        let message = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{to}: {message}");
        for part in *expected {
            assert!(message.contains(part), "{to}: {part} is not in\n{message}");
        }
        assert!(!folder.path().join("results").exists(), "{to} left something behind");
    }
}

#[test]
fn two_mistakes_are_reported_at_once() {
    let folder = folder_with(&SMALL.replace("alpha = 1.5", "alpha = 2.5").replace("[-1.0, 1.0]", "[1.0, -1.0]"));
    let message = errors(&program(folder.path(), &["check", "x.toml"]));
    assert!(message.contains("x.toml:5") && message.contains("x.toml:14"), "{message}");
}

#[test]
fn files_that_cannot_be_read_or_written_are_errors_of_their_own() {
    let folder = folder_with(SMALL);
    let missing = program(folder.path(), &["run", "nowhere.toml"]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(errors(&missing).contains("nowhere.toml"));
    fs::write(folder.path().join("file"), "").unwrap();
    let unwritable = program(folder.path(), &["run", "x.toml", "--out", "file/results"]);
    assert_eq!(unwritable.status.code(), Some(3), "{}", errors(&unwritable));
    assert!(errors(&unwritable).contains("file/results"));
}

#[test]
fn theory_prints_every_prediction() {
    let folder = folder_with(SMALL);
    let table = program(folder.path(), &["theory", "x.toml"]);
    let text = String::from_utf8(table.stdout).unwrap();
    for part in ["theta", "m(W)", "lambda", "E Gamma", "volume", "standard"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let json = program(folder.path(), &["theory", "x.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let cell = &json["cells"][0];
    let product = cell["theta"].as_f64().unwrap() * cell["radon_measure"].as_f64().unwrap();
    assert!((product / cell["rate"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(cell["volume"], 5.0);
}

#[test]
fn help_is_complete() {
    let folder = TempDir::new().unwrap();
    let help = program(folder.path(), &["--help"]);
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(help.status.success() && text.contains("Exit codes") && text.contains("reproduce"));
    for command in ["run", "reproduce", "check", "theory"] {
        assert!(program(folder.path(), &[command, "--help"]).status.success());
    }
}

/// An interrupted run keeps what it has, says so, and ends with 130.
#[cfg(unix)]
#[test]
fn an_interrupt_keeps_what_was_done() {
    let folder = folder_with(&SMALL.replace("paths = 700", "paths = 100_000_000"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_levy-escape"))
        .current_dir(folder.path())
        .args(["run", "x.toml", "-q"])
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let results = folder.path().join("results/small");
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(results.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["stop_reason"], "interrupted");
    assert!(fs::read_to_string(results.join("escapes.csv")).unwrap().lines().count() > 256);
}
