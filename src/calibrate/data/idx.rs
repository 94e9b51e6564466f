//! IDX, the format of MNIST and Fashion-MNIST, plain or gzipped.
//!
//! A file is two zero bytes, the type of its entries (8: unsigned bytes), its number of dimensions, each dimension as a big-endian
//! 32-bit number, and the entries. The reader allocates nothing on the strength of a header, and rejects a file that holds
//! fewer or more entries than the header claims.
//!
//! # References
//! - LeCun, Cortes, Burges, *The MNIST database of handwritten digits*.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::data_error::DataError;
use super::images::{DataSet, Images};

/// Largest number of entries in a file.
const MOST_BYTES: u64 = 1 << 30;
/// Largest number of pixels along a side of an image.
const MOST_SIDE: u32 = 256;

/// Reads the four files of a folder, `{train,t10k}-{images-idx3,labels-idx1}-ubyte`, with or without `.gz`, of images in `classes`
/// classes.
///
/// # Errors
/// [`DataError`] with the file and what is wrong with it.
pub fn read_idx_folder(folder: &Path, classes: usize) -> Result<DataSet, DataError> {
    let train = read_pair(folder, "train", classes)?;
    let test = read_pair(folder, "t10k", classes)?;
    if train.shape != test.shape {
        return Err(DataError::Shapes { folder: folder.to_owned(), train: train.shape, test: test.shape });
    }
    let name = folder.file_name().map_or_else(|| "idx".to_string(), |name| name.to_string_lossy().into_owned());
    Ok(DataSet::standardised(name, classes, train, test))
}

fn read_pair(folder: &Path, part: &str, classes: usize) -> Result<Images, DataError> {
    let images_path = find(folder, &format!("{part}-images"), 3)?;
    let (dims, pixels) = read_bytes(&images_path, 3)?;
    if dims[1..].iter().any(|&side| side > MOST_SIDE) {
        let message = format!("images of {} × {} pixels; the limit is {MOST_SIDE} per side", dims[1], dims[2]);
        return Err(DataError::Format { path: images_path, message });
    }
    let labels_path = find(folder, &format!("{part}-labels"), 1)?;
    let (counts, labels) = read_bytes(&labels_path, 1)?;
    if counts[0] != dims[0] {
        let message = format!("{} labels for {} images", counts[0], dims[0]);
        return Err(DataError::Format { path: labels_path, message });
    }
    check_labels(&labels_path, &labels, classes)?;
    Ok(Images {
        shape: [1, dims[1] as usize, dims[2] as usize],
        pixels: pixels.iter().map(|&p| f32::from(p) / 255.0).collect(),
        labels,
    })
}

/// Checks that every label is below the number of classes.
pub(in crate::calibrate) fn check_labels(path: &Path, labels: &[u8], classes: usize) -> Result<(), DataError> {
    match labels.iter().position(|&label| usize::from(label) >= classes) {
        Some(at) => Err(DataError::Label { path: path.to_owned(), at, label: labels[at], classes }),
        None => Ok(()),
    }
}

/// Finds the file with this stem under one of its usual names.
fn find(folder: &Path, stem: &str, dims: u32) -> Result<PathBuf, DataError> {
    let names = [
        format!("{stem}-idx{dims}-ubyte"),
        format!("{stem}-idx{dims}-ubyte.gz"),
        format!("{stem}.idx{dims}-ubyte"),
        format!("{stem}.idx{dims}-ubyte.gz"),
    ];
    let found = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| DataError::Missing { folder: folder.to_owned(), name: names[0].clone() })
}

/// Dimensions and entries of one file.
fn read_bytes(path: &Path, rank: usize) -> Result<(Vec<u32>, Vec<u8>), DataError> {
    let failed = |source| DataError::Read { path: path.to_owned(), source };
    let wrong = |message: String| DataError::Format { path: path.to_owned(), message };
    let file = BufReader::new(File::open(path).map_err(failed)?);
    let mut reader: Box<dyn Read> = match path.extension() {
        Some(extension) if extension == "gz" => Box::new(MultiGzDecoder::new(file)),
        _ => Box::new(file),
    };
    let cut_short = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => wrong("the file ends before its header".to_string()),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => wrong("not a gzip file".to_string()),
        _ => failed(error),
    };
    let mut magic = [0; 4];
    reader.read_exact(&mut magic).map_err(cut_short)?;
    if magic[..3] != [0, 0, 8] || usize::from(magic[3]) != rank {
        return Err(wrong(format!(
            "it begins with {magic:02x?}, not with that of {rank} dimensions of unsigned bytes"
        )));
    }
    let mut dims = vec![0; rank];
    for dim in &mut dims {
        let mut word = [0; 4];
        reader.read_exact(&mut word).map_err(cut_short)?;
        *dim = u32::from_be_bytes(word);
    }
    let expected = dims.iter().try_fold(1u64, |n, &dim| n.checked_mul(u64::from(dim)));
    let Some(expected) = expected.filter(|n| (1..=MOST_BYTES).contains(n)) else {
        return Err(wrong(format!("its header claims {dims:?} entries; the limit is 1 to {MOST_BYTES}")));
    };
    let mut bytes = Vec::new();
    // Reading stops one byte after the size that the header claims, however large the decompressed data.
    reader.take(expected + 1).read_to_end(&mut bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => wrong("the compressed file is cut short".to_string()),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => wrong("the compressed file is damaged".to_string()),
        _ => failed(error),
    })?;
    match bytes.len() as u64 {
        n if n == expected => Ok((dims, bytes)),
        n if n < expected => Err(wrong(format!("it holds {n} entries, its header claims {expected}"))),
        _ => Err(wrong(format!("it holds more entries than the {expected} its header claims"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    fn idx(dims: &[u32], entries: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, dims.len() as u8];
        dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
        bytes.extend(entries);
        bytes
    }

    fn folder(images: &[u8], labels: &[u8]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for part in ["train", "t10k"] {
            fs::write(dir.path().join(format!("{part}-images-idx3-ubyte")), images).unwrap();
            fs::write(dir.path().join(format!("{part}-labels-idx1-ubyte")), labels).unwrap();
        }
        dir
    }

    #[test]
    fn plain_and_gzipped_files_are_read_alike() {
        let images = idx(&[2, 1, 2], &[0, 255, 51, 0]);
        let dir = folder(&images, &idx(&[2], &[3, 9]));
        let plain = read_idx_folder(dir.path(), 10).unwrap();
        assert_eq!((plain.train.shape, plain.train.labels.as_slice()), ([1, 1, 2], [3, 9].as_slice()));
        assert!(plain.train.pixels[1] > plain.train.pixels[2] && plain.train.pixels[0] == plain.train.pixels[3]);
        fs::remove_file(dir.path().join("train-images-idx3-ubyte")).unwrap();
        let file = File::create(dir.path().join("train-images-idx3-ubyte.gz")).unwrap();
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        packed.write_all(&images).unwrap();
        packed.finish().unwrap();
        assert_eq!(read_idx_folder(dir.path(), 10).unwrap(), plain);
    }

    #[test]
    fn hostile_files_are_refused_with_the_reason() {
        let images = idx(&[2, 1, 2], &[0, 255, 51, 0]);
        let labels = idx(&[2], &[3, 9]);
        for (images, labels, reason) in [
            (images[..18].to_vec(), labels.clone(), "it holds 2 entries, its header claims 4"),
            ([images.clone(), vec![1]].concat(), labels.clone(), "more entries than the 4"),
            (images[..9].to_vec(), labels.clone(), "ends before its header"),
            (Vec::new(), labels.clone(), "ends before its header"),
            (b"PK\x03\x04 a zip file".to_vec(), labels.clone(), "it begins with"),
            (idx(&[u32::MAX; 3], &[0; 8]), labels.clone(), "its header claims [4294967295"),
            (idx(&[1 << 14, 1 << 8, 1 << 8], &[0; 8]), labels.clone(), "it holds 8 entries"),
            (idx(&[0, 1, 2], &[]), labels.clone(), "its header claims [0, 1, 2]"),
            (idx(&[1, 1, 300], &[0; 300]), labels.clone(), "the limit is 256 per side"),
            (images.clone(), idx(&[3], &[1, 2, 3]), "3 labels for 2 images"),
            (images.clone(), idx(&[2], &[1, 10]), "label 10 of image 1 is not below 10"),
            (images.clone(), images.clone(), "that of 1 dimensions"),
        ] {
            let dir = folder(&images, &labels);
            let error = read_idx_folder(dir.path(), 10).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_gzip_file_that_is_none_or_unpacks_to_more_than_it_claims_is_refused() {
        let dir = folder(&idx(&[2, 1, 2], &[0, 255, 51, 0]), &idx(&[2], &[3, 9]));
        let path = dir.path().join("train-images-idx3-ubyte");
        fs::remove_file(&path).unwrap();
        let packed_path = path.with_extension("gz");
        fs::write(&packed_path, b"this is no gzip file at all").unwrap();
        assert!(read_idx_folder(dir.path(), 10).unwrap_err().to_string().contains("not a gzip file"));
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&idx(&[2, 1, 2], &vec![0; 50_000_000])).unwrap();
        let packed = packed.finish().unwrap();
        fs::write(&packed_path, &packed).unwrap();
        assert!(read_idx_folder(dir.path(), 10).unwrap_err().to_string().contains("more entries than the 4"));
        fs::write(&packed_path, &packed[..20]).unwrap();
        assert!(read_idx_folder(dir.path(), 10).is_err());
    }

    #[test]
    fn a_folder_without_the_files_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = read_idx_folder(dir.path(), 10).unwrap_err().to_string();
        assert!(error.contains("holds no train-images-idx3-ubyte"), "{error}");
    }
}
