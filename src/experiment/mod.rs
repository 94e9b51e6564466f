//! The experiment file: parsed, checked, planned into cells, and run.

mod basin_section;
mod cell_result;
mod comparison;
mod dynamics_section;
mod family;
mod figure_kind;
mod file;
mod finding;
mod node;
mod noise_section;
mod plan;
mod random_problems;
mod reader;
mod results;
mod run;
mod scheme_section;
mod sweep;

pub use cell_result::{AxisCount, CellResult, ESCAPE_COLUMNS, EVENTS_COLUMN, SUMMARY_COLUMNS, escape_row};
pub use comparison::{COMPARISON_COLUMNS, Pair};
pub use figure_kind::FigureKind;
pub use file::Experiment;
pub use finding::{ExperimentErrors, Finding, Span};
pub use plan::CellPlan;
pub use random_problems::{RANDOM_PROBLEM_COLUMNS, RandomProblemsPlan, RandomProblemsResult};
pub use results::{Existing, ResultsError, ResultsFolder};
pub use run::{Observer, PreparedRun, Progress, RunError};
