//! Runs many paths on all threads.
//!
//! The paths are divided into fixed chunks, which the threads take in order. Every path has its own random stream, so the results do not
//! depend on which thread runs which chunk.

mod chunk;
mod run;
mod thread_clock;

pub use crate::scheme::StopFlag;
pub use chunk::{BATCH, CHUNK, Chunk, Chunks, Done, SIZES, Shard};
pub use run::{
    Batch, BatchTime, Consumer, Simulation, escape_records, escape_records_within, escape_times, kernel_records,
    mean_position, occupancy, run_chunks,
};
