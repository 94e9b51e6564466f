//! Errors of the store.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::experiment::Experiment;

/// Why a store cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder has no store.
    #[error("there is no run in {}", path.display())]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// The folder has a store already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a store of this program.
    #[error("{} is not a store of levy-escape", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file has another format.
    #[error("{} has format {found}, this program reads and writes format {}", path.display(), super::FORMAT)]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i32,
    },
    /// The store identifies its run by another version of the identity.
    #[error(
        "{} identifies its run by version {found} of the identity, this program by version {}",
        path.display(),
        Experiment::IDENTITY_VERSION
    )]
    IdentityVersion {
        /// The file.
        path: PathBuf,
        /// Its version; 0 for a store from before the identity had one.
        found: u32,
    },
    /// Another process uses the store.
    #[error("{} is in use by another run", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged. It was not changed.
    #[error("{} is damaged; it was not changed", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The damage.
        #[source]
        damage: Damage,
    },
    /// The store holds another run.
    #[error("{} holds another run:{}", path.display(), Listed(differences))]
    Differs {
        /// The file.
        path: PathBuf,
        /// The differences.
        differences: Vec<Difference>,
    },
    /// The file was deleted, moved or replaced while it was in use.
    #[error("{} has vanished: it was deleted, moved or replaced", path.display())]
    Vanished {
        /// The file.
        path: PathBuf,
    },
    /// SQLite could not read or write the file.
    #[error("{} cannot be written", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: rusqlite::Error,
    },
    /// The file or its folder cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// The folder cannot be created or written.
    #[error("{} cannot be written", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
}

/// The damage of a store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file header is not that of a store.
    #[error("its header is not that of a store")]
    Start,
    /// The database is inconsistent.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// Its tables are not those that this program creates.
    #[error("its tables are not those of a run")]
    Tables,
    /// A setting is missing or wrong.
    #[error("its entry {key:?} is missing or wrong")]
    Entry {
        /// The setting.
        key: &'static str,
    },
    /// The outcomes of a chunk do not match their checksum.
    #[error("the outcomes of cell {cell} from path {path} on do not match their checksum")]
    Outcomes {
        /// The cell.
        cell: u64,
        /// The first path of the chunk.
        path: u64,
    },
    /// A chunk does not belong to the run.
    #[error("it holds paths that do not belong to the run: cell {cell}, from path {path} on")]
    Stray {
        /// The cell.
        cell: u64,
        /// The first path of the chunk.
        path: u64,
    },
}

/// One difference between two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The setting, such as `noise.epsilon`.
    pub what: String,
    /// Its value in the store.
    pub stored: String,
    /// Its value in the requested run.
    pub requested: String,
}

/// Differences, one on a line.
pub(crate) struct Listed<'d>(pub &'d [Difference]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        for Difference { what, stored, requested } in self.0.iter().take(SHOWN) {
            write!(f, "\n  {what}: {stored} in the store, {requested} requested")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
