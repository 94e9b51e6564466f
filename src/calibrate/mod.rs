//! Real networks: training, the noise of their gradients, and what the simulator takes from it.

#[cfg(feature = "calibrate")]
mod architecture;
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
pub use self::{
    architecture::Architecture,
    cifar::read_cifar10_folder,
    data_error::DataError,
    device::DeviceChoice,
    error::CalibrateError,
    idx::read_idx_folder,
    images::{DataSet, Images},
    optimiser::Optimiser,
};
