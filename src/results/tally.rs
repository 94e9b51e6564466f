//! Accumulates the paths of one cell on all threads.
//!
//! Sums are taken chunk by chunk and added in path order, so that no digit depends on the threads or on the rows of the store. Counts are
//! added in any order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::escapes::Block;
use crate::engine::CHUNK;
use crate::exit::{ExitError, ExitMoments, ExitSample, KolmogorovBins};
use crate::experiment::{CellPlan, EscapesFormat};
use crate::scheme::{Departure, ExitSite, Outcome, Side};
use crate::store::ChunkOutcomes;

/// Number of exits by a jump along one noise axis, in its negative and positive direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AxisCount {
    /// Exits in the negative direction.
    pub minus: u64,
    /// Exits in the positive direction.
    pub plus: u64,
}

/// Exits of a cell in one dimension that are kept for a figure.
const MOST_EXITS: usize = 100;
/// Most counts of all threads together, 128 MB. Threads share them if they would need more.
const MOST_COUNTS: usize = 1 << 24;

/// The times of some paths in the order in which they were added.
#[derive(Clone, Debug, Default)]
struct Times {
    exits: Vec<f64>,
    censorings: Vec<f64>,
    diverged: usize,
}

impl Times {
    fn push(&mut self, outcome: &Outcome) {
        match *outcome {
            Outcome::Exited { time, .. } => self.exits.push(time),
            Outcome::Censored { at } => self.censorings.push(at),
            Outcome::Diverged { .. } => self.diverged += 1,
        }
    }

    /// Moves all of `other` here.
    fn append(&mut self, other: &mut Times) {
        self.exits.append(&mut other.exits);
        self.censorings.append(&mut other.censorings);
        self.diverged += std::mem::take(&mut other.diverged);
    }

    fn paths(&self) -> usize {
        self.exits.len() + self.censorings.len() + self.diverged
    }
}

/// Accumulates the rows of one cell in order. Only the times of the first paths are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub moments: ExitMoments,
    pub events: u64,
    pub axes: Vec<AxisCount>,
    pub landings: Vec<u64>,
    pub exits: Vec<ExitSite>,
    first: Times,
}

impl Tally {
    /// Adds the next row, which is then empty.
    pub fn add(&mut self, row: &mut RowTally) -> Result<(), ExitError> {
        if let Some(error) = row.failure.take() {
            return Err(error);
        }
        row.moments.drain(..).for_each(|moments| self.moments.merge(&moments));
        self.events = self.events.saturating_add(std::mem::take(&mut row.events));
        self.first.append(&mut row.first);
        let room = MOST_EXITS - self.exits.len();
        self.exits.extend(row.exits.drain(..).take(room));
        Ok(())
    }

    /// Whether enough exits are kept.
    pub fn has_exits(&self) -> bool {
        self.exits.len() == MOST_EXITS
    }

    /// The sample of the kept paths, and whether they are all paths.
    pub fn sample(&mut self) -> Result<(ExitSample, bool), ExitError> {
        let first = std::mem::take(&mut self.first);
        let all = first.paths() == self.moments.paths();
        Ok((ExitSample::new(first.exits, first.censorings, first.diverged)?, all))
    }
}

/// What one thread has made of a row.
#[derive(Default)]
pub(super) struct RowTally {
    /// Those of every chunk.
    moments: Vec<ExitMoments>,
    events: u64,
    first: Times,
    exits: Vec<ExitSite>,
    failure: Option<ExitError>,
    /// Its part of the table of all paths.
    pub block: Block,
}

/// Counts that do not depend on the order of the paths.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    /// Exits by a jump in the negative and the positive direction of every axis.
    axes: Vec<[u64; 2]>,
    landings: Vec<u64>,
    bins: Option<KolmogorovBins>,
}

impl Counts {
    fn add(&mut self, outcomes: &[Outcome], times: &[f64]) {
        for site in outcomes.iter().filter_map(Outcome::site) {
            if site.by == Departure::Jump {
                // Without a branch, which no processor could foresee.
                self.axes[site.axis as usize][usize::from(site.side == Side::Plus)] += 1;
            }
            if let Some(well) = site.landed
                && let Some(count) = self.landings.get_mut(usize::from(well.get()) - 1)
            {
                *count += 1;
            }
        }
        if let Some(bins) = &mut self.bins {
            bins.count(times);
        }
    }

    fn merge(&mut self, other: &Counts) {
        let sides = self.axes.as_flattened_mut().iter_mut().zip(other.axes.as_flattened());
        sides.for_each(|(count, more)| *count += more);
        self.landings.iter_mut().zip(&other.landings).for_each(|(count, more)| *count += more);
        if let (Some(bins), Some(more)) = (&mut self.bins, &other.bins) {
            bins.merge(more);
        }
    }
}

/// Makes a [`RowTally`] of every row of a cell, on any thread.
pub(super) struct Counter {
    cell: u64,
    one_axis: bool,
    most: u64,
    format: EscapesFormat,
    counts: Vec<Mutex<Counts>>,
    has_exits: AtomicBool,
}

impl Counter {
    /// Of the first `most` paths the times are kept; `format` is that of the table of all paths.
    pub fn new(plan: &CellPlan, most: usize, bins: Option<KolmogorovBins>, format: EscapesFormat) -> Self {
        let basin = plan.problem.basin();
        let (dim, wells) = (basin.dim(), basin.well_count());
        let words = 2 * dim + wells + bins.as_ref().map_or(0, KolmogorovBins::bins);
        let copies = (MOST_COUNTS / words.max(1)).clamp(1, rayon::current_num_threads());
        let counts = Counts { axes: vec![[0; 2]; dim], landings: vec![0; wells], bins };
        Counter {
            cell: plan.index,
            one_axis: dim == 1,
            most: most as u64,
            format,
            counts: vec![counts; copies].into_iter().map(Mutex::new).collect(),
            has_exits: AtomicBool::new(false),
        }
    }

    /// Adds a chunk to its row; `false` after an error.
    pub fn add(&self, chunk: &ChunkOutcomes, row: &mut RowTally) -> bool {
        let (outcomes, first) = (&chunk.outcomes, chunk.index * CHUNK);
        match ExitMoments::of(outcomes) {
            Ok(moments) => row.moments.push(moments),
            Err(error) => {
                row.failure = Some(error);
                return false;
            }
        }
        row.events = row.events.saturating_add(chunk.events);
        let room = self.most.saturating_sub(first).min(CHUNK) as usize;
        outcomes.iter().take(room).for_each(|outcome| row.first.push(outcome));
        if self.one_axis && row.exits.len() < MOST_EXITS && !self.has_exits.load(Ordering::Relaxed) {
            row.exits.extend(outcomes.iter().filter_map(Outcome::site));
        }
        let mut times = [0.0; CHUNK as usize];
        self.counts().add(outcomes, exit_times(outcomes, &mut times));
        row.block.add(self.format, self.cell, first, outcomes);
        true
    }

    /// Says that enough exits are kept.
    pub fn end_exits(&self) {
        self.has_exits.store(true, Ordering::Relaxed);
    }

    /// Counts that no other thread uses at the time.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        let begin = rayon::current_thread_index().unwrap_or(0) % self.counts.len();
        let (before, from) = self.counts.split_at(begin);
        let free = from.iter().chain(before).find_map(|counts| counts.try_lock().ok());
        free.unwrap_or_else(|| self.counts[begin].lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds all counts to the tally, and returns the bins.
    pub fn finish(self, tally: &mut Tally) -> Option<KolmogorovBins> {
        let mut all = self.counts.into_iter().map(|counts| counts.into_inner().unwrap_or_else(PoisonError::into_inner));
        let mut sum = all.next()?;
        all.for_each(|counts| sum.merge(&counts));
        tally.axes = sum.axes.iter().map(|[minus, plus]| AxisCount { minus: *minus, plus: *plus }).collect();
        tally.landings = sum.landings;
        sum.bins
    }
}

/// The exit times among the outcomes of a chunk, in the memory of `times`.
pub(super) fn exit_times<'t>(outcomes: &[Outcome], times: &'t mut [f64; CHUNK as usize]) -> &'t [f64] {
    let mut count = 0;
    for (place, time) in times.iter_mut().zip(outcomes.iter().filter_map(Outcome::exit_time)) {
        (*place, count) = (time, count + 1);
    }
    &times[..count]
}
