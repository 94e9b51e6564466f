//! One process at a time at a place.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::error::FilesError;
use super::file_id::file_id;

/// How long another process is waited for: one that makes a folder needs less, one that fills it much more.
const PATIENCE: Duration = Duration::from_millis(500);

/// Held by the process that makes, moves or replaces what stands at a place, and by one that opens the store there until it has locked it:
/// SQLite must not meet a database that is moved while it is opened. The lock is the system's and ends with the process; its file,
/// `.<name>.lock` beside the place, goes with it, and one that a killed process left is in nobody's way.
#[derive(Debug)]
pub(crate) struct FolderLock {
    path: PathBuf,
    /// The lock is given back when it is closed, which comes after the removal.
    _file: File,
}

impl FolderLock {
    /// Makes the folder around the place, and takes the lock.
    ///
    /// # Errors
    /// [`FilesError::NoName`] if nothing can stand there, [`FilesError::InUse`] if another process has the lock,
    /// [`FilesError::Write`] if the folder cannot be written.
    pub fn take(place: &Path) -> Result<Self, FilesError> {
        let path = lock_of(place).ok_or_else(|| FilesError::NoName { path: place.to_owned() })?;
        let failed = |source| FilesError::Write { path: path.clone(), source };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        Self::wait(place, path)
    }

    /// Takes the lock of a place that is there, if it can be had: results may lie where nothing can be written, and then nobody moves
    /// them either.
    ///
    /// # Errors
    /// [`FilesError::InUse`] if another process has it.
    pub fn guard(place: &Path) -> Result<Option<Self>, FilesError> {
        let path = lock_of(place).or_else(|| lock_of(&fs::canonicalize(place).ok()?));
        match path.map(|path| Self::wait(place, path)) {
            Some(Ok(lock)) => Ok(Some(lock)),
            Some(Err(error @ FilesError::InUse { .. })) => Err(error),
            Some(Err(_)) | None => Ok(None),
        }
    }

    fn wait(place: &Path, path: PathBuf) -> Result<Self, FilesError> {
        let failed = |source| FilesError::Write { path: path.clone(), source };
        let begun = Instant::now();
        loop {
            let file = open(&path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) if stands(&file, &path) => return Ok(FolderLock { path, _file: file }),
                // The one that had it has taken the file away.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(5)),
                Err(TryLockError::WouldBlock) => return Err(FilesError::InUse { path: place.to_owned() }),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Elsewhere files cannot be told apart, and one that was removed would be taken for the one that stands there. Where that fails
        // it only stays.
        if cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn lock_of(place: &Path) -> Option<PathBuf> {
    Some(place.with_file_name(format!(".{}.lock", place.file_name()?.to_string_lossy())))
}

/// The file, made if it is not there. A link in its place is not followed. One that a killed process of somebody else left can be locked
/// if it can be read.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW);
    match options.clone().write(true).create(true).truncate(false).open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => options.open(path).map_err(|_| error),
        opened => opened,
    }
}

/// Whether the file is the one that stands at its path.
fn stands(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(held), Ok(there)) => file_id(&held) == file_id(&there),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    /// Threads stand in for processes: the lock belongs to the open file.
    #[test]
    fn one_at_a_time_has_it_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("made/run");
        let (busy, taken) = (AtomicBool::new(false), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while taken.load(Ordering::SeqCst) < 400 {
                        match FolderLock::take(&place) {
                            Ok(_lock) => {
                                assert!(!busy.swap(true, Ordering::SeqCst), "two have it");
                                thread::yield_now();
                                busy.store(false, Ordering::SeqCst);
                                taken.fetch_add(1, Ordering::SeqCst);
                            }
                            Err(error) => assert!(matches!(error, FilesError::InUse { .. })),
                        }
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path().join("made")).unwrap().count(), 0);
        let nameless = FolderLock::take(&folder.path().join("other/.."));
        assert!(matches!(nameless, Err(FilesError::NoName { .. })) && !folder.path().join("other").exists());
    }
}
