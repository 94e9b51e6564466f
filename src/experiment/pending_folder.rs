//! A folder that is written beside its place and renamed into it.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::results::{exists, move_aside};
use super::{Existing, ResultsError, StoreError};

/// Tells in an unfinished folder whether somebody still writes it.
const LOCK: &str = ".lock";

/// A folder being written. Nothing stands at its place until [`PendingFolder::finish`]; without it the unfinished folder `.<name>.part`
/// stays for inspection and is cleared by the next that is to stand there.
#[derive(Debug)]
pub struct PendingFolder {
    place: PathBuf,
    beside: PathBuf,
    existing: Existing,
    /// Held until the folder is in its place, or the process is gone.
    lock: File,
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
    /// [`ResultsError::Exists`] if `<out>/<name>` is there and `existing` is not [`Existing::MoveAside`].
    pub fn check(out: &Path, name: &str, existing: Existing) -> Result<(), ResultsError> {
        let place = out.join(name);
        match existing {
            Existing::MoveAside => Ok(()),
            _ if exists(&place) => Err(ResultsError::Exists { path: place }),
            _ => Ok(()),
        }
    }

    /// Makes the folder beside its place.
    ///
    /// # Errors
    /// [`ResultsError::Exists`] as [`PendingFolder::check`], [`StoreError::InUse`] if another process writes it,
    /// [`ResultsError::Write`] if it cannot be written.
    pub fn create(out: &Path, name: &str, existing: Existing) -> Result<Self, ResultsError> {
        Self::check(out, name, existing)?;
        Ok(PendingFolder { existing, ..Self::claim(&out.join(name))? })
    }

    /// Makes the folder beside `place`, where nothing may stand when it is finished.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another process writes it, [`ResultsError::Write`] if it cannot be written.
    pub fn claim(place: &Path) -> Result<Self, ResultsError> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let beside = place.with_file_name(format!(".{name}.part"));
        let failed = |source| ResultsError::Write { path: beside.clone(), source };
        let in_use = || ResultsError::from(StoreError::InUse { path: beside.clone() });
        let held = |lock: &File| match lock.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(in_use()),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        };
        if beside.symlink_metadata().is_ok() {
            match File::open(beside.join(LOCK)) {
                Ok(lock) => held(&lock)?,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
            fs::remove_dir_all(&beside).map_err(failed)?;
        }
        let parent = beside.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        match fs::create_dir(&beside) {
            // Another process was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(in_use()),
            made => made.map_err(failed)?,
        }
        let lock = File::create_new(beside.join(LOCK)).map_err(failed)?;
        held(&lock)?;
        Ok(PendingFolder { place: place.to_owned(), beside, existing: Existing::Refuse, lock })
    }

    /// Where files go until the folder is in its place.
    pub fn path(&self) -> &Path {
        &self.beside
    }

    /// Removes the unfinished folder: nothing was done.
    ///
    /// # Errors
    /// [`ResultsError::Write`] with the error of the file system.
    pub fn discard(self) -> Result<(), ResultsError> {
        fs::remove_dir_all(&self.beside).map_err(|source| ResultsError::Write { path: self.beside, source })
    }

    /// Writes one file into the folder.
    ///
    /// # Errors
    /// [`ResultsError::Write`] with the error of the file system.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ResultsError> {
        let path = self.beside.join(name);
        fs::write(&path, bytes).map_err(|source| ResultsError::Write { path, source })
    }

    /// Renames the folder into its place.
    ///
    /// # Errors
    /// [`ResultsError`]; the unfinished folder stays.
    pub fn finish(self) -> Result<Placed, ResultsError> {
        let mut moved = None;
        if exists(&self.place) {
            if self.existing != Existing::MoveAside {
                return Err(ResultsError::Exists { path: self.place });
            }
            let aside = move_aside(&self.place);
            moved = Some(aside.map_err(|source| ResultsError::Write { path: self.place.clone(), source })?);
        }
        let PendingFolder { place, beside, lock, .. } = self;
        let renamed = fs::remove_file(beside.join(LOCK)).and_then(|()| fs::rename(&beside, &place));
        drop(lock);
        renamed.map_err(|source| ResultsError::Write { path: beside, source })?;
        Ok(Placed { path: place, moved })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten() {
        let out = tempfile::tempdir().unwrap();
        let written = |text: &str, existing| {
            let folder = PendingFolder::create(out.path(), "c", existing)?;
            folder.write("file", text.as_bytes())?;
            folder.finish()
        };
        let Placed { path: place, moved } = written("first", Existing::Refuse).unwrap();
        assert_eq!(moved, None);
        assert!(matches!(written("second", Existing::Refuse), Err(ResultsError::Exists { .. })));
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
        let first = PendingFolder::claim(&place).unwrap();
        first.write("file", b"first").unwrap();
        let second = PendingFolder::claim(&place);
        assert!(matches!(second, Err(ResultsError::Store(StoreError::InUse { .. }))), "{second:?}");
        assert_eq!(fs::read(first.path().join("file")).unwrap(), b"first");
        // What nobody writes any more is cleared.
        drop(first);
        let third = PendingFolder::claim(&place).unwrap();
        assert!(!third.path().join("file").exists());
        assert_eq!(third.finish().unwrap().path, place);
    }
}
