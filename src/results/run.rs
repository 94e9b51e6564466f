//! Runs an experiment and stores its outcomes.

use std::sync::Mutex;

use rayon::prelude::*;
use thiserror::Error;

use super::work::Work;
use crate::engine::{Batch, BatchTime, Chunks, Consumer, Done, Simulation, run_chunks};
use crate::experiment::{CellPlan, Experiment};
use crate::scheme::{PathKernel, SchemeError, StopFlag, StreamSource};
use crate::store::{PackedBatch, Store, StoreError};

/// Progress of a run.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Finished paths.
    pub done: u64,
    /// Paths of the whole run.
    pub total: u64,
    /// Complete cells.
    pub cells_done: usize,
    /// Cells of the whole run.
    pub cells: usize,
    /// The cell of the last finished chunks.
    pub current: &'a CellPlan,
    /// What the finished chunks took.
    pub work: &'a Work,
}

/// Observes a run.
pub trait Observer: Send {
    /// Called after chunks of a cell were stored.
    fn progress(&mut self, progress: Progress<'_>);

    /// Whether to commit the stored chunks now. A commit takes a few milliseconds, so one every half second costs little. A kill then loses
    /// at most half a second plus the batches in flight.
    fn commit_due(&mut self) -> bool;
}

/// Why a run failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The scheme cannot integrate a cell.
    #[error("cell {cell} ({dynamics}, {basin}) cannot be run")]
    Scheme {
        /// Number of the cell.
        cell: u64,
        /// Its dynamics.
        dynamics: String,
        /// Its basin.
        basin: String,
        /// The reason.
        #[source]
        source: SchemeError,
    },
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An experiment with a kernel for every cell.
pub struct PreparedRun<'e> {
    experiment: &'e Experiment,
    kernels: Vec<Box<dyn PathKernel>>,
}

impl<'e> PreparedRun<'e> {
    /// Binds every scheme to its problem.
    ///
    /// # Errors
    /// [`RunError::Scheme`] if a scheme refuses a problem.
    pub fn new(experiment: &'e Experiment) -> Result<Self, RunError> {
        let prepare = |plan: &CellPlan| {
            plan.scheme.prepare(&plan.problem).map_err(|source| RunError::Scheme {
                cell: plan.index,
                dynamics: plan.dynamics.clone(),
                basin: plan.basin.clone(),
                source,
            })
        };
        let kernels = experiment.cells.par_iter().map(prepare).collect::<Result<_, _>>()?;
        Ok(PreparedRun { experiment, kernels })
    }

    /// The experiment.
    pub fn experiment(&self) -> &'e Experiment {
        self.experiment
    }

    /// The kernel of every cell, in the order of the plan.
    pub fn kernels(&self) -> &[Box<dyn PathKernel>] {
        &self.kernels
    }

    /// Runs the chunks that are not `done`, stores them and adds them to `done`. All chunks that finish before `stop` is set are committed.
    ///
    /// # Errors
    /// [`RunError::Store`] if the store cannot be written; it keeps the chunks that were committed.
    pub fn run(
        &self,
        store: &mut Store,
        chunks: &Chunks,
        done: &mut Done,
        stop: &StopFlag,
        observer: &mut dyn Observer,
    ) -> Result<(), RunError> {
        // In the order of the streams, which number the cells in the store.
        let mut cells: Vec<(u64, &CellPlan, &dyn PathKernel)> = (self.experiment.cells.iter().zip(&self.kernels))
            .map(|(plan, kernel)| (store.identity().stream(plan.index), plan, &**kernel))
            .collect();
        cells.sort_by_key(|(stream, ..)| *stream);
        let simulations: Vec<Simulation<'_>> = cells
            .iter()
            .map(|&(stream, plan, kernel)| Simulation {
                kernel,
                source: StreamSource { seed: self.experiment.seed, cell: stream },
                limits: plan.limits,
            })
            .collect();
        let plans = cells.iter().map(|(_, plan, _)| *plan).collect();
        let before = done.clone();
        let spare = Spare::default();
        let mut recorder = Recorder::new(plans, store, chunks, done, observer, &spare);
        let pack = |batch: &Batch| Finished { packed: PackedBatch::of(batch, spare.take()), time: batch.time };
        run_chunks(&simulations, chunks, &before, stop, pack, &mut recorder);
        recorder.commit();
        recorder.failure.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// The memory of stored batches, for later ones: freeing and allocating it again would cost as much as packing.
#[derive(Default)]
struct Spare(Mutex<Vec<Vec<u8>>>);

impl Spare {
    fn take(&self) -> Vec<u8> {
        self.0.lock().ok().and_then(|mut spare| spare.pop()).unwrap_or_default()
    }

    fn give(&self, bytes: Vec<u8>) {
        if let Ok(mut spare) = self.0.lock() {
            spare.push(bytes);
        }
    }
}

/// A batch to store, and what it took.
struct Finished {
    packed: PackedBatch,
    time: BatchTime,
}

/// Stores chunks as they finish.
struct Recorder<'r> {
    plans: Vec<&'r CellPlan>,
    store: &'r mut Store,
    chunks: &'r Chunks,
    done: &'r mut Done,
    observer: &'r mut dyn Observer,
    /// Number of missing chunks of every cell.
    open: Vec<u64>,
    cells_done: usize,
    paths_done: u64,
    total: u64,
    work: Work,
    /// Batches to be stored together, up to `most`: SQLite and the system then load their data into the processor's cache only once.
    waiting: Vec<PackedBatch>,
    most: usize,
    spare: &'r Spare,
    failure: Option<StoreError>,
}

impl<'r> Recorder<'r> {
    fn new(
        plans: Vec<&'r CellPlan>,
        store: &'r mut Store,
        chunks: &'r Chunks,
        done: &'r mut Done,
        observer: &'r mut dyn Observer,
        spare: &'r Spare,
    ) -> Self {
        let open: Vec<u64> = (0..plans.len()).map(|cell| done.open_in(chunks.of_cell(cell))).collect();
        let cells_done = open.iter().filter(|n| **n == 0).count();
        let total = chunks.paths();
        let missing = chunks.paths_of(done.gaps(chunks.count()));
        let paths_done = total - missing;
        let shares = (0..plans.len()).map(|cell| {
            let (paths, numbers) = (chunks.paths_of_cell(cell) as f64, chunks.of_cell(cell));
            let left = paths * open[cell] as f64 / (numbers.end - numbers.start).max(1) as f64;
            [paths - left, left]
        });
        let work = Work::new(shares);
        let most = 8.max(2 * rayon::current_num_threads());
        let (waiting, failure) = (Vec::with_capacity(most), None);
        Recorder {
            plans,
            store,
            chunks,
            done,
            observer,
            open,
            cells_done,
            paths_done,
            total,
            work,
            waiting,
            most,
            spare,
            failure,
        }
    }

    fn commit(&mut self) -> bool {
        if self.put() {
            self.failure = self.store.commit().err();
        }
        self.failure.is_none()
    }

    fn put(&mut self) -> bool {
        // In ascending order, since a row before existing ones splits a page.
        self.waiting.sort_unstable_by_key(|batch| (batch.cell(), batch.index()));
        if self.failure.is_none() && !self.waiting.is_empty() {
            self.failure = self.store.put(&self.waiting).err();
        }
        if self.failure.is_some() {
            return false;
        }
        for batch in self.waiting.drain(..) {
            let cell = batch.cell() as usize;
            if let Some(number) = self.chunks.number(cell, batch.index()) {
                (number..number + batch.chunks()).for_each(|number| self.done.insert(number));
            }
            self.open[cell] -= batch.chunks();
            self.cells_done += usize::from(self.open[cell] == 0);
            self.paths_done += batch.paths();
            self.spare.give(batch.into_bytes());
            self.observer.progress(Progress {
                done: self.paths_done,
                total: self.total,
                cells_done: self.cells_done,
                cells: self.plans.len(),
                current: self.plans[cell],
                work: &self.work,
            });
        }
        true
    }
}

impl Consumer<Finished> for Recorder<'_> {
    fn batch(&mut self, batch: Finished) -> bool {
        self.work.add(batch.packed.cell() as usize, batch.packed.paths(), batch.time);
        self.waiting.push(batch.packed);
        if self.observer.commit_due() { self.commit() } else { self.waiting.len() < self.most || self.put() }
    }

    fn idle(&mut self) -> bool {
        self.commit()
    }
}
