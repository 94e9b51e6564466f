//! Renders the tables from the store, in path order.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::cell::{CellResult, summary_columns};
use super::check::check_means;
use super::escapes::Escapes;
use super::median::time_of_rank;
use super::passes::Pass;
use super::run::PreparedRun;
use super::studies::comparison::{COMPARISON_COLUMNS, Pair};
use super::studies::hitting::{HITTING_COLUMNS, Hitting};
use super::studies::landings::{LANDING_COLUMNS, Landings};
use super::table::{TableError, TableFile, write_table};
use super::tally::{Counter, RowTally, Tally, exit_times};
use super::trajectories::{TRAJECTORIES, follow_paths, write_trajectories};
use crate::engine::{CHUNK, Chunks, Done};
use crate::exit::{BinnedTest, Confidence, KolmogorovBins, Select, SurvivalCurve, kolmogorov_test};
use crate::experiment::{CellPlan, EscapesFormat, swept_parameters};
use crate::scheme::{Occupancy, OccupancyCounts, PositionSums};
use crate::store::{Store, StoreError};
use crate::theory::{Prediction, exact_exit, lambda_mean_second_order};
use rayon::prelude::*;

/// Exit times kept for figures, over all cells: 32 MB. A printed curve does not show more.
const HELD: usize = 4 << 20;
/// Bounds of the exit times kept for one cell.
const HELD_PER_CELL: [usize; 2] = [2_000, 1 << 20];
/// Exit times that are sorted at once, 64 MB. A cell of which more have to be sorted is read several times.
const ROOM: usize = 8 << 20;

/// Largest number of paths in memory while a run is rendered, for the tables and the figures.
pub fn paths_held(cells: usize, paths: u64) -> u64 {
    let of_cell = (held_per_cell(cells) as u64).min(paths);
    let sorted = if paths > of_cell { paths.min(ROOM as u64) } else { 0 };
    of_cell.saturating_mul(cells as u64).saturating_add(of_cell).max(sorted)
}

fn held_per_cell(cells: usize) -> usize {
    (HELD / cells.max(1)).clamp(HELD_PER_CELL[0], HELD_PER_CELL[1])
}

/// Renders into `folder`: `summary.csv`, the table of all paths in the experiment's [`EscapesFormat`], the trajectories of the paths that the
/// experiment keeps, `comparison.csv` if it pairs SGD with Adam, `landings.csv` if exits land in several wells, and `hitting.csv` if paths run into a
/// target. Removes a table of all paths in another format, which would be that of an earlier state. Returns the results of all cells with at
/// least one path.
///
/// Of an incomplete cell the paths before the first gap are used, since a sample of the paths that finished first would be biased. The
/// memory does not grow with the number of paths. `watch` is called with the number of cells that were read and their total. When it returns
/// `false`, the exact solver, which can take long, is omitted for the following cells.
///
/// # Errors
/// [`TableError`]; existing tables are unchanged.
pub fn render_tables(
    run: &PreparedRun<'_>,
    store: &Store,
    chunks: &Chunks,
    done: &Done,
    folder: &Path,
    watch: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Vec<CellResult>, TableError> {
    store.check_place()?;
    let plans = &run.experiment().cells;
    let parameters = swept_parameters(plans);
    let format = run.experiment().escapes;
    let mut escapes = Escapes::create(folder, format)?;
    let mut summary = TableFile::create(folder, "summary.csv", &summary_columns(&parameters))?;
    let held = held_per_cell(plans.len());
    let readers: Vec<CellReader<'_>> =
        plans.iter().map(|plan| CellReader::new(store, plan, chunks, done)).filter(|reader| reader.end > 0).collect();
    let exact = |plan: &CellPlan| exact_exit(&plan.problem)?.mean(plan.problem.basin().start()[0]).ok();
    let mut results: Vec<CellResult> = Vec::new();
    for group in readers.chunks(8 * rayon::current_num_threads()) {
        let solve = watch(results.len(), readers.len());
        let cells: Vec<&CellPlan> = group.iter().map(|reader| reader.plan).collect();
        let begin = results.len();
        let means = |plan: &&CellPlan| (solve.then(|| exact(plan)).flatten(), lambda_mean_second_order(&plan.problem));
        let mut solved = Vec::new();
        // The solver, which may have one cell only, leaves threads idle, and so does the reader of the store.
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| solved = cells.par_iter().map(means).collect());
            for reader in group {
                results.push(reader.result(held, format, escapes.as_mut())?);
                watch(results.len(), readers.len());
            }
            Ok::<(), TableError>(())
        })?;
        for (result, means) in results[begin..].iter_mut().zip(solved) {
            (result.exact_mean, result.second_order) = means;
        }
    }
    check_means(&mut results);
    results.iter().try_for_each(|result| summary.row(result.summary_row(&parameters)))?;
    follow_paths(run, store.identity(), &mut results);
    // The tables of another run that has taken the folder must not be replaced.
    store.check_place()?;
    escapes.map_or(Ok(()), Escapes::finish)?;
    summary.finish()?;
    let keeps = run.experiment().paths_kept > 0;
    if keeps {
        write_trajectories(folder, &results)?;
    }
    let unused = EscapesFormat::ALL.into_iter().filter(|other| *other != format).filter_map(EscapesFormat::file);
    for other in unused.chain((!keeps).then_some(TRAJECTORIES)) {
        let path = folder.join(other);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => return Err(TableError::Write { path, source }),
            _ => {}
        }
    }
    let hitting = Hitting::all(&results);
    if !hitting.is_empty() {
        write_table(folder, "hitting.csv", &HITTING_COLUMNS, hitting.iter().map(Hitting::row))?;
    }
    let landings = Landings::all(&results);
    if !landings.is_empty() {
        write_table(folder, "landings.csv", &LANDING_COLUMNS, landings.iter().flat_map(Landings::rows))?;
    }
    let pairs: Vec<Pair<'_>> = Pair::every(&results);
    if !pairs.is_empty() {
        write_table(folder, "comparison.csv", &COMPARISON_COLUMNS, pairs.iter().map(Pair::row))?;
    }
    Ok(results)
}

/// Reads the paths of one cell before the first gap.
pub(super) struct CellReader<'s> {
    store: &'s Store,
    plan: &'s CellPlan,
    /// Number of the cell in the store.
    stored: u64,
    /// Number within the cell of the first chunk that is not read.
    pub end: u64,
}

impl<'s> CellReader<'s> {
    pub fn new(store: &'s Store, plan: &'s CellPlan, chunks: &Chunks, done: &Done) -> Self {
        let stored = store.identity().stream(plan.index);
        let numbers = chunks.of_cell(stored as usize);
        let last = done.next_open(numbers.start).min(numbers.end).checked_sub(1).filter(|last| *last >= numbers.start);
        let end = last.and_then(|last| chunks.get(last)).map_or(0, |chunk| chunk.index + 1);
        CellReader { store, plan, stored, end }
    }

    /// The counts and the events of an occupancy, summed in path order.
    pub fn occupancy(&self, occupancy: &Occupancy) -> Result<(OccupancyCounts, u64), StoreError> {
        let (times, wells) = (occupancy.times().len(), occupancy.wells().count());
        let (mut counts, mut events) = (OccupancyCounts::new(times, wells), 0u64);
        self.read_counts(
            &|bytes, paths| OccupancyCounts::decode(bytes, paths, times, wells),
            &mut |of_chunk, more| {
                counts.merge(of_chunk);
                events = events.saturating_add(more);
            },
        )?;
        Ok((counts, events))
    }

    /// The sums of the mean positions, in path order.
    pub fn positions(&self, clips: &[f64]) -> Result<PositionSums, StoreError> {
        let mut sums = PositionSums::new(clips.to_vec());
        self.read_counts(&|bytes, paths| PositionSums::decode(bytes, paths, clips), &mut |of_chunk, _| {
            sums.merge(of_chunk);
        })?;
        Ok(sums)
    }

    /// Passes the counts of every chunk and its events to `add`, in path order.
    fn read_counts<C>(
        &self,
        decode: &dyn Fn(&[u8], u64) -> Option<C>,
        add: &mut dyn FnMut(&C, u64),
    ) -> Result<(), StoreError> {
        self.store.read_counts(self.stored, decode, &mut |chunk, counts| {
            if chunk.index >= self.end {
                return Ok(false);
            }
            add(counts, chunk.events);
            Ok::<_, StoreError>(true)
        })
    }

    fn pass(&self) -> Pass<'s> {
        Pass { store: self.store, cell: self.stored, dim: self.plan.problem.basin().dim(), end: self.end }
    }

    fn result(
        &self,
        held: usize,
        format: EscapesFormat,
        escapes: Option<&mut Escapes>,
    ) -> Result<CellResult, TableError> {
        let failed = |source| TableError::Sample { cell: self.plan.index, source };
        let prediction = Prediction::of(&self.plan.problem).ok();
        let most = self.end * CHUNK;
        let rate = prediction.as_ref().map(|prediction| prediction.rate);
        let bins = rate.filter(|_| most > held as u64).and_then(|rate| KolmogorovBins::new(rate, most).ok());
        let mut tally = Tally::default();
        let counter = Counter::new(self.plan, held, bins, format);
        self.pass().run(
            |chunk, row| counter.add(chunk, row),
            escapes,
            |row: &mut RowTally, escapes| {
                tally.add(row).map_err(failed)?;
                if tally.has_exits() {
                    counter.end_exits();
                }
                escapes.map_or(Ok(()), |escapes| escapes.take(&mut row.block))
            },
        )?;
        let bins = counter.finish(&mut tally);
        let (sample, all) = tally.sample().map_err(failed)?;
        let mut result = CellResult::new(self.plan.clone(), tally, sample, prediction);
        // Without an exit there is no law to test.
        let rate = rate.filter(|_| result.moments.exited() > 0);
        if all {
            result.median = median(&result);
            result.kolmogorov = rate.and_then(|rate| kolmogorov_test(&result.sample, rate).ok());
            return Ok(result);
        }
        let bins = bins.filter(|_| rate.is_some());
        let test = bins.map(|bins| self.test(&result, &bins)).transpose()?.flatten();
        result.kolmogorov = test.map(|found| found.test);
        result.median = test.map_or_else(|| self.median(&result), |found| Ok(found.time_of_rank))?;
        Ok(result)
    }

    /// Kolmogorov's test over more times than are kept, and the median, by reading the cell again.
    fn test(&self, result: &CellResult, bins: &KolmogorovBins) -> Result<Option<BinnedTest>, TableError> {
        let mut read = |select: Select<'_>, give: &mut dyn FnMut(&[f64])| self.exit_times(select, give);
        Ok(bins.test(&result.moments, median_rank(result), &mut read, ROOM)?.ok())
    }

    /// The median of more times than are kept, by reading the cell again. `None` if a path was censored before it: the survival curve would
    /// need all times at once.
    fn median(&self, result: &CellResult) -> Result<Option<f64>, TableError> {
        let Some(rank) = median_rank(result) else { return Ok(None) };
        let exited = result.moments.exited();
        let all = |times: &[f64], selected: &mut Vec<f64>| selected.extend_from_slice(times);
        let found = time_of_rank(rank, result.sample.exit_times(), exited, ROOM, |give| {
            self.exit_times(&all, &mut |times| times.iter().for_each(|time| give(*time)))
        })?;
        let earliest = result.moments.first_censoring_time().unwrap_or(f64::INFINITY);
        Ok(found.filter(|median| *median <= earliest))
    }

    /// Reads all exit times again, and passes those that `select` selects to `give`.
    fn exit_times(&self, select: Select<'_>, give: &mut dyn FnMut(&[f64])) -> Result<(), TableError> {
        self.pass().run(
            |chunk, selected: &mut Vec<f64>| {
                select(exit_times(&chunk.outcomes, &mut [0.0; CHUNK as usize]), selected);
                true
            },
            None,
            |selected, _| {
                give(selected);
                selected.clear();
                Ok(())
            },
        )
    }
}

/// The rank of the median among the exits: half of the followed paths have left by then.
fn median_rank(result: &CellResult) -> Option<usize> {
    let rank = result.moments.followed().div_ceil(2);
    (1..=result.moments.exited()).contains(&rank).then_some(rank)
}

/// Where the survival curve of all paths falls to one half.
fn median(result: &CellResult) -> Option<f64> {
    let curve = SurvivalCurve::new(&result.sample, Confidence::DEFAULT).ok()?;
    // A product of shares may miss one half by its rounding.
    let step = curve.steps().iter().find(|step| step.survival.value <= 0.5 + 1e-9)?;
    Some(step.time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Shard;
    use crate::experiment::Experiment;
    use crate::results::run::{Observer, Progress};
    use crate::scheme::StopFlag;
    use crate::store::Identity;

    struct Silent;

    impl Observer for Silent {
        fn progress(&mut self, _: Progress<'_>) {}
        fn commit_due(&mut self) -> bool {
            false
        }
    }

    /// Without the exact solver the other results are the same.
    #[test]
    fn a_watcher_can_omit_the_exact_solver() {
        let experiment = Experiment::parse("small.toml", include_str!("../../tests/data/small.toml")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let identity = Identity::of(&experiment, 300, Shard::WHOLE);
        let mut store = Store::create(folder.path(), &identity).unwrap();
        let chunks = Chunks::new(vec![300; experiment.cells.len()], Shard::WHOLE);
        let mut done = Done::default();
        let run = PreparedRun::new(&experiment).unwrap();
        run.run(&mut store, &chunks, &mut done, &StopFlag::default(), &mut Silent).unwrap();
        let tables = |solve| {
            let mut calls = Vec::new();
            let mut watch = |done, of| {
                calls.push((done, of));
                solve
            };
            let results = render_tables(&run, &store, &chunks, &done, folder.path(), &mut watch).unwrap();
            let cells = experiment.cells.len();
            assert_eq!((calls.first(), calls.last()), (Some(&(0, cells)), Some(&(cells, cells))));
            results
        };
        let (long, short) = (tables(true), tables(false));
        assert!(long.iter().all(|result| result.exact_mean.is_some()));
        assert!(short.iter().all(|result| result.exact_mean.is_none()));
        assert!(long.iter().zip(&short).all(|(long, short)| long.mean() == short.mean()));
    }

    /// A cell with few or no kept times has the row of one with all times kept.
    #[test]
    fn times_that_are_not_kept_are_read_again() {
        let text = include_str!("../../tests/data/small.toml").replace("seed = 7", "seed = 7\nmax_time = 40.0");
        let experiment = Experiment::parse("small.toml", &text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let identity = Identity::of(&experiment, experiment.paths, Shard::WHOLE);
        let mut store = Store::create(folder.path(), &identity).unwrap();
        let chunks = Chunks::new(vec![experiment.paths], Shard::WHOLE);
        let mut done = Done::default();
        let run = PreparedRun::new(&experiment).unwrap();
        run.run(&mut store, &chunks, &mut done, &StopFlag::default(), &mut Silent).unwrap();
        let reader = CellReader::new(&store, &experiment.cells[0], &chunks, &done);
        let result = |held| reader.result(held, EscapesFormat::None, None).unwrap();
        let whole = result(300);
        assert!(whole.moments.censored() > 0 && whole.moments.exited() > 100 && whole.kolmogorov.is_some());
        assert!(whole.median.is_some_and(|median| median > 0.0 && median < 40.0), "{:?}", whole.median);
        for held in [0, 10, 299] {
            let part = result(held);
            assert_eq!(part.sample.followed(), held);
            assert_eq!(part.summary_row(&[]), whole.summary_row(&[]), "{held} kept");
        }
    }
}
