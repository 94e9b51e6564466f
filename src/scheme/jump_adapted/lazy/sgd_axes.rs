//! SGD on separate axes: Ornstein-Uhlenbeck coordinates, and coordinates with a kink.

use super::super::sgd_motion::FreeAxis;
use super::motion::{Active, After, AxisMotions, KEPT};
use crate::noise::Stream;

pub(super) struct SgdAxes(Vec<SgdKind>);

pub(super) struct SgdKind {
    pub axis: FreeAxis,
    /// Shorter way to the edge, and variance per unit time far from it.
    pub reach: f64,
    pub variance: f64,
}

impl SgdAxes {
    pub fn new(kinds: Vec<SgdKind>) -> Self {
        SgdAxes(kinds)
    }
}

impl AxisMotions for SgdAxes {
    type Own = ();

    fn start(&self, _kind: u32, _y: f64) {}

    fn wake(&self, kind: u32, settled: f64, rng: &mut Stream) -> (f64, ()) {
        let SgdKind { axis, variance, .. } = &self.0[kind as usize];
        (axis.at_rest(*variance, rng) * settled.sqrt(), ())
    }

    fn inverse_q(&self, _own: &()) -> f64 {
        1.0
    }

    fn swing(&self, _active: &Active<()>) -> f64 {
        0.0
    }

    fn wide_step(&self) -> f64 {
        f64::INFINITY
    }

    fn step(&self, active: &mut Active<()>, _t: f64, tau: f64, rng: &mut Stream) {
        active.y = self.0[active.kind as usize].axis.advance(active.y, tau, active.cut.variance, active.near, rng);
    }

    fn step_limit(&self, _active: &Active<()>, _t: f64) -> f64 {
        f64::INFINITY
    }

    fn rest(
        &self,
        active: &mut Active<()>,
        _t: f64,
        wait: f64,
        crowd: usize,
        _steps: &mut u64,
        rng: &mut Stream,
    ) -> After {
        let SgdKind { axis, reach, .. } = &self.0[active.kind as usize];
        let kept = active.y / reach * (-axis.slowest() * wait).exp();
        if kept * kept * (crowd as f64) < KEPT * KEPT {
            return After::AtRest;
        }
        active.y = axis.advance(active.y, wait, active.cut.variance, false, rng);
        After::Moved
    }

    fn speed(&self, active: &Active<()>) -> f64 {
        self.0[active.kind as usize].axis.drift(active.y)
    }
}
