//! The command `calibrate`, as a user runs it.
#![cfg(feature = "calibrate")]

use std::fs;
use std::path::Path;
use std::process::Stdio;
#[cfg(unix)]
use std::{
    io::{BufRead, BufReader},
    time::Duration,
};

use assert_cmd::Command;
use levy_escape::calibrate::{Calibration, Ended, NoiseKind, SamplingAxis};
use tempfile::TempDir;

const FILE: &str = include_str!("data/calibration.toml");

/// The same with one optimiser, one measurement and few steps.
fn short_file() -> String {
    let adam = FILE.find("[[optimiser]]\nadam").unwrap()..FILE.find("[noise]").unwrap();
    let text = FILE.replace("iterations = 600", "iterations = 60").replace("measurements = 2", "measurements = 1");
    let text = text.replace(&FILE[adam], "");
    text.replace("window = 40", "window = 20")
}

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
    let dir = folder(&format!("figure_style = {{ format = 'pdf', width = 'column' }}\n{FILE}"));
    let done = program(dir.path()).args(["calibrate", "c.toml"]).assert().success().get_output().clone();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("small: device cpu: ") || said.contains("small: device cuda: "), "{said}");
    assert!(said.contains("small: sgd: ") && said.contains(" training steps/s"), "{said}");
    let summary = String::from_utf8(done.stdout).unwrap();
    assert!(summary.contains("surrogate α̂ = ") && summary.contains("test accuracy"), "{summary}");
    let place = dir.path().join("results/small");
    let calibration = Calibration::read(&place.join("calibration.json")).unwrap();
    assert_eq!(fs::read_to_string(place.join("summary.txt")).unwrap(), summary);
    for run in &calibration.runs {
        let last = run.training.last().unwrap();
        assert!(last.test_accuracy >= 0.95, "{}: {}", run.label, last.test_accuracy);
        assert_eq!(run.ended, Ended::Complete { iterations: 600 });
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
        let array = levy_escape::tail::NpyArray::read(&place.join(&minimum.parameters_file)).unwrap();
        assert_eq!(array.shape(), [calibration.network.parameters, 4]);
        // The vectors of the coordinates are those whose mean logarithms the calibration holds.
        let file = minimum.noise_file.as_ref().filter(|_| !minimum.coordinates.is_empty());
        let Some(file) = file else { continue };
        let vectors = levy_escape::tail::NpyArray::read(&place.join(file)).unwrap();
        let dim = minimum.coordinates.len();
        assert_eq!(vectors.shape()[1], dim);
        for (i, coordinate) in minimum.coordinates.iter().enumerate() {
            let column = vectors.values().iter().skip(i).step_by(dim);
            let logs: Vec<f64> = column.filter(|x| **x != 0.0).map(|x| x.abs().ln()).collect();
            let mean = logs.iter().sum::<f64>() / logs.len() as f64;
            assert!((mean - coordinate.mean_log).abs() < 1e-6, "{}: {mean} {}", run.label, coordinate.mean_log);
        }
    }
    let page = fs::read_to_string(place.join("report.html")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(place.join("manifest.json")).unwrap()).unwrap();
    let answer = manifest["answer"].as_str().unwrap();
    for optimiser in ["SGD ", "Adam "] {
        assert!(answer.contains(optimiser), "{answer}");
    }
    let measured = calibration.runs.iter().flat_map(|run| {
        let last = run.measurements.iter().map(|m| m.iteration).max();
        run.measurements.iter().filter(move |m| Some(m.iteration) == last).flat_map(|m| &m.indices)
    });
    let table = page.split_once("data-table=\"indices\"").unwrap().1.split_once("</table>").unwrap().0;
    assert_eq!(table.matches("<tr").count(), measured.clone().count() + 1);
    for (value, ..) in measured.filter_map(|pair| pair.measured.index()) {
        assert!(table.contains(&value.to_string()), "{value}");
    }
    assert!(page.contains("<svg") && page.contains("noise-law.pdf") && page.contains("summary.txt"));
    assert!(!page.contains("src=") && !page.contains("href=\"http"));
    let error = stderr(program(dir.path()).args(["report", "results/small"]), 3);
    assert!(error.contains("it holds a calibration") && error.contains("calibrate FILE --force"), "{error}");
    for figure in ["tail-index", "training", "noise-law", "scales"] {
        let files = ["pdf", "csv", "png"].map(|format| place.join(format!("figures/{figure}.{format}")).is_file());
        assert_eq!(files, [true, true, false], "{figure}");
    }
    let error = stderr(program(dir.path()).args(["calibrate", "c.toml"]), 2);
    assert!(error.contains("exists already") && error.contains("--force"), "{error}");
    program(dir.path()).args(["calibrate", "c.toml", "--out", "again"]).assert().success();
    for file in ["calibration.json", "sgd.npy", "sgd-noise.npy", "adam.npy", "summary.txt"] {
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
        FILE.replace("iterations = 600", "iterations = 90") + "[quick]\niterations = 40\nbatches = 30\nwindow = 30\n";
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
    assert!(said.contains("absent.toml: skipped, no/such/folder does not exist"), "{said}");
    assert!(said.contains("b.toml: skipped, its calibration made/absent does not exist"), "{said}");
    assert!(dir.path().join("made/small/calibration.json").is_file());
    assert!(dir.path().join("made/of-small/summary.csv").is_file());
    assert!(!dir.path().join("made/of-absent").exists());
    // A run of calibrated cells can be resumed, sharded, merged and rendered again.
    let again = ["reproduce", "--quick", "--out", "made", "--resume"];
    let trained = fs::metadata(dir.path().join("made/small")).unwrap().modified().unwrap();
    let said = stderr(program(dir.path()).args(again), 0);
    assert!(said.contains("small: exists already") && said.contains("of-small: 2 of 2 paths exist"), "{said}");
    assert_eq!(fs::metadata(dir.path().join("made/small")).unwrap().modified().unwrap(), trained);
    let run = |more: &[&str]| {
        let mut command = program(dir.path());
        command.args(["run", "experiments/a.toml", "--out", "made", "--paths", "600"]).args(more);
        command
    };
    let table = |name: &str| fs::read(dir.path().join("made").join(name).join("escapes.csv")).unwrap();
    run(&["--resume"]).assert().success();
    for shard in ["1/2", "2/2"] {
        run(&["--shard", shard]).assert().success();
    }
    let merge = ["merge", "made/of-small.shard-1-of-2", "made/of-small.shard-2-of-2", "--into", "made/merged"];
    program(dir.path()).args(merge).assert().success();
    assert_eq!(table("of-small"), table("merged"));
    let report = || program(&dir.path().join("made/of-small")).args(["report", "."]).assert();
    report().success();
    // A changed calibration gives another run, even if the cells are the same.
    let measured = dir.path().join("made/small/calibration.json");
    let text = fs::read_to_string(&measured).unwrap();
    fs::write(&measured, text.replacen("\"device\": \"cpu\"", "\"device\": \"another\"", 1)).unwrap();
    let error = stderr(&mut run(&["--resume"]), 2);
    assert!(error.contains("holds another run:\n  content of the calibration small: "), "{error}");
    let said = String::from_utf8(report().code(2).get_output().stderr.clone()).unwrap();
    assert!(said.contains("now gives another run:\n  content of the calibration small: "), "{said}");
    fs::write(&measured, text).unwrap();
    report().success();
    // A calibration with another seed is kept.
    let error = stderr(program(dir.path()).args(again).args(["--seed", "4"]), 2);
    assert!(error.contains("made/small holds a calibration with another file"), "{error}");
}

/// Of several calibrations that begin at once, one proceeds and the others report an error. None destroys the results of another.
#[test]
fn of_calibrations_that_begin_at_once_one_works() {
    let dir = folder(&short_file());
    for round in 0..3 {
        let start = |_| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_levy-escape"));
            command.args(["calibrate", "c.toml", "-q", "--out", &format!("out{round}")]).current_dir(dir.path());
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let mut worked = 0;
        for child in [0; 4].map(start) {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            let refused = said.contains("is in use by another run") || said.contains("exists already");
            assert!(output.status.success() || refused, "{said}");
            worked += u32::from(output.status.success());
        }
        let out = dir.path().join(format!("out{round}"));
        assert_eq!((worked, fs::read_dir(&out).unwrap().count()), (1, 1), "round {round}");
        Calibration::read(&out.join("small/calibration.json")).unwrap();
    }
}

/// The first Ctrl-C or SIGTERM ends a training. The measurements so far are kept, and a resumed `reproduce` repeats the training.
#[cfg(unix)]
#[test]
fn a_signal_stops_a_training() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("experiments")).unwrap();
    let long = FILE.replace("iterations = 600", "iterations = 10_000_000").replace("window = 40", "window = 0");
    let file = dir.path().join("experiments/c.toml");
    fs::write(&file, &long).unwrap();
    let stopped = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_levy-escape"));
        command.args(arguments).current_dir(dir.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        // The signal handler is installed before the folder is created.
        while !dir.path().join("results/.small.part").exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let signal = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(signal.success());
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = stopped(&["calibrate", "experiments/c.toml"]);
    assert!(code == Some(130) && said.contains("start again with --force") && !said.contains("--resume"), "{said}");
    let (code, said) = stopped(&["reproduce", "--force"]);
    assert!(code == Some(130) && said.contains("resume with: ") && said.contains("reproduce --resume"), "{said}");
    let place = dir.path().join("results/small");
    let calibration = Calibration::read(&place.join("calibration.json")).unwrap();
    assert!(calibration.runs.iter().any(|run| matches!(run.ended, Ended::Stopped { .. })));
    let (code, said) = stopped(&["reproduce", "--resume"]);
    assert!(code == Some(130) && dir.path().join("results/small.2/calibration.json").is_file(), "{said}");
}

/// A stop inside a measurement, in the pass over batches after the first step, and during the curvatures at the end. Either
/// would take minutes.
#[cfg(unix)]
#[test]
fn a_signal_stops_a_measurement() {
    let file = FILE.replace("window = 40", "window = 0");
    let batches = file.replace("batches = 40", "batches = 100_000");
    let curvatures =
        file.replace("iterations = 600", "iterations = 1").replace("coordinates = 2", "coordinates = 1_000");
    for (text, measured) in [(batches, false), (curvatures, true)] {
        let dir = folder(&text);
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_levy-escape"));
        command.args(["calibrate", "c.toml", "-v"]).current_dir(dir.path());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        // If the first measurement takes minutes, it has begun shortly after the start; otherwise a progress line reports it.
        if measured {
            assert_eq!(
                lines.by_ref().filter(|line| line.contains("the noise after 1 steps is measured")).take(2).count(),
                2
            );
        } else {
            assert!(lines.next().unwrap().contains("small: device "));
            std::thread::sleep(Duration::from_secs(2));
        }
        let clock = std::time::Instant::now();
        let signal = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(signal.success());
        let said = lines.collect::<Vec<String>>().join("\n");
        let status = child.wait().unwrap();
        assert!(clock.elapsed() < Duration::from_secs(15), "{:?} {said}", clock.elapsed());
        assert!(status.code() == Some(130) && said.contains("measurements until then are in"), "{said}");
        let calibration = Calibration::read(&dir.path().join("results/small/calibration.json")).unwrap();
        for run in &calibration.runs {
            assert!(matches!(run.ended, Ended::Stopped { iteration: 0 | 1 }), "{:?}", run.ended);
            assert!(run.minimum.is_none() && run.measurements.is_empty() != measured, "{}", run.label);
        }
        assert!(!dir.path().join("results/.small.part").exists());
        // Another run can begin.
        program(dir.path()).args(["calibrate", "c.toml"]).assert().code(2);
    }
}

const ESCAPE: &str = "[escape]\nweight_decay = 5e-3\nminima = 1\nruns = 4\nmax_steps = 1_000_000_000\nbatches = [32]\n\
    radii = { from = 0.01, to = 0.05, count = 3 }\nnoise_batches = 20\npredicted_runs = 2\nrank = 2\n";

const SCALING: &str = "[noise_scaling]\nweight_decay = 5e-3\nminima = 1\nbatches = [8, 16, 32]\nruns = 4\npaths = 2\n\
    radii = { from = 0.01, to = 0.05, count = 2 }\nnoise_batches = 20\n";

/// A stop while the escapes are measured, when all trainings are complete. A resumed `reproduce` measures them again, and leaves a complete
/// calibration alone.
#[cfg(unix)]
#[test]
fn a_signal_during_the_escapes_leaves_an_incomplete_calibration() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("experiments")).unwrap();
    let file = dir.path().join("experiments/c.toml");
    let short = short_file().replace("hidden = [32]", "hidden = [4]") + ESCAPE;
    // No run leaves a ball of radius 1000 within minutes.
    let endless = short.replace("to = 0.05", "to = 1_000.0");
    fs::write(&file, &endless).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_levy-escape"));
    command.args(["reproduce", "-v"]).current_dir(dir.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("escapes from minimum 1 of 1, configuration 1 of 1")));
    let signal = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(signal.success());
    let said = lines.collect::<Vec<String>>().join("\n");
    assert!(child.wait().unwrap().code() == Some(130) && said.contains("reproduce -v --resume"), "{said}");
    let place = dir.path().join("results/small");
    let calibration = Calibration::read(&place.join("calibration.json")).unwrap();
    assert!(calibration.runs.iter().all(|run| matches!(run.ended, Ended::Complete { .. })));
    let text = |name: &str| fs::read_to_string(place.join(name)).unwrap();
    assert!(
        text("summary.txt").contains("stopped here") && text("manifest.json").contains("\"escape_complete\": false")
    );
    assert_eq!(text("network_escape.csv").lines().count(), 1);
    // The same stopped results, of a file whose escapes end: a resumption must not take them for complete.
    let manifest = text("manifest.json").replace("to = 1_000.0", "to = 0.05");
    fs::write(place.join("manifest.json"), manifest).unwrap();
    fs::write(&file, &short).unwrap();
    let again = ["reproduce", "--resume"];
    let said = stderr(program(dir.path()).args(again), 0);
    assert!(!said.contains("small: exists already") && dir.path().join("results/small.1").is_dir(), "{said}");
    assert!(
        text("manifest.json").contains("\"escape_complete\": true") && text("manifest.json").contains("\"restarts\"")
    );
    assert_eq!(text("network_escape.csv").lines().count(), 1 + 3);
    assert!(stderr(program(dir.path()).args(again), 0).contains("small: exists already"));
}

/// Two runs give the same tables, and a minimum that is not reached is reported after everything else is written.
#[test]
fn escapes_are_repeatable_and_a_minimum_that_is_not_reached_is_reported() {
    let small = short_file().replace("hidden = [32]", "hidden = [4]") + SCALING + ESCAPE;
    let dir = folder(&small);
    for out in ["one", "two"] {
        program(dir.path()).args(["calibrate", "c.toml", "--out", out]).assert().success();
    }
    let table = |out: &str| fs::read_to_string(dir.path().join(out).join("small/network_escape.csv")).unwrap();
    assert_eq!(table("one"), table("two"));
    let scaling = |out: &str| fs::read_to_string(dir.path().join(out).join("small/noise_scaling.csv")).unwrap();
    // Three scales and indices of three sizes, three exponents, 18 mean steps, and three ratios at two radii; those of steps need five of them.
    let parts = |part: &str| scaling("one").lines().filter(|line| line.split(',').nth(1) == Some(part)).count();
    assert_eq!(["scale", "index", "steps", "distance"].map(parts), [9, 9, 18, 6]);
    assert!(parts("exponent") >= 3 && scaling("one") == scaling("two"));
    fs::write(dir.path().join("c.toml"), small + "descent = 1\n").unwrap();
    let error = stderr(program(dir.path()).args(["calibrate", "c.toml", "--out", "three"]), 1);
    assert!(
        error.contains("minimum 1 was not reached: |∇F| fell from") && error.contains("raise `descent`"),
        "{error}"
    );
    assert_eq!(table("three").lines().count(), 1);
    assert!(fs::read_to_string(dir.path().join("three/small/summary.txt")).unwrap().contains("NOT REACHED"));
}

/// The bytes of an IDX file.
fn idx(dims: &[u32], entries: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
    bytes.extend(entries);
    bytes
}

/// A folder `images` in the format of MNIST, next to a calibration file.
fn with_images(text: &str, images: &[u8], labels: &[u8]) -> TempDir {
    let dir = folder(&text.replace("seed = 3", "data = { idx = 'images' }"));
    fs::create_dir(dir.path().join("images")).unwrap();
    for part in ["train", "t10k"] {
        let place = |name: &str| dir.path().join("images").join(format!("{part}-{name}-ubyte"));
        fs::write(place("images-idx3"), images).unwrap();
        fs::write(place("labels-idx1"), labels).unwrap();
    }
    dir
}

/// All images are identical. The gradient of every batch equals the full gradient up to rounding, or is zero once the network
/// is certain. There is no noise and no tail index.
#[test]
fn gradients_without_noise_have_no_tail_index() {
    let image: Vec<u8> = (0..64).map(|i| i * 3).collect();
    for (eta, iterations) in [("0.1", "iterations = 30"), ("100", "iterations = 20")] {
        let text = FILE.replace("eta = 0.1", &format!("eta = {eta}")).replace("iterations = 600", iterations);
        let text = text.replace("window = 40", "window = 10");
        let dir = with_images(&text, &idx(&[200, 8, 8], &image.repeat(200)), &idx(&[200], &[3; 200]));
        let error = stderr(program(dir.path()).args(["calibrate", "c.toml"]), 1);
        assert!(
            error.contains("sgd: the gradient noise has no tail index: all") && error.contains("are zero"),
            "{error}"
        );
        let calibration = Calibration::read(&dir.path().join("results/small/calibration.json")).unwrap();
        for run in &calibration.runs {
            let pairs = run.measurements.iter().flat_map(|m| &m.indices);
            assert!(pairs.into_iter().all(|pair| pair.measured.index().is_none()), "{run:?}");
            assert!(run.minimum.as_ref().unwrap().coordinates.is_empty());
        }
    }
}

#[test]
fn foreign_and_broken_images_are_refused() {
    let (images, labels) = (idx(&[200, 8, 8], &[7; 12_800]), idx(&[200], &[3; 200]));
    let mut wrong = labels.clone();
    wrong[100] = 10;
    let claim = idx(&[u32::MAX; 3], &[0; 100]);
    for (images, labels, reason) in [
        (&images[..5_000], &labels, "it holds 4984 entries, its header claims 12800"),
        (&images[..10], &labels, "the file ends before its header"),
        (b"\x89PNG\r\n\x1a\n and so on", &labels, "it begins with [89, 50, 4e, 47]"),
        (&claim, &labels, "its header claims [4294967295, 4294967295, 4294967295]"),
        (&images, &wrong, "label 10 of image 92 is not below 10"),
        (&images, &images, "not with that of 1 dimensions"),
    ] as [(&[u8], &Vec<u8>, &str); 6]
    {
        let dir = with_images(FILE, images, labels);
        let error = stderr(program(dir.path()).args(["calibrate", "c.toml"]), 2);
        assert!(error.contains("images/t") && error.contains(reason), "{error}");
        assert!(!dir.path().join("results").exists());
    }
    let dir = folder(&FILE.replace("seed = 3", "data = { cifar10 = '.' }"));
    for (bytes, reason) in
        [(3_000, "3000 bytes are no whole number of records of 3073 bytes"), (3_073, "label 77 of image 0")]
    {
        fs::write(dir.path().join("data_batch_1.bin"), vec![77; bytes]).unwrap();
        let error = stderr(program(dir.path()).args(["calibrate", "c.toml"]), 2);
        assert!(error.contains("data_batch_1.bin") && error.contains(reason), "{error}");
    }
}

#[test]
fn a_learning_rate_that_diverges_keeps_what_was_measured() {
    let dir = folder(&FILE.replace("eta = 0.1", "eta = 1e30").replace("iterations = 600", "iterations = 50"));
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
        (FILE.replace("batch = 32", "batch = 5_000"), 2, "a batch of 5000 images must hold at least 1"),
        (
            FILE.replace("batch = 32", "batch = 1_437"),
            2,
            "a batch of 1437 images must hold at least 1 and fewer than all 1437",
        ),
        (FILE.replace("mlp = { hidden = [32] }", "lenet = {}"), 2, "lenet takes images of 28 × 28"),
        (FILE.replace("seed = 3", "data = { idx = 'nowhere' }"), 2, "nowhere holds no train-images"),
        (FILE.replace("seed = 3", "data = { cifar10 = 'nowhere' }"), 2, "nowhere holds no data_batch_1.bin"),
        (FILE.replace("seed = 3", "device = 'gpu'"), 2, "unknown value \"gpu\" for `device`"),
        (FILE.replace("sgd = { eta = 0.1 }", "sgd = { eta = -1 }"), 2, "`eta` must be positive"),
    ] {
        let dir = folder(&text);
        let error = stderr(program(dir.path()).args(["calibrate", "c.toml"]), code);
        assert!(error.contains(reason), "{error}");
        assert!(!dir.path().join("results/small").exists() && !dir.path().join("results/.small.part").exists());
        // Images that are not there may come later.
        let comes_later = reason.starts_with("nowhere");
        let error = stderr(program(dir.path()).args(["check", "c.toml"]), if comes_later { 0 } else { code });
        assert_eq!(error.contains(reason), !comes_later, "{error}");
    }
    let dir = folder(FILE);
    let said = program(dir.path()).args(["check", "c.toml"]).assert().success().get_output().stdout.clone();
    assert_eq!(String::from_utf8(said).unwrap(), "c.toml: 2 trainings of 600 steps\n");
    let error = stderr(program(dir.path()).args(["run", "c.toml"]), 2);
    assert!(error.contains("is a calibration file") && error.contains("levy-escape calibrate c.toml"), "{error}");
}
