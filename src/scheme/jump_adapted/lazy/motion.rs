//! The motion of one coordinate between large jumps.

use super::super::cut::Cut;
use super::geometry::AxisEdge;
use crate::noise::Stream;

/// A coordinate that is followed.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Active<O> {
    pub axis: u32,
    /// Number of the kind.
    pub kind: u32,
    /// Offset from the minimum, now and before the present step.
    pub y: f64,
    pub before: f64,
    /// The cut at the present place, with the variance of the displacement before `Q⁻²`.
    pub cut: Cut,
    /// Whether the edge is near along this coordinate.
    pub near: bool,
    /// State of the dynamics other than the offset.
    pub own: O,
}

/// A coordinate after a wait far from the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// It has moved and is still followed.
    Moved,
    /// It is at rest and is no longer followed.
    AtRest,
}

/// The motion of coordinates of every kind between large jumps.
pub(super) trait AxisMotions: Send + Sync {
    /// State of a coordinate other than the offset.
    type Own: Copy + Send + Sync;

    /// The state at time 0 with the offset `y`.
    fn start(&self, kind: u32, y: f64) -> Self::Own;

    /// A draw from the law at rest, with the share `settled` of its variance.
    fn wake(&self, kind: u32, settled: f64, rng: &mut Stream) -> (f64, Self::Own);

    /// A lower bound of `q` relative to its value at rest, over the kinds.
    fn least_growth(&self, kinds: &[AxisEdge]) -> f64;

    /// `1/q`.
    fn inverse_q(&self, own: &Self::Own) -> f64;

    /// Squared ratio of the largest offset that a swing without noise reaches to the distance to the edge.
    fn swing(&self, active: &Active<Self::Own>) -> f64;

    /// Longest step far from the edge of coordinates whose swings may reach it.
    fn wide_step(&self) -> f64;

    /// One step near the edge of at most `tau`, from time `t`.
    fn step(&self, active: &mut Active<Self::Own>, t: f64, tau: f64, rng: &mut Stream);

    /// Longest step near the edge that resolves the flow.
    fn step_limit(&self, active: &Active<Self::Own>, t: f64) -> f64;

    /// A whole wait far from the edge in as many steps as necessary, whose number is added to `steps`. `crowd`: number of followed
    /// coordinates.
    fn rest(
        &self,
        active: &mut Active<Self::Own>,
        t: f64,
        wait: f64,
        crowd: usize,
        steps: &mut u64,
        rng: &mut Stream,
    ) -> After;

    /// `dy/dt` without the noise.
    fn speed(&self, active: &Active<Self::Own>) -> f64;
}

/// Largest displacement of a coordinate that counts as at rest, relative to the distance to the edge. The displacements add up by their
/// squares.
pub(super) const KEPT: f64 = 0.01;
