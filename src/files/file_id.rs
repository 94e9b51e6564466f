//! The identity of a file.

use std::fs::Metadata;

/// Distinguishes a file from others that have had the same path.
#[cfg(unix)]
pub(crate) type FileId = (u64, u64);
#[cfg(not(unix))]
pub(crate) type FileId = ();

#[cfg(unix)]
pub(crate) fn file_id(file: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

#[cfg(not(unix))]
pub(crate) fn file_id(_: &Metadata) -> FileId {}
