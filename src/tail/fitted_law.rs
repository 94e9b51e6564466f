//! # Three laws by maximum likelihood
//!
//! The symmetric laws that are compared with a sample, about its location: stable `f_α(x/s)/s`; Gaussian `N(0, σ²)`, σ the root mean square;
//! Student's `t` with ν degrees of freedom and scale `s`, whose tail index is ν: a power law that is not stable.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::erf::erfc;
use statrs::function::gamma::ln_gamma;
use std::f64::consts::{PI, SQRT_2};

use super::law::{FEWEST, Likelihood, LogDensity, LogGrid, maximum};
use super::{TailError, TailSample};
use crate::noise::{Alpha, StableDensity};

/// A law with its fitted parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FittedLaw {
    /// SαS(s).
    Stable {
        /// Tail index `α`.
        alpha: f64,
        /// Scale `s`.
        scale: f64,
    },
    /// N(0, σ²).
    Gaussian {
        /// Standard deviation `σ`.
        deviation: f64,
    },
    /// Student's t, times `s`.
    Student {
        /// Degrees of freedom `ν`, at most a million.
        freedom: f64,
        /// Scale `s`.
        scale: f64,
    },
}

/// Range of the degrees of freedom; at the upper end the law is Gaussian.
const FREEDOM: [f64; 2] = [0.1, 1e6];

impl FittedLaw {
    /// The stable, the Gaussian and Student's law that fit the sample best.
    ///
    /// # Errors
    /// [`TailError`] if one of them cannot be fitted.
    pub fn all(sample: &TailSample) -> Result<[FittedLaw; 3], TailError> {
        FittedLaw::of_values(sample.at_least(FEWEST)?)
    }

    /// The three laws for values that are not zero.
    pub(super) fn of_values(values: &[f64]) -> Result<[FittedLaw; 3], TailError> {
        let likelihood = Likelihood::new(values);
        let stable = likelihood.fit(values)?;
        let (freedom, width) = student(likelihood.grid(), stable.scale)?;
        let largest = values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let mean_square = values.iter().map(|x| (x / largest).powi(2)).sum::<f64>() / values.len() as f64;
        Ok([
            FittedLaw::Stable { alpha: stable.alpha, scale: stable.scale },
            FittedLaw::Gaussian { deviation: largest * mean_square.sqrt() },
            FittedLaw::Student { freedom, scale: width },
        ])
    }

    /// Name in tables and figures.
    pub fn name(&self) -> &'static str {
        match self {
            FittedLaw::Stable { .. } => "stable",
            FittedLaw::Gaussian { .. } => "Gaussian",
            FittedLaw::Student { .. } => "Student t",
        }
    }

    /// `log f(x)` at every one of `values`, which are distances from the location and not zero.
    ///
    /// # Errors
    /// [`TailError`] if the law cannot be computed.
    pub fn log_density(&self, values: &[f64]) -> Result<Vec<f64>, TailError> {
        let logs = |scale: f64| values.iter().map(move |x| x.abs().ln() - scale.ln());
        Ok(match *self {
            FittedLaw::Stable { alpha, scale } => {
                let table = LogDensity::new(alpha)?;
                logs(scale).map(|u| table.at(u) - scale.ln()).collect()
            }
            FittedLaw::Gaussian { deviation } => {
                logs(deviation).map(|u| -0.5 * ((2.0 * u).exp() + (2.0 * PI).ln()) - deviation.ln()).collect()
            }
            FittedLaw::Student { freedom, scale } => {
                logs(scale).map(|u| student_log_density(freedom, u) - scale.ln()).collect()
            }
        })
    }

    /// `P(|X| > x)` for every `x >= 0` of `values`.
    ///
    /// # Errors
    /// [`TailError`] if the law cannot be computed.
    pub fn tail(&self, values: &[f64]) -> Result<Vec<f64>, TailError> {
        Ok(match *self {
            FittedLaw::Stable { alpha, scale } => {
                let index = Alpha::new(alpha).map_err(|_| TailError::NoIndex { what: "α", value: alpha })?;
                let law = StableDensity::new(index)?;
                values.iter().map(|x| 2.0 * law.sf(x / scale)).collect()
            }
            FittedLaw::Gaussian { deviation } => values.iter().map(|x| erfc(x / deviation / SQRT_2)).collect(),
            FittedLaw::Student { freedom, scale } => {
                let nothing = |_| TailError::NoIndex { what: "the degrees of freedom", value: freedom };
                let law = StudentsT::new(0.0, scale, freedom).map_err(nothing)?;
                values.iter().map(|x| 2.0 * law.sf(*x)).collect()
            }
        })
    }
}

/// `ν` and the scale of Student's law, by profile likelihood over `ν`; `scale` is where the search for the scale begins.
pub(super) fn student(grid: &LogGrid, scale: f64) -> Result<(f64, f64), TailError> {
    let profile = |freedom: f64| grid.best_scale(scale.ln(), |u| student_log_density(freedom, u));
    let range = FREEDOM.map(f64::ln);
    let (freedom, _) = maximum(range[0], range[1], 1e-5, |log| Ok(profile(log.exp()).0))?;
    let freedom = freedom.exp();
    Ok((freedom, profile(freedom).1.exp()))
}

/// `log f(e^u)` of Student's law with scale 1.
fn student_log_density(freedom: f64, u: f64) -> f64 {
    // log(1 + e^(2u)/ν) without overflow of the square.
    let ratio = 2.0 * u - freedom.ln();
    let growth = if ratio > 0.0 { ratio + (-ratio).exp().ln_1p() } else { ratio.exp().ln_1p() };
    student_constant(freedom) - 0.5 * (freedom + 1.0) * growth
}

fn student_constant(freedom: f64) -> f64 {
    ln_gamma(0.5 * (freedom + 1.0)) - ln_gamma(0.5 * freedom) - 0.5 * (freedom * PI).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};
    use crate::tail::Centre;
    use rand_distr::{Distribution, StudentT};
    use statrs::distribution::Continuous;

    fn student_sample(freedom: f64) -> TailSample {
        let law = StudentT::new(freedom).unwrap();
        let data: Vec<f64> = law.sample_iter(Stream::new(Seed(9), 0, 0)).take(50_000).map(|x: f64| 0.2 * x).collect();
        TailSample::new(&data, Centre::Zero).unwrap()
    }

    /// `ν̂` has the standard error `.07` at ν = 3, n = 50,000; the scale one of .6 %.
    #[test]
    fn student_s_law_is_found() {
        let [_, gaussian, student] = FittedLaw::all(&student_sample(3.0)).unwrap();
        let FittedLaw::Student { freedom, scale } = student else { panic!("{student:?}") };
        assert!((freedom - 3.0).abs() < 0.25 && (scale / 0.2 - 1.0).abs() < 0.03, "{student:?}");
        let FittedLaw::Gaussian { deviation } = gaussian else { panic!("{gaussian:?}") };
        assert!((deviation / (0.2 * 3f64.sqrt()) - 1.0).abs() < 0.1, "{gaussian:?}");
    }

    #[test]
    fn densities_and_tails_are_those_of_the_laws() {
        let xs = [0.01, 0.5, 3.0, 40.0];
        let student = FittedLaw::Student { freedom: 2.5, scale: 0.7 };
        let law = StudentsT::new(0.0, 0.7, 2.5).unwrap();
        for (x, log) in xs.iter().zip(student.log_density(&xs).unwrap()) {
            assert!((log - law.ln_pdf(*x)).abs() < 1e-10, "{x}");
        }
        let (stable, gaussian) =
            (FittedLaw::Stable { alpha: 2.0, scale: 0.7 }, FittedLaw::Gaussian { deviation: 0.7 * SQRT_2 });
        let same = |a: Vec<f64>, b: Vec<f64>| a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(same(stable.log_density(&xs[..3]).unwrap(), gaussian.log_density(&xs[..3]).unwrap()));
        assert!(same(stable.tail(&xs).unwrap(), gaussian.tail(&xs).unwrap()));
    }
}
