//! The folder of a run: opened, locked, moved aside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use thiserror::Error;

use super::random_problems::{RANDOM_PROBLEM_COLUMNS, RandomProblemsResult};
use super::table::{TableError, write_table};
use crate::engine::Shard;
use crate::experiment::Experiment;
use crate::files::{AtomicFile, Existing, FilesError, FolderLock, exists, move_aside, restore};
use crate::store::{Identity, Store, StoreError};

/// What is wrong with a folder of results.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// The store holds more paths than are asked for.
    #[error("{} is a run of {stored} paths a cell, and {asked} are asked for", path.display())]
    FewerPaths {
        /// The folder.
        path: PathBuf,
        /// Paths of the stored run.
        stored: u64,
        /// Paths asked for.
        asked: u64,
    },
    /// The store is of another part of the run.
    #[error("{} holds shard {}/{} of the run", path.display(), stored.index(), stored.count())]
    OtherShard {
        /// The folder.
        path: PathBuf,
        /// The shard it holds.
        stored: Shard,
    },
    /// The folder or a file in it cannot be made, moved or replaced.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a run is asked to be.
#[derive(Clone, Copy, Debug)]
pub struct Request<'e> {
    /// The experiment.
    pub experiment: &'e Experiment,
    /// Paths of every cell; more where a stored run that is resumed has more, unless `exactly`.
    pub paths: u64,
    /// Whether a stored run of more paths is refused.
    pub exactly: bool,
    /// The part of the run.
    pub shard: Shard,
}

impl Request<'_> {
    /// The folder below `out`: the experiment's name, and for a shard which one it is.
    pub fn place(&self, out: &Path) -> PathBuf {
        match self.shard {
            Shard::WHOLE => out.join(&self.experiment.name),
            shard => out.join(format!("{}.shard-{}-of-{}", self.experiment.name, shard.index(), shard.count())),
        }
    }

    fn identity(&self) -> Identity {
        Identity::of(self.experiment, self.paths, self.shard)
    }
}

/// An open folder with the store of a run.
#[derive(Debug)]
pub struct ResultsFolder {
    place: PathBuf,
    made: bool,
    moved: Option<PathBuf>,
    paths: u64,
    /// The store, locked.
    pub store: Store,
}

impl ResultsFolder {
    /// Refuses what [`ResultsFolder::open`] would, without touching anything.
    ///
    /// # Errors
    /// As [`ResultsFolder::open`], but for what only writing tells.
    pub fn check(out: &Path, request: &Request<'_>, existing: Existing) -> Result<(), ResultsError> {
        let place = request.place(out);
        match existing {
            _ if !exists(&place) => Ok(()),
            Existing::Refuse => Err(FilesError::Exists { path: place }.into()),
            Existing::Resume if is_blank(&place) => Ok(()),
            Existing::MoveAside => {
                let _lock = FolderLock::guard(&place)?;
                Self::may_move(&place)
            }
            Existing::Resume => {
                let _lock = FolderLock::guard(&place)?;
                let store = Store::open(&place)?;
                agreed_paths(&place, &store, request).map(|_| ())
            }
        }
    }

    /// Opens the folder of a run, made anew, after moving another aside, or as it is to be resumed. Of several processes that try it at
    /// once one succeeds. What was moved is moved back if there is an error.
    ///
    /// # Errors
    /// [`ResultsError`] if results are there and may not be, if they are of another run, or if the folder cannot be written.
    pub fn open(out: &Path, request: &Request<'_>, existing: Existing) -> Result<Self, ResultsError> {
        let place = request.place(out);
        let resumed = || existing == Existing::Resume && exists(&place) && !is_blank(&place);
        if existing == Existing::Refuse && exists(&place) {
            return Err(FilesError::Exists { path: place }.into());
        }
        let _lock = match existing {
            Existing::Resume if exists(&place) => FolderLock::guard(&place)?,
            _ => Some(FolderLock::take(&place)?),
        };
        let mut moved = None;
        match existing {
            _ if !exists(&place) => {}
            Existing::Refuse => return Err(FilesError::Exists { path: place }.into()),
            Existing::Resume if resumed() => return Self::resume(place, request),
            Existing::Resume => {}
            Existing::MoveAside => {
                Self::may_move(&place)?;
                let aside = move_aside(&place);
                moved = Some(aside.map_err(|source| FilesError::Write { path: place.clone(), source })?);
            }
        }
        let made = || -> Result<Store, ResultsError> {
            fs::create_dir_all(&place).map_err(|source| FilesError::Write { path: place.clone(), source })?;
            Store::create(&place, &request.identity()).map_err(|error| match error {
                StoreError::Exists { .. } => FilesError::Exists { path: place.clone() }.into(),
                error => error.into(),
            })
        };
        match made() {
            Ok(store) => Ok(ResultsFolder { place, made: true, moved, paths: request.paths, store }),
            Err(error) => {
                // What was made for it goes again, if nothing else is in it; the first error is the one to report.
                let _ = fs::remove_dir(&place);
                let _ = restore(&place, moved.as_deref());
                Err(error)
            }
        }
    }

    /// The lock of the place is held, if it can be had.
    fn resume(place: PathBuf, request: &Request<'_>) -> Result<Self, ResultsError> {
        let store = Store::open(&place)?;
        let paths = agreed_paths(&place, &store, request)?;
        Ok(ResultsFolder { place, made: false, moved: None, paths, store })
    }

    /// Opens a folder that holds a run, to render it anew.
    ///
    /// # Errors
    /// [`ResultsError::Store`] if there is none, or it cannot be used.
    pub fn existing(place: &Path) -> Result<Self, ResultsError> {
        let store = open_store(place)?;
        let (place, paths) = (place.to_owned(), store.identity().paths);
        Ok(ResultsFolder { place, made: false, moved: None, paths, store })
    }

    /// Another run may be in it; whatever else it is, it can be moved.
    fn may_move(place: &Path) -> Result<(), ResultsError> {
        match Store::open(place) {
            Err(error @ StoreError::InUse { .. }) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.place
    }

    /// Where the results went that stood in its place.
    pub fn moved(&self) -> Option<&Path> {
        self.moved.as_deref()
    }

    /// Paths a cell that the run is to have: those of the store, or more, by which it is then to be extended.
    pub fn paths(&self) -> u64 {
        self.paths
    }

    /// Takes the folder away again if it was made now and nothing was run into it.
    ///
    /// # Errors
    /// [`FilesError::Write`], or [`StoreError::InUse`] if another process is about to open it; the folder stays.
    pub fn discard(self) -> Result<(), ResultsError> {
        self.take_away(false)
    }

    /// As if it had never been opened: what was moved for it comes back.
    ///
    /// # Errors
    /// As [`ResultsFolder::discard`].
    pub fn undo(self) -> Result<(), ResultsError> {
        self.take_away(true)
    }

    fn take_away(self, restored: bool) -> Result<(), ResultsError> {
        if !(self.made && self.store.is_empty()) {
            return Ok(());
        }
        let _lock = FolderLock::take(&self.place)?;
        let ResultsFolder { place, moved, store, .. } = self;
        store.check_place()?;
        let file = store.path().to_owned();
        drop(store);
        // Only what was made: anything else in it stays, and the folder with it.
        let removed = fs::remove_file(file).and_then(|()| fs::remove_dir(&place));
        let gone = removed.and_then(|()| restore(&place, moved.as_deref().filter(|_| restored)));
        Ok(gone.map_err(|source| FilesError::Write { path: place, source })?)
    }

    /// Writes `random_problems.csv`, if random problems were solved.
    ///
    /// # Errors
    /// [`TableError::Write`].
    pub fn write_random_problems(&self, studies: &[RandomProblemsResult]) -> Result<(), TableError> {
        if studies.is_empty() {
            return Ok(());
        }
        let rows = studies.iter().map(RandomProblemsResult::row);
        write_table(&self.place, "random_problems.csv", &RANDOM_PROBLEM_COLUMNS, rows)
    }

    /// Writes a text beside the tables.
    ///
    /// # Errors
    /// [`FilesError::Write`].
    pub fn write_text(&self, name: &str, text: &str) -> Result<(), ResultsError> {
        let place = self.place.join(name);
        Ok(AtomicFile::replace(&place, text.as_bytes()).map_err(|source| FilesError::Write { path: place, source })?)
    }

    /// Writes the manifest.
    ///
    /// # Errors
    /// [`FilesError::Write`].
    pub fn write_manifest(&self, manifest: &impl Serialize) -> Result<(), ResultsError> {
        let write = || serde_json::to_string_pretty(manifest).map(|text| text + "\n");
        let text = write().map_err(|source| FilesError::Write { path: self.place.clone(), source: source.into() })?;
        self.write_text("manifest.json", &text)
    }
}

/// Opens a store that nobody moves meanwhile.
pub(super) fn open_store(place: &Path) -> Result<Store, ResultsError> {
    let _lock = FolderLock::guard(place)?;
    Ok(Store::open(place)?)
}

/// Whether a run was killed before its store was there: nothing but leftovers of ours.
fn is_blank(place: &Path) -> bool {
    let hidden =
        |entry: io::Result<fs::DirEntry>| entry.is_ok_and(|e| e.file_name().to_string_lossy().starts_with(".run."));
    fs::read_dir(place).is_ok_and(|mut entries| entries.all(hidden))
}

/// Paths a cell of a stored run that is resumed.
fn agreed_paths(place: &Path, store: &Store, request: &Request<'_>) -> Result<u64, ResultsError> {
    let (stored, asked) = (store.identity(), request.identity());
    let differences = stored.differences(&asked);
    if !differences.is_empty() {
        return Err(StoreError::Differs { path: store.path().to_owned(), differences }.into());
    }
    if stored.shard != asked.shard {
        return Err(ResultsError::OtherShard { path: place.to_owned(), stored: stored.shard });
    }
    if request.exactly && asked.paths < stored.paths {
        let (stored, asked) = (stored.paths, asked.paths);
        return Err(ResultsError::FewerPaths { path: place.to_owned(), stored, asked });
    }
    Ok(stored.paths.max(asked.paths))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_moved_comes_back_if_the_run_is_undone_and_only_then() {
        let out = tempfile::tempdir().unwrap();
        let experiment = Experiment::parse("small.toml", include_str!("../../tests/data/small.toml")).unwrap();
        let request = Request { experiment: &experiment, paths: 300, exactly: false, shard: Shard::WHOLE };
        let place = request.place(out.path());
        fs::create_dir(&place).unwrap();
        fs::write(place.join("notes"), "mine").unwrap();
        let open = || ResultsFolder::open(out.path(), &request, Existing::MoveAside).unwrap();
        let names = || {
            let names = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
            names.sort();
            names
        };
        let opened = open();
        assert_eq!(
            (names(), opened.moved()),
            (vec!["small".into(), "small.1".into()], Some(&*place.with_extension("1")))
        );
        opened.undo().unwrap();
        assert_eq!((names(), fs::read(place.join("notes")).unwrap()), (vec!["small".to_string()], b"mine".to_vec()));
        let opened = open();
        opened.discard().unwrap();
        assert_eq!(names(), ["small.1"]);
        // What somebody put there meanwhile stays.
        let opened = ResultsFolder::open(out.path(), &request, Existing::Refuse).unwrap();
        fs::write(place.join("notes"), "theirs").unwrap();
        assert!(opened.undo().is_err());
        assert_eq!(fs::read(place.join("notes")).unwrap(), b"theirs");
    }
}
