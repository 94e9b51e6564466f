//! Watches one path and counts.

use super::counts::OccupancyCounts;
use crate::landscape::Wells;

/// The record of one path: its well at the given times, and its transitions from core to core.
///
/// A path that crosses a saddle by diffusion crosses it many times. A transition is therefore counted between the cores of the wells: the
/// path has left well `i` when it reaches the core of another one.
pub(super) struct Watch<'w> {
    wells: &'w Wells,
    cores: &'w [[f64; 2]],
    times: &'w [f64],
    counts: &'w mut OccupancyCounts,
    /// Number of times that are recorded.
    recorded: usize,
    /// The last core that the path has reached, and since when.
    last: Option<usize>,
    since: f64,
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
        counts.add_path();
        let mut watch = Watch { wells, cores, times, counts, recorded: 0, last: None, since: 0.0 };
        watch.see(0.0, x);
        watch
    }

    /// The next time to be recorded; `None` if all are.
    #[inline]
    pub fn next_time(&self) -> Option<f64> {
        self.times.get(self.recorded).copied()
    }

    /// Records a path that is at `x` at [`Watch::next_time`].
    pub fn record(&mut self, x: f64) {
        self.counts.hold(self.recorded, self.wells.well_of(x));
        self.recorded += 1;
    }

    /// Notes that the path is at `x` at time `t`.
    #[inline]
    pub fn see(&mut self, t: f64, x: f64) {
        if let Some(last) = self.last {
            let [lo, hi] = self.cores[last];
            if lo < x && x < hi {
                return;
            }
        }
        let well = self.wells.well_of(x);
        let [lo, hi] = self.cores[well];
        if self.last != Some(well) && lo < x && x < hi {
            if let Some(last) = self.last {
                self.counts.cross(last, well);
                self.counts.spend(last, t - self.since);
            }
            (self.last, self.since) = (Some(well), t);
        }
    }

    /// Ends the path at time `t`.
    pub fn finish(self, t: f64) {
        if let Some(last) = self.last {
            self.counts.spend(last, t - self.since);
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
            watch.see(t, x);
        }
        watch.record(0.2);
        watch.see(2.0, 0.8);
        watch.see(3.0, 0.1);
        assert_eq!(watch.next_time(), Some(5.0));
        watch.record(0.1);
        watch.finish(5.0);
        assert_eq!([counts.held(0, 0), counts.held(0, 1), counts.held(1, 1)], [0, 1, 1]);
        assert_eq!([counts.transitions(0, 1), counts.transitions(1, 0)], [1, 0]);
        assert_eq!([counts.time_in(0), counts.time_in(1)], [2.0, 3.0]);
    }
}
