//! SGD on separate axes: Ornstein-Uhlenbeck coordinates, or those with a kink.

use super::super::sgd_motion::Axis;
use super::motion::{Active, After, AxisMotions, KEPT};
use crate::noise::Stream;

/// Relaxation times that bring a coordinate to rest.
const REST: f64 = 40.0;

pub(super) struct SgdAxes {
    pub axes: Vec<Axis>,
    /// Shorter way to the edge, and variance per unit time far from it.
    pub reaches: Vec<f64>,
    pub variances: Vec<f64>,
}

impl AxisMotions for SgdAxes {
    type Own = ();

    fn start(&self, _axis: usize, _y: f64) {}

    fn wake(&self, axis: usize, settled: f64, rng: &mut Stream) -> (f64, ()) {
        let wait = REST / self.axes[axis].slowest();
        (self.axes[axis].advance(0.0, wait, self.variances[axis], false, rng) * settled.sqrt(), ())
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
        active.y = self.axes[active.axis].advance(active.y, tau, active.cut.variance, active.near, rng);
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
        let axis = &self.axes[active.axis];
        let kept = active.y / self.reaches[active.axis] * (-axis.slowest() * wait).exp();
        if kept * kept * (crowd as f64) < KEPT * KEPT {
            return After::AtRest;
        }
        active.y = axis.advance(active.y, wait, active.cut.variance, false, rng);
        After::Moved
    }

    fn speed(&self, active: &Active<()>) -> f64 {
        self.axes[active.axis].drift(active.y)
    }
}
