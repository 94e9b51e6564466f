//! The shards of a run, joined.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Experiment, ExperimentErrors, Identity, ResultsError, ResultsFolder, Store, StoreError};
use crate::engine::{Chunks, Shard};
use crate::noise::Seed;

/// Why shards cannot be joined.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
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
        /// What is missing, shard by shard.
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
    /// The stored experiment gives other cells than it did, because a file that it names has changed.
    #[error("the cells of {} are not those that were run: a file that the experiment names has changed", path.display())]
    Changed {
        /// The store.
        path: PathBuf,
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

struct Lines<'m>(&'m [MissingShard]);

impl std::fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 20;
        for MissingShard { shard, chunks, of, absent } in self.0.iter().take(SHOWN) {
            let (i, n) = (shard.index(), shard.count());
            match absent {
                true => write!(f, "\n  shard {i}/{n} is missing, {of} chunks")?,
                false => write!(f, "\n  shard {i}/{n} lacks {chunks} of {of} chunks")?,
            }
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more shards"),
        }
    }
}

/// The experiment of a store, checked to give the cells that were run.
///
/// # Errors
/// [`MergeError::Experiment`] if it cannot be parsed, [`MergeError::Changed`] if it gives other cells.
pub fn stored_experiment(store: &Store) -> Result<Experiment, MergeError> {
    let identity = store.identity();
    let path = store.path().to_owned();
    let parsed = Experiment::parse(&path.display().to_string(), &identity.text);
    let mut experiment =
        parsed.map_err(|source| MergeError::Experiment { path: path.clone(), source: Box::new(source) })?;
    experiment.seed = Seed(identity.seed);
    match Identity::of(&experiment, identity.paths, identity.shard).fingerprint == identity.fingerprint {
        true => Ok(experiment),
        false => Err(MergeError::Changed { path }),
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
        return Err(ResultsError::Exists { path: into.to_owned() }.into());
    }
    let parts = folders.iter().map(|folder| Store::open(folder)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = parts.first() else { return Err(StoreError::Absent { path: into.to_owned() }.into()) };
    let experiment = stored_experiment(first)?;
    refuse_mixture(folders, &parts)?;
    let identity = Identity { shard: Shard::WHOLE, ..first.identity().clone() };
    let cells = vec![identity.paths; experiment.cells.len()];
    let chunks_of = |shard| Chunks::new(cells.clone(), shard);
    let mut missing = Vec::new();
    for index in 1..=first.identity().shard.count() {
        let Some(shard) = Shard::new(index, first.identity().shard.count()) else { continue };
        let chunks = chunks_of(shard);
        let of = chunks.count();
        let done = match parts.iter().find(|part| part.identity().shard == shard) {
            Some(part) => Some(part.done(&chunks)?.count()),
            None => None,
        };
        if done.unwrap_or(0) < of {
            missing.push(MissingShard { shard, chunks: of - done.unwrap_or(0), of, absent: done.is_none() });
        }
    }
    if !missing.is_empty() {
        return Err(MergeError::Incomplete { missing });
    }
    let mut made = || -> Result<ResultsFolder, MergeError> {
        fs::create_dir_all(into).map_err(|source| ResultsError::Write { path: into.to_owned(), source })?;
        let mut store = Store::create(into, &identity)?;
        let (mut held, of) = (0, chunks_of(Shard::WHOLE).count());
        store.gather(&parts, &mut || {
            held += 1;
            copied(held, of);
        })?;
        for session in parts.iter().map(Store::sessions).collect::<Result<Vec<_>, _>>()?.iter().flatten() {
            store.begin_session(session)?;
        }
        drop(store);
        Ok(ResultsFolder::existing(into)?)
    };
    match made() {
        Ok(folder) => Ok((experiment, folder)),
        Err(error) => {
            // Made here, from nothing: half of it would be taken for a run. The first error is the one to report.
            let _ = fs::remove_dir_all(into);
            Err(error)
        }
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
