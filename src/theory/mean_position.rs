//! # The mean position at rest in an asymmetric valley
//!
//! Where the curvatures `k₋` and `k₊` of the two sides of a minimum differ, a path at rest lies on the flat side on average. On separate axes every
//! coordinate moves alone, `dz = -k±(z) z dt + dL` with the SαS noise of its own row of `εΣ`, whatever the dependence between the axes. The noise
//! is self-similar, so the position is exactly proportional to `ε`: to `(C/k₊)^(1/α)` for tails `C r^-α`, at all `ε`.
//!
//! - `1 < α < 2`: the law on a grid, with relative errors of some 5·10⁻³.
//! - `α = 2`: the density is a half of a Gaussian on either side, `∝ exp(-k± z²/σ²)` with the variance `σ²` of the noise per unit time, and
//!   `E z = (1/√k₊ - 1/√k₋) σ/√π`.
//! - `α ≤ 1`: there is no mean.
//!
//! The mean of the position itself is dominated by rare large excursions: the density falls as `|z|^(-1-α)`, so that the variance of a sample of
//! positions is infinite, and a sample mean has no interval by its standard error. The *clipped* mean `E min(max(z, -c), c)` has one, and the same
//! law gives it.
//!
//! # Steps
//! One step of plain SGD is the drift `z ← (1 - ηk) z`, which is the flow of the curvature `k̃ = -ln(1 - ηk)/η` over the time `η`, followed by the noise
//! of that time. In the middle of its noise a step is a symmetric splitting of the equation with the curvatures `k̃±`, with errors of order
//! `η²`. The second half of the noise does not change the mean, and changes the clipped mean by `η/2` times the generator of the noise, in the
//! same order.
//!
//! # References
//! - He, Huang, Yuan (2019), *Asymmetric Valleys: Beyond Sharp and Flat Local Minima*, NeurIPS: SGD's average is biased to the flat side.
//! - Strang (1968), *On the construction and comparison of difference schemes*, for the symmetric splitting.

use std::f64::consts::PI;

use statrs::function::erf::erfc;

use super::stationary_mean::LawAtRest;
use crate::dynamics::{Dynamics, Problem};
use crate::noise::NoiseLaw;

/// The mean of one coordinate at rest, from the minimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanAtRest {
    /// `E min(max(z, -c), c)`.
    pub clipped: f64,
    /// `E z`.
    pub whole: f64,
}

/// The mean position at rest along every axis, with the positions clipped at `clips` on both sides of the minimum, see the page of this module.
/// `clips` has length `d`.
///
/// Known for SGD as an equation and for plain SGD step by step with `η k < 1`, with SαS noise, `α > 1`, or Gaussian noise, in a potential that is a
/// sum of (asymmetric) parabolas over the axes; `None` otherwise.
///
/// # Example
/// ```
/// use levy_escape::theory::mean_at_rest;
/// use levy_escape::{Alpha, Asymmetric, Basin, Domain, Dynamics, LevyNoise, Problem};
///
/// // Gaussian noise with the variance 2 ε² per unit time: E z = (1 - 1/3) ε √(2/π).
/// let basin = Basin::new(Asymmetric::new(vec![9.0], vec![1.0])?, Domain::interval(-1.0, 1.0))?;
/// let problem = Problem::new(basin, Dynamics::Sgd, LevyNoise::new(Alpha::new(2.0)?, 0.1)?)?;
/// let mean = mean_at_rest(&problem, &[1.0]).unwrap()[0];
/// assert!((mean.whole - 0.05319).abs() < 1e-5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mean_at_rest(problem: &Problem, clips: &[f64]) -> Option<Vec<MeanAtRest>> {
    let (basin, noise) = (problem.basin(), problem.noise());
    let (dim, alpha) = (basin.dim(), noise.alpha().get());
    let is_known = (noise.law().is_stable() || *noise.law() == NoiseLaw::Gaussian) && alpha > 1.0;
    let eta = match problem.dynamics() {
        Dynamics::Sgd => None,
        Dynamics::SgdSteps(sgd) if sgd.is_plain() => Some(sgd.eta()),
        _ => return None,
    };
    if !is_known || clips.len() != dim || !clips.iter().all(|clip| *clip >= 0.0) {
        return None;
    }
    let [left, right] = basin.potential().form().axis_curvatures(dim)?;
    let tail = 0.5 * noise.measure().tail_mass(1.0);
    let variance = noise.measure().variance_below(1.0);
    let rows = noise.amplitude().row_scales(dim, alpha, noise.structure());
    // Axes of the same valley and noise have the same law.
    let mut known: Vec<(Axis, MeanAtRest)> = Vec::new();
    (0..dim)
        .map(|i| {
            let scale = noise.epsilon() * rows[i];
            let axis = Axis { curvatures: [left[i], right[i]], scale, clip: clips[i] };
            if let Some((_, mean)) = known.iter().find(|(other, _)| *other == axis) {
                return Some(*mean);
            }
            let mean = axis.mean(alpha, tail, variance, eta)?;
            known.push((axis, mean));
            Some(mean)
        })
        .collect()
}

/// One axis.
#[derive(Clone, Copy, PartialEq)]
struct Axis {
    curvatures: [f64; 2],
    /// Factor of the noise: `ε` times the scale of the row of `Σ`.
    scale: f64,
    clip: f64,
}

impl Axis {
    /// `tail`, `variance`: one-sided tail and variance per unit time of the noise before its factor.
    fn mean(&self, alpha: f64, tail: f64, variance: f64, eta: Option<f64>) -> Option<MeanAtRest> {
        let Axis { curvatures, scale, clip } = *self;
        if !curvatures.iter().all(|k| *k > 0.0 && eta.is_none_or(|eta| eta * k < 1.0)) {
            return None;
        }
        if scale == 0.0 || curvatures[0] == curvatures[1] {
            return Some(MeanAtRest { clipped: 0.0, whole: 0.0 });
        }
        let [left, right] = curvatures.map(|k| eta.map_or(k, |eta| -(-eta * k).ln_1p() / eta));
        // The law below has the flatter side on the right.
        let (sign, flat, steep) = if right < left { (1.0, right, left) } else { (-1.0, left, right) };
        if alpha == 2.0 {
            let law = TwoGaussians::new([steep, flat], variance * scale * scale);
            return Some(MeanAtRest {
                clipped: sign * (law.clipped_mean(clip) + eta.map_or(0.0, |eta| 0.5 * eta * law.by_noise(clip))),
                whole: sign * law.mean(),
            });
        }
        let unit = scale * (tail / flat).powf(1.0 / alpha);
        let (law, clip) = (LawAtRest::new(alpha, steep / flat)?, clip / unit);
        // In units of the time 1/k₊.
        let by_noise = eta.map_or(0.0, |eta| 0.5 * eta * flat * law.clipped_mean_by_noise(clip));
        Some(MeanAtRest { clipped: sign * unit * (law.clipped_mean(clip) + by_noise), whole: sign * unit * law.mean() })
    }
}

/// The law at rest under Gaussian noise: the density `n exp(-k z²/σ²)`.
struct TwoGaussians {
    curvatures: [f64; 2],
    /// `σ²`.
    variance: f64,
    /// `n`.
    peak: f64,
}

impl TwoGaussians {
    fn new(curvatures: [f64; 2], variance: f64) -> Self {
        let widths: f64 = curvatures.iter().map(|k| 1.0 / k.sqrt()).sum();
        TwoGaussians { curvatures, variance, peak: 2.0 / ((PI * variance).sqrt() * widths) }
    }

    /// The difference of `of` between the right and the left side.
    fn difference(&self, of: impl Fn(f64) -> f64) -> f64 {
        let [left, right] = self.curvatures.map(of);
        right - left
    }

    fn mean(&self) -> f64 {
        self.difference(|k| 0.5 * self.peak * self.variance / k)
    }

    fn clipped_mean(&self, clip: f64) -> f64 {
        self.difference(|k| {
            let reach = clip * (k / self.variance).sqrt();
            let beyond = 0.5 * self.peak * (PI * self.variance / k).sqrt() * erfc(reach);
            0.5 * self.peak * self.variance / k * -(-reach * reach).exp_m1() + clip * beyond
        })
    }

    /// `½ σ² E f''` of the clipped position `f`, whose slope falls from 1 to 0 at `c` and rises at `-c`.
    fn by_noise(&self, clip: f64) -> f64 {
        -0.5 * self.variance * self.difference(|k| self.peak * (-k * clip * clip / self.variance).exp())
    }
}
