//! Room on the disk ahead of a file that grows.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Bytes that are reserved at a time.
const STEP: u64 = 16 << 20;

/// Blocks beyond the end of a file, which its length does not tell of. A write that appends to them costs the system two thirds of one
/// that has to find them.
#[derive(Debug)]
pub struct Reserve {
    /// Not to be closed before SQLite has closed the file: that would end SQLite's locks, which are the process's.
    file: File,
    /// The end of what is reserved.
    end: u64,
}

impl Reserve {
    /// Nothing as yet, for the file at `path`.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Reserve { file: OpenOptions::new().write(true).open(path)?, end: 0 })
    }

    /// Reserves more if little is left. Where the file system cannot, or has no room, the file grows without.
    pub fn renew(&mut self) {
        let Ok(length) = self.file.metadata().map(|file| file.len()) else { return };
        if length + STEP / 2 > self.end && reserve(&self.file, length).is_ok() {
            self.end = length + STEP;
        }
    }

    /// Gives back what the file has not grown into.
    pub fn release(&mut self) {
        if self.end > 0 {
            // It would only stay reserved.
            let _ = self.file.metadata().and_then(|file| self.file.set_len(file.len()));
            self.end = 0;
        }
    }
}

#[cfg(target_os = "linux")]
fn reserve(file: &File, from: u64) -> rustix::io::Result<()> {
    rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, from, STEP)
}

#[cfg(not(target_os = "linux"))]
fn reserve(_: &File, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn what_is_reserved_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, [7; 5000]).unwrap();
        let mut reserve = Reserve::of(&path).unwrap();
        reserve.renew();
        let taken = || (path.metadata().unwrap().len(), path.metadata().unwrap().blocks() * 512);
        // A file system that cannot reserve has nothing to give back.
        let able = reserve.end > 0;
        assert_eq!((taken().0, taken().1 >= STEP), (5000, able));
        reserve.release();
        assert!(taken().0 == 5000 && taken().1 < STEP, "{:?}", taken());
        assert_eq!(std::fs::read(&path).unwrap(), [7; 5000]);
    }
}
