//! Errors of the library as Python exceptions.

use std::fmt::Display;

use pyo3::PyErr;
use pyo3::exceptions::PyValueError;

/// A `ValueError` with the library's message.
pub fn invalid(error: impl Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}
