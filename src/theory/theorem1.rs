//! # Theorem 1
//!
//! For `u > -1` and every `ρ` there is an `ε` below which `(1-ρ)/(1+u+ρ) ≤ E exp(-uλΓ) ≤ (1+ρ)/(1+u-ρ)`: the law of `λΓ` tends to
//! Exp(1), whose Laplace transform is `1/(1+u)`.
//!
//! # References
//! - Zhou et al. (2020), theorem 1.

/// The bounds of theorem 1 at `u` for a given `rho`; the upper bound is infinite for `ρ ≥ 1+u`.
pub fn sandwich(u: f64, rho: f64) -> [f64; 2] {
    let upper = if rho < 1.0 + u { (1.0 + rho) / (1.0 + u - rho) } else { f64::INFINITY };
    [(1.0 - rho) / (1.0 + u + rho), upper]
}

/// The smallest `ρ` whose bounds contain `value = E exp(-uλΓ)`: `|value (1+u) - 1| / (1 + value)`.
pub fn smallest_rho(u: f64, value: f64) -> f64 {
    (value * (1.0 + u) - 1.0).abs() / (1.0 + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smallest_rho_touches_the_sandwich() {
        for u in [-0.8, 0.0, 0.5, 4.0] {
            for value in [0.9, 1.0, 1.2].map(|f| f / (1.0 + u)) {
                let rho = smallest_rho(u, value);
                let [lo, hi] = sandwich(u, rho);
                assert!(lo <= value + 1e-12 && value <= hi + 1e-12);
                assert!((lo - value).abs() < 1e-12 || (hi - value).abs() < 1e-12);
            }
        }
    }
}
