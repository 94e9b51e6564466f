//! The shift of the edge for which an exit detected at steps has, on average, the time of the true exit.
//!
//! A process observed at steps crosses the edge with a mean overshoot of `β_α` step scales. Shifting the edge inwards by as much removes
//! the leading error.
//!
//! # References
//! - Broadie, Glasserman, Kou (1997), *A Continuity Correction for Discrete Barrier Options*.

use std::f64::consts::PI;

use statrs::function::gamma::gamma;

use crate::noise::Alpha;

/// `β_α = -ζ(1-1/α) Γ(1-1/α)/π` for `α > 1`: mean overshoot of a random walk with SαS(1) steps over a far barrier.
///
/// At and below `α = 1` the overshoot has no mean and the correction does not exist: `None`.
pub fn discrete_monitoring_shift(alpha: Alpha) -> Option<f64> {
    let s = 1.0 - 1.0 / alpha.get();
    (s > 0.0).then(|| -zeta(s) * gamma(s) / PI)
}

/// Below this `α` the pole of `β_α` is subtracted from the shift. At this `α` the two shifts differ by about .1 % of the basin's width.
const NEAR_ONE: f64 = 1.2;

/// Whether `α ≥ 1` is so close to 1 that [`basin_shift`] differs from `β_α`.
pub(super) fn is_near_one(alpha: Alpha) -> bool {
    (1.0..NEAR_ONE).contains(&alpha.get())
}

/// The shift of the edge in step scales, for steps of length `crossings` in units of the time `T = (r/ε)^α` in which the noise crosses
/// the basin: `β_α`, and below `α = 1.2` its value without the overshoots that exceed the basin,
/// `β_α - α/(2π(α-1)) (h/T)^((α-1)/α)`.
///
/// A step of scale `s` exceeds `y` with probability `s^α y^(-α)/π` near `α = 1`, so overshoots beyond `r` add `s (s/r)^(α-1)/(α-1)`
/// times a constant to the mean. The constant is the residue of `β_α`, since the shift in a basin of finite size stays finite:
/// `.2006 + ln(T/h)/(2π)` at `α → 1`.
pub(super) fn basin_shift(alpha: Alpha, crossings: f64) -> f64 {
    let Some(beta) = discrete_monitoring_shift(alpha) else { return 0.0 };
    if !is_near_one(alpha) {
        return beta;
    }
    let s = 1.0 - 1.0 / alpha.get();
    beta - crossings.min(1.0).powf(s) / (2.0 * PI * s)
}

/// Riemann's ζ on (0, 1), by Euler-Maclaurin summation.
fn zeta(s: f64) -> f64 {
    let n = 30.0f64;
    let head: f64 = (1..30).map(|k| f64::from(k).powf(-s)).sum();
    // Bernoulli numbers over factorials: B_2/2!, B_4/4!, B_6/6!, B_8/8!.
    let coefficients = [1.0 / 12.0, -1.0 / 720.0, 1.0 / 30240.0, -1.0 / 1_209_600.0];
    let mut rising = s;
    let mut tail = 0.0;
    for (k, coefficient) in coefficients.iter().enumerate() {
        let order = 2.0 * k as f64 + 1.0;
        tail += coefficient * rising * n.powf(-s - order);
        rising *= (s + order) * (s + order + 1.0);
    }
    head + n.powf(1.0 - s) / (s - 1.0) + 0.5 * n.powf(-s) + tail
}

/// The shift at the faces of an axis, less than half of the width of the basin however large the step is.
pub(super) fn watched_shift(shift: f64, width: f64) -> f64 {
    shift.min(0.45 * width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discrete_shift_has_the_known_values() {
        for (alpha, beta) in [(2.0, 0.82392), (1.5, 0.83002), (1.3, 0.98153)] {
            let shift = discrete_monitoring_shift(Alpha::new(alpha).unwrap()).unwrap();
            assert!((shift - beta).abs() < 6e-6, "{alpha}: {shift}");
        }
        // -ζ(½)/√(2π), the constant of Broadie, Glasserman and Kou, for unit variance.
        let gaussian = discrete_monitoring_shift(Alpha::GAUSSIAN).unwrap();
        assert!((gaussian / 2f64.sqrt() - 0.582_597_157_939).abs() < 1e-10);
        assert_eq!(discrete_monitoring_shift(Alpha::new(1.0).unwrap()), None);
    }

    /// `-ζ(s) Γ(s) = 1/(2s) + (ln 2π - γ)/2 + O(s)`.
    #[test]
    fn basin_shift_is_finite_at_the_pole() {
        for crossings in [1e-6f64, 1e-3, 0.1] {
            let limit = ((2.0 * PI).ln() - 0.577_215_664_901_532_9 - crossings.ln()) / (2.0 * PI);
            for alpha in [1.000_001, 1.000_1] {
                let shift = basin_shift(Alpha::new(alpha).unwrap(), crossings);
                assert!((shift - limit).abs() < 100.0 * (alpha - 1.0), "{alpha} {crossings}: {shift} {limit}");
            }
        }
    }
}
