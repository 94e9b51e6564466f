//! The kernel of paths that no edge absorbs: it runs them and keeps their counts.

use std::ops::Range;

use super::kernel::CountingKernel;
use super::{Limits, Outcome, PathKernel, PathRecord, StreamSource};
use crate::noise::Stream;

/// Paths that no edge absorbs, and what is counted of them.
pub(super) trait CountedPaths: Send + Sync {
    type Counts: Counts;

    /// The counts of no path.
    fn none(&self) -> Self::Counts;

    /// Runs one path and counts it.
    fn run(&self, rng: &mut Stream, limits: &Limits<'_>, counts: &mut Self::Counts) -> Ended;

    /// As [`PathKernel::describe`].
    fn describe(&self) -> String;
}

/// Counts that the store keeps.
pub(super) trait Counts {
    /// Appends their bytes.
    fn encode(&self, out: &mut Vec<u8>);
}

/// How a path without an edge ended: at the last time or a limit, unless it diverged.
pub(super) struct Ended {
    pub time: f64,
    pub events: u64,
    pub diverged: bool,
}

impl Ended {
    fn record(&self) -> PathRecord {
        let at = self.time;
        let outcome = if self.diverged { Outcome::Diverged { at } } else { Outcome::Censored { at } };
        PathRecord { outcome, events: self.events }
    }
}

/// The kernel of counted paths.
pub(super) struct CountedKernel<P>(pub P);

impl<P: CountedPaths> CountedKernel<P> {
    fn count(
        &self,
        source: StreamSource,
        range: Range<u64>,
        limits: &Limits<'_>,
        records: &mut Vec<PathRecord>,
    ) -> P::Counts {
        let mut counts = self.0.none();
        records.extend(range.map(|path| self.0.run(&mut source.stream(path), limits, &mut counts).record()));
        counts
    }
}

impl<P: CountedPaths> PathKernel for CountedKernel<P> {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        self.count(source, range, &limits, records);
    }

    fn counting(&self) -> Option<&dyn CountingKernel> {
        Some(self)
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}

impl<P: CountedPaths> CountingKernel for CountedKernel<P> {
    fn run_and_count(
        &self,
        source: StreamSource,
        range: Range<u64>,
        limits: Limits<'_>,
        records: &mut Vec<PathRecord>,
        counts: &mut Vec<u8>,
    ) {
        self.count(source, range, &limits, records).encode(counts);
    }
}
