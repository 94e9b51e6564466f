//! Why a calibration fails.

use thiserror::Error;

use crate::calibrate::data::data_error::DataError;
use crate::scheme::StopFlag;

/// Why nothing was measured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CalibrateError {
    /// The images cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A device that this build does not know.
    #[error("this build cannot use the device {device}")]
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
    /// Images that a network is not made for.
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
    #[error("the network has {parameters} parameters; at most {most} are trained")]
    Parameters {
        /// Their number.
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
    /// A batch that is empty, or that leaves no image out.
    #[error("a batch of {batch} of {images} images: there is noise where it holds at least one and not all")]
    Batch {
        /// Images of a batch.
        batch: usize,
        /// Images there are.
        images: usize,
    },
    /// No images to test with.
    #[error("there are no images to test with")]
    NoTest,
    /// The library that computes the gradients.
    #[error("the network could not be computed")]
    Tensor(#[from] candle_core::Error),
    /// Threads could not be started.
    #[error("threads could not be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}

/// Why a piece of work inside a training does not come to its end.
#[derive(Debug)]
pub(super) enum Halt {
    /// A stop was asked for.
    Stopped,
    /// It failed.
    Failed(CalibrateError),
}

impl Halt {
    /// Goes on unless a stop was asked for.
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
    /// The error and its causes on one line.
    pub(super) fn reason(&self) -> String {
        match self {
            CalibrateError::Device { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }
}
