//! Runs an experiment and hands its results over cell by cell.

use rayon::prelude::*;
use thiserror::Error;

use super::{CellPlan, CellResult, Experiment};
use crate::engine::{Cell, ChunkRecords, StopFlag, run_chunks};
use crate::exit::ExitError;
use crate::scheme::{PathKernel, PathRecord, SchemeError, StreamSource};
use crate::theory::exact_exit;

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Paths that have ended.
    pub done: u64,
    /// Paths of the whole run.
    pub total: u64,
    /// Cells that are complete.
    pub cells_done: usize,
    /// Cells of the whole run.
    pub cells: usize,
    /// The cell whose chunk came last.
    pub current: &'a CellPlan,
}

/// Takes what a run gives.
pub trait Observer: Send {
    /// Called once a chunk.
    fn progress(&mut self, progress: Progress<'_>);

    /// Called once a cell, in the order of the plan, with the records of its paths. On a run that was stopped the last cells
    /// may hold fewer paths than planned: always the first ones, so that nothing is biased.
    ///
    /// # Errors
    /// An error stops the run and is returned by it.
    fn cell(&mut self, result: CellResult, records: &[PathRecord]) -> std::io::Result<()>;
}

/// Why a run failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// A scheme cannot integrate a cell.
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
    /// A statistic failed.
    #[error("the sample of cell {cell} is not one of exit times")]
    Sample {
        /// Number of the cell.
        cell: u64,
        /// The reason.
        #[source]
        source: ExitError,
    },
    /// The results could not be written.
    #[error("the results could not be written")]
    Write(#[source] std::io::Error),
}

/// An experiment with a kernel for every cell.
pub struct PreparedRun<'e> {
    experiment: &'e Experiment,
    kernels: Vec<Box<dyn PathKernel>>,
    exact_means: Vec<Option<f64>>,
    paths: u64,
}

impl<'e> PreparedRun<'e> {
    /// Binds every scheme to its problem, for `paths` paths a cell, and solves exactly what can be.
    ///
    /// # Errors
    /// [`RunError::Scheme`] if a scheme refuses a problem.
    pub fn new(experiment: &'e Experiment, paths: u64) -> Result<Self, RunError> {
        let prepare = |plan: &CellPlan| {
            plan.scheme.prepare(&plan.problem).map_err(|source| RunError::Scheme {
                cell: plan.index,
                dynamics: plan.dynamics.clone(),
                basin: plan.basin.clone(),
                source,
            })
        };
        let kernels = experiment.cells.par_iter().map(prepare).collect::<Result<_, _>>()?;
        let exact = |plan: &CellPlan| exact_exit(&plan.problem)?.mean(plan.problem.basin().start()[0]).ok();
        let exact_means = experiment.cells.par_iter().map(exact).collect();
        Ok(PreparedRun { experiment, kernels, exact_means, paths })
    }

    /// The kernel of every cell, in the order of the plan.
    pub fn kernels(&self) -> &[Box<dyn PathKernel>] {
        &self.kernels
    }

    /// Runs everything; returns whether it was completed before the flag was set.
    ///
    /// # Errors
    /// [`RunError::Write`] with the observer's error.
    pub fn run(&self, stop: &StopFlag, observer: &mut dyn Observer) -> Result<bool, RunError> {
        let plans = &self.experiment.cells;
        let cells: Vec<Cell<'_>> = plans
            .iter()
            .zip(&self.kernels)
            .map(|(plan, kernel)| Cell {
                kernel: &**kernel,
                source: StreamSource { seed: self.experiment.seed, cell: plan.index },
                limits: plan.limits,
                paths: self.paths,
            })
            .collect();
        let mut pending = Pending { run: self, plans, open: vec![Vec::new(); plans.len()], next: 0 };
        let (mut done, mut failure) = (0, None);
        let complete = run_chunks(&cells, stop, |chunk| {
            let cell = chunk.chunk.cell;
            done += chunk.records.len() as u64;
            pending.open[cell].push(chunk);
            if let Err(error) = pending.hand_over(observer, false) {
                failure = Some(error);
                return false;
            }
            observer.progress(Progress {
                done,
                total: self.paths * plans.len() as u64,
                cells_done: pending.next,
                cells: plans.len(),
                current: &plans[cell],
            });
            true
        });
        if let Some(error) = failure {
            return Err(error);
        }
        if !complete {
            pending.hand_over(observer, true)?;
        }
        Ok(complete)
    }
}

/// Chunks of the cells that are not complete yet.
struct Pending<'p> {
    run: &'p PreparedRun<'p>,
    plans: &'p [CellPlan],
    open: Vec<Vec<ChunkRecords>>,
    next: usize,
}

impl Pending<'_> {
    /// Hands over, in order, the cells that are complete; with `partial`, whatever there is.
    fn hand_over(&mut self, observer: &mut dyn Observer, partial: bool) -> Result<(), RunError> {
        while let Some(chunks) = self.open.get_mut(self.next) {
            let held: u64 = chunks.iter().map(|c| c.records.len() as u64).sum();
            if held < self.run.paths && !(partial && held > 0) {
                if partial {
                    self.next += 1;
                    continue;
                }
                return Ok(());
            }
            let mut chunks = std::mem::take(chunks);
            chunks.sort_by_key(|c| c.chunk.paths.start);
            let records: Vec<PathRecord> = chunks.into_iter().flat_map(|c| c.records).collect();
            let plan = self.plans[self.next].clone();
            let index = plan.index;
            let exact_mean = self.run.exact_means[self.next];
            let result = CellResult::new(plan, &records, exact_mean)
                .map_err(|source| RunError::Sample { cell: index, source })?;
            observer.cell(result, &records).map_err(RunError::Write)?;
            self.next += 1;
        }
        Ok(())
    }
}
