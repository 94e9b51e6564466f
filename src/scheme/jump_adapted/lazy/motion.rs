//! How one coordinate moves by itself.

use super::super::cut::Cut;
use crate::noise::Stream;

/// A coordinate that is followed.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Active<O> {
    pub axis: u32,
    /// Number of the axes that are like it.
    pub kind: u32,
    /// Offset from the minimum, now and before the present step.
    pub y: f64,
    pub before: f64,
    /// The cut at the present place; its variance is that of the displacement before `Q⁻²`.
    pub cut: Cut,
    /// Whether the edge is near, as this coordinate sees it.
    pub near: bool,
    /// What the dynamics carries beside the offset.
    pub own: O,
}

/// What a wait far from the edge leaves of a coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// It moved.
    Moved,
    /// Only its law at rest is left: it need not be followed.
    AtRest,
}

/// The motion of coordinates of every kind between large jumps.
pub(super) trait AxisMotions: Send + Sync {
    /// What is carried beside the offset.
    type Own: Copy + Send + Sync;

    /// That of a coordinate at time 0 with the offset `y`.
    fn start(&self, kind: u32, y: f64) -> Self::Own;

    /// A draw from the law at rest, of which the share `settled` of the variance has come about since the start.
    fn wake(&self, kind: u32, settled: f64, rng: &mut Stream) -> (f64, Self::Own);

    /// `1/q`.
    fn inverse_q(&self, own: &Self::Own) -> f64;

    /// Square of the largest offset that a swing without noise will reach, as a share of the way to the edge.
    fn swing(&self, active: &Active<Self::Own>) -> f64;

    /// Longest step far from the edge of coordinates whose swings may reach it.
    fn wide_step(&self) -> f64;

    /// One step near the edge of at most `tau`, from time `t`.
    fn step(&self, active: &mut Active<Self::Own>, t: f64, tau: f64, rng: &mut Stream);

    /// Longest step near the edge that the flow bears.
    fn step_limit(&self, active: &Active<Self::Own>, t: f64) -> f64;

    /// The whole of a wait far from the edge, by as many steps as it takes, which are added to `steps`. `crowd`: how many coordinates
    /// are followed.
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

/// What a coordinate may keep of its swing when it comes to rest, as a share of the way to the edge: the sum over the coordinates enters
/// by its square.
pub(super) const KEPT: f64 = 0.01;
