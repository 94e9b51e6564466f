//! # Adam's second moment under heavy-tailed noise
//!
//! In the steps of Adam `v̂ = Σ_k (1-b) b^k ξ_k²` with the noise `ξ` of the past steps. For SαS noise `v̂` has no mean; its Laplace transform is
//! exact,
//!
//! `E e^(-sv̂) = Π_k L(s (1-b) b^k)`, `L(u) = E e^(-uξ²) = E exp(-(2u)^(α/2) |G|^α)`, `G ~ N(0, 1)`,
//!
//! since `e^(-uξ²)` is the characteristic function of `√(2u) G` at `ξ`. A jump is divided by the `√v̂` before it, which is independent of the jump,
//! so that single jumps leave a basin at a rate proportional to `E v̂^(-α/2)`. The constant second moment of the same rate is `v*`,
//!
//! `v*^(-α/2) = E v̂^(-α/2) = 1/Γ(α/2) ∫_0^∞ s^(α/2-1) E e^(-sv̂) ds`.
//!
//! As `b → 1`, `v̂` becomes positive `α/2`-stable and `v* → s² [Γ(1+α) (1-b)^(α/2)/(1-b^(α/2))]^(2/α)`; at `α = 2` this is the variance `2 s²`.
//! At `b = .999` and `α = 1.5` the limit is .06 % too large.
//!
//! # References
//! - Kingma, Ba (2015), *Adam: A Method for Stochastic Optimization*, algorithm 1.
//! - Samorodnitsky, Taqqu (1994), *Stable Non-Gaussian Random Processes*, section 1.2.

use statrs::function::gamma::ln_gamma;

use super::DynamicsError;
use crate::noise::Alpha;

/// Smallest tail index, and largest decay: the range of `ln v̂` grows as `1/α`, and its first terms count as `1/(1-b)`.
const LEAST_ALPHA: f64 = 0.2;
/// Step of all sums over logarithms. They converge exponentially, except for that over the table, whose error is `O(H²)`.
const H: f64 = 0.04;
/// Step of the sums over the Gaussian variable.
const FINE: f64 = 0.08;
/// Where logarithms of relative errors below the last bit begin.
const NEGLIGIBLE: f64 = 38.0;

/// `-ln L(u)` at `u = e^x`.
fn exponent(x: f64, alpha: f64) -> f64 {
    let c = ((x + std::f64::consts::LN_2) * 0.5 * alpha).exp();
    // `1 - L`, or `L` itself where that is the smaller, over `t = ln g`.
    let crossing = -c.ln() / alpha;
    let from = crossing.min(0.0) - NEGLIGIBLE / (1.0 + alpha).min(2.0);
    let n = ((3.0 - from) / FINE).ceil() as usize;
    let density = (2.0 / std::f64::consts::PI).sqrt() * FINE;
    let sum = |of: &dyn Fn(f64) -> f64| -> f64 {
        let term = |k: usize| {
            let t = from + k as f64 * FINE;
            let g = t.exp();
            g * (-0.5 * g * g).exp() * of(-c * (alpha * t).exp())
        };
        density * (0..=n).map(term).sum::<f64>()
    };
    if c < 1.0 { -(sum(&f64::exp_m1)).ln_1p() } else { -sum(&f64::exp).ln() }
}

/// `v*/s²` for SαS noise of index `alpha` and scale `s` and the decay `b` of a step.
///
/// # Errors
/// [`DynamicsError::Decay`] unless `0 < b < 1`, [`DynamicsError::SecondMomentIndex`] for `α < .2`.
pub(super) fn effective_second_moment(alpha: Alpha, decay: f64) -> Result<f64, DynamicsError> {
    if !(decay > 0.0 && decay < 1.0) {
        return Err(DynamicsError::Decay { name: "β2", decay });
    }
    let a = 0.5 * alpha.get();
    if !(alpha.get() >= LEAST_ALPHA) {
        return Err(DynamicsError::SecondMomentIndex { alpha: alpha.get() });
    }
    // Sums over k are integrals over the table, with the first correction of Euler and Maclaurin.
    let delta = -decay.ln();
    // Above, `Σ ψ ≈ x²/(4δ)` exceeds `a x` by so much that the transform is negligible.
    let highest = 2.0 * delta * (a + (a * a + NEGLIGIBLE / delta).sqrt()) + 5.0;
    let lowest = -NEGLIGIBLE / a - 10.0;
    let n = ((highest - lowest) / H) as usize;
    let at = |i: usize| lowest + i as f64 * H;
    let table: Vec<f64> = (0..=n).map(|i| exponent(at(i), alpha.get())).collect();
    let sums: Vec<f64> = if delta < 0.1 {
        // Below the table `ψ ~ u^a`, whose integral is `ψ/a`.
        let mut below = table[0] / a;
        let mut integrals = vec![below];
        for pair in table.windows(2) {
            below += 0.5 * H * (pair[0] + pair[1]);
            integrals.push(below);
        }
        integrals.iter().zip(&table).map(|(integral, psi)| integral / delta + 0.5 * psi).collect()
    } else {
        let psi = |x: f64| {
            let place = (x - lowest) / H;
            match place as usize {
                _ if place < 0.0 => table[0] * (a * (x - lowest)).exp(),
                i if i >= n => table[n],
                i => table[i] + (place - i as f64) * (table[i + 1] - table[i]),
            }
        };
        let terms = ((NEGLIGIBLE / a) / delta).ceil() as usize;
        (0..=n).map(|i| (0..terms).map(|k| psi(at(i) - k as f64 * delta)).sum()).collect()
    };
    // `∫ s^(a-1) E e^(-sv̂) ds` over `y = ln(s (1-b))`; below the table the transform is 1.
    let values: f64 = sums.iter().enumerate().map(|(i, sum)| (a * at(i) - sum).exp()).sum();
    let integral = H * values - 0.5 * H * (a * lowest).exp() + (a * lowest).exp() / a;
    let log_moment = integral.ln() - ln_gamma(a) - a * (1.0 - decay).ln();
    Ok((-log_moment / a).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, StableLaw, Stream};
    use rand_distr::Distribution;
    use statrs::function::gamma::gamma;

    fn moment(alpha: f64, decay: f64) -> f64 {
        effective_second_moment(Alpha::new(alpha).unwrap(), decay).unwrap()
    }

    /// For Gaussian noise of variance 2 `L(u) = (1 + 4u)^(-1/2)`.
    #[test]
    fn the_transform_of_a_square_is_exact_for_gaussian_noise() {
        for x in [-60.0f64, -20.0, -3.0, 0.0, 2.0, 15.0] {
            let exact = 0.5 * (4.0 * x.exp()).ln_1p();
            assert!((exponent(x, 2.0) / exact - 1.0).abs() < 1e-6, "{x}: {} {exact}", exponent(x, 2.0));
        }
    }

    /// `E v̂^(-α/2)` of 6,000 independent `v̂` within 4.5 standard errors, for five indices: false-positive rate 4e-5. Power: 6 % are
    /// found in most by the same bound.
    #[test]
    fn the_rate_of_single_jumps_is_that_of_sampled_second_moments() {
        let mut found = 0;
        for (cell, (alpha, decay)) in
            [(1.2, 0.9), (1.5, 0.95), (1.8, 0.7), (2.0, 0.9), (0.8, 0.9)].into_iter().enumerate()
        {
            let law = StableLaw::new(Alpha::new(alpha).unwrap());
            let mut stream = Stream::new(Seed(21), cell as u64, 0);
            let terms = (30.0 / -f64::ln(decay)).ceil() as usize;
            let n = 6_000;
            let (mut sum, mut square) = (0.0, 0.0);
            for _ in 0..n {
                let v = (0..terms).fold(0.0, |v: f64, _| decay * v + (1.0 - decay) * law.sample(&mut stream).powi(2));
                let x = v.powf(-0.5 * alpha);
                (sum, square) = (sum + x, square + x * x);
            }
            let n = f64::from(n);
            let (mean, error) = (sum / n, ((square / n - (sum / n).powi(2)) / n).sqrt());
            let exact = moment(alpha, decay).powf(-0.5 * alpha);
            assert!((mean - exact).abs() < 4.5 * error, "{alpha} {decay}: {mean} {exact} {error}");
            found += u32::from((mean - 1.06 * exact).abs() > 4.5 * error);
        }
        assert!(found > 2, "{found}");
    }

    #[test]
    fn the_second_moment_tends_to_its_limit() {
        for alpha in [1.0, 1.4] {
            let decay = 1.0 - 1e-9f64;
            let sum = gamma(1.0 + alpha) * (1.0 - decay).powf(0.5 * alpha) / (1.0 - decay.powf(0.5 * alpha));
            let off = moment(alpha, decay) / sum.powf(2.0 / alpha) - 1.0;
            assert!(off.abs() < 0.01, "{alpha}: {off}");
        }
        // The trapezoidal rule on `e^(ax)` is off by `(aH)²/12`, 1.3e-4 at α = 2.
        assert!((moment(2.0, 1.0 - 1e-6) / 2.0 - 1.0).abs() < 2e-4);
        // Both forms of the sum.
        let near = |decay: f64| moment(1.5, decay);
        assert!((near((-0.0999f64).exp()) / near((-0.1001f64).exp()) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn bad_settings_are_refused() {
        assert!(effective_second_moment(Alpha::new(1.5).unwrap(), 1.0).is_err());
        assert!(effective_second_moment(Alpha::new(0.1).unwrap(), 0.9).is_err());
    }
}
