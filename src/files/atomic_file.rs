//! A file that is written under a temporary name and then renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};

/// A large file is flushed to the disk each time that so many bytes more have been written.
const FLUSHED: usize = 64 << 20;

/// A file being written as `.<name>.part` in the folder of its final path. A reader sees either the old file or the complete new one.
/// Without [`AtomicFile::finish`] the new file is removed.
#[derive(Debug)]
pub struct AtomicFile {
    place: PathBuf,
    part: PathBuf,
    file: BufWriter<File>,
    /// Bytes written since the last flush was asked for.
    waiting: usize,
    flusher: Option<Flusher>,
}

impl AtomicFile {
    /// Begins the file with the final path `place`.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn create(place: &Path) -> io::Result<Self> {
        let name = place.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy();
        let part = place.with_file_name(format!(".{name}.part"));
        // The file of a killed process, or a link: it is removed and never written through.
        match fs::remove_file(&part) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = File::create_new(&part)?;
        let file = BufWriter::with_capacity(1 << 18, file);
        Ok(AtomicFile { place: place.to_owned(), part, file, waiting: 0, flusher: None })
    }

    /// Writes a complete file.
    ///
    /// # Errors
    /// The error of the file system; the old file is unchanged.
    pub fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = Self::create(place)?;
        file.write_all(bytes)?;
        file.finish()
    }

    /// Gives the file its final name, after flushing it to the disk: a power failure must not leave an empty file.
    ///
    /// # Errors
    /// The error of the file system; the old file is unchanged.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        // The system reports an error of the disk only once, perhaps to the other thread.
        self.flusher.take().map_or(Ok(()), Flusher::end)?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.part, &self.place)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.waiting += written;
        if self.waiting >= FLUSHED {
            self.waiting = 0;
            if self.flusher.is_none() {
                // Without a thread the file is flushed at its end.
                self.flusher = self.file.get_ref().try_clone().and_then(Flusher::start).ok();
            }
            self.flusher.iter().for_each(Flusher::wake);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        // After the rename nothing is left to remove; after an error the disk may be full.
        let _ = fs::remove_file(&self.part);
    }
}

/// Flushes a large file to the disk while it is being written, so that its end need not wait for all of it.
#[derive(Debug)]
struct Flusher {
    wake: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Flusher {
    fn start(file: File) -> io::Result<Self> {
        let (wake, woken) = mpsc::sync_channel(1);
        let thread = thread::Builder::new().spawn(move || woken.iter().try_for_each(|()| file.sync_data()))?;
        Ok(Flusher { wake, thread })
    }

    fn wake(&self) {
        // While one call waits, another would ask for the same.
        let _ = self.wake.try_send(());
    }

    /// Waits for the thread, and returns its error.
    fn end(self) -> io::Result<()> {
        drop(self.wake);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Flushes the folder that contains `place` to the disk, so that a rename in it survives a power failure.
pub(super) fn sync_folder(place: &Path) {
    let parent = place.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    if let Some(Ok(folder)) = parent.map(File::open) {
        // Some file systems do not support it. The files themselves are flushed already.
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_completely_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("table.csv");
        AtomicFile::replace(&place, b"first").unwrap();
        let mut begun = AtomicFile::create(&place).unwrap();
        begun.write_all(b"second").unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"first");
        drop(begun);
        assert_eq!((fs::read(&place).unwrap(), fs::read_dir(folder.path()).unwrap().count()), (b"first".to_vec(), 1));
        AtomicFile::replace(&place, b"third").unwrap();
        assert_eq!((fs::read(&place).unwrap(), fs::read_dir(folder.path()).unwrap().count()), (b"third".to_vec(), 1));
    }

    #[test]
    fn a_large_file_is_flushed_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("table.csv");
        let mut file = AtomicFile::create(&place).unwrap();
        let part: Vec<u8> = (0..1 << 20).map(|k: u32| k as u8).collect();
        for k in 0..130 {
            file.write_all(&part).unwrap();
            assert_eq!(file.flusher.is_some(), k >= 63);
        }
        file.finish().unwrap();
        let written = fs::read(&place).unwrap();
        assert!(written.len() == 130 << 20 && written.chunks(1 << 20).all(|chunk| chunk == part));
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let [place, other] = ["table.csv", "other"].map(|name| folder.path().join(name));
        fs::write(&other, "theirs").unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join(".table.csv.part")).unwrap();
        AtomicFile::replace(&place, b"ours").unwrap();
        assert_eq!((fs::read(&place).unwrap(), fs::read(&other).unwrap()), (b"ours".to_vec(), b"theirs".to_vec()));
        assert!(place.symlink_metadata().unwrap().is_file());
    }
}
