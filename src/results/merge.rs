//! The shards of a run, joined.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::folder::open_store;
use super::folder::{ResultsError, ResultsFolder};
use crate::engine::{Chunks, Shard};
use crate::experiment::{Experiment, ExperimentErrors};
use crate::files::{Existing, FilesError, PendingFolder};
use crate::noise::Seed;
use crate::store::Listed;
use crate::store::{Difference, Identity, Store, StoreError};

/// Why shards cannot be joined.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The merged run cannot be put in its place.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A folder cannot be used.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// Two folders are of different runs.
    #[error("{} and {} are not shards of one run: {what}", first.display(), second.display())]
    Mixed {
        /// A folder.
        first: PathBuf,
        /// A folder that does not go with it.
        second: PathBuf,
        /// In what they differ.
        what: String,
    },
    /// A shard was given twice.
    #[error("{} and {} hold the same shard", first.display(), second.display())]
    Twice {
        /// A folder.
        first: PathBuf,
        /// Another.
        second: PathBuf,
    },
    /// Paths are missing.
    #[error("the run is not complete:{}", Lines(missing))]
    Incomplete {
        /// What is missing, shard by shard; of shards for which no folder was given the first.
        missing: Vec<MissingShard>,
    },
    /// The stored experiment cannot be read by this program.
    #[error("the experiment in {} is not one of this program", path.display())]
    Experiment {
        /// The store.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: Box<ExperimentErrors>,
    },
    /// The stored experiment gives other cells than it did, because a file that it names, or the program, has changed.
    #[error("the experiment in {} gives another run by now:{}", path.display(), Listed(differences))]
    Changed {
        /// The store.
        path: PathBuf,
        /// What has changed.
        differences: Vec<Difference>,
    },
}

/// What a shard lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingShard {
    /// Which one.
    pub shard: Shard,
    /// Chunks that are not there.
    pub chunks: u64,
    /// Chunks of the shard.
    pub of: u64,
    /// Whether no folder was given for it.
    pub absent: bool,
}

impl MissingShard {
    /// How many are named.
    const TOLD: usize = 20;
}

struct Lines<'m>(&'m [MissingShard]);

impl std::fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for MissingShard { shard, chunks, of, absent } in self.0.iter().take(MissingShard::TOLD) {
            let (i, n) = (shard.index(), shard.count());
            match absent {
                true => write!(f, "\n  shard {i}/{n} is missing, {of} chunks")?,
                false => write!(f, "\n  shard {i}/{n} lacks {chunks} of {of} chunks")?,
            }
        }
        match self.0.len() > MissingShard::TOLD {
            true => write!(f, "\n  and more"),
            false => Ok(()),
        }
    }
}

/// The experiment of a store, checked to give the cells that were run. Calibrations that it names without a path are looked for where
/// the run looked: beside the folder of the store.
///
/// # Errors
/// [`MergeError::Experiment`] if it cannot be parsed, [`MergeError::Changed`] if it gives other cells.
pub fn stored_experiment(store: &Store) -> Result<Experiment, MergeError> {
    let identity = store.identity();
    let path = store.path().to_owned();
    // A folder that has no name, as `.`, has no parent either.
    let folder = path.canonicalize().unwrap_or_else(|_| path.clone());
    let results = folder.ancestors().nth(2).unwrap_or(Path::new(Experiment::RESULTS));
    let parsed = Experiment::parse_with_results(&path.display().to_string(), &identity.text, results);
    let mut experiment =
        parsed.map_err(|source| MergeError::Experiment { path: path.clone(), source: Box::new(source) })?;
    experiment.seed = Seed(identity.seed);
    let now = Identity::of(&experiment, identity.paths, identity.shard);
    match now.fingerprint == identity.fingerprint {
        true => Ok(experiment),
        false => Err(MergeError::Changed { path, differences: identity.differences(&now) }),
    }
}

/// Checks that `folders` are the shards of one run and that nothing is missing, and joins them in the new folder `into`.
///
/// # Errors
/// [`MergeError`]; nothing is then left of `into`, and the shards stay as they are.
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
    let mut made = || -> Result<(), MergeError> {
        let mut store = Store::create(folder.path(), &identity)?;
        let (mut held, of) = (0, Chunks::new(vec![identity.paths; experiment.cells.len()], Shard::WHOLE).count());
        store.gather(&parts, &mut || {
            held += 1;
            copied(held, of);
        })?;
        for session in parts.iter().map(Store::sessions).collect::<Result<Vec<_>, _>>()?.iter().flatten() {
            store.add_session(session)?;
        }
        Ok(())
    };
    match made().and_then(|()| Ok(folder.finish()?)) {
        Ok(placed) => {
            // It holds the lock that opening needs.
            drop(folder);
            Ok((experiment, ResultsFolder::existing(&placed.path)?))
        }
        Err(error) => {
            // Removing a folder takes a descriptor, too.
            drop(parts);
            // Its room may be what is needed; the first error is the one to report.
            let _ = folder.discard();
            Err(error)
        }
    }
}

/// A folder that is given twice, by whatever name.
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

/// Every chunk of every shard must be there.
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
    // There may be very many: only those that are told are counted out.
    missing.extend(absent.take(MissingShard::TOLD + 1));
    missing.sort_by_key(|missing| missing.shard.index());
    match missing.is_empty() {
        true => Ok(()),
        false => Err(MergeError::Incomplete { missing }),
    }
}

fn refuse_mixture(folders: &[PathBuf], parts: &[Store]) -> Result<(), MergeError> {
    let (first, identity) = (&folders[0], parts[0].identity());
    for (at, (folder, part)) in folders.iter().zip(parts).enumerate() {
        let other = part.identity();
        let mixed = |what: String| MergeError::Mixed { first: first.clone(), second: folder.clone(), what };
        if let Some(difference) = identity.differences(other).first() {
            return Err(mixed(format!("{} is {} and {}", difference.what, difference.stored, difference.asked)));
        }
        if identity.paths != other.paths {
            return Err(mixed(format!("{} and {} paths a cell", identity.paths, other.paths)));
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
