//! Errors of files and folders.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a file or folder cannot be created, moved or replaced.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FilesError {
    /// The path exists already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The path cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// The path ends without a name, as `..` does.
    #[error("{} cannot name a results folder", path.display())]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// Another process uses the path.
    #[error("{} is in use by another run", path.display())]
    InUse {
        /// The path.
        path: PathBuf,
    },
}
