//! # The Gaussian that must be ruled out
//!
//! Pooled Gaussian entries look heavy-tailed if every column (parameter) has its own standard deviation: their law is a scale mixture
//! of normal laws. With log-scales of standard deviation `τ` and a share `p0` of zeros, kept as
//! [`Zeros::Floored`](super::Zeros) keeps them, Mohammadi's estimator finds `1/α̂ = ½ + (τ² + 36.04 p0)/log K1`, as long as a sum of
//! `K1` entries averages the scales out (`e^(4τ²)` small compared with `K1`) and `p0` is small.
//!
//! An estimate that agrees with that of its surrogate is no evidence of heavy tails.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::TailError;
use super::order_statistics::median;
use crate::noise::{Seed, Stream};

/// Rows of independent Gaussian entries, column `c` with standard deviation `scales[c]`, and zeros among them.
///
/// # Example
/// ```
/// use levy_escape::noise::Seed;
/// use levy_escape::tail::{Centre, Estimator, GaussianSurrogate, IntervalSettings, TailSample};
///
/// // 2,000 parameters whose scales range over e^-2 to e^2, five draws of each.
/// let scales: Vec<f64> = (0..2000).map(|c| (f64::from(c * 37 % 2000) / 500.0 - 2.0).exp()).collect();
/// let data = GaussianSurrogate::new(scales, 0.0, 5)?.draw(Seed(1));
/// let sample = TailSample::new(&data, Centre::Zero)?;
/// let index = Estimator::MOHAMMADI.estimate(&sample, &IntervalSettings::default())?;
/// assert!(index.alpha.value < 1.6);
/// # Ok::<(), levy_escape::tail::TailError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianSurrogate {
    scales: Vec<f64>,
    zero_shares: Vec<f64>,
    rows: usize,
}

/// `Φ⁻¹(3/4)`, the median of `|N(0, 1)|`.
const MEDIAN_OF_NORMAL: f64 = 0.674_489_750_196_081_7;

impl GaussianSurrogate {
    /// A surrogate of `rows` rows with the given scale of every column, and the same share of zeros in all. A column of
    /// scale 0 is all zeros.
    ///
    /// # Errors
    /// [`TailError::Scale`], [`TailError::ZeroShare`]; [`TailError::AllZero`] without rows or columns.
    pub fn new(scales: Vec<f64>, zero_share: f64, rows: usize) -> Result<Self, TailError> {
        let zero_shares = vec![zero_share; scales.len()];
        GaussianSurrogate { scales, zero_shares, rows }.checked()
    }

    /// The surrogate of `data`, rows of `columns` entries: with the scale and the zero share of every column of the data.
    ///
    /// The scale of a column is `median|x|/.6745` over its nonzero entries, which is robust against heavy tails. With `m` of them its relative
    /// error is `1.17/√m`, which adds `1.36/m` to `τ²`. With one row the surrogate has the magnitudes `|x|` of the data: a sample with
    /// one entry per column cannot be distinguished from a Gaussian one.
    ///
    /// # Errors
    /// [`TailError::Layout`] unless the rows are full; [`TailError::NotFinite`]; [`TailError::AllZero`].
    pub fn of_rows(data: &[f64], columns: usize) -> Result<Self, TailError> {
        if columns == 0 || !data.len().is_multiple_of(columns) {
            return Err(TailError::Layout { entries: data.len(), columns });
        }
        if let Some(index) = data.iter().position(|x| !x.is_finite()) {
            return Err(TailError::NotFinite { index, value: data[index] });
        }
        let rows = data.len() / columns;
        let (mut scales, mut zero_shares) = (Vec::with_capacity(columns), Vec::with_capacity(columns));
        let mut column = Vec::with_capacity(rows);
        for c in 0..columns {
            column.clear();
            column.extend(data.iter().skip(c).step_by(columns).map(|x| x.abs()).filter(|x| *x > 0.0));
            let dead = column.is_empty();
            scales.push(if dead { 0.0 } else { median(&mut column) / MEDIAN_OF_NORMAL });
            zero_shares.push(if dead { 0.0 } else { 1.0 - column.len() as f64 / rows as f64 });
        }
        GaussianSurrogate { scales, zero_shares, rows }.checked()
    }

    fn checked(self) -> Result<Self, TailError> {
        let bad = |scale: &f64| !(scale.is_finite() && *scale >= 0.0);
        if let Some(column) = self.scales.iter().position(bad) {
            return Err(TailError::Scale { column, scale: self.scales[column] });
        }
        if let Some(&share) = self.zero_shares.iter().find(|share| !(0.0..1.0).contains(*share)) {
            return Err(TailError::ZeroShare { share });
        }
        if self.rows == 0 || self.scales.iter().all(|scale| *scale == 0.0) {
            return Err(TailError::AllZero { n: self.rows * self.scales.len() });
        }
        Ok(self)
    }

    /// Standard deviation of every column.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// Standard deviation `τ` of `log s` over the columns whose scale is not 0.
    pub fn log_scale_deviation(&self) -> f64 {
        let logs: Vec<f64> = self.scales.iter().filter(|s| **s > 0.0).map(|s| s.ln()).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / logs.len() as f64).sqrt()
    }

    /// Data of the surrogate, row by row, in the layout of the original data.
    pub fn draw(&self, seed: Seed) -> Vec<f64> {
        let mut stream = Stream::new(seed, 0, 0);
        let mut data = Vec::with_capacity(self.rows * self.scales.len());
        for _ in 0..self.rows {
            for (scale, zero_share) in self.scales.iter().zip(&self.zero_shares) {
                let zero = *zero_share > 0.0 && stream.open01() < *zero_share;
                let normal: f64 = stream.sample(StandardNormal);
                data.push(if zero { 0.0 } else { scale * normal });
            }
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::{BlockLength, Centre, Estimator, IntervalSettings, Mohammadi, TailSample, Zeros};

    /// The closed form minus `½ log(1-p0)` and `p0 E log|N|`, the terms of the zeros that it neglects. Tolerance .012: four
    /// standard errors `1.11/√4000/log K1` of the estimate, and the rest of the average over the scales.
    #[test]
    fn pooled_gaussian_noise_fools_the_paper_s_estimator_as_much_as_predicted() {
        for (tau, zero_share) in [(0.0, 0.0), (0.4, 0.0), (0.8, 0.0), (0.8, 0.02), (0.0, 0.05)] {
            let mut stream = Stream::new(Seed(5), 0, 0);
            let scales = (0..1000).map(|_| (tau * stream.sample::<f64, _>(StandardNormal)).exp()).collect();
            let surrogate = GaussianSurrogate::new(scales, zero_share, 4000).unwrap();
            let tau = surrogate.log_scale_deviation();
            let sample = TailSample::new(&surrogate.draw(Seed(6)), Centre::Zero).unwrap();
            let estimator = Mohammadi { block: BlockLength::Entries(1000), zeros: Zeros::Floored };
            let index = Estimator::Mohammadi(estimator).estimate(&sample, &IntervalSettings::default()).unwrap();
            let block = 1000f64.ln();
            let simple = 0.5 + (tau * tau + 36.04 * zero_share) / block;
            let zeros = 0.5 * f64::ln(1.0 - zero_share) - 0.635 * zero_share;
            let predicted = simple + zeros / block;
            assert!((1.0 / index.alpha.value - predicted).abs() < 0.012);
        }
    }

    #[test]
    fn scales_and_zeros_of_the_data_are_kept() {
        let scales: Vec<f64> = (0..50).map(|c| if c == 7 { 0.0 } else { 1.0 + f64::from(c) }).collect();
        let data = GaussianSurrogate::new(scales.clone(), 0.3, 4000).unwrap().draw(Seed(2));
        let again = GaussianSurrogate::of_rows(&data, 50).unwrap();
        for (found, scale) in again.scales().iter().zip(&scales) {
            assert!((found - scale).abs() <= 0.1 * scale, "{found} {scale}");
        }
        assert!(again.zero_shares.iter().enumerate().all(|(c, p)| c == 7 || (p - 0.3).abs() < 0.04));
    }

    #[test]
    fn impossible_surrogates_are_refused() {
        assert!(matches!(GaussianSurrogate::new(vec![1.0, -1.0], 0.0, 3), Err(TailError::Scale { column: 1, .. })));
        assert!(matches!(GaussianSurrogate::new(vec![1.0], 1.0, 3), Err(TailError::ZeroShare { .. })));
        assert!(matches!(GaussianSurrogate::new(vec![0.0], 0.0, 3), Err(TailError::AllZero { .. })));
        assert!(matches!(GaussianSurrogate::of_rows(&[1.0; 5], 2), Err(TailError::Layout { .. })));
    }
}
