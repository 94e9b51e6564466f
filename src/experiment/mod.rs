//! The experiment file: parsed, checked and planned into cells.

#[cfg(feature = "calibrate")]
mod calibration_file;
mod calibrations;
mod escapes_format;
mod figure_choice;
mod figure_kind;
mod file;
mod identity;
mod plan;
mod schema;
mod sections;
mod toml;

#[cfg(feature = "calibrate")]
pub use calibration_file::{CalibrationFigure, CalibrationFile};
pub use escapes_format::EscapesFormat;
pub use figure_kind::FigureKind;
pub use file::Experiment;
pub use plan::CellPlan;
pub use schema::{UnknownType, experiment_schema};
pub use sections::{RandomProblemsPlan, calibrations_named, is_calibration};
pub use toml::{Diagnostic, ExperimentErrors, Span};
