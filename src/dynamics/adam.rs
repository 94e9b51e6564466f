//! # Adam as a stochastic differential equation
//!
//! `dθ = -μ_t Q_t⁻¹ m dt + ε Q_t⁻¹ Σ dL`, `dm = β1 (∇F - m) dt`, `dv = β2 ([∇f_S]² - v) dt`, `Q = diag(√(ω_t v) + ϵ)`,
//! `μ_t = 1/(1 - e^(-β1 t))`, `ω_t = 1/(1 - e^(-β2 t))`, with `β1`, `β2` as rates.
//!
//! The code carries the bias-corrected averages `m̂ = μ_t m` and `v̂ = ω_t v`. They obey `dm̂ = β1 μ_t (∇F - m̂) dt` and start at the
//! limits `m̂_0 = ∇F(θ_0)`, `v̂_0 = [∇f_S(θ_0)]²`, so that `t = 0` needs no special case.
//!
//! # References
//! - Zhou et al. (2020), equation (4).
//! - Kingma, Ba (2015), *Adam: A Method for Stochastic Optimization*, algorithm 1.

use serde::Serialize;

use super::stable_moment::effective_second_moment;
use super::{DynamicsError, Preconditioner};
use crate::landscape::Basin;
use crate::noise::LevyNoise;

/// Model of the squared stochastic gradient, which has no mean under infinite variance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondMoment {
    /// `v ≡ v* = s²`, for which the theory is exact.
    Frozen,
    /// `(∇F)² + s²` with the gradient-noise scale `s_i`.
    #[default]
    MeanField,
    /// A constant, as `Frozen`, with the rate of single jumps that the law of `v̂` under SαS noise gives; see [`Adam::with_stable_moment`].
    Stable,
    /// `(∇F + Σξ)²` with the noise `ξ` of the same step: Euler only, and itself heavy-tailed.
    Sampled,
}

impl SecondMoment {
    /// Whether `v` is constant.
    pub fn is_constant(self) -> bool {
        matches!(self, SecondMoment::Frozen | SecondMoment::Stable)
    }
}

/// The Adam SDE.
///
/// # Example
/// ```
/// use levy_escape::dynamics::Adam;
///
/// let adam = Adam::new(1.0, 0.1)?;
/// // The rates of the usual decays at learning rate 10⁻³.
/// let usual = Adam::from_decays(0.9, 0.999, 1e-3)?;
/// assert!((usual.beta2_rate() - 1.0005).abs() < 1e-6);
/// # Ok::<(), levy_escape::dynamics::DynamicsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    beta1: f64,
    beta2: f64,
    stabilizer: f64,
    second_moment: SecondMoment,
    gradient_noise: Option<Vec<f64>>,
}

impl Adam {
    /// Adam with the given rates, `ϵ = 1e-8` and the mean-field second moment.
    ///
    /// # Errors
    /// [`DynamicsError::Rate`] unless both rates are positive and finite.
    pub fn new(beta1_rate: f64, beta2_rate: f64) -> Result<Self, DynamicsError> {
        for (name, rate) in [("β1", beta1_rate), ("β2", beta2_rate)] {
            if !(rate > 0.0 && rate.is_finite()) {
                return Err(DynamicsError::Rate { name, rate });
            }
        }
        Ok(Adam {
            beta1: beta1_rate,
            beta2: beta2_rate,
            stabilizer: 1e-8,
            second_moment: SecondMoment::MeanField,
            gradient_noise: None,
        })
    }

    /// The rates `-ln(b)/η` of the decays `b1`, `b2` at learning rate `eta`.
    ///
    /// # Errors
    /// [`DynamicsError::Decay`] unless the decays lie in (0, 1), [`DynamicsError::Rate`] if `eta` gives no rate.
    pub fn from_decays(b1: f64, b2: f64, eta: f64) -> Result<Self, DynamicsError> {
        for (name, decay) in [("β1", b1), ("β2", b2)] {
            if !(decay > 0.0 && decay < 1.0) {
                return Err(DynamicsError::Decay { name, decay });
            }
        }
        Self::new(-b1.ln() / eta, -b2.ln() / eta)
    }

    /// Sets the stabilizer `ϵ ≥ 0`.
    ///
    /// # Errors
    /// [`DynamicsError::Stabilizer`] unless it is finite and not negative.
    pub fn with_stabilizer(mut self, stabilizer: f64) -> Result<Self, DynamicsError> {
        if !(stabilizer >= 0.0 && stabilizer.is_finite()) {
            return Err(DynamicsError::Stabilizer { stabilizer, expected: "is negative or not finite" });
        }
        self.stabilizer = stabilizer;
        Ok(self)
    }

    /// Sets the model of the second moment.
    pub fn with_second_moment(mut self, second_moment: SecondMoment) -> Self {
        self.second_moment = second_moment;
        self
    }

    /// Replaces `v* = s²` by the constant second moment of the same rate of single jumps as that of the steps, `v̂ = Σ_k (1-b) b^k ξ_k²` with
    /// `b = e^(-β2 η)`: `v*^(-α/2) = E v̂^(-α/2)`, exactly for SαS noise `ξ` with the row scales of `Σ`, or with the gradient-noise scales if
    /// these are set.
    ///
    /// # Errors
    /// [`DynamicsError::SecondMomentLaw`] for other noise than SαS, [`DynamicsError::SecondMomentIndex`] for `α < .2`,
    /// [`DynamicsError::LearningRate`] unless `eta` is positive and finite, [`DynamicsError::Decay`] if `b` rounds to 0 or 1.
    pub fn with_stable_moment(mut self, noise: &LevyNoise, dim: usize, eta: f64) -> Result<Self, DynamicsError> {
        if !noise.law().is_stable() {
            return Err(DynamicsError::SecondMomentLaw { law: noise.law().name() });
        }
        if !(eta > 0.0 && eta.is_finite()) {
            return Err(DynamicsError::LearningRate { eta });
        }
        let ratio = effective_second_moment(noise.alpha(), (-self.beta2 * eta).exp())?.sqrt();
        // Scale of the gradient noise before `Σ`: 1 where the level is that of the learning rate.
        let unit = noise.increment_scale(eta) / eta;
        let rows = noise.amplitude().row_scales(dim, noise.alpha().get(), noise.structure());
        let scales = self.gradient_noise.take().unwrap_or_else(|| rows.iter().map(|scale| unit * scale).collect());
        self.gradient_noise = Some(scales.iter().map(|scale| ratio * scale).collect());
        self.second_moment = SecondMoment::Stable;
        Ok(self)
    }

    /// Sets the gradient-noise scales `s_i`, in place of the row norms of `Σ`.
    pub fn with_gradient_noise(mut self, scales: Vec<f64>) -> Self {
        self.gradient_noise = Some(scales);
        self
    }

    /// Rate `β1` of the gradient average, per unit of the SDE's time.
    pub fn beta1_rate(&self) -> f64 {
        self.beta1
    }

    /// Rate `β2` of the second moment.
    pub fn beta2_rate(&self) -> f64 {
        self.beta2
    }

    /// The stabilizer `ϵ`.
    pub fn stabilizer(&self) -> f64 {
        self.stabilizer
    }

    /// The model of the second moment.
    pub fn second_moment(&self) -> SecondMoment {
        self.second_moment
    }

    /// Gradient-noise scales `s_i`: as given, or the Euclidean norms of the rows of `Σ`.
    pub fn noise_scales(&self, noise: &LevyNoise, dim: usize) -> Vec<f64> {
        self.gradient_noise.clone().unwrap_or_else(|| noise.amplitude().row_norms(dim))
    }

    /// Rejects scales of the wrong length, and scales for which an entry of `Q` is zero.
    pub(super) fn check(&self, noise: &LevyNoise, dim: usize) -> Result<(), DynamicsError> {
        let scales = self.noise_scales(noise, dim);
        if scales.len() != dim {
            return Err(DynamicsError::GradientNoiseLength { found: scales.len(), dim });
        }
        let bad = |s: &f64| !(*s >= 0.0 && s.is_finite() && s + self.stabilizer > 0.0);
        match scales.iter().enumerate().find(|(_, s)| bad(s)) {
            Some((axis, &scale)) => Err(DynamicsError::GradientNoise { axis, scale }),
            None => Ok(()),
        }
    }

    /// `Q* = diag(√v*) + ϵ` with `v* = (∇F(θ*))² + s²`, the fixed point of the averages; `None` for the sampled second moment,
    /// which has none.
    pub fn equilibrium(&self, basin: &Basin, noise: &LevyNoise) -> Option<Preconditioner> {
        if self.second_moment == SecondMoment::Sampled {
            return None;
        }
        let mut gradient = vec![0.0; basin.dim()];
        basin.potential().gradient(basin.minimum(), &mut gradient);
        let scales = self.noise_scales(noise, basin.dim());
        let q = gradient.iter().zip(scales).map(|(g, s)| (g * g + s * s).sqrt() + self.stabilizer);
        Some(Preconditioner::diagonal(q.collect()))
    }

    /// Weight of the new value in the bias-corrected average after a step `h` from time `t`:
    /// `(1 - e^(-βh)) / (1 - e^(-β(t+h)))`, exact for a constant target; 1 for the first step.
    pub(crate) fn weight(rate: f64, t: f64, h: f64) -> f64 {
        Adam::corrected(Adam::present(rate, h), rate, t, h)
    }

    /// [`Adam::weight`] from the [present](Adam::present) of the step.
    pub(crate) fn corrected(present: f64, rate: f64, t: f64, h: f64) -> f64 {
        if rate * t > Self::LONG { present } else { -present / (-rate * (t + h)).exp_m1() }
    }

    /// `p = 1 - e^(-βh)`. For equal steps the weight is `p/s`, where `s = 1 - e^(-β(t+h))` follows `s ← p + (1-p) s` from 0.
    pub(crate) fn present(rate: f64, h: f64) -> f64 {
        if rate * h > Self::LONG { 1.0 } else { -(-rate * h).exp_m1() }
    }

    /// `β/(1 - e^(-βt))`, the rate `β` of an average with its bias correction.
    pub(crate) fn corrected_rate(rate: f64, t: f64) -> f64 {
        if rate * t > Self::LONG { rate } else { -rate / (-rate * t).exp_m1() }
    }

    /// Beyond `βt = 40` the factor `1 - e^(-βt)` is 1 to the last bit.
    const LONG: f64 = 40.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_correction_ends_without_a_change_of_bits() {
        for z in [40.0f64, 40.1, 45.0, 300.0] {
            assert_eq!((-z).exp_m1(), -1.0);
        }
        assert_eq!(Adam::corrected_rate(0.3, 40.0 / 0.3 + 1.0), 0.3);
        assert!(Adam::corrected_rate(0.3, 10.0) > 0.3);
    }

    /// The weights reproduce direct integration of `m` and its bias correction.
    #[test]
    fn weights_carry_the_bias_correction() {
        let (beta, h) = (0.7, 0.05);
        let (mut m, mut m_hat, mut t) = (0.0, 3.0, 0.0);
        for step in 0..200 {
            let gradient = (0.1 * f64::from(step)).cos();
            m_hat += Adam::weight(beta, t, h) * (gradient - m_hat);
            m = (-beta * h).exp() * m - (-beta * h).exp_m1() * gradient;
            t += h;
            let corrected = -m / (-beta * t).exp_m1();
            assert!((m_hat - corrected).abs() < 1e-12, "step {step}: {m_hat} {corrected}");
        }
    }

    #[test]
    fn decays_become_rates() {
        let adam = Adam::from_decays(0.9, 0.999, 0.01).unwrap();
        assert!((adam.beta1_rate() - 10.536_051_565_782_63).abs() < 1e-12);
        assert!(Adam::from_decays(1.0, 0.999, 0.01).is_err());
        assert!(Adam::new(0.0, 1.0).is_err());
        assert!(Adam::from_decays(0.9, 0.999, f64::NAN).is_err());
    }
}
