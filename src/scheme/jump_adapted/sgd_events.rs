//! SGD with a piecewise linear force on an interval, event by event: a stretch is an Ornstein-Uhlenbeck transition.

use pulp::Simd;

use super::barrier::NEAR;
use super::lanes::{EventClocks, EventLanes, Fourth, LineEvents, Stretch, decay};
use super::large_jumps::EdgeNoise;
use crate::scheme::interval::Line;
use crate::scheme::vector::Vector;

/// The constants of the events, with two curvatures that meet in a kink or with one.
#[derive(Clone, Copy)]
pub(super) struct SgdEvents<const KINK: bool> {
    line: Line,
    /// `σ²/(2k)` on either side, 0 without drift.
    at_rest: [f64; 2],
    /// Variance of the small jumps per unit time, where nothing holds it back.
    free: f64,
    face: EdgeNoise,
    near_step: f64,
    spread: f64,
    mean_wait: f64,
}

impl<const KINK: bool> SgdEvents<KINK> {
    pub fn new(line: Line, face: EdgeNoise, clocks: EventClocks) -> Self {
        SgdEvents {
            line,
            at_rest: line.curvatures.map(|k| if k > 0.0 { 0.5 * face.variance / k } else { 0.0 }),
            free: if line.curvatures == [0.0, 0.0] { face.variance } else { 0.0 },
            face,
            near_step: clocks.near_step,
            spread: clocks.spread,
            mean_wait: 1.0 / clocks.jump_rate,
        }
    }

    /// `e^(-kτ)` and the standard deviation that the small jumps gather over `τ`.
    #[inline(always)]
    fn transition<S: Simd>(&self, k: Vector<S>, at_rest: Vector<S>, tau: Vector<S>) -> (Vector<S>, Vector<S>) {
        let decay = decay(k * tau);
        let variance = at_rest * (1.0 - decay * decay) + self.free * tau;
        (decay, variance.at_least(0.0).sqrt())
    }
}

impl<const KINK: bool> LineEvents<0> for SgdEvents<KINK> {
    const FOURTH: Fourth = if KINK { Fourth::Uniform } else { Fourth::None };

    fn line(&self) -> &Line {
        &self.line
    }

    fn start(&self) -> [f64; 0] {
        []
    }

    #[inline(always)]
    fn stretch<S: Simd, const N: usize>(&self, simd: S, lanes: &mut EventLanes<0, N>, g: usize) -> Stretch<S> {
        let line = &self.line;
        let [left, right] = line.curvatures;
        let x = Vector::load(simd, &lanes.x, g);
        let wait = lanes.wait(simd, self.mean_wait, g);
        // Steps near the edge are short.
        let distance = (line.hi - x).min(x - line.lo);
        let near = (distance * distance.abs()).below(NEAR * NEAR * self.face.variance * wait.at_most(self.spread));
        let mut tau = near.select(wait.at_most(self.near_step), wait);
        let y = x - line.minimum;
        let on_right = y.at_or_above_number(0.0);
        let k = on_right.choose(right, left);
        let at_rest = on_right.choose(self.at_rest[1], self.at_rest[0]);
        let normal = Vector::load(simd, &lanes.normal, g);
        let (mut decay, mut deviation) = self.transition(k, at_rest, tau);
        let moved = if KINK {
            let (fast, slow) = (left.max(right), left.min(right));
            // One step while the path stays well on its side, the law at rest if there is time to forget, short steps otherwise.
            let stays = (5.0 * deviation).below(y.abs() * decay);
            let forgets = tau.above_number(6.0 / slow);
            tau = (stays | forgets).select(tau, tau.at_most(0.5 / fast));
            (decay, deviation) = self.transition(k, at_rest, tau);
            let moved = y * decay + deviation * normal;
            // The density at rest is continuous at the kink: the sides weigh as their widths.
            let widths = self.at_rest.map(f64::sqrt);
            let share = widths[0] / (widths[0] + widths[1]);
            let on_left = Vector::load(simd, &lanes.fourth, g).below_number(share);
            let rest = on_left.choose(-widths[0], widths[1]) * normal.abs();
            (forgets & !stays).select(rest, moved)
        } else {
            y * decay + deviation * normal
        };
        Stretch {
            before: x,
            after: line.minimum + moved,
            tau,
            wait,
            variance: Vector::splat(simd, self.face.variance),
            jump: Vector::load(simd, &lanes.jump, g),
            rests: None,
        }
    }

    fn at_edge(&self, before: f64, _own: &[f64; 0]) -> (EdgeNoise, f64) {
        (self.face, -self.line.gradient(before))
    }

    fn spread(&self) -> f64 {
        self.spread
    }
}
