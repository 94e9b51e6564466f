//! The driving noise.

use std::sync::Arc;

use levy_escape::noise::{EmpiricalNoise, LowRank, Measure, NoiseLaw, Structure, epsilon_of_learning_rate};
use levy_escape::{Alpha, Amplitude, LevyNoise};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::invalid;
use crate::landscape::{matrix, vector};

/// `Σ` in one of its forms.
#[derive(FromPyObject)]
pub enum Sigma<'py> {
    #[pyo3(transparent)]
    Scalar(f64),
    #[pyo3(transparent)]
    Diagonal(PyReadonlyArray1<'py, f64>),
    #[pyo3(transparent)]
    Dense(PyReadonlyArray2<'py, f64>),
    #[pyo3(transparent)]
    LowRank((PyReadonlyArray1<'py, f64>, PyReadonlyArray2<'py, f64>, PyReadonlyArray2<'py, f64>)),
}

/// The term `ε Σ dL`.
#[pyclass(frozen, module = "levy_escape._native")]
pub struct Noise(pub LevyNoise);

#[pymethods]
impl Noise {
    #[new]
    fn new(
        alpha: f64,
        epsilon: Option<f64>,
        eta: Option<f64>,
        amplitude: Sigma<'_>,
        isotropic: bool,
        unit: bool,
    ) -> PyResult<Self> {
        let alpha = Alpha::new(alpha).map_err(invalid)?;
        let epsilon = match (epsilon, eta) {
            (Some(epsilon), None) => epsilon,
            (None, Some(eta)) => epsilon_of_learning_rate(alpha, eta).map_err(invalid)?,
            _ => return Err(PyValueError::new_err("pass either epsilon or eta")),
        };
        let amplitude = match amplitude {
            Sigma::Scalar(s) => Amplitude::Scalar(s),
            Sigma::Diagonal(s) => Amplitude::Diagonal(vector(&s)),
            Sigma::Dense(m) => Amplitude::Dense(matrix(&m)),
            Sigma::LowRank((diagonal, left, right)) => {
                LowRank::new(vector(&diagonal), matrix(&left), matrix(&right)).map_err(invalid)?.into()
            }
        };
        let mut noise = LevyNoise::new(alpha, epsilon).map_err(invalid)?.with_amplitude(amplitude);
        if isotropic {
            noise = noise.with_structure(Structure::Isotropic);
        }
        if unit {
            noise = noise.with_measure(Measure::Unit).map_err(invalid)?;
        }
        Ok(Noise(noise))
    }

    /// With another law, by its name in experiment files; `parameter` is the one beside the tail index.
    fn with_law(&self, law: &str, parameter: f64) -> PyResult<Self> {
        let law = match law {
            "gaussian" => NoiseLaw::Gaussian,
            "skewed" => NoiseLaw::Skewed { beta: parameter },
            "tempered" => NoiseLaw::Tempered { cutoff: parameter },
            "truncated" => NoiseLaw::Truncated { at: parameter },
            "student_t" => NoiseLaw::StudentT { degrees: parameter },
            other => return Err(PyValueError::new_err(format!("law = {other:?} is not the name of a law"))),
        };
        Ok(Noise(self.0.clone().with_law(law).map_err(invalid)?))
    }

    /// With the law of the rows of an array, drawn whole.
    fn with_vectors(&self, vectors: PyReadonlyArray2<'_, f64>) -> PyResult<Self> {
        let rows = vectors.as_array();
        let vectors = EmpiricalNoise::new(rows.ncols(), rows.iter().copied().collect()).map_err(invalid)?;
        Ok(Noise(self.0.clone().with_law(NoiseLaw::Empirical(Arc::new(vectors))).map_err(invalid)?))
    }

    /// The tail index of the motion, if there is one.
    #[getter]
    fn alpha(&self) -> Option<f64> {
        self.0.law().has_motion().then(|| self.0.alpha().get())
    }

    #[getter]
    fn epsilon(&self) -> f64 {
        self.0.epsilon()
    }
}
