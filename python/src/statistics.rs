//! Statistics of exit times.

use levy_escape::exit::{
    Confidence, Estimate, ExitSample, LaplaceTransform, MeanBasis, SurvivalCurve, exit_rate, kolmogorov_test,
    mean_exit_time, ratio_of_means,
};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::error::invalid;
use crate::landscape::vector;

/// Value and interval.
type Interval = (f64, f64, f64);
/// Times, and at each of them an estimate in three arrays.
type Curve<'py> = [Bound<'py, PyArray1<f64>>; 4];

fn interval(estimate: Estimate) -> Interval {
    (estimate.value, estimate.lo, estimate.hi)
}

/// A sample of exit times under censoring.
#[pyclass(frozen, module = "levy_escape._native")]
pub struct Sample(ExitSample);

#[pymethods]
impl Sample {
    /// From the times and how each path ended: 0 exited, 1 censored, 2 diverged.
    #[new]
    fn new(times: PyReadonlyArray1<'_, f64>, status: PyReadonlyArray1<'_, u8>) -> PyResult<Self> {
        let (mut exited, mut censored, mut diverged) = (Vec::new(), Vec::new(), 0);
        for (time, status) in times.as_array().iter().zip(status.as_array()) {
            match status {
                0 => exited.push(*time),
                1 => censored.push(*time),
                _ => diverged += 1,
            }
        }
        Ok(Sample(ExitSample::new(exited, censored, diverged).map_err(invalid)?))
    }

    /// The mean, and whether it assumes an exponential law.
    fn mean(&self, confidence: f64) -> PyResult<(Interval, bool)> {
        let mean = mean_exit_time(&self.0, level(confidence)?).map_err(invalid)?;
        Ok((interval(mean.estimate), mean.basis == MeanBasis::Exponential))
    }

    fn rate(&self, confidence: f64) -> PyResult<Interval> {
        exit_rate(&self.0, level(confidence)?).map(interval).map_err(invalid)
    }

    /// The Kaplan-Meier curve: at its steps, or at given times.
    fn survival<'py>(
        &self,
        py: Python<'py>,
        confidence: f64,
        times: Option<PyReadonlyArray1<'py, f64>>,
    ) -> PyResult<Curve<'py>> {
        let curve = SurvivalCurve::new(&self.0, level(confidence)?).map_err(invalid)?;
        let points: Vec<(f64, Option<Estimate>)> = match times {
            Some(times) => vector(&times).into_iter().map(|t| (t, curve.at(t))).collect(),
            None => curve.steps().iter().map(|step| (step.time, Some(step.survival))).collect(),
        };
        Ok(columns(py, &points))
    }

    /// `E exp(-u λ Γ)` at given `u`.
    fn laplace<'py>(
        &self,
        py: Python<'py>,
        confidence: f64,
        rate: f64,
        u: PyReadonlyArray1<'py, f64>,
    ) -> PyResult<Curve<'py>> {
        let transform = LaplaceTransform::new(&self.0, rate, level(confidence)?).map_err(invalid)?;
        let points: Vec<_> = vector(&u).into_iter().map(|u| (u, transform.at(u))).collect();
        Ok(columns(py, &points))
    }

    /// `D` and the p-value of `λΓ ~ Exp(1)`.
    fn kolmogorov(&self, rate: f64) -> PyResult<(f64, f64)> {
        let test = kolmogorov_test(&self.0, rate).map_err(invalid)?;
        Ok((test.statistic, test.p_value))
    }
}

fn level(confidence: f64) -> PyResult<Confidence> {
    Confidence::new(confidence).map_err(invalid)
}

/// Estimates that do not exist become NaN.
fn columns<'py>(py: Python<'py>, points: &[(f64, Option<Estimate>)]) -> Curve<'py> {
    let column = |pick: fn(&Estimate) -> f64| {
        PyArray1::from_iter(py, points.iter().map(|(_, estimate)| estimate.as_ref().map_or(f64::NAN, pick)))
    };
    let times = PyArray1::from_iter(py, points.iter().map(|(t, _)| *t));
    [times, column(|e| e.value), column(|e| e.lo), column(|e| e.hi)]
}

/// Ratio of two independent estimates.
#[pyfunction]
pub fn ratio(numerator: Interval, denominator: Interval) -> PyResult<Interval> {
    let estimate = |(value, lo, hi): Interval| Estimate { value, lo, hi };
    ratio_of_means(estimate(numerator), estimate(denominator)).map(interval).map_err(invalid)
}
