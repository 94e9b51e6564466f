//! # Tail index and scale by two quantiles
//!
//! The ratio of the ninth decile of `|x|` to its median determines α for any scale. It is inverted with the quantiles of
//! [`StableDensity`], without a table. The estimator is [`McCulloch`](crate::tail::McCulloch).

use super::log_density::SMALLEST;
use crate::noise::{Alpha, StableDensity};
use crate::tail::TailError;
use crate::tail::order_statistics::quantile;

/// Shares of `|x|` below the two quantiles.
const SHARES: [f64; 2] = [0.5, 0.9];

/// `α̂` before it is cut at 2, and the scale for the cut `α̂`.
pub struct QuantileFit {
    pub raw: f64,
    pub alpha: f64,
    pub scale: f64,
    /// Sample quantiles of `|x|`.
    quantiles: [f64; 2],
}

impl QuantileFit {
    /// The fit to values about 0.
    pub fn of(values: &[f64]) -> Result<QuantileFit, TailError> {
        let mut magnitudes: Vec<f64> = values.iter().map(|x| x.abs()).collect();
        let quantiles = SHARES.map(|p| quantile(&mut magnitudes, p));
        let ratio = quantiles[1] / quantiles[0];
        if !(ratio > 1.0 && ratio.is_finite()) {
            return Err(TailError::Ties { what: "the spread between the quartiles or beyond" });
        }
        let gaussian = law_ratio(2.0)?.ln();
        let raw = if ratio.ln() < gaussian {
            // The ratio is continued beyond α = 2 by its tangent, so that the error of α̂ is defined there.
            2.0 + (ratio.ln() - gaussian) / slope(2.0)?
        } else {
            invert(ratio.ln())?
        };
        let alpha = raw.min(2.0);
        let scale = quantiles[0] / law(alpha)?.upper_quantile(0.25);
        Ok(QuantileFit { raw, alpha, scale, quantiles })
    }

    /// Influence of every entry on `α̂`: that of a sample quantile is `(p - 1{|x| <= q})/g(q)`, g the density of `|x|`.
    pub fn influence(&self, values: &[f64]) -> Result<Vec<f64>, TailError> {
        let law = law(self.alpha)?;
        let [near, far] = self.quantiles;
        let weight = |q: f64| 1.0 / (2.0 * law.pdf(q / self.scale) * q / self.scale);
        let slope = slope(self.alpha)?;
        let (near_weight, far_weight) = (weight(near) / slope, weight(far) / slope);
        let below = |x: f64, q: f64| f64::from(u8::from(x.abs() <= q));
        let influence =
            |x: &f64| far_weight * (SHARES[1] - below(*x, far)) - near_weight * (SHARES[0] - below(*x, near));
        Ok(values.iter().map(influence).collect())
    }
}

fn law(alpha: f64) -> Result<StableDensity, TailError> {
    let alpha = Alpha::new(alpha).map_err(|_| TailError::TooHeavy { smallest: SMALLEST })?;
    Ok(StableDensity::new(alpha)?)
}

/// `ν` of the law.
fn law_ratio(alpha: f64) -> Result<f64, TailError> {
    let law = law(alpha)?;
    Ok(law.upper_quantile(0.05) / law.upper_quantile(0.25))
}

/// `d log ν/dα`, from one side at 2.
fn slope(alpha: f64) -> Result<f64, TailError> {
    let step = 1e-4;
    let above = (alpha + step).min(2.0);
    let below = (alpha - step).max(SMALLEST);
    Ok((law_ratio(above)?.ln() - law_ratio(below)?.ln()) / (above - below))
}

/// The α whose `log ν` is `wanted`, by the secant method within a bracket.
fn invert(wanted: f64) -> Result<f64, TailError> {
    let excess = |alpha: f64| Ok::<f64, TailError>(law_ratio(alpha)?.ln() - wanted);
    let (mut low, mut high) = ((SMALLEST, excess(SMALLEST)?), (2.0, excess(2.0)?));
    if low.1 < 0.0 {
        return Err(TailError::TooHeavy { smallest: SMALLEST });
    }
    for _ in 0..100 {
        let secant = high.0 - high.1 * (high.0 - low.0) / (high.1 - low.1);
        let alpha = if secant > low.0 && secant < high.0 { secant } else { 0.5 * (low.0 + high.0) };
        let found = (alpha, excess(alpha)?);
        // The value at the unchanged end is halved, because the secant would converge slowly otherwise (Illinois method).
        if found.1 > 0.0 {
            low = found;
            high.1 *= 0.5;
        } else {
            high = found;
            low.1 *= 0.5;
        }
        if high.0 - low.0 < 1e-10 || found.1.abs() < 1e-13 {
            return Ok(found.0);
        }
    }
    Ok(0.5 * (low.0 + high.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// McCulloch's table II of `ν` at β = 0, in three digits; closed forms at α = 2 and 1.
    #[test]
    fn the_published_ratio_is_met() {
        for (alpha, ratio) in [(2.0, 2.439), (1.9, 2.512), (1.8, 2.608), (1.7, 2.737), (1.5, 3.148)] {
            assert!((law_ratio(alpha).unwrap() / ratio - 1.0).abs() < 1e-3, "{alpha}");
        }
        let cauchy = (0.45 * std::f64::consts::PI).tan();
        assert!((law_ratio(1.0).unwrap() - cauchy).abs() < 1e-11 * cauchy);
    }

    #[test]
    fn exact_quantiles_give_the_index_back() {
        for alpha in [0.4, 0.9, 1.3, 1.7, 1.95] {
            let law = law(alpha).unwrap();
            let data: Vec<f64> = (0..4000).map(|i| 3.0 * law.upper_quantile((f64::from(i) + 0.5) / 4000.0)).collect();
            let fit = QuantileFit::of(&data).unwrap();
            assert!((fit.raw - alpha).abs() < 2e-3, "{alpha}: {}", fit.raw);
            assert!((fit.scale - 3.0).abs() < 5e-3, "{alpha}: {}", fit.scale);
        }
    }
}
