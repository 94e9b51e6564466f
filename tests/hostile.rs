//! Untrusted files: experiments, calibrations, arrays, images, columns and stores are changed at random from a fixed seed. Each is read or
//! rejected, without a panic, without a hang and within a gigabyte.
//!
//! A million files of each kind, an hour on two cores: `cargo test --release --features slow-tests --test hostile -- --nocapture`.

#![cfg(target_os = "linux")]

mod mutation;
mod program;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use levy_escape::engine::Chunks;
use levy_escape::experiment::Experiment;
use levy_escape::landscape::{Expression, Potential};
use levy_escape::results::{merge, stored_experiment};
use levy_escape::store::{ChunkOutcomes, Store, StoreError};
use levy_escape::tail::{NpyArray, read_column};
use mutation::Mutator;
use mutation::formula::Grower;
use tempfile::TempDir;

/// Memory limit in bytes.
const MEMORY: u64 = 1 << 30;
/// Time limit of one input, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

const TOML: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[",
    b"]]",
    b"=",
    b",",
    b"\"",
    b"'",
    b".",
    b"\n",
    b"#",
    b"-",
    b"e",
    b"1e999",
    b"nan",
    b"-0",
    b"0x",
    b"2020-12-06",
    b"values",
    b"from",
    b"\"\"\"",
    "α".as_bytes(),
    b"\0",
    b"\r",
    b"[scheme]\n",
    b"[[basin]]\n",
    b"eta = 0.1\n",
    b"level = { height = 1 }",
    b"none = {}",
    b"dim = 7\n",
    b"9999999999",
    b"0",
    b"true",
    b"hessian",
    b"start = [0.1]\n",
    b"inset = { gamma = 1 }\n",
    b"euler",
    b"sampled",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"{ from = 1, to = 2, count = 100_000 }",
    b"paths = 1_000_000_000_000\n",
    b"a.b.c.d.e.f.g.h = 1\n",
];

/// A valid input, and a reader that returns whether it accepts its bytes.
type Good<'r> = (Vec<u8>, &'r dyn Fn(&[u8]) -> bool);

/// Makes allocations beyond the limit fail, which aborts the test.
fn limit_memory() {
    let limit = libc::rlimit { rlim_cur: MEMORY, rlim_max: MEMORY };
    // SAFETY: the limit is valid.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_DATA, &limit) }, 0);
}

/// Peak memory of this process, in megabytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// Aborts the tests if one input takes far too long: a reader that hangs would never return to be timed.
struct Watchdog {
    begun: Arc<Mutex<Option<Instant>>>,
}

impl Watchdog {
    fn of(what: &'static str) -> Self {
        let begun = Arc::new(Mutex::new(Some(Instant::now())));
        let seen = Arc::clone(&begun);
        std::thread::spawn(move || {
            loop {
                // Copied, so that the lock is not held while this sleeps.
                let begun = *seen.lock().unwrap();
                let Some(begun) = begun else { return };
                if begun.elapsed() > 4 * TIMEOUT {
                    eprintln!("{what}: an input is not done after {:?}", begun.elapsed());
                    std::process::abort();
                }
                std::thread::sleep(TIMEOUT / 4);
            }
        });
        Watchdog { begun }
    }

    /// Restarts the clock for the next input.
    fn next(&self) {
        *self.begun.lock().unwrap() = Some(Instant::now());
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *self.begun.lock().unwrap() = None;
    }
}

fn rounds(few: u64) -> u64 {
    if cfg!(feature = "slow-tests") { 1_000_000 } else { few }
}

/// A folder in memory, if the system has one.
fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Changes the valid inputs in turn and passes them to their readers.
fn survives(what: &'static str, few: u64, pieces: &[&[u8]], goods: &[Good<'_>]) {
    goods.iter().for_each(|(good, read)| assert!(read(good), "{what}: the valid input is refused"));
    let mut mutator = Mutator::new(6, pieces);
    let good = |round: u64| &goods[round as usize % goods.len()];
    endures(what, few, |round| mutator.change(&good(round).0), |round, bytes| good(round).1(bytes));
}

/// Passes the inputs of `make` to `read`, by the number of the round.
fn endures(what: &'static str, few: u64, mut make: impl FnMut(u64) -> Vec<u8>, read: impl Fn(u64, &[u8]) -> bool) {
    limit_memory();
    let (rounds, begun) = (rounds(few), Instant::now());
    let (mut taken, mut slowest) = (0, Duration::ZERO);
    let watchdog = Watchdog::of(what);
    for round in 0..rounds {
        watchdog.next();
        let bytes = make(round);
        let clock = Instant::now();
        let Ok(read) = catch_unwind(AssertUnwindSafe(|| read(round, &bytes))) else {
            panic!("{what}: round {round}: {}", bytes.escape_ascii());
        };
        taken += u64::from(read);
        slowest = slowest.max(clock.elapsed());
        assert!(slowest < TIMEOUT, "{what}: round {round} took {slowest:?}: {}", bytes.escape_ascii());
    }
    let (seconds, held) = (begun.elapsed().as_secs_f64(), peak_memory());
    println!(
        "{what}: {rounds} inputs, {taken} of them read, {seconds:.0} s, {slowest:.1?} at most, {held} MB held at most"
    );
    assert!(held < MEMORY >> 20);
    // The test is meaningful only if some changed inputs are accepted and some refused.
    assert!(taken > 0 && taken < rounds, "{taken} of {rounds} read");
}

/// Reads one file of a folder after writing it.
fn written(file: PathBuf, read: impl Fn(&Path) -> bool + 'static) -> impl Fn(&[u8]) -> bool + 'static {
    move |bytes| {
        fs::write(&file, bytes).unwrap();
        read(&file)
    }
}

#[test]
fn experiment_files() {
    let documented = include_str!("data/documented.toml");
    // The scheme of the example takes milliseconds per cell to prepare.
    let plain = documented.replace("jump_adapted = {}  ", "euler = {}");
    let read = |bytes: &[u8]| match Experiment::parse("a.toml", &String::from_utf8_lossy(bytes)) {
        Ok(_) => true,
        Err(errors) => {
            assert!(!errors.diagnostics().is_empty());
            let shown: String = errors.reports(Some(60)).map(|report| format!("{report:?}")).collect();
            assert!(!shown.contains("Failed to read contents"), "{shown}");
            false
        }
    };
    let everything = include_str!("data/everything.toml");
    let texts = [&plain, everything, include_str!("data/small.toml")];
    let goods: Vec<Good<'_>> =
        texts.iter().map(|text| (text.as_bytes().to_vec(), &read as &dyn Fn(&[u8]) -> bool)).collect();
    survives("experiment files", 10_000, TOML, &goods);
}

/// Elements of formulas.
const FORMULA: &[&[u8]] = &[
    b"(",
    b")",
    b"((((((((((((((((((((((((((((((((",
    b"+",
    b"-",
    b"--------------------------------",
    b"*",
    b"/",
    b"^",
    b"^-",
    b"**",
    b",",
    b" ",
    b"x",
    b"y",
    b"x1",
    b"x1000",
    b"x1001",
    b"a",
    b"pi",
    b"e",
    b"1e308",
    b"1e-320",
    b"1e999",
    b"1e",
    b".",
    b"0",
    b"exp(",
    b"ln(",
    b"sqrt(",
    b"abs(",
    b"tan(",
    b"min(",
    b"max(x,",
    b"pow(x,",
    "α".as_bytes(),
    "²".as_bytes(),
    b"\0",
    b"\\",
    b"'",
];

/// A formula of the round: grown in the grammar, changed byte by byte, or both.
fn formulas() -> impl FnMut(u64) -> Vec<u8> {
    let (mut grower, mut mutator) = (Grower::new(8), Mutator::new(9, FORMULA));
    let valid: [&[u8]; 3] =
        [b"x^4/4 - a*x^2/2", b"log(cosh(x)) + 0.1*(1 - exp(-x^2)) + y^2/2", b"x1^2 + max(x2, -x2/2)^2 + sin(x3)^2"];
    move |round| match round % 4 {
        0 => mutator.change(valid[(round / 4) as usize % valid.len()]),
        1 => mutator.change(grower.grow().as_bytes()),
        _ => grower.grow().into_bytes(),
    }
}

/// Formulas alone: read, differentiated and searched for a minimum; derivatives at places near and far do not panic.
#[test]
fn expressions() {
    let read = |round: u64, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let parameters: &[(&str, f64)] =
            if text.contains('a') && round.is_multiple_of(3) { &[("a", 0.5)] } else { &[] };
        let minimum: Option<&[f64]> = if round.is_multiple_of(5) { Some(&[1.0]) } else { None };
        let Ok(built) = Expression::new(&text, parameters, minimum, None) else { return false };
        let mut gradient = vec![0.0; built.dim()];
        for x in [0.3, -7.0, 1e200, f64::INFINITY] {
            let point = vec![x; built.dim()];
            built.value(&point);
            built.gradient(&point, &mut gradient);
            if built.dim() <= 8 {
                built.hessian(&point);
            }
        }
        true
    };
    endures("expressions", 10_000, formulas(), read);
}

/// Experiment files with such a formula.
#[test]
fn files_with_expressions() {
    let mut formula = formulas();
    let make = |round: u64| {
        let text = String::from_utf8_lossy(&formula(round)).replace(['\'', '\n', '\r', '\0'], " ");
        let domain =
            ["attraction = {}", "interval = [-1.0, 1.0]", "ball = { radius = 0.5 }", "level = { height = 0.1 }"];
        let section = if round.is_multiple_of(7) {
            "[occupancy]\ntimes = [1.0]\nrange = [-3.0, 3.0]"
        } else {
            "[scheme]\neuler = {}"
        };
        format!(
            "name = \"f\"\npaths = 10\nfigures = []\n[noise]\nalpha = 1.5\nepsilon = 0.1\n[[dynamics]]\nsgd = {{}}\n[[basin]]\n\
             name = \"b\"\npotential = {{ expression = {{ formula = '{text}'{} }} }}\ndomain = {{ {} }}\n{section}\n",
            if round.is_multiple_of(3) { ", parameters = { a = 0.5 }" } else { "" },
            if round.is_multiple_of(7) { "well = {}" } else { domain[(round / 7 % 4) as usize] },
        )
        .into_bytes()
    };
    let read = |_: u64, bytes: &[u8]| match Experiment::parse("a.toml", &String::from_utf8_lossy(bytes)) {
        Ok(_) => true,
        Err(errors) => {
            assert!(!errors.diagnostics().is_empty());
            errors.reports(Some(60)).for_each(|report| assert!(!format!("{report:?}").is_empty()));
            false
        }
    };
    endures("files with expressions", 3_000, make, read);
}

#[test]
fn arrays() {
    let folder = scratch();
    let file = folder.path().join("a.npy");
    let read = written(file.clone(), |path| {
        let bytes = fs::read(path).unwrap();
        let read = NpyArray::read(path);
        assert_eq!(read.is_ok(), NpyArray::from_bytes(&bytes).is_ok());
        read.is_ok()
    });
    let pieces: &[&[u8]] = &[
        b"'descr'",
        b"'<f4'",
        b"'>f8'",
        b"'|O'",
        b"True",
        b"False",
        b"fortran_order",
        b"shape",
        b"(",
        b")",
        b",",
        b":",
        b"{",
        b"}",
        b"'",
        b"1000000000000",
        b"18446744073709551616",
        b"-1",
        b"0",
        b" ",
        b"\n",
        b"\x93NUMPY",
        b"\xff\xff",
    ];
    let good = |shape: &[usize]| {
        let mut bytes = Vec::new();
        let count = shape.iter().product::<usize>();
        NpyArray::new(shape.to_vec(), vec![1.5; count]).unwrap().write_to(&mut bytes).unwrap();
        bytes
    };
    let goods: [Good<'_>; 3] = [(good(&[6]), &read), (good(&[2, 3]), &read), (good(&[]), &read)];
    survives(".npy arrays", 10_000, pieces, &goods);
}

#[test]
fn columns() {
    let folder = scratch();
    let file = |name: &str| folder.path().join(name);
    let named = written(file("named.csv"), |path| read_column(path, Some("close")).is_ok());
    let only = written(file("only.csv"), |path| read_column(path, None).is_ok());
    let pieces: &[&[u8]] = &[
        b",",
        b"\n",
        b"\r\n",
        b"\"",
        b"nan",
        b"inf",
        b"1e999",
        b"-0",
        b"0x10",
        b" ",
        b"\0",
        b"\xff",
        b"close",
        b"\xef\xbb\xbf",
    ];
    let goods: [Good<'_>; 2] = [
        (b"time,open,close\n0,1.5,-2e-3\n1,2,3\n\"2\",4,\"5\"\n".to_vec(), &named),
        (b"1.25\n-3\n4e2\n".to_vec(), &only),
    ];
    survives("CSV columns", 10_000, pieces, &goods);
}

#[cfg(feature = "calibrate")]
#[test]
fn images() {
    use levy_escape::calibrate::{read_cifar10_folder, read_idx_folder};
    let folder = scratch();
    let idx = |dims: &[u32], entries: &[u8]| {
        let mut bytes = vec![0, 0, 8, dims.len() as u8];
        dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
        bytes.extend(entries);
        bytes
    };
    let (pixels, labels) = (idx(&[2, 3, 3], &(0..18).collect::<Vec<u8>>()), idx(&[2], &[3, 9]));
    let place = |name: &str| {
        let place = folder.path().join(name);
        fs::create_dir(&place).unwrap();
        for part in ["train", "t10k"] {
            fs::write(place.join(format!("{part}-images-idx3-ubyte")), &pixels).unwrap();
            fs::write(place.join(format!("{part}-labels-idx1-ubyte")), &labels).unwrap();
        }
        place
    };
    let read = |path: &Path| read_idx_folder(path.parent().unwrap(), 10).is_ok();
    let plain = written(place("images").join("train-images-idx3-ubyte"), read);
    let labelled = written(place("labels").join("t10k-labels-idx1-ubyte"), read);
    let gzipped = place("gzipped").join("train-images-idx3-ubyte.gz");
    fs::remove_file(gzipped.with_extension("")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &pixels).unwrap();
    let packed = packed.finish().unwrap();
    let gzipped = written(gzipped, read);
    let record = [vec![7], vec![100; 3072]].concat();
    fs::write(folder.path().join("test_batch.bin"), &record).unwrap();
    let cifar =
        written(folder.path().join("data_batch_1.bin"), |path| read_cifar10_folder(path.parent().unwrap()).is_ok());
    let pieces: &[&[u8]] = &[b"\0\0\x08\x03", b"\xff\xff\xff\xff", b"\x1f\x8b\x08\0", b"\0\0\0\0", b"\x80", &[0; 3073]];
    survives("IDX images", 3_000, pieces, &[(pixels.clone(), &plain), (labels.clone(), &labelled), (packed, &gzipped)]);
    survives("CIFAR-10 images", 1_000, pieces, &[(record, &cifar)]);
}

#[cfg(feature = "calibrate")]
#[test]
fn calibrations() {
    use levy_escape::calibrate::Calibration;
    use levy_escape::experiment::CalibrationFile;
    const FILE: &str = include_str!("data/calibration.toml");
    let folder = program::folder(&FILE.replace("iterations = 600", "iterations = 60"));
    let said = program::say(folder.path(), &["calibrate", "my.toml", "-q"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let good = fs::read(folder.path().join("results/small/calibration.json")).unwrap();
    let shm = scratch();
    let read = written(shm.path().join("calibration.json"), |path| Calibration::read(path).is_ok());
    let pieces: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"null",
        b"true",
        b"1e999",
        b"-1",
        b"NaN",
        b"\"",
        b"\\u0000",
        b"18446744073709551616",
        b"0",
        b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        b"{\"a\":{\"a\":{\"a\":",
        b"\xff",
    ];
    survives("calibrations", 2_000, pieces, &[(good, &read)]);
    let parse = |bytes: &[u8]| CalibrationFile::parse("c.toml", &String::from_utf8_lossy(bytes)).is_ok();
    survives("calibration files", 5_000, TOML, &[(FILE.as_bytes().to_vec(), &parse)]);
}

/// Cells of the example that is stored.
const CELLS: u64 = 1;

/// Opens a store and reads all of it.
fn read_store(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::open(folder)?;
    let experiment = stored_experiment(&store)?;
    let chunks = Chunks::new(vec![store.identity().paths; experiment.cells.len()], store.identity().shard);
    store.done(&chunks)?;
    store.sessions()?;
    outcomes(&store)?;
    Ok(())
}

/// All outcomes in a store of the example, in order.
fn outcomes(store: &Store) -> Result<Vec<ChunkOutcomes>, StoreError> {
    let mut chunks = Vec::new();
    for cell in 0..CELLS {
        store.read_cell(cell, 1, &mut |chunk| {
            chunks.push(chunk.clone());
            Ok::<bool, StoreError>(true)
        })?;
    }
    Ok(chunks)
}

/// A changed store gives an error or the true outcomes, and its file is not modified. Tested for a whole run and for a shard, which is also
/// merged with the other shards.
#[test]
fn stores() {
    const PAGE: u64 = 65_536;
    const MERGE_EVERY: u64 = 20;
    let folder = program::folder(include_str!("data/small.toml"));
    let run = |more: &[&str]| {
        let said = program::say(folder.path(), &[&["run", "my.toml", "-q", "--paths", "3000"], more].concat());
        assert_eq!(said.code, 0, "{}", said.stderr);
    };
    run(&[]);
    (1..=3).for_each(|i| run(&["--shard", &format!("{i}/3")]));
    let shard = |i: u32| folder.path().join(format!("results/small.shard-{i}-of-3"));
    let goods =
        [folder.path().join("results/small"), shard(2)].map(|folder| fs::read(folder.join("run.sqlite")).unwrap());
    let truth = outcomes(&Store::open(&folder.path().join("results/small")).unwrap()).unwrap();
    limit_memory();
    let shm = scratch();
    let (file, merged) = (shm.path().join("run.sqlite"), shm.path().join("merged"));
    let mut mutator = Mutator::new(11, &[]);
    let (rounds, begun) = (rounds(3_000), Instant::now());
    let (mut refused, mut joined, mut slowest) = (0, 0, Duration::ZERO);
    let watchdog = Watchdog::of("stores");
    for round in 0..rounds {
        watchdog.next();
        let good = &goods[(round % 2) as usize];
        let pages = good.len() as u64 / PAGE;
        // Half of the changes affect sensitive places: the heads of pages, and the rows at their ends.
        let sensitive = |word: u64| {
            let (page, at) = (word % pages, word >> 32);
            let within = if at.is_multiple_of(2) { at / 2 % 128 } else { PAGE - 1 - at / 2 % 8_000 };
            (page * PAGE + within) as usize
        };
        let mut bytes = good.clone();
        mutator.touch(&mut bytes, sensitive);
        if let Some(length) = mutator.cut(bytes.len()) {
            bytes.truncate(length);
        }
        fs::write(&file, &bytes).unwrap();
        let clock = Instant::now();
        let Ok(read) = catch_unwind(|| read_store(shm.path()).is_err()) else { panic!("round {round}") };
        refused += u64::from(read);
        if round % MERGE_EVERY == 1 {
            let parts = [shard(1), shm.path().to_owned(), shard(3)];
            let Ok(done) = catch_unwind(|| merge(&parts, &merged, &mut |_, _| {})) else { panic!("round {round}") };
            let whole = done.is_ok();
            if let Ok((_, folder)) = done {
                assert!(outcomes(&folder.store).unwrap() == truth, "round {round}: another run was merged");
            }
            joined += u64::from(whole);
            assert_eq!(fs::remove_dir_all(&merged).is_ok(), whole, "round {round}: an unfinished merge is left");
        }
        slowest = slowest.max(clock.elapsed());
        assert!(slowest < TIMEOUT, "round {round} took {slowest:?}");
        let after = fs::read(&file).unwrap();
        let changed = || (0..bytes.len()).filter(|at| after.get(*at) != Some(&bytes[*at])).take(20).collect::<Vec<_>>();
        let edits = || (0..bytes.len()).filter(|at| good[*at] != bytes[*at]).collect::<Vec<_>>();
        let lengths = (good.len(), bytes.len(), after.len());
        assert!(after == bytes, "round {round}: {lengths:?}, edited at {:?}, changed at {:?}", edits(), changed());
    }
    let (seconds, held) = (begun.elapsed().as_secs_f64(), peak_memory());
    println!(
        "stores: {rounds} inputs, {refused} refused, {joined} merged, {seconds:.0} s, {slowest:.1?} at most, {held} MB held at most"
    );
    assert!(held < MEMORY >> 20 && refused > rounds / 4 && refused < rounds && joined > 0, "{refused} of {rounds}");
}
