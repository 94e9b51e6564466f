//! What every scheme offers to the engine.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

use super::{Outcome, PathRecord};
use crate::dynamics::Problem;
use crate::noise::{Seed, Stream};

/// Where a path must stop if it has not left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Time after which a path counts as censored.
    pub max_time: f64,
    /// Steps or jumps after which a path counts as censored at the time it has reached.
    pub max_events: u64,
}

impl Default for Limits {
    /// No time limit, 10^10 events.
    fn default() -> Self {
        Limits { max_time: f64::INFINITY, max_events: 10_000_000_000 }
    }
}

impl Limits {
    /// The record of a path that is still inside after `events` steps of length `h` and may take no further one; `None` while it
    /// may.
    pub(super) fn reached(&self, events: u64, h: f64) -> Option<PathRecord> {
        let more = events as f64 * h + h <= self.max_time && events < self.max_events;
        (!more).then(|| self.censored(events, h))
    }

    /// The record of a path that is still inside after `events` steps of length `h` and is at an end.
    pub(super) fn censored(&self, events: u64, h: f64) -> PathRecord {
        let t = events as f64 * h;
        let at = if t + h > self.max_time { self.max_time } else { t };
        PathRecord { outcome: Outcome::Censored { at }, events }
    }

    /// How many steps of length `h` a path may take.
    pub(super) fn steps(&self, h: f64) -> u64 {
        let may = |events: u64| self.reached(events, h).is_none();
        // `max_time/h` to within rounding; the cast saturates.
        let mut steps = ((self.max_time / h) as u64).min(self.max_events);
        while steps > 0 && !may(steps - 1) {
            steps -= 1;
        }
        while may(steps) {
            steps += 1;
        }
        steps
    }
}

/// Gives every path of a cell its own random stream.
#[derive(Clone, Copy, Debug)]
pub struct StreamSource {
    /// Seed of the experiment.
    pub seed: Seed,
    /// Number of the cell within it.
    pub cell: u64,
}

impl StreamSource {
    /// The stream of one path.
    pub fn stream(&self, path: u64) -> Stream {
        Stream::new(self.seed, self.cell, path)
    }
}

/// A scheme with its settings, not yet bound to a problem.
pub trait Scheme: fmt::Debug + Send + Sync {
    /// Name in tables, for instance `euler`.
    fn name(&self) -> &'static str;

    /// Whether the scheme can integrate a problem, without the work of binding to it.
    ///
    /// # Errors
    /// [`SchemeError`] if it cannot.
    fn check(&self, problem: &Problem) -> Result<(), SchemeError>;

    /// Binds the scheme to a problem.
    ///
    /// # Errors
    /// [`SchemeError`] if the scheme cannot integrate the problem.
    fn prepare(&self, problem: &Problem) -> Result<Box<dyn PathKernel>, SchemeError>;
}

/// A scheme bound to a problem: runs paths, holds no state between them.
pub trait PathKernel: Send + Sync {
    /// Runs the paths of `range` in order and appends one record each. The record of a path depends on its stream
    /// alone, not on the range it is run in.
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits, records: &mut Vec<PathRecord>);

    /// What a user should know about this binding: a step too large for its barrier shift, say.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// The step or threshold in use, for the manifest.
    fn describe(&self) -> String;
}

/// What can be wrong with a scheme or its use.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SchemeError {
    /// A setting out of range.
    #[error("{name} = {value} {expected}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// The offending value.
        value: f64,
        /// What it should be.
        expected: &'static str,
    },
    /// There are no jumps to adapt to.
    #[error("jump_adapted needs α < 2: Gaussian noise has no jumps")]
    Gaussian,
    /// The second moment needs the noise of every step.
    #[error("jump_adapted draws only the large jumps, and the sampled second moment needs the noise of every step")]
    Sampled,
    /// A scheme for equations was given steps.
    #[error("a discrete optimiser is its own scheme: euler and jump_adapted are for the SDEs")]
    Discrete,
    /// Steps were asked of an equation.
    #[error("only `sgd_steps` and `adam_steps` go step by step; the SDEs need euler or jump_adapted")]
    Continuous,
    /// A path left the finite numbers.
    #[error("a path diverged: the step is too large for the landscape")]
    Diverged,
    /// Nothing would ever move the path across the edge.
    #[error("no jump of the noise can reach the edge of the basin")]
    Unreachable,
}
