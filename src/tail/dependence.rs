//! # The variance of a mean under weak dependence
//!
//! To first order, all estimators except Hill's are means of a function of the entries: `α̂ - α ≈ 1/n Σ u_i` with the influence `u_i` of an
//! entry. Over blocks of `b` consecutive entries, with sums `S_j` of `u_i - ū`,
//! `Var ū ≈ 1/(n-b) 1/(b(n-b+1)) Σ_j S_j²`. This is the variance of the moving-block bootstrap, without its resampling noise
//! (Künsch 1989, theorem 3.1), and for independent entries the usual variance of a mean.
//!
//! # References
//! - Künsch (1989), *The Jackknife and the Bootstrap for General Stationary Observations*, Ann. Statist. 17.

use super::TailError;

/// Default length of dependence: `⌈n^(1/3)⌉`.
pub fn default_length(n: usize) -> usize {
    (n as f64).cbrt().ceil() as usize
}

/// Variance of the mean of `influence` whose entries may depend on each other over `length` of them.
///
/// # Errors
/// [`TailError::Dependence`] unless `1 <= length <= n/2`.
pub fn variance_of_mean(influence: &[f64], length: usize) -> Result<f64, TailError> {
    let n = influence.len();
    if length < 1 || length > n / 2 {
        return Err(TailError::Dependence { length, n });
    }
    let mean = influence.iter().sum::<f64>() / n as f64;
    let mut sum: f64 = influence[..length].iter().map(|u| u - mean).sum();
    let mut squares = sum * sum;
    for (entering, leaving) in influence[length..].iter().zip(influence) {
        sum += entering - leaving;
        squares += sum * sum;
    }
    Ok(squares / (length as f64 * (n - length + 1) as f64 * (n - length) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};

    /// A moving average over 5 has a long-run variance 25 times that of its innovations. Independent entries: that of
    /// the mean. Tolerance: 4.5 standard errors √(4b/3n) of the estimate, b = 100, n = 100,000, and the bias 5/b.
    #[test]
    fn dependence_widens_the_variance() {
        let mut stream = Stream::new(Seed(4), 0, 0);
        let noise: Vec<f64> = (0..100_004).map(|_| stream.open01() - 0.5).collect();
        let moving: Vec<f64> = noise.windows(5).map(|w| w.iter().sum()).collect();
        let n = moving.len() as f64;
        let independent = variance_of_mean(&noise, 1).unwrap() * n * 12.0;
        assert!((independent - 1.0).abs() < 0.02, "{independent}");
        let dependent = variance_of_mean(&moving, 100).unwrap() * n * 12.0 / 25.0;
        assert!((dependent - 1.0).abs() < 0.17 + 0.05, "{dependent}");
        assert!(variance_of_mean(&noise, 0).is_err() && variance_of_mean(&noise[..5], 3).is_err());
    }
}
