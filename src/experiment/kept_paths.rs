//! `paths_kept`: the paths of every cell whose points are written.

use super::plan::CellPlan;
use super::sections::scheme::SchemeSettings;
use super::toml::reader::Value;

/// Largest number of kept paths of a cell, and of an experiment: each may have 2,000 points.
const MOST: u64 = 100;
const MOST_OF_ALL_CELLS: u64 = 1_000;
/// Most coordinates of a point.
const MOST_COORDINATES: usize = 16;

/// Reads the key.
pub(super) fn read(value: Value<'_>) -> Option<u64> {
    value.integer(0, MOST)
}

/// Reports what an experiment cannot keep.
pub(super) fn check(value: Value<'_>, kept: u64, paths: u64, cells: &[CellPlan]) -> Option<()> {
    let wide = || cells.iter().find(|cell| cell.problem.basin().dim() > MOST_COORDINATES);
    let into_target = |cell: &CellPlan| {
        cell.problem.basin().target().is_some() && matches!(cell.scheme_settings, SchemeSettings::JumpAdapted { .. })
    };
    let (message, help) = if kept == 0 {
        return Some(());
    } else if kept > paths {
        (format!("`paths_kept` = {kept} is larger than `paths` = {paths}"), format!("keep at most {paths}"))
    } else if cells.iter().any(|cell| cell.occupancy.is_some()) {
        let message = "`paths_kept` follows paths to their exit, and the paths of an occupancy have none";
        (message.to_owned(), "leave it out; occupancy.csv has the well of the paths at every recorded time".to_owned())
    } else if cells.iter().any(|cell| cell.mean_position.is_some()) {
        let message = "`paths_kept` follows paths to their exit, and the paths of a mean position have none";
        (message.to_owned(), "leave it out".to_owned())
    } else if let Some(cell) = cells.iter().find(|cell| into_target(cell)) {
        let message = format!("`jump_adapted` does not keep paths into a target, as in the basin {:?}", cell.basin);
        (message, "use `euler` there, or leave out `paths_kept`".to_owned())
    } else if let Some(cell) = wide() {
        let dim = cell.problem.basin().dim();
        let message = format!("`paths_kept` writes every coordinate, and the basin {:?} has {dim}", cell.basin);
        (
            message,
            format!("leave it out, or give basins of at most {MOST_COORDINATES} dimensions an experiment of their own"),
        )
    } else if kept.saturating_mul(cells.len() as u64) > MOST_OF_ALL_CELLS {
        let message = format!("`paths_kept` = {kept} in {} cells are more than {MOST_OF_ALL_CELLS} paths", cells.len());
        let most = MOST_OF_ALL_CELLS / cells.len() as u64;
        (message, if most > 0 { format!("keep at most {most}") } else { "leave it out, or shorten a sweep".to_owned() })
    } else {
        return Some(());
    };
    value.report_with_help(message, help);
    None
}
