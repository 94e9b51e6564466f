//! The durable store of a run: every outcome, in one file that a kill cannot spoil.
//!
//! Tables and figures are rendered from it, so that they are the same bytes however often the run was broken off, on however many
//! threads and machines it was made.

mod batch;
mod database;
mod error;
mod head;
mod identity;
mod packing;
mod reserve;

pub use batch::{ChunkOutcomes, PackedBatch};
pub use database::{Session, Store};
pub(crate) use error::Listed;
pub use error::{Damage, Difference, StoreError};
pub use head::STORE_FILE;
pub use identity::Identity;

/// Version of the file's format. A store of another is refused.
pub const FORMAT: i32 = 2;
