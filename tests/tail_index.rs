//! `tail-index` as a user sees it, and a quick test of all estimators; tail_statistics is the long one.

mod tail_reference;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use levy_escape::noise::Alpha;
use levy_escape::tail::{Estimator, NpyArray};
use tail_reference::{errors, sample};
use tempfile::TempDir;

fn tail_index(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("levy-escape").unwrap();
    command.current_dir(folder).arg("tail-index").args(arguments);
    command
}

/// A sample of SαS(2) as one-dimensional array, as a column of a table, and as a matrix of 40 rows and 50 columns.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = sample(Alpha::new(1.5).unwrap(), 2000, 0);
    let rows: String = data.iter().enumerate().map(|(t, x)| format!("{t},{x}\n")).collect();
    fs::write(folder.path().join("data.csv"), format!("t,x\n{rows}")).unwrap();
    NpyArray::new(vec![2000], data.clone()).unwrap().write(&folder.path().join("data.npy")).unwrap();
    NpyArray::new(vec![40, 50], data).unwrap().write(&folder.path().join("matrix.npy")).unwrap();
    folder
}

fn output(folder: &Path, arguments: &[&str]) -> String {
    let output = tail_index(folder, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &[&str], code: i32, reason: &str) {
    let output = tail_index(folder, arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(reason), "{arguments:?}: {said}");
}

/// Over 20 repeats at 20,000 entries. Root-mean-square errors: the bounds of 10^5 entries, times √5, and 1.5 for the few repeats; and the
/// widths of the intervals, within the range of √(χ²/20) with 20 degrees of freedom except with probability 2e-4. Biases within 4 standard errors.
#[test]
fn estimators_find_the_index() {
    for (estimator, bound) in [
        (Estimator::MAXIMUM_LIKELIHOOD, 0.01),
        (Estimator::KOUTROUVELIS, 0.01),
        (Estimator::MCCULLOCH, 0.03),
        (Estimator::MOHAMMADI, 0.06),
    ] {
        for alpha in [1.1, 1.5, 1.9] {
            let row = errors(estimator, Alpha::new(alpha).unwrap(), 20_000, 20);
            let deviation = row.mean_width / 3.92;
            assert!(row.root_mean_square < bound * 5f64.sqrt() * 1.5, "{} α = {alpha}: {row}", estimator.name());
            let ratio = row.root_mean_square / deviation;
            assert!((0.47..1.62).contains(&ratio), "{} α = {alpha}: {row}", estimator.name());
            assert!(row.bias.abs() < 4.0 * deviation / 20f64.sqrt(), "{} α = {alpha}: {row}", estimator.name());
        }
    }
}

#[test]
fn a_csv_column_and_an_array_say_the_same() {
    let folder = folder();
    let table = output(folder.path(), &["data.csv", "--column", "x"]);
    assert_eq!(table, output(folder.path(), &["data.npy"]));
    for word in ["mohammadi", "koutrouvelis", "mcculloch", "hill", "maximum-likelihood", "Kolmogorov", "Student t"] {
        assert!(table.contains(word), "{word}: {table}");
    }
}

#[test]
fn json_holds_every_estimate_with_its_surrogate() {
    let folder = folder();
    let report: serde_json::Value = serde_json::from_str(&output(folder.path(), &["data.npy", "--json"])).unwrap();
    let estimates = report["estimates"].as_array().unwrap();
    assert_eq!(estimates.len(), 5);
    for one in estimates {
        let of = |key: &str, part: &str| one[key]["alpha"][part].as_f64().unwrap();
        assert!(of("estimate", "lo") < of("estimate", "value") && of("estimate", "value") < of("estimate", "hi"));
        assert!(of("gaussian_surrogate", "value") > 1.7, "{one}");
        assert_eq!(one["estimate"]["n"], 2000);
    }
    // The interval at 2,000 entries is .14 wide: .2 is five standard errors.
    let likelihood = estimates[4]["estimate"]["alpha"]["value"].as_f64().unwrap();
    assert!((likelihood - 1.5).abs() < 0.2, "{likelihood}");
    assert!(report["goodness_of_fit"]["kolmogorov_p"].as_f64().unwrap() > 0.001);
    assert!(report["held_out"][1]["stable_ahead_by"]["value"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_matrix_is_read_along_its_axes() {
    let folder = folder();
    assert!(output(folder.path(), &["matrix.npy", "--axis", "pooled"]).starts_with("2000 entries"));
    assert!(output(folder.path(), &["matrix.npy", "--column", "3"]).starts_with("40 entries"));
    for (axis, samples) in [("0", 50), ("1", 40)] {
        let report = output(folder.path(), &["matrix.npy", "--axis", axis, "--json", "--estimator", "koutrouvelis"]);
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["samples"].as_array().unwrap().len(), samples);
    }
}

#[test]
fn figures_are_drawn_and_not_overwritten() {
    let folder = folder();
    for name in ["law.svg", "law.png"] {
        output(folder.path(), &["data.npy", "--figure", name]);
        assert!(fs::metadata(folder.path().join(name)).unwrap().len() > 10_000);
        refused(folder.path(), &["data.npy", "--figure", name], 2, "exists already");
        output(folder.path(), &["data.npy", "--figure", name, "--force", "--estimator", "hill"]);
    }
    refused(folder.path(), &["data.npy", "--figure", "law.eps"], 2, ".svg, .png or .pdf");
    refused(folder.path(), &["matrix.npy", "--axis", "0", "--figure", "axis.png"], 2, "one sample");
}

#[test]
fn a_column_with_one_wrong_cell_is_not_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |first: fn(usize) -> String| -> String {
        (0..500).map(|t| format!("{},{}\n", first(t), if t == 250 { ".".to_owned() } else { t.to_string() })).collect()
    };
    fs::write(folder.path().join("t.csv"), format!("t,r\n{}", rows(|t| t.to_string()))).unwrap();
    fs::write(folder.path().join("d.csv"), format!("d,r\n{}", rows(|_| "2020-01-31".to_owned()))).unwrap();
    refused(folder.path(), &["t.csv"], 2, "it has 2 columns; choose one of \"t\", \"r\"");
    for arguments in [&["t.csv", "--axis", "0"][..], &["t.csv", "--column", "r"], &["d.csv"], &["d.csv", "--axis", "0"]]
    {
        refused(folder.path(), arguments, 2, "line 252, column r: \".\" is not a finite number");
    }
    refused(folder.path(), &["t.csv", "--column", "t,0"], 2, "column t is requested twice");
}

#[test]
fn reasons_are_given_once() {
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<f64> = (0..500).map(|i| (f64::from(i) * 0.7).sin()).collect();
    NpyArray::new(vec![5, 100], values.clone()).unwrap().write(&folder.path().join("short.npy")).unwrap();
    refused(folder.path(), &["short.npy", "--axis", "0"], 1, "no tail index of any of the 100 samples: 5 entries");
    refused(folder.path(), &["short.npy", "--axis", "0"], 1, "--axis 1 every row");
    // 101 entries have no divisor; the other estimators need none.
    let data = sample(Alpha::new(1.5).unwrap(), 404, 0);
    NpyArray::new(vec![101, 4], data).unwrap().write(&folder.path().join("prime.npy")).unwrap();
    let said = output(folder.path(), &["prime.npy", "--axis", "0"]);
    assert_eq!(said.matches("101 entries have no divisor").count(), 1, "{said}");
    assert!(said.contains("4 samples: mohammadi: 101 entries"), "{said}");
}

#[test]
fn bad_data_are_refused_with_their_place() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("nan.csv", "1\n2\nnan\n");
    write("zeros.csv", "0\n0\n0\n");
    write("same.csv", "2\n2\n2\n");
    write("few.csv", "1\n2\n");
    write("not.npy", "hello");
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }";
    let claim = [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &[0; 16]].concat();
    fs::write(folder.path().join("huge.npy"), claim).unwrap();
    let whole = fs::read(folder.path().join("data.npy")).unwrap();
    fs::write(folder.path().join("cut.npy"), &whole[..whole.len() - 5]).unwrap();
    let spoilt: Vec<f64> = (0..6).map(|i| if i == 4 { f64::INFINITY } else { 1.0 }).collect();
    NpyArray::new(vec![2, 3], spoilt).unwrap().write(&folder.path().join("inf.npy")).unwrap();
    for (data, code, reason) in [
        ("nan.csv", 2, "no tail index"),
        ("zeros.csv", 2, "all 3 entries are zero"),
        ("same.csv", 2, "all 3 entries are 2"),
        ("few.csv", 2, "no tail index"),
        ("not.npy", 2, "not a .npy file"),
        ("huge.npy", 2, "8000000000000"),
        ("cut.npy", 2, "15995"),
        ("inf.npy", 2, "entry [1, 1] is inf"),
        ("absent.csv", 3, "absent.csv"),
        ("absent.npy", 3, "absent.npy"),
        ("data.log", 2, ".csv, .tsv, .txt, .dat, .npy"),
        ("matrix.npy", 2, "--axis"),
        ("data.csv", 2, "choose one of \"t\", \"x\""),
    ] {
        refused(folder.path(), &[data], code, reason);
    }
    refused(folder.path(), &["nan.csv", "--missing", "refuse"], 2, "line 3");
    refused(folder.path(), &["data.csv", "--column", "y"], 2, "no column");
    refused(folder.path(), &["matrix.npy", "--column", "50"], 2, "no column");
    refused(folder.path(), &["data.npy", "--centre", "mode"], 2, "median, zero");
}
