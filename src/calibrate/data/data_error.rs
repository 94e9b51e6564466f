//! Errors in files of images.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why images cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file is missing.
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
    /// A file has the wrong format.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A label is not a class.
    #[error("{}: label {label} of image {at} is not below {classes}, the number of classes", path.display())]
    Label {
        /// The file.
        path: PathBuf,
        /// Index of the image, from 0.
        at: usize,
        /// Its label.
        label: u8,
        /// The number of classes.
        classes: usize,
    },
    /// Training and test images differ in size.
    #[error("{}: training images have the shape {train:?}, test images {test:?}", folder.display())]
    Shapes {
        /// The folder.
        folder: PathBuf,
        /// Channels, height and width.
        train: [usize; 3],
        /// Channels, height and width.
        test: [usize; 3],
    },
}
