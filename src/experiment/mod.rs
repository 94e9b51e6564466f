//! The experiment file: parsed, checked and planned into cells.

#[cfg(feature = "calibrate")]
mod calibration_file;
mod calibrations;
mod columns;
mod escapes_format;
mod figures;
mod file;
mod file_name;
mod identity;
mod kept_paths;
mod number_labels;
mod parameters;
mod plan;
mod restyle;
mod schema;
mod sections;
mod toml;

#[cfg(feature = "calibrate")]
pub use calibration_file::{CalibrationFigure, CalibrationFile};
#[cfg(test)]
pub(crate) use columns::is_fixed;
pub use columns::{RESULT_COLUMNS, WORD_COLUMNS};
pub use escapes_format::EscapesFormat;
pub use figures::{
    FEWEST_BASINS, FEWEST_OF_A_DIMENSION, FigureFormat, FigureKind, FigureStyle, FigureWidth, PlannedFigure,
    PlotSettings,
};
pub use file::Experiment;
pub(crate) use file_name::{FILE_NAME_HELP, is_file_name};
pub(crate) use number_labels::{number_label, number_labels};
pub use parameters::swept_parameters;
pub use plan::CellPlan;
pub use restyle::FigureNameError;
pub use schema::{UnknownType, calibration_schema, experiment_schema};
#[cfg(feature = "calibrate")]
pub use sections::is_experiment;
pub use sections::{RandomProblemsPlan, calibrations_named, is_calibration};
pub use toml::{Diagnostic, ExperimentErrors, Span};
