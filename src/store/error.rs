//! What can be wrong with a store.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a store cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store.
    #[error("there is no run in {}", path.display())]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// There is one already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is not one of ours.
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
    /// Another process works on it.
    #[error("{} is in use by another run", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged. It is left as it is.
    #[error("{} is damaged and was left alone", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        damage: Damage,
    },
    /// The store holds another run.
    #[error("{} holds another run:{}", path.display(), Listed(differences))]
    Differs {
        /// The file.
        path: PathBuf,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// The file is gone while it was in use, or another has taken its place.
    #[error("{} has vanished: it was deleted, moved or replaced", path.display())]
    Vanished {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be read or written.
    #[error("{} cannot be written", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: rusqlite::Error,
    },
    /// The file or its folder could not be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// The folder could not be made or written.
    #[error("{} cannot be written", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
}

/// What is wrong with a damaged store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Damage {
    /// The first bytes are not those of a store.
    #[error("its first bytes are not those of a store")]
    Start,
    /// The database is inconsistent.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// Its tables are not those that this program makes.
    #[error("its tables are not those of a run")]
    Tables,
    /// A setting is missing or wrong.
    #[error("its entry {key:?} is missing or wrong")]
    Entry {
        /// The setting.
        key: &'static str,
    },
    /// The outcomes of a chunk are not what was written.
    #[error("the outcomes of cell {cell} from path {path} on are not what was written")]
    Outcomes {
        /// The cell.
        cell: u64,
        /// The first path of the chunk.
        path: u64,
    },
    /// A chunk is not one of the run.
    #[error("it holds paths that do not belong to the run: cell {cell}, from path {path} on")]
    Stray {
        /// The cell.
        cell: u64,
        /// The first path of the chunk.
        path: u64,
    },
}

/// One thing in which two runs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is, as `noise.epsilon`.
    pub what: String,
    /// Its value in the store.
    pub stored: String,
    /// Its value now.
    pub asked: String,
}

/// Differences, a line each.
pub(crate) struct Listed<'d>(pub &'d [Difference]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        for Difference { what, stored, asked } in self.0.iter().take(SHOWN) {
            write!(f, "\n  {what}: {stored} there, {asked} here")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
