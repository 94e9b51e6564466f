//! Networks, their training, and the gradient noise measured along the way.

mod architecture;
mod device;
mod error;
mod layer;
mod network;
mod optimiser;
mod probe;
mod run;
mod samples;
mod settings;
mod study;
mod train;

pub use architecture::Architecture;
pub use device::DeviceChoice;
pub use error::CalibrateError;
pub use optimiser::Optimiser;
pub use run::{Calibrated, calibrate};
pub use samples::NoiseSamples;
pub use settings::{CalibrationSettings, DataSource};
pub use train::{CalibrationObserver, Event, TrainedRun};
