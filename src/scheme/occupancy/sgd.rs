//! SGD's equation on a line, without an edge.
//!
//! Jumps larger than a cut, which depends on the well, are drawn at Poisson times. Between them the small jumps are a Brownian motion: near a
//! minimum the transition of the Ornstein-Uhlenbeck process is exact; elsewhere a step is half of the noise, the gradient flow by an adaptive
//! Runge-Kutta pair, and half of the noise, at most a share of the local relaxation time long.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::flow::flow;
use super::local_wells::{LocalWell, LocalWells};
use crate::noise::Stream;

/// Local error of the flow in widths of a well.
const TOLERANCE: f64 = 1e-5;

pub(super) struct SgdFlow {
    /// Longest step in local relaxation times.
    pub share: f64,
}

impl SgdFlow {
    /// Whether the next step is that of the linear equation, over any time.
    #[inline]
    pub fn is_linear(well: &LocalWell, x: f64) -> bool {
        (x - well.minimum).abs() < well.zone
    }

    /// Moves `x` for at most `most`; returns for how long.
    pub fn step(&self, local: &LocalWells, well: &LocalWell, x: &mut f64, most: f64, rng: &mut Stream) -> f64 {
        let y = *x - well.minimum;
        if Self::is_linear(well, *x) {
            let decay = (-well.curvature * most).exp();
            let variance = -0.5 * well.variance / well.curvature * (-2.0 * well.curvature * most).exp_m1();
            *x = well.minimum + y * decay + variance.sqrt() * rng.sample::<f64, _>(StandardNormal);
            return most;
        }
        let tau = most.min(self.share / local.local_curvature(*x, well)).min(local.longest_step(well, 1.0));
        let deviation = (0.5 * well.variance * tau).sqrt();
        *x += deviation * rng.sample::<f64, _>(StandardNormal);
        [*x] = flow(|[x]| [-local.slope(x)], [*x], tau, TOLERANCE * well.width);
        *x += deviation * rng.sample::<f64, _>(StandardNormal);
        tau
    }
}
