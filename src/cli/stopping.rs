//! When a run is to stop: a signal, or the time that was given to it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use clap::CommandFactory;

use super::arguments::Arguments;
use super::console::say;
use super::failure::Failure;
use crate::scheme::StopFlag;

/// How long the chunks being run may take to end by themselves.
const GRACE: Duration = Duration::from_millis(700);

/// Why a run ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopCause {
    /// A signal asked for it.
    Interrupted,
    /// The time was up.
    TimeLimit,
}

impl StopCause {
    /// What the program ends with; what was done is in `path`.
    pub fn failure(self, path: PathBuf) -> Failure {
        match self {
            StopCause::Interrupted => Failure::Interrupted { path },
            StopCause::TimeLimit => Failure::TimeLimit { path },
        }
    }
}

/// Watches signals and the clock.
#[derive(Clone, Debug, Default)]
pub struct Stopping {
    /// What the engine looks at.
    pub flag: StopFlag,
    reason: Arc<AtomicU8>,
    /// The command that writes the tables of a run that is complete, while they are written.
    rest: Arc<Mutex<Option<String>>>,
}

impl Stopping {
    /// From now on the first Ctrl-C or SIGTERM stops at the next chunk, and so does the end of `max_time`; a second signal quits at
    /// once.
    pub fn watch(max_time: Option<Duration>) -> Result<Self, Failure> {
        let stopping = Stopping::default();
        let (on_signal, signals) = (stopping.clone(), AtomicU8::new(0));
        let kept = hangup::ignored();
        ctrlc::set_handler(move || {
            let first = signals.fetch_add(1, Ordering::Relaxed) == 0;
            if first {
                on_signal.stop(1);
            }
            let rest = on_signal.rest.lock().ok().and_then(|rest| rest.clone());
            match (first, rest) {
                (true, None) => say_soon("stopping; once more to quit at once".to_string()),
                (true, Some(_)) => {
                    say_soon(
                        "the run is complete and its tables are being written; once more to quit at once".to_string(),
                    );
                }
                (false, Some(command)) => say_soon(format!("the tables can be written by: {command}")),
                (false, None) => {}
            }
            if !first {
                std::process::exit(130);
            }
        })
        .map_err(Failure::Signal)?;
        if kept {
            hangup::ignore();
        }
        if let Some(time) = max_time {
            let on_time = stopping.clone();
            thread::spawn(move || {
                thread::sleep(time);
                on_time.stop(2);
            });
        }
        Ok(stopping)
    }

    fn stop(&self, reason: u8) {
        // The first reason is the one to tell.
        let _ = self.reason.compare_exchange(0, reason, Ordering::Relaxed, Ordering::Relaxed);
        self.flag.stop();
        let flag = self.flag.clone();
        thread::spawn(move || {
            thread::sleep(GRACE);
            flag.abandon();
        });
    }

    /// Tells what a signal meets from now on: the tables of the complete run in `folder` being written, or `None` if that is over.
    pub fn writing_tables_of(&self, folder: Option<&Path>) {
        if let Ok(mut rest) = self.rest.lock() {
            *rest = folder.map(report_command);
        }
    }

    /// Why it is time to stop, if it is.
    pub fn reason(&self) -> Option<StopCause> {
        match self.reason.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(StopCause::Interrupted),
            _ => Some(StopCause::TimeLimit),
        }
    }
}

/// Says a line, and does not wait long for a standard error that nobody reads: the next signal is to be heard.
fn say_soon(line: String) {
    let (said, heard) = mpsc::channel();
    thread::spawn(move || {
        say(line);
        said.send(())
    });
    // Whether it was heard in time changes nothing.
    let _ = heard.recv_timeout(Duration::from_millis(100));
}

/// The command line of this process, so that it resumes.
pub fn resume_command() -> String {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    resuming(&mut words);
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// The command that writes the tables and figures of the run in `folder`.
pub fn report_command(folder: &Path) -> String {
    // A name that begins with a dash is no option.
    let named = if folder.as_os_str().as_encoded_bytes().starts_with(b"-") {
        Path::new(".").join(folder)
    } else {
        folder.into()
    };
    format!("levy-escape report {}", quoted(named))
}

/// Whether the command of this process is one that takes `--resume`.
pub fn resumes() -> bool {
    let program = Arguments::command();
    let command = std::env::args_os().skip(1).find_map(|word| program.find_subcommand(word));
    command.is_some_and(|command| command.get_opts().any(|option| option.get_long() == Some("resume")))
}

fn resuming(words: &mut Vec<OsString>) {
    // What comes after `--` is a file, whatever it is called.
    let options = words.iter().position(|word| word == "--").unwrap_or(words.len());
    if !words[..options].iter().any(|word| word == "--resume") {
        words.insert(options, "--resume".into());
    }
    let mut at = 0;
    words.retain(|word| {
        at += 1;
        at > options || word != "--force"
    });
}

/// A run that was started by `nohup` outlives its terminal: the handler, which takes all signals that end a process, must leave that one.
/// Not so SIGINT, which shells have everything ignore that a script starts with `&`: `kill -INT` is asked for by name.
#[cfg(unix)]
mod hangup {
    /// Whether whoever started this process has it ignore the end of its terminal.
    pub fn ignored() -> bool {
        let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: a null action changes nothing; the present one is written into room for it, and read only if that succeeded.
        unsafe {
            libc::sigaction(libc::SIGHUP, std::ptr::null(), action.as_mut_ptr()) == 0
                && action.assume_init().sa_sigaction == libc::SIG_IGN
        }
    }

    pub fn ignore() {
        // SAFETY: no handler is installed, and so none that could do harm.
        unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    }
}

#[cfg(not(unix))]
mod hangup {
    pub fn ignored() -> bool {
        false
    }

    pub fn ignore() {}
}

/// A word as a shell takes it; one that is not UTF-8 as bash and zsh do.
pub fn quoted(word: impl AsRef<OsStr>) -> String {
    let Some(word) = word.as_ref().to_str() else { return bytes_quoted(word.as_ref()) };
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(unix)]
fn bytes_quoted(word: &OsStr) -> String {
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(word).iter();
    let shown = bytes.map(|byte| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        other => format!("\\x{other:02x}"),
    });
    format!("$'{}'", shown.collect::<String>())
}

#[cfg(not(unix))]
fn bytes_quoted(word: &OsStr) -> String {
    format!("'{}'", word.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_resumed() {
        for (given, expected) in [
            ("levy-escape run a.toml --force", "levy-escape run a.toml --resume"),
            ("levy-escape run --resume a.toml", "levy-escape run --resume a.toml"),
            ("levy-escape run --force -- --resume --force", "levy-escape run --resume -- --resume --force"),
        ] {
            let mut words = given.split(' ').map(OsString::from).collect();
            resuming(&mut words);
            assert_eq!(words.join(OsStr::new(" ")), *expected);
        }
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(quoted("experiments/theorem1.toml"), "experiments/theorem1.toml");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
        #[cfg(unix)]
        {
            let word = <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"it's \xff\n.toml");
            assert_eq!(quoted(word), r"$'it\'s \xff\x0a.toml'");
        }
    }
}
