//! Where the edge has to be watched so that the Brownian motion that stands for the small jumps leaves, on average, when they do.
//!
//! Brownian motion has no overshoot; the small jumps have a mean overshoot of `s_α` of the cut, so that its edge lies that much later.
//!
//! # References
//! - Asmussen, Rosiński (2001), *Approximations of Small Jumps of Lévy Processes*.
//! - Asmussen, Glynn, Pitman (1995), *Discretization Error in Simulation of One-Dimensional Reflecting Brownian Motion*.

use rand_distr::{Distribution, InverseGaussian};
use statrs::function::gamma::gamma;
use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::sync::{Mutex, PoisonError};

use crate::noise::{Stream, mean_abs_power};

/// `s_α`: mean overshoot of the process that has the jumps below 1 only, by Spitzer's identity
/// `s_α = -(1/π) ∫_0^∞ log(2ψ(w)/(σ² w²)) dw/w²` with `ψ(w) = 2c ∫_0^1 (1 - cos wy) y^(-1-α) dy` and `σ² = 2c/(2-α)`.
///
/// Some milliseconds the first time for an `alpha`, which is remembered: every cell of a sweep asks again.
pub fn small_jump_shift(alpha: f64) -> f64 {
    static KNOWN: Mutex<BTreeMap<u64, f64>> = Mutex::new(BTreeMap::new());
    // A thread that panicked while holding the map left it whole: a value is inserted or it is not.
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(shift) = known().get(&alpha.to_bits()) {
        return *shift;
    }
    let shift = spitzer_integral(alpha);
    known().insert(alpha.to_bits(), shift);
    shift
}

fn spitzer_integral(alpha: f64) -> f64 {
    let split = 20.0;
    // Near zero log R ~ -w² (2-α)/(12(4-α)).
    let integrand = |w: f64| match w < 1e-3 {
        true => -(2.0 - alpha) / (12.0 * (4.0 - alpha)),
        false => variance_ratio(alpha, w).ln() / (w * w),
    };
    let near = simpson(0.0, split, 4000, integrand);
    let far = simpson(0.0, 1.0, 4000, |x| match x == 0.0 {
        true => 0.0,
        false => variance_ratio(alpha, split / x).ln() / split,
    });
    -(near + far) / PI
}

/// `2ψ(w)/(σ² w²)`, 1 at `w = 0` and of the order `w^(α-2)` far out.
fn variance_ratio(alpha: f64, w: f64) -> f64 {
    let integral = if w <= 20.0 {
        let (mut term, mut sum) = (-1.0, 0.0);
        for k in 1..60 {
            let order = 2.0 * f64::from(k);
            term *= -w * w / (order * (order - 1.0));
            sum += term / (order - alpha);
        }
        sum
    } else {
        // ∫_0^∞ - ∫_1^∞; the second by repeated integration by parts.
        let whole = PI / (2.0 * gamma(1.0 + alpha) * (0.5 * PI * alpha).sin()) * w.powf(alpha);
        let (mut coefficient, mut tail) = (1.0 / w, 0.0);
        let (sin, cos) = w.sin_cos();
        for (k, part) in [-sin, cos, sin, -cos, -sin, cos, sin, -cos].into_iter().enumerate() {
            tail += coefficient * part;
            coefficient *= (1.0 + alpha + k as f64) / w;
        }
        whole - 1.0 / alpha + tail
    };
    2.0 * (2.0 - alpha) * integral / (w * w)
}

fn simpson(a: f64, b: f64, panels: usize, f: impl Fn(f64) -> f64) -> f64 {
    let h = (b - a) / (2 * panels) as f64;
    let inner: f64 = (1..2 * panels).map(|i| f(a + h * i as f64) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
    (f(a) + inner + f(b)) * h / 3.0
}

/// Shift of the edge for the small-jump part, in units of the cut displacement along the normal.
///
/// A little less than [`small_jump_shift`], because a jump above the cut may come first. Measured on pure Lévy motion in an
/// interval at `κ = .1`, the factor without bias was .90, .95, .95, .95, .91, .97, .90 (± .03) at α = .6, .8, 1, 1.1, 1.3, 1.5, 1.7;
/// the full shift is right to .13 % there.
pub(super) fn creeping_shift(alpha: f64) -> f64 {
    0.93 * small_jump_shift(alpha)
}

/// Standard deviations of the small-jump part within which the edge is near.
pub(super) const NEAR: f64 = 5.0;

/// What isotropic jumps add to the shift: a jump of length `y` moves `|u_1| y` along the normal, and the overshoot weighs
/// lengths by their share of the variance, `E|u_1|³ / E|u_1|²`.
pub(super) fn isotropic_direction_factor(dim: usize) -> f64 {
    mean_abs_power(dim, 3.0) / mean_abs_power(dim, 2.0)
}

/// Below e^(-2 · 23) no draw of a 64-bit uniform lets a bridge cross: product of the distances of its ends, in units of its variance.
pub(super) const FAR: f64 = 23.0;

/// When a Brownian bridge of variance `variance` over the unit of time `tau`, from distance `from` inside the edge to
/// distance `to`, first meets the edge; `None` if it does not. Distances are signed, `from > 0`.
///
/// It crosses with probability `exp(-2 from to / (variance tau))` when both ends are inside. Given that it does, the time is
/// `s/(1+s/τ)` with `s` inverse Gaussian.
pub(super) fn bridge_crossing(from: f64, to: f64, variance: f64, tau: f64, rng: &mut Stream) -> Option<f64> {
    if to > 0.0 {
        let exponent = 2.0 * from * to / (variance * tau);
        if exponent > 2.0 * FAR || rng.open01().ln() > -exponent {
            return None;
        }
    }
    let drift = to.abs().max(1e-12 * from) / tau;
    let law = InverseGaussian::new(from / drift, from * from / variance).ok()?;
    let s: f64 = law.sample(rng);
    Some(if s.is_finite() { s / (1.0 + s / tau) } else { tau })
}

/// [`bridge_crossing`] of the small jumps, of variance `variance` per unit time, over a stretch of length `tau`; also where the
/// path began beyond its barrier. Over a stretch longer than `spread` the bridge holds the variance at rest, not that of free
/// diffusion.
pub(super) fn stretch_crossing(
    [from, to]: [f64; 2],
    variance: f64,
    tau: f64,
    spread: f64,
    rng: &mut Stream,
) -> Option<f64> {
    if from <= 0.0 {
        return Some(0.0);
    }
    bridge_crossing(from, to, variance * tau.min(spread) / tau, tau, rng)
}

/// The earlier of two crossings.
pub(super) fn earlier(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.into_iter().chain(b).reduce(f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Seed;
    use rand::RngExt;
    use rand_distr::StandardNormal;

    #[test]
    fn small_jump_shift_has_the_known_values() {
        let known = [
            (1.05, 0.1332),
            (1.1, 0.1272),
            (1.2, 0.1149),
            (1.3, 0.1022),
            (1.5, 0.0756),
            (1.7, 0.0470),
            (1.8, 0.0320),
            (1.9, 0.0163),
            (1.95, 0.0082),
        ];
        for (alpha, s) in known {
            assert!((small_jump_shift(alpha) - s).abs() < 6e-5, "{alpha}: {}", small_jump_shift(alpha));
        }
    }

    /// The bridge against a path of 4,000 steps with the discrete-monitoring shift of its own: crossing share and mean
    /// crossing time, 4.5 standard errors each plus the O(1/steps) error of the path.
    #[test]
    fn bridge_crosses_as_often_and_as_early_as_a_fine_path() {
        let (from, to, variance, tau, paths, steps) = (0.6, 0.3, 1.0, 1.0, 20_000, 1000);
        let mut stream = Stream::new(Seed(7), 0, 0);
        let bridge: Vec<f64> =
            (0..paths).filter_map(|_| bridge_crossing(from, to, variance, tau, &mut stream)).collect();
        let h = tau / f64::from(steps);
        let shift = 0.5826 * (variance * h).sqrt();
        let mut fine = Vec::new();
        for _ in 0..paths {
            let mut x = from;
            for step in 0..steps {
                let left = tau - f64::from(step) * h;
                let noise: f64 = stream.sample(StandardNormal);
                x += (to - x) * h / left + noise * (variance * h * (left - h).max(0.0) / left).sqrt();
                if x < shift {
                    fine.push(f64::from(step + 1) * h);
                    break;
                }
            }
        }
        let share = (bridge.len() as f64 / f64::from(paths), fine.len() as f64 / f64::from(paths));
        assert!((share.0 - (-0.36f64).exp()).abs() < 4.5 * (0.25 / f64::from(paths)).sqrt(), "{share:?}");
        assert!((share.0 - share.1).abs() < 4.5 * (0.5 / f64::from(paths)).sqrt() + 0.002, "{share:?}");
        let mean = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
        let (a, b) = (mean(&bridge), mean(&fine));
        assert!((a - b).abs() < 4.5 * 0.25 * (2.0 / bridge.len() as f64).sqrt() + 0.002, "{a} {b}");
    }
}
