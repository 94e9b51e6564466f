//! Messages, help and exit codes of the program.

mod program;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use program::{command, folder, manifest, names, say};

/// One cell, quick to run. The tests of messages change one line of it.
const SMALL: &str = include_str!("data/small.toml");

/// A change of [`SMALL`] that makes it wrong, the place of the error, and words of the message.
struct Wrong {
    what: &'static str,
    from: &'static str,
    to: &'static str,
    place: &'static str,
    says: &'static [&'static str],
}

const fn wrong(
    what: &'static str,
    from: &'static str,
    to: &'static str,
    place: &'static str,
    says: &'static [&'static str],
) -> Wrong {
    Wrong { what, from, to, place, says }
}

const PLANE: &str = "potential = { quadratic = { curvature = [4.0] } }\ndomain = { interval = [-0.5, 0.5] }";

#[rustfmt::skip]
const BAD: &[Wrong] = &[
    wrong("misspelt key", "epsilon", "epsilonn", "7:1", &["unknown key `epsilonn`", "did you mean `epsilon`?"]),
    wrong("misspelt section", "[noise]", "[noize]", "5:2", &["unknown key `noize`", "did you mean `noise`?"]),
    wrong("tail index", "1.5", "2.5", "6:9", &["tail index α = 2.5 is outside (0, 2]", "help:"]),
    wrong("tail index of a sweep", "alpha = 1.5", "alpha = [1.5, 0]", "6:15", &["α = 0 is outside (0, 2]"]),
    wrong("not a number", "0.1", "nan", "7:11", &["`epsilon` must be a finite number, not NaN"]),
    wrong("negative", "0.1", "-1", "7:11", &["`epsilon` must be positive, not -1"]),
    wrong("overflow", "0.1", "1e999", "7:11", &["the number 1e999 cannot be represented"]),
    wrong("exit times beyond all numbers", "0.1", "1e-300", "7:11", &["10^450", "raise `epsilon` until ε is above 1e-201"]),
    wrong("one exit time of a sweep beyond all numbers", "0.1", "[0.1, 1e-300]", "7:17", &["10^450"]),
    wrong("below all numbers", "0.1", "1e-400", "7:11", &["the number 1e-400 cannot be represented"]),
    wrong("two signs", "0.1", "--1", "7:11", &["--1 is no TOML number: a number has only one sign"]),
    wrong("decimal comma", "0.1", "0,1", "7:11", &["0,1 is no TOML number: write 0.1, with a point"]),
    wrong("grouped by commas", "300", "2,000", "3:9", &["2,000 is no TOML number: write 2_000 if it is whole, or 2.000 if not"]),
    wrong("a bracket that is not closed", "[-0.5, 0.5]", "[-0.5, 0.5", "15:23", &["`[` is not closed", "add `]`"]),
    wrong("a list that is not closed", "0.1", "[0.1, 0.2", "7:11", &["`[` is not closed", "add `]`"]),
    wrong("a unit", "0.1", "1e-1 s", "7:11", &["1e-1 s is no TOML number: leave out s"]),
    wrong("a typeset minus", "0.1", "−0.1", "7:11", &["−0.1 is no TOML number: write -0.1"]),
    wrong("wide digits", "0.1", "１", "7:11", &["１ is no TOML number: write 1"]),
    wrong("no value", "epsilon = 0.1", "epsilon =", "7:10", &["a value is missing after `=`"]),
    wrong("no digits", "0.1", "π", "7:11", &["π is no TOML number"]),
    wrong("a power", "0.1", "10^-3", "7:11", &["write powers of ten as 1e-3"]),
    wrong("grouped digits", "300", "1 000", "3:9", &["1 000 is no TOML number: write 1_000"]),
    wrong("no comma", "[-0.5, 0.5]", "[-0.5 0.5]", "15:24", &["a comma is missing between -0.5 and 0.5"]),
    wrong("exchanged letters", "sgd", "sdg", "10:1", &["unknown key `sdg`", "did you mean `sgd`?"]),
    wrong("capitals", "sgd", "SGD", "10:1", &["unknown key `SGD`", "did you mean `sgd`?"]),
    wrong("AdamW", "sgd = {}", "adamw = { beta1 = 0.9 }", "10:1", &["adam_steps = { beta1", "decoupled = true"]),
    wrong("learning rate of SGD", "sgd = {}", "sgd = { eta = 0.1 }", "10:9", &["`eta` is a key of [noise] and of [[dynamics]]"]),
    wrong("learning rate", "epsilon", "lr", "7:1", &["unknown key `lr`", "did you mean `eta`?"]),
    wrong("scale of the noise", "0.1", "0.1\nsigma = 2", "8:1", &["unknown key `sigma`", "did you mean `amplitude`?"]),
    wrong("decay of RMSProp", "sgd = {}", "rmsprop_steps = { beta2 = 0.9 }", "10:19", &["did you mean `decay`?"]),
    wrong("no rate of Adam", "sgd = {}", "adam = { beta1_rate = 1, beta2 = 0.0 }", "10:34", &["use `beta2_rate`"]),
    wrong("formula in place of a potential", "{ quadratic = { curvature = [4.0] } }", "\"x^2/2\"", "14:13",
        &["not a string", "write a formula as `{ expression = { formula = \"x^2/2\" } }`"]),
    wrong("formula in place of a table", "{ quadratic = { curvature = [4.0] } }", "{ expression = \"x^2/2\" }", "14:28",
        &["write `expression = { formula = \"x^2/2\" }`"]),
    wrong("formula outside its table", "quadratic = { curvature = [4.0] }", "formula = \"x^2/2\"", "14:15",
        &["unknown key `formula`", "write `expression = { formula"]),
    wrong("formula under another name", "quadratic = { curvature = [4.0] }", "expression = { F = \"x^2/2\" }", "14:30",
        &["unknown key `F`", "did you mean `formula`?"]),
    wrong("formula in the plane", "quadratic = { curvature = [4.0] }", "expression = { formula = \"x^2 + y^2\" }", "14:40",
        &["the formula has 2 variables, the basin dimension 1", "a domain of 2 dimensions"]),
    wrong("constant formula", "quadratic = { curvature = [4.0] }", "expression = { formula = \"3\" }", "14:40", &["the formula has no variable"]),
    wrong("formula without values", "quadratic = { curvature = [4.0] }", "expression = { formula = \"x^2/0\" }", "14:28",
        &["not finite at [0.0]", "correct the formula"]),
    wrong("interval in the plane", "[4.0]", "[4.0, 4.0]", "15:10", &["`interval` has 1 dimension, the potential 2", "give a `box`"]),
    wrong("box of one pair", "interval = [-0.5, 0.5]", "box = [-0.5, 0.5]", "15:18", &["`box` needs a side [lo, hi] for every axis", "[[lo, hi], ..]"]),
    wrong("a figure without a list", "seed = 7", "figures = \"laplace\"", "2:11", &["`figures` must be a list", "figures = [\"laplace\"]"]),
    wrong("exit times below all numbers", "0.1", "1e300", "7:11", &["10^-450"]),
    wrong("date", "0.1", "2020-12-06", "7:11", &["`epsilon` must be a number, not a date"]),
    wrong("text", "300", "\"many\"", "3:9", &["`paths` must be a whole number, not a string"]),
    wrong("fraction", "300", "1.5", "3:9", &["`paths` must be a whole number, not 1.5"]),
    wrong("too many paths", "300", "1_000_000_000_000_000", "3:9", &["`paths` must lie between 1 and 1000000000000"]),
    wrong("too many paths, as a float", "300", "1e15", "3:9", &["`paths` must lie between 1 and 1000000000000"]),
    wrong("no paths", "300", "0", "3:9", &["`paths` must lie between 1 and"]),
    wrong("10^12 cells", "alpha = 1.5\nepsilon = 0.1",
        "alpha = { from = 1.1, to = 1.9, count = 1e5 }\nepsilon = { from = 0.001, to = 0.1, count = 1e5 }\n\
         amplitude = { from = 1, to = 2, count = 100 }",
        "7:11", &["1000000000000 cells", "at most 25000 cells and 4000 MB", "shorten a sweep"]),
    wrong("a sweep of 10^12 values", "0.1", "{ from = 0.1, to = 1, count = 1e12 }", "7:41", &["`count` must lie between"]),
    wrong("an enormous family", "[4.0] } }\ndomain = { interval = [-0.5, 0.5] }",
        "{ from = 1, to = 2, count = 1e5 } } }\ndomain = { ball = { radius = 1 } }\ndim = 1_000_000",
        "12:1", &["more than 20000000 numbers", "lower a dimension"]),
    wrong("empty interval", "[-0.5, 0.5]", "[0.5, -0.5]", "15:23", &["the interval [0.5, -0.5] is empty", "lower end first"]),
    wrong("interval of no width", "[-0.5, 0.5]", "[0.5, 0.5]", "15:23", &["the interval [0.5, 0.5] is empty"]),
    wrong("minimum outside", "[-0.5, 0.5]", "[0.1, 0.5]", "15:10", &["the minimum [0.0] is not inside the domain"]),
    wrong("start outside", "0.5] }", "0.5] }\nstart = [0.7]", "16:9", &["the start [0.7] is not inside the domain", "leave `start` out"]),
    wrong("start on the edge", "0.5] }", "0.5] }\nstart = [0.5]", "16:9", &["the start [0.5] is not inside the domain"]),
    wrong("not positive definite", PLANE,
        "potential = { quadratic = { hessian = [[1, 2], [2, 1]] } }\ndomain = { ball = { radius = 1.0 } }",
        "14:39", &["not positive definite", "smallest eigenvalue is -1", "eigenvalues are all positive"]),
    wrong("not symmetric", PLANE,
        "potential = { quadratic = { hessian = [[1, 0.5], [0.2, 1]] } }\ndomain = { ball = { radius = 1.0 } }",
        "14:39", &["symmetric 2 × 2 matrix"]),
    wrong("ragged Hessian", PLANE,
        "potential = { quadratic = { hessian = [[1, 0.5], [0.5]] } }\ndomain = { ball = { radius = 1.0 } }",
        "14:39", &["rows of `hessian` differ in length", "as many numbers as there are rows"]),
    wrong("flat axis", "[4.0]", "[0]", "14:41", &["all curvatures are 0: the flat potential is `none = {}`"]),
    wrong("diagonal Σ of wrong length", "0.1", "0.1\namplitude = [1, 2]", "8:13",
        &["amplitude Σ is a diagonal of length 2, the basin has dimension 1", "give one number"]),
    wrong("dense Σ of wrong shape", "0.1", "0.1\namplitude = [[1, 2], [3, 4]]", "8:13", &["a 2 × 2 matrix, the basin has dimension 1"]),
    wrong("ragged Σ", "0.1", "0.1\namplitude = [[1, 2], [3]]", "8:13", &["rows of `amplitude` differ in length"]),
    wrong("unknown figure", "seed = 7", "figures = [\"laplac\"]", "2:12", &["unknown value \"laplac\" for `figures`", "did you mean \"laplace\"?"]),
    wrong("figures twice", "[scheme]\njump_adapted = {}",
        "[[scheme]]\njump_adapted = {}\nfigures = []\n[[scheme]]\neuler = {}\nfigures = []", "22:11", &["`figures` is given twice"]),
    wrong("unknown scheme", "jump_adapted", "milstein", "18:1", &["unknown key `milstein`", "jump_adapted, euler"]),
    wrong("misspelt scheme", "jump_adapted", "jump_adaptive", "18:1", &["did you mean `jump_adapted`?"]),
    wrong("jump_adapted without jumps", "1.5", "2", "18:16", &["jump_adapted needs α < 2", "use `euler = {}`"]),
    wrong("sampled with jump_adapted", "sgd = {}",
        "adam = { beta1_rate = 1, beta2_rate = 1, second_moment = \"sampled\" }",
        "18:16", &["needs the noise of every step", "use `euler = {}`, or the second moment \"mean_field\""]),
    wrong("decay without learning rate", "sgd = {}", "adam = { beta1 = 0.9, beta2_rate = 1 }", "10:8",
        &["the decay `beta1` needs a learning rate", "give `eta` in place of `epsilon`"]),
    wrong("decay outside (0, 1)", "sgd = {}", "adam = { beta1 = 1.5, beta2_rate = 1 }", "10:18", &["inside (0, 1)", "`beta1_rate`"]),
    wrong("name that leads away", "\"small\"", "\"../../x\"", "1:8", &["the name \"../../x\" cannot be a folder", "letters, digits"]),
    wrong("no name", "name = \"small\"\n", "", "1:1", &["`name` is missing", "add `name ="]),
    wrong("not TOML", "seed = 7", "seed = = 7", "2:8", &["not valid TOML"]),
    wrong("misspelt domain", "interval", "intervall", "15:12", &["unknown key `intervall`", "did you mean `interval`?"]),
    wrong("no domain", "{ interval = [-0.5, 0.5] }", "{}", "15:10", &["a domain needs one of `interval`, `box`"]),
    wrong("misspelt potential", "quadratic", "quadratik", "14:15", &["did you mean `quadratic`?"]),
    wrong("misspelt curvature", "curvature", "curvatur", "14:29", &["did you mean `curvature`?"]),
    wrong("no rate", "sgd = {}", "adam = { beta2_rate = 1 }", "10:8", &["adam needs one of `beta1_rate`, `beta1`"]),
    wrong("key given twice", "seed = 7", "seed = 7\nseed = 8", "3:1", &["`seed` is already on line 2"]),
    wrong("nested for ever", "seed = 7", "seed = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "2:", &["max recursion depth"]),
];

/// The words of a message, without line breaks and frames.
fn words(message: &str) -> String {
    message.replace(['│', '·'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn bad_input_is_refused_with_place_and_remedy() {
    for case in BAD {
        assert!(SMALL.contains(case.from), "{}", case.what);
        let folder = folder(&SMALL.replacen(case.from, case.to, 1));
        let started = Instant::now();
        let said = say(folder.path(), &["run", "my.toml"]);
        let context = format!("{}:\n{}", case.what, said.stderr);
        assert_eq!((said.code, said.stdout.as_str()), (2, ""), "{context}");
        assert!(said.stderr.contains(&format!("[my.toml:{}", case.place)), "{context}");
        for phrase in case.says {
            assert!(words(&said.stderr).contains(phrase), "no {phrase:?} in {context}");
        }
        assert!(started.elapsed() < Duration::from_secs(5), "{context}");
        assert_eq!(names(folder.path()), ["my.toml"], "{context}");
        // `check` and `theory` reject the same files as `run`.
        if case.place == "7:11" {
            for command in ["check", "theory"] {
                let other = say(folder.path(), &[command, "my.toml"]);
                assert_eq!(
                    (other.code, other.stdout.as_str(), other.stderr),
                    (2, "", said.stderr.clone()),
                    "{context}"
                );
            }
        }
    }
}

#[test]
fn everything_wrong_with_a_file_is_reported_at_once() {
    let text = SMALL.replace("alpha = 1.5", "alpha = 2.5").replace("seed = 7", "sede = 7");
    let folder = folder(&text);
    let said = say(folder.path(), &["check", "my.toml"]);
    assert_eq!(said.code, 2);
    insta::assert_snapshot!(said.stderr, @r#"
     × unknown key `sede`
      ╭─[my.toml:2:1]
    1 │ name = "small"
    2 │ sede = 7
      · ────
    3 │ paths = 300
      ╰────
     help: did you mean `seed`?

     × tail index α = 2.5 is outside (0, 2]
      ╭─[my.toml:6:9]
    5 │ [noise]
    6 │ alpha = 2.5
      ·         ───
    7 │ epsilon = 0.1
      ╰────
     help: the paper measures 1 < α < 2; α = 2 is Gaussian noise
    "#);
}

/// What a help says to add makes a file valid, wherever it ends.
#[test]
fn a_missing_section_is_added_as_the_help_says() {
    for (section, lines) in [
        ("noise", "[noise]\nalpha = 1.5\nepsilon = 0.1\n"),
        ("dynamics", "[[dynamics]]\nsgd = {}\n"),
        ("scheme", "[scheme]\njump_adapted = {}\n"),
    ] {
        assert!(SMALL.contains(lines), "{section}");
        let text = SMALL.replace(lines, "");
        let folder = folder(&text);
        let said = say(folder.path(), &["check", "my.toml"]);
        assert!(said.code == 2 && said.stderr.contains(&format!("`{section}` is missing")), "{}", said.stderr);
        let (_, help) = said.stderr.split_once("help: add at the end of the file:\n").unwrap();
        let added: String = help.lines().map(|line| format!("{}\n", line.trim())).collect();
        fs::write(folder.path().join("my.toml"), format!("{text}\n{added}")).unwrap();
        let said = say(folder.path(), &["check", "my.toml"]);
        assert_eq!(said.code, 0, "{section}: {}", said.stderr);
    }
}

/// A wrong key is one error, not also a missing one.
#[test]
fn a_misspelt_key_is_one_error() {
    for (from, to) in [
        ("sgd = {}", "sdg = {}"),
        ("sgd = {}", "rmsprop_steps = { beta2 = 0.9 }"),
        ("quadratic = { curvature = [4.0] }", "formula = \"x^2\""),
        ("quadratic = { curvature = [4.0] }", "expression = { F = \"x^2\" }"),
        ("interval = [-0.5, 0.5]", "box = [-0.5, 0.5]"),
    ] {
        let said = say(folder(&SMALL.replace(from, to)).path(), &["check", "my.toml"]);
        assert_eq!(said.stderr.matches('×').count(), 1, "{to}: {}", said.stderr);
    }
}

#[test]
fn sections_are_reported_together() {
    let text = SMALL.replace("epsilon = 0.1", "epsilon = -0.1").replace("0.5] }", "0.5] }\nstart = [2]");
    let said = say(folder(&text).path(), &["check", "my.toml"]);
    assert!(said.stderr.contains("must be positive") && said.stderr.contains("the start [2.0]"), "{}", said.stderr);
}

#[test]
fn files_that_cannot_be_read_or_written_end_with_3() {
    let folder = folder(SMALL);
    for command in ["run", "check", "theory"] {
        let said = say(folder.path(), &[command, "absent.toml"]);
        assert_eq!((said.code, said.stdout.as_str()), (3, ""), "{}", said.stderr);
        assert!(said.stderr.starts_with("error: cannot read absent.toml: "), "{}", said.stderr);
    }
    fs::write(folder.path().join("latin1.toml"), b"name = \"L\xe9vy\"").unwrap();
    let said = say(folder.path(), &["check", "latin1.toml"]);
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (3, "error: latin1.toml is not UTF-8 text at byte 9\n\nhint: save it as UTF-8\n")
    );
    assert_eq!(say(folder.path(), &["reproduce", "--experiments", "absent"]).code, 3);

    // A regular file in place of the results folder is an error for every user.
    let said = say(folder.path(), &["run", "my.toml", "--out", "my.toml/results"]);
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert!(said.stderr.contains("cannot be written") && said.stderr.contains("--out DIR"), "{}", said.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("my.toml")).unwrap(), SMALL);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_failure() {
    let sweep = |count: u32| SMALL.replace("0.1\n", &format!("{{ from = 0.1, to = 0.2, count = {count} }}\n"));
    let folder = folder(&sweep(3000));
    fs::write(folder.path().join("run.toml"), sweep(40)).unwrap();
    let program = env!("CARGO_BIN_EXE_levy-escape");
    let shell = |line: &str| {
        let output =
            Command::new("bash").args(["-o", "pipefail", "-c", line, program]).current_dir(folder.path()).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, stdout, stderr) = shell(r#""$0" theory my.toml | head -1"#);
    assert_eq!((code, stdout.lines().count(), stderr.as_str()), (Some(0), 1, ""));
    let (code, ..) = shell(r#""$0" run run.toml --paths 20 -v 2>&1 | head -1"#);
    assert_eq!(code, Some(0));
    assert!(folder.path().join("results/small/summary.csv").exists());
}

#[test]
fn help_tells_the_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    for command in [&[][..], &["run"], &["reproduce"], &["merge"], &["report"], &["slurm"], &["check"], &["theory"]] {
        let said = say(folder.path(), &[command, &["--help"]].concat());
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{command:?}");
        let help = said.stdout.to_lowercase();
        assert!(help.contains("exit codes:") && help.contains("a file could not be read"), "{command:?}: {help}");
    }
    let said = say(folder.path(), &[]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("Usage: levy-escape") && said.stderr.contains("reproduce"), "{}", said.stderr);
}

#[test]
fn usage_errors_end_with_2() {
    let folder = folder(SMALL);
    for arguments in [
        &["run"][..],
        &["rum", "my.toml"],
        &["run", "my.toml", "--paths", "0"],
        &["run", "my.toml", "--paths", "1000000000000000"],
        &["run", "my.toml", "--threads", "0"],
        &["run", "my.toml", "--seed", "-1"],
        &["run", "my.toml", "--resume", "--force"],
        &["run", "my.toml", "--shard", "0/3"],
        &["run", "my.toml", "--shard", "4/3"],
        &["run", "my.toml", "--max-time", "soon"],
        &["run", "my.toml", "--max-time", "90"],
        &["run", "my.toml", "--paths", "1.5"],
        &["merge", "results/small"],
        &["run", "my.toml", "-q", "-v"],
        &["theory", "my.toml", "--progress", "loud"],
    ] {
        let said = say(folder.path(), arguments);
        assert_eq!((said.code, said.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(said.stderr.starts_with("error: "), "{arguments:?}: {}", said.stderr);
    }
    for seed in [&["--seed", "-1"][..], &["--seed=-1"]] {
        let said = say(folder.path(), &[&["run", "my.toml"], seed].concat());
        assert!(said.stderr.contains("expected a whole number from 0 to 18446744073709551615"), "{}", said.stderr);
    }
    assert_eq!(names(folder.path()), ["my.toml"]);
}

/// A pipe can be read only once.
#[test]
fn files_may_come_from_a_pipe() {
    let folder = folder(SMALL);
    for file in ["-", "/dev/stdin"] {
        if file != "-" && !cfg!(unix) {
            continue;
        }
        for name in ["check", "theory"] {
            let mut child = command(folder.path(), &[name, file]).stdin(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(SMALL.as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            let (stdout, stderr) =
                (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
            assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{name} {file}");
            assert!(
                name == "theory"
                    || stdout == format!("{file}: 1 cell of 300 paths; figures: exponential-law, laplace, landscape\n"),
                "{stdout}"
            );
        }
    }
}

#[test]
fn a_file_in_place_of_the_results_folder_is_named() {
    let folder = folder(SMALL);
    for arguments in [&["run", "my.toml"][..], &["slurm", "my.toml", "--shards", "2"], &["reproduce"]] {
        let said = say(folder.path(), &[arguments, &["--out", "my.toml"]].concat());
        assert_eq!(said.code, 2, "{}", said.stderr);
        assert!(said.stderr.starts_with("error: my.toml is a file: --out needs a folder\n"), "{}", said.stderr);
    }
}

#[test]
fn a_name_may_begin_with_a_dash() {
    let folder = folder("");
    fs::write(folder.path().join("-x.toml"), SMALL).unwrap();
    let said = say(folder.path(), &["run", "--paths", "1e1", "--out", "./-out", "--", "-x.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let again = "write tables and figures again with: levy-escape report ./-out/small\n";
    assert!(said.stderr.ends_with(again), "{}", said.stderr);
    assert_eq!(say(folder.path(), &["report", "./-out/small"]).code, 0);
    let said = say(folder.path(), &["check", "-x.toml"]);
    assert!(said.code == 2 && said.stderr.contains("-- -x"), "{}", said.stderr);
}

#[test]
fn a_run_prints_its_results() {
    let folder = folder(&SMALL.replace("epsilon = 0.1", "epsilon = [0.1, 0.2]"));
    let said = say(folder.path(), &["run", "my.toml", "--paths", "2e2"]);
    let lines: Vec<&str> = said.stderr.lines().collect();
    let heading: Vec<&str> = lines[0].split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
    assert_eq!(heading, ["cell", "ε", "E Γ", "λ E Γ", "exact", "verdict"], "{}", said.stderr);
    assert!(lines[1].trim_start().starts_with("0  0.1 ") && lines[2].trim_start().starts_with("1  0.2 "));
    let files = lines.iter().find(|line| line.starts_with("files: ")).unwrap();
    assert!(files.contains("summary.csv") && files.contains("escapes.csv"), "{files}");
    assert!(lines.contains(&"page: results/small/report.html"), "{}", said.stderr);
    let quiet = say(folder.path(), &["run", "my.toml", "--paths", "200", "--out", "quiet", "-q"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
}

/// Values of a sweep are never shown as equal, in the terminal, by `theory` and in the labels of basins.
#[test]
fn close_values_are_told_apart() {
    let close = SMALL.replace("alpha = 1.5", "alpha = [1.50001, 1.50002]");
    let folder = folder(&close.replace("0.5] }", "0.5] }\nstart = [{ values = [0.499999, 0.4999999] }]"));
    let said = say(folder.path(), &["run", "my.toml", "--paths", "20", "--progress", "none"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let theory = say(folder.path(), &["theory", "my.toml"]);
    let summary = fs::read_to_string(folder.path().join("results/small/summary.csv")).unwrap();
    for words in ["1.50001", "1.50002", "sharp[start=0.499999]", "sharp[start=0.4999999]"] {
        for (place, text) in [("terminal", &said.stderr), ("theory", &theory.stdout), ("summary.csv", &summary)] {
            assert!(text.contains(words), "no {words} in {place}: {text}");
        }
    }
}

#[test]
fn theory_prints_short_numbers() {
    let folder = folder(&SMALL.replace("epsilon = 0.1", "epsilon = [0.1, 1e100, 1e200]"));
    let said = say(folder.path(), &["theory", "my.toml"]);
    let words: Vec<&str> = said.stdout.lines().skip(1).flat_map(str::split_whitespace).collect();
    assert!(words.iter().all(|word| word.chars().count() < 12), "{}", said.stdout);
    // E Γ = α r^α/(2 c_α ε^α) with c_1.5 = .2992.
    for number in ["1e100", "1e200", "0.1", "28.02"] {
        assert!(words.contains(&number), "no {number} in {}", said.stdout);
    }
    let many = SMALL.replace("[4.0]", "4.0").replace("interval = [-0.5, 0.5]", "ball = { radius = 0.5 }");
    let many = many.replace("domain", "dim = 1000\ndomain");
    fs::write(folder.path().join("my.toml"), many).unwrap();
    let said = say(folder.path(), &["theory", "my.toml"]);
    assert!(said.stdout.contains("< 1e-308"), "{}{}", said.stdout, said.stderr);
}

/// 60 columns are enough for the intervals, on a terminal without escape codes.
#[test]
fn a_narrow_terminal_shows_every_value() {
    let folder = folder(&SMALL.replace("epsilon = 0.1", "epsilon = [0.1, 0.2]"));
    let mut narrow = command(folder.path(), &["run", "my.toml", "--paths", "200", "--progress", "none"]);
    let output = narrow.env("COLUMNS", "60").env("TERM", "dumb").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let table: Vec<&str> = stderr.lines().take_while(|line| !line.starts_with("small: ")).collect();
    assert!(table.iter().all(|line| line.chars().count() <= 60), "{stderr}");
    for words in ["cell 1, ε 0.2", "  E Γ ", " (", "λ E Γ ", "exact ", "verdict "] {
        assert!(table.iter().any(|line| line.contains(words)), "{words:?} is not in {stderr}");
    }
    assert!(!stderr.contains('\u{1b}'), "{stderr}");
}

/// `script` gives the program a terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_dumb_terminal_gets_no_escape_codes() {
    let folder = folder(&SMALL.replace("0.1", "nan"));
    let on = |term: &str| {
        let line = format!("{} check my.toml", env!("CARGO_BIN_EXE_levy-escape"));
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).env("TERM", term).env_remove("NO_COLOR");
        script.current_dir(folder.path()).stdin(Stdio::null()).output().ok()
    };
    // Not every machine has this command.
    let (Some(dumb), Some(able)) = (on("dumb"), on("xterm")) else { return };
    assert_eq!((dumb.status.code(), able.status.code()), (Some(2), Some(2)));
    assert!(!dumb.stdout.contains(&0x1b) && able.stdout.contains(&0x1b));
}

#[test]
fn colour_is_asked_for() {
    let folder = folder(&SMALL.replace("0.1", "nan"));
    let escape = '\u{1b}';
    assert!(!say(folder.path(), &["check", "my.toml"]).stderr.contains(escape));
    assert!(say(folder.path(), &["check", "my.toml", "--color", "always"]).stderr.contains(escape));
    assert!(!say(folder.path(), &["check", "my.toml", "--color", "never"]).stderr.contains(escape));
}

#[test]
fn a_warning_is_said_and_kept() {
    let folder = folder(&SMALL.replace("alpha = 1.5", "alpha = 0.9").replace("epsilon = 0.1", "eta = 0.1"));
    let said = say(folder.path(), &["run", "my.toml", "--paths", "20"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("warning: sgd: at α ≤ 1"), "{}", said.stderr);
    let manifest = manifest(&folder.path().join("results/small"));
    assert_eq!(manifest["warnings"].as_array().unwrap().len(), 1);
    assert_eq!(manifest["cells"][0]["eta"], 0.1);
}
