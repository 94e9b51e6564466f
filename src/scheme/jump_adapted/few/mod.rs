//! Few dimensions, many paths at a time, wherever the edge is: SGD in a quadratic on separate axes, with a diagonal or a dense amplitude, and
//! Adam with a diagonal one.
//!
//! The lanes repeat the operations of [`PathEvents`](super::path_events::PathEvents) in their order, with the same random numbers: a path has the
//! same bits. The arithmetic runs in vectors, one lane a path; every lane draws from its own stream.

mod adam;
mod attention;
mod axes;
mod dense;
mod finish;
mod lanes;
mod look;
mod round;
mod run;

pub(super) use run::FewEvents;

#[cfg(test)]
mod tests;
