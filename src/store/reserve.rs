//! Room on the disk ahead of a file that grows.

use std::io;
use std::path::Path;

#[cfg(target_os = "linux")]
pub use linux::Reserve;

/// Where no room can be reserved.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub enum Reserve {}

#[cfg(not(target_os = "linux"))]
impl Reserve {
    pub fn of(_: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn renew(&mut self) {}

    pub fn release(&mut self) {}
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use rustix::fs::{FallocateFlags, OFlags, fallocate, fstatvfs};
    use rustix::io::Errno;
    use std::fs::{File, OpenOptions};
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

    /// Bytes that are reserved at a time.
    const STEP: u64 = 16 << 20;
    /// Nothing is reserved where less is free: others may need it.
    const FREE: u64 = 8 * STEP;

    /// Blocks beyond the end of a file, which its length does not tell of. A write that appends to them costs the system two thirds of
    /// one that has to find them.
    #[derive(Debug)]
    pub struct Reserve {
        /// Not to be closed before SQLite has closed the file: that would end SQLite's locks, which are the process's.
        file: File,
        /// The end of what is reserved; `None` where the file system cannot reserve, or could not once.
        end: Option<u64>,
    }

    impl Reserve {
        /// Nothing as yet, for the file at `path`, which must not be a link. What a killed process had reserved is given back.
        ///
        /// # Errors
        /// If it cannot be opened for writing.
        pub fn of(path: &Path) -> io::Result<Self> {
            let file = OpenOptions::new().write(true).custom_flags(OFlags::NOFOLLOW.bits() as i32).open(path)?;
            let found = file.metadata()?;
            let reserve = Reserve { file, end: Some(0) };
            if (found.blocks() * 512).saturating_sub(found.len()) > STEP / 8 {
                reserve.cut();
            }
            Ok(reserve)
        }

        /// Reserves more if little is left. Where the file system cannot, or has little room, the file grows without.
        pub fn renew(&mut self) {
            let (Some(end), Ok(length)) = (self.end, self.file.metadata().map(|file| file.len())) else { return };
            if length + STEP / 2 > end {
                self.end = self.extend(length).ok();
                if self.end.is_none() {
                    // Part of it may have been found.
                    self.cut();
                }
            }
        }

        /// Gives back what the file has not grown into.
        pub fn release(&mut self) {
            if self.end.is_some_and(|end| end > 0) {
                self.cut();
                self.end = Some(0);
            }
        }

        fn extend(&self, length: u64) -> rustix::io::Result<u64> {
            let system = fstatvfs(&self.file)?;
            if system.f_bavail.saturating_mul(system.f_frsize) < FREE {
                return Err(Errno::NOSPC);
            }
            fallocate(&self.file, FallocateFlags::KEEP_SIZE, length, STEP).map(|()| length + STEP)
        }

        fn cut(&self) {
            // Where that fails it only stays reserved.
            let _ = self.file.metadata().and_then(|file| self.file.set_len(file.len()));
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::os::unix::fs::symlink;

        #[test]
        fn what_is_reserved_is_given_back() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            std::fs::write(&path, [7; 5000]).unwrap();
            let mut reserve = Reserve::of(&path).unwrap();
            reserve.renew();
            let taken = || (path.metadata().unwrap().len(), path.metadata().unwrap().blocks() * 512);
            // A file system that cannot reserve has nothing to give back.
            let able = reserve.end.is_some();
            assert_eq!((taken().0, taken().1 >= STEP), (5000, able));
            reserve.release();
            assert!(taken().0 == 5000 && taken().1 < STEP, "{:?}", taken());
            // A killed process gives nothing back: the next one does.
            reserve.renew();
            drop(reserve);
            assert_eq!((taken().0, taken().1 >= STEP), (5000, able));
            Reserve::of(&path).unwrap();
            assert!(taken().0 == 5000 && taken().1 < STEP, "{:?}", taken());
            assert_eq!(std::fs::read(&path).unwrap(), [7; 5000]);
            let link = folder.path().join("link");
            symlink(&path, &link).unwrap();
            assert!(Reserve::of(&link).is_err());
        }
    }
}
