//! Watches one path on a line and counts.

use super::counts::OccupancyCounts;
use super::roam::Watched;
use super::visits::Visits;
use crate::landscape::Wells;

/// The record of one path on a line.
pub(super) struct Watch<'w> {
    wells: &'w Wells,
    cores: &'w [[f64; 2]],
    visits: Visits<'w>,
}

impl<'w> Watch<'w> {
    /// A path that starts at `x`.
    pub fn start(
        wells: &'w Wells,
        cores: &'w [[f64; 2]],
        times: &'w [f64],
        counts: &'w mut OccupancyCounts,
        x: f64,
    ) -> Self {
        let mut watch = Watch { wells, cores, visits: Visits::start(times, counts) };
        watch.see(0.0, x, |_| true);
        watch
    }

    /// Ends the path at time `t`.
    pub fn finish(self, t: f64) {
        self.visits.finish(t);
    }
}

impl Watched<f64> for Watch<'_> {
    #[inline]
    fn next_time(&self) -> Option<f64> {
        self.visits.next_time()
    }

    fn record(&mut self, x: f64) {
        self.visits.record(Some(self.wells.well_of(x)));
    }

    #[inline]
    fn see(&mut self, t: f64, x: f64, stays: impl Fn(usize) -> bool) {
        if let Some(last) = self.visits.last() {
            let [lo, hi] = self.cores[last];
            if lo < x && x < hi {
                return;
            }
        }
        let well = self.wells.well_of(x);
        let [lo, hi] = self.cores[well];
        if lo < x && x < hi && stays(well) {
            self.visits.reach(t, well);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transitions_go_from_core_to_core() {
        let wells = Wells::new(vec![-1.0, 1.0], vec![0.0]).unwrap();
        let cores = [wells.core(0), wells.core(1)];
        let mut counts = OccupancyCounts::new(2, 2);
        let mut watch = Watch::start(&wells, &cores, &[1.0, 5.0], &mut counts, -1.0);
        // Back and forth across the saddle without reaching the other core.
        for (t, x) in [(0.5, 0.1), (0.6, -0.1), (0.7, 0.4), (0.9, 0.2)] {
            watch.see(t, x, |_| true);
        }
        watch.record(0.2);
        watch.see(1.5, 0.8, |_| false);
        watch.see(2.0, 0.8, |well| well == 1);
        watch.see(3.0, 0.1, |_| true);
        assert_eq!(watch.next_time(), Some(5.0));
        watch.record(0.1);
        watch.finish(5.0);
        assert_eq!([counts.held(0, 0), counts.held(0, 1), counts.held(1, 1)], [0, 1, 1]);
        assert_eq!([counts.transitions(0, 1), counts.transitions(1, 0)], [1, 0]);
        assert_eq!([counts.time_in(0), counts.time_in(1)], [2.0, 3.0]);
    }
}
