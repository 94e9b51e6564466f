//! The optimisers.

use levy_escape::dynamics::{AdamSteps, SgdSteps};
use levy_escape::{Adam, SecondMoment};
use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::invalid;
use crate::landscape::vector;

/// SGD or Adam, as an equation or step by step.
#[pyclass(frozen, module = "levy_escape._native")]
pub struct Dynamics(pub levy_escape::Dynamics);

#[pymethods]
impl Dynamics {
    #[staticmethod]
    fn sgd() -> Self {
        Dynamics(levy_escape::Dynamics::Sgd)
    }

    /// Adam with the rates `β1`, `β2`, or with decays at a learning rate.
    #[staticmethod]
    fn adam(
        beta1: f64,
        beta2: f64,
        eta: Option<f64>,
        stabilizer: f64,
        second_moment: &str,
        gradient_noise: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let adam = match eta {
            Some(eta) => Adam::from_decays(beta1, beta2, eta),
            None => Adam::new(beta1, beta2),
        };
        let second_moment = match second_moment {
            "frozen" => SecondMoment::Frozen,
            "mean_field" => SecondMoment::MeanField,
            "sampled" => SecondMoment::Sampled,
            other => {
                let message = format!("second_moment = {other:?} is not one of 'frozen', 'mean_field', 'sampled'");
                return Err(PyValueError::new_err(message));
            }
        };
        let mut adam = adam.and_then(|adam| adam.with_stabilizer(stabilizer)).map_err(invalid)?;
        adam = adam.with_second_moment(second_moment);
        if let Some(scales) = gradient_noise {
            adam = adam.with_gradient_noise(vector(&scales));
        }
        Ok(Dynamics(levy_escape::Dynamics::Adam(adam)))
    }

    #[staticmethod]
    fn sgd_steps(eta: f64) -> PyResult<Self> {
        Ok(Dynamics(levy_escape::Dynamics::SgdSteps(SgdSteps::new(eta).map_err(invalid)?)))
    }

    #[staticmethod]
    fn adam_steps(eta: f64, beta1: f64, beta2: f64, stabilizer: f64) -> PyResult<Self> {
        let adam = AdamSteps::new(eta, beta1, beta2).and_then(|adam| adam.with_stabilizer(stabilizer));
        Ok(Dynamics(levy_escape::Dynamics::AdamSteps(adam.map_err(invalid)?)))
    }

    /// `(β1, β2)` of Adam's equation, or the decays of its steps.
    #[getter]
    fn rates(&self) -> Option<[f64; 2]> {
        match &self.0 {
            levy_escape::Dynamics::Adam(adam) => Some([adam.beta1_rate(), adam.beta2_rate()]),
            levy_escape::Dynamics::AdamSteps(adam) => Some(adam.decays()),
            _ => None,
        }
    }

    /// Largest displacement of discrete Adam by one gradient spike.
    #[getter]
    fn spike_bound(&self) -> Option<f64> {
        match &self.0 {
            levy_escape::Dynamics::AdamSteps(adam) => Some(adam.spike_bound()),
            _ => None,
        }
    }
}
