//! The shift of the edge for which the Brownian motion that replaces the small jumps leaves, on average, at their exit time.
//!
//! Brownian motion has no overshoot, while the small jumps have a mean overshoot of a share of the cut; the edge lies outside by as much.
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
/// Takes some milliseconds. Values are cached, since every cell of a sweep needs them again.
pub fn small_jump_shift(alpha: f64) -> f64 {
    static KNOWN: Known = Known::new();
    KNOWN.get(alpha, spitzer_integral)
}

/// Cached values of a function of `α`.
struct Known(Mutex<BTreeMap<u64, f64>>);

impl Known {
    const fn new() -> Self {
        Known(Mutex::new(BTreeMap::new()))
    }

    fn get(&self, alpha: f64, compute: impl Fn(f64) -> f64) -> f64 {
        // The map is valid even if a thread panicked while holding it: a value is inserted or it is not.
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known().get(&alpha.to_bits()) {
            return *value;
        }
        let value = compute(alpha);
        known().insert(alpha.to_bits(), value);
        value
    }
}

fn spitzer_integral(alpha: f64) -> f64 {
    let split = 20.0;
    // Near zero log R ~ -w² (2-α)/(12(4-α)).
    let at_zero = -(2.0 - alpha) / (12.0 * (4.0 - alpha));
    let integrand = |w: f64| if w < 1e-3 { at_zero } else { variance_ratio(alpha, w).ln() / (w * w) };
    let near = simpson(0.0, split, 4000, integrand);
    let far = |x: f64| if x == 0.0 { 0.0 } else { variance_ratio(alpha, split / x).ln() / split };
    let far = simpson(0.0, 1.0, 4000, far);
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

pub(super) fn simpson(a: f64, b: f64, panels: usize, f: impl Fn(f64) -> f64) -> f64 {
    let h = (b - a) / (2 * panels) as f64;
    let inner: f64 = (1..2 * panels).map(|i| f(a + h * i as f64) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
    (f(a) + inner + f(b)) * h / 3.0
}

/// `∫_0^1 (1 - cos wy) y^(-1-α) dy`.
pub(super) fn capped_exponent(alpha: f64, w: f64) -> f64 {
    0.5 * w * w * variance_ratio(alpha, w) / (2.0 - alpha)
}

/// Shift of the edge for the Gaussian part, in units of the cut displacement along the normal, where the jumps below the cut are
/// replaced by a Gaussian and jumps at the cut (see [`Cut`](super::large_jumps::Cut)):
/// `s = (1/π) ∫_0^∞ log(ψ'(w)/ψ(w)) dw/w²`, `ψ(w) = 2c ∫_0^∞ (1 - cos wy) y^(-1-α) dy` the exponent of the motion and `ψ'` that of
/// its replacement, including the large jumps.
///
/// The renewal function `V` of a process in its distance from the edge is harmonic; its Laplace transform follows from the ladder heights. The two
/// transforms differ by the factor `1 - s w` at small `w`: far from the edge `V'(x + s) = V(x)`. Cached like
/// [`small_jump_shift`].
pub(super) fn edge_shift(alpha: f64) -> f64 {
    static KNOWN: Known = Known::new();
    KNOWN.get(alpha, replacement_integral)
}

fn replacement_integral(alpha: f64) -> f64 {
    let whole = PI / (2.0 * gamma(1.0 + alpha) * (0.5 * PI * (2.0 - alpha)).sin());
    let log_ratio = |w: f64| (replacement_excess(alpha, w) / (whole * w.powf(alpha))).ln_1p() / (w * w);
    // Below .05 the excess is of the order w⁶. Far out the logarithm grows slowly: w = 20/x².
    let near = simpson(0.05, 20.0, 4000, log_ratio);
    let far = simpson(0.0, 1.0, 4000, |x| if x == 0.0 { 0.0 } else { log_ratio(20.0 / (x * x)) * 40.0 / (x * x * x) });
    (near + far) / PI
}

/// `ψ' - ψ` in units of `2c`: a Gaussian of variance `2/((2-α)(4-α))` and jumps at the cut of rate `1/(4-α)` instead of
/// `∫_0^1 (1 - cos wy) y^(-1-α) dy`. The terms of order `w²` and `w⁴` agree.
fn replacement_excess(alpha: f64, w: f64) -> f64 {
    if w <= 20.0 {
        let (mut term, mut sum) = (-1.0, 0.0);
        for k in 1..60 {
            let order = 2.0 * f64::from(k);
            term *= -w * w / (order * (order - 1.0));
            if k > 2 {
                sum += term * (1.0 / (4.0 - alpha) - 1.0 / (order - alpha));
            }
        }
        return sum;
    }
    let small = capped_exponent(alpha, w);
    w * w / ((2.0 - alpha) * (4.0 - alpha)) + (1.0 - w.cos()) / (4.0 - alpha) - small
}

/// Square of the number of standard deviations at rest of the small-jump part within which the edge is near: farther out, it causes less
/// than a thousandth of the exits of the large jumps, which become rare as `α` nears 2.
pub(super) fn near_square(alpha: f64) -> f64 {
    25.0 + 2.0 * (0.05 / (2.0 - alpha)).ln_1p()
}

/// Standard deviation of the small jumps of a step near the edge, as a share of the distance to the edge.
pub(super) const STEP_SPREAD: f64 = 0.5;

/// Largest displacement by the drift in a step near the edge, as a share of the distance to the edge.
pub(super) const STEP_DRIFT: f64 = 0.5;

/// Longest step near the edge, in relaxation times.
pub(super) const STEP_RELAXATION: f64 = 0.25;

/// Factor of the shift for isotropic jumps: a jump of length `y` moves `|u_1| y` along the normal, and the overshoot weights
/// lengths by their share of the variance, `E|u_1|³ / E|u_1|²`.
pub(super) fn isotropic_direction_factor(dim: usize) -> f64 {
    mean_abs_power(dim, 3.0) / mean_abs_power(dim, 2.0)
}

/// Beyond this exponent no draw of a 64-bit uniform lets a bridge cross.
pub(in crate::scheme) const FAR: f64 = 46.0;

/// A stretch of a path and the barrier of its Gaussian part.
#[derive(Clone, Copy, Debug)]
pub(in crate::scheme) struct Bridge {
    /// Signed distances of its beginning and its end from the barrier, positive inside.
    pub from: f64,
    pub to: f64,
}

impl Bridge {
    /// `2 from to / variance`: a Brownian bridge of that variance crosses with probability `exp(-exponent)`. Negative if
    /// it certainly crosses.
    pub fn exponent(&self, variance: f64) -> f64 {
        if self.from <= 0.0 || self.to <= 0.0 { -1.0 } else { 2.0 * self.from * self.to / variance }
    }

    /// Time of the first crossing of a bridge that crosses, from the beginning of a stretch of length `tau`; `variance` per unit time.
    ///
    /// In units of `tau` it is `s/(1+s)` with `s` inverse Gaussian of mean `from/|to|` and shape `from²/(variance τ)`, whether the bridge
    /// ends inside or outside.
    pub fn crossing_time(&self, variance: f64, tau: f64, rng: &mut Stream) -> f64 {
        if self.from <= 0.0 {
            return 0.0;
        }
        let law = InverseGaussian::new(
            self.from / self.to.abs().max(1e-12 * self.from),
            self.from * (self.from / (variance * tau)),
        );
        let s = law.map_or(f64::INFINITY, |law| law.sample(rng));
        if s.is_finite() { tau * (s / (1.0 + s)) } else { tau }
    }
}

/// The edge that a bridge with exponential number `draw` crosses: the probabilities `e^(-exponent)` of several edges are added.
pub(in crate::scheme) fn crossed(exponents: impl IntoIterator<Item = f64>, draw: f64) -> Option<usize> {
    let uniform = (-draw).exp();
    let mut sum = 0.0;
    exponents.into_iter().position(|exponent| {
        sum += if exponent < FAR { (-exponent).exp() } else { 0.0 };
        exponent < 0.0 || uniform < sum
    })
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

    /// Compares the bridge with a path of 4,000 steps and its discrete-monitoring shift: crossing share and mean
    /// crossing time, 4.5 standard errors each plus the O(1/steps) error of the path.
    #[test]
    fn bridge_crosses_as_often_and_as_early_as_a_fine_path() {
        let (from, to, variance, tau, paths, steps) = (0.6, 0.3, 1.0, 1.0, 20_000, 1000);
        let mut stream = Stream::new(Seed(7), 0, 0);
        let edge = Bridge { from, to };
        let mut meets = || {
            let draw = -stream.open01().ln();
            crossed([edge.exponent(variance * tau)], draw).map(|_| edge.crossing_time(variance, tau, &mut stream))
        };
        let bridge: Vec<f64> = (0..paths).filter_map(|_| meets()).collect();
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
