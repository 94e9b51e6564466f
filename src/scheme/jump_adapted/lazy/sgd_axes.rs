//! SGD on separate axes: Ornstein-Uhlenbeck coordinates, and coordinates with a kink.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::super::sgd_motion::FreeAxis;
use super::geometry::AxisEdge;
use super::motion::{Active, After, AxisMotions, KEPT};
use crate::noise::Stream;

/// Relaxation times after which a coordinate within `WIDE` ways to the edge counts as at rest in any company.
const LONG: f64 = 30.0;
const WIDE: f64 = 1e6;

pub(super) struct SgdAxes(Vec<SgdKind>);

pub(super) struct SgdKind {
    axis: FreeAxis,
    /// Shorter way to the edge, variance per unit time far from it, and the deviation at rest.
    reach: f64,
    variance: f64,
    deviation: Option<f64>,
}

impl SgdKind {
    pub fn new(axis: FreeAxis, reach: f64, variance: f64) -> Self {
        SgdKind { deviation: axis.deviation_at_rest(variance), axis, reach, variance }
    }
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
        let SgdKind { axis, variance, deviation, .. } = &self.0[kind as usize];
        let y = match deviation {
            Some(deviation) => deviation * rng.sample::<f64, _>(StandardNormal),
            None => axis.at_rest_across_kink(*variance, rng),
        };
        (if settled < 1.0 { y * settled.sqrt() } else { y }, ())
    }

    fn least_growth(&self, _kinds: &[AxisEdge]) -> f64 {
        1.0
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
        let lapse = axis.slowest() * wait;
        if lapse > LONG && active.y.abs() < WIDE * reach {
            return After::AtRest;
        }
        let kept = active.y / reach * (-lapse).exp();
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
