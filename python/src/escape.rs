//! Many paths on many threads, without the interpreter.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use levy_escape::engine::{Batch, Chunks, Done, Shard, Simulation, run_chunks};
use levy_escape::scheme::{Departure, SchemeError, Steps, StopFlag, StreamSource};
use levy_escape::{Euler, JumpAdapted, Limits, Monitoring, Outcome, PathRecord, Seed};
use numpy::{Element, PyArray1, PyArrayMethods};
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::error::invalid;
use crate::problem::Problem;

/// Time between looks at signals.
const POLL: Duration = Duration::from_millis(50);
/// Time that the chunks being run have to finish after Ctrl-C.
const PATIENCE: Duration = Duration::from_millis(250);

/// A scheme with its settings.
#[pyclass(frozen, module = "levy_escape._native")]
pub struct Scheme(Box<dyn levy_escape::Scheme>);

#[pymethods]
impl Scheme {
    #[staticmethod]
    fn jump_adapted(threshold: Option<f64>, step_cap: Option<f64>) -> PyResult<Self> {
        let mut scheme = JumpAdapted::default();
        if let Some(threshold) = threshold {
            scheme = scheme.threshold(threshold).map_err(invalid)?;
        }
        if let Some(cap) = step_cap {
            scheme = scheme.step_cap(cap).map_err(invalid)?;
        }
        Ok(Scheme(Box::new(scheme)))
    }

    #[staticmethod]
    fn euler(step: Option<f64>, discrete: bool) -> PyResult<Self> {
        let scheme = match step {
            Some(step) => Euler::with_step(step).map_err(invalid)?,
            None => Euler::default(),
        };
        let monitoring = if discrete { Monitoring::Discrete } else { Monitoring::Corrected };
        Ok(Scheme(Box::new(scheme.monitoring(monitoring))))
    }

    #[staticmethod]
    fn steps() -> Self {
        Scheme(Box::new(Steps))
    }

    #[getter]
    fn name(&self) -> &'static str {
        self.0.name()
    }
}

/// How a path ended; 3 for one that was not finished.
const UNFINISHED: u8 = 3;

/// One array per column of the result.
struct Columns {
    time: Vec<f64>,
    axis: Vec<i32>,
    side: Vec<i8>,
    overshoot: Vec<f64>,
    by_jump: Vec<bool>,
    landed: Vec<u16>,
    status: Vec<u8>,
    events: Vec<u64>,
}

impl Columns {
    /// Room for `paths` unfinished paths.
    fn new(paths: usize) -> PyResult<Self> {
        Ok(Columns {
            time: filled(paths, f64::NAN)?,
            axis: filled(paths, -1)?,
            side: filled(paths, 0)?,
            overshoot: filled(paths, f64::NAN)?,
            by_jump: filled(paths, false)?,
            landed: filled(paths, 0)?,
            status: filled(paths, UNFINISHED)?,
            events: filled(paths, 0)?,
        })
    }

    fn set(&mut self, path: usize, record: &PathRecord) {
        self.events[path] = record.events;
        (self.time[path], self.status[path]) = match record.outcome {
            Outcome::Exited { time, site } => {
                self.axis[path] = site.axis as i32;
                self.side[path] = site.side.sign() as i8;
                self.overshoot[path] = site.overshoot;
                self.by_jump[path] = site.by == Departure::Jump;
                self.landed[path] = site.landed.map_or(0, u16::from);
                (time, 0)
            }
            Outcome::Censored { at } => (at, 1),
            Outcome::Diverged { at } => (at, 2),
        };
    }

    /// Leaves out unfinished paths.
    fn keep_finished(&mut self) {
        let finished: Vec<bool> = self.status.iter().map(|status| *status != UNFINISHED).collect();
        keep(&mut self.time, &finished);
        keep(&mut self.axis, &finished);
        keep(&mut self.side, &finished);
        keep(&mut self.overshoot, &finished);
        keep(&mut self.by_jump, &finished);
        keep(&mut self.landed, &finished);
        keep(&mut self.status, &finished);
        keep(&mut self.events, &finished);
    }
}

fn filled<T: Clone>(paths: usize, value: T) -> PyResult<Vec<T>> {
    let mut column = Vec::new();
    let short = |_| PyMemoryError::new_err(format!("no memory for the records of {paths} paths"));
    column.try_reserve_exact(paths).map_err(short)?;
    column.resize(paths, value);
    Ok(column)
}

fn keep<T>(column: &mut Vec<T>, finished: &[bool]) {
    let mut flags = finished.iter();
    column.retain(|_| flags.next() == Some(&true));
}

/// The result of a run, one array per column.
#[pyclass(frozen, get_all, module = "levy_escape._native")]
pub struct Escapes {
    times: Py<PyArray1<f64>>,
    axis: Py<PyArray1<i32>>,
    side: Py<PyArray1<i8>>,
    overshoot: Py<PyArray1<f64>>,
    by_jump: Py<PyArray1<bool>>,
    landed: Py<PyArray1<u16>>,
    status: Py<PyArray1<u8>>,
    events: Py<PyArray1<u64>>,
    interrupted: bool,
    warnings: Vec<String>,
    description: String,
}

/// What the thread of a run reports.
struct Finished {
    columns: Columns,
    complete: bool,
    warnings: Vec<String>,
    description: String,
}

/// Runs `paths` paths and returns those that were finished.
#[pyfunction]
pub fn escapes(
    py: Python<'_>,
    problem: &Problem,
    paths: u64,
    seed: u64,
    scheme: &Scheme,
    threads: usize,
    limits: (f64, u64),
    progress: Option<Py<PyAny>>,
) -> PyResult<Escapes> {
    let limits = Limits { max_time: limits.0, max_events: limits.1, stop: None };
    if !(limits.max_time > 0.0) {
        return Err(PyValueError::new_err(format!("max_time = {} is not positive", limits.max_time)));
    }
    let columns = Columns::new(usize::try_from(paths).map_err(|_| PyMemoryError::new_err("too many paths"))?)?;
    let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = threads.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    let (stop, finished) = (StopFlag::default(), std::sync::atomic::AtomicU64::new(0));
    let (sender, mut receiver) = mpsc::channel();
    let mut interrupt: Option<(PyErr, Instant)> = None;
    let run = thread::scope(|scope| {
        let (stop, finished) = (&stop, &finished);
        scope.spawn(move || {
            let count = |paths| finished.fetch_add(paths, std::sync::atomic::Ordering::Relaxed);
            let result = pool.install(|| run_paths(problem, columns, seed, scheme, limits, stop, &count));
            // The receiver waits for this message.
            let _ = sender.send(result);
        });
        loop {
            let waiting = &mut receiver;
            match py.detach(move || waiting.recv_timeout(POLL)) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Disconnected) => return Err(PyRuntimeError::new_err("the run panicked")),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let mut look = py.check_signals();
            if let (Ok(()), None, Some(progress)) = (&look, &interrupt, &progress) {
                look = progress.call1(py, (finished.load(std::sync::atomic::Ordering::Relaxed), paths)).map(drop);
            }
            match (look, &interrupt) {
                (Err(error), None) => {
                    stop.stop();
                    interrupt = Some((error, Instant::now()));
                }
                (Err(_), Some(_)) => stop.abandon(),
                (Ok(()), Some((_, since))) if since.elapsed() > PATIENCE => stop.abandon(),
                _ => {}
            }
            if problem.failure.is_set() {
                stop.abandon();
            }
        }
    })?;
    problem.failure.check()?;
    if let Some((error, _)) = interrupt
        && !error.is_instance_of::<PyKeyboardInterrupt>(py)
    {
        return Err(error);
    }
    let Finished { mut columns, complete, warnings, description } = run.map_err(invalid)?;
    if !complete {
        columns.keep_finished();
    } else if let Some(progress) = &progress {
        progress.call1(py, (paths, paths))?;
    }
    fn array<T: Element>(py: Python<'_>, column: Vec<T>) -> Py<PyArray1<T>> {
        let array = PyArray1::from_vec(py, column);
        drop(array.readwrite().make_nonwriteable());
        array.unbind()
    }
    Ok(Escapes {
        times: array(py, columns.time),
        axis: array(py, columns.axis),
        side: array(py, columns.side),
        overshoot: array(py, columns.overshoot),
        by_jump: array(py, columns.by_jump),
        landed: array(py, columns.landed),
        status: array(py, columns.status),
        events: array(py, columns.events),
        interrupted: !complete,
        warnings,
        description,
    })
}

fn run_paths(
    problem: &Problem,
    mut columns: Columns,
    seed: u64,
    scheme: &Scheme,
    limits: Limits<'_>,
    stop: &StopFlag,
    count: &(dyn Fn(u64) -> u64 + Sync),
) -> Result<Finished, SchemeError> {
    let kernel = scheme.0.prepare(&problem.inner)?;
    let simulation = Simulation { kernel: &*kernel, source: StreamSource { seed: Seed(seed), cell: 0 }, limits };
    let chunks = Chunks::new(vec![columns.time.len() as u64], Shard::WHOLE);
    let mut consumer = |batch: Batch| {
        for (chunk, records) in batch.iter() {
            let first = chunk.paths.start as usize;
            records.iter().enumerate().for_each(|(i, record)| columns.set(first + i, record));
        }
        count(batch.records.len() as u64);
        true
    };
    let complete = run_chunks(&[simulation], &chunks, &Done::default(), stop, Batch::clone, &mut consumer);
    Ok(Finished { columns, complete, warnings: kernel.warnings().to_vec(), description: kernel.describe() })
}
