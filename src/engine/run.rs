//! Threads take chunks, a consumer takes their records.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use super::{Chunk, chunks_of};
use crate::dynamics::Problem;
use crate::noise::Seed;
use crate::scheme::{Limits, PathKernel, PathRecord, Scheme, SchemeError, StreamSource};

/// A flag that asks a run to stop at the next chunk.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks for the stop.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A kernel with what it needs to run.
pub struct Cell<'a> {
    /// The scheme bound to its problem.
    pub kernel: &'a dyn PathKernel,
    /// Seed and number of the cell.
    pub source: StreamSource,
    /// Where a path must stop.
    pub limits: Limits,
    /// How many paths to run.
    pub paths: u64,
}

/// The records of one chunk, in path order.
#[derive(Clone, Debug)]
pub struct ChunkRecords {
    /// The chunk.
    pub chunk: Chunk,
    /// One record a path.
    pub records: Vec<PathRecord>,
}

/// Runs every path of every cell on the threads of the current Rayon pool.
///
/// `consume` is called on the calling thread, once a chunk, in the order in which chunks end; returning `false` stops the run.
/// The chunks themselves are taken in order, cell after cell, so at most one cell per thread is unfinished at a time. Returns
/// whether everything was run.
pub fn run_chunks(cells: &[Cell<'_>], stop: &StopFlag, mut consume: impl FnMut(ChunkRecords) -> bool + Send) -> bool {
    let paths: Vec<u64> = cells.iter().map(|cell| cell.paths).collect();
    let chunks: Vec<Chunk> = chunks_of(&paths).collect();
    let next = AtomicUsize::new(0);
    let threads = rayon::current_num_threads();
    // Two finished chunks a thread may wait for the consumer.
    let (sender, receiver) = mpsc::sync_channel(2 * threads);
    let worker = |sender: mpsc::SyncSender<ChunkRecords>| {
        while !stop.is_set() {
            let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
            let cell = &cells[chunk.cell];
            let mut records = Vec::with_capacity((chunk.paths.end - chunk.paths.start) as usize);
            cell.kernel.run(cell.source, chunk.paths.clone(), cell.limits, &mut records);
            if sender.send(ChunkRecords { chunk: chunk.clone(), records }).is_err() {
                return;
            }
        }
    };
    let mut finished = 0;
    // The consumer may block on a full disk or a terminal; it must not hold one of the pool's threads.
    std::thread::scope(|scope| {
        let pool = scope.spawn({
            let worker = &worker;
            move || {
                rayon::scope(|scope| {
                    for _ in 0..threads {
                        let sender = sender.clone();
                        scope.spawn(move |_| worker(sender));
                    }
                    drop(sender);
                });
            }
        });
        while let Ok(records) = receiver.recv() {
            finished += 1;
            if !consume(records) {
                stop.stop();
                break;
            }
        }
        drop(receiver);
        if let Err(panic) = pool.join() {
            std::panic::resume_unwind(panic);
        }
    });
    finished == chunks.len()
}

/// Runs `paths` paths of one kernel and returns their records in path order.
///
/// The result is the same, bit for bit, on any number of threads.
pub fn escape_records(kernel: &dyn PathKernel, paths: u64, seed: Seed, limits: Limits) -> Vec<PathRecord> {
    let cell = Cell { kernel, source: StreamSource { seed, cell: 0 }, limits, paths };
    let mut chunks: Vec<ChunkRecords> = Vec::new();
    run_chunks(&[cell], &StopFlag::default(), |chunk| {
        chunks.push(chunk);
        true
    });
    chunks.sort_by_key(|c| c.chunk.paths.start);
    chunks.into_iter().flat_map(|c| c.records).collect()
}

/// Exit times of `paths` paths, in path order, by a scheme that is given all the time and steps it needs.
///
/// # Errors
/// [`SchemeError`] if the scheme cannot integrate the problem, or if a path diverges: a mean over the others would be biased.
pub fn escape_times(problem: &Problem, scheme: &dyn Scheme, paths: u64, seed: Seed) -> Result<Vec<f64>, SchemeError> {
    let kernel = scheme.prepare(problem)?;
    let limits = Limits { max_events: u64::MAX, ..Limits::default() };
    let records = escape_records(&*kernel, paths, seed, limits);
    records.iter().map(|r| r.outcome.exit_time().ok_or(SchemeError::Diverged)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::Dynamics;
    use crate::landscape::{Basin, Domain, Quadratic};
    use crate::noise::{Alpha, LevyNoise};
    use crate::scheme::{Euler, JumpAdapted};

    fn problem() -> Problem {
        let basin = Basin::new(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
        Problem::new(basin, Dynamics::Sgd, LevyNoise::new(Alpha::new(1.5).unwrap(), 0.5).unwrap()).unwrap()
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| escape_times(&problem(), &JumpAdapted::default(), 1500, Seed(4)).unwrap())
        };
        let one: Vec<u64> = on(1).iter().map(|t| t.to_bits()).collect();
        for threads in [2, 8] {
            assert_eq!(one, on(threads).iter().map(|t| t.to_bits()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_time_limit_censors_and_does_not_redraw() {
        let limits = Limits { max_time: 2.0, ..Limits::default() };
        for scheme in [&JumpAdapted::default() as &dyn Scheme, &Euler::default()] {
            let kernel = scheme.prepare(&problem()).unwrap();
            let free = escape_records(&*kernel, 400, Seed(2), Limits::default());
            let limited = escape_records(&*kernel, 400, Seed(2), limits);
            for (free, limited) in free.iter().zip(&limited) {
                let time = free.outcome.exit_time().unwrap();
                match limited.outcome.exit_time() {
                    Some(t) => assert_eq!(t, time),
                    None => assert!(time > 2.0),
                }
            }
            assert!(limited.iter().any(|r| r.outcome.exit_time().is_none()));
        }
    }

    #[test]
    fn a_stop_flag_stops_at_the_next_chunk() {
        let kernel = JumpAdapted::default().prepare(&problem()).unwrap();
        let source = StreamSource { seed: Seed(1), cell: 0 };
        let cell = Cell { kernel: &*kernel, source, limits: Limits::default(), paths: 1_000_000 };
        let stop = StopFlag::default();
        let mut seen = 0;
        let complete = run_chunks(&[cell], &stop, |chunk| {
            seen += chunk.records.len();
            stop.stop();
            true
        });
        assert!(!complete && seen > 0 && seen < 100_000);
    }
}
