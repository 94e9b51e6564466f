//! Basin, dynamics and noise together.

use levy_escape::Basin;
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::callback::Failure;
use crate::dynamics::Dynamics;
use crate::error::invalid;
use crate::landscape::{Domain, Potential, vector};
use crate::noise::Noise;

/// An escape problem.
#[pyclass(frozen, module = "levy_escape._native")]
pub struct Problem {
    pub inner: levy_escape::Problem,
    pub failure: Failure,
}

/// Lower and upper ends of a box.
type Sides<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

#[pymethods]
impl Problem {
    #[new]
    fn new(
        potential: &Potential,
        domain: &Domain,
        noise: &Noise,
        dynamics: &Dynamics,
        start: Option<PyReadonlyArray1<'_, f64>>,
        inset: f64,
    ) -> PyResult<Self> {
        let built = || {
            let mut basin = Basin::shared(potential.inner.clone(), domain.0.clone()).map_err(invalid)?;
            if inset != 0.0 {
                basin = basin.with_inset(inset).map_err(invalid)?;
            }
            if let Some(start) = start {
                basin = basin.with_start(vector(&start)).map_err(invalid)?;
            }
            levy_escape::Problem::new(basin, dynamics.0.clone(), noise.0.clone()).map_err(invalid)
        };
        let built = built();
        // An exception in a callback causes the errors that follow it.
        potential.failure.check()?;
        Ok(Problem { inner: built?, failure: potential.failure.clone() })
    }

    #[getter]
    fn start<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.inner.basin().start())
    }

    #[getter]
    fn minimum<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.inner.basin().minimum())
    }

    #[getter]
    fn sides<'py>(&self, py: Python<'py>) -> Option<Sides<'py>> {
        let (lo, hi) = self.inner.basin().sides()?;
        Some((PyArray1::from_slice(py, lo), PyArray1::from_slice(py, hi)))
    }

    /// Volume and its standard error.
    fn volume(&self, py: Python<'_>) -> PyResult<(f64, f64)> {
        let volume = py.detach(|| self.inner.basin().volume());
        self.failure.check()?;
        Ok((volume.value, volume.error))
    }

    fn contains(&self, x: PyReadonlyArray1<'_, f64>) -> PyResult<bool> {
        let x = vector(&x);
        let dim = self.inner.basin().dim();
        if x.len() != dim {
            return Err(invalid(levy_escape::landscape::LandscapeError::Length { what: "x", found: x.len(), dim }));
        }
        let inside = self.inner.basin().contains(&x);
        self.failure.check()?;
        Ok(inside)
    }
}
