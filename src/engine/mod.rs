//! Many paths at once.
//!
//! Work is cut into fixed chunks of paths that the threads take in order. A path's random stream is its own, so nothing of
//! the result depends on how the chunks fall to the threads.

mod chunk;
mod run;

pub use crate::scheme::StopFlag;
pub use chunk::{BATCH, CHUNK, Chunk, Chunks, Done, SIZES, Shard};
pub use run::{Batch, Cell, Consumer, escape_records, escape_records_within, escape_times, kernel_records, run_chunks};
