//! The driving noise.

use levy_escape::noise::{LowRank, Measure, Structure, epsilon_of_learning_rate};
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

    #[getter]
    fn epsilon(&self) -> f64 {
        self.0.epsilon()
    }
}
