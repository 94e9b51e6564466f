//! Labelled images, independent of the file format.

use rand::seq::SliceRandom;

use crate::noise::{Seed, Stream};

/// Images of one size, each with a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// Values of all images in the order of the labels, `count × channels × height × width`.
    pub pixels: Vec<f32>,
    /// Class of every image, below the number of classes.
    pub labels: Vec<u8>,
}

impl Images {
    /// Number of images.
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// Number of values per image.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Keeps the first `count` images.
    pub fn truncate(&mut self, count: usize) {
        self.labels.truncate(count);
        self.pixels.truncate(count * self.size());
    }
}

/// Training and test images with a common standardisation.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet {
    /// Name of the data set.
    pub name: String,
    /// Number of classes.
    pub classes: usize,
    /// Training images.
    pub train: Images,
    /// Test images.
    pub test: Images,
}

impl DataSet {
    /// Standardises both sets to mean 0 and standard deviation 1 over all values of the training set.
    pub(in crate::calibrate) fn standardised(
        name: impl Into<String>,
        classes: usize,
        mut train: Images,
        mut test: Images,
    ) -> Self {
        let n = train.pixels.len().max(1) as f64;
        let mean = train.pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / n;
        let variance = train.pixels.iter().map(|&p| (f64::from(p) - mean).powi(2)).sum::<f64>() / n;
        // Images without contrast become all zero.
        let scale = if variance > 0.0 { variance.sqrt().recip() } else { 1.0 };
        for pixel in train.pixels.iter_mut().chain(&mut test.pixels) {
            *pixel = ((f64::from(*pixel) - mean) * scale) as f32;
        }
        DataSet { name: name.into(), classes, train, test }
    }

    /// The 1797 handwritten digits of 8 × 8 pixels by Alpaydin and Kaynak (1998), which are part of the program: 1437 for
    /// training and 360 for testing, in a fixed split.
    ///
    /// # References
    /// - Alpaydin, Kaynak (1998), *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository.
    pub fn digits() -> Self {
        const TRAIN: usize = 1437;
        let source = smartcore::dataset::digits::load_dataset();
        let mut order: Vec<usize> = (0..source.num_samples).collect();
        order.shuffle(&mut Stream::new(Seed(0), 0, 0));
        let deal = |rows: &[usize]| Images {
            shape: [1, 8, 8],
            pixels: rows.iter().flat_map(|&i| source.data[64 * i..64 * (i + 1)].iter().copied()).collect(),
            labels: rows.iter().map(|&i| source.target[i] as u8).collect(),
        };
        DataSet::standardised("digits", 10, deal(&order[..TRAIN]), deal(&order[TRAIN..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_dealt_completely_and_standardised() {
        let data = DataSet::digits();
        assert_eq!((data.train.count(), data.test.count(), data.train.size()), (1437, 360, 64));
        let mut counts = [0; 10];
        data.train.labels.iter().chain(&data.test.labels).for_each(|&label| counts[label as usize] += 1);
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        let n = data.train.pixels.len() as f64;
        let moment = |power| data.train.pixels.iter().map(|&p| f64::from(p).powi(power)).sum::<f64>() / n;
        assert!(moment(1).abs() < 1e-5 && (moment(2) - 1.0).abs() < 1e-5);
        assert_eq!(DataSet::digits(), data);
    }
}
