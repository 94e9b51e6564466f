//! The experiment file: parsed, checked, planned into cells, run into a durable store, and rendered from it.

mod basin_section;
mod beside;
#[cfg(feature = "calibrate")]
mod calibration_file;
mod calibration_section;
mod cell_result;
mod comparison;
mod dynamics_section;
mod escapes;
#[cfg(feature = "parquet")]
mod escapes_parquet;
mod family;
mod figure_kind;
mod file;
mod finding;
mod fingerprint;
mod merge;
mod node;
mod noise_section;
mod pending_folder;
mod place_lock;
mod plan;
mod random_problems;
mod reader;
mod results;
mod run;
mod scheme_section;
mod store;
mod sweep;
mod tables;

pub use beside::Beside;
#[cfg(feature = "calibrate")]
pub use calibration_file::{CalibrationFigure, CalibrationFile};
pub use calibration_section::{calibrations_named, is_calibration};
pub use cell_result::{AxisCount, CellResult, ESCAPE_COLUMNS, EVENTS_COLUMN, SUMMARY_COLUMNS, write_escape};
pub use comparison::{COMPARISON_COLUMNS, Pair};
pub use figure_kind::FigureKind;
pub use file::Experiment;
pub use finding::{ExperimentErrors, Finding, Span};
pub use merge::{MergeError, MissingShard, merge, stored_experiment};
pub use pending_folder::{PendingFolder, Placed};
pub use plan::CellPlan;
pub use random_problems::{RANDOM_PROBLEM_COLUMNS, RandomProblemsPlan, RandomProblemsResult};
pub use results::{Existing, Request, ResultsError, ResultsFolder};
pub use run::{Observer, PreparedRun, Progress, RunError};
pub use store::{ChunkOutcomes, Damage, Difference, Identity, PackedBatch, STORE_FILE, Session, Store, StoreError};
pub use tables::{TableError, paths_held, render_tables};
