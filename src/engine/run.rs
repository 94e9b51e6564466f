//! Threads take chunks, a consumer takes their records.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::Duration;

use super::{Chunk, Chunks, Done, Shard};
use crate::dynamics::Problem;
use crate::noise::Seed;
use crate::scheme::{Limits, PathKernel, PathRecord, Scheme, SchemeError, StopFlag, StreamSource};

/// How long nothing may come before the consumer is told so.
const IDLE: Duration = Duration::from_millis(500);
/// The consumer looks for chunks this often: waking it for each would cost more than storing one.
const PAUSE: Duration = Duration::from_millis(2);
/// Finished chunks a thread that may wait for the consumer, while a disk writes: 1.4 MB of packed ones.
const WAITING: usize = 512;

/// A kernel with what it needs to run.
pub struct Cell<'a> {
    /// The scheme bound to its problem.
    pub kernel: &'a dyn PathKernel,
    /// Seed and number of the cell.
    pub source: StreamSource,
    /// Where a path must stop.
    pub limits: Limits<'a>,
}

/// The records of one chunk, in path order.
#[derive(Clone, Debug)]
pub struct ChunkRecords {
    /// The chunk.
    pub chunk: Chunk,
    /// One record a path.
    pub records: Vec<PathRecord>,
}

/// Takes what a run gives, on a thread of its own.
pub trait Consumer<T>: Send {
    /// Called once a chunk, in the order in which chunks end, with what was kept of it; `false` stops the run.
    fn chunk(&mut self, kept: T) -> bool;

    /// Called when no chunk has ended for half a second; `false` stops the run.
    fn idle(&mut self) -> bool {
        true
    }
}

impl<T, F: FnMut(T) -> bool + Send> Consumer<T> for F {
    fn chunk(&mut self, kept: T) -> bool {
        self(kept)
    }
}

/// Runs the chunks of `cells` that are not `done`, on the threads of the current Rayon pool. What `keep` makes of a chunk, on the
/// thread that ran it, goes to the consumer.
///
/// The chunks are taken in order, cell after cell, so at most one cell per thread is unfinished at a time. A chunk that is being run
/// when the flag abandons is dropped. Returns whether everything was run.
pub fn run_chunks<T: Send>(
    cells: &[Cell<'_>],
    chunks: &Chunks,
    done: &Done,
    stop: &StopFlag,
    keep: impl Fn(&ChunkRecords) -> T + Sync,
    consumer: &mut dyn Consumer<T>,
) -> bool {
    let next = AtomicU64::new(0);
    let threads = rayon::current_num_threads();
    let (sender, receiver) = mpsc::sync_channel(WAITING * threads);
    let worker = |sender: mpsc::SyncSender<T>| {
        let mut records = Vec::new();
        while !stop.is_set() {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if done.contains(number) {
                next.fetch_max(done.next_open(number), Ordering::Relaxed);
                continue;
            }
            let Some(chunk) = chunks.get(number) else { return };
            let cell = &cells[chunk.cell];
            records.clear();
            let limits = Limits { stop: Some(stop), ..cell.limits };
            cell.kernel.run(cell.source, chunk.paths.clone(), limits, &mut records);
            if stop.is_abandoned() {
                return;
            }
            let ended = ChunkRecords { chunk, records };
            if sender.send(keep(&ended)).is_err() {
                return;
            }
            records = ended.records;
        }
    };
    let mut finished = 0;
    // The consumer may block on a full disk or a terminal; it must not hold one of the pool's threads. The pool is the
    // caller's, which only the caller's thread can enter.
    thread::scope(|scope| {
        let consumer = scope.spawn(|| {
            let mut quiet = Duration::ZERO;
            loop {
                let goes_on = match receiver.try_recv() {
                    Ok(kept) => {
                        (finished, quiet) = (finished + 1, Duration::ZERO);
                        consumer.chunk(kept)
                    }
                    Err(TryRecvError::Empty) if quiet < IDLE => {
                        thread::park_timeout(PAUSE);
                        quiet += PAUSE;
                        true
                    }
                    Err(TryRecvError::Empty) => {
                        quiet = Duration::ZERO;
                        consumer.idle()
                    }
                    Err(TryRecvError::Disconnected) => break,
                };
                if !goes_on {
                    stop.abandon();
                    break;
                }
            }
            drop(receiver);
        });
        rayon::scope(|scope| {
            for _ in 0..threads {
                let (sender, worker) = (sender.clone(), &worker);
                scope.spawn(move |_| worker(sender));
            }
            drop(sender);
        });
        consumer.thread().unpark();
        if let Err(panic) = consumer.join() {
            std::panic::resume_unwind(panic);
        }
    });
    finished + done.count() == chunks.count()
}

/// Runs `paths` paths of one kernel and returns their records in path order.
///
/// The result is the same, bit for bit, on any number of threads.
pub fn escape_records(kernel: &dyn PathKernel, paths: u64, seed: Seed, limits: Limits<'_>) -> Vec<PathRecord> {
    let cell = Cell { kernel, source: StreamSource { seed, cell: 0 }, limits };
    let work = Chunks::new(vec![paths], Shard::WHOLE);
    let mut chunks: Vec<ChunkRecords> = Vec::new();
    let mut consumer = |chunk| {
        chunks.push(chunk);
        true
    };
    run_chunks(&[cell], &work, &Done::default(), &StopFlag::default(), ChunkRecords::clone, &mut consumer);
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
    use crate::scheme::{Euler, JumpAdapted, Outcome};
    use std::ops::Range;

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

    /// Tells which pool it runs in.
    struct PoolSize;

    impl PathKernel for PoolSize {
        fn run(&self, _: StreamSource, range: Range<u64>, _: Limits<'_>, records: &mut Vec<PathRecord>) {
            let at = rayon::current_num_threads() as f64;
            records.extend(range.map(|_| PathRecord { outcome: Outcome::Censored { at }, events: 1 }));
        }

        fn describe(&self) -> String {
            "the size of the pool".to_string()
        }
    }

    #[test]
    fn paths_run_in_the_pool_of_the_caller() {
        for threads in [1, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let records = pool.install(|| escape_records(&PoolSize, 5000, Seed(0), Limits::default()));
            let here = |r: &PathRecord| r.outcome == Outcome::Censored { at: threads as f64 };
            assert!(records.len() == 5000 && records.iter().all(here));
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
        let cell = Cell { kernel: &*kernel, source, limits: Limits::default() };
        let work = Chunks::new(vec![1_000_000], Shard::WHOLE);
        let stop = StopFlag::default();
        let mut seen = 0;
        let mut consumer = |chunk: ChunkRecords| {
            seen += chunk.records.len();
            stop.stop();
            true
        };
        let complete = run_chunks(&[cell], &work, &Done::default(), &stop, ChunkRecords::clone, &mut consumer);
        assert!(!complete && seen > 0 && seen < 100_000);
    }

    /// A path that would take hours is given up in the middle, by every scheme that steps.
    #[test]
    fn an_endless_path_is_abandoned() {
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 1e-9).unwrap();
        let problem = Problem::new(problem().basin().clone(), Dynamics::Sgd, noise).unwrap();
        let kernel = Euler::with_step(1e-9).unwrap().prepare(&problem).unwrap();
        let source = StreamSource { seed: Seed(1), cell: 0 };
        let cell = Cell { kernel: &*kernel, source, limits: Limits::default() };
        let work = Chunks::new(vec![1000], Shard::WHOLE);
        /// Gives up when nothing comes.
        struct Impatient;
        impl Consumer<ChunkRecords> for Impatient {
            fn chunk(&mut self, _: ChunkRecords) -> bool {
                panic!("an abandoned chunk was handed over")
            }
            fn idle(&mut self) -> bool {
                false
            }
        }
        assert!(!run_chunks(
            &[cell],
            &work,
            &Done::default(),
            &StopFlag::default(),
            ChunkRecords::clone,
            &mut Impatient
        ));
    }

    #[test]
    fn done_chunks_are_not_run() {
        let source = StreamSource { seed: Seed(1), cell: 0 };
        let cell = Cell { kernel: &PoolSize, source, limits: Limits::default() };
        let work = Chunks::new(vec![2000], Shard::WHOLE);
        let mut done = Done::default();
        [0, 1, 2, 5].into_iter().for_each(|number| done.insert(number));
        let mut seen = Vec::new();
        let mut consumer = |chunk: ChunkRecords| {
            seen.push(chunk.chunk.index);
            true
        };
        assert!(run_chunks(&[cell], &work, &done, &StopFlag::default(), ChunkRecords::clone, &mut consumer));
        seen.sort_unstable();
        assert_eq!(seen, [3, 4, 6, 7]);
    }
}
