//! SGD on separate axes in few dimensions, many paths at a time, wherever the edge is.
//!
//! The lanes repeat the operations of [`PathEvents`](super::path_events::PathEvents) in their order, with the same random numbers: a path has the
//! same bits. The arithmetic runs in vectors, one lane a path; every lane draws from its own stream.

mod axes;
mod lanes;
mod run;
mod stretch;

pub(super) use run::FewEvents;

#[cfg(test)]
mod tests;
