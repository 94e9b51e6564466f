//! A folder that is written beside its place and renamed into it.

use std::fs;
use std::path::{Path, PathBuf};

use super::aside::{Existing, exists, move_aside, restore};
use super::atomic_file::{AtomicFile, sync_folder};
use super::error::FilesError;
use super::folder_lock::FolderLock;

/// A folder being written. Nothing stands at its place until [`PendingFolder::finish`]; without it the unfinished folder `.<name>.part`
/// stays for inspection and is cleared by the next that is to stand there.
#[derive(Debug)]
pub struct PendingFolder {
    place: PathBuf,
    beside: PathBuf,
    existing: Existing,
    /// Held until the folder is in its place, or the process is gone.
    _lock: FolderLock,
}

/// A folder in its place.
#[derive(Debug)]
pub struct Placed {
    /// The place.
    pub path: PathBuf,
    /// Where the results went that stood there.
    pub moved: Option<PathBuf>,
}

impl PendingFolder {
    /// Refuses a folder that is there already, without touching anything.
    ///
    /// # Errors
    /// [`FilesError::Exists`] if `<out>/<name>` is there and `existing` is not [`Existing::MoveAside`].
    pub fn check(out: &Path, name: &str, existing: Existing) -> Result<(), FilesError> {
        let place = out.join(name);
        match existing {
            Existing::MoveAside => Ok(()),
            _ if exists(&place) => Err(FilesError::Exists { path: place }),
            _ => Ok(()),
        }
    }

    /// Makes the folder beside `place`, where nothing may stand unless `existing` says that it is to be moved aside.
    ///
    /// # Errors
    /// [`FilesError::Exists`] if something stands there, [`FilesError::NoName`] if nothing can,
    /// [`FilesError::InUse`] if another process writes it, [`FilesError::Write`] if it cannot be written.
    pub fn create(place: &Path, existing: Existing) -> Result<Self, FilesError> {
        // Without a dot at its end, which has no place of its own.
        let place: &Path = &place.components().collect::<PathBuf>();
        let lock = FolderLock::take(place)?;
        if existing != Existing::MoveAside && exists(place) {
            return Err(FilesError::Exists { path: place.to_owned() });
        }
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let beside = place.with_file_name(format!(".{name}.part"));
        let failed = |source| FilesError::Write { path: beside.clone(), source };
        if exists(&beside) {
            fs::remove_dir_all(&beside).map_err(failed)?;
        }
        fs::create_dir(&beside).map_err(failed)?;
        Ok(PendingFolder { place: place.to_owned(), beside, existing, _lock: lock })
    }

    /// Where files go until the folder is in its place.
    pub fn path(&self) -> &Path {
        &self.beside
    }

    /// Removes the unfinished folder: nothing was done.
    ///
    /// # Errors
    /// [`FilesError::Write`] with the error of the file system.
    pub fn discard(self) -> Result<(), FilesError> {
        fs::remove_dir_all(&self.beside).map_err(|source| FilesError::Write { path: self.beside.clone(), source })
    }

    /// Writes one file into the folder.
    ///
    /// # Errors
    /// [`FilesError::Write`] with the error of the file system.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FilesError> {
        let path = self.beside.join(name);
        AtomicFile::replace(&path, bytes).map_err(|source| FilesError::Write { path, source })
    }

    /// Renames the folder into its place.
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
        if let Err(source) = fs::rename(&self.beside, &self.place) {
            // The first error is the one to report.
            let _ = restore(&self.place, moved.as_deref());
            return Err(failed(&self.beside, source));
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
        // What nobody writes any more is cleared.
        drop(first);
        let mut third = PendingFolder::create(&place, Existing::Refuse).unwrap();
        assert!(!third.path().join("file").exists());
        assert_eq!(third.finish().unwrap().path, place);
    }
}
