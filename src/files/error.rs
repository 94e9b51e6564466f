//! What can be wrong with a place for files.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a file or folder cannot be made, moved or replaced.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FilesError {
    /// Something is there already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The place.
        path: PathBuf,
    },
    /// The place cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// A place that has no name of its own, as `..`.
    #[error("{} is no name for a folder of results", path.display())]
    NoName {
        /// The place.
        path: PathBuf,
    },
    /// Another process works there.
    #[error("{} is in use by another run", path.display())]
    InUse {
        /// The place.
        path: PathBuf,
    },
}
