//! The driving term `ε Σ dL`.

use super::{Alpha, Amplitude, LevyMeasure, Measure, NoiseError, Structure};

/// The driving term `ε Σ dL`: tail index, noise level, structure, normalisation and amplitude.
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
        Ok(LevyNoise { alpha, epsilon, structure: Structure::Independent, measure, amplitude: Amplitude::default() })
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
    /// [`NoiseError::UnitGaussian`] for the unit density at `α = 2`.
    pub fn with_measure(mut self, measure: Measure) -> Result<Self, NoiseError> {
        self.measure = LevyMeasure::new(self.alpha, measure)?;
        Ok(self)
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
}
