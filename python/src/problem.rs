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

/// Lower and upper ends of a box, or minima and the saddles between them.
type Pair<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

#[pymethods]
impl Problem {
    #[new]
    fn new(
        py: Python<'_>,
        potential: &Potential,
        domain: &Domain,
        noise: &Noise,
        dynamics: &Dynamics,
        start: Option<PyReadonlyArray1<'_, f64>>,
        inset: f64,
    ) -> PyResult<Self> {
        let start = start.map(|start| vector(&start));
        // The edge of a level set or of a basin of attraction is searched for.
        let built = py.detach(|| {
            let mut basin = Basin::shared(potential.inner.clone(), domain.0.clone()).map_err(invalid)?;
            if inset != 0.0 {
                basin = basin.with_inset(inset).map_err(invalid)?;
            }
            if let Some(start) = start {
                basin = basin.with_start(start).map_err(invalid)?;
            }
            let dynamics = dynamics.under(&noise.0, basin.dim()).map_err(invalid)?;
            levy_escape::Problem::new(basin, dynamics, noise.0.clone()).map_err(invalid)
        });
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
    fn sides<'py>(&self, py: Python<'py>) -> Option<Pair<'py>> {
        let (lo, hi) = self.inner.basin().sides()?;
        Some((PyArray1::from_slice(py, lo), PyArray1::from_slice(py, hi)))
    }

    #[getter]
    fn target<'py>(&self, py: Python<'py>) -> Option<Pair<'py>> {
        let (lo, hi) = self.inner.basin().target()?;
        Some((PyArray1::from_slice(py, lo), PyArray1::from_slice(py, hi)))
    }

    #[getter]
    fn wells<'py>(&self, py: Python<'py>) -> Option<Pair<'py>> {
        let wells = self.inner.basin().wells()?;
        Some((PyArray1::from_slice(py, wells.minima()), PyArray1::from_slice(py, wells.saddles())))
    }

    /// Volume and its standard error.
    fn volume(&self, py: Python<'_>) -> PyResult<(f64, f64)> {
        let volume = py.detach(|| self.inner.basin().volume());
        self.failure.check()?;
        Ok((volume.value, volume.error))
    }

    fn contains(&self, py: Python<'_>, x: PyReadonlyArray1<'_, f64>) -> PyResult<bool> {
        let x = vector(&x);
        let dim = self.inner.basin().dim();
        if x.len() != dim {
            return Err(invalid(levy_escape::landscape::LandscapeError::Length { what: "x", found: x.len(), dim }));
        }
        let inside = py.detach(|| self.inner.basin().contains(&x));
        self.failure.check()?;
        Ok(inside)
    }
}
