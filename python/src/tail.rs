//! The tail index of a sample.

use levy_escape::Seed;
use levy_escape::exit::Confidence;
use levy_escape::tail::{
    Assumptions, BlockLength, Centre, Estimator, GaussianSurrogate, Hill, IntervalSettings, Mohammadi, TailError,
    TailIndex, TailSample, Zeros,
};
use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::invalid;

/// Where the law is centred.
#[derive(FromPyObject)]
pub enum Location {
    #[pyo3(transparent)]
    At(f64),
    #[pyo3(transparent)]
    Named(String),
}

/// One estimate, or why there is none.
#[pyclass(frozen, get_all, module = "levy_escape._native")]
#[derive(Clone)]
pub struct Estimated {
    estimator: &'static str,
    alpha: f64,
    lo: f64,
    hi: f64,
    scale: f64,
    error: Option<String>,
    surrogate: f64,
    surrogate_lo: f64,
    surrogate_hi: f64,
}

/// What is found in a sample.
#[pyclass(frozen, get_all, module = "levy_escape._native")]
pub struct TailFindings {
    entries: usize,
    zero_share: f64,
    location: f64,
    rounding: Option<f64>,
    symmetry_p: f64,
    order_p: f64,
    estimates: Vec<Estimated>,
}

/// Estimates the tail index of `data`, rows of `columns` entries.
#[pyfunction]
pub fn tail_index(
    py: Python<'_>,
    data: PyReadonlyArray1<'_, f64>,
    columns: usize,
    centre: Location,
    estimators: Vec<String>,
    confidence: f64,
    dependence: Option<usize>,
    mohammadi: (Option<usize>, bool),
    hill: Option<usize>,
    seed: u64,
) -> PyResult<TailFindings> {
    let centre = match centre {
        Location::At(location) => Centre::At(location),
        Location::Named(name) if name == "median" => Centre::Median,
        Location::Named(name) if name == "zero" => Centre::Zero,
        Location::Named(name) => {
            return Err(PyValueError::new_err(format!("centre = {name:?} is not 'median', 'zero' or a number")));
        }
    };
    let block = mohammadi.0.map_or(BlockLength::LargestDivisor, BlockLength::Entries);
    let zeros = if mohammadi.1 { Zeros::Floored } else { Zeros::Excluded };
    let estimator = |name: &String| match name.as_str() {
        "mohammadi" => Ok(Estimator::Mohammadi(Mohammadi { block, zeros })),
        "hill" => Ok(Estimator::Hill(Hill { order: hill })),
        name => Estimator::ALL.into_iter().find(|estimator| estimator.name() == name).ok_or_else(|| {
            let names = Estimator::ALL.map(|estimator| estimator.name()).join(", ");
            PyValueError::new_err(format!("there is no estimator {name:?}; there are {names}"))
        }),
    };
    let estimators = estimators.iter().map(estimator).collect::<PyResult<Vec<_>>>()?;
    let settings = IntervalSettings { confidence: Confidence::new(confidence).map_err(invalid)?, dependence };
    let data = data.as_array().to_vec();
    let study = Study { columns, centre, estimators, settings, seed: Seed(seed) };
    py.detach(|| study.findings(&data)).map_err(invalid)
}

struct Study {
    columns: usize,
    centre: Centre,
    estimators: Vec<Estimator>,
    settings: IntervalSettings,
    seed: Seed,
}

impl Study {
    fn findings(&self, data: &[f64]) -> Result<TailFindings, TailError> {
        let sample = TailSample::new(data, self.centre)?;
        // The zeros of rounded entries are spread like the others.
        let scales = if sample.rounding().is_some() { sample.values() } else { sample.entries() };
        let surrogate = GaussianSurrogate::of_rows(scales, self.columns)
            .and_then(|surrogate| TailSample::new(&surrogate.draw(self.seed), Centre::Zero));
        let assumptions = Assumptions::of(&sample, &self.settings, self.columns);
        let estimate = |estimator: &Estimator| {
            let twin = surrogate.clone().and_then(|sample| estimator.estimate(&sample, &self.settings)).ok();
            Estimated::new(estimator, estimator.estimate(&sample, &self.settings), twin.as_ref())
        };
        Ok(TailFindings {
            entries: sample.total(),
            zero_share: sample.zero_share(),
            location: sample.location(),
            rounding: sample.rounding(),
            symmetry_p: assumptions.symmetry.as_ref().map_or(f64::NAN, |test| test.p),
            order_p: assumptions.dependence.as_ref().map_or(f64::NAN, |test| test.p),
            estimates: self.estimators.iter().map(estimate).collect(),
        })
    }
}

impl Estimated {
    fn new(estimator: &Estimator, found: Result<TailIndex, TailError>, surrogate: Option<&TailIndex>) -> Self {
        let number = |pick: fn(&TailIndex) -> f64, index: Option<&TailIndex>| index.map_or(f64::NAN, pick);
        let index = found.as_ref().ok();
        Estimated {
            estimator: estimator.name(),
            alpha: number(|index| index.alpha.value, index),
            lo: number(|index| index.alpha.lo, index),
            hi: number(|index| index.alpha.hi, index),
            scale: number(|index| index.scale.unwrap_or(f64::NAN), index),
            error: found.as_ref().err().map(TailError::to_string),
            surrogate: number(|index| index.alpha.value, surrogate),
            surrogate_lo: number(|index| index.alpha.lo, surrogate),
            surrogate_hi: number(|index| index.alpha.hi, surrogate),
        }
    }
}
