//! Settings of a calibration.

use std::path::PathBuf;

use super::{Architecture, CalibrateError, DeviceChoice, Optimiser};
use crate::calibrate::data::cifar::read_cifar10_folder;
use crate::calibrate::data::idx::read_idx_folder;
use crate::calibrate::data::images::DataSet;
use crate::calibrate::escape::EscapeSettings;
use crate::calibrate::scaling::ScalingSettings;
use crate::noise::Seed;

/// Source of the images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataSource {
    /// The digits that are part of the program.
    Digits,
    /// A folder in the format of MNIST, and its number of classes.
    Idx {
        /// The folder.
        folder: PathBuf,
        /// Number of classes.
        classes: usize,
    },
    /// A folder with the binary version of CIFAR-10.
    Cifar10 {
        /// The folder.
        folder: PathBuf,
    },
}

/// The settings of one calibration.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationSettings {
    /// Name, which is the folder of its results.
    pub name: String,
    /// Seed of weights, batches and all other random choices.
    pub seed: Seed,
    /// The requested device.
    pub device: DeviceChoice,
    /// The images.
    pub data: DataSource,
    /// Number of training images to use, from the first; `None` for all.
    pub train_images: Option<usize>,
    /// Number of test images to use, from the first; `None` for all.
    pub test_images: Option<usize>,
    /// The network.
    pub network: Architecture,
    /// Images per batch.
    pub batch: usize,
    /// The optimisers with their labels, each trained from the same weights on the same batches.
    pub optimisers: Vec<(String, Optimiser)>,
    /// Steps of training.
    pub iterations: u64,
    /// Number of iterations at which the noise is measured, spaced evenly in the logarithm up to the last.
    pub measurements: usize,
    /// Batches per measurement.
    pub noise_batches: usize,
    /// Last steps whose noise is followed from iteration to iteration; each costs a full gradient.
    pub window: u64,
    /// Coordinates whose curvature is measured at the end; each costs four full gradients.
    pub coordinates: usize,
    /// How the network's escape from its minimum is measured, if it is.
    pub escape: Option<EscapeSettings>,
    /// How the scaling of the noise at the minimum is measured, if it is.
    pub scaling: Option<ScalingSettings>,
}

impl CalibrationSettings {
    /// Reads the images.
    ///
    /// # Errors
    /// [`CalibrateError::Data`] with the file and its defect, and the errors of [`calibrate`](super::calibrate()) for
    /// unsuitable settings.
    pub fn load(&self) -> Result<DataSet, CalibrateError> {
        let mut data = match &self.data {
            DataSource::Digits => DataSet::digits(),
            DataSource::Idx { folder, classes } => read_idx_folder(folder, *classes)?,
            DataSource::Cifar10 { folder } => read_cifar10_folder(folder)?,
        };
        self.train_images.into_iter().for_each(|count| data.train.truncate(count));
        self.test_images.into_iter().for_each(|count| data.test.truncate(count));
        self.check(&data)?;
        Ok(data)
    }

    /// Checks that these images allow the measurement.
    pub(super) fn check(&self, data: &DataSet) -> Result<(), CalibrateError> {
        let images = data.train.count();
        if self.batch == 0 || self.batch >= images {
            return Err(CalibrateError::Batch { batch: self.batch, images });
        }
        if data.test.count() == 0 {
            return Err(CalibrateError::NoTest);
        }
        self.network.layers(data.train.shape, data.classes)?;
        let batches = |batches: &Vec<usize>| batches.iter().copied().find(|&batch| batch == 0 || batch >= images);
        let escape = self.escape.as_ref().map(|escape| batches(&escape.batches));
        let scaling = self.scaling.as_ref().map(|scaling| batches(&scaling.batches));
        if let Some(batch) = escape.flatten().or(scaling.flatten()) {
            return Err(CalibrateError::Batch { batch, images });
        }
        if (escape.is_some() || scaling.is_some()) && !matches!(self.network, Architecture::Mlp { .. }) {
            return Err(CalibrateError::EscapeNetwork { network: self.network.name() });
        }
        self.optimisers.iter().try_for_each(|(_, optimiser)| optimiser.check())
    }

    /// The folder of images, if the data are not embedded.
    pub fn folder(&self) -> Option<&PathBuf> {
        match &self.data {
            DataSource::Digits => None,
            DataSource::Idx { folder, .. } | DataSource::Cifar10 { folder } => Some(folder),
        }
    }
}

/// `count` iterations from 1 to `last`, both included, evenly spaced in the logarithm; duplicates are dropped.
pub(super) fn log_spaced(last: u64, count: usize) -> Vec<u64> {
    let steps = count.max(2) - 1;
    let at = |i: usize| ((last as f64).ln() * i as f64 / steps as f64).exp().round() as u64;
    let mut iterations: Vec<u64> = (0..=steps).map(at).map(|n| n.clamp(1, last)).collect();
    iterations.push(last);
    iterations.dedup();
    iterations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterations_are_spaced_by_their_logarithm() {
        assert_eq!(log_spaced(1000, 4), [1, 10, 100, 1000]);
        assert_eq!(log_spaced(4, 9), [1, 2, 3, 4]);
        assert_eq!(log_spaced(1, 5), [1]);
        assert_eq!(log_spaced(5000, 1), [1, 5000]);
    }
}
