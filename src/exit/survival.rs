//! # Survival curve
//!
//! The product-limit estimate `S(t) = Π_{t_j <= t} (1 - d_j/n_j)` of `P(Γ > t)`, with `d_j` exits at `t_j` among the `n_j`
//! paths still followed. Greenwood's `σ² = Σ d_j / (n_j (n_j - d_j))` is the variance of `ln S`; the interval is symmetric
//! in `ln(-ln S)`, `S^exp(±zσ/ln S)`, and so stays inside (0, 1). If `S` is 1 or 0, that scale is undefined. Since a survival function decreases, the lower
//! limit of the first step is then used before the first exit, and the upper limit of the previous step after the last
//! exit.
//!
//! # References
//! - Kaplan, Meier (1958), *Nonparametric Estimation from Incomplete Observations*, JASA 53.
//! - Kalbfleisch, Prentice (2002), *The Statistical Analysis of Failure Time Data*, 2nd ed., section 1.4.

use serde::Serialize;

use super::{Confidence, Estimate, ExitError, ExitSample};

/// A step of the curve: `P(Γ > t)` from `time` up to the next step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SurvivalStep {
    /// Time of an exit.
    pub time: f64,
    /// `P(Γ > time)`, with its pointwise interval.
    pub survival: Estimate,
}

/// Kaplan-Meier estimate of `t ↦ P(Γ > t)`, constant between exits.
#[derive(Clone, Debug, PartialEq)]
pub struct SurvivalCurve {
    steps: Vec<SurvivalStep>,
    followed_until: f64,
}

impl SurvivalCurve {
    /// The curve of a sample: one step for every different exit time.
    ///
    /// # Errors
    /// [`ExitError::TooFewExits`] if no path left.
    pub fn new(sample: &ExitSample, confidence: Confidence) -> Result<Self, ExitError> {
        sample.need_exits(1)?;
        let z = confidence.gaussian_width();
        let censored = sample.censoring_times();
        let (mut at_risk, mut gone) = (sample.followed(), 0);
        let (mut survival, mut variance, mut hi) = (1.0, 0.0, 1.0);
        let mut steps = Vec::new();
        // A path censored at the very time of an exit was still followed then.
        for exits in sample.exit_times().chunk_by(|a, b| a == b) {
            let time = exits[0];
            let lost = censored[gone..].partition_point(|&c| c < time);
            gone += lost;
            at_risk -= lost;
            let left = at_risk - exits.len();
            survival *= left as f64 / at_risk as f64;
            let mut lo = 0.0;
            if left > 0 {
                variance += exits.len() as f64 / (at_risk as f64 * left as f64);
                let shift = z * variance.sqrt() / -survival.ln();
                lo = survival.powf(shift.exp());
                hi = survival.powf((-shift).exp());
            }
            at_risk = left;
            steps.push(SurvivalStep { time, survival: Estimate { value: survival, lo, hi } });
        }
        let last = |times: &[f64]| times.last().copied().unwrap_or(0.0);
        let followed_until = last(sample.exit_times()).max(last(censored));
        Ok(SurvivalCurve { steps, followed_until })
    }

    /// `P(Γ > t)`; `None` for a negative time and, unless the curve has reached 0, beyond the last observation.
    pub fn at(&self, t: f64) -> Option<Estimate> {
        let reached = self.steps.partition_point(|step| step.time <= t);
        let survival = match reached {
            0 => Estimate { value: 1.0, lo: self.steps[0].survival.lo, hi: 1.0 },
            _ => self.steps[reached - 1].survival,
        };
        (t >= 0.0 && (t <= self.followed_until || survival.value == 0.0)).then_some(survival)
    }

    /// The steps, in time order.
    pub fn steps(&self) -> &[SurvivalStep] {
        &self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Remission times under 6-mercaptopurine (Freireich et al. 1963), the textbook case; limits by Stata's `sts list`.
    fn freireich() -> ExitSample {
        let exits = vec![6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0];
        let censored = vec![6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0];
        ExitSample::new(exits, censored, 0).unwrap()
    }

    #[test]
    fn the_textbook_case_is_met() {
        let curve = SurvivalCurve::new(&freireich(), Confidence::DEFAULT).unwrap();
        for (t, value, lo, hi) in [
            (6.0, 0.8571, 0.6197, 0.9516),
            (9.5, 0.8067, 0.5631, 0.9228),
            (10.0, 0.7529, 0.5032, 0.8894),
            (15.0, 0.6902, 0.4316, 0.8491),
            (22.0, 0.5378, 0.2678, 0.7468),
            (35.0, 0.4482, 0.1881, 0.6801),
        ] {
            let found = curve.at(t).unwrap();
            for (a, b) in [(found.value, value), (found.lo, lo), (found.hi, hi)] {
                assert!((a - b).abs() < 6e-5, "{t}: {found:?}");
            }
        }
        assert_eq!(curve.at(0.0), Some(Estimate { value: 1.0, lo: curve.steps()[0].survival.lo, hi: 1.0 }));
        assert_eq!((curve.at(35.1), curve.at(-1.0), curve.at(f64::NAN)), (None, None, None));
    }

    #[test]
    fn an_uncensored_curve_is_the_empirical_one_and_ends_at_zero() {
        let sample = ExitSample::new((1..=50).map(f64::from).collect(), vec![], 0).unwrap();
        let curve = SurvivalCurve::new(&sample, Confidence::DEFAULT).unwrap();
        for t in 0..50 {
            let survival = curve.at(f64::from(t) + 0.5).unwrap();
            assert!((survival.value - (1.0 - f64::from(t) / 50.0)).abs() < 1e-12);
        }
        let end = curve.at(1e9).unwrap();
        assert_eq!((end.value, end.lo, end.hi), (0.0, 0.0, curve.at(49.0).unwrap().hi));
    }
}
