//! The threads run chunks, and a consumer takes the records.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use super::thread_clock::ThreadClock;
use super::{Chunk, Chunks, Done, SIZES, Shard};
use crate::dynamics::Problem;
use crate::noise::Seed;
use crate::scheme::{
    Limits, MeanPosition, Occupancy, OccupancyCounts, PathKernel, PathRecord, PositionSums, Scheme, SchemeError,
    StopFlag, StreamSource,
};

/// Idle time before [`Consumer::idle`] is called.
const IDLE: Duration = Duration::from_millis(500);
/// Interval at which the consumer looks for batches. Waking it for each batch would cost more than storing one.
const PAUSE: Duration = Duration::from_millis(2);
/// Largest number of finished batches that wait for the consumer: per thread, and of all threads (80 MB of packed batches).
const WAITING: [usize; 2] = [64, 1024];
/// Target duration of a batch: the per-batch overhead becomes negligible.
const BATCH_TIME: Duration = Duration::from_millis(1);

/// `2^64` over the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// No path is censored.
const UNLIMITED: Limits<'static> = Limits { max_time: f64::INFINITY, max_events: u64::MAX, stop: None };

/// A kernel with its random streams and limits: everything that determines the records of its paths.
pub struct Simulation<'a> {
    /// The scheme bound to its problem.
    pub kernel: &'a dyn PathKernel,
    /// The random streams: seed and number of the cell.
    pub source: StreamSource,
    /// Time and events after which a path is censored.
    pub limits: Limits<'a>,
}

/// Consecutive chunks of one cell and their records.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The chunks, in order.
    pub chunks: Vec<Chunk>,
    /// One record per path, in the order of chunks and paths.
    pub records: Vec<PathRecord>,
    /// What the kernel counted, as many bytes for every chunk; empty for a kernel that does not count.
    pub counts: Vec<u8>,
    /// What it took.
    pub time: BatchTime,
}

/// What a batch took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BatchTime {
    /// Processor time of its thread in seconds.
    pub seconds: f64,
    /// Whether it was the first of its thread, which may have built tables for all.
    pub is_first: bool,
}

impl Batch {
    /// Each chunk with its records.
    pub fn iter(&self) -> impl Iterator<Item = (&Chunk, &[PathRecord])> {
        let mut rest = &self.records[..];
        self.chunks.iter().map(move |chunk| {
            let (records, after) = rest.split_at((chunk.paths.end - chunk.paths.start) as usize);
            rest = after;
            (chunk, records)
        })
    }

    /// What the kernel counted in chunk `number` of the batch.
    pub fn counts(&self, number: usize) -> &[u8] {
        let length = self.counts.len() / self.chunks.len().max(1);
        &self.counts[number * length..(number + 1) * length]
    }

    /// Runs the chunks. The records are meaningless if `stop` abandons the run.
    pub fn run(&mut self, simulation: &Simulation<'_>, stop: &StopFlag) {
        self.records.clear();
        self.counts.clear();
        let limits = Limits { stop: Some(stop), ..simulation.limits };
        if let Some(kernel) = simulation.kernel.counting() {
            for chunk in &self.chunks {
                let paths = chunk.paths.clone();
                kernel.run_and_count(simulation.source, paths, limits, &mut self.records, &mut self.counts);
            }
            return;
        }
        // A kernel runs consecutive paths. The chunks of one shard of several are not consecutive.
        for together in self.chunks.chunk_by(|a, b| a.paths.end == b.paths.start) {
            let paths = together[0].paths.start..together[together.len() - 1].paths.end;
            simulation.kernel.run(simulation.source, paths, limits, &mut self.records);
        }
    }
}

/// The unfinished chunks: the first one of every cell, in an order that spreads over the sweep, then the others in order.
struct Queue<'q> {
    chunks: &'q Chunks,
    firsts: Vec<u64>,
    first: AtomicUsize,
    /// The finished chunks and `firsts`.
    done: Done,
    next: AtomicU64,
}

impl<'q> Queue<'q> {
    fn new(chunks: &'q Chunks, done: &Done, cells: usize) -> Self {
        let first =
            |cell| Some(done.next_open(chunks.of_cell(cell).start)).filter(|n| chunks.of_cell(cell).contains(n));
        let mut firsts: Vec<(usize, u64)> = (0..cells).filter_map(|cell| Some((cell, first(cell)?))).collect();
        // Spread over the sweep by the golden ratio, so that the cells up to any time represent it.
        firsts.sort_by_key(|(cell, _)| (*cell as u64).wrapping_mul(GOLDEN));
        let firsts: Vec<u64> = firsts.into_iter().map(|(_, number)| number).collect();
        let mut done = done.clone();
        firsts.iter().for_each(|number| done.insert(*number));
        Queue { chunks, firsts, first: AtomicUsize::new(0), done, next: AtomicU64::new(0) }
    }

    /// Takes the first chunk of a cell; then up to `most` chunks of `cell`, or one chunk of the next cell; empty if none is left.
    fn take(&self, most: u64, cell: usize) -> Vec<Chunk> {
        if self.first.load(Ordering::Relaxed) < self.firsts.len()
            && let Some(number) = self.firsts.get(self.first.fetch_add(1, Ordering::Relaxed))
        {
            return self.chunks.batch(*number, 1);
        }
        let mut next = self.next.load(Ordering::Relaxed);
        loop {
            let open = self.done.gap(next);
            let mut batch = self.chunks.batch(open.start, most.min(open.end - open.start));
            if batch.first().is_some_and(|first| first.cell != cell) {
                batch.truncate(1);
            }
            let after = open.start + batch.len() as u64;
            match self.next.compare_exchange_weak(next, after, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return batch,
                Err(other) => next = other,
            }
        }
    }
}

/// Receives the results of a run, on its own thread.
pub trait Consumer<T>: Send {
    /// Called for every batch, in the order in which they finish, with its result; `false` stops the run.
    fn batch(&mut self, result: T) -> bool;

    /// Called after half a second without a finished batch; `false` stops the run.
    fn idle(&mut self) -> bool {
        true
    }
}

impl<T, F: FnMut(T) -> bool + Send> Consumer<T> for F {
    fn batch(&mut self, result: T) -> bool {
        self(result)
    }
}

/// Runs the chunks that are not `done` on the threads of the current Rayon pool; `simulations` has one entry per cell. A batch is one
/// chunk, or as many as take about a millisecond. Its thread calls `process`, whose result goes to the consumer.
///
/// The first missing chunk of every cell is taken before all others, so that the cost of every cell is known early. The others follow in order,
/// cell after cell. If `stop` abandons the run, the current batches are dropped. Returns whether all chunks are finished.
pub fn run_chunks<T: Send>(
    simulations: &[Simulation<'_>],
    chunks: &Chunks,
    done: &Done,
    stop: &StopFlag,
    process: impl Fn(&Batch) -> T + Sync,
    consumer: &mut dyn Consumer<T>,
) -> bool {
    let queue = Queue::new(chunks, done, simulations.len());
    let threads = rayon::current_num_threads();
    let (sender, receiver) = mpsc::sync_channel((WAITING[0] * threads).min(WAITING[1]));
    let worker = |sender: mpsc::SyncSender<(u64, T)>| {
        let (mut batch, mut is_first) = (Batch::default(), true);
        // The batch size for the cell of the last batch. Another cell may take longer.
        let (mut most, mut cell) = (1, 0);
        while !stop.is_set() {
            batch.chunks = queue.take(most, cell);
            let Some(first) = batch.chunks.first() else { return };
            cell = first.cell;
            let (begun, clock) = (Instant::now(), ThreadClock::start());
            batch.run(&simulations[cell], stop);
            if stop.is_abandoned() {
                return;
            }
            batch.time = BatchTime { seconds: clock.elapsed().as_secs_f64(), is_first };
            is_first = false;
            let (count, elapsed) = (batch.chunks.len() as u64, begun.elapsed());
            let fitting = count as f64 * BATCH_TIME.div_duration_f64(elapsed);
            most = SIZES.into_iter().rfind(|size| *size as f64 <= fitting).unwrap_or(1);
            if sender.send((count, process(&batch))).is_err() {
                return;
            }
        }
    };
    let mut finished = 0;
    // The consumer may block on a disk or a terminal, so it must not occupy a thread of the pool. Only the thread of the caller is in the
    // caller's pool.
    thread::scope(|scope| {
        let consumer = scope.spawn(|| {
            let mut quiet = Duration::ZERO;
            loop {
                let continues = match receiver.try_recv() {
                    Ok((chunks, result)) => {
                        (finished, quiet) = (finished + chunks, Duration::ZERO);
                        consumer.batch(result)
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
                if !continues {
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

/// Records of `paths` paths of a problem, in path order: outcome, exit site, and events. No path is censored.
///
/// The result is the same, bit for bit, on any number of threads.
///
/// # Errors
/// [`SchemeError`] if the scheme cannot integrate the problem.
pub fn escape_records(
    problem: &Problem,
    scheme: &dyn Scheme,
    paths: u64,
    seed: Seed,
) -> Result<Vec<PathRecord>, SchemeError> {
    escape_records_within(problem, scheme, paths, seed, UNLIMITED)
}

/// [`escape_records`] with paths censored at `limits`.
///
/// # Errors
/// [`SchemeError`] if the scheme cannot integrate the problem.
pub fn escape_records_within(
    problem: &Problem,
    scheme: &dyn Scheme,
    paths: u64,
    seed: Seed,
    limits: Limits<'_>,
) -> Result<Vec<PathRecord>, SchemeError> {
    Ok(kernel_records(&*scheme.prepare(problem)?, paths, seed, limits))
}

/// Exit times of `paths` paths of a problem, in path order. No path is censored.
///
/// # Errors
/// [`SchemeError`] if the scheme cannot integrate the problem, or if a path diverges: a mean over the others would be biased.
pub fn escape_times(problem: &Problem, scheme: &dyn Scheme, paths: u64, seed: Seed) -> Result<Vec<f64>, SchemeError> {
    let records = escape_records(problem, scheme, paths, seed)?;
    records.iter().map(|r| r.outcome.exit_time().ok_or(SchemeError::Diverged)).collect()
}

/// [`escape_records_within`] for a scheme that is already bound to its problem, so that one kernel can run many samples.
pub fn kernel_records(kernel: &dyn PathKernel, paths: u64, seed: Seed, limits: Limits<'_>) -> Vec<PathRecord> {
    kernel_batches(kernel, paths, seed, limits).into_iter().flat_map(|batch| batch.records).collect()
}

/// Which wells hold `paths` paths of a problem, whose basin gives the landscape, and their transitions.
///
/// The result is the same, bit for bit, on any number of threads.
///
/// # Errors
/// [`SchemeError`] if the wells have another dimension than the problem, or if Adam's second moment is sampled.
pub fn occupancy(
    problem: &Problem,
    settings: &Occupancy,
    paths: u64,
    seed: Seed,
) -> Result<OccupancyCounts, SchemeError> {
    let (times, wells) = (settings.times().len(), settings.wells().count());
    let mut counts = OccupancyCounts::new(times, wells);
    for batch in kernel_batches(&*settings.prepare(problem)?, paths, seed, UNLIMITED) {
        for (number, chunk) in batch.chunks.iter().enumerate() {
            let paths = chunk.paths.end - chunk.paths.start;
            let chunk = OccupancyCounts::decode(batch.counts(number), paths, times, wells);
            counts.merge(&chunk.unwrap_or_else(|| unreachable!("a kernel writes what it reads")));
        }
    }
    Ok(counts)
}

/// Sums of the mean positions of `paths` paths around the minimum of a problem.
///
/// The result is the same, bit for bit, on any number of threads.
///
/// # Errors
/// [`SchemeError`] if paths of the problem have no mean position.
pub fn mean_position(
    problem: &Problem,
    settings: &MeanPosition,
    paths: u64,
    seed: Seed,
) -> Result<PositionSums, SchemeError> {
    let clips = settings.clips(problem)?;
    let mut sums = PositionSums::new(clips.clone());
    for batch in kernel_batches(&*settings.prepare(problem)?, paths, seed, UNLIMITED) {
        for (number, chunk) in batch.chunks.iter().enumerate() {
            let chunk = PositionSums::decode(batch.counts(number), chunk.paths.end - chunk.paths.start, &clips);
            sums.merge(&chunk.unwrap_or_else(|| unreachable!("a kernel writes what it reads")));
        }
    }
    Ok(sums)
}

/// All batches of a kernel, in path order.
fn kernel_batches(kernel: &dyn PathKernel, paths: u64, seed: Seed, limits: Limits<'_>) -> Vec<Batch> {
    let simulation = Simulation { kernel, source: StreamSource { seed, cell: 0 }, limits };
    let work = Chunks::new(vec![paths], Shard::WHOLE);
    let mut batches: Vec<Batch> = Vec::new();
    let mut consumer = |batch| {
        batches.push(batch);
        true
    };
    run_chunks(&[simulation], &work, &Done::default(), &StopFlag::default(), Batch::clone, &mut consumer);
    batches.sort_by_key(|batch| batch.chunks[0].index);
    batches
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

    /// The first missing chunk of every cell comes before the others, and each chunk once.
    #[test]
    fn every_cell_is_begun_before_one_is_finished() {
        let chunks = Chunks::new(vec![600, 0, 256, 1000, 100], Shard::WHOLE);
        let mut done = Done::default();
        [0, 4].into_iter().for_each(|number| done.insert(number));
        let queue = Queue::new(&chunks, &done, 5);
        let taken: Vec<Vec<Chunk>> = (0..).map(|_| queue.take(27, 3)).take_while(|batch| !batch.is_empty()).collect();
        let places: Vec<Vec<(usize, u64)>> =
            taken.iter().map(|batch| batch.iter().map(|chunk| (chunk.cell, chunk.index)).collect()).collect();
        let mut firsts = places[..4].concat();
        firsts.sort_unstable();
        assert_eq!(firsts, [(0, 1), (2, 0), (3, 1), (4, 0)]);
        assert_eq!(places[4..], [vec![(0, 2)], vec![(3, 2)], vec![(3, 3)]]);
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

    /// Records the size of the pool in which it runs.
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
            let records = pool.install(|| kernel_records(&PoolSize, 5000, Seed(0), Limits::default()));
            let here = |r: &PathRecord| r.outcome == Outcome::Censored { at: threads as f64 };
            assert!(records.len() == 5000 && records.iter().all(here));
        }
    }

    #[test]
    fn a_time_limit_censors_and_does_not_redraw() {
        let limits = Limits { max_time: 2.0, ..Limits::default() };
        for scheme in [&JumpAdapted::default() as &dyn Scheme, &Euler::default()] {
            let kernel = scheme.prepare(&problem()).unwrap();
            let free = kernel_records(&*kernel, 400, Seed(2), Limits::default());
            let limited = kernel_records(&*kernel, 400, Seed(2), limits);
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
        let simulation = Simulation { kernel: &*kernel, source, limits: Limits::default() };
        let work = Chunks::new(vec![1_000_000], Shard::WHOLE);
        let stop = StopFlag::default();
        let mut seen = 0;
        let mut consumer = |batch: Batch| {
            seen += batch.records.len();
            stop.stop();
            true
        };
        let complete = run_chunks(&[simulation], &work, &Done::default(), &stop, Batch::clone, &mut consumer);
        assert!(!complete && seen > 0 && seen < 100_000);
    }

    /// A path that would take hours is abandoned between its steps.
    #[test]
    fn an_endless_path_is_abandoned() {
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 1e-9).unwrap();
        let problem = Problem::new(problem().basin().clone(), Dynamics::Sgd, noise).unwrap();
        let kernel = Euler::with_step(1e-9).unwrap().prepare(&problem).unwrap();
        let source = StreamSource { seed: Seed(1), cell: 0 };
        let simulation = Simulation { kernel: &*kernel, source, limits: Limits::default() };
        let work = Chunks::new(vec![1000], Shard::WHOLE);
        /// Stops the run at the first idle call.
        struct Impatient;
        impl Consumer<Batch> for Impatient {
            fn batch(&mut self, _: Batch) -> bool {
                panic!("an abandoned batch was handed over")
            }
            fn idle(&mut self) -> bool {
                false
            }
        }
        assert!(!run_chunks(
            &[simulation],
            &work,
            &Done::default(),
            &StopFlag::default(),
            Batch::clone,
            &mut Impatient
        ));
    }

    /// Batches of a cheap kernel have many chunks, those of an expensive one a single chunk, and every chunk is run once.
    #[test]
    fn batches_of_a_cheap_kernel_have_many_chunks() {
        /// Takes the given time per path.
        struct Slow(Duration);
        impl PathKernel for Slow {
            fn run(&self, _: StreamSource, range: Range<u64>, _: Limits<'_>, records: &mut Vec<PathRecord>) {
                thread::sleep(self.0 * (range.end - range.start) as u32);
                records.extend(range.map(|n| PathRecord { outcome: Outcome::Censored { at: n as f64 }, events: n }));
            }

            fn describe(&self) -> String {
                "a delay".to_string()
            }
        }
        let (cheap, expensive) = (Slow(Duration::ZERO), Slow(Duration::from_micros(20)));
        let source = StreamSource { seed: Seed(1), cell: 0 };
        let simulations = [&cheap, &expensive].map(|kernel| Simulation { kernel, source, limits: Limits::default() });
        for shard in [Shard::WHOLE, Shard::new(2, 3).unwrap()] {
            let work = Chunks::new(vec![100_000, 3000], shard);
            let (mut seen, mut largest) = (Vec::new(), [0; 2]);
            let mut consumer = |batch: Batch| {
                largest[batch.chunks[0].cell] = largest[batch.chunks[0].cell].max(batch.chunks.len());
                for (chunk, records) in batch.iter() {
                    assert!(records.iter().map(|record| record.events).eq(chunk.paths.clone()));
                    seen.push(work.number(chunk.cell, chunk.index).unwrap());
                }
                true
            };
            let none = Done::default();
            assert!(run_chunks(&simulations, &work, &none, &StopFlag::default(), Batch::clone, &mut consumer));
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..work.count()));
            assert!(largest[0] > 1 && largest[1] == 1, "{largest:?}");
        }
    }

    #[test]
    fn done_chunks_are_not_run() {
        let source = StreamSource { seed: Seed(1), cell: 0 };
        let simulation = Simulation { kernel: &PoolSize, source, limits: Limits::default() };
        let work = Chunks::new(vec![2000], Shard::WHOLE);
        let mut done = Done::default();
        [0, 1, 2, 5].into_iter().for_each(|number| done.insert(number));
        let mut seen = Vec::new();
        let mut consumer = |batch: Batch| {
            seen.extend(batch.chunks.iter().map(|chunk| chunk.index));
            true
        };
        assert!(run_chunks(&[simulation], &work, &done, &StopFlag::default(), Batch::clone, &mut consumer));
        seen.sort_unstable();
        assert_eq!(seen, [3, 4, 6, 7]);
    }
}
