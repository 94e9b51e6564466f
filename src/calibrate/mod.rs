//! Real networks: training, gradient noise, and the calibration that the simulator uses.
//!
//! Without the feature `calibrate` only reading a calibration remains, so that an experiment can use an existing one.

mod calibration;
#[cfg(feature = "calibrate")]
mod data;
#[cfg(feature = "calibrate")]
mod training;

pub use calibration::{
    Calibration, CalibrationError, Coordinate, DataRecord, Ended, FitRecord, IndexPair, IndexRecord, LawScore,
    LayerRecord, LeadRecord, Measurement, Minimum, NetworkRecord, NoiseKind, OptimiserRun, SamplingAxis, StudentRecord,
    TrainingPoint, scale_of,
};
#[cfg(feature = "calibrate")]
pub use data::{DataError, DataSet, Images, read_cifar10_folder, read_idx_folder};
#[cfg(feature = "calibrate")]
pub use training::{
    Architecture, CalibrateError, Calibrated, CalibrationObserver, CalibrationSettings, DataSource, DeviceChoice,
    Event, NoiseSamples, Optimiser, TrainedRun, calibrate,
};

#[cfg(test)]
pub(crate) use calibration::tests::example;
