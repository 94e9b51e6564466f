//! The driving term `ε Σ dL`.

use super::{Alpha, Amplitude, LevyMeasure, Measure, NoiseError, NoiseLaw, Structure};

/// The driving term `ε Σ dL`: tail index, noise level, law, structure, normalisation and amplitude.
///
/// # Example
/// ```
/// use levy_escape::noise::{Alpha, Amplitude, LevyNoise};
///
/// let noise = LevyNoise::new(Alpha::new(1.5)?, 0.01)?.with_amplitude(Amplitude::Diagonal(vec![1.0, 0.5]));
/// assert_eq!(noise.epsilon(), 0.01);
/// # Ok::<(), levy_escape::noise::NoiseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LevyNoise {
    alpha: Alpha,
    epsilon: f64,
    structure: Structure,
    measure: LevyMeasure,
    amplitude: Amplitude,
    law: NoiseLaw,
}

impl LevyNoise {
    /// Independent coordinates in the standard normalisation with `Σ = I`.
    ///
    /// # Errors
    /// [`NoiseError::Epsilon`] unless `epsilon` is positive and finite.
    pub fn new(alpha: Alpha, epsilon: f64) -> Result<Self, NoiseError> {
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return Err(NoiseError::Epsilon { epsilon });
        }
        let measure = LevyMeasure::new(alpha, Measure::Standard)?;
        Ok(LevyNoise {
            alpha,
            epsilon,
            structure: Structure::Independent,
            measure,
            amplitude: Amplitude::default(),
            law: NoiseLaw::Stable,
        })
    }

    /// The level of gradient noise at learning rate `eta`, `ε = η^((α-1)/α)`, so that `ε η^(1/α) = η`.
    ///
    /// For `α ≤ 1` it does not vanish as `η → 0`.
    ///
    /// # Errors
    /// [`NoiseError::LearningRate`] unless `eta` is positive and finite.
    pub fn from_learning_rate(alpha: Alpha, eta: f64) -> Result<Self, NoiseError> {
        Self::new(alpha, epsilon_of_learning_rate(alpha, eta)?)
    }

    /// With another amplitude `Σ`.
    pub fn with_amplitude(mut self, amplitude: Amplitude) -> Self {
        self.amplitude = amplitude;
        self
    }

    /// With another structure.
    pub fn with_structure(mut self, structure: Structure) -> Self {
        self.structure = structure;
        self
    }

    /// In another normalisation.
    ///
    /// # Errors
    /// [`NoiseError::UnitGaussian`] for the unit density at `α = 2`, [`NoiseError::Law`] for it with a law other than SαS.
    pub fn with_measure(mut self, measure: Measure) -> Result<Self, NoiseError> {
        if !self.law.is_stable() {
            return if measure == Measure::Standard { Ok(self) } else { Err(self.law.refuse_unit_density()) };
        }
        self.measure = LevyMeasure::new(self.alpha, measure)?;
        Ok(self)
    }

    /// With another law. Student's t and measured vectors have no tail index; they take the level of `α = 2`, `ε = √η`, so that a step of
    /// learning rate `η` adds `η Σ ξ`.
    ///
    /// # Errors
    /// [`NoiseError::Law`] for parameters without a law, a tail index that is not the law's, or the unit density with a law other than SαS.
    ///
    /// # Example
    /// ```
    /// use levy_escape::noise::{Alpha, LevyNoise, NoiseLaw};
    ///
    /// let noise = LevyNoise::from_learning_rate(Alpha::new(1.5)?, 0.01)?.with_law(NoiseLaw::Truncated { at: 50.0 })?;
    /// let student = LevyNoise::from_learning_rate(Alpha::GAUSSIAN, 0.01)?.with_law(NoiseLaw::StudentT { degrees: 3.0 })?;
    /// # Ok::<(), levy_escape::noise::NoiseError>(())
    /// ```
    pub fn with_law(mut self, law: NoiseLaw) -> Result<Self, NoiseError> {
        law.check(self.alpha)?;
        let standard = LevyMeasure::new(self.alpha, Measure::Standard)?;
        if !law.is_stable() && self.law.is_stable() && self.measure != standard {
            return Err(law.refuse_unit_density());
        }
        self.measure = match law {
            NoiseLaw::Stable if self.law.is_stable() => self.measure,
            NoiseLaw::Gaussian => LevyMeasure::unit_variance(),
            _ => standard,
        };
        self.law = law;
        Ok(self)
    }

    /// The motion whose increments over `eta` have the law of the steps: cuts of the Lévy measure are `eta^(1/α)` times those of a step.
    pub fn spread_over(&self, eta: f64) -> Self {
        let factor = eta.powf(1.0 / self.alpha.get());
        let law = match &self.law {
            NoiseLaw::Tempered { cutoff } => NoiseLaw::Tempered { cutoff: cutoff * factor },
            NoiseLaw::Truncated { at } => NoiseLaw::Truncated { at: at * factor },
            other => other.clone(),
        };
        LevyNoise { law, ..self.clone() }
    }

    /// Checks that the law has the structure and the dimension.
    pub(crate) fn check_law(&self, dim: usize) -> Result<(), NoiseError> {
        if self.structure == Structure::Isotropic && !self.law.can_be_isotropic() {
            let what =
                "it has no isotropic form here; its coordinates are independent, or measured together".to_owned();
            return Err(NoiseError::law(self.law.name(), what));
        }
        match &self.law {
            NoiseLaw::Empirical(vectors) if vectors.dim() != dim => {
                let what = format!("the vectors have {} coordinates, the basin has dimension {dim}", vectors.dim());
                Err(NoiseError::law(self.law.name(), what))
            }
            _ => Ok(()),
        }
    }

    /// `[ν(y < -r), ν(y > r)]` of one coordinate of `L`, before `ε` and `Σ`. Zero for a law without jumps or without a motion.
    pub fn side_masses(&self, r: f64) -> [f64; 2] {
        let half = 0.5 * self.measure.tail_mass(r);
        match &self.law {
            NoiseLaw::Stable => [half; 2],
            NoiseLaw::Skewed { beta } => [half * (1.0 - beta), half * (1.0 + beta)],
            NoiseLaw::Truncated { at } => [if r < *at { half - 0.5 * self.measure.tail_mass(*at) } else { 0.0 }; 2],
            NoiseLaw::Tempered { cutoff } => [half * tempering(self.alpha.get(), r / cutoff); 2],
            NoiseLaw::Gaussian | NoiseLaw::StudentT { .. } | NoiseLaw::Empirical(_) => [0.0; 2],
        }
    }

    /// The law.
    pub fn law(&self) -> &NoiseLaw {
        &self.law
    }

    /// Tail index `α`.
    pub fn alpha(&self) -> Alpha {
        self.alpha
    }

    /// Noise level `ε`.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// Independent or isotropic coordinates.
    pub fn structure(&self) -> Structure {
        self.structure
    }

    /// Lévy measure of one coordinate of `L`, before `ε` and `Σ`.
    pub fn measure(&self) -> &LevyMeasure {
        &self.measure
    }

    /// The amplitude `Σ`.
    pub fn amplitude(&self) -> &Amplitude {
        &self.amplitude
    }

    /// Scale of one coordinate of `ε dL` over a time `h`, before `Σ`: `ε (c/c_α)^(1/α) h^(1/α)`.
    pub fn increment_scale(&self, h: f64) -> f64 {
        self.epsilon * self.measure.scale() * h.powf(1.0 / self.alpha.get())
    }

    /// The logarithm of the [scale of an increment](Self::increment_scale), finite where that leaves the range of `f64` at small `α`.
    pub fn log_increment_scale(&self, h: f64) -> f64 {
        self.epsilon.ln() + self.measure.log_scale() + h.ln() / self.alpha.get()
    }
}

/// `α x^α ∫_x^∞ e^(-y) y^(-1-α) dy`, the share of the stable tail beyond `x` cutoffs that tempering leaves: Gauss-Legendre panels in
/// `t`, `y = x e^t`.
fn tempering(alpha: f64, x: f64) -> f64 {
    // Beyond this t the integrand exp(-x e^t - αt) is below 1e-17 of its largest value.
    let last = (1.0 + 40.0 / x).ln().min(40.0 / alpha);
    const PANELS: usize = 32;
    // Gauss-Legendre nodes and weights of order 5.
    let nodes = [
        (0.0, 0.568_888_888_888_888_9),
        (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
        (-0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
        (0.906_179_845_938_664, 0.236_926_885_056_189_08),
        (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
    ];
    let half = 0.5 * last / PANELS as f64;
    let value = |t: f64| (-x * t.exp() - alpha * t).exp();
    let panel = |k: usize| nodes.iter().map(|(z, w)| w * value(half * (2.0 * k as f64 + 1.0 + z))).sum::<f64>();
    alpha * half * (0..PANELS).map(panel).sum::<f64>()
}

/// `ε = η^((α-1)/α)`.
///
/// # Errors
/// [`NoiseError::LearningRate`] unless `eta` is positive and finite.
pub fn epsilon_of_learning_rate(alpha: Alpha, eta: f64) -> Result<f64, NoiseError> {
    if !(eta > 0.0 && eta.is_finite()) {
        return Err(NoiseError::LearningRate { eta });
    }
    Ok(eta.powf((alpha.get() - 1.0) / alpha.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learning_rate_sets_the_size_of_a_step() {
        for alpha in [1.2, 1.5, 2.0] {
            let alpha = Alpha::new(alpha).unwrap();
            let noise = LevyNoise::from_learning_rate(alpha, 0.01).unwrap();
            assert!((noise.increment_scale(0.01) - 0.01).abs() < 1e-15);
        }
        assert!(LevyNoise::from_learning_rate(Alpha::GAUSSIAN, 0.0).is_err());
        assert!(LevyNoise::new(Alpha::GAUSSIAN, f64::NAN).is_err());
    }

    /// Against `Γ(-½, x) = 2 e^-x/√x - 2 √π erfc(√x)`, and the exponential integral at α = 1: `x E_2(x)/x`.
    #[test]
    fn tempered_tails_are_incomplete_gamma_functions() {
        let pi = std::f64::consts::PI;
        for x in [1e-8f64, 0.01, 0.5, 1.0, 3.0, 10.0] {
            let exact = 0.5
                * x.sqrt()
                * (2.0 * (-x).exp() / x.sqrt() - 2.0 * pi.sqrt() * statrs::function::erf::erfc(x.sqrt()));
            let found = tempering(0.5, x);
            assert!((found / exact - 1.0).abs() < 1e-8, "{x}: {found} {exact}");
        }
        // E_2(1) = .148495506775922.
        assert!((tempering(1.0, 1.0) / 0.148_495_506_775_922 - 1.0).abs() < 1e-11);
        assert!((tempering(1.5, 1e-12) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn masses_of_the_sides_are_those_of_the_law() {
        let noise = |law| LevyNoise::new(Alpha::new(1.5).unwrap(), 0.1).unwrap().with_law(law).unwrap();
        let half = 0.5 * noise(NoiseLaw::Stable).measure().tail_mass(2.0);
        let close = |found: [f64; 2], exact: [f64; 2]| (0..2).all(|k| (found[k] - exact[k]).abs() < 1e-12);
        assert!(close(noise(NoiseLaw::Skewed { beta: 0.5 }).side_masses(2.0), [0.5 * half, 1.5 * half]));
        let truncated = noise(NoiseLaw::Truncated { at: 8.0 });
        assert!(close(truncated.side_masses(2.0), [half * (1.0 - 4f64.powf(-1.5)); 2]));
        assert_eq!(truncated.side_masses(8.0), [0.0; 2]);
        // The steps' cut, and that of the motion over η.
        assert_eq!(truncated.spread_over(0.001).law(), &NoiseLaw::Truncated { at: 8.0 * 0.001f64.powf(1.0 / 1.5) });
        let unit = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.1).unwrap().with_measure(Measure::Unit).unwrap();
        assert!(unit.with_law(NoiseLaw::Truncated { at: 8.0 }).is_err());
        let gaussian = LevyNoise::new(Alpha::GAUSSIAN, 1.0).unwrap().with_law(NoiseLaw::Gaussian).unwrap();
        assert!((2f64.sqrt() * gaussian.increment_scale(1.0) - 1.0).abs() < 1e-15);
    }
}
