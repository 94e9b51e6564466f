//! Folders moved out of the way of others, and back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What is done with a folder of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// They are kept and the run is refused.
    Refuse,
    /// They are moved aside, to `<name>.1`, `<name>.2`, …
    MoveAside,
    /// The run goes on where they end.
    Resume,
}

/// Renames a folder to the first free `<name>.<n>`, which is returned.
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

/// Moves a folder back to its place, if it is free.
pub(crate) fn restore(place: &Path, moved: Option<&Path>) -> io::Result<()> {
    match moved {
        Some(aside) if !exists(place) => fs::rename(aside, place),
        _ => Ok(()),
    }
}

/// Whether anything is at a place, a broken link included.
pub(crate) fn exists(place: &Path) -> bool {
    place.symlink_metadata().is_ok()
}
