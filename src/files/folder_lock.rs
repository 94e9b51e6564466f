//! A lock for one process at a time on the path of a folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::error::FilesError;
use super::file_id::file_id;

/// Lock timeout. Creating a folder takes less time, filling it much more.
const TIMEOUT: Duration = Duration::from_millis(500);

/// A lock on the path of a folder. A process holds it while it creates, moves or replaces the folder, and while it opens the store in it:
/// SQLite must not open a database that is being moved. The lock belongs to the operating system and ends with the process. Its file,
/// `.<name>.lock` next to the folder, is removed with it; a stale file is harmless.
#[derive(Debug)]
pub(crate) struct FolderLock {
    path: PathBuf,
    /// Closing the file releases the lock, after the file is removed.
    _file: File,
}

impl FolderLock {
    /// Creates the parent folder and takes the lock.
    ///
    /// # Errors
    /// [`FilesError::NoName`] for a path without a name, [`FilesError::InUse`] if another process holds the lock, [`FilesError::Write`] if
    /// the parent folder cannot be written.
    pub fn take(place: &Path) -> Result<Self, FilesError> {
        let path = lock_of(place).ok_or_else(|| FilesError::NoName { path: place.to_owned() })?;
        let failed = |source| FilesError::Write { path: path.clone(), source };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        Self::wait(place, path)
    }

    /// Takes the lock of an existing folder; `None` if the lock file cannot be created. Results can be in a read-only folder, from which
    /// they cannot be moved either.
    ///
    /// # Errors
    /// [`FilesError::InUse`] if another process holds the lock.
    pub fn take_if_writable(place: &Path) -> Result<Option<Self>, FilesError> {
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
                Ok(()) if is_at(&file, &path) => return Ok(FolderLock { path, _file: file }),
                // The previous holder has removed the file.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if begun.elapsed() < TIMEOUT => thread::sleep(Duration::from_millis(5)),
                Err(TryLockError::WouldBlock) => return Err(FilesError::InUse { path: place.to_owned() }),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // On other systems files cannot be distinguished, and a removed file would pass for the current one. A stale file is harmless.
        if cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn lock_of(place: &Path) -> Option<PathBuf> {
    Some(place.with_file_name(format!(".{}.lock", place.file_name()?.to_string_lossy())))
}

/// Opens the lock file, or creates it. A link is not followed. A stale file of another user can be locked if it is readable.
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

/// Whether an open file is the one at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(held), Ok(there)) => file_id(&held) == file_id(&there),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    /// Threads replace processes: the lock belongs to the open file.
    #[test]
    fn one_at_a_time_holds_it_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("made/run");
        let (busy, taken) = (AtomicBool::new(false), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while taken.load(Ordering::SeqCst) < 400 {
                        match FolderLock::take(&place) {
                            Ok(_lock) => {
                                assert!(!busy.swap(true, Ordering::SeqCst), "two hold it");
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
