//! What a calibration found: its summary, its answer and its figures.

#[cfg(feature = "calibrate")]
mod answer;
#[cfg(feature = "calibrate")]
mod draw;
#[cfg(feature = "calibrate")]
mod network_escape;
#[cfg(feature = "calibrate")]
mod noise_scaling;
mod summary;

#[cfg(feature = "calibrate")]
pub use answer::{calibration_answer, calibration_warnings};
#[cfg(feature = "calibrate")]
pub use draw::draw_calibration;
pub use summary::calibration_summary;
pub(in crate::report) use summary::{kind_name, verdict};
