//! A folder that is written beside its place and renamed into it.

use std::fs;
use std::path::{Path, PathBuf};

use super::results::{exists, move_aside};
use super::{Existing, ResultsError};

/// A folder being written. Nothing stands at its place until [`PendingFolder::finish`]; without it the unfinished folder `.<name>.part`
/// stays for inspection and is cleared by the next run of that name.
#[derive(Debug)]
pub struct PendingFolder {
    place: PathBuf,
    beside: PathBuf,
    existing: Existing,
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
    /// [`ResultsError::Exists`] as [`PendingFolder::check`], [`ResultsError::Write`] if the folder cannot be written.
    pub fn create(out: &Path, name: &str, existing: Existing) -> Result<Self, ResultsError> {
        Self::check(out, name, existing)?;
        let beside = out.join(format!(".{name}.part"));
        let failed = |source| ResultsError::Write { path: beside.clone(), source };
        if beside.exists() {
            fs::remove_dir_all(&beside).map_err(failed)?;
        }
        fs::create_dir_all(&beside).map_err(failed)?;
        Ok(PendingFolder { place: out.join(name), beside, existing })
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

    /// Renames the folder into its place, which is returned.
    ///
    /// # Errors
    /// [`ResultsError`]; the unfinished folder stays.
    pub fn finish(self) -> Result<PathBuf, ResultsError> {
        if exists(&self.place) {
            if self.existing != Existing::MoveAside {
                return Err(ResultsError::Exists { path: self.place });
            }
            move_aside(&self.place).map_err(|source| ResultsError::Write { path: self.place.clone(), source })?;
        }
        fs::rename(&self.beside, &self.place)
            .map_err(|source| ResultsError::Write { path: self.beside.clone(), source })?;
        Ok(self.place)
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
        let place = written("first", Existing::Refuse).unwrap();
        assert!(matches!(written("second", Existing::Refuse), Err(ResultsError::Exists { .. })));
        written("third", Existing::MoveAside).unwrap();
        assert_eq!(fs::read_to_string(place.join("file")).unwrap(), "third");
        assert_eq!(fs::read_to_string(out.path().join("c.1/file")).unwrap(), "first");
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 2);
    }
}
