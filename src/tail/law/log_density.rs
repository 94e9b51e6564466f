//! # The log density of a stable law, tabulated
//!
//! `g(u) = log f(e^u)` with the density f of SαS(1) is smooth in `u = log x`, constant far inside and of slope `-(1+α)` far out. It is tabulated at
//! steps of 1/32 and interpolated by cubics through four neighbours; beyond the table it is continued as a line. For α >= .4 the error is below 3e-6 of
//! `max(1, |g|)`. Within .05 of 2, where `g` bends sharply between the Gaussian and the power law, it is below 1e-6 in the mean over the law. At
//! α = 2 the formula is used.

use std::f64::consts::PI;

use crate::noise::{Alpha, StableDensity};
use crate::tail::TailError;

/// `log f(e^u)` of SαS(1).
#[derive(Clone, Debug)]
pub enum LogDensity {
    /// At α = 2.
    Gaussian,
    /// Values from [`INSIDE`] on at steps of [`STEP`], and the slope beyond the last.
    Table { values: Vec<f64>, slope: f64 },
}

/// The smallest α for which a density is computed.
pub const SMALLEST: f64 = 0.3;

const STEP: f64 = 1.0 / 32.0;
const INSIDE: f64 = -11.0;
/// Beyond an `x^-α` of this size the tail is a power law.
const LAST_POWER: f64 = 1e-8;

impl LogDensity {
    /// The table for `alpha`.
    ///
    /// # Errors
    /// [`TailError::TooHeavy`] below α = .3.
    pub fn new(alpha: f64) -> Result<Self, TailError> {
        if alpha == 2.0 {
            return Ok(LogDensity::Gaussian);
        }
        let index = Alpha::new(alpha).map_err(|_| TailError::TooHeavy { smallest: SMALLEST })?;
        let law = StableDensity::new(index)?;
        let steps = ((-LAST_POWER.ln() / alpha - INSIDE) / STEP).ceil() as usize;
        let values = (0..=steps).map(|i| law.pdf((INSIDE + STEP * i as f64).exp()).ln()).collect();
        Ok(LogDensity::Table { values, slope: -(1.0 + alpha) })
    }

    /// `log f(e^u)`.
    pub fn at(&self, u: f64) -> f64 {
        match self {
            LogDensity::Gaussian => -0.25 * (2.0 * u).exp() - 0.5 * (4.0 * PI).ln(),
            LogDensity::Table { values, slope } => interpolate(values, *slope, (u - INSIDE) / STEP),
        }
    }
}

/// `log P(X > e^u)` of SαS(1), interpolated like [`LogDensity`].
#[derive(Clone, Debug)]
pub struct LogTail {
    values: Vec<f64>,
    slope: f64,
    /// `f(0)`.
    centre: f64,
}

/// The Gaussian tail beyond `e^3.9` underflows.
const GAUSSIAN_END: f64 = 3.8;

impl LogTail {
    /// The table for `alpha`.
    ///
    /// # Errors
    /// [`TailError::TooHeavy`] below α = .3.
    pub fn new(alpha: f64) -> Result<Self, TailError> {
        let index = Alpha::new(alpha).map_err(|_| TailError::TooHeavy { smallest: SMALLEST })?;
        let law = StableDensity::new(index)?;
        let end = if alpha == 2.0 { GAUSSIAN_END } else { -LAST_POWER.ln() / alpha };
        let steps = ((end - INSIDE) / STEP).ceil() as usize;
        let values = (0..=steps).map(|i| law.sf((INSIDE + STEP * i as f64).exp()).ln()).collect();
        let slope = if alpha == 2.0 { -0.5 * (2.0 * GAUSSIAN_END).exp() } else { -alpha };
        Ok(LogTail { values, slope, centre: law.pdf(0.0) })
    }

    /// `log P(X > e^u)`.
    pub fn at(&self, u: f64) -> f64 {
        let place = (u - INSIDE) / STEP;
        if place < 1.0 { (0.5 - self.centre * u.exp()).ln() } else { interpolate(&self.values, self.slope, place) }
    }
}

/// The cubic through the four values around `place`, counted in steps.
fn interpolate(values: &[f64], slope: f64, place: f64) -> f64 {
    let last = values.len() - 1;
    if place < 1.0 {
        return values[0];
    }
    let cell = place as usize;
    if cell + 2 > last {
        return values[last] + slope * STEP * (place - last as f64);
    }
    let t = place - cell as f64;
    let (before, after, beyond) = (t + 1.0, t - 1.0, t - 2.0);
    let outer = (before * values[cell + 2] - beyond * values[cell - 1]) * t * after / 6.0;
    let inner = (after * values[cell] - t * values[cell + 1]) * before * beyond / 2.0;
    inner + outer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_as_close_as_densities() {
        for alpha in [0.4, 1.0, 1.1, 1.5, 1.9, 2.0] {
            let (law, table) = (StableDensity::new(Alpha::new(alpha).unwrap()).unwrap(), LogTail::new(alpha).unwrap());
            for u in (0..15_000).map(|i| -12.0 + 1e-3 * f64::from(i)) {
                let exact = law.sf(u.exp()).ln();
                assert!((table.at(u) - exact).abs() < 2e-6 * exact.abs().max(1.0), "{alpha} {u} {exact}");
            }
        }
    }

    fn errors(alpha: f64) -> impl Iterator<Item = (f64, f64)> {
        let (law, table) = (StableDensity::new(Alpha::new(alpha).unwrap()).unwrap(), LogDensity::new(alpha).unwrap());
        (0..40_000).map(move |i| -12.0 + 1e-3 * f64::from(i)).map(move |u: f64| {
            let exact = law.pdf(u.exp());
            (exact * u.exp() * 1e-3, (table.at(u) - exact.ln()).abs() / exact.ln().abs().max(1.0))
        })
    }

    #[test]
    fn the_interpolation_is_as_close_as_documented() {
        for alpha in [0.4, 0.7, 1.0, 1.1, 1.3, 1.5, 1.7, 1.9, 1.95] {
            let worst = errors(alpha).map(|e| e.1).fold(0.0, f64::max);
            assert!(worst < 3e-6, "α={alpha}: {worst:e}");
        }
        for alpha in [1.97, 1.99, 1.9999, 1.999_999, 2.0] {
            let mean: f64 = errors(alpha).filter(|e| e.0 > 0.0).map(|(weight, error)| 2.0 * weight * error).sum();
            assert!(mean < 1e-6, "α={alpha}: {mean:e}");
        }
    }
}
