//! The record of one path, whatever the dimension: its well at the given times, and its transitions from core to core.

use super::counts::OccupancyCounts;

/// The well of a path at the given times, and its transitions from core to core.
///
/// A path that crosses a saddle by diffusion crosses it many times. A transition is therefore counted between the cores of the wells: the
/// path has left well `i` when it reaches the core of another one. With Adam's momentum it also passes through cores: it has arrived when its energy
/// `F(θ) + Σ_k m_k²/(2 β1 Q_k)` is below the lowest saddle of the well.
pub(super) struct Visits<'w> {
    times: &'w [f64],
    counts: &'w mut OccupancyCounts,
    /// Number of times that are recorded.
    recorded: usize,
    /// The last core that the path has reached, and since when.
    last: Option<usize>,
    since: f64,
}

impl<'w> Visits<'w> {
    /// A new path.
    pub fn start(times: &'w [f64], counts: &'w mut OccupancyCounts) -> Self {
        counts.add_path();
        Visits { times, counts, recorded: 0, last: None, since: 0.0 }
    }

    /// The next time to be recorded; `None` if all are.
    #[inline]
    pub fn next_time(&self) -> Option<f64> {
        self.times.get(self.recorded).copied()
    }

    /// Records a path that is in a well, or in none, at [`Visits::next_time`].
    pub fn record(&mut self, well: Option<usize>) {
        if let Some(well) = well {
            self.counts.hold(self.recorded, well);
        }
        self.recorded += 1;
    }

    /// The last core that the path has reached.
    #[inline]
    pub fn last(&self) -> Option<usize> {
        self.last
    }

    /// Notes that the path is in the core of a well at time `t`.
    pub fn reach(&mut self, t: f64, well: usize) {
        if self.last == Some(well) {
            return;
        }
        if let Some(last) = self.last {
            self.counts.cross(last, well);
            self.counts.spend(last, t - self.since);
        }
        (self.last, self.since) = (Some(well), t);
    }

    /// Ends the path at time `t`.
    pub fn finish(self, t: f64) {
        if let Some(last) = self.last {
            self.counts.spend(last, t - self.since);
        }
    }
}
