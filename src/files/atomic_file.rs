//! A file that is written beside its place and renamed into it.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A file being written as `.<name>.part` in the folder of its place. A reader sees the old file or the new one, whole; without
/// [`AtomicFile::finish`] nothing is left of it.
#[derive(Debug)]
pub struct AtomicFile {
    place: PathBuf,
    part: PathBuf,
    file: BufWriter<File>,
}

impl AtomicFile {
    /// Begins the file that is going to stand at `place`.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn create(place: &Path) -> io::Result<Self> {
        let name = place.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy();
        let part = place.with_file_name(format!(".{name}.part"));
        // What a killed process left, or a link that was laid here: it is taken away and never written through.
        match fs::remove_file(&part) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = File::create_new(&part)?;
        Ok(AtomicFile { place: place.to_owned(), part, file: BufWriter::with_capacity(1 << 18, file) })
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// The error of the file system; what stood at `place` is still there.
    pub fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = Self::create(place)?;
        file.write_all(bytes)?;
        file.finish()
    }

    /// Renames the file into its place, once it is on the disk: a loss of power must not leave an empty one there.
    ///
    /// # Errors
    /// The error of the file system; what stood at its place is still there.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.part, &self.place)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; after an error its room is what is needed.
        let _ = fs::remove_file(&self.part);
    }
}

/// Sees to it that what was renamed in the folder around `place` is found there after a loss of power, as far as the system can be asked.
pub(super) fn sync_folder(place: &Path) {
    let parent = place.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    if let Some(Ok(folder)) = parent.map(File::open) {
        // Some file systems cannot, and the files themselves are safe.
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
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
