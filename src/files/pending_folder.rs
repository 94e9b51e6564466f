//! A folder that is written under a temporary name and then renamed.

use std::fs;
use std::path::{Path, PathBuf};

use super::aside::{Existing, exists, move_aside, restore};
use super::atomic_file::{AtomicFile, sync_folder};
use super::error::FilesError;
use super::folder_lock::FolderLock;

/// A folder being written as `.<name>.part`. [`PendingFolder::finish`] gives it its final name. Without that the unfinished folder stays
/// for inspection, until the next folder of the same name is created.
#[derive(Debug)]
pub struct PendingFolder {
    place: PathBuf,
    part: PathBuf,
    existing: Existing,
    /// Held until the folder has its final name or the process ends.
    _lock: FolderLock,
}

/// A finished folder.
#[derive(Debug)]
pub struct Placed {
    /// Its path.
    pub path: PathBuf,
    /// Where the previous folder was moved.
    pub moved: Option<PathBuf>,
}

impl PendingFolder {
    /// Refuses a folder that exists already, without changing anything.
    ///
    /// # Errors
    /// [`FilesError::Exists`] if `<out>/<name>` exists and `existing` is not [`Existing::MoveAside`].
    pub fn check(out: &Path, name: &str, existing: Existing) -> Result<(), FilesError> {
        let place = out.join(name);
        match existing {
            Existing::MoveAside => Ok(()),
            _ if exists(&place) => Err(FilesError::Exists { path: place }),
            _ => Ok(()),
        }
    }

    /// Creates the unfinished folder with the final path `place`.
    ///
    /// # Errors
    /// [`FilesError::Exists`] if `place` exists and `existing` is not [`Existing::MoveAside`], [`FilesError::NoName`] for a path without a
    /// name, [`FilesError::InUse`] if another process writes it, [`FilesError::Write`] if it cannot be written.
    pub fn create(place: &Path, existing: Existing) -> Result<Self, FilesError> {
        // Without `.` at its end, which has no name.
        let place: &Path = &place.components().collect::<PathBuf>();
        let lock = FolderLock::take(place)?;
        if existing != Existing::MoveAside && exists(place) {
            return Err(FilesError::Exists { path: place.to_owned() });
        }
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let part = place.with_file_name(format!(".{name}.part"));
        let failed = |source| FilesError::Write { path: part.clone(), source };
        if exists(&part) {
            fs::remove_dir_all(&part).map_err(failed)?;
        }
        fs::create_dir(&part).map_err(failed)?;
        Ok(PendingFolder { place: place.to_owned(), part, existing, _lock: lock })
    }

    /// The path of the unfinished folder.
    pub fn path(&self) -> &Path {
        &self.part
    }

    /// Removes the unfinished folder.
    ///
    /// # Errors
    /// [`FilesError::Write`] with the error of the file system.
    pub fn discard(self) -> Result<(), FilesError> {
        fs::remove_dir_all(&self.part).map_err(|source| FilesError::Write { path: self.part.clone(), source })
    }

    /// Writes one file into the folder.
    ///
    /// # Errors
    /// [`FilesError::Write`] with the error of the file system.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FilesError> {
        let path = self.part.join(name);
        AtomicFile::replace(&path, bytes).map_err(|source| FilesError::Write { path, source })
    }

    /// Gives the folder its final name.
    ///
    /// # Errors
    /// [`FilesError`]; the unfinished folder stays.
    pub fn finish(&mut self) -> Result<Placed, FilesError> {
        let failed = |path: &Path, source| FilesError::Write { path: path.to_owned(), source };
        let mut moved = None;
        if exists(&self.place) {
            if self.existing != Existing::MoveAside {
                return Err(FilesError::Exists { path: self.place.clone() });
            }
            moved = Some(move_aside(&self.place).map_err(|source| failed(&self.place, source))?);
        }
        if let Err(source) = fs::rename(&self.part, &self.place) {
            // The first error is the one to report.
            let _ = restore(&self.place, moved.as_deref());
            return Err(failed(&self.part, source));
        }
        sync_folder(&self.place);
        Ok(Placed { path: self.place.clone(), moved })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten() {
        let out = tempfile::tempdir().unwrap();
        let written = |text: &str, existing| {
            let mut folder = PendingFolder::create(&out.path().join("c"), existing)?;
            folder.write("file", text.as_bytes())?;
            folder.finish()
        };
        let Placed { path: place, moved } = written("first", Existing::Refuse).unwrap();
        assert_eq!(moved, None);
        assert!(matches!(written("second", Existing::Refuse), Err(FilesError::Exists { .. })));
        let moved = written("third", Existing::MoveAside).unwrap().moved;
        assert_eq!(moved, Some(out.path().join("c.1")));
        assert_eq!(fs::read_to_string(place.join("file")).unwrap(), "third");
        assert_eq!(fs::read_to_string(out.path().join("c.1/file")).unwrap(), "first");
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 2);
        assert_eq!(fs::read_dir(place).unwrap().count(), 1);
    }

    #[test]
    fn one_at_a_time_writes_it() {
        let out = tempfile::tempdir().unwrap();
        let place = out.path().join("c");
        let first = PendingFolder::create(&place, Existing::Refuse).unwrap();
        first.write("file", b"first").unwrap();
        let second = PendingFolder::create(&place, Existing::Refuse);
        assert!(matches!(second, Err(FilesError::InUse { .. })), "{second:?}");
        assert_eq!(fs::read(first.path().join("file")).unwrap(), b"first");
        // A folder that no process writes any more is removed.
        drop(first);
        let mut third = PendingFolder::create(&place, Existing::Refuse).unwrap();
        assert!(!third.path().join("file").exists());
        assert_eq!(third.finish().unwrap().path, place);
    }
}
