//! The interface between the schemes and the engine.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use thiserror::Error;

use super::{Outcome, PathRecord, Trajectory};
use crate::dynamics::Problem;
use crate::landscape::LandscapeError;
use crate::noise::{NoiseError, Seed, Stream};

/// A flag that asks a run to stop: at the next chunk, or at once, which abandons the chunks in progress.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicU8>);

impl StopFlag {
    /// Asks for a stop at the next chunk.
    pub fn stop(&self) {
        self.0.fetch_max(1, Ordering::Relaxed);
    }

    /// Asks for a stop that abandons the chunks in progress. Their results are dropped; running them again gives the same paths.
    pub fn abandon(&self) {
        self.0.fetch_max(2, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Whether the chunks in progress must be abandoned.
    pub fn is_abandoned(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

/// Events between two checks of the flag that abandons a path: a few microseconds to a few milliseconds.
const LOOK_EVERY: u64 = 1024;

/// Limits at which a path stops if it has not left.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// Time after which a path counts as censored.
    pub max_time: f64,
    /// Steps or jumps after which a path counts as censored at the time it has reached.
    pub max_events: u64,
    /// Flag that abandons the paths of a range. The records that a kernel then returns are meaningless.
    pub stop: Option<&'a StopFlag>,
}

impl Default for Limits<'_> {
    /// No time limit, 10^10 events.
    fn default() -> Self {
        Limits { max_time: f64::INFINITY, max_events: 10_000_000_000, stop: None }
    }
}

impl Limits<'_> {
    /// The record of a path that is still inside after `events` steps of length `h` and has reached a limit; `None` if it may
    /// take another step.
    pub(super) fn reached(&self, events: u64, h: f64) -> Option<PathRecord> {
        let more = self.may_step(events, h) && !self.abandoned(events);
        (!more).then(|| self.censored(events, h))
    }

    /// The record of a path that is still inside after its last step, number `events`, of length `h`.
    pub(super) fn censored(&self, events: u64, h: f64) -> PathRecord {
        let t = events as f64 * h;
        let at = if t + h > self.max_time { self.max_time } else { t };
        PathRecord { outcome: Outcome::Censored { at }, events }
    }

    /// Whether a path may take another step of length `h` after `events` of them.
    fn may_step(&self, events: u64, h: f64) -> bool {
        events as f64 * h + h <= self.max_time && events < self.max_events
    }

    /// Largest number of steps of length `h` that a path may take.
    pub(super) fn steps(&self, h: f64) -> u64 {
        // `max_time/h` to within rounding; the cast saturates.
        let mut steps = ((self.max_time / h) as u64).min(self.max_events);
        while steps > 0 && !self.may_step(steps - 1, h) {
            steps -= 1;
        }
        while self.may_step(steps, h) {
            steps += 1;
        }
        steps
    }

    /// Whether a path must be abandoned after `events` events; the flag is checked only once in many events.
    pub(super) fn abandoned(&self, events: u64) -> bool {
        events.is_multiple_of(LOOK_EVERY) && self.is_abandoned()
    }

    /// Whether the paths must be abandoned.
    pub(super) fn is_abandoned(&self) -> bool {
        self.stop.is_some_and(StopFlag::is_abandoned)
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

    /// Checks whether the scheme can integrate a problem, without binding it.
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

/// A scheme bound to a problem. It runs paths and holds no state between them.
pub trait PathKernel: Send + Sync {
    /// Runs the paths of `range` in order and appends one record each. The record of a path depends on its stream
    /// alone, not on the range it is run in. A range that [`Limits::stop`] abandons may end early, with any records.
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>);

    /// Runs one path and records where it goes. The record is that of [`PathKernel::run`], bit for bit, and the last point of the trajectory
    /// is its end. `None` from a kernel that cannot follow a path.
    fn follow(&self, _source: StreamSource, _path: u64, _limits: Limits<'_>) -> Option<(PathRecord, Trajectory)> {
        None
    }

    /// The point at which a path lands outside, of length `d`, with the same stream as [`PathKernel::run`]; for a path that crept out, the point
    /// just outside the edge. The path is run again, so that records stay short.
    ///
    /// `None` for a path that does not leave, and from kernels that do not know the point: those that leave coordinates at rest undrawn.
    fn landing_point(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> Option<Vec<f64>> {
        let _ = (source, path, limits);
        None
    }

    /// The counts of whole chunks that the kernel makes besides the records, if it makes any.
    fn counting(&self) -> Option<&dyn CountingKernel> {
        None
    }

    /// Warnings about this problem, for instance that the step is too large for the shift of the edge.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// The step or threshold that is used, for the manifest.
    fn describe(&self) -> String;
}

/// A kernel that counts what its paths do.
pub trait CountingKernel: Send + Sync {
    /// Runs the paths of one chunk as [`PathKernel::run`] does, and appends the bytes of their counts, as many for every chunk.
    fn run_and_count(
        &self,
        source: StreamSource,
        range: Range<u64>,
        limits: Limits<'_>,
        records: &mut Vec<PathRecord>,
        counts: &mut Vec<u8>,
    );
}

/// Errors of a scheme or of its use.
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
        /// The allowed values.
        expected: &'static str,
    },
    /// Gaussian noise has no jumps.
    #[error("jump_adapted needs α < 2: Gaussian noise has no jumps")]
    Gaussian,
    /// The sampled second moment needs the noise of every step.
    #[error("jump_adapted draws only the large jumps, and the sampled second moment needs the noise of every step")]
    Sampled,
    /// A scheme for SDEs was given a discrete optimiser.
    #[error("euler and jump_adapted integrate the SDEs; a discrete optimiser takes no scheme")]
    Discrete,
    /// The scheme of discrete optimisers was given an SDE.
    #[error("only discrete optimisers run without a scheme; the SDEs need euler or jump_adapted")]
    Continuous,
    /// A path overflowed.
    #[error("a path diverged: the step is too large for the landscape")]
    Diverged,
    /// A matrix that is too large.
    #[error("{what} needs a {dim} × {dim} matrix; the limit is {} rows", SchemeError::MOST_ROWS)]
    Matrix {
        /// The purpose of the matrix.
        what: &'static str,
        /// Its number of rows.
        dim: usize,
    },
    /// Times, starts or wells of an occupancy that do not fit.
    #[error("{0}")]
    Occupancy(&'static str),
    /// A problem or settings without a mean position.
    #[error("{0}")]
    MeanPosition(String),
    /// Positions with tails that are too heavy for a mean.
    #[error("positions have no mean at α = {alpha}: their tails are too heavy at α ≤ 1")]
    NoMean {
        /// The tail index.
        alpha: f64,
    },
    /// A learning rate at which SGD does not come to rest.
    #[error("SGD with η = {eta} is unstable at the curvature {curvature}: η k = {}, not below 2", eta * curvature)]
    Unstable {
        /// The learning rate.
        eta: f64,
        /// The largest curvature.
        curvature: f64,
    },
    /// Another landscape than that of the wells.
    #[error("the wells have dimension {wells}, and the landscape has {dim}")]
    OtherWells {
        /// Dimension of the wells.
        wells: usize,
        /// Dimension of the landscape.
        dim: usize,
    },
    /// Wells whose basins cannot be mapped.
    #[error(transparent)]
    Landscape(#[from] LandscapeError),
    /// A target that the large jumps cannot be followed to.
    #[error(
        "jump_adapted needs the wells of a landscape in one or two dimensions to run paths into a target; this landscape {}",
        if *.dim < 3 { "has no known wells".to_string() } else { format!("has {dim} dimensions") }
    )]
    Target {
        /// Dimension of the landscape.
        dim: usize,
    },
    /// A basin of attraction that is known only by the flow.
    #[error(
        "{scheme} needs the distance to the edge; in a basin of attraction in several dimensions only jump_adapted has it, in the plane, if stable \
         manifolds of saddles form the edge"
    )]
    NoDistances {
        /// Name of the scheme.
        scheme: &'static str,
    },
    /// Large jumps of another law are not drawn.
    #[error("{scheme} takes {takes}, and this noise is {law}")]
    Law {
        /// Name of the scheme.
        scheme: &'static str,
        /// The laws that it takes.
        takes: &'static str,
        /// Name of the law.
        law: &'static str,
    },
    /// Noise without a motion has no SDE.
    #[error(
        "{law} noise is drawn once per step and drives no SDE; euler accepts it with `step = {eta}`, the learning rate, and discrete monitoring only"
    )]
    NoMotion {
        /// Name of the law.
        law: &'static str,
        /// The learning rate.
        eta: f64,
    },
    /// The noise over a step cannot be drawn.
    #[error(transparent)]
    Noise(#[from] NoiseError),
    /// No path can ever leave.
    #[error("no jump of the noise can reach the edge of the basin")]
    Unreachable,
}

impl SchemeError {
    /// Rows of the largest matrix that is inverted or decomposed.
    pub const MOST_ROWS: usize = 2_000;

    /// Rejects a problem for which the matrix that `what` needs would be too large.
    pub(super) fn check_matrix(what: &'static str, needed: bool, dim: usize) -> Result<(), SchemeError> {
        if needed && dim > Self::MOST_ROWS { Err(SchemeError::Matrix { what, dim }) } else { Ok(()) }
    }

    /// Rejects a potential whose dense Hessian is too large; the time scales of a problem need its eigenvalues.
    pub(super) fn check_hessian(problem: &Problem) -> Result<(), SchemeError> {
        let basin = problem.basin();
        let coupled = basin.potential().form().axis_curvatures(basin.dim()).is_none();
        Self::check_matrix("the Hessian of the potential", coupled, basin.dim())
    }
}
