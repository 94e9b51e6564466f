//! `trajectories.csv`: the first paths of every cell, point by point.
//!
//! A path is a function of the seed and of the numbers of its cell and itself, so the store does not hold its points: they are computed again
//! when the tables are written.

use std::path::Path;

use rayon::prelude::*;

use super::cell::{CellResult, KeptPath};
use super::run::PreparedRun;
use super::table::{TableError, TableFile};
use crate::files::digits;
use crate::scheme::StreamSource;
use crate::store::Identity;

/// Name of the table.
pub const TRAJECTORIES: &str = "trajectories.csv";

/// Columns of `trajectories.csv`, in order: one row per point. The parameters follow, `x1` to `xd` with the largest `d` of the cells.
pub const TRAJECTORY_COLUMNS: [&str; 5] = ["cell", "dynamics", "path", "time", "kind"];

/// Computes the kept paths of every cell again.
pub(super) fn follow_paths(run: &PreparedRun<'_>, identity: &Identity, results: &mut [CellResult]) {
    let experiment = run.experiment();
    results.par_iter_mut().for_each(|result| {
        let plan = &result.plan;
        let source = StreamSource { seed: experiment.seed, cell: identity.stream(plan.index) };
        let Some(kernel) = run.kernels().get(plan.index as usize) else { return };
        let follow = |path| {
            let (record, trajectory) = kernel.follow(source, path, plan.limits)?;
            Some(KeptPath { path, record, trajectory })
        };
        let kept = experiment.paths_kept.min(result.paths() as u64);
        result.kept = (0..kept).into_par_iter().filter_map(follow).collect();
    });
}

/// Writes the table.
pub(super) fn write_trajectories(folder: &Path, results: &[CellResult]) -> Result<(), TableError> {
    let dim = results.iter().map(|result| result.plan.problem.basin().dim()).max().unwrap_or(0);
    let coordinates: Vec<String> = (1..=dim).map(|i| format!("x{i}")).collect();
    let columns: Vec<&str> = TRAJECTORY_COLUMNS.into_iter().chain(coordinates.iter().map(String::as_str)).collect();
    let mut table = TableFile::create(folder, TRAJECTORIES, &columns)?;
    for result in results {
        for kept in &result.kept {
            table.write(|file| {
                let mut writer = csv::Writer::from_writer(file);
                let [cell, path] = [result.plan.index, kept.path].map(|number| number.to_string());
                for point in kept.trajectory.points() {
                    let place =
                        |i: usize| point.x.get(i).filter(|x| x.is_finite()).map_or(String::new(), |x| digits(*x));
                    let time = digits(point.time);
                    let head = [cell.as_str(), &result.plan.dynamics, &path, &time, point.kind.name()];
                    let places: Vec<String> = (0..dim).map(place).collect();
                    writer.write_record(head.into_iter().chain(places.iter().map(String::as_str)))?;
                }
                writer.flush()
            })?;
        }
    }
    table.finish()
}
