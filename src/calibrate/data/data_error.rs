//! What is wrong with a file of images.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why images cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file is not there.
    #[error("{} holds no {name}, nor {name}.gz", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// Name of the file.
        name: String,
    },
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A class that is none.
    #[error("{}: label {label} of image {at} is not below {classes}, the number of classes", path.display())]
    Label {
        /// The file.
        path: PathBuf,
        /// Number of the image, from 0.
        at: usize,
        /// Its label.
        label: u8,
        /// The number of classes.
        classes: usize,
    },
    /// Images to train on and to test with differ in size.
    #[error("{}: images of shape {train:?} to train on, of {test:?} to test with", folder.display())]
    Shapes {
        /// The folder.
        folder: PathBuf,
        /// Channels, height and width.
        train: [usize; 3],
        /// Channels, height and width.
        test: [usize; 3],
    },
}
