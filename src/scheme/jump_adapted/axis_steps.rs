//! One coordinate between large jumps, `dy = -k± y dt + √v dW`: for a number and for a vector of numbers alike.

use pulp::Simd;

use statrs::function::erf::erfc_inv;

use crate::scheme::vector::{Decay, Mask, Vector};

/// Ratio of the curvatures of a kink beyond which the steep side is a wall: a slab as wide as the law at rest on that side, at the
/// end of which the path is reflected. Steps then have the length of the flat side.
const WALL: f64 = 40.0;

/// Standard deviations by which a path stays on its side of a kink.
const STAYS: f64 = 5.0;

/// Relaxation times of the flat side after which the start of a path no longer matters.
const FORGETS: f64 = 6.0;

/// `√(π/2)`: half of the equivalent width of the standard normal density.
const HALF_ROOM: f64 = 1.253_314_137_315_500_3;

/// Relaxation times of the steep side below which a step sees how a path comes to rest behind a wall: also far from the edge, where strong noise jumps
/// several times in one of them.
const SETTLES: f64 = 10.0;

/// Steps in relaxation times: at a kink, or along the flat side of a wall, near the edge; at a kink far from it, and along a wall there.
const STEP_NEAR: f64 = 0.15;
const KINK_FAR: f64 = 0.5;
const WALL_FAR: f64 = 0.25;

/// One curvature: the exact transition.
#[derive(Clone, Copy, Debug)]
pub(super) struct SmoothAxis {
    curvature: f64,
    /// `1/(2k)`.
    at_rest: f64,
}

impl SmoothAxis {
    /// A curvature is negligible if it times the time in which the noise crosses the basin is below this number.
    pub const NOTHING: f64 = 1e-12;

    /// A curvature below `floor` counts as 0.
    pub fn new(curvature: f64, floor: f64) -> Self {
        let curvature = curvature.max(floor);
        SmoothAxis { curvature, at_rest: 0.5 / curvature }
    }

    /// `y` after a time `tau` with the variance `v` per unit time.
    #[inline(always)]
    pub fn step<S: Simd>(&self, y: Vector<S>, v: Vector<S>, tau: Vector<S>, normal: Vector<S>) -> Vector<S> {
        let decay = Decay::of(tau * self.curvature);
        y * decay.left + (v * (decay.lost_twice * self.at_rest)).sqrt() * normal
    }
}

/// Two curvatures that meet at 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct KinkAxis {
    /// -1 where the steep side is the right one: the axis is mirrored.
    sense: f64,
    steep: f64,
    flat: f64,
    /// Distance to the edge on the steep side.
    steep_reach: f64,
    /// Below this normal number a draw from the law at rest lies on the steep side.
    steep_below: f64,
    wall: bool,
}

/// The random numbers of a step at a kink.
pub(super) struct KinkDraws<S: Simd> {
    pub normals: [Vector<S>; 2],
    pub exponential: Vector<S>,
}

/// A step at a kink.
pub(super) struct KinkStep<S: Simd> {
    pub y: Vector<S>,
    pub tau: Vector<S>,
    /// Lanes in which the edge behind the wall cannot be reached.
    pub walled: Mask<S>,
}

impl KinkAxis {
    /// `reach`: distances to the edges; `floor` as for [`SmoothAxis::new`].
    pub fn new(curvatures: [f64; 2], reach: [f64; 2], floor: f64) -> Self {
        let [left, right] = curvatures.map(|k| k.max(floor));
        let steep_left = left >= right;
        let (steep, flat) = (left.max(right), left.min(right));
        let share = flat.sqrt() / (flat.sqrt() + steep.sqrt());
        KinkAxis {
            sense: if steep_left { 1.0 } else { -1.0 },
            steep,
            flat,
            steep_reach: if steep_left { reach[0] } else { reach[1] },
            steep_below: normal_quantile(share),
            wall: steep > WALL * flat,
        }
    }

    /// Whether the steep side is the left one.
    pub fn is_steep_left(&self) -> bool {
        self.sense > 0.0
    }

    /// A step of at most `limit`, and not longer than the rest of the `wait`. Near the edge, where the cut changes with the place, the
    /// limit must not depend on the wait: the end of a step would depend on the time of the jump.
    ///
    /// The exact transition while the path stays on its side; the law at rest after a long wait far from the edge;
    /// otherwise half of the noise, the exact flow, which never crosses 0, and half of the noise.
    #[inline(always)]
    pub fn step<S: Simd>(
        &self,
        y: Vector<S>,
        v: Vector<S>,
        [limit, wait]: [Vector<S>; 2],
        far: Mask<S>,
        draws: KinkDraws<S>,
    ) -> KinkStep<S> {
        let [first, second] = draws.normals;
        let y = y * self.sense;
        let on_steep = y.below_number(0.0);
        let k = on_steep.choose(self.steep, self.flat);
        let deviation = |decay: &Decay<S>| (v * decay.lost_twice * (0.5 / k)).sqrt();
        let whole = Decay::of(k * limit);
        let stays = (STAYS * deviation(&whole)).below(y.abs() * whole.left);
        let forgets = far & limit.above_number(FORGETS / self.flat);
        let widths = [self.steep, self.flat].map(|k| (v * (0.5 / k)).sqrt());
        let nowhere = y.below(y);
        let mut step = far.choose(KINK_FAR / self.steep, STEP_NEAR / self.steep);
        let (mut walled, mut at_wall, mut comes_down) = (nowhere, nowhere, nowhere);
        if self.wall {
            let stays_behind = (widths[0] * (1.1 * STAYS)).below_number(self.steep_reach);
            walled = (far | stays_behind) & limit.above_number(SETTLES / self.steep);
            // Along the steep side to the wall: one step while the path stays on it, then short steps.
            let away = -(y / widths[0]);
            let fast = away.above_number(3.3 * STAYS);
            comes_down = walled & away.above_number(1.5 * STAYS);
            at_wall = walled & !on_steep;
            step = comes_down.select(fast.choose(1.0 / self.steep, STEP_NEAR / self.steep), step);
            let along = far.choose(WALL_FAR / self.flat, STEP_NEAR / self.flat);
            step = at_wall.select(along, step);
        }
        let tau = (stays | forgets).select(limit, limit.min(step)).min(wait);
        let exact = stays | (comes_down & !forgets);

        let decay = Decay::of(k * tau);
        let moved = y * decay.left + deviation(&decay) * first;

        // Halves of the noise that preserve the law at rest of either side.
        let half = |lost_twice: Vector<S>, k: Vector<S>| (v * (0.5 / k) * (lost_twice / (2.0 - lost_twice))).sqrt();
        let kicked = y + half(decay.lost_twice, k) * first;
        let k = kicked.below_number(0.0).choose(self.steep, self.flat);
        let flown = Decay::of(k * tau);
        let mut split = kicked * flown.left + half(flown.lost_twice, k) * second;
        if self.wall {
            // Reflection of a Brownian motion: the wall lifts it by the depth of its lowest point.
            let wall = -HALF_ROOM * widths[0];
            let lapse = Decay::of(0.5 * self.flat * tau).left;
            let start = y * lapse;
            let noise = (v * tau).sqrt() * first;
            let end = start + noise;
            let lowest = 0.5 * (start + end - (noise * noise + 2.0 * v * tau * draws.exponential).sqrt());
            let lifted = end + (wall - lowest).at_least(0.0);
            // A path that ends in the slab has the law at rest of the steep side.
            let behind = -(second.abs() * widths[0]);
            split = at_wall.select(lifted.below_number(0.0).select(behind, lifted * lapse), split);
        }
        // The density at rest is continuous at the kink, so the weights of the sides are their widths.
        let steep = second.below_number(self.steep_below);
        let rest = first.abs() * steep.select(-widths[0], widths[1]);
        let moved = exact.select(moved, forgets.select(rest, split));
        KinkStep { y: moved * self.sense, tau, walled: walled & !exact }
    }
}

/// The standard normal quantile.
fn normal_quantile(share: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * share)
}
