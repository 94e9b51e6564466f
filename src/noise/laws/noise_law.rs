//! The law of the noise, and its names.

use std::fmt;
use std::sync::Arc;

use super::{CutStable, EmpiricalNoise, SkewedStable};
use crate::noise::{Alpha, NoiseError};

/// The law of the noise beside its tail index, amplitude and level.
///
/// A step of an optimiser draws `ξ`, the increment of a motion `L` over unit time; Euler's scheme over `h` draws the increment over `h`.
/// Student's t and measured vectors are drawn once per step and belong to no motion.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum NoiseLaw {
    /// SαS(1), the default.
    #[default]
    Stable,
    /// The standard normal law `N(0, 1)`; half the variance of SαS(1) at `α = 2`.
    Gaussian,
    /// The strictly stable law with `c_α (1 ± β)` on the two sides, see [`SkewedStable`].
    Skewed {
        /// The skewness `β`.
        beta: f64,
    },
    /// The measure `c_α e^(-|y|/cutoff) |y|^(-1-α)`, see [`CutStable`].
    Tempered {
        /// Length over which the measure falls by `e`.
        cutoff: f64,
    },
    /// The measure `c_α |y|^(-1-α)` on `|y| ≤ at`, see [`CutStable`].
    Truncated {
        /// Size of the largest jump.
        at: f64,
    },
    /// Student's t, independent from step to step.
    StudentT {
        /// Degrees of freedom.
        degrees: f64,
    },
    /// Measured vectors, independent from step to step.
    Empirical(Arc<EmpiricalNoise>),
}

impl NoiseLaw {
    /// The name in experiment files.
    pub fn name(&self) -> &'static str {
        match self {
            NoiseLaw::Stable => "stable",
            NoiseLaw::Gaussian => "gaussian",
            NoiseLaw::Skewed { .. } => "skewed",
            NoiseLaw::Tempered { .. } => "tempered",
            NoiseLaw::Truncated { .. } => "truncated",
            NoiseLaw::StudentT { .. } => "student_t",
            NoiseLaw::Empirical(_) => "empirical",
        }
    }

    /// Whether the law is SαS.
    pub fn is_stable(&self) -> bool {
        matches!(self, NoiseLaw::Stable)
    }

    /// Whether the noise is the increment of a Lévy motion, and has a tail index.
    pub fn has_motion(&self) -> bool {
        !matches!(self, NoiseLaw::StudentT { .. } | NoiseLaw::Empirical(_))
    }

    /// Whether increments over any time have one law up to their scale `h^(1/α)`.
    pub fn is_self_similar(&self) -> bool {
        matches!(self, NoiseLaw::Stable | NoiseLaw::Gaussian | NoiseLaw::Skewed { .. })
    }

    /// Whether the law can be that of every coordinate of a rotation-invariant noise.
    pub(crate) fn can_be_isotropic(&self) -> bool {
        matches!(self, NoiseLaw::Stable | NoiseLaw::Gaussian)
    }

    /// The law of `h^(-1/α)` times an increment over `h`.
    pub(crate) fn over(&self, h: f64, alpha: Alpha) -> Self {
        let cut = |cut: f64| cut * h.powf(-1.0 / alpha.get());
        match self {
            NoiseLaw::Tempered { cutoff } => NoiseLaw::Tempered { cutoff: cut(*cutoff) },
            NoiseLaw::Truncated { at } => NoiseLaw::Truncated { at: cut(*at) },
            law => law.clone(),
        }
    }

    /// Checks the parameters at tail index `alpha`.
    pub(crate) fn check(&self, alpha: Alpha) -> Result<(), NoiseError> {
        let needs_two = match self {
            NoiseLaw::Stable => return Ok(()),
            NoiseLaw::Skewed { beta } => return SkewedStable::new(alpha, *beta).map(|_| ()),
            NoiseLaw::Tempered { cutoff } => return CutStable::check("tempered", "cutoff", alpha, *cutoff),
            NoiseLaw::Truncated { at } => return CutStable::check("truncated", "at", alpha, *at),
            NoiseLaw::Gaussian => "it has the tail index 2",
            NoiseLaw::StudentT { degrees } if !(*degrees >= 0.1 && degrees.is_finite()) => {
                let what = format!("the degrees of freedom {degrees} are not a finite number of at least 0.1");
                return Err(NoiseError::law(self.name(), what));
            }
            NoiseLaw::StudentT { .. } | NoiseLaw::Empirical(_) => {
                "it belongs to no motion; its level is `ε = √η`, that of α = 2"
            }
        };
        if alpha.is_gaussian() {
            Ok(())
        } else {
            Err(NoiseError::law(self.name(), format!("{needs_two}, not α = {alpha}")))
        }
    }

    pub(crate) fn refuse_unit_density(&self) -> NoiseError {
        NoiseError::law(self.name(), "its Lévy measure is the standard one, not the unit density".to_owned())
    }

    /// Mean size of the overshoots of a random walk of these steps, as a multiple of that for SαS: for a centred walk it is proportional to
    /// `E max(ξ, 0) = ½ E|ξ|`, by Spitzer's identity. Jumps beyond a cut change it by `O(h)` only.
    pub(crate) fn relative_overshoot(&self, alpha: Alpha) -> f64 {
        match self {
            NoiseLaw::Skewed { beta } if alpha.get() > 1.0 => {
                SkewedStable::new(alpha, *beta).map_or(1.0, |law| law.relative_mean_size())
            }
            _ => 1.0,
        }
    }
}

impl fmt::Display for NoiseLaw {
    /// The name and the parameters, such as `truncated (at = 5)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        // A cut that was computed from a displacement has more digits than it was given with.
        let rounded = |x: f64| format!("{x:.5e}").parse().unwrap_or(x);
        match self {
            NoiseLaw::Stable | NoiseLaw::Gaussian => Ok(()),
            NoiseLaw::Skewed { beta } => write!(f, " (beta = {})", rounded(*beta)),
            NoiseLaw::Tempered { cutoff } => write!(f, " (cutoff = {})", rounded(*cutoff)),
            NoiseLaw::Truncated { at } => write!(f, " (at = {})", rounded(*at)),
            NoiseLaw::StudentT { degrees } => write!(f, " (degrees = {})", rounded(*degrees)),
            NoiseLaw::Empirical(noise) => write!(f, " ({} vectors)", noise.count()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_without_a_tail_index_need_the_level_of_two() {
        let (stable, gaussian) = (Alpha::new(1.5).unwrap(), Alpha::GAUSSIAN);
        let vectors = Arc::new(EmpiricalNoise::new(1, vec![1.0, -1.0]).unwrap());
        for law in [NoiseLaw::Gaussian, NoiseLaw::StudentT { degrees: 3.0 }, NoiseLaw::Empirical(vectors)] {
            assert!(law.check(stable).is_err() && law.check(gaussian).is_ok(), "{law}");
        }
        for law in [NoiseLaw::Skewed { beta: 0.5 }, NoiseLaw::Tempered { cutoff: 2.0 }, NoiseLaw::Truncated { at: 2.0 }]
        {
            assert!(law.check(stable).is_ok() && law.check(gaussian).is_err(), "{law}");
        }
        assert!(NoiseLaw::StudentT { degrees: f64::NAN }.check(gaussian).is_err());
        assert_eq!(NoiseLaw::Truncated { at: 2.5 }.to_string(), "truncated (at = 2.5)");
    }

    /// `E max(X, 0)` of 4·10^6 draws against that of SαS(1), `Γ(1-1/α)/π`; β = -1 at α = 1.6 changes it by 5 %.
    #[test]
    fn the_overshoot_of_a_skewed_walk_has_its_own_size() {
        use crate::noise::{Seed, Stream};
        use rand_distr::Distribution;
        let alpha = Alpha::new(1.6).unwrap();
        let law = SkewedStable::new(alpha, -1.0).unwrap();
        let mut rng = Stream::new(Seed(8), 0, 0);
        let n = 4_000_000;
        let mean = (0..n).map(|_| law.sample(&mut rng).max(0.0)).sum::<f64>() / f64::from(n);
        let symmetric = statrs::function::gamma::gamma(1.0 - 1.0 / 1.6) / std::f64::consts::PI;
        let factor = NoiseLaw::Skewed { beta: -1.0 }.relative_overshoot(alpha);
        // The positive side of β = -1 has no jumps: finite variance, standard error below 5e-4.
        assert!((mean / (symmetric * factor) - 1.0).abs() < 3e-3, "{mean} {} {factor}", symmetric);
        assert!((factor - 1.0).abs() > 0.05, "{factor}");
    }
}
