//! Images, networks and their training, and the noise that is measured on the way.

mod architecture;
mod batches;
mod cifar;
mod data_error;
mod device;
mod error;
mod idx;
mod images;
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
pub use cifar::read_cifar10_folder;
pub use data_error::DataError;
pub use device::DeviceChoice;
pub use error::CalibrateError;
pub use idx::read_idx_folder;
pub use images::{DataSet, Images};
pub use optimiser::Optimiser;
pub use run::{Calibrated, calibrate};
pub use settings::{CalibrationSettings, DataSource};
pub use train::{CalibrationObserver, Event, NoiseSamples, TrainedRun};
