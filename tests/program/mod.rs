//! Runs the program like a user, and reads the files it writes.
#![allow(dead_code, reason = "every file of tests uses a part of it")]

pub mod sweep;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// Exit code and output of the program.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A folder with an experiment file.
pub fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("my.toml"), text).unwrap();
    folder
}

/// The program in `folder`, not yet started.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_levy-escape"));
    command.args(arguments).current_dir(folder).env_remove("NO_COLOR").stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    with_signals(&mut command);
    command
}

/// The tests may run with ignored signals, as under `nohup` and `&`. This restores the defaults, as in a terminal.
#[cfg(unix)]
pub fn with_signals(command: &mut Command) {
    let reset = || {
        for signal in [libc::SIGHUP, libc::SIGINT] {
            // SAFETY: between fork and exec; `signal` may be called there, and the default action is no handler.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // SAFETY: the code between fork and exec only calls `signal`.
    unsafe { std::os::unix::process::CommandExt::pre_exec(command, reset) };
}

/// Runs the program to its end, which must come within a minute and without a panic.
pub fn say(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = assert_cmd::Command::from_std(command(folder, arguments));
    let output = command.timeout(Duration::from_secs(60)).output().unwrap();
    let said = Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(!said.stderr.contains("panicked"), "{arguments:?}: {}", said.stderr);
    said
}

pub fn manifest(results: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(results.join("manifest.json")).unwrap()).unwrap()
}

/// The names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
