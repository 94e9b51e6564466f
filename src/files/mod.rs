//! Files and folders that are written completely or not at all, by one process at a time.

mod aside;
mod atomic_file;
mod digits;
mod error;
mod file_id;
mod fingerprint;
mod folder_lock;
mod pending_folder;

pub use aside::Existing;
pub(crate) use aside::{exists, move_aside, restore};
pub use atomic_file::AtomicFile;
pub(crate) use digits::{digits, with_digits, write_digits};
pub use error::FilesError;
pub(crate) use file_id::{FileId, file_id};
pub(crate) use fingerprint::Fingerprint;
pub(crate) use folder_lock::FolderLock;
pub use pending_folder::{PendingFolder, Placed};
