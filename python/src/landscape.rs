//! Potentials and domains.

use std::collections::BTreeMap;
use std::sync::Arc;

use levy_escape::landscape::{Asymmetric, DoubleWell, Expression, Flat, LandscapeError, MultiWell, Quadratic, Well};
use nalgebra::DMatrix;
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::callback::{CompiledPotential, Failure, PythonPotential};
use crate::error::invalid;

/// A potential with its minimum.
#[pyclass(frozen, module = "levy_escape._native")]
pub struct Potential {
    pub inner: Arc<dyn levy_escape::Potential>,
    pub failure: Failure,
}

impl Potential {
    fn new(potential: Result<impl levy_escape::Potential + 'static, LandscapeError>) -> PyResult<Self> {
        Ok(Potential { inner: Arc::new(potential.map_err(invalid)?), failure: Failure::default() })
    }

    fn point(&self, x: &PyReadonlyArray1<'_, f64>) -> PyResult<Vec<f64>> {
        let point = vector(x);
        match point.len() == self.inner.dim() {
            true => Ok(point),
            false => Err(invalid(LandscapeError::Length { what: "x", found: point.len(), dim: self.inner.dim() })),
        }
    }
}

#[pymethods]
impl Potential {
    #[staticmethod]
    #[pyo3(signature = (curvature, minimum=None))]
    fn quadratic(curvature: PyReadonlyArray1<'_, f64>, minimum: Option<PyReadonlyArray1<'_, f64>>) -> PyResult<Self> {
        let bowl = Quadratic::new(vector(&curvature));
        Self::new(match minimum {
            Some(minimum) => bowl.and_then(|bowl| bowl.centred_at(vector(&minimum))),
            None => bowl,
        })
    }

    #[staticmethod]
    #[pyo3(signature = (hessian, minimum=None))]
    fn quadratic_form(
        hessian: PyReadonlyArray2<'_, f64>,
        minimum: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let bowl = Quadratic::with_hessian(matrix(&hessian));
        Self::new(match minimum {
            Some(minimum) => bowl.and_then(|bowl| bowl.centred_at(vector(&minimum))),
            None => bowl,
        })
    }

    #[staticmethod]
    #[pyo3(signature = (left, right, minimum=None))]
    fn asymmetric(
        left: PyReadonlyArray1<'_, f64>,
        right: PyReadonlyArray1<'_, f64>,
        minimum: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let valley = Asymmetric::new(vector(&left), vector(&right));
        Self::new(match minimum {
            Some(minimum) => valley.and_then(|valley| valley.centred_at(vector(&minimum))),
            None => valley,
        })
    }

    #[staticmethod]
    fn double_well(
        minima: [f64; 2],
        saddle: f64,
        stiffness: f64,
        transverse: PyReadonlyArray1<'_, f64>,
        right: bool,
    ) -> PyResult<Self> {
        let wells = DoubleWell::new(minima, saddle, stiffness).and_then(|w| w.with_transverse(vector(&transverse)));
        Self::new(wells.map(|wells| wells.from_well(if right { Well::Right } else { Well::Left })))
    }

    /// Wells on a line; `well` is counted from 0.
    #[staticmethod]
    fn multi_well(
        minima: PyReadonlyArray1<'_, f64>,
        saddles: PyReadonlyArray1<'_, f64>,
        depths: PyReadonlyArray1<'_, f64>,
        heights: PyReadonlyArray1<'_, f64>,
        well: usize,
    ) -> PyResult<Self> {
        let wells = MultiWell::with_heights(vector(&minima), vector(&saddles), vector(&depths), vector(&heights));
        Self::new(wells.and_then(|wells| wells.from_well(well)))
    }

    #[staticmethod]
    #[pyo3(signature = (formula, parameters, minimum=None, start=None))]
    fn expression(
        formula: &str,
        parameters: BTreeMap<String, f64>,
        minimum: Option<PyReadonlyArray1<'_, f64>>,
        start: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let (minimum, start) = (minimum.map(|minimum| vector(&minimum)), start.map(|start| vector(&start)));
        let parameters: Vec<(&str, f64)> = parameters.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        Self::new(Expression::new(formula, &parameters, minimum.as_deref(), start.as_deref()))
    }

    #[staticmethod]
    fn flat(centre: PyReadonlyArray1<'_, f64>) -> PyResult<Self> {
        let centre = vector(&centre);
        Self::new(Flat::new(centre.len()).and_then(|flat| flat.centred_at(centre)))
    }

    #[staticmethod]
    fn python(value: Py<PyAny>, gradient: Py<PyAny>, minimum: PyReadonlyArray1<'_, f64>) -> Self {
        let failure = Failure::default();
        let potential = PythonPotential { value, gradient, minimum: vector(&minimum), failure: failure.clone() };
        Potential { inner: Arc::new(potential), failure }
    }

    #[staticmethod]
    fn compiled(value: usize, gradient: usize, minimum: PyReadonlyArray1<'_, f64>, owner: Py<PyAny>) -> PyResult<Self> {
        // SAFETY: the package passes addresses of functions whose signature it documents, or has checked.
        let potential = unsafe { CompiledPotential::new([value, gradient], vector(&minimum), owner) };
        let potential = potential.ok_or_else(|| PyValueError::new_err("a compiled function has the address 0"))?;
        Self::new(Ok(potential))
    }

    fn value(&self, x: PyReadonlyArray1<'_, f64>) -> PyResult<f64> {
        let value = self.inner.value(&self.point(&x)?);
        self.failure.check()?;
        Ok(value)
    }

    fn gradient<'py>(&self, py: Python<'py>, x: PyReadonlyArray1<'py, f64>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let mut gradient = vec![0.0; self.inner.dim()];
        self.inner.gradient(&self.point(&x)?, &mut gradient);
        self.failure.check()?;
        Ok(PyArray1::from_vec(py, gradient))
    }

    #[getter]
    fn minimum<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.inner.minimum())
    }
}

/// A domain around the minimum.
#[pyclass(frozen, module = "levy_escape._native")]
pub struct Domain(pub levy_escape::Domain);

#[pymethods]
impl Domain {
    #[staticmethod]
    fn sides(lo: PyReadonlyArray1<'_, f64>, hi: PyReadonlyArray1<'_, f64>) -> PyResult<Self> {
        Ok(Domain(levy_escape::Domain::Box(sides(&lo, &hi)?)))
    }

    /// Everything but a closed box.
    #[staticmethod]
    fn until(lo: PyReadonlyArray1<'_, f64>, hi: PyReadonlyArray1<'_, f64>) -> PyResult<Self> {
        Ok(Domain(levy_escape::Domain::Until(sides(&lo, &hi)?)))
    }

    /// Everything but a well, which is counted from 0.
    #[staticmethod]
    fn until_well(well: usize) -> Self {
        Domain(levy_escape::Domain::UntilWell(well))
    }

    #[staticmethod]
    fn ball(radius: f64) -> Self {
        Domain(levy_escape::Domain::ball(radius))
    }

    #[staticmethod]
    fn ellipsoid(semi_axes: PyReadonlyArray1<'_, f64>) -> Self {
        Domain(levy_escape::Domain::ellipsoid(vector(&semi_axes)))
    }

    #[staticmethod]
    fn level(height: f64) -> Self {
        Domain(levy_escape::Domain::level(height))
    }

    #[staticmethod]
    fn well() -> Self {
        Domain(levy_escape::Domain::Well)
    }

    #[staticmethod]
    fn attraction() -> Self {
        Domain(levy_escape::Domain::Attraction)
    }
}

/// The sides of a box.
fn sides(lo: &PyReadonlyArray1<'_, f64>, hi: &PyReadonlyArray1<'_, f64>) -> PyResult<Vec<[f64; 2]>> {
    let (lo, hi) = (vector(lo), vector(hi));
    if lo.len() != hi.len() {
        return Err(PyValueError::new_err(format!("lo has {} entries, hi has {}", lo.len(), hi.len())));
    }
    Ok(lo.into_iter().zip(hi).map(|(lo, hi)| [lo, hi]).collect())
}

/// The entries of a one-dimensional array.
pub fn vector(array: &PyReadonlyArray1<'_, f64>) -> Vec<f64> {
    array.as_array().to_vec()
}

/// A two-dimensional array as a matrix.
pub fn matrix(array: &PyReadonlyArray2<'_, f64>) -> DMatrix<f64> {
    let view = array.as_array();
    DMatrix::from_fn(view.nrows(), view.ncols(), |i, j| view[(i, j)])
}
