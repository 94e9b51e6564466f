//! Potentials whose value and gradient are computed outside the library: by Python functions or by compiled ones.

use std::sync::{Arc, Mutex, PoisonError};

use levy_escape::Potential;
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// The first exception that a callback raised. Callbacks run on threads from which it cannot propagate.
#[derive(Clone, Debug, Default)]
pub struct Failure(Arc<Mutex<Option<PyErr>>>);

impl Failure {
    /// Keeps an exception unless there is one already.
    fn set(&self, error: PyErr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Whether a callback raised.
    pub fn is_set(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Raises the exception of a callback, once.
    pub fn check(&self) -> PyResult<()> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// A potential whose methods are Python callables. Each call attaches its thread to the interpreter.
#[derive(Debug)]
pub struct PythonPotential {
    pub value: Py<PyAny>,
    pub gradient: Py<PyAny>,
    pub minimum: Vec<f64>,
    pub failure: Failure,
}

impl PythonPotential {
    fn call<R>(&self, function: &Py<PyAny>, x: &[f64], read: impl Fn(&Bound<'_, PyAny>) -> PyResult<R>) -> Option<R> {
        // After an exception the run is about to stop: further calls would only delay it.
        if self.failure.is_set() {
            return None;
        }
        Python::attach(|py| {
            let result = function.bind(py).call1((PyArray1::from_slice(py, x),)).and_then(|result| read(&result));
            result.map_err(|error| self.failure.set(error)).ok()
        })
    }
}

impl Potential for PythonPotential {
    fn dim(&self) -> usize {
        self.minimum.len()
    }

    fn value(&self, x: &[f64]) -> f64 {
        self.call(&self.value, x, number).unwrap_or(f64::NAN)
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        match self.call(&self.gradient, x, |result| numbers(result, x.len())) {
            Some(found) => gradient.copy_from_slice(&found),
            None => gradient.fill(f64::NAN),
        }
    }

    fn minimum(&self) -> &[f64] {
        &self.minimum
    }
}

/// A float, or an array of one entry.
fn number(result: &Bound<'_, PyAny>) -> PyResult<f64> {
    if let Ok(number) = result.extract::<f64>() {
        return Ok(number);
    }
    numbers(result, 1)
        .map(|numbers| numbers[0])
        .map_err(|_| PyTypeError::new_err(format!("value must return a number, not {}", described(result))))
}

/// `dim` numbers: an array or a sequence, or a single number in one dimension.
fn numbers(result: &Bound<'_, PyAny>, dim: usize) -> PyResult<Vec<f64>> {
    let found = if let Ok(array) = result.extract::<PyReadonlyArray1<'_, f64>>() {
        array.as_array().to_vec()
    } else if let Ok(number) = result.extract::<f64>() {
        vec![number]
    } else if let Ok(sequence) = result.extract::<Vec<f64>>() {
        sequence
    } else {
        return Err(PyTypeError::new_err(format!("gradient must return {dim} numbers, not {}", described(result))));
    };
    if found.len() != dim {
        return Err(PyTypeError::new_err(format!("gradient must return {dim} numbers, not {}", found.len())));
    }
    Ok(found)
}

fn described(result: &Bound<'_, PyAny>) -> String {
    result.get_type().name().map_or_else(|_| "an object".to_owned(), |name| name.to_string())
}

/// `double value(const double *x, intptr_t dim)`.
type ValueFunction = unsafe extern "C" fn(*const f64, isize) -> f64;
/// `void gradient(const double *x, double *gradient, intptr_t dim)`.
type GradientFunction = unsafe extern "C" fn(*const f64, *mut f64, isize);

/// A potential whose methods are compiled functions, which run without the interpreter and in parallel.
#[derive(Debug)]
pub struct CompiledPotential {
    value: ValueFunction,
    gradient: GradientFunction,
    minimum: Vec<f64>,
    /// Keeps the code alive.
    _owner: Py<PyAny>,
}

impl CompiledPotential {
    /// The potential of two functions at the given addresses, which stay valid as long as `owner` lives; `None` for a null address.
    ///
    /// # Safety
    /// The addresses must be those of functions of the types above that may run on any thread.
    pub unsafe fn new(addresses: [usize; 2], minimum: Vec<f64>, owner: Py<PyAny>) -> Option<Self> {
        if addresses.contains(&0) {
            return None;
        }
        let [value, gradient] = addresses.map(|address| address as *const ());
        // SAFETY: a function pointer has the size of a data pointer; the caller vouches for the types.
        let (value, gradient) = unsafe {
            (
                std::mem::transmute::<*const (), ValueFunction>(value),
                std::mem::transmute::<*const (), GradientFunction>(gradient),
            )
        };
        Some(CompiledPotential { value, gradient, minimum, _owner: owner })
    }
}

impl Potential for CompiledPotential {
    fn dim(&self) -> usize {
        self.minimum.len()
    }

    fn value(&self, x: &[f64]) -> f64 {
        // SAFETY: `x` has the length that is passed; `new` vouches for the function.
        unsafe { (self.value)(x.as_ptr(), x.len() as isize) }
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        debug_assert_eq!(x.len(), gradient.len());
        // SAFETY: both slices have the length that is passed; `new` vouches for the function.
        unsafe { (self.gradient)(x.as_ptr(), gradient.as_mut_ptr(), x.len() as isize) }
    }

    fn minimum(&self) -> &[f64] {
        &self.minimum
    }
}
