//! `tail-index` on real file formats: tables in all notations, compressed or not, arrays of all types, rounded data.

use std::fs;
use std::io::Write;
use std::path::Path;

use assert_cmd::Command;
use flate2::Compression;
use flate2::write::GzEncoder;
use levy_escape::noise::{Alpha, Seed, StableLaw, Stream};
use levy_escape::tail::NpyArray;
use rand_distr::Distribution;
use serde_json::Value;
use tempfile::TempDir;

/// A sample of SαS(2), α = 1.5.
fn draws(n: usize) -> Vec<f64> {
    let law = StableLaw::new(Alpha::new(1.5).unwrap());
    law.sample_iter(Stream::new(Seed(1), 1500, 0)).take(n).map(|x: f64| 2.0 * x).collect()
}

fn folder(name: &str, content: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("levy-escape").unwrap();
    command.current_dir(folder).arg("tail-index").args(arguments);
    command
}

/// The output, and the notes and warnings.
fn output(folder: &TempDir, arguments: &[&str]) -> (String, String) {
    let output = command(folder.path(), arguments).output().unwrap();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {talk}");
    (String::from_utf8(output.stdout).unwrap(), talk)
}

fn report(folder: &TempDir, arguments: &[&str]) -> Value {
    serde_json::from_str(&output(folder, &[arguments, &["--json"]].concat()).0).unwrap()
}

fn refused(folder: &TempDir, arguments: &[&str], words: &[&str]) {
    let output = command(folder.path(), arguments).output().unwrap();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {talk}");
    for word in words {
        assert!(talk.contains(word), "{arguments:?}: {word}: {talk}");
    }
}

fn alpha(report: &Value, estimator: usize, part: &str) -> f64 {
    report["estimates"][estimator]["estimate"]["alpha"][part].as_f64().unwrap()
}

fn npy(descr: &str, n: usize, entries: Vec<u8>) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({n},), }}");
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &entries].concat()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Data rounded to a quarter and to half of the scale, and shifted: every estimator except Hill's agrees with its estimate from the values
/// themselves, within a third of its interval. The zeros are those of the data, and the location is the median.
#[test]
fn rounding_moves_no_estimate() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, data: Vec<f64>| {
        NpyArray::new(vec![data.len()], data).unwrap().write(&folder.path().join(name)).unwrap()
    };
    write("exact.npy", draws(8000));
    let exact = report(&folder, &["exact.npy"]);
    for (step, shift) in [(0.5, 0.0), (1.0, 0.0), (1.0, 7.0)] {
        let rounded: Vec<f64> = draws(8000).iter().map(|x| (x / step).round() * step + shift).collect();
        let zeros = rounded.iter().filter(|x| **x == 0.0).count() as f64 / 8000.0;
        write("rounded.npy", rounded);
        let found = report(&folder, &["rounded.npy"]);
        assert_eq!(found["zero_share"].as_f64().unwrap(), zeros);
        assert_eq!(found["location"].as_f64().unwrap(), shift);
        assert_eq!(found["rounding"].as_f64().unwrap(), step);
        assert_eq!(found["n"], 8000);
        for estimator in [0, 1, 2, 4] {
            let width = alpha(&exact, estimator, "hi") - alpha(&exact, estimator, "lo");
            let moved = alpha(&found, estimator, "value") - alpha(&exact, estimator, "value");
            // The sums of Mohammadi's estimator start from single entries, whose places in a cell are not known.
            let allowed = if estimator == 0 { 0.5 * width } else { width / 3.0 };
            assert!(moved.abs() < allowed, "step {step}, estimator {estimator}: {moved} of {width}");
        }
    }
    // Power: a scale smaller by a tenth is detected.
    let narrow: Vec<f64> = draws(8000).iter().map(|x| x.signum() * x.abs().powf(0.8)).collect();
    write("other.npy", narrow);
    let moved = alpha(&report(&folder, &["other.npy"]), 2, "value") - alpha(&exact, 2, "value");
    assert!(moved > 0.1, "{moved}");
    write("coarse.npy", draws(2000).iter().map(|x| (x / 20.0).round()).collect());
    refused(&folder, &["coarse.npy"], &["hides the scale", "--na 0"]);
}

/// Dates without a header: the first row is an entry. Years as header: the first row holds names, for a column chosen by name or by number.
#[test]
fn headers_are_told_from_entries() {
    let data = draws(200);
    let rows: String = data.iter().map(|x| format!("2020-01-01,{x}\n")).collect();
    let dates = folder("in.csv", rows);
    assert_eq!(report(&dates, &["in.csv", "--column", "1"])["entries"], 200);
    assert_eq!(report(&dates, &["in.csv"])["entries"], 200);
    assert_eq!(report(&dates, &["in.csv", "--column", "1", "--no-header"])["entries"], 200);
    let rows: String = data.iter().enumerate().map(|(t, x)| format!("{t},{x}\n")).collect();
    let years = folder("in.csv", format!("2019,2020\n{rows}"));
    let named = report(&years, &["in.csv", "--column", "2020"]);
    assert_eq!((named["entries"].as_u64(), named["name"].as_str()), (Some(200), Some("2020")));
    assert_eq!(report(&years, &["in.csv", "--column", "1"]), named);
    assert_eq!(report(&years, &["in.csv", "--column", "1", "--header"]), named);
    assert_eq!(report(&years, &["in.csv", "--column", "1", "--no-header"])["entries"], 201);
    let integers: String = data.iter().map(|x| format!("{}\n", (5.0 * x).round())).collect();
    let unclear = folder("in.csv", format!("2020\n{integers}"));
    refused(&unclear, &["in.csv"], &["may hold names or entries", "--header", "--no-header"]);
    assert_eq!(report(&unclear, &["in.csv", "--header"])["entries"], 200);
}

#[test]
fn missing_values_are_left_out_counted_or_refused() {
    let data = draws(120);
    let text = |mark: &str| {
        let rows = data
            .iter()
            .enumerate()
            .map(|(i, x)| if i % 20 == 0 { format!("{i},{mark}\n") } else { format!("{i},{x}\n") });
        format!("t,r\n{}", rows.collect::<String>())
    };
    for mark in ["NA", "NaN", "", "null"] {
        let folder = folder("in.csv", text(mark));
        let found = report(&folder, &["in.csv", "--column", "r"]);
        assert_eq!((found["entries"].as_u64(), found["missing"].as_u64()), (Some(114), Some(6)), "{mark}");
        assert!(output(&folder, &["in.csv", "--column", "r"]).0.contains("6 missing values left out"));
        refused(&folder, &["in.csv", "--column", "r", "--missing", "refuse"], &["line 2", "--missing omit"]);
    }
    let marked = folder("in.csv", text("-999"));
    assert_eq!(report(&marked, &["in.csv", "--column", "r", "--na", "-999"])["missing"], 6);
    let spoilt = folder("in.csv", text("n.d."));
    refused(&spoilt, &["in.csv", "--column", "r"], &["line 2", "n.d.", "--na"]);
    let mut array = draws(120);
    array[3] = f64::NAN;
    let folder = tempfile::tempdir().unwrap();
    NpyArray::new(vec![120], array).unwrap().write(&folder.path().join("in.npy")).unwrap();
    assert_eq!(report(&folder, &["in.npy"])["missing"], 1);
    refused(&folder, &["in.npy", "--missing", "refuse"], &["entry [3] is NaN"]);
}

#[test]
fn semicolons_and_decimal_commas() {
    let data = draws(150);
    let comma = |x: f64| x.to_string().replace('.', ",");
    let plain = folder("in.csv", data.iter().map(|x| format!("{x}\n")).collect::<String>());
    let expected = report(&plain, &["in.csv"])["estimates"].clone();
    let rows: String = data.iter().map(|x| format!("2020-01-01;{}\n", comma(*x))).collect();
    let table = folder("in.csv", format!("date;r\n{rows}"));
    for arguments in [
        &["in.csv", "--column", "r"][..],
        &["in.csv"],
        &["in.csv", "--delimiter", ";", "--decimal-comma", "--column", "1"],
    ] {
        assert_eq!(report(&table, arguments)["estimates"], expected, "{arguments:?}");
    }
    assert!(output(&table, &["in.csv"]).1.contains("decimals by ','"));
    let headerless = folder("in.csv", rows);
    assert_eq!(report(&headerless, &["in.csv"])["estimates"], expected);
    let one = folder(
        "in.csv",
        data.iter().map(|x| format!("{}\n", comma(*x))).fold("r\n".to_owned(), |text, row| text + &row),
    );
    assert_eq!(report(&one, &["in.csv"])["estimates"], expected);
    let thousands = folder("in.csv", "r;s\n1,234;1\n5,678;2\n");
    refused(&thousands, &["in.csv", "--column", "r"], &["may separate decimals or thousands", "--decimal-comma"]);
    refused(&table, &["in.csv", "--column", "s"], &["no column", "\"date\", \"r\""]);
    refused(&table, &["in.csv", "--delimiter", ","], &["--delimiter"]);
    refused(&table, &["in.csv", "--delimiter", "ab"], &["one character"]);
}

#[test]
fn columns_are_chosen_pooled_and_compared() {
    let data = draws(600);
    let rows: String =
        data.chunks(3).map(|row| format!("2020-01-01,\"x, y\",{},{},{}\n", row[0], row[1], row[2])).collect();
    let table = folder("in.csv", format!("date,text,\"a, b\",c,c\n{rows}"));
    assert_eq!(report(&table, &["in.csv", "--column", "a, b"])["entries"], 200);
    refused(&table, &["in.csv", "--column", "c"], &["columns 3 and 4", "NUMBER"]);
    refused(&table, &["in.csv", "--column", "date"], &["holds dates", "line 2"]);
    refused(&table, &["in.csv"], &["choose one of", "--axis 0"]);
    let pooled = report(&table, &["in.csv", "--column", "2,3,4"]);
    assert_eq!(pooled["entries"], 600);
    assert_eq!(report(&table, &["in.csv", "--column", "2", "--column", "3", "--column", "4"]), pooled);
    let estimates = report(&table, &["in.csv", "--axis", "pooled"])["estimates"].clone();
    assert_eq!(estimates, pooled["estimates"]);
    let array = tempfile::tempdir().unwrap();
    NpyArray::new(vec![200, 3], data).unwrap().write(&array.path().join("in.npy")).unwrap();
    assert_eq!(report(&array, &["in.npy", "--axis", "pooled"])["estimates"], estimates);
    let each = report(&table, &["in.csv", "--axis", "0"]);
    let names: Vec<&str> =
        each["samples"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a, b", "c", "c"]);
    let text = output(&table, &["in.csv", "--axis", "0"]);
    assert!(text.0.starts_with("sample") && text.0.contains("a, b") && text.0.contains("α: mcculloch"), "{}", text.0);
    assert!(text.1.contains("\"date\"") && text.1.contains("\"text\""), "{}", text.1);
}

#[test]
fn packed_files_other_suffixes_and_standard_input() {
    let data = draws(120);
    let rows: String = data.iter().enumerate().map(|(t, x)| format!("{t}\t{x}\n")).collect();
    let text = format!("t\tr\n{rows}");
    let aligned: String = data.iter().enumerate().map(|(t, x)| format!("{t:>5}  {x:>24}\n")).collect();
    let folder = folder("IN.TSV", &text);
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("in.tsv.gz", &packed(text.as_bytes()));
    NpyArray::new(vec![120], data).unwrap().write(&folder.path().join("in.npy")).unwrap();
    let array = fs::read(folder.path().join("in.npy")).unwrap();
    write("in.NPY.gz", &packed(&array));
    write("in.log", text.as_bytes());
    write("in.dat", text.as_bytes());
    write("aligned.txt", format!("# with a comment\n# t   r\n{aligned}").as_bytes());
    write("broken.csv.gz", &packed(text.as_bytes())[..40]);
    let expected = report(&folder, &["IN.TSV", "--column", "r"])["estimates"].clone();
    for arguments in [
        &["in.tsv.gz", "--column", "r"][..],
        &["in.NPY.gz"],
        &["in.npy"],
        &["in.dat", "--column", "r"],
        &["in.log", "--format", "csv", "--column", "r"],
        &["aligned.txt", "--column", "r"],
        &["aligned.txt", "--column", "r", "--delimiter", "blank"],
    ] {
        assert_eq!(report(&folder, arguments)["estimates"], expected, "{arguments:?}");
    }
    for (bytes, column) in [(text.as_bytes(), true), (&packed(text.as_bytes()), true), (&array, false)] {
        let arguments: &[&str] = if column { &["-", "--json", "--column", "r"] } else { &["-", "--json"] };
        let output = command(folder.path(), arguments).write_stdin(bytes).output().unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(found["estimates"], expected);
    }
    refused(&folder, &["in.log"], &[".csv, .tsv", "--format csv"]);
    refused(&folder, &["broken.csv.gz"], &["cannot be unpacked"]);
}

#[test]
fn arrays_of_other_types() {
    let n = 1000;
    // Exponent and fraction of a four-byte number, truncated to two bytes; the few numbers out of range are set to the largest.
    let half = |x: f64| {
        let bits = (x as f32).clamp(-6e4, 6e4).to_bits();
        let exponent = (bits >> 23 & 0xff) as i32 - 112;
        let magnitude = if exponent <= 0 { 0 } else { (exponent as u16) << 10 | (bits >> 13 & 0x3ff) as u16 };
        (magnitude | (bits >> 31 << 15) as u16).to_le_bytes()
    };
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    write("f2.npy", npy("<f2", n, draws(n).iter().flat_map(|x| half(*x)).collect()));
    write("i8.npy", npy("<i8", n, draws(n).iter().flat_map(|x| ((5.0 * x).round() as i64).to_le_bytes()).collect()));
    write("i4.npy", npy(">i4", n, draws(n).iter().flat_map(|x| ((5.0 * x).round() as i32).to_be_bytes()).collect()));
    NpyArray::new(vec![n], draws(n)).unwrap().write(&folder.path().join("f8.npy")).unwrap();
    let exact = report(&folder, &["f8.npy"]);
    for name in ["f2.npy", "i8.npy", "i4.npy"] {
        let found = report(&folder, &[name]);
        assert_eq!(found["entries"], n, "{name}");
        for estimator in [1, 2, 4] {
            let width = alpha(&exact, estimator, "hi") - alpha(&exact, estimator, "lo");
            let moved = alpha(&found, estimator, "value") - alpha(&exact, estimator, "value");
            assert!(moved.abs() < width / 4.0, "{name} {estimator}: {moved} of {width}");
        }
    }
    write("c16.npy", npy("<c16", 1, vec![0; 16]));
    refused(&folder, &["c16.npy"], &["<c16", "astype(float)"]);
}

#[test]
fn arrays_among_several() {
    let data = draws(200);
    let mut array = Vec::new();
    NpyArray::new(vec![200], data.clone()).unwrap().write_to(&mut array).unwrap();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["noise.npy", "other.npy"] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(&array).unwrap();
    }
    let folder = folder("in.npz", archive.finish().unwrap().into_inner());
    let bytes: Vec<u8> = data.iter().flat_map(|x| x.to_le_bytes()).collect();
    let header = r#"{"layer.weight":{"dtype":"F64","shape":[10,20],"data_offsets":[0,1600]}}"#;
    let whole = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &bytes].concat();
    fs::write(folder.path().join("in.safetensors"), whole).unwrap();
    let found = report(&folder, &["in.npz", "--array", "noise"]);
    assert_eq!(found["entries"], 200);
    refused(&folder, &["in.npz"], &["noise, other", "--array NAME"]);
    refused(&folder, &["in.npz", "--array", "x"], &["no array \"x\"", "noise, other"]);
    refused(&folder, &["in.safetensors"], &["[10, 20]", "--axis"]);
    let pooled = report(&folder, &["in.safetensors", "--axis", "pooled"]);
    let mohammadi = |report: &Value| report["estimates"][0]["estimate"]["alpha"].clone();
    assert_eq!(mohammadi(&pooled), mohammadi(&found));
}

#[test]
fn differences_and_log_returns() {
    let steps: Vec<f64> = draws(300).iter().map(|x| 0.001 * x).collect();
    let mut level = 0.0;
    let prices: Vec<f64> = steps.iter().map(|x| (level += x, 100.0 * f64::exp(level)).1).collect();
    let folder = folder(
        "in.csv",
        prices.iter().map(|x| format!("{x}\n")).fold("close\n100\n".to_owned(), |text, row| text + &row),
    );
    let returns = report(&folder, &["in.csv", "--log-return"]);
    assert_eq!(returns["entries"], 300);
    let exact = folder_of(&steps);
    let expected = report(&exact, &["in.npy"]);
    for estimator in 0..5 {
        assert!(
            (alpha(&returns, estimator, "value") - alpha(&expected, estimator, "value")).abs() < 1e-4,
            "{estimator}"
        );
    }
    assert_eq!(report(&folder, &["in.csv", "--difference"])["entries"], 300);
    refused(&exact, &["in.npy", "--log-return"], &["log returns need positive values", "--difference"]);
    // A missing price makes both of its returns missing.
    let gap = self::folder(
        "in.csv",
        prices
            .iter()
            .enumerate()
            .map(|(i, x)| if i == 10 { "NA\n".to_owned() } else { format!("{x}\n") })
            .collect::<String>(),
    );
    let found = report(&gap, &["in.csv", "--log-return"]);
    assert_eq!((found["entries"].as_u64(), found["missing"].as_u64()), (Some(297), Some(2)));
}

fn folder_of(data: &[f64]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    NpyArray::new(vec![data.len()], data.to_vec()).unwrap().write(&folder.path().join("in.npy")).unwrap();
    folder
}
