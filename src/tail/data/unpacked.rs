//! The bytes of a file, decompressed if it is gzip.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use thiserror::Error;

/// Largest size of an unpacked file, in bytes.
const MOST: u64 = 1 << 33;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reasons why bytes could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// The file cannot be opened or read.
    #[error("{} cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The compressed file is damaged.
    #[error("{} cannot be unpacked", path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// The file is larger than the limit.
    #[error("{} holds more than {MOST} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// The unpacked bytes of a file.
///
/// # Errors
/// [`UnpackError`].
pub fn read_file(path: &Path) -> Result<Vec<u8>, UnpackError> {
    let file = File::open(path).map_err(|source| UnpackError::File { path: path.to_owned(), source })?;
    read_from(file, path)
}

/// The unpacked bytes of a reader; errors name it `path`.
///
/// # Errors
/// [`UnpackError`].
pub fn read_from(reader: impl Read, path: &Path) -> Result<Vec<u8>, UnpackError> {
    let too_large = |bytes: &Vec<u8>| bytes.len() as u64 > MOST;
    let mut bytes = Vec::new();
    let read = reader.take(MOST + 1).read_to_end(&mut bytes);
    read.map_err(|source| UnpackError::File { path: path.to_owned(), source })?;
    if bytes.starts_with(&GZIP) {
        let mut unpacked = Vec::new();
        let read = MultiGzDecoder::new(bytes.as_slice()).take(MOST + 1).read_to_end(&mut unpacked);
        read.map_err(|source| UnpackError::Gzip { path: path.to_owned(), source })?;
        bytes = unpacked;
    }
    if too_large(&bytes) { Err(UnpackError::TooLarge { path: path.to_owned() }) } else { Ok(bytes) }
}
