//! Joins the shards of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::folder::{ResultsError, ResultsFolder, open_store};
use super::stored::parse_stored;
use crate::engine::{Chunks, Shard};
use crate::experiment::{Experiment, ExperimentErrors};
use crate::files::{Existing, FilesError, PendingFolder};
use crate::store::{Damage, Difference, Identity, Listed, Store, StoreError};

/// Why shards cannot be joined.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder of the merged run cannot be written.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A folder cannot be used.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// Two folders belong to different runs.
    #[error("{} and {} are not shards of one run: {what}", first.display(), second.display())]
    Mixed {
        /// A folder.
        first: PathBuf,
        /// A folder of another run.
        second: PathBuf,
        /// Their difference.
        what: String,
    },
    /// A shard is given twice.
    #[error("{} and {} hold the same shard", first.display(), second.display())]
    Twice {
        /// A folder.
        first: PathBuf,
        /// Another.
        second: PathBuf,
    },
    /// Paths are missing.
    #[error("the run is incomplete:{}", MissingShardLines(missing))]
    Incomplete {
        /// The missing chunks of every shard; of the shards without a folder, only the first.
        missing: Vec<MissingShard>,
    },
    /// This program cannot read the stored experiment.
    #[error("the experiment in {} cannot be read by this program", path.display())]
    Experiment {
        /// The store.
        path: PathBuf,
        /// Its errors.
        #[source]
        source: Box<ExperimentErrors>,
    },
    /// The stored experiment now gives other cells, because a calibration or the program has changed.
    #[error("the experiment in {} now gives another run:{}", path.display(), Listed(differences))]
    Changed {
        /// The store.
        path: PathBuf,
        /// The changes.
        differences: Vec<Difference>,
    },
}

/// The missing chunks of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingShard {
    /// The shard.
    pub shard: Shard,
    /// Number of missing chunks.
    pub chunks: u64,
    /// Number of all chunks of the shard.
    pub of: u64,
    /// Whether no folder is given for it.
    pub absent: bool,
}

impl MissingShard {
    /// Largest number of shards that are listed.
    const LISTED: usize = 20;
}

struct MissingShardLines<'m>(&'m [MissingShard]);

impl std::fmt::Display for MissingShardLines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for MissingShard { shard, chunks, of, absent } in self.0.iter().take(MissingShard::LISTED) {
            let (i, n) = (shard.index(), shard.count());
            if *absent {
                write!(f, "\n  shard {i}/{n} is missing, {of} chunks")?;
            } else {
                write!(f, "\n  shard {i}/{n} lacks {chunks} of {of} chunks")?;
            }
        }
        if self.0.len() > MissingShard::LISTED { write!(f, "\n  and more") } else { Ok(()) }
    }
}

/// The experiment of a store, checked to give the cells that were run. Calibrations without a path are searched for in the folder that
/// contains the results folder, as during the run.
///
/// # Errors
/// [`MergeError::Experiment`] if it cannot be parsed, [`MergeError::Changed`] if it gives other cells.
pub fn stored_experiment(store: &Store) -> Result<Experiment, MergeError> {
    let (identity, path) = (store.identity(), store.path().to_owned());
    let parsed = parse_stored(store);
    let experiment =
        parsed.map_err(|source| MergeError::Experiment { path: path.clone(), source: Box::new(source) })?;
    let now = Identity::of(&experiment, identity.paths, identity.shard);
    if now.fingerprint != identity.fingerprint {
        return Err(MergeError::Changed { path, differences: identity.differences(&now) });
    }
    if !identity.numbers(experiment.cells.len()) {
        return Err(StoreError::Damaged { path, damage: Damage::Entry { key: "streams" } }.into());
    }
    Ok(experiment)
}

/// Checks that `folders` are the complete shards of one run, and joins them in the new folder `into`. `copied` is called with the number
/// of copied chunks and the total.
///
/// # Errors
/// [`MergeError`]; `into` is then removed, and the shards are unchanged.
pub fn merge(
    folders: &[PathBuf],
    into: &Path,
    copied: &mut dyn FnMut(u64, u64),
) -> Result<(Experiment, ResultsFolder), MergeError> {
    if into.symlink_metadata().is_ok() {
        return Err(FilesError::Exists { path: into.to_owned() }.into());
    }
    refuse_repetition(folders)?;
    let parts = folders.iter().map(|folder| open_store(folder)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = parts.first() else { return Err(StoreError::Absent { path: into.to_owned() }.into()) };
    let experiment = stored_experiment(first)?;
    refuse_mixture(folders, &parts)?;
    let identity = Identity { shard: Shard::WHOLE, ..first.identity().clone() };
    refuse_gaps(&parts, experiment.cells.len())?;
    let mut folder = PendingFolder::create(into, Existing::Refuse)?;
    let mut fill = || -> Result<(), MergeError> {
        let mut store = Store::create(folder.path(), &identity)?;
        let (mut done, of) = (0, Chunks::new(vec![identity.paths; experiment.cells.len()], Shard::WHOLE).count());
        store.gather(&parts, &mut || {
            done += 1;
            copied(done, of);
        })?;
        for session in parts.iter().map(Store::sessions).collect::<Result<Vec<_>, _>>()?.iter().flatten() {
            store.add_session(session)?;
        }
        Ok(())
    };
    match fill().and_then(|()| Ok(folder.finish()?)) {
        Ok(placed) => {
            // Opening takes the lock that the pending folder holds.
            drop(folder);
            Ok((experiment, ResultsFolder::existing(&placed.path)?))
        }
        Err(error) => {
            // Removing a folder needs a file descriptor.
            drop(parts);
            // The disk may be full. The first error is reported.
            let _ = folder.discard();
            Err(error)
        }
    }
}

/// Refuses a folder that is given twice, even by different paths.
fn refuse_repetition(folders: &[PathBuf]) -> Result<(), MergeError> {
    let mut seen: BTreeMap<PathBuf, &PathBuf> = BTreeMap::new();
    for folder in folders {
        let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        if let Some(first) = seen.insert(real, folder) {
            return Err(MergeError::Twice { first: first.clone(), second: folder.clone() });
        }
    }
    Ok(())
}

/// Refuses shards with missing chunks, and missing shards.
fn refuse_gaps(parts: &[Store], cells: usize) -> Result<(), MergeError> {
    let Identity { paths, shard, .. } = parts[0].identity();
    let chunks_of = |shard| Chunks::new(vec![*paths; cells], shard);
    let mut missing = Vec::new();
    for part in parts {
        let shard = part.identity().shard;
        let chunks = chunks_of(shard);
        let (done, of) = (part.done(&chunks)?.count(), chunks.count());
        if done < of {
            missing.push(MissingShard { shard, chunks: of - done, of, absent: false });
        }
    }
    let given: BTreeSet<u64> = parts.iter().map(|part| part.identity().shard.index()).collect();
    let absent = (1..=shard.count()).filter(|index| !given.contains(index)).filter_map(|index| {
        let shard = Shard::new(index, shard.count())?;
        let of = chunks_of(shard).count();
        (of > 0).then_some(MissingShard { shard, chunks: of, of, absent: true })
    });
    // There can be very many: only those that are listed are collected.
    missing.extend(absent.take(MissingShard::LISTED + 1));
    missing.sort_by_key(|missing| missing.shard.index());
    if missing.is_empty() { Ok(()) } else { Err(MergeError::Incomplete { missing }) }
}

/// Refuses folders of different runs.
fn refuse_mixture(folders: &[PathBuf], parts: &[Store]) -> Result<(), MergeError> {
    let (first, identity) = (&folders[0], parts[0].identity());
    for (at, (folder, part)) in folders.iter().zip(parts).enumerate() {
        let other = part.identity();
        let mixed = |what: String| MergeError::Mixed { first: first.clone(), second: folder.clone(), what };
        if let Some(difference) = identity.differences(other).first() {
            return Err(mixed(format!("{} is {} and {}", difference.what, difference.stored, difference.requested)));
        }
        if identity.streams != other.streams {
            return Err(mixed(
                "their sweeps were extended in different steps, so their cells have other random streams".to_string(),
            ));
        }
        if identity.paths != other.paths {
            return Err(mixed(format!("{} and {} paths per cell", identity.paths, other.paths)));
        }
        if identity.shard.count() != other.shard.count() {
            return Err(mixed(format!("parts of {} and of {}", identity.shard.count(), other.shard.count())));
        }
        if let Some(twin) = parts[..at].iter().position(|twin| twin.identity().shard == other.shard) {
            return Err(MergeError::Twice { first: folders[twin].clone(), second: folder.clone() });
        }
    }
    Ok(())
}
