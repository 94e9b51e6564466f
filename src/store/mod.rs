//! The durable store of a run: the outcomes of all paths, in one file that remains valid if the process is killed.
//!
//! Tables and figures are rendered from the store. Their bytes depend neither on interruptions nor on the number of threads and machines.

mod batch;
mod database;
mod error;
mod head;
mod identity;
mod packing;
mod rows;

pub use batch::{ChunkOutcomes, PackedBatch};
pub use database::{Session, Store};
pub(crate) use error::Listed;
pub use error::{Damage, Difference, StoreError};
pub use head::STORE_FILE;
pub use identity::Identity;
pub(crate) use rows::{CellRows, StoredRow};

/// Version of the file format. Stores of other versions are refused.
pub const FORMAT: i32 = 2;
