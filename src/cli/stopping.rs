//! Stopping a run early: signals and the time limit.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use thiserror::Error;

use super::complaint::{Complain, Complaint, Exit};
use super::console::say;
use super::line::command_line::{report_command, resume_command};
use crate::scheme::StopFlag;

/// How long the chunks in flight may take to finish.
const GRACE: Duration = Duration::from_millis(700);

/// The signal handler cannot be installed.
#[derive(Debug, Error)]
#[error("cannot install the signal handler")]
pub struct SignalError(#[from] ctrlc::Error);

impl Complain for SignalError {
    fn complaint(&self) -> Complaint {
        Complaint::new(self, Exit::Io)
    }
}

/// Why a run stopped early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum StopCause {
    /// A signal.
    Interrupted = 1,
    /// The time limit.
    TimeLimit = 2,
}

impl StopCause {
    /// The exit code of a run that stopped early.
    pub fn exit(self) -> Exit {
        match self {
            StopCause::Interrupted => Exit::Interrupted,
            StopCause::TimeLimit => Exit::Incomplete,
        }
    }
}

/// A run that stopped early and can be resumed.
#[derive(Debug, Error)]
#[error("{}; completed paths are in {}", match cause {
    StopCause::Interrupted => "stopped",
    StopCause::TimeLimit => "time limit reached",
}, path.display())]
pub struct Stopped {
    /// What stopped it.
    pub cause: StopCause,
    /// Folder of its results.
    pub path: PathBuf,
}

impl Complain for Stopped {
    fn complaint(&self) -> Complaint {
        Complaint::new(self, self.cause.exit()).or_hint(format!("resume with: {}", resume_command()))
    }
}

/// Watches signals and the time limit.
#[derive(Clone, Debug, Default)]
pub struct Stopping {
    /// What the engine reads.
    pub flag: StopFlag,
    /// The first [`StopCause`], or 0.
    cause: Arc<AtomicU8>,
    /// While the tables of a complete run are written: the command that writes them.
    rest: Arc<Mutex<Option<String>>>,
}

impl Stopping {
    /// The first Ctrl-C or SIGTERM, or the end of `max_time`, stops the run after the chunks in flight; the second signal exits.
    pub fn watch(max_time: Option<Duration>) -> Result<Self, SignalError> {
        let stopping = Stopping::default();
        let (on_signal, signals) = (stopping.clone(), AtomicU8::new(0));
        let hangup_ignored = hangup::is_ignored();
        ctrlc::set_handler(move || {
            if signals.fetch_add(1, Ordering::Relaxed) == 0 {
                on_signal.first_signal();
            } else {
                on_signal.second_signal();
            }
        })?;
        if hangup_ignored {
            hangup::ignore();
        }
        if let Some(time) = max_time {
            let on_time = stopping.clone();
            thread::spawn(move || {
                thread::sleep(time);
                on_time.stop(StopCause::TimeLimit);
            });
        }
        Ok(stopping)
    }

    /// Stops when `flag` is set, by whoever holds it.
    pub fn by(flag: &StopFlag) -> Self {
        Stopping { flag: flag.clone(), ..Stopping::default() }
    }

    fn first_signal(&self) {
        self.stop(StopCause::Interrupted);
        say_soon(match self.rest() {
            None => "stopping; press Ctrl-C again to quit now",
            Some(_) => "the run is complete and its tables are being written; press Ctrl-C again to quit now",
        });
    }

    fn second_signal(&self) -> ! {
        if let Some(command) = self.rest() {
            say_soon(format!("write the tables with: {command}"));
        }
        std::process::exit(i32::from(Exit::Interrupted as u8))
    }

    fn rest(&self) -> Option<String> {
        self.rest.lock().ok().and_then(|rest| rest.clone())
    }

    fn stop(&self, cause: StopCause) {
        // Only the first cause is kept.
        let _ = self.cause.compare_exchange(0, cause as u8, Ordering::Relaxed, Ordering::Relaxed);
        self.flag.stop();
        let flag = self.flag.clone();
        thread::spawn(move || {
            thread::sleep(GRACE);
            flag.abandon();
        });
    }

    /// Sets what a signal interrupts: writing the tables of the complete run in `folder`, or with `None` the run itself.
    pub fn writing_tables_of(&self, folder: Option<&Path>) {
        if let Ok(mut rest) = self.rest.lock() {
            *rest = folder.map(report_command);
        }
    }

    /// Why to stop, if the run is to stop.
    pub fn cause(&self) -> Option<StopCause> {
        match self.cause.load(Ordering::Relaxed) {
            0 => self.flag.is_set().then_some(StopCause::Interrupted),
            1 => Some(StopCause::Interrupted),
            _ => Some(StopCause::TimeLimit),
        }
    }
}

/// Writes a line, but waits only briefly for a blocked standard error, so that the next signal is handled.
fn say_soon(line: impl Into<String>) {
    let line = line.into();
    let (written, done) = mpsc::channel();
    thread::spawn(move || {
        say(line);
        written.send(())
    });
    let _ = done.recv_timeout(Duration::from_millis(100));
}

/// A process started by `nohup` must survive its terminal, but the handler of `ctrlc` catches SIGHUP too: the disposition is restored.
/// SIGINT is not treated so: shells let background jobs of a script ignore it, and `kill -INT` must still work on them.
#[cfg(unix)]
mod hangup {
    /// Whether this process was started with SIGHUP ignored.
    pub fn is_ignored() -> bool {
        let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: a null new action changes nothing; the old one is written to `action` and read only on success.
        unsafe {
            libc::sigaction(libc::SIGHUP, std::ptr::null(), action.as_mut_ptr()) == 0
                && action.assume_init().sa_sigaction == libc::SIG_IGN
        }
    }

    pub fn ignore() {
        // SAFETY: SIG_IGN installs no handler.
        unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    }
}

#[cfg(not(unix))]
mod hangup {
    pub fn is_ignored() -> bool {
        false
    }

    pub fn ignore() {}
}
