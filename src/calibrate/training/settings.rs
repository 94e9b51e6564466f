//! What a calibration is asked to do.

use std::path::PathBuf;

use super::{Architecture, CalibrateError, DeviceChoice, Optimiser};
use crate::calibrate::data::cifar::read_cifar10_folder;
use crate::calibrate::data::idx::read_idx_folder;
use crate::calibrate::data::images::DataSet;
use crate::noise::Seed;

/// Where the images come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataSource {
    /// The digits that are part of the program.
    Digits,
    /// A folder in the format of MNIST, with the number of its classes.
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

/// Everything that one calibration is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationSettings {
    /// Name, which is the folder of its results.
    pub name: String,
    /// Seed of weights, batches and everything else that is drawn.
    pub seed: Seed,
    /// The device asked for.
    pub device: DeviceChoice,
    /// The images.
    pub data: DataSource,
    /// Images to train on; the first so many, or all.
    pub train_images: Option<usize>,
    /// Images to test with; the first so many, or all.
    pub test_images: Option<usize>,
    /// The network.
    pub network: Architecture,
    /// Images of a batch.
    pub batch: usize,
    /// The optimisers with their labels, each trained from the same weights on the same batches.
    pub optimisers: Vec<(String, Optimiser)>,
    /// Steps of training.
    pub iterations: u64,
    /// Number of iterations at which the noise is measured, spaced evenly in the logarithm up to the last.
    pub measurements: usize,
    /// Batches drawn at each.
    pub noise_batches: usize,
    /// Last steps whose noise is followed from iteration to iteration; each costs a full gradient.
    pub window: u64,
    /// Coordinates whose curvature is measured at the end; each costs four full gradients.
    pub coordinates: usize,
}

impl CalibrationSettings {
    /// Reads the images.
    ///
    /// # Errors
    /// [`CalibrateError::Data`] with the file and what is wrong with it, and what [`calibrate`](super::calibrate()) would refuse.
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

    /// Whether this can be measured on these images.
    pub(super) fn check(&self, data: &DataSet) -> Result<(), CalibrateError> {
        let images = data.train.count();
        if self.batch == 0 || self.batch >= images {
            return Err(CalibrateError::Batch { batch: self.batch, images });
        }
        if data.test.count() == 0 {
            return Err(CalibrateError::NoTest);
        }
        self.network.layers(data.train.shape, data.classes)?;
        self.optimisers.iter().try_for_each(|(_, optimiser)| optimiser.check())
    }

    /// The folder of images that this calibration needs, if it needs one.
    pub fn folder(&self) -> Option<&PathBuf> {
        match &self.data {
            DataSource::Digits => None,
            DataSource::Idx { folder, .. } | DataSource::Cifar10 { folder } => Some(folder),
        }
    }
}

/// `count` iterations from 1 to `last`, both included, evenly spaced in the logarithm; fewer where they would coincide.
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
