//! Real networks: training, gradient noise, and the calibration that the simulator uses.
//!
//! Without the feature `calibrate` only reading a calibration remains, so that an experiment can use an existing one.

mod calibration;
#[cfg(feature = "calibrate")]
mod data;
#[cfg(feature = "calibrate")]
mod escape;
mod measurement;
#[cfg(feature = "calibrate")]
mod scaling;
#[cfg(feature = "calibrate")]
mod training;

pub use calibration::{
    Calibration, CalibrationError, CalibrationOrigin, Coordinate, DataRecord, Ended, LayerRecord, Minimum,
    NetworkRecord, OptimiserRun, TrainingPoint, scale_of,
};
#[cfg(feature = "calibrate")]
pub use data::{DataError, DataSet, Images, read_cifar10_folder, read_idx_folder};
#[cfg(feature = "calibrate")]
pub use escape::{
    Activation, EscapeCell, EscapeMinimum, EscapePredictions, EscapeRow, EscapeSettings, MinimaSettings, NetworkEscape,
    SetKind, Sizes,
};
pub use measurement::{
    FitRecord, IndexPair, IndexRecord, LawScore, LeadRecord, Measurement, NoiseKind, SamplingAxis, StudentRecord,
};
#[cfg(feature = "calibrate")]
pub use scaling::{
    DistanceRow, Exponent, ExponentOf, MinimumScaling, NoiseScaling, ScaleQuantity, ScalingSettings, SizeRow, StayRow,
    StepRule,
};
#[cfg(feature = "calibrate")]
pub use training::{
    Architecture, CalibrateError, Calibrated, CalibrationObserver, CalibrationSettings, DataSource, DeviceChoice,
    Event, NoiseSamples, Optimiser, TrainedRun, calibrate,
};

#[cfg(test)]
pub(crate) use calibration::tests::example;
