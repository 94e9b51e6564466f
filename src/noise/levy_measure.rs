//! # Lévy measure of the driving motion
//!
//! One coordinate has `ν(dy) = c |y|^(-1-α) dy`. Standard normalisation (increments `h^(1/α) SαS(1)`):
//! `c = c_α = Γ(1+α) sin(πα/2)/π`. Unit density, as in the paper: `c = 1`, which is the standard motion with its
//! jumps scaled by `c_α^(-1/α)`. In `d` dimensions the independent structure puts `ν` on the axes; the isotropic one
//! has `ν(dy) = A |y|^(-d-α) dy`, with every coordinate again of density `c |y|^(-1-α)`.
//!
//! # References
//! - Samorodnitsky, Taqqu (1994), property 1.2.15 for `c_α`.
//! - Zhou et al. (2020), section 3, for the unit density.

use rand::RngExt;
use serde::Serialize;
use statrs::function::gamma::{gamma, ln_gamma};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::{Alpha, NoiseError, Stream};

/// Normalisation of the Lévy measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Increments over `h` are `h^(1/α) SαS(1)`.
    #[default]
    Standard,
    /// `ν(dy) = |y|^(-1-α) dy`, in which `Θ = (2/α) ε^α`.
    Unit,
}

/// Dependence between the coordinates of the Lévy motion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Structure {
    /// Independent coordinates: jumps along the axes only.
    #[default]
    Independent,
    /// Rotation-invariant: one jump moves all coordinates.
    Isotropic,
}

/// Lévy measure of one coordinate, `ν(dy) = c |y|^(-1-α) dy`, `0 < α < 2`; no jumps at `α = 2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevyMeasure {
    alpha: f64,
    density: f64,
    scale: f64,
}

impl LevyMeasure {
    /// The measure in the given normalisation.
    ///
    /// # Errors
    /// [`NoiseError::UnitGaussian`] for the unit density at `α = 2`.
    pub fn new(alpha: Alpha, measure: Measure) -> Result<Self, NoiseError> {
        let a = alpha.get();
        let standard = standard_density(a);
        match measure {
            Measure::Standard => Ok(LevyMeasure { alpha: a, density: standard, scale: 1.0 }),
            Measure::Unit if alpha.is_gaussian() => Err(NoiseError::UnitGaussian),
            Measure::Unit => Ok(LevyMeasure { alpha: a, density: 1.0, scale: standard.powf(-1.0 / a) }),
        }
    }

    /// Standard normal increments over unit time; without jumps.
    pub(super) fn unit_variance() -> Self {
        LevyMeasure { alpha: 2.0, density: 0.0, scale: FRAC_1_SQRT_2 }
    }

    /// The constant `c`.
    pub fn density(&self) -> f64 {
        self.density
    }

    /// Scale `s` of one coordinate at time 1, whose law is SαS(s): `(c/c_α)^(1/α)`.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// `ln s`, finite where the [scale](Self::scale) leaves the range of `f64` at small `α`.
    pub fn log_scale(&self) -> f64 {
        (self.density / standard_density(self.alpha)).ln() / self.alpha
    }

    /// `ν(|y| > r) = (2c/α) r^-α`: rate of the jumps larger than `r` in one coordinate.
    pub fn tail_mass(&self, r: f64) -> f64 {
        2.0 * self.density / self.alpha * r.powf(-self.alpha)
    }

    /// `∫_{|y|<δ} y² ν(dy) = 2c δ^(2-α)/(2-α)`: variance per unit time of the jumps smaller than `δ`;
    /// 2 s² at `α = 2`, where all motion is diffusion.
    pub fn variance_below(&self, delta: f64) -> f64 {
        if self.alpha == 2.0 {
            return 2.0 * self.scale * self.scale;
        }
        2.0 * self.density * delta.powf(2.0 - self.alpha) / (2.0 - self.alpha)
    }

    /// Size of a jump larger than `delta`: Pareto, `P(|y| > z δ) = z^-α`, either sign.
    pub fn jump_above(&self, delta: f64, rng: &mut Stream) -> f64 {
        let size = self.jump_size_above(delta, rng);
        if rng.random::<bool>() { size } else { -size }
    }

    /// Modulus of a jump larger than `delta`.
    pub fn jump_size_above(&self, delta: f64, rng: &mut Stream) -> f64 {
        delta * rng.open01().powf(-1.0 / self.alpha)
    }

    /// `ν(|y| > r)` of the isotropic measure in `dim` dimensions, `A |S^(d-1)| r^-α / α` with
    /// `A = α 2^(α-1) Γ((d+α)/2) / (π^(d/2) Γ(1-α/2))` in the standard normalisation.
    pub fn isotropic_tail_mass(&self, dim: usize, r: f64) -> f64 {
        self.tail_mass(r) / mean_abs_power(dim, self.alpha)
    }

    /// Variance per unit time and coordinate of the isotropic jumps shorter than `delta`.
    pub fn isotropic_variance_below(&self, dim: usize, delta: f64) -> f64 {
        self.variance_below(delta) / (dim as f64 * mean_abs_power(dim, self.alpha))
    }
}

/// `c_α = Γ(1+α) sin(πα/2)/π`, which vanishes at `α = 2`.
fn standard_density(alpha: f64) -> f64 {
    if alpha == 2.0 {
        return 0.0;
    }
    // sin(πα/2) = sin(π(2-α)/2); the second form loses no digits near α = 2.
    gamma(1.0 + alpha) * (0.5 * PI * (2.0 - alpha)).sin() / PI
}

/// `E |u_1|^p` over the unit sphere in `dim` dimensions,
/// `Γ(d/2) Γ((p+1)/2) / (√π Γ((d+p)/2))`: the `p`-th moment of one component of a unit vector.
pub(crate) fn mean_abs_power(dim: usize, p: f64) -> f64 {
    let half = 0.5 * dim as f64;
    (ln_gamma(half) + ln_gamma(0.5 * (p + 1.0)) - ln_gamma(half + 0.5 * p) - 0.5 * PI.ln()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Seed;

    fn standard(alpha: f64) -> LevyMeasure {
        LevyMeasure::new(Alpha::new(alpha).unwrap(), Measure::Standard).unwrap()
    }

    #[test]
    fn constants_of_the_design() {
        for (alpha, c) in [(1.2, 0.33355), (1.5, 0.29921), (1.8, 0.16490)] {
            assert!((standard(alpha).density() - c).abs() < 5e-6, "{alpha}");
        }
        assert!((standard(1.0).density() - 1.0 / PI).abs() < 1e-14);
    }

    #[test]
    fn unit_density_differs_by_c_alpha() {
        let alpha = Alpha::new(1.5).unwrap();
        let unit = LevyMeasure::new(alpha, Measure::Unit).unwrap();
        let ratio = standard(1.5).tail_mass(3.0) / unit.tail_mass(3.0);
        assert!((ratio - standard(1.5).density()).abs() < 1e-14);
        assert!((unit.scale().powf(1.5) * standard(1.5).density() - 1.0).abs() < 1e-14);
        assert!((unit.tail_mass(10.0) - 2.0 / 1.5 * 10f64.powf(-1.5)).abs() < 1e-15);
        assert_eq!(LevyMeasure::new(Alpha::GAUSSIAN, Measure::Unit), Err(NoiseError::UnitGaussian));
    }

    /// `A |S^(d-1)|/α` against the formula of the design, d = 1, 2, 3.
    #[test]
    fn isotropic_constant() {
        for alpha in [0.8f64, 1.2, 1.5, 1.8] {
            for dim in [1usize, 2, 3, 10] {
                let half = 0.5 * dim as f64;
                let a = alpha * 2f64.powf(alpha - 1.0) * gamma(half + 0.5 * alpha)
                    / (PI.powf(half) * gamma(1.0 - 0.5 * alpha));
                let sphere = 2.0 * PI.powf(half) / gamma(half);
                let mass = standard(alpha).isotropic_tail_mass(dim, 1.0);
                assert!((mass / (a * sphere / alpha) - 1.0).abs() < 1e-12, "α={alpha} d={dim}");
                // Trace of the covariance: ∫_{|y|<1} |y|² ν(dy).
                let trace = dim as f64 * standard(alpha).isotropic_variance_below(dim, 1.0);
                assert!((trace / (a * sphere / (2.0 - alpha)) - 1.0).abs() < 1e-12);
            }
        }
    }

    /// Pareto tail of the jumps: a binomial share at three levels, 4.5 standard errors.
    #[test]
    fn jumps_are_pareto() {
        let (measure, n) = (standard(1.5), 200_000);
        let mut stream = Stream::new(Seed(5), 0, 0);
        let jumps: Vec<f64> = (0..n).map(|_| measure.jump_above(0.2, &mut stream)).collect();
        for z in [1.5f64, 3.0, 10.0] {
            let p = z.powf(-1.5);
            let share = jumps.iter().filter(|y| y.abs() > 0.2 * z).count() as f64 / n as f64;
            assert!((share - p).abs() < 4.5 * (p * (1.0 - p) / n as f64).sqrt(), "{z}: {share} {p}");
        }
        let positive = jumps.iter().filter(|y| **y > 0.0).count() as f64 / n as f64;
        assert!((positive - 0.5).abs() < 4.5 * 0.5 / (n as f64).sqrt());
    }
}
