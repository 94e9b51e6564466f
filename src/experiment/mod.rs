//! The experiment file: parsed, checked and planned into cells.

#[cfg(feature = "calibrate")]
mod calibration_file;
mod calibrations;
mod columns;
mod escapes_format;
mod figure_choice;
mod figure_kind;
mod figure_list;
mod figure_style;
mod file;
mod identity;
mod parameters;
mod plan;
mod plot;
mod schema;
mod sections;
mod toml;

#[cfg(feature = "calibrate")]
pub use calibration_file::{CalibrationFigure, CalibrationFile};
#[cfg(test)]
pub(crate) use columns::is_fixed;
pub use columns::{RESULT_COLUMNS, WORD_COLUMNS};
pub use escapes_format::EscapesFormat;
pub use figure_kind::FigureKind;
pub use figure_list::FigureNameError;
pub use figure_style::{FigureFormat, FigureStyle, FigureWidth};
pub use file::Experiment;
pub use parameters::swept_parameters;
pub use plan::CellPlan;
pub use plot::{PlannedFigure, PlotSettings};
pub use schema::{UnknownType, experiment_schema};
pub use sections::{RandomProblemsPlan, calibrations_named, is_calibration};
pub use toml::{Diagnostic, ExperimentErrors, Span};
