//! Predictions and exact values.

use levy_escape::theory::{Comparison, ExactError, ExactExit, VolumeClaim, exact_exit};
use numpy::{PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::invalid;
use crate::landscape::vector;
use crate::problem::Problem;

/// Theory of one problem as `ε → 0`.
#[pyclass(frozen, get_all, module = "levy_escape._native")]
pub struct Prediction {
    rate: f64,
    theta: f64,
    radon_measure: f64,
    radon_error: f64,
    width: f64,
    side_rates: Py<PyArray2<f64>>,
    preconditioner: Py<PyArray1<f64>>,
}

impl Prediction {
    fn new(py: Python<'_>, theory: &levy_escape::Prediction, dim: usize) -> PyResult<Self> {
        let sides: Vec<Vec<f64>> = theory.axes.iter().map(|axis| vec![axis.minus, axis.plus]).collect();
        let sides = match sides.is_empty() {
            true => PyArray2::zeros(py, [0, 2], false),
            false => PyArray2::from_vec2(py, &sides)?,
        };
        let entries = PyArray1::from_iter(py, (0..dim).map(|i| theory.preconditioner.entry(i)));
        Ok(Prediction {
            rate: theory.rate,
            theta: theory.theta,
            radon_measure: theory.radon_measure.unwrap_or(f64::NAN),
            radon_error: theory.radon_error,
            width: theory.width.unwrap_or(f64::NAN),
            side_rates: sides.unbind(),
            preconditioner: entries.unbind(),
        })
    }
}

#[pyfunction]
pub fn predict(py: Python<'_>, problem: &Problem) -> PyResult<Prediction> {
    let theory = py.detach(|| levy_escape::Prediction::of(&problem.inner));
    problem.failure.check()?;
    Prediction::new(py, &theory.map_err(invalid)?, problem.inner.basin().dim())
}

/// SGD and Adam in one basin.
#[pyclass(frozen, get_all, module = "levy_escape._native")]
pub struct ComparisonOfBoth {
    log_det_q: f64,
    anisotropy: f64,
    ratio: f64,
    complement_sgd: Option<f64>,
    complement_adam: Option<f64>,
    volume_claim: &'static str,
    sgd: Py<Prediction>,
    adam: Py<Prediction>,
}

#[pyfunction]
pub fn compare(py: Python<'_>, adam: &Problem) -> PyResult<ComparisonOfBoth> {
    let comparison = py.detach(|| Comparison::of(&adam.inner));
    adam.failure.check()?;
    let comparison = comparison.map_err(invalid)?;
    let dim = adam.inner.basin().dim();
    Ok(ComparisonOfBoth {
        log_det_q: comparison.log_det_q,
        anisotropy: comparison.anisotropy,
        ratio: comparison.predicted_ratio(),
        complement_sgd: comparison.complement_sgd,
        complement_adam: comparison.complement_adam(),
        volume_claim: match comparison.volume_claim() {
            VolumeClaim::AdamLater => "adam later",
            VolumeClaim::Nothing => "nothing",
            VolumeClaim::AdamEarlier => "adam earlier",
        },
        sgd: Py::new(py, Prediction::new(py, &comparison.sgd, dim)?)?,
        adam: Py::new(py, Prediction::new(py, &comparison.adam, dim)?)?,
    })
}

/// An exact quantity of the exit from an interval under SGD, at every argument from the given start.
#[pyfunction]
pub fn exact<'py>(
    py: Python<'py>,
    problem: &Problem,
    quantity: &str,
    start: f64,
    arguments: PyReadonlyArray1<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let arguments = vector(&arguments);
    let values = py.detach(|| {
        let exit = exact_exit(&problem.inner)?;
        Some(
            arguments.iter().map(|argument| evaluate(&exit, quantity, start, *argument)).collect::<Result<Vec<_>, _>>(),
        )
    });
    problem.failure.check()?;
    let none = "there is no exact solution: it needs symmetric stable noise with 1 < α ≤ 2, SGD as an equation in one dimension, and a bounded interval";
    let values = values.ok_or_else(|| PyValueError::new_err(none))?;
    Ok(PyArray1::from_vec(py, values.map_err(invalid)?))
}

fn evaluate<F: Fn(f64) -> f64>(
    exit: &ExactExit<F>,
    quantity: &str,
    start: f64,
    argument: f64,
) -> Result<f64, ExactError> {
    match quantity {
        "mean" => exit.mean(start),
        "second_moment" => exit.second_moment(start),
        "right_probability" => exit.right_probability(start),
        "decay_rate" => exit.decay_rate(),
        "laplace" => exit.laplace(argument, start),
        _ => exit.survival(argument, start),
    }
}
