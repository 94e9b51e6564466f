//! SGD's equation on a line, without an edge.
//!
//! Jumps larger than a cut, which depends on the well, are drawn at Poisson times. Between them the small jumps are a Brownian motion: near a
//! minimum the transition of the Ornstein-Uhlenbeck process is exact; elsewhere a step is half of the noise, the gradient flow by an adaptive
//! Runge-Kutta pair, and half of the noise, at most a share of the local relaxation time long.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::local_wells::{LocalWell, LocalWells};
use crate::noise::Stream;

/// Local error of the flow in widths of a well.
const TOLERANCE: f64 = 1e-5;
/// Smallest step of the flow that is still refined, in units of the time asked for.
const SMALLEST_STEP: f64 = 1e-30;

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
        *x = flow(|x| -local.slope(x), *x, tau, TOLERANCE * well.width);
        *x += deviation * rng.sample::<f64, _>(StandardNormal);
        tau
    }
}

/// `y(tau)` of `y' = f(y)` by the pair of Bogacki and Shampine, with local errors below `tolerance`.
fn flow(f: impl Fn(f64) -> f64, mut y: f64, tau: f64, tolerance: f64) -> f64 {
    let (mut left, mut h) = (tau, tau);
    let mut k1 = f(y);
    while left > 0.0 {
        h = h.min(left);
        let k2 = f(y + 0.5 * h * k1);
        let k3 = f(y + 0.75 * h * k2);
        let next = y + h * (2.0 / 9.0 * k1 + k2 / 3.0 + 4.0 / 9.0 * k3);
        let k4 = f(next);
        let error = (h * (-5.0 / 72.0 * k1 + k2 / 12.0 + k3 / 9.0 - k4 / 8.0)).abs();
        let is_smallest = !(h > SMALLEST_STEP * tau);
        if !error.is_finite() {
            if is_smallest {
                return f64::NAN;
            }
            h *= 0.1;
            continue;
        }
        // Far out a relative error is enough.
        let allowed = tolerance.max(1e-6 * y.abs());
        if error <= allowed || is_smallest {
            (y, k1) = (next, k4);
            left -= h;
            if left <= 0.0 {
                break;
            }
        }
        h *= (0.9 * (allowed / error.max(1e-300)).cbrt()).clamp(0.2, 5.0);
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `y' = -y³` from far out: `y(t) = (y_0^-2 + 2t)^(-1/2)` hardly depends on the start. An explicit step would explode.
    #[test]
    fn a_steep_potential_is_survived() {
        for far in [2.0, 1e3, 1e12] {
            let exact = (1.0 / (far * far) + 0.5f64).powf(-0.5);
            assert!((flow(|y| -y * y * y, far, 0.25, 1e-5) - exact).abs() < 1e-3, "{far}");
        }
    }
}
