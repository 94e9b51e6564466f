//! A few paths of a cell, timed.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::stopping::Stopping;
use crate::engine::CHUNK;
use crate::results::PreparedRun;
use crate::scheme::{Limits, StopFlag, StreamSource};

/// How much a pilot runs.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Paths of the first round; each further round has twice as many, up to a chunk.
    pub first: u64,
    /// Time after which no round starts.
    pub budget: Duration,
    /// Time after which the current round is abandoned.
    pub limit: Duration,
    /// Paths after which no round starts.
    pub most: u64,
}

/// What a pilot of one cell measured, on one thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pilot {
    /// Paths that were started.
    pub paths: u64,
    /// Their steps and jumps.
    pub events: u64,
    /// Wall time of all of them.
    pub seconds: f64,
    /// Whether paths were abandoned.
    pub cut_short: bool,
}

impl Pilot {
    /// Runs the first paths of cell number `at`.
    pub fn of(run: &PreparedRun<'_>, at: usize, effort: Effort, stopping: &Stopping) -> Self {
        let (plan, kernel) = (&run.experiment().cells[at], &run.kernels()[at]);
        let source = StreamSource { seed: run.experiment().seed, cell: plan.index };
        let (clock, flag) = (Instant::now(), StopFlag::default());
        let limits = Limits { stop: Some(&flag), ..plan.limits };
        let (mut pilot, mut records) = (Pilot::default(), Vec::new());
        std::thread::scope(|scope| {
            let (ended, watch) = mpsc::channel::<()>();
            let flag = &flag;
            scope.spawn(move || {
                // Returns as soon as the sender is dropped.
                if watch.recv_timeout(effort.limit) == Err(RecvTimeoutError::Timeout) {
                    flag.abandon();
                }
            });
            let mut size = effort.first.min(CHUNK);
            let has_time = || clock.elapsed() < effort.budget && stopping.cause().is_none() && !flag.is_abandoned();
            while has_time() && pilot.paths < effort.most {
                records.clear();
                size = size.min(effort.most - pilot.paths);
                kernel.run(source, 0..size, limits, &mut records);
                pilot.paths += size;
                pilot.events += records.iter().map(|record| record.events).sum::<u64>();
                size = (2 * size).min(CHUNK);
            }
            drop(ended);
        });
        Pilot { seconds: clock.elapsed().as_secs_f64(), cut_short: flag.is_abandoned(), ..pilot }
    }

    /// Wall time of one path.
    pub fn seconds_per_path(&self) -> f64 {
        self.seconds / self.paths.max(1) as f64
    }

    /// Wall time of one step or jump; `None` if paths were abandoned.
    pub fn seconds_per_event(&self) -> Option<f64> {
        (!self.cut_short && self.events > 0).then(|| self.seconds / self.events as f64)
    }
}
