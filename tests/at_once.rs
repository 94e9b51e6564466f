//! Several processes use one folder at the same time: one proceeds, the others report an error, and no results are lost.
//!
//! The long version, about two minutes on two cores: `cargo test --release --features slow-tests --test at_once`.

#![cfg(unix)]

mod program;

use std::fs;
use std::time::Duration;

use levy_escape::store::{Store, StoreError};
use program::sweep::{SWEEP, endless, many, paths_kept, say, signal, succeed, tables, undisturbed, until};
use program::{command, folder, manifest, names};

#[test]
fn two_runs_do_not_share_a_folder_and_a_killed_one_does_not_hold_it() {
    let folder = folder(&endless());
    let mut child = command(folder.path(), &["run", "my.toml", "-q"]).spawn().unwrap();
    let store = folder.path().join("results/sweep/run.sqlite");
    until("the store exists", || store.exists());
    until("the store is locked", || matches!(Store::open(store.parent().unwrap()), Err(StoreError::InUse { .. })));
    for arguments in [&["run", "my.toml", "--resume"][..], &["run", "my.toml", "--force"], &["report", "results/sweep"]]
    {
        let (code, said) = say(folder.path(), arguments);
        assert!(code == 3 && said.contains("is in use by another run"), "{arguments:?}: {code} {said}");
    }
    signal(&child, "-KILL");
    child.wait().unwrap();
    let (code, said) = say(folder.path(), &["run", "my.toml", "--resume", "--max-time", "100ms"]);
    assert_eq!(code, 5, "{said}");
}

/// The first process runs. The others find a complete run after waiting for it, or report that it is in use.
#[test]
fn one_of_several_simultaneous_runs_proceeds() {
    let folder = folder(&SWEEP.replace("12_345", "3000"));
    let reference = undisturbed(folder.path());
    for round in 0..many(5, 60) {
        let out = format!("out{round}");
        let start = |_| command(folder.path(), &["run", "my.toml", "-q", "--resume", "--out", &out]).spawn().unwrap();
        for child in [0; 4].map(start) {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            let code = output.status.code();
            assert!(code == Some(0) || code == Some(3) && said.contains("is in use by another run"), "{code:?} {said}");
        }
        let results = folder.path().join(&out).join("sweep");
        assert!(tables(&results) == reference, "round {round}");
        assert!(!names(&results).iter().any(|name| name.starts_with('.')), "{:?}", names(&results));
    }
}

/// The lock belongs to the opened file: another file at its path belongs to another run.
#[test]
fn a_run_whose_folder_was_taken_does_not_change_the_other() {
    let folder = folder(&SWEEP.replace("12_345", "100_000_000"));
    let first = command(folder.path(), &["run", "my.toml", "-q"]).spawn().unwrap();
    let results = folder.path().join("results/sweep");
    until("the run begins", || matches!(Store::open(&results), Err(StoreError::InUse { .. })));
    fs::rename(folder.path().join("results"), folder.path().join("moved")).unwrap();
    let second = command(folder.path(), &["run", "my.toml", "-q", "--paths", "2000"]).output().unwrap();
    let output = first.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(3) && said.contains("has vanished"), "{said}");
    assert_eq!(second.status.code(), Some(0));
    assert_eq!(manifest(&results)["paths_done"], 8000);
    assert!(paths_kept(&folder.path().join("moved/sweep")) > 0);
}

/// A forced run that stops before it begins has moved the previous results, prints their new path, and can be resumed.
#[test]
fn moved_results_are_reported_before_the_run() {
    let folder = folder(&endless());
    let other = SWEEP.replace("\"sweep\"", "\"other\"").replace("12_345", "300");
    fs::write(folder.path().join("other.toml"), &other).unwrap();
    succeed(folder.path(), &["run", "other.toml", "-q"]);
    fs::write(folder.path().join("results/other/notes.txt"), "mine").unwrap();
    let run = ["run", "my.toml", "other.toml", "--seed", "9", "--max-time", "300ms"];
    let (code, said) = say(folder.path(), &[&run[..], &["--force"]].concat());
    assert!(code == 5 && said.contains("results/other was moved to results/other.1\n"), "{code} {said}");
    assert_eq!(names(&folder.path().join("results")), ["other.1", "sweep"]);
    assert_eq!(fs::read_to_string(folder.path().join("results/other.1/notes.txt")).unwrap(), "mine");
    let (code, said) = say(folder.path(), &[&run[..], &["--resume"]].concat());
    assert!(code == 5 && said.contains("completed paths are in results/sweep"), "{code} {said}");
    succeed(folder.path(), &["run", "other.toml", "--seed", "9", "--resume", "-q"]);
}

/// A store is not moved while it is being opened: SQLite would use the journal of the next store at its path.
#[test]
fn runs_that_are_opened_and_forced_at_once_stay_complete() {
    let folder = folder(&SWEEP.replace("12_345", "300"));
    let reference = undisturbed(folder.path());
    let commands = [
        &["run", "my.toml", "-q", "--resume"][..],
        &["run", "my.toml", "-q", "--force"],
        &["run", "my.toml", "-q", "--resume"],
        &["report", "results/sweep", "-q"],
        &["run", "my.toml", "-q", "--force"],
        &["report", "results/sweep", "-q"],
    ];
    succeed(folder.path(), commands[0]);
    for round in 0..many(5, 60) {
        let mut held = Some(Store::open(&folder.path().join("results/sweep")).unwrap());
        let children = commands.map(|arguments| command(folder.path(), arguments).spawn().unwrap());
        std::thread::sleep(Duration::from_millis(20 * (round % 15)));
        held.take();
        for child in children {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            let code = output.status.code();
            assert!(code == Some(0) || code == Some(3) && said.contains("is in use by another run"), "{code:?} {said}");
        }
        for name in names(&folder.path().join("results")) {
            let place = format!("results/{name}");
            succeed(folder.path(), &["report", &place, "-q"]);
            assert!(tables(&folder.path().join(&place)) == reference, "round {round}: {name}");
            if name != "sweep" {
                fs::remove_dir_all(folder.path().join(place)).unwrap();
            }
        }
    }
}

/// Simultaneous forced runs proceed one at a time, and only complete runs are moved aside.
#[test]
fn simultaneous_forced_runs_proceed_one_at_a_time() {
    let folder = folder(&SWEEP.replace("12_345", "300"));
    let reference = undisturbed(folder.path());
    for round in 0..many(3, 30) {
        let out = format!("out{round}");
        let start = |_| command(folder.path(), &["run", "my.toml", "-q", "--force", "--out", &out]).spawn().unwrap();
        let mut proceeded = 0;
        for child in [0; 6].map(start) {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            let code = output.status.code();
            assert!(code == Some(0) || code == Some(3) && said.contains("is in use by another run"), "{code:?} {said}");
            proceeded += usize::from(code == Some(0));
        }
        let results = names(&folder.path().join(&out));
        assert!(proceeded > 0 && results.len() == proceeded, "round {round}: {proceeded} of {results:?}");
        for name in results {
            assert!(tables(&folder.path().join(&out).join(&name)) == reference, "round {round}: {name}");
        }
    }
}
