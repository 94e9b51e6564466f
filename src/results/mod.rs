//! The results of a run: its folder and store, the tables rendered from it, and the merging of shards.

mod cell;
mod check;
mod escapes;
#[cfg(feature = "parquet")]
mod escapes_parquet;
mod folder;
mod median;
mod merge;
mod passes;
mod run;
mod stored;
mod studies;
mod table;
mod tables;
mod tally;
mod trajectories;
mod work;

pub use cell::{CellResult, Check, EXTRA_SUMMARY_COLUMNS, KeptPath, SUMMARY_COLUMNS, summary_columns};
pub use check::check_warnings;
pub use escapes::ESCAPE_COLUMNS;
pub use folder::{Request, ResultsError, ResultsFolder};
pub use merge::{MergeError, MissingShard, merge, stored_experiment};
pub use run::{Observer, PreparedRun, Progress, RunError};
pub use studies::comparison::{COMPARISON_COLUMNS, Pair};
pub use studies::hitting::{HITTING_COLUMNS, Hitting};
pub use studies::landings::{LANDING_COLUMNS, Landings};
pub use studies::mean_position::{MeanPositionResult, POSITION_COLUMNS, prediction_factor, render_mean_position};
pub use studies::occupancy::{OCCUPANCY_COLUMNS, OccupancyResult, RATE_COLUMNS, WELL_COLUMNS, render_occupancy};
pub use studies::optimisers::{OPTIMISER_COLUMNS, OptimiserRow, Stay};
pub use studies::random_problems::{RANDOM_PROBLEM_COLUMNS, RandomProblemsResult};
pub use studies::rank_correlation::{kendall_tau, kendall_tau_within};
pub use studies::which_flatness::{FLATNESS_COLUMNS, FlatnessOrder};
pub use table::TableError;
pub use tables::{paths_held, render_tables};
pub use tally::AxisCount;
pub use trajectories::{TRAJECTORIES, TRAJECTORY_COLUMNS};
pub use work::{Work, WorkEstimate};
