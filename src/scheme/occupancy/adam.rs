//! Adam's equation on a line, without an edge.
//!
//! Large jumps are drawn as for SGD and divided by the `Q` before them. Near a minimum, with `v̂` at rest, the transition of the linear equation
//! of `(θ, m̂)` is exact. Elsewhere a step is half of the noise, half of the drift of `θ`, the averages with their exact weights, and the other
//! halves; it is short beside the local period, and moves `θ` by less than its distance from the minimum.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::local_wells::{LocalWell, LocalWells};
use crate::dynamics::Adam;
use crate::noise::Stream;
use crate::scheme::linear::{lower_pair, lower_root, momentum_step};

/// Longest step in units of the inverse of the local frequency `√(β1 |F''|/Q)`.
const SHARE: f64 = 0.15;
/// Longest displacement by the drift in one step, in units of the distance from the minimum or of the width of the well.
const MOVED: f64 = 0.1;
/// Relative distance of `v̂` from its value at rest up to which `Q` counts as constant.
const SETTLED: f64 = 0.02;
/// Times of the bias correction of `m̂` after which it is negligible.
const CORRECTED: f64 = 10.0;

/// `θ` and the bias-corrected averages.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdamState {
    pub x: f64,
    pub m: f64,
    pub v: f64,
}

pub(super) struct AdamFlow {
    beta: [f64; 2],
    /// `s²`.
    square: f64,
    stabilizer: f64,
    moves: bool,
}

impl AdamFlow {
    pub fn new(adam: &Adam, scale: f64) -> Self {
        AdamFlow {
            beta: [adam.beta1_rate(), adam.beta2_rate()],
            square: scale * scale,
            stabilizer: adam.stabilizer(),
            moves: !adam.second_moment().is_constant(),
        }
    }

    /// The limits at `t = 0`.
    pub fn start(&self, local: &LocalWells, x: f64) -> AdamState {
        let gradient = local.slope(x);
        let v = if self.moves { gradient * gradient + self.square } else { self.square };
        AdamState { x, m: gradient, v }
    }

    /// `Q`.
    #[inline]
    pub fn q(&self, state: &AdamState) -> f64 {
        state.v.sqrt() + self.stabilizer
    }

    /// The energy of the momentum, `m²/(2 β1 Q)`.
    pub fn motion(&self, state: &AdamState) -> f64 {
        0.5 * state.m * state.m / (self.beta[0] * self.q(state))
    }

    /// Whether the next step from time `t` is that of the linear equation, over any time.
    #[inline]
    pub fn is_linear(&self, well: &LocalWell, state: &AdamState, t: f64) -> bool {
        let (beta1, y, q) = (self.beta[0], state.x - well.minimum, self.q(state));
        let energy = y * y + state.m * state.m / (beta1 * q * well.curvature);
        let rests = !self.moves || (state.v - self.square).abs() <= SETTLED * self.square;
        energy < well.zone * well.zone && rests && beta1 * t > CORRECTED
    }

    /// Moves the state at time `t` for at most `most`; returns for how long.
    pub fn step(
        &self,
        local: &LocalWells,
        well: &LocalWell,
        state: &mut AdamState,
        [t, most]: [f64; 2],
        rng: &mut Stream,
    ) -> f64 {
        let [beta1, beta2] = self.beta;
        let (y, q) = (state.x - well.minimum, self.q(state));
        if self.is_linear(well, state, t) {
            let (flow, gathered) = momentum_step(beta1, well.curvature, q, well.variance / (q * q), most);
            let normals: [f64; 2] = [rng.sample(StandardNormal), rng.sample(StandardNormal)];
            let [to_y, to_m] = lower_pair(lower_root(gathered), normals);
            state.x = well.minimum + flow[0][0] * y + flow[0][1] * state.m + to_y;
            state.m = flow[1][0] * y + flow[1][1] * state.m + to_m;
            if self.moves {
                state.v += Adam::weight(beta2, t, most) * (self.square - state.v);
            }
            return most;
        }
        let frequency = (beta1 * local.local_curvature(state.x, well) / q).sqrt();
        let room = MOVED * y.abs().max(well.width);
        let h = most.min(SHARE / frequency).min(room * q / state.m.abs()).min(local.longest_step(well, q));
        let deviation = (0.5 * well.variance * h).sqrt();
        state.x += deviation / q * rng.sample::<f64, _>(StandardNormal) - 0.5 * h * state.m / q;
        let gradient = local.slope(state.x);
        state.m += Adam::weight(beta1, t, h) * (gradient - state.m);
        if self.moves {
            state.v += Adam::weight(beta2, t, h) * (gradient * gradient + self.square - state.v);
        }
        let q = self.q(state);
        state.x += deviation / q * rng.sample::<f64, _>(StandardNormal) - 0.5 * h * state.m / q;
        h
    }
}
