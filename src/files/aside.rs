//! Moves a folder aside to free its path, and back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How to proceed if the folder exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Refuse the run and keep the folder.
    Refuse,
    /// Move the folder aside, to the first free name of `<name>.1`, `<name>.2`, …
    MoveAside,
    /// Resume the run that the folder holds.
    Resume,
}

/// Renames a folder to the first free `<name>.<n>`; returns the new path.
pub(crate) fn move_aside(place: &Path) -> io::Result<PathBuf> {
    let aside = |n: u32| {
        let mut name = place.as_os_str().to_owned();
        name.push(format!(".{n}"));
        PathBuf::from(name)
    };
    match (1..).map(aside).find(|path| !exists(path)) {
        Some(aside) => fs::rename(place, &aside).map(|()| aside),
        None => Err(io::ErrorKind::AlreadyExists.into()),
    }
}

/// Moves a folder back to `place`, if that is free.
pub(crate) fn restore(place: &Path, moved: Option<&Path>) -> io::Result<()> {
    match moved {
        Some(aside) if !exists(place) => fs::rename(aside, place),
        _ => Ok(()),
    }
}

/// Whether a path exists, including a broken link.
pub(crate) fn exists(place: &Path) -> bool {
    place.symlink_metadata().is_ok()
}
