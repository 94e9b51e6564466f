//! The results folder of a run: opening, locking, moving aside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use thiserror::Error;

use super::stored::extended_streams;
use super::studies::optimisers::{OPTIMISER_COLUMNS, OptimiserRow};
use super::studies::random_problems::{RANDOM_PROBLEM_COLUMNS, RandomProblemsResult};
use super::studies::which_flatness::{FLATNESS_COLUMNS, FlatnessOrder};
use super::table::{TableError, write_table};
use crate::engine::Shard;
use crate::experiment::Experiment;
use crate::files::{AtomicFile, Existing, FilesError, FolderLock, exists, move_aside, restore};
use crate::store::{Damage, Identity, Store, StoreError};

/// Why a results folder cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// The store holds more paths than requested.
    #[error("{} is a run of {stored} paths per cell, but {requested} are requested", path.display())]
    FewerPaths {
        /// The folder.
        path: PathBuf,
        /// Paths of the stored run.
        stored: u64,
        /// Requested paths.
        requested: u64,
    },
    /// The store holds another part of the run.
    #[error("{} holds shard {}/{} of the run", path.display(), stored.index(), stored.count())]
    OtherShard {
        /// The folder.
        path: PathBuf,
        /// The shard it holds.
        stored: Shard,
    },
    /// The folder or a file in it cannot be created, moved or replaced.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A requested run.
#[derive(Clone, Copy, Debug)]
pub struct Request<'e> {
    /// The experiment.
    pub experiment: &'e Experiment,
    /// Paths of every cell. A resumed run keeps more paths if its store has more, unless `exactly` is set or the file asked for another number when
    /// the run was stored.
    pub paths: u64,
    /// Whether to refuse a stored run with more paths.
    pub exactly: bool,
    /// The part of the run.
    pub shard: Shard,
}

impl Request<'_> {
    /// The folder in `out`: the name of the experiment, for a shard with its number.
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

/// What happens to the previous results when a folder is removed.
#[derive(Clone, Copy)]
enum Previous {
    StaysAside,
    ComesBack,
}

/// An open results folder with the store of a run.
#[derive(Debug)]
pub struct ResultsFolder {
    place: PathBuf,
    created: bool,
    moved: Option<PathBuf>,
    /// The identity of the run: that of the store, or one that has all its paths and more.
    identity: Identity,
    /// The store, locked.
    pub store: Store,
}

impl ResultsFolder {
    /// Checks whether [`ResultsFolder::open`] would succeed, without changing anything.
    ///
    /// # Errors
    /// Those of [`ResultsFolder::open`], except errors that occur only when writing.
    pub fn check(out: &Path, request: &Request<'_>, existing: Existing) -> Result<(), ResultsError> {
        let place = request.place(out);
        match existing {
            _ if !exists(&place) => Ok(()),
            Existing::Refuse => Err(FilesError::Exists { path: place }.into()),
            Existing::Resume if is_blank(&place) => Ok(()),
            Existing::MoveAside => {
                let _lock = FolderLock::take_if_writable(&place)?;
                Self::may_move(&place)
            }
            Existing::Resume => {
                let _lock = FolderLock::take_if_writable(&place)?;
                let store = Store::open(&place)?;
                agreed_identity(&place, &store, request).map(|_| ())
            }
        }
    }

    /// Creates the folder of a run, after moving an existing one aside if requested, or opens it to resume the run. Of several processes
    /// that try at the same time, one succeeds. After an error a moved folder is moved back.
    ///
    /// # Errors
    /// [`ResultsError`] if results exist and `existing` refuses them, if they belong to another run, or if the folder cannot be written.
    pub fn open(out: &Path, request: &Request<'_>, existing: Existing) -> Result<Self, ResultsError> {
        let place = request.place(out);
        let resumed = || existing == Existing::Resume && exists(&place) && !is_blank(&place);
        if existing == Existing::Refuse && exists(&place) {
            return Err(FilesError::Exists { path: place }.into());
        }
        let _lock = match existing {
            Existing::Resume if exists(&place) => FolderLock::take_if_writable(&place)?,
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
        let create = || -> Result<Store, ResultsError> {
            fs::create_dir_all(&place).map_err(|source| FilesError::Write { path: place.clone(), source })?;
            Store::create(&place, &request.identity()).map_err(|error| match error {
                StoreError::Exists { .. } => FilesError::Exists { path: place.clone() }.into(),
                error => error.into(),
            })
        };
        match create() {
            Ok(store) => Ok(ResultsFolder { place, created: true, moved, identity: request.identity(), store }),
            Err(error) => {
                // Removes the new folder if it is empty. The first error is reported.
                let _ = fs::remove_dir(&place);
                let _ = restore(&place, moved.as_deref());
                Err(error)
            }
        }
    }

    /// The caller holds the lock of the folder, unless the lock file cannot be created.
    fn resume(place: PathBuf, request: &Request<'_>) -> Result<Self, ResultsError> {
        let store = Store::open(&place)?;
        let identity = agreed_identity(&place, &store, request)?;
        Ok(ResultsFolder { place, created: false, moved: None, identity, store })
    }

    /// Opens the folder of an existing run, to render its results again.
    ///
    /// # Errors
    /// [`ResultsError::Store`] if the folder has no store, or if the store cannot be used.
    pub fn existing(place: &Path) -> Result<Self, ResultsError> {
        let store = open_store(place)?;
        let (place, identity) = (place.to_owned(), store.identity().clone());
        Ok(ResultsFolder { place, created: false, moved: None, identity, store })
    }

    /// Refuses a folder that another process uses. Any other folder can be moved.
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

    /// Where the previous results were moved.
    pub fn moved(&self) -> Option<&Path> {
        self.moved.as_deref()
    }

    /// Paths per cell of the run: those of the store, or more, to which it will be extended.
    pub fn paths(&self) -> u64 {
        self.identity.paths
    }

    /// The identity of the run. [`Store::renew`] gives it to the store, which may hold fewer paths or cells so far.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Removes the folder if it was created by this process and its store is empty.
    ///
    /// # Errors
    /// [`FilesError::Write`], or [`FilesError::InUse`] if another process is about to open it; the folder stays.
    pub fn discard(self) -> Result<(), ResultsError> {
        self.remove(Previous::StaysAside)
    }

    /// [`ResultsFolder::discard`], and moves the previous results back.
    ///
    /// # Errors
    /// Those of [`ResultsFolder::discard`].
    pub fn undo(self) -> Result<(), ResultsError> {
        self.remove(Previous::ComesBack)
    }

    fn remove(self, previous: Previous) -> Result<(), ResultsError> {
        if !(self.created && self.store.is_empty()) {
            return Ok(());
        }
        let _lock = FolderLock::take(&self.place)?;
        let ResultsFolder { place, moved, store, .. } = self;
        store.check_place()?;
        let file = store.path().to_owned();
        drop(store);
        // A folder that holds anything else stays.
        let removed = fs::remove_file(file).and_then(|()| fs::remove_dir(&place));
        let removed = removed.and_then(|()| match previous {
            Previous::StaysAside => Ok(()),
            Previous::ComesBack => restore(&place, moved.as_deref()),
        });
        Ok(removed.map_err(|source| FilesError::Write { path: place, source })?)
    }

    /// Writes `random_problems.csv`, unless `studies` is empty.
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

    /// Writes `which_flatness.csv`, unless `orders` is empty.
    ///
    /// # Errors
    /// [`TableError::Write`].
    pub fn write_which_flatness(&self, orders: &[FlatnessOrder]) -> Result<(), TableError> {
        if orders.is_empty() {
            return Ok(());
        }
        let rows = orders.iter().flat_map(FlatnessOrder::rows);
        write_table(&self.place, "which_flatness.csv", &FLATNESS_COLUMNS, rows)
    }

    /// Writes `optimisers.csv`, unless `rows` is empty.
    ///
    /// # Errors
    /// [`TableError::Write`].
    pub fn write_optimisers(&self, rows: &[OptimiserRow<'_>]) -> Result<(), TableError> {
        if rows.is_empty() {
            return Ok(());
        }
        write_table(&self.place, "optimisers.csv", &OPTIMISER_COLUMNS, rows.iter().map(OptimiserRow::row))
    }

    /// Writes a text file into the folder.
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

/// Opens a store while no other process can move its folder.
pub(super) fn open_store(place: &Path) -> Result<Store, ResultsError> {
    let _lock = FolderLock::take_if_writable(place)?;
    Ok(Store::open(place)?)
}

/// Whether a run was killed before its store was complete: the folder holds nothing but unfinished stores.
fn is_blank(place: &Path) -> bool {
    let hidden =
        |entry: io::Result<fs::DirEntry>| entry.is_ok_and(|e| e.file_name().to_string_lossy().starts_with(".run."));
    fs::read_dir(place).is_ok_and(|mut entries| entries.all(hidden))
}

/// The number of paths in the experiment file of a run.
fn paths_setting(identity: &Identity) -> Option<String> {
    Experiment::settings(&identity.text).into_iter().find_map(|(key, paths)| (key == "paths").then_some(paths))
}

/// The identity of a resumed run: with more paths per cell or more cells than the store, if more are requested.
fn agreed_identity(place: &Path, store: &Store, request: &Request<'_>) -> Result<Identity, ResultsError> {
    let (stored, requested) = (store.identity(), request.identity());
    let differences = stored.differences(&requested);
    let streams = match differences.is_empty() {
        true => stored.streams.clone(),
        false => extended_streams(store, request.experiment)
            .ok_or_else(|| StoreError::Differs { path: store.path().to_owned(), differences })?,
    };
    if stored.shard != requested.shard {
        return Err(ResultsError::OtherShard { path: place.to_owned(), stored: stored.shard });
    }
    if requested.paths < stored.paths && (request.exactly || paths_setting(stored) != paths_setting(&requested)) {
        let (stored, requested) = (stored.paths, requested.paths);
        return Err(ResultsError::FewerPaths { path: place.to_owned(), stored, requested });
    }
    let agreed = Identity { paths: stored.paths.max(requested.paths), streams, ..requested };
    if !agreed.numbers(request.experiment.cells.len()) {
        return Err(
            StoreError::Damaged { path: store.path().to_owned(), damage: Damage::Entry { key: "streams" } }.into()
        );
    }
    Ok(agreed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previous_results_come_back_only_if_the_run_is_undone() {
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
        // Files of other processes stay.
        let opened = ResultsFolder::open(out.path(), &request, Existing::Refuse).unwrap();
        fs::write(place.join("notes"), "theirs").unwrap();
        assert!(opened.undo().is_err());
        assert_eq!(fs::read(place.join("notes")).unwrap(), b"theirs");
    }
}
