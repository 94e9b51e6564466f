//! The bytes of a file, unpacked if gzip packed them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use thiserror::Error;

/// Bytes of a file at most, once it is unpacked.
const MOST: u64 = 1 << 33;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why bytes were not read.
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
    /// It is packed, and broken.
    #[error("{} cannot be unpacked", path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// It is larger than any file that is read.
    #[error("{} holds more than {MOST} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// The bytes of a file, unpacked.
///
/// # Errors
/// [`UnpackError`].
pub fn read_file(path: &Path) -> Result<Vec<u8>, UnpackError> {
    let file = File::open(path).map_err(|source| UnpackError::File { path: path.to_owned(), source })?;
    read_from(file, path)
}

/// The bytes of a reader that is named `path` in errors, unpacked.
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
