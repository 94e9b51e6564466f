//! Watches one path in the plane and counts.

use super::super::counts::OccupancyCounts;
use super::super::roam::{Roamed, Watched};
use super::super::visits::Visits;
use super::local::PlanarLocal;

/// The record of one path in the plane. The core of a well is a ball around its minimum.
pub(super) struct PlanarWatch<'w> {
    local: &'w PlanarLocal,
    visits: Visits<'w>,
}

impl<'w> PlanarWatch<'w> {
    /// A path that starts at `x`.
    pub fn start(local: &'w PlanarLocal, times: &'w [f64], counts: &'w mut OccupancyCounts, x: [f64; 2]) -> Self {
        let mut watch = PlanarWatch { local, visits: Visits::start(times, counts) };
        watch.see(0.0, x, |_| true);
        watch
    }

    /// Ends the path at time `t`.
    pub fn finish(self, t: f64) {
        self.visits.finish(t);
    }
}

impl Watched<[f64; 2]> for PlanarWatch<'_> {
    #[inline]
    fn next_time(&self) -> Option<f64> {
        self.visits.next_time()
    }

    fn record(&mut self, x: [f64; 2]) {
        self.visits.record(self.local.well_of(x));
    }

    #[inline]
    fn see(&mut self, t: f64, x: [f64; 2], stays: impl Fn(usize) -> bool) {
        let holds = |well: usize| {
            let well = &self.local.wells[well];
            (x[0] - well.minimum[0]).hypot(x[1] - well.minimum[1]) < well.core
        };
        if self.visits.last().is_some_and(holds) {
            return;
        }
        if let Some(well) = (0..self.local.wells.len()).find(|well| holds(*well)).filter(|well| stays(*well)) {
            self.visits.reach(t, well);
        }
    }
}
