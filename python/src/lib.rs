//! The native half of the Python package `levy_escape`.
//!
//! It translates: arrays into problems, records into arrays, errors into exceptions. The typed wrappers in `levy_escape/` hold defaults,
//! documentation and plots.

mod callback;
mod dynamics;
mod error;
mod escape;
mod landscape;
mod noise;
mod problem;
#[cfg(feature = "program")]
mod program;
mod statistics;
mod tail;
mod theory;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<landscape::Potential>()?;
    module.add_class::<landscape::Domain>()?;
    module.add_class::<noise::Noise>()?;
    module.add_class::<dynamics::Dynamics>()?;
    module.add_class::<problem::Problem>()?;
    module.add_class::<escape::Scheme>()?;
    module.add_class::<escape::Escapes>()?;
    module.add_class::<statistics::Sample>()?;
    module.add_class::<theory::Prediction>()?;
    module.add_class::<theory::ComparisonOfBoth>()?;
    module.add_class::<tail::Estimated>()?;
    module.add_class::<tail::TailFindings>()?;
    module.add_function(wrap_pyfunction!(escape::escapes, module)?)?;
    module.add_function(wrap_pyfunction!(statistics::ratio, module)?)?;
    module.add_function(wrap_pyfunction!(theory::predict, module)?)?;
    module.add_function(wrap_pyfunction!(theory::compare, module)?)?;
    module.add_function(wrap_pyfunction!(theory::exact, module)?)?;
    module.add_function(wrap_pyfunction!(tail::tail_index, module)?)?;
    #[cfg(feature = "program")]
    module.add_function(wrap_pyfunction!(program::run, module)?)?;
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    Ok(())
}
