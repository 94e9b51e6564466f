//! The binary version of CIFAR-10.
//!
//! A file is a sequence of records. A record is one byte for the class and 3072 bytes for the image, 32 × 32 pixels in three planes.
//!
//! # References
//! - Krizhevsky (2009), *Learning Multiple Layers of Features from Tiny Images*.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::data_error::DataError;
use super::idx::check_labels;
use super::images::{DataSet, Images};

const SHAPE: [usize; 3] = [3, 32, 32];
const PIXELS: usize = 3 * 32 * 32;
const RECORD: usize = 1 + PIXELS;
/// Largest number of records in a file; the original files have 10,000.
const MOST_RECORDS: usize = 100_000;

/// Reads `data_batch_1.bin` to `data_batch_5.bin`, up to the first that is missing, and `test_batch.bin`.
///
/// # Errors
/// [`DataError`] with the file and what is wrong with it.
pub fn read_cifar10_folder(folder: &Path) -> Result<DataSet, DataError> {
    let mut train = Images { shape: SHAPE, pixels: Vec::new(), labels: Vec::new() };
    for batch in 1..=5 {
        let path = folder.join(format!("data_batch_{batch}.bin"));
        if batch > 1 && !path.is_file() {
            break;
        }
        append(&mut train, &path, folder)?;
    }
    let mut test = Images { shape: SHAPE, pixels: Vec::new(), labels: Vec::new() };
    append(&mut test, &folder.join("test_batch.bin"), folder)?;
    Ok(DataSet::standardised("cifar10", 10, train, test))
}

fn append(images: &mut Images, path: &Path, folder: &Path) -> Result<(), DataError> {
    if !path.is_file() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Err(DataError::Missing { folder: folder.to_owned(), name });
    }
    let failed = |source| DataError::Read { path: path.to_owned(), source };
    let limit = (MOST_RECORDS * RECORD) as u64;
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).map_err(failed)?;
    let wrong = |message| DataError::Format { path: path.to_owned(), message };
    if bytes.len() as u64 > limit {
        return Err(wrong(format!("more than {MOST_RECORDS} records")));
    }
    if bytes.is_empty() || bytes.len() % RECORD != 0 {
        return Err(wrong(format!("{} bytes are no whole number of records of {RECORD} bytes", bytes.len())));
    }
    let labels: Vec<u8> = bytes.chunks_exact(RECORD).map(|record| record[0]).collect();
    check_labels(path, &labels, 10)?;
    images.labels.extend(labels);
    images.pixels.extend(bytes.chunks_exact(RECORD).flat_map(|record| &record[1..]).map(|&p| f32::from(p) / 255.0));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn record(label: u8, value: u8) -> Vec<u8> {
        [vec![label], vec![value; PIXELS]].concat()
    }

    #[test]
    fn records_are_read_in_order() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("data_batch_1.bin"), [record(3, 0), record(9, 255)].concat()).unwrap();
        fs::write(dir.path().join("data_batch_2.bin"), record(1, 51)).unwrap();
        fs::write(dir.path().join("test_batch.bin"), record(0, 255)).unwrap();
        let data = read_cifar10_folder(dir.path()).unwrap();
        assert_eq!((data.train.labels.as_slice(), data.test.count()), ([3, 9, 1].as_slice(), 1));
        assert_eq!(data.train.pixels.len(), 3 * PIXELS);
        assert_eq!(data.test.pixels[0], data.train.pixels[PIXELS]);
        assert!(data.train.pixels[0] < data.train.pixels[2 * PIXELS]);
    }

    #[test]
    fn what_is_no_cifar10_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let reason = || read_cifar10_folder(dir.path()).unwrap_err().to_string();
        assert!(reason().contains("holds no data_batch_1.bin"));
        for (bytes, expected) in [
            (record(3, 0)[..3000].to_vec(), "3000 bytes are no whole number"),
            (Vec::new(), "0 bytes are no whole number"),
            (record(10, 0), "label 10 of image 0 is not below 10"),
        ] {
            fs::write(dir.path().join("data_batch_1.bin"), bytes).unwrap();
            assert!(reason().contains(expected), "{}", reason());
        }
        fs::write(dir.path().join("data_batch_1.bin"), record(3, 0)).unwrap();
        assert!(reason().contains("holds no test_batch.bin"));
    }
}
