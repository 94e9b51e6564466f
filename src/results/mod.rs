//! The results of a run: its folder and store, the tables rendered from it, and the merging of shards.

mod cell;
mod check;
mod comparison;
mod escapes;
#[cfg(feature = "parquet")]
mod escapes_parquet;
mod folder;
mod hitting;
mod landings;
mod median;
mod merge;
mod occupancy;
mod optimisers;
mod random_problems;
mod rank_correlation;
mod run;
mod stored;
mod table;
mod tables;
mod trajectories;
mod which_flatness;
mod work;

pub use cell::{
    AxisCount, CellResult, Check, ESCAPE_COLUMNS, EXTRA_SUMMARY_COLUMNS, SUMMARY_COLUMNS, summary_columns, write_escape,
};
pub use check::check_warnings;
pub use comparison::{COMPARISON_COLUMNS, Pair};
pub use folder::{Request, ResultsError, ResultsFolder};
pub use hitting::{HITTING_COLUMNS, Hitting};
pub use landings::{LANDING_COLUMNS, Landings};
pub use merge::{MergeError, MissingShard, merge, stored_experiment};
pub use occupancy::{OCCUPANCY_COLUMNS, OccupancyResult, RATE_COLUMNS, WELL_COLUMNS, render_occupancy};
pub use optimisers::{OPTIMISER_COLUMNS, OptimiserRow, Stay};
pub use random_problems::{RANDOM_PROBLEM_COLUMNS, RandomProblemsResult};
pub use rank_correlation::{kendall_tau, kendall_tau_within};
pub use run::{Observer, PreparedRun, Progress, RunError};
pub use table::TableError;
pub use tables::{paths_held, render_tables};
pub use trajectories::{KeptPath, TRAJECTORIES, TRAJECTORY_COLUMNS};
pub use which_flatness::{FLATNESS_COLUMNS, FlatnessOrder};
pub use work::{Work, WorkEstimate};
