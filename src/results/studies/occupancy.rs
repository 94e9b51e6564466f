//! The results of an occupancy: which wells hold the paths, how often they change, and what the chain of the wells predicts.

use std::path::Path;
use std::sync::Arc;

use super::super::run::PreparedRun;
use super::super::table::{TableError, write_table};
use super::super::tables::CellReader;
use crate::engine::{Chunks, Done};
use crate::exit::{Confidence, Estimate, event_rate, wilson};
use crate::experiment::CellPlan;
use crate::files::digits;
use crate::landscape::{PlanarBasins, WellSet};
use crate::scheme::{Occupancy, OccupancyCounts};
use crate::store::Store;
use crate::theory::WellChain;

/// Columns of `occupancy.csv`: one row per cell, recorded time and well. Wells are counted from 1; paths that have diverged are in the well
/// `diverged`.
pub const OCCUPANCY_COLUMNS: [&str; 8] = ["cell", "dynamics", "time", "well", "occupancy", "lo", "hi", "predicted"];

/// Columns of `occupancy_rates.csv`: one row per cell and ordered pair of wells.
pub const RATE_COLUMNS: [&str; 12] = [
    "cell",
    "dynamics",
    "from",
    "to",
    "transitions",
    "time",
    "rate",
    "lo",
    "hi",
    "predicted",
    "rate_ratio",
    "mean_first_passage",
];

/// Columns of `occupancy_wells.csv`: one row per cell and well, with the occupancy at the last time beside the stationary law.
pub const WELL_COLUMNS: [&str; 20] = [
    "cell",
    "dynamics",
    "basin",
    "alpha",
    "epsilon",
    "well",
    "minimum",
    "left_width",
    "right_width",
    "left_barrier",
    "right_barrier",
    "occupancy",
    "lo",
    "hi",
    "stationary",
    "paths",
    "minimum_2",
    "lower_width",
    "upper_width",
    "lowest_barrier",
];

/// One cell of an occupancy with its results.
#[derive(Clone, Debug)]
pub struct OccupancyResult {
    /// The cell.
    pub plan: CellPlan,
    /// Its wells, times and start.
    pub occupancy: Arc<Occupancy>,
    /// What was counted.
    pub counts: OccupancyCounts,
    /// Steps and jumps of all paths together.
    pub events: u64,
    /// The predicted chain, if the theory covers the dynamics.
    pub chain: Option<WellChain>,
    /// Distances from the minimum of every well to the boundary of its basin, down and up each axis.
    widths: Vec<Vec<[f64; 2]>>,
    /// Probability of every well at the start, if the basins can be mapped.
    start: Option<Vec<f64>>,
}

/// Distances from the minimum of every well to the boundary of its basin, down and up each axis; empty if the basins cannot be mapped.
fn widths(plan: &CellPlan, wells: &WellSet) -> Vec<Vec<[f64; 2]>> {
    let potential = plan.problem.basin().potential();
    match wells {
        WellSet::Line(wells) => (0..wells.count()).map(|well| vec![wells.widths(well)]).collect(),
        WellSet::Plane(planar) => PlanarBasins::new(potential, planar).map_or(Vec::new(), |basins| {
            let axes = [[1.0, 0.0], [0.0, 1.0]];
            let of = |well: usize| axes.iter().map(|axis| basins.widths(potential, well, *axis)).collect();
            (0..planar.count()).map(of).collect()
        }),
    }
}

/// Reads the cells of an occupancy that have at least one path, and renders `occupancy.csv`, `occupancy_rates.csv` and `occupancy_wells.csv`. Of
/// an incomplete cell the paths before the first gap are used.
///
/// # Errors
/// [`TableError`]; existing tables are unchanged.
pub fn render_occupancy(
    run: &PreparedRun<'_>,
    store: &Store,
    chunks: &Chunks,
    done: &Done,
    folder: &Path,
) -> Result<Vec<OccupancyResult>, TableError> {
    store.check_place()?;
    let mut results = Vec::new();
    for plan in &run.experiment().cells {
        let (reader, Some(occupancy)) = (CellReader::new(store, plan, chunks, done), &plan.occupancy) else { continue };
        if reader.end > 0 {
            let (counts, events) = reader.occupancy(occupancy)?;
            let chain = WellChain::over(&plan.problem, occupancy.wells()).ok();
            let (plan, occupancy) = (plan.clone(), occupancy.clone());
            let widths = widths(&plan, occupancy.wells());
            let start = occupancy.start().law(plan.problem.basin().potential(), occupancy.wells()).ok();
            results.push(OccupancyResult { plan, occupancy, counts, events, chain, widths, start });
        }
    }
    // The tables of another run that has taken the folder must not be replaced.
    store.check_place()?;
    let all = || results.iter();
    write_table(folder, "occupancy.csv", &OCCUPANCY_COLUMNS, all().flat_map(OccupancyResult::occupancy_rows))?;
    write_table(folder, "occupancy_rates.csv", &RATE_COLUMNS, all().flat_map(OccupancyResult::rate_rows))?;
    write_table(folder, "occupancy_wells.csv", &WELL_COLUMNS, all().flat_map(OccupancyResult::well_rows))?;
    Ok(results)
}

fn number(x: Option<f64>) -> String {
    x.filter(|x| x.is_finite()).map_or(String::new(), digits)
}

fn three(estimate: Option<Estimate>) -> [String; 3] {
    [estimate.map(|e| e.value), estimate.map(|e| e.lo), estimate.map(|e| e.hi)].map(number)
}

impl OccupancyResult {
    /// Number of wells.
    pub fn wells(&self) -> usize {
        self.occupancy.wells().count()
    }

    /// Share of the paths in a well at recorded time number `time`, with Wilson's 95 % interval.
    pub fn share(&self, time: usize, well: usize) -> Option<Estimate> {
        wilson(self.counts.held(time, well), self.counts.paths(), Confidence::DEFAULT)
    }

    /// Share of the paths that have diverged before recorded time number `time`.
    pub fn diverged(&self, time: usize) -> Option<Estimate> {
        wilson(self.counts.diverged(time), self.counts.paths(), Confidence::DEFAULT)
    }

    /// Whether any path has diverged.
    pub fn has_diverged(&self) -> bool {
        self.occupancy.times().len().checked_sub(1).is_some_and(|last| self.counts.diverged(last) > 0)
    }

    /// The predicted law of the wells at time `t`.
    pub fn predicted(&self, t: f64) -> Option<Vec<f64>> {
        Some(self.chain.as_ref()?.occupancy(self.start.as_ref()?, t))
    }

    /// Measured rate of the transitions from one well to another, with its 95 % interval.
    pub fn rate(&self, from: usize, to: usize) -> Option<Estimate> {
        event_rate(self.counts.transitions(from, to), self.counts.time_in(from), Confidence::DEFAULT)
    }

    /// Predicted rate.
    pub fn predicted_rate(&self, from: usize, to: usize) -> Option<f64> {
        self.chain.as_ref().map(|chain| chain.rates()[(from, to)])
    }

    /// Ordered pairs of different wells.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let n = self.wells();
        (0..n).flat_map(move |i| (0..n).filter(move |j| *j != i).map(move |j| (i, j)))
    }

    /// Distances from the minimum of a well to the boundary of its basin, down and up the axis number `axis`; infinite where there is none.
    pub fn widths(&self, well: usize, axis: usize) -> Option<[f64; 2]> {
        self.widths.get(well)?.get(axis).copied()
    }

    /// Heights of the saddles beside a well on a line above its minimum; none where the well has no saddle, and in the plane.
    pub fn barriers(&self, well: usize) -> [Option<f64>; 2] {
        let potential = self.plan.problem.basin().potential();
        let Some(wells) = self.occupancy.wells().line() else { return [None; 2] };
        let floor = potential.value(&[wells.minima()[well]]);
        wells.bounds(well).map(|saddle| saddle.is_finite().then(|| potential.value(&[saddle]) - floor))
    }

    /// Height of the lowest saddle that joins a well to another one above its minimum; none without one.
    pub fn lowest_barrier(&self, well: usize) -> Option<f64> {
        match self.occupancy.wells() {
            WellSet::Line(_) => self.barriers(well).into_iter().flatten().reduce(f64::min),
            WellSet::Plane(wells) => Some(wells.barrier(well)).filter(|height| height.is_finite()),
        }
    }

    fn name(&self) -> [String; 2] {
        [self.plan.index.to_string(), self.plan.dynamics.clone()]
    }

    fn occupancy_rows(&self) -> Vec<Vec<String>> {
        let shows_diverged = self.plan.problem.dynamics().learning_rate().is_some() || self.has_diverged();
        let mut rows = Vec::new();
        for (k, &t) in self.occupancy.times().iter().enumerate() {
            let predicted = self.predicted(t);
            let row = |well: String, share: Option<Estimate>, predicted: Option<f64>| {
                let head = self.name().into_iter().chain([digits(t), well]);
                head.chain(three(share)).chain([number(predicted)]).collect::<Vec<_>>()
            };
            for well in 0..self.wells() {
                rows.push(row((well + 1).to_string(), self.share(k, well), predicted.as_ref().map(|p| p[well])));
            }
            if shows_diverged {
                rows.push(row("diverged".to_string(), self.diverged(k), None));
            }
        }
        rows
    }

    fn rate_rows(&self) -> Vec<Vec<String>> {
        let passage = self.chain.as_ref().map(WellChain::mean_first_passage);
        let row = |(from, to): (usize, usize)| {
            let (rate, predicted) = (self.rate(from, to), self.predicted_rate(from, to));
            let ratio = rate.zip(predicted).filter(|(_, predicted)| *predicted > 0.0).map(|(r, p)| r.value / p);
            let counted = [self.counts.transitions(from, to).to_string(), digits(self.counts.time_in(from))];
            let head = self.name().into_iter().chain([from + 1, to + 1].map(|well| well.to_string())).chain(counted);
            let theory = [number(predicted), number(ratio), number(passage.as_ref().map(|p| p[(from, to)]))];
            head.chain(three(rate)).chain(theory).collect()
        };
        self.pairs().map(row).collect()
    }

    fn well_rows(&self) -> Vec<Vec<String>> {
        let (wells, noise) = (self.occupancy.wells(), self.plan.problem.noise());
        let last = self.occupancy.times().len() - 1;
        let stationary = self.chain.as_ref().map(WellChain::stationary);
        let row = |well: usize| {
            let place = [
                self.plan.basin.clone(),
                noise.alpha().to_string(),
                digits(noise.epsilon()),
                (well + 1).to_string(),
                digits(wells.minimum(well)[0]),
            ];
            let side = |axis: usize| match self.widths(well, axis) {
                Some(widths) => widths.map(|width| number(Some(width))),
                None => [String::new(), String::new()],
            };
            let widths = side(0);
            let barriers = self.barriers(well).map(number);
            let end = [number(stationary.as_ref().map(|law| law[well])), self.counts.paths().to_string()];
            let head = self.name().into_iter().chain(place).chain(widths).chain(barriers);
            let more = [number(wells.minimum(well).get(1).copied())].into_iter().chain(side(1));
            let more = more.chain([number(self.lowest_barrier(well))]);
            head.chain(three(self.share(last, well))).chain(end).chain(more).collect()
        };
        (0..self.wells()).map(row).collect()
    }
}
