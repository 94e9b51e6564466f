//! # Sample of exit times
//!
//! The data of all statistics of this module: the exit times of the paths that left, and the times up to which
//! the others are known to have stayed inside. A diverged path carries no information about `Γ`; it is counted and left out.

use rayon::slice::ParallelSliceMut;

use super::{ExitError, ExitMoments};
use crate::scheme::Outcome;

/// Exit times under right censoring.
///
/// Both lists are sorted, so that a sum over them does not depend on the order of the paths.
///
/// # Example
/// ```
/// use levy_escape::exit::{Confidence, ExitSample, exit_rate};
/// use levy_escape::scheme::Outcome;
///
/// let sample = ExitSample::from_outcomes([Outcome::Censored { at: 50.0 }, Outcome::Censored { at: 50.0 }])?;
/// let rate = exit_rate(&sample, Confidence::DEFAULT)?;
/// assert_eq!(rate.value, 0.0);
/// assert!((rate.hi - 0.02996).abs() < 1e-5);
/// # Ok::<(), levy_escape::exit::ExitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ExitSample {
    exit_times: Vec<f64>,
    censoring_times: Vec<f64>,
    moments: ExitMoments,
}

impl ExitSample {
    /// The sample of exit times `Γ_i`, of times at which paths were still inside, and of a number of diverged paths.
    ///
    /// # Errors
    /// [`ExitError::Time`] if a time is negative or not finite.
    pub fn new(mut exit_times: Vec<f64>, mut censoring_times: Vec<f64>, diverged: usize) -> Result<Self, ExitError> {
        let bad = |time: &&f64| !(**time >= 0.0 && time.is_finite());
        if let Some(&time) = exit_times.iter().chain(&censoring_times).find(bad) {
            return Err(ExitError::Time { time });
        }
        exit_times.par_sort_unstable_by(f64::total_cmp);
        censoring_times.sort_unstable_by(f64::total_cmp);
        let mut moments = ExitMoments::default();
        exit_times.iter().for_each(|t| moments.exit(*t));
        censoring_times.iter().for_each(|t| moments.censor(*t));
        moments.diverge(diverged);
        Ok(ExitSample { exit_times, censoring_times, moments })
    }

    /// The sample of some outcomes.
    ///
    /// # Errors
    /// [`ExitError::Time`] if a time is negative or not finite.
    pub fn from_outcomes(outcomes: impl IntoIterator<Item = Outcome>) -> Result<Self, ExitError> {
        let (mut exit_times, mut censoring_times, mut diverged) = (Vec::new(), Vec::new(), 0);
        for outcome in outcomes {
            match outcome {
                Outcome::Exited { time, .. } => exit_times.push(time),
                Outcome::Censored { at } => censoring_times.push(at),
                Outcome::Diverged { .. } => diverged += 1,
            }
        }
        ExitSample::new(exit_times, censoring_times, diverged)
    }

    /// Exit times, ascending.
    pub fn exit_times(&self) -> &[f64] {
        &self.exit_times
    }

    /// Times at which paths were censored, ascending.
    pub fn censoring_times(&self) -> &[f64] {
        &self.censoring_times
    }

    /// Number of paths that left.
    pub fn exited(&self) -> usize {
        self.exit_times.len()
    }

    /// Number of paths that were still inside.
    pub fn censored(&self) -> usize {
        self.censoring_times.len()
    }

    /// Number of paths that diverged; the methods below do not count them.
    pub fn diverged(&self) -> usize {
        self.moments.diverged()
    }

    /// Number of paths that left or were still inside.
    pub fn followed(&self) -> usize {
        self.exited() + self.censored()
    }

    /// Counts and sums.
    pub fn moments(&self) -> &ExitMoments {
        &self.moments
    }

    /// Total time the followed paths spent inside.
    pub fn time_at_risk(&self) -> f64 {
        self.moments.time_at_risk()
    }

    /// Time up to which every path was followed until it left; `None` if no path was censored.
    pub fn first_censoring_time(&self) -> Option<f64> {
        self.censoring_times.first().copied()
    }

    /// [`ExitError::TooFewExits`] unless `needed` paths left.
    pub(super) fn need_exits(&self, needed: usize) -> Result<(), ExitError> {
        self.moments.need_exits(needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::{Departure, ExitSite, Side};

    #[test]
    fn every_outcome_is_counted_once_and_divergence_is_no_risk() {
        let site = ExitSite { axis: 0, side: Side::Plus, overshoot: 1.2, by: Departure::Jump, landed: None };
        let sample = ExitSample::from_outcomes([
            Outcome::Exited { time: 3.0, site },
            Outcome::Censored { at: 10.0 },
            Outcome::Diverged { at: 7.0 },
            Outcome::Exited { time: 1.0, site },
        ])
        .unwrap();
        assert_eq!(sample.exit_times(), [1.0, 3.0]);
        assert_eq!((sample.exited(), sample.censored(), sample.diverged(), sample.followed()), (2, 1, 1, 3));
        assert_eq!((sample.time_at_risk(), sample.first_censoring_time()), (14.0, Some(10.0)));
    }

    #[test]
    fn times_that_are_no_times_are_refused() {
        for time in [f64::NAN, f64::INFINITY, -1.0] {
            assert!(ExitSample::new(vec![1.0, time], vec![], 0).is_err(), "{time}");
            assert!(ExitSample::new(vec![1.0], vec![time], 0).is_err(), "{time}");
        }
    }
}
