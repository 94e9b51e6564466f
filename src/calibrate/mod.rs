//! Real networks: training, the noise of their gradients, and what the simulator takes from it.
//!
//! Without the feature `calibrate` only the file of a calibration remains, so that an experiment can use one that was made before.

mod calibration;
#[cfg(feature = "calibrate")]
mod data;
#[cfg(feature = "calibrate")]
mod training;

pub use calibration::{
    Calibration, CalibrationError, Coordinate, DataRecord, Ended, FitRecord, IndexPair, IndexRecord, LawScore,
    LayerRecord, LeadRecord, Measurement, Minimum, NetworkRecord, NoiseKind, OptimiserRun, SamplingAxis, TrainingPoint,
    scale_of,
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
