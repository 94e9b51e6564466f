//! Why a calibration fails.

use thiserror::Error;

use crate::calibrate::data::data_error::DataError;
use crate::scheme::StopFlag;

/// Errors of a calibration.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CalibrateError {
    /// The images cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A device that this build does not support.
    #[error("this build does not support the device {device}")]
    NotBuilt {
        /// Its name.
        device: &'static str,
    },
    /// A device that cannot be opened.
    #[error("the device {device} cannot be used")]
    Device {
        /// Its name.
        device: &'static str,
        /// The reason.
        #[source]
        source: candle_core::Error,
    },
    /// An image size that a network does not support.
    #[error("{network} takes images of 28 × 28 or 32 × 32 pixels, not of {height} × {width}")]
    ImageSize {
        /// The network.
        network: &'static str,
        /// Pixels.
        height: usize,
        /// Pixels.
        width: usize,
    },
    /// A network with too many parameters.
    #[error("the network has {parameters} parameters; the limit is {most}")]
    Parameters {
        /// Number of parameters.
        parameters: usize,
        /// The limit.
        most: usize,
    },
    /// A setting of an optimiser.
    #[error("the optimiser's `{setting}` cannot be {value}")]
    Optimiser {
        /// Its name.
        setting: &'static str,
        /// Its value.
        value: f64,
    },
    /// A batch that is empty, or that contains every image.
    #[error("a batch of {batch} images must hold at least 1 and fewer than all {images} training images")]
    Batch {
        /// Images per batch.
        batch: usize,
        /// Training images.
        images: usize,
    },
    /// A network whose escape cannot be measured.
    #[error("the escape of a network is measured for `mlp` only, not for {network}")]
    EscapeNetwork {
        /// The network.
        network: &'static str,
    },
    /// No test images.
    #[error("the data set has no test images")]
    NoTest,
    /// An error of the library that computes the gradients.
    #[error("the gradients of the network could not be computed")]
    Tensor(#[from] candle_core::Error),
    /// Threads could not be started.
    #[error("threads could not be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}

/// Why a piece of work inside a training ends early.
#[derive(Debug)]
pub(super) enum Halt {
    /// A stop was requested.
    Stopped,
    /// It failed.
    Failed(CalibrateError),
}

impl Halt {
    /// Returns an error if a stop was requested.
    pub fn unless(stop: &StopFlag) -> Result<(), Halt> {
        if stop.is_set() { Err(Halt::Stopped) } else { Ok(()) }
    }
}

impl From<CalibrateError> for Halt {
    fn from(error: CalibrateError) -> Self {
        Halt::Failed(error)
    }
}

impl From<candle_core::Error> for Halt {
    fn from(error: candle_core::Error) -> Self {
        Halt::Failed(error.into())
    }
}

impl CalibrateError {
    /// Formats the error and its causes on one line.
    pub(super) fn reason(&self) -> String {
        match self {
            CalibrateError::Device { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }
}
