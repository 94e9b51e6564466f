//! Real networks: training, the noise of their gradients, and what the simulator takes from it.
//!
//! Without the feature `calibrate` only the file of a calibration remains, so that an experiment can use one that was made before.

mod calibration;

pub use calibration::{
    Calibration, CalibrationError, Coordinate, DataRecord, Ended, FitRecord, IndexPair, IndexRecord, LawScore,
    LayerRecord, Measurement, Minimum, NetworkRecord, NoiseKind, OptimiserRun, SamplingAxis, TrainingPoint, scale_of,
};

#[cfg(test)]
pub(crate) use calibration::tests::example;

#[cfg(feature = "calibrate")]
mod architecture;
#[cfg(feature = "calibrate")]
mod batches;
#[cfg(feature = "calibrate")]
mod cifar;
#[cfg(feature = "calibrate")]
mod data_error;
#[cfg(feature = "calibrate")]
mod device;
#[cfg(feature = "calibrate")]
mod error;
#[cfg(feature = "calibrate")]
mod idx;
#[cfg(feature = "calibrate")]
mod images;
#[cfg(feature = "calibrate")]
mod layer;
#[cfg(feature = "calibrate")]
mod network;
#[cfg(feature = "calibrate")]
mod optimiser;
#[cfg(feature = "calibrate")]
mod probe;
#[cfg(feature = "calibrate")]
mod run;
#[cfg(feature = "calibrate")]
mod samples;
#[cfg(feature = "calibrate")]
mod settings;
#[cfg(feature = "calibrate")]
mod study;
#[cfg(feature = "calibrate")]
mod train;

#[cfg(feature = "calibrate")]
pub use self::{
    architecture::Architecture,
    cifar::read_cifar10_folder,
    data_error::DataError,
    device::DeviceChoice,
    error::CalibrateError,
    idx::read_idx_folder,
    images::{DataSet, Images},
    optimiser::Optimiser,
    run::{Calibrated, calibrate},
    settings::{CalibrationSettings, DataSource},
    train::{CalibrationObserver, Event, NoiseSamples, TrainedRun},
};
