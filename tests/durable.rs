//! A run that is killed, stopped, out of disk space, split or joined leaves the same bytes as an undisturbed one.
//!
//! The long version, about three minutes on two cores: `cargo test --release --features slow-tests --test durable`.

#![cfg(unix)]

mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use levy_escape::engine::{Chunks, Shard};
use levy_escape::noise::{Seed, Stream};
use levy_escape::store::{Store, StoreError};
use program::sweep::{SWEEP, TABLES, endless, many, paths_kept, say, signal, succeed, tables, undisturbed, until};
use program::{command, folder, manifest, names};
use serde_json::Value;

/// Sends the signal `name` to a run at random moments, including rendering, until it has interrupted the run `times` times. Then the run
/// finishes.
fn disturbed(name: &str, times: u64, expected: &[i32]) {
    let folder = folder(SWEEP);
    let begun = Instant::now();
    let reference = undisturbed(folder.path());
    let life = begun.elapsed();
    let results = folder.path().join("results/sweep");
    let mut rng = Stream::new(Seed(times), name.len() as u64, 0);
    let (mut interrupted, mut ended, mut handled, mut kept) = (0, 0, 0, 0);
    while interrupted < times {
        let mut child = command(folder.path(), &["run", "my.toml", "-q", "--resume"]).spawn().unwrap();
        std::thread::sleep(life.mul_f64(0.9 * rng.open01()));
        signal(&child, name);
        let code = child.wait().unwrap().code();
        if code == Some(0) {
            ended += 1;
            assert!(tables(&results) == reference, "{name}: other bytes after {interrupted} signals");
            fs::remove_dir_all(folder.path().join("results")).unwrap();
            kept = 0;
        } else {
            interrupted += 1;
            handled += u64::from(code.is_some());
            assert!(code.is_none_or(|code| expected.contains(&code)), "{name}: exit code {code:?}");
            let before = std::mem::replace(&mut kept, paths_kept(&results));
            assert!(kept >= before, "{name}: {before} paths were safe, {kept} are left");
            let sessions = Store::open(&results).and_then(|store| store.sessions()).unwrap_or_default();
            let recorded = sessions.last().is_some_and(|session| session.seconds > 0.0);
            assert!(recorded || kept == before, "{name}: {} paths in no time", kept - before);
        }
        assert!(ended < 50 + 10 * times, "the signals come too late");
    }
    // The handler is set within the first milliseconds.
    assert!(expected.is_empty() || 2 * handled > interrupted, "{name}: {handled} of {interrupted} were handled");
    succeed(folder.path(), &["run", "my.toml", "-q", "--resume"]);
    assert!(tables(&results) == reference, "{name}: other bytes after {interrupted} signals");
    let left = names(&results);
    assert!(!left.iter().any(|name| name.ends_with("-journal")), "{left:?}");
}

#[test]
fn a_run_killed_at_any_moment_gives_the_same_bytes() {
    disturbed("-KILL", many(10, 200), &[]);
}

#[test]
fn a_run_stopped_at_any_moment_gives_the_same_bytes() {
    // Before the handler is set, SIGTERM kills the process, which then has no exit code.
    disturbed("-TERM", many(5, 100), &[130]);
}

#[test]
fn threads_and_shards_do_not_change_a_byte() {
    let folder = folder(&SWEEP.replace("12_345", "4500"));
    let reference = undisturbed(folder.path());
    for threads in ["1", "2", "8"] {
        for shards in [1u64, 3, 16] {
            let out = format!("{threads}x{shards}");
            let run = |shard: &str| {
                succeed(
                    folder.path(),
                    &["run", "my.toml", "-q", "--out", &out, "--threads", threads, "--shard", shard],
                );
            };
            (1..=shards).for_each(|i| run(&format!("{i}/{shards}")));
            if shards > 1 {
                let parts = (1..=shards).rev().map(|i| format!("{out}/sweep.shard-{i}-of-{shards}"));
                let parts: Vec<String> = parts.collect();
                let mut arguments = vec!["merge", "-q"];
                arguments.extend(parts.iter().map(String::as_str));
                let into = format!("{out}/sweep");
                arguments.extend(["--into", &into]);
                succeed(folder.path(), &arguments);
            }
            let results = folder.path().join(&out).join("sweep");
            assert!(tables(&results) == reference, "{threads} threads, {shards} shards");
            let figure = |results: &Path| fs::read(results.join("figures/exponential-law.png")).unwrap();
            assert!(figure(&results) == figure(&folder.path().join("undisturbed/sweep")));
            assert_eq!(manifest(&results)["complete"], true);
        }
    }
}

#[test]
fn every_shard_of_one_cell_has_work() {
    for count in [2, 16] {
        let parts = (1..=count).map(|i| Chunks::new(vec![100_000], Shard::new(i, count).unwrap()).count());
        let parts: Vec<u64> = parts.collect();
        assert!(parts.iter().max().unwrap() - parts.iter().min().unwrap() <= 1, "{parts:?}");
    }
}

#[test]
fn merging_refuses_folders_of_different_runs() {
    let folder = folder(SWEEP);
    let run = |more: &[&str]| succeed(folder.path(), &[&["run", "my.toml", "-q", "--paths", "2000"], more].concat());
    run(&["--shard", "1/3"]);
    run(&["--shard", "3/3"]);
    let shard = |i: u32| format!("results/sweep.shard-{i}-of-3");
    let merge = |folders: &[&str]| say(folder.path(), &[&["merge"], folders, &["--into", "results/sweep"]].concat());
    let (code, said) = merge(&[&shard(1), &shard(3)]);
    assert!(code == 5 && said.contains("shard 2/3 is missing, 11 chunks"), "{code} {said}");

    let (code, said) = say(folder.path(), &["report", &shard(1)]);
    assert!(code == 2 && said.contains("holds shard 1/3 of a run"), "{code} {said}");

    run(&["--shard", "2/3", "--seed", "8"]);
    let (code, said) = merge(&[&shard(1), &shard(2), &shard(3)]);
    assert!(code == 2 && said.contains("seed is 7 and 8"), "{code} {said}");
    run(&["--shard", "2/4"]);
    let (code, said) = merge(&[&shard(1), "results/sweep.shard-2-of-4"]);
    assert!(code == 2 && said.contains("parts of 3 and of 4"), "{code} {said}");
    fs::create_dir(folder.path().join("copy")).unwrap();
    fs::copy(folder.path().join(shard(1)).join("run.sqlite"), folder.path().join("copy/run.sqlite")).unwrap();
    let (code, said) = merge(&[&shard(1), "copy"]);
    assert!(code == 2 && said.contains("hold the same shard"), "{code} {said}");
    let (code, said) = merge(&[&shard(1), &format!("./{}", shard(1))]);
    assert!(code == 2 && said.contains("hold the same shard"), "{code} {said}");
    assert_eq!(merge(&["absent"]).0, 3);
    fs::write(folder.path().join("copy/run.sqlite"), b"SQLite format 3, but not quite").unwrap();
    let (code, said) = merge(&[&shard(1), "copy"]);
    assert!(code == 3 && said.contains("is not a store of levy-escape"), "{code} {said}");
    assert!(!folder.path().join("results/sweep").exists());
    succeed(folder.path(), &["run", "my.toml", "-q", "--paths", "2000", "--shard", "1/1", "--out", "whole"]);
    let (code, said) = say(folder.path(), &["merge", "whole/sweep", "--into", "absent/.."]);
    assert!(code == 2 && said.contains("cannot name a results folder"), "{code} {said}");
    assert!(!folder.path().join("absent").exists());
    succeed(folder.path(), &["merge", "whole/sweep", "--into", "dotted/.", "-q"]);

    // An incomplete shard is reported with its missing chunks.
    fs::remove_dir_all(folder.path().join(shard(2))).unwrap();
    let text = SWEEP.replace("jump_adapted = {}", "euler = { step = 1e-7 }");
    fs::write(folder.path().join("slow.toml"), text.replace("sweep", "slow")).unwrap();
    for i in ["1/2", "2/2"] {
        let (code, said) = say(folder.path(), &["run", "slow.toml", "--shard", i, "--max-time", "300ms"]);
        assert_eq!(code, 5, "{said}");
        assert!(said.contains("resume with: ") && said.contains("--resume"), "{said}");
    }
    let slow = ["merge", "results/slow.shard-1-of-2", "results/slow.shard-2-of-2", "--into", "results/slow"];
    let (code, said) = say(folder.path(), &slow);
    assert!(code == 5 && said.contains("shard 1/2 lacks"), "{code} {said}");
}

#[test]
fn resuming_refuses_another_run_and_extends_the_same_run() {
    let folder = folder(SWEEP);
    let reference = undisturbed(folder.path());
    succeed(folder.path(), &["run", "my.toml", "-q", "--paths", "1000"]);
    let results = folder.path().join("results/sweep");
    let before = fs::read(results.join("run.sqlite")).unwrap();
    let resume = |more: &[&str]| say(folder.path(), &[&["run", "my.toml", "-q", "--resume"], more].concat());

    let (code, said) = resume(&["--seed", "8"]);
    assert!(code == 2 && said.contains("seed: 7 in the store, 8 requested"), "{said}");
    let (code, said) = resume(&["--paths", "500"]);
    assert!(code == 2 && said.contains("1000 paths per cell, but 500 are requested"), "{said}");
    let changed = SWEEP.replace("0.2]", "0.3]").replace("[-0.5, 0.5]", "[-0.5, 0.6]");
    fs::write(folder.path().join("my.toml"), changed).unwrap();
    let (code, said) = resume(&[]);
    assert_eq!(code, 2);
    for difference in [
        "noise.epsilon: [0.05, 0.2] in the store, [0.05, 0.3] requested",
        "basin.0.domain.interval: [-0.5, 0.5] in the store",
    ] {
        assert!(said.contains(difference), "{said}");
    }
    assert!(fs::read(results.join("run.sqlite")).unwrap() == before, "a refusal changed the store");

    fs::write(folder.path().join("my.toml"), SWEEP.replace("jump_adapted", "euler")).unwrap();
    let (code, said) = resume(&[]);
    assert!(code == 2 && said.contains("scheme.euler: nothing in the store, {} requested"), "{code} {said}");

    // Layout, comments, names, figures and number of paths do not change the run.
    let same = SWEEP.replace("alpha = 1.5", "alpha = 15e-1 # as in the paper").replace("[\"exponential-law\"]", "[]");
    fs::write(folder.path().join("my.toml"), same).unwrap();
    let (code, said) = resume(&[]);
    assert_eq!(code, 0, "{said}");
    assert!(tables(&results) == reference, "an extended run has other bytes");
    assert_eq!(manifest(&results)["sessions"].as_array().unwrap().len(), 2);
    // The number of paths does not fall, whether the file or the command line asks for fewer.
    fs::write(folder.path().join("my.toml"), SWEEP.replace("12_345", "100")).unwrap();
    let (code, said) = resume(&[]);
    assert!(code == 2 && said.contains("12345 paths per cell, but 100 are requested"), "{code} {said}");
    assert!(tables(&results) == reference);
    // A file that has not changed keeps the paths by which --paths extended it.
    fs::write(folder.path().join("my.toml"), SWEEP.replace("12_345", "12345")).unwrap();
    succeed(folder.path(), &["run", "my.toml", "-q", "--resume", "--paths", "12400"]);
    succeed(folder.path(), &["run", "my.toml", "-q", "--resume"]);

    let (code, said) = say(folder.path(), &["run", "my.toml", "--resume", "--shard", "1/2"]);
    assert_eq!(code, 0, "another folder: {said}");
    fs::rename(folder.path().join("results/sweep.shard-1-of-2"), folder.path().join("results/sweep.shard-2-of-2"))
        .unwrap();
    let (code, said) = say(folder.path(), &["run", "my.toml", "--resume", "--shard", "2/2"]);
    assert!(code == 2 && said.contains("holds shard 1/2"), "{said}");
}

#[test]
fn results_without_a_store_are_not_taken_for_a_run() {
    let folder = folder(SWEEP);
    let results = folder.path().join("results/sweep");
    fs::create_dir_all(&results).unwrap();
    fs::write(results.join("summary.csv"), "mine").unwrap();
    let (code, said) = say(folder.path(), &["run", "my.toml", "--resume"]);
    assert!(code == 3 && said.contains("there is no run in results/sweep"), "{code} {said}");
    // A run that was killed before its store was complete starts again.
    fs::remove_file(results.join("summary.csv")).unwrap();
    fs::write(results.join(".run.sqlite.part"), "half").unwrap();
    succeed(folder.path(), &["run", "my.toml", "--resume", "-q", "--paths", "100"]);
}

/// The leftovers of a killed merge do not prevent another.
#[test]
fn a_killed_merge_can_be_repeated() {
    let folder = folder(SWEEP);
    let reference = undisturbed(folder.path());
    (1..=3).for_each(|i| succeed(folder.path(), &["run", "my.toml", "-q", "--shard", &format!("{i}/3")]));
    let merge = ["merge", "results/sweep.shard-1-of-3", "results/sweep.shard-2-of-3", "results/sweep.shard-3-of-3"];
    let merge = [&merge[..], &["-q", "--into", "results/sweep"]].concat();
    let results = folder.path().join("results/sweep");
    let mut rng = Stream::new(Seed(2), 0, 0);
    let mut killed = 0;
    while killed < many(4, 40) {
        let mut child = command(folder.path(), &merge).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(100).mul_f64(rng.open01()));
        signal(&child, "-KILL");
        killed += u64::from(child.wait().unwrap().code().is_none());
        if results.join("run.sqlite").exists() {
            let (code, said) = say(folder.path(), &merge);
            assert!(code == 2 && said.contains("levy-escape report"), "{code} {said}");
            succeed(folder.path(), &["report", "results/sweep", "-q"]);
            assert!(tables(&results) == reference);
            fs::remove_dir_all(&results).unwrap();
        }
    }
    succeed(folder.path(), &merge);
    assert!(tables(&results) == reference);
    assert!(!names(&folder.path().join("results")).iter().any(|name| name.starts_with('.')));
}

#[test]
fn a_run_under_nohup_outlives_its_terminal() {
    let folder = folder(&endless());
    let run = "exec \"$0\" run my.toml --resume -q";
    for (before, name, expected) in [
        ("", "-HUP", Some(130)),
        // As `nohup` does.
        ("trap '' HUP;", "-HUP", None),
        ("trap '' HUP;", "-TERM", Some(130)),
        // As a script does that starts a process with `&`.
        ("trap '' INT;", "-INT", Some(130)),
    ] {
        let mut child = Command::new("sh");
        child.args(["-c", &format!("{before} {run}"), env!("CARGO_BIN_EXE_levy-escape")]);
        child.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        program::with_signals(&mut child);
        let mut child = child.spawn().unwrap();
        until("the run begins", || {
            matches!(Store::open(&folder.path().join("results/sweep")), Err(StoreError::InUse { .. }))
        });
        std::thread::sleep(Duration::from_millis(500));
        signal(&child, name);
        if let Some(code) = expected {
            assert_eq!(child.wait().unwrap().code(), Some(code), "{before} {name}");
        } else {
            std::thread::sleep(Duration::from_millis(1500));
            assert_eq!(child.try_wait().unwrap(), None, "{before} it did not outlive {name}");
            signal(&child, "-KILL");
            child.wait().unwrap();
        }
    }
}

#[test]
fn an_endless_path_stops_within_seconds_and_twice_stops_at_once() {
    let folder = folder(&endless());
    for (signals, within) in [(1, 3.0), (2, 0.6)] {
        let child = command(folder.path(), &["run", "my.toml", "--resume", "--progress", "none"]).spawn().unwrap();
        until("the run begins", || {
            matches!(Store::open(&folder.path().join("results/sweep")), Err(StoreError::InUse { .. }))
        });
        std::thread::sleep(Duration::from_millis(500));
        let begun = Instant::now();
        for _ in 0..signals {
            signal(&child, "-INT");
            std::thread::sleep(Duration::from_millis(50));
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        // A busy machine may take longer than the nominal .7 s.
        assert!(begun.elapsed().as_secs_f64() < within * 4.0, "{signals} signals: {:?}", begun.elapsed());
        // Only a run that stops by itself prints this. The machine may be too slow to distinguish the two by time.
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.contains("resume with: "), signals == 1, "{signals} signals: {said}");
    }
    let begun = Instant::now();
    let (code, said) = say(folder.path(), &["run", "my.toml", "--resume", "--max-time", "1s"]);
    assert!(code == 5 && said.contains("time limit reached"), "{code} {said}");
    assert!(begun.elapsed() < Duration::from_secs(12));
    assert_eq!(manifest(&folder.path().join("results/sweep"))["stop_reason"], "time_limit");
}

/// A tmpfs of some kilobytes, if the user is allowed to mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, kilobytes: u32) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={kilobytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            eprintln!("notice: mounting a tmpfs is not permitted here; a full disk is not tested");
            return None;
        }
        Some(SmallDisk(at.to_owned()))
    }

    fn remount(&self, option: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(&self.0).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_or_read_only_disk_loses_nothing() {
    let folder = folder(SWEEP);
    let reference = undisturbed(folder.path());
    // The disk is full during the run, while escapes.csv is written, and before the run begins.
    for kilobytes in [700, 2500, 100] {
        let Some(disk) = SmallDisk::mount(&folder.path().join("disk"), kilobytes) else { return };
        let run = |more: &[&str]| say(folder.path(), &[&["run", "my.toml", "-q", "--out", "disk"], more].concat());
        let (code, said) = run(&[]);
        assert_eq!(code, 3, "{kilobytes} kB: {said}");
        assert!(said.contains("cannot be written"), "{kilobytes} kB: {said}");
        let (code, said) = run(&["--resume"]);
        assert_eq!(code, 3, "{kilobytes} kB, still full: {said}");
        disk.remount("size=20m");
        disk.remount("ro");
        assert_eq!(run(&["--resume"]).0, 3, "read-only");
        disk.remount("rw");
        let (code, said) = run(&["--resume"]);
        assert_eq!(code, 0, "{kilobytes} kB: {said}");
        assert!(tables(&folder.path().join("disk/sweep")) == reference, "{kilobytes} kB: other bytes");
    }
}

#[test]
fn a_folder_that_vanishes_is_an_error_and_no_panic() {
    let folder = folder(&SWEEP.replace("12_345", "100_000_000"));
    let child = command(folder.path(), &["run", "my.toml", "-q"]).spawn().unwrap();
    until("the run begins", || {
        matches!(Store::open(&folder.path().join("results/sweep")), Err(StoreError::InUse { .. }))
    });
    fs::remove_dir_all(folder.path().join("results")).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("has vanished") || said.contains("cannot be written"), "{said}");
}

/// A link, a pipe or a folder is neither read nor written as a store.
#[test]
fn a_link_a_pipe_or_a_folder_is_refused_as_a_store() {
    let folder = folder(SWEEP);
    succeed(folder.path(), &["run", "my.toml", "-q", "--paths", "600"]);
    let results = folder.path().join("results/sweep");
    let (store, kept) = (results.join("run.sqlite"), folder.path().join("kept"));
    fs::rename(&store, &kept).unwrap();
    let bytes = fs::read(&kept).unwrap();
    let refused = |what: &str| {
        for arguments in [&["run", "my.toml", "--resume"][..], &["report", "results/sweep"]] {
            let (code, said) = say(folder.path(), arguments);
            assert!(code == 3 && said.contains("is not a store of levy-escape"), "{what}: {code} {said}");
        }
    };
    std::os::unix::fs::symlink(&kept, &store).unwrap();
    refused("a link");
    fs::remove_file(&store).unwrap();
    assert!(Command::new("mkfifo").arg(&store).status().unwrap().success());
    refused("a pipe");
    fs::remove_file(&store).unwrap();
    fs::create_dir(&store).unwrap();
    refused("a folder");
    fs::remove_dir(&store).unwrap();
    assert!(fs::read(&kept).unwrap() == bytes);

    // Tables are not written through links either.
    fs::rename(&kept, &store).unwrap();
    let other = folder.path().join("other");
    fs::write(&other, "theirs").unwrap();
    for part in [".escapes.csv.part", ".summary.csv.part", ".manifest.json.part"] {
        std::os::unix::fs::symlink(&other, results.join(part)).unwrap();
    }
    succeed(folder.path(), &["report", "results/sweep", "-q"]);
    assert_eq!(fs::read_to_string(&other).unwrap(), "theirs");
}

#[test]
fn a_report_renders_the_same_results() {
    let folder = folder(SWEEP);
    let reference = undisturbed(folder.path());
    let results = folder.path().join("undisturbed/sweep");
    TABLES.iter().for_each(|table| fs::remove_file(results.join(table)).unwrap());
    fs::remove_dir_all(results.join("figures")).unwrap();
    // Times and threads in the manifest remain those of the run.
    let known = |manifest: &Value| ["start", "end", "threads", "seconds", "sessions"].map(|key| manifest[key].clone());
    let before = manifest(&results);
    std::thread::sleep(Duration::from_millis(1100));
    succeed(folder.path(), &["report", "undisturbed/sweep", "-q"]);
    let after = manifest(&results);
    assert!(known(&before) == known(&after) && before["rendered"] != after["rendered"], "{before} {after}");
    assert!(tables(&results) == reference);
    assert!(results.join("figures/exponential-law.svg").exists());
}

/// While the tables of a complete run are written, the first signal is reported and the second prints the command that writes them.
#[test]
fn signals_while_tables_are_written_lose_nothing() {
    let many = SWEEP
        .replace("12_345", "256")
        .replace("[0.05, 0.2]", "{ from = 0.05, to = 0.5, count = 100, scale = \"log\" }");
    let folder = folder(&many.replace("[\"exponential-law\"]", "[]"));
    for signals in [1, 2] {
        let out = format!("out{signals}");
        let results = folder.path().join(&out).join("sweep");
        let child = command(folder.path(), &["run", "my.toml", "--out", &out, "--threads", "1"]).spawn().unwrap();
        until("the tables are begun", || results.join(".summary.csv.part").exists());
        for _ in 0..signals {
            signal(&child, "-TERM");
            std::thread::sleep(Duration::from_millis(100));
        }
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("the run is complete and its tables are being written"), "{said}");
        if signals == 1 {
            assert_eq!(output.status.code(), Some(0), "{said}");
        } else {
            assert!(output.status.code() == Some(130), "{said}");
            assert!(said.contains("write the tables with: levy-escape report out2/sweep"), "{said}");
            succeed(folder.path(), &["report", "out2/sweep", "-q"]);
        }
    }
    assert!(tables(&folder.path().join("out1/sweep")) == tables(&folder.path().join("out2/sweep")));
}

/// A merge can have more shards than the soft limit of open files.
#[test]
fn a_merge_of_many_shards_opens_them_all() {
    let folder = folder(&SWEEP.replace("12_345", "3000"));
    let reference = undisturbed(folder.path());
    (1..=24).for_each(|i| succeed(folder.path(), &["run", "my.toml", "-q", "--shard", &format!("{i}/24")]));
    let merge = |kind: &str, limit: u32| {
        let merge = "exec \"$0\" merge results/sweep.shard-* --into results/sweep -q";
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit {kind} {limit}; {merge}"), env!("CARGO_BIN_EXE_levy-escape")]);
        let output = shell.current_dir(folder.path()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let parts = names(&folder.path().join("results"));
    // Limits that are too low for the shards, too low for the merged store, and sufficient.
    for limit in 20..40 {
        let (code, said) = merge("-n", limit);
        if code == Some(0) {
            assert!(limit > 24, "{said}");
            break;
        }
        assert!(code == Some(3) && said.contains("ulimit -n"), "{limit}: {code:?} {said}");
        assert_eq!(names(&folder.path().join("results")), parts, "{limit}: {said}");
    }
    fs::remove_dir_all(folder.path().join("results/sweep")).unwrap();
    assert_eq!(merge("-Sn", 20), (Some(0), String::new()));
    assert!(tables(&folder.path().join("results/sweep")) == reference);
}

#[test]
fn a_dry_run_prints_the_cost_and_writes_nothing() {
    let folder = folder(SWEEP);
    let run = |more: &[&str]| program::say(folder.path(), &[&["run", "my.toml", "--dry-run"], more].concat());
    let said = run(&["--paths", "1000000000"]);
    assert_eq!(said.code, 0);
    for word in ["4 cells of 1000000000 paths", "time ", "memory ", "disk ", "264.0GB"] {
        assert!(said.stdout.contains(word), "{word}: {}", said.stdout);
    }
    // No disk holds 264 TB. The pilot runs no more paths than the run.
    let said = run(&["--paths", "1000000000000"]);
    assert!(!cfg!(unix) || said.stderr.contains("warning: sweep: the disk has"), "{}", said.stderr);
    let said = run(&["--paths", "1"]);
    assert!(said.stdout.contains("4 cells of 1 path, 4 paths in all"), "{}", said.stdout);
    assert!(said.stdout.contains("from a pilot of 4 paths"), "{}", said.stdout);
    assert!(!folder.path().join("results").exists());
    let object: Value = serde_json::from_str(&run(&["--json", "--shard", "2/4"]).stdout).unwrap();
    assert_eq!(object["cells"], 4);
    assert!(object["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_damaged_store_is_reported_and_not_changed() {
    let folder = folder(SWEEP);
    succeed(folder.path(), &["run", "my.toml", "-q", "--paths", "3000"]);
    let store = folder.path().join("results/sweep/run.sqlite");
    let outcomes: Vec<u8> = rusqlite::Connection::open(&store)
        .unwrap()
        .query_row("SELECT outcomes FROM batch WHERE first > 0", [], |row| row.get(0))
        .unwrap();
    let mut bytes = fs::read(&store).unwrap();
    let middle = &outcomes[outcomes.len() / 2..][..64];
    // SQLite may have left copies in pages that it has reused.
    let copies: Vec<usize> = (0..bytes.len() - 64).filter(|at| bytes[*at..].starts_with(middle)).collect();
    assert!(!copies.is_empty());
    copies.iter().for_each(|at| bytes[*at] ^= 1);
    fs::write(&store, &bytes).unwrap();
    for arguments in [&["run", "my.toml", "--resume"][..], &["report", "results/sweep"]] {
        let (code, said) = say(folder.path(), arguments);
        assert!(code == 3 && said.contains("is damaged; it was not changed"), "{code} {said}");
    }
    assert!(fs::read(folder.path().join("results/sweep/run.sqlite")).unwrap() == bytes);
    succeed(folder.path(), &["run", "my.toml", "-q", "--force", "--paths", "600"]);
    assert!(fs::read(folder.path().join("results/sweep.1/run.sqlite")).unwrap() == bytes);
}

/// A store without a version of the identity and one with a later version are rejected.
#[test]
fn a_store_of_another_identity_is_refused_by_its_version() {
    let folder = folder(SWEEP);
    succeed(folder.path(), &["run", "my.toml", "-q", "--paths", "100"]);
    let store = folder.path().join("results/sweep/run.sqlite");
    for (change, version) in
        [("UPDATE entry SET value = '9' WHERE key = 'identity'", 9), ("DELETE FROM entry WHERE key = 'identity'", 0)]
    {
        rusqlite::Connection::open(&store).unwrap().execute_batch(change).unwrap();
        for arguments in [&["run", "my.toml", "--resume"][..], &["report", "results/sweep"]] {
            let (code, said) = say(folder.path(), arguments);
            let reason = format!("identifies its run by version {version} of the identity, this program by version 1");
            assert!(code == 2 && said.contains(&reason) && said.contains("hint: "), "{code} {said}");
        }
    }
    succeed(folder.path(), &["run", "my.toml", "-q", "--force", "--paths", "100"]);
}

/// Stores with malicious changes.
#[test]
fn a_hostile_database_is_refused() {
    let folder = folder(SWEEP);
    succeed(folder.path(), &["run", "my.toml", "-q", "--paths", "100"]);
    let results = folder.path().join("results/sweep");
    let good = fs::read(results.join("run.sqlite")).unwrap();
    for harm in [
        "DROP TABLE batch; CREATE VIEW batch AS WITH RECURSIVE n(first) AS (SELECT 1 UNION ALL SELECT first + 1 FROM n) \
         SELECT first, 1 AS chunks, x'00' AS outcomes FROM n",
        "CREATE TRIGGER more AFTER INSERT ON batch BEGIN DELETE FROM batch; END",
        "UPDATE entry SET value = '99999999999999999999' WHERE key = 'paths'",
        "UPDATE entry SET value = x'ff' WHERE key = 'experiment'",
        "UPDATE entry SET value = '5/3' WHERE key = 'shard'",
        "DELETE FROM entry WHERE key = 'seed'",
        "UPDATE batch SET outcomes = zeroblob(100000000)",
        "UPDATE batch SET outcomes = zeroblob(47)",
        "UPDATE batch SET outcomes = substr(outcomes, 1, 19)",
        "UPDATE batch SET outcomes = outcomes || outcomes",
        "UPDATE batch SET first = first + 4294967296000",
        "UPDATE batch SET first = -1 - first",
        "UPDATE batch SET chunks = 0",
        "UPDATE batch SET chunks = -1",
        "UPDATE batch SET chunks = 1000000000000",
        "PRAGMA user_version = 3",
        "PRAGMA application_id = 5",
        "PRAGMA journal_mode = WAL",
    ] {
        fs::write(results.join("run.sqlite"), &good).unwrap();
        rusqlite::Connection::open(results.join("run.sqlite")).unwrap().execute_batch(harm).unwrap();
        let (code, said) = say(folder.path(), &["run", "my.toml", "--resume", "--paths", "100"]);
        assert!(code == 3 || (code == 2 && said.contains("format 3")), "{harm}: {code} {said}");
    }
}

#[test]
fn slurm_scripts_are_written_and_quoted() {
    let folder = folder(SWEEP);
    let more = [
        "--sbatch-arg=--time=4:00:00",
        "--sbatch-arg=--comment=two words",
        "--sbatch-arg=--wckey=a#b",
        "--out",
        "my results",
        "--paths",
        "5000",
    ];
    let arguments = [&["slurm", "my.toml", "--shards", "16", "-q"][..], &more].concat();
    succeed(folder.path(), &arguments);
    let script = |name: &str| fs::read_to_string(folder.path().join("my results/sweep.slurm").join(name)).unwrap();
    let (shards, merge) = (script("shards.sh"), script("merge.sh"));
    for line in [
        "#SBATCH --array=1-16",
        "#SBATCH --requeue",
        "#SBATCH --time=4:00:00",
        "#SBATCH --wckey=\"a#b\"",
        "#SBATCH --comment=\"two words\"",
    ] {
        assert!(shards.lines().any(|l| l == line), "{line}: {shards}");
    }
    assert!(shards.contains("--out 'my results' --resume") && shards.contains("--shard \"$SLURM_ARRAY_TASK_ID/16\""));
    assert!(merge.contains("merge 'my results/sweep'.shard-*-of-16 --into 'my results/sweep'"), "{merge}");
    for name in ["shards.sh", "merge.sh"] {
        let checked =
            Command::new("bash").arg("-n").arg(folder.path().join("my results/sweep.slurm").join(name)).status();
        assert!(checked.unwrap().success());
    }
    for bad in [
        "--sbatch-arg=time",
        "--sbatch-arg=--a\nrm -rf x",
        "--sbatch-arg=--comment=\"two",
        "--sbatch-arg=--a=\\",
        "--sbatch-arg=--array=1-9",
    ] {
        assert_eq!(say(folder.path(), &["slurm", "my.toml", "--shards", "2", bad]).0, 2, "{bad}");
    }
    assert_eq!(say(folder.path(), &["slurm", "my.toml", "--shards", "0"]).0, 2);
}

#[test]
fn sizes_are_refused_before_memory_is_taken() {
    let begun = Instant::now();
    for (from, to) in [
        ("paths = 12_345", "paths = 1_000_000_000_000_000"),
        ("{ quadratic = { curvature = [4.0] } }", "{ quadratic = { curvature = 4.0 } }\ndim = 1_000_000_000"),
    ] {
        let folder = folder(&SWEEP.replace(from, to));
        let (code, said) = say(folder.path(), &["run", "my.toml"]);
        assert_eq!(code, 2, "{said}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
}
