//! Experiments, as the program runs them.

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use levy_escape::cli::{EmbeddedError, EmbeddedResults, EmbeddedRun, PathCounter, run_embedded};
use levy_escape::engine::StopFlag;
use levy_escape::files::Existing;
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

/// Time between looks at signals, and what the chunks being run have to finish after Ctrl-C.
const TIMES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

/// Runs the experiment in `text`; returns its folder and whether it is complete. `progress` is called with finished and all paths.
#[pyfunction]
pub fn run(
    py: Python<'_>,
    file: &str,
    text: &str,
    out: PathBuf,
    existing: &str,
    seed: Option<u64>,
    paths: Option<u64>,
    threads: Option<u64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(PathBuf, bool)> {
    let existing = match existing {
        "resume" => Existing::Resume,
        "move" => Existing::MoveAside,
        _ => Existing::Refuse,
    };
    let run = EmbeddedRun { file, text, out: &out, existing, seed, paths, threads };
    let (stop, counter) = (StopFlag::default(), PathCounter::default());
    let (sender, mut receiver) = mpsc::channel();
    let mut interrupt: Option<(PyErr, Instant)> = None;
    let result = thread::scope(|scope| {
        let (run, stop, counter) = (&run, &stop, &counter);
        scope.spawn(move || {
            // The receiver waits for this message.
            let _ = sender.send(run_embedded(run, stop, counter));
        });
        loop {
            let waiting = &mut receiver;
            match py.detach(move || waiting.recv_timeout(TIMES[0])) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Disconnected) => return Err(PyRuntimeError::new_err("the run panicked")),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let mut look = py.check_signals();
            let (done, total) = counter.counts();
            if let (Ok(()), None, Some(progress), 1..) = (&look, &interrupt, &progress, total) {
                look = progress.call1(py, (done, total)).map(drop);
            }
            if let Err(error) = look {
                stop.stop();
                interrupt.get_or_insert((error, Instant::now()));
            }
            if interrupt.as_ref().is_some_and(|(_, since)| since.elapsed() > TIMES[1]) {
                stop.abandon();
            }
        }
    })?;
    if let Some((error, _)) = interrupt
        && !error.is_instance_of::<PyKeyboardInterrupt>(py)
    {
        return Err(error);
    }
    if let (Ok(EmbeddedResults { complete: true, .. }), Some(progress), (done, total @ 1..)) =
        (&result, &progress, counter.counts())
    {
        progress.call1(py, (done, total))?;
    }
    match result {
        Ok(results) => Ok((results.folder, results.complete)),
        Err(EmbeddedError::Io { message }) => Err(PyOSError::new_err(message)),
        Err(EmbeddedError::Check { message }) => Err(PyRuntimeError::new_err(message)),
        Err(error) => Err(PyValueError::new_err(error.to_string())),
    }
}
