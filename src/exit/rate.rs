//! # Exit rate and mean exit time
//!
//! With `n` exits in a total time at risk `T` the exponential likelihood `λ^n exp(-λT)` peaks at `λ̂ = n/T`.
//!
//! - No path was censored: `2λT ~ χ²(2n)`, so the interval is exact.
//! - Paths censored at a fixed time: `2λT ≈ χ²(2n+1)`, Cox's mean between the conservative limits `χ²(2n)` below and
//!   `χ²(2n+2)` above, and the exact law as `n → ∞`.
//! - No path left: `exp(-λT)` is the probability of that, so `[0, -ln(1 - level)/T]` is exact and one-sided.
//!
//! The mean is the sample mean `± t(n-1) s/√n` if every path left, which requires only that `Γ` has a variance.
//! A censored sample has no information beyond its limit. There the mean is `1/λ̂`, which assumes an exponential law, and
//! [`MeanBasis`] records that.
//!
//! # References
//! - Epstein, Sobel (1953), *Life Testing*, JASA 48.
//! - Cox (1953), *Some Simple Approximate Tests for Poisson Variates*, Biometrika 40.
//! - Cornish, Fisher (1938), *Moments and Cumulants in the Specification of Distributions*, Rev. Inst. Int. Stat. 5.
//! - Lawless (2003), *Statistical Models and Methods for Lifetime Data*, 2nd ed., section 4.1.

use std::fmt;

use serde::Serialize;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::{Confidence, Estimate, ExitError, ExitMoments, ExitSample};

/// Rate `λ̂ = n/T` of leaving, per unit time, by the exponential likelihood.
///
/// # Errors
/// [`ExitError::NoTimeAtRisk`] if no path was followed for any time. A sample without exits is not an error: its rate is 0
/// with an upper limit.
pub fn exit_rate(sample: &ExitSample, confidence: Confidence) -> Result<Estimate, ExitError> {
    sample.moments().rate(confidence)
}

impl ExitMoments {
    /// [`exit_rate`] of the outcomes pushed.
    ///
    /// # Errors
    /// As [`exit_rate`].
    pub fn rate(&self, confidence: Confidence) -> Result<Estimate, ExitError> {
        if self.time_at_risk() <= 0.0 {
            return Err(ExitError::NoTimeAtRisk { paths: self.paths(), diverged: self.diverged() });
        }
        Ok(exponential_rate(self.exited(), self.time_at_risk(), self.censored() > 0, confidence))
    }

    /// [`mean_exit_time`] of the outcomes pushed.
    ///
    /// # Errors
    /// As [`mean_exit_time`].
    pub fn mean(&self, confidence: Confidence) -> Result<MeanTime, ExitError> {
        if self.censored() > 0 {
            self.need_exits(1)?;
            let estimate = self.rate(confidence)?.reciprocal();
            return Ok(MeanTime { estimate, basis: MeanBasis::Exponential });
        }
        self.need_exits(2)?;
        let n = self.exited() as f64;
        let mean = self.time_at_risk() / n;
        let error = self.standard_error().unwrap_or(0.0);
        let width = student_limit(n - 1.0, confidence);
        let Estimate { value, lo, hi } = Estimate::symmetric(mean, width * error);
        // With two or three paths the symmetric interval can reach below 0.
        Ok(MeanTime { estimate: Estimate { value, lo: lo.max(0.0), hi }, basis: MeanBasis::Complete })
    }
}

/// Rate of events, `events/time`, with the interval of a Poisson count over a fixed time; `None` without time.
pub fn event_rate(events: u64, time: f64, confidence: Confidence) -> Option<Estimate> {
    (time > 0.0 && time.is_finite()).then(|| exponential_rate(events as usize, time, true, confidence))
}

/// `exits / time_at_risk` with its interval; `time_at_risk > 0`.
pub(super) fn exponential_rate(exits: usize, time_at_risk: f64, censored: bool, confidence: Confidence) -> Estimate {
    if exits == 0 {
        return Estimate { value: 0.0, lo: 0.0, hi: -(1.0 - confidence.get()).ln() / time_at_risk };
    }
    let freedom = 2.0 * exits as f64 + if censored { 1.0 } else { 0.0 };
    let [lo, hi] = chi_squared_limits(freedom, confidence).map(|limit| 0.5 * limit / time_at_risk);
    Estimate { value: exits as f64 / time_at_risk, lo, hi }
}

/// Degrees of freedom from which quantiles are taken from their expansion: the exact ones need more iterations for more degrees of freedom.
const MANY: f64 = 1e5;

/// Both limits of a variable that is `χ²(k)`; for many `k` by the expansion of Cornish and Fisher, with an error of `O(k^-3/2)`.
fn chi_squared_limits(k: f64, confidence: Confidence) -> [f64; 2] {
    if k < MANY {
        let law = ChiSquared::new(k).expect("exits make the degrees of freedom positive");
        return [confidence.tail(), 1.0 - confidence.tail()].map(|p| law.inverse_cdf(p));
    }
    let root = (2.0 * k).sqrt();
    [-confidence.gaussian_width(), confidence.gaussian_width()].map(|z| {
        let corrections = 2.0 / 3.0 * (z * z - 1.0) + (z.powi(3) - 7.0 * z) / (9.0 * root)
            - (6.0 * z.powi(4) + 14.0 * z * z - 32.0) / (405.0 * k);
        k + z * root + corrections
    })
}

/// The upper limit of Student's t with `k` degrees of freedom; for many by its expansion, with an error of `O(k^-3)`.
fn student_limit(k: f64, confidence: Confidence) -> f64 {
    if k < MANY {
        return confidence.student_width(k);
    }
    let z = confidence.gaussian_width();
    z + (z.powi(3) + z) / (4.0 * k) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * k * k)
}

/// Mean exit time and its assumption.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MeanTime {
    /// The mean, in units of time.
    pub estimate: Estimate,
    /// What the mean and its interval assume.
    pub basis: MeanBasis,
}

/// The assumption behind a mean exit time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MeanBasis {
    /// Every path left: the mean of the sample, for any law.
    Complete,
    /// Paths were censored: `T/n`, the mean of an exponential law.
    Exponential,
}

impl fmt::Display for MeanBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MeanBasis::Complete => "complete",
            MeanBasis::Exponential => "exponential",
        })
    }
}

/// Mean exit time `E Γ`.
///
/// # Errors
/// [`ExitError::TooFewExits`] if fewer than two paths left and none was censored, or if no path left;
/// [`ExitError::NoTimeAtRisk`] if all left at time 0.
pub fn mean_exit_time(sample: &ExitSample, confidence: Confidence) -> Result<MeanTime, ExitError> {
    sample.moments().mean(confidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::StudentsT;

    fn near(a: f64, b: f64) -> bool {
        (a / b - 1.0).abs() < 1e-5
    }

    /// Tables of χ²: 20 degrees of freedom 9.59078 and 34.1696; 21 degrees 10.2829 and 35.4789.
    #[test]
    fn limits_are_those_of_the_tables() {
        let rate = exponential_rate(10, 5.0, false, Confidence::DEFAULT);
        assert!(near(rate.lo, 0.959_078) && near(rate.hi, 3.416_961) && rate.value == 2.0, "{rate:?}");
        let rate = exponential_rate(10, 5.0, true, Confidence::DEFAULT);
        assert!(near(rate.lo, 1.028_290) && near(rate.hi, 3.547_888), "{rate:?}");
    }

    /// The distribution functions at the limits from the expansions, where these take over: 2.5 % lie on either side.
    #[test]
    fn the_expansions_are_quantiles() {
        let level = Confidence::DEFAULT;
        let (chi, student) = (ChiSquared::new(MANY).unwrap(), StudentsT::new(0.0, 1.0, MANY).unwrap());
        let [lo, hi] = chi_squared_limits(MANY, level).map(|limit| chi.cdf(limit));
        let above = student.cdf(student_limit(MANY, level));
        for (found, exact) in [(lo, 0.025), (hi, 0.975), (above, 0.975)] {
            assert!((found - exact).abs() < 1e-7, "{found} {exact}");
        }
        let many = exponential_rate(10_000_000_000, 1e10, true, level);
        assert!((many.hi - 1.0 - level.gaussian_width() / 1e5).abs() < 1e-9, "{many:?}");
    }

    /// At 10^7 exits the interval is the Gaussian one up to terms of order 1/n.
    #[test]
    fn many_exits_have_a_gaussian_interval() {
        let (n, z) = (10_000_000, Confidence::DEFAULT.gaussian_width());
        let rate = exponential_rate(n, n as f64, true, Confidence::DEFAULT);
        let width = z / (n as f64).sqrt();
        assert!((rate.hi - 1.0 - width).abs() < 1e-6 && (1.0 - width - rate.lo).abs() < 1e-6, "{rate:?}");
    }

    /// t(9) has the 97.5 % point 2.262157.
    #[test]
    fn the_mean_of_a_complete_sample_needs_no_law() {
        let sample = ExitSample::new((1..=10).map(f64::from).collect(), vec![], 3).unwrap();
        let mean = mean_exit_time(&sample, Confidence::DEFAULT).unwrap();
        assert_eq!((mean.estimate.value, mean.basis), (5.5, MeanBasis::Complete));
        let error = (82.5f64 / 9.0 / 10.0).sqrt();
        assert!(near(mean.estimate.hi - 5.5, 2.262_157 * error), "{mean:?}");
    }

    #[test]
    fn what_is_not_defined_is_an_error() {
        let sample = |exits, limits| ExitSample::new(exits, limits, 1).unwrap();
        let level = Confidence::DEFAULT;
        assert!(exit_rate(&sample(vec![], vec![]), level).is_err());
        assert!(exit_rate(&sample(vec![0.0], vec![]), level).is_err());
        assert!(mean_exit_time(&sample(vec![1.0], vec![]), level).is_err());
        assert!(mean_exit_time(&sample(vec![], vec![1.0]), level).is_err());
        let censored = mean_exit_time(&sample(vec![1.0], vec![5.0]), level).unwrap();
        assert_eq!((censored.estimate.value, censored.basis), (6.0, MeanBasis::Exponential));
    }
}
