//! The time that a run still takes, from the times of its finished batches.

use crate::engine::BatchTime;

/// Paths of a cell, and what they took.
#[derive(Clone, Copy, Debug)]
struct CellWork {
    /// Finished paths, including those of earlier sessions, and missing ones.
    paths: [f64; 2],
    /// Seconds per path in the first batch of this session, but for the first one of a thread. A kernel that runs several paths at once takes
    /// longer for few of them.
    first: Option<f64>,
    /// Paths and seconds of the later batches.
    later: [f64; 2],
}

/// What the cells of a run took so far, in seconds of one thread.
#[derive(Clone, Debug)]
pub struct Work {
    cells: Vec<CellWork>,
    seconds: f64,
}

/// What is expected of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkEstimate {
    /// Finished share of the whole work.
    pub share: f64,
    /// Seconds that the rest takes at the speed up to now.
    pub seconds_left: f64,
}

impl Work {
    /// No batch is finished. `paths`: the finished and the missing paths of every cell.
    pub fn new(paths: impl Iterator<Item = [f64; 2]>) -> Self {
        Work { cells: paths.map(|paths| CellWork { paths, first: None, later: [0.0; 2] }).collect(), seconds: 0.0 }
    }

    /// Adds a batch of `paths` paths of a cell. The first batch of a thread says nothing about the others: it may take a hundred times as long.
    pub fn add(&mut self, cell: usize, paths: u64, BatchTime { seconds, is_first }: BatchTime) {
        let (work, paths) = (&mut self.cells[cell], paths as f64);
        work.paths = [work.paths[0] + paths, (work.paths[1] - paths).max(0.0)];
        self.seconds += seconds;
        if is_first {
            return;
        }
        if work.first.is_none() {
            work.first = Some(seconds / paths);
        } else {
            work.later = [work.later[0] + paths, work.later[1] + seconds];
        }
    }

    /// What is expected after `elapsed` seconds of this session; `None` before a batch that was not the first of its thread.
    ///
    /// A path of a cell takes as long as those of its later batches; where there is one batch only, as long as those of the first, times the
    /// ratio of later to first batches in the other cells; where there is none, as long as the mean path.
    pub fn estimate(&self, elapsed: f64) -> Option<WorkEstimate> {
        let later = self.cells.iter().filter(|cell| cell.later[0] > 0.0);
        let [spent, expected] = later.fold([0.0, 0.0], |[spent, expected], cell| {
            [spent + cell.later[1], expected + cell.later[0] * cell.first.unwrap_or(0.0)]
        });
        let factor = if spent > 0.0 && expected > 0.0 { spent / expected } else { 1.0 };
        let cost = |cell: &CellWork| match cell.later {
            [paths, seconds] if paths > 0.0 => Some(seconds / paths),
            _ => cell.first.map(|first| factor * first),
        };
        let known = self.cells.iter().filter_map(|cell| cost(cell).map(|cost| (cell.paths[0] + cell.paths[1], cost)));
        let [paths, seconds] = known.fold([0.0, 0.0], |[p, s], (paths, cost)| [p + paths, s + paths * cost]);
        if self.seconds <= 0.0 || paths <= 0.0 {
            return None;
        }
        let [done, left] = self.cells.iter().fold([0.0, 0.0], |[done, left], cell| {
            let cost = cost(cell).unwrap_or(seconds / paths);
            [done + cell.paths[0] * cost, left + cell.paths[1] * cost]
        });
        Some(WorkEstimate { share: done / (done + left), seconds_left: left * elapsed / self.seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(seconds: f64) -> BatchTime {
        BatchTime { seconds, is_first: false }
    }

    /// The first batch of a thread builds tables.
    #[test]
    fn the_first_batch_of_a_thread_does_not_count() {
        let mut work = Work::new([[0.0, 1000.0], [0.0, 1000.0]].into_iter());
        work.add(0, 100, BatchTime { seconds: 99.0, is_first: true });
        assert_eq!(work.estimate(99.0), None);
        work.add(1, 100, later(1.0));
        assert_eq!(work.estimate(100.0), Some(WorkEstimate { share: 0.1, seconds_left: 18.0 }));
        // The second batch of the cell is the first that counts.
        work.add(0, 100, later(2.0));
        let found = work.estimate(102.0).unwrap();
        assert!((found.seconds_left - 25.0).abs() < 1e-9, "{found:?}");
    }

    /// Two cells of equal size, of which the second takes a hundred times as long: a path of the first says little about the time that is left.
    #[test]
    fn cells_count_by_what_they_cost() {
        let mut work = Work::new([[0.0, 1000.0], [0.0, 1000.0]].into_iter());
        assert_eq!(work.estimate(1.0), None);
        work.add(0, 100, later(1.0));
        // The other cell is unknown.
        assert_eq!(work.estimate(1.0), Some(WorkEstimate { share: 0.05, seconds_left: 19.0 }));
        work.add(1, 100, later(100.0));
        let found = work.estimate(50.5).unwrap();
        assert!((found.share - 0.1).abs() < 1e-12, "{found:?}");
        // Two threads: 909 seconds of work.
        assert!((found.seconds_left - 454.5).abs() < 1e-9, "{found:?}");
        // Later batches take half as long, in the other cell too.
        work.add(0, 900, later(4.5));
        let found = work.estimate(52.75).unwrap();
        assert!((found.seconds_left - 225.0).abs() < 1e-9, "{found:?}");
        work.add(1, 900, later(450.0));
        assert_eq!(work.estimate(277.75), Some(WorkEstimate { share: 1.0, seconds_left: 0.0 }));
    }

    /// Paths of an earlier session cost as much as those of this one.
    #[test]
    fn a_resumed_run_counts_what_was_done() {
        let mut work = Work::new([[500.0, 500.0], [0.0, 0.0]].into_iter());
        work.add(0, 100, later(2.0));
        let found = work.estimate(2.0).unwrap();
        assert!((found.share - 0.6).abs() < 1e-12 && (found.seconds_left - 8.0).abs() < 1e-12, "{found:?}");
    }
}
