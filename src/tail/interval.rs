//! Confidence intervals of tail indices.

use super::TailError;
use super::dependence::{default_length, variance_of_mean};
use super::law::SMALLEST;
use crate::exit::{Confidence, Estimate};

/// Settings of confidence intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct IntervalSettings {
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Length of dependence in consecutive entries; `None` means `⌈n^(1/3)⌉`. 1 for independent entries.
    pub dependence: Option<usize>,
}

impl IntervalSettings {
    pub(super) fn length(&self, n: usize) -> usize {
        self.dependence.unwrap_or_else(|| default_length(n))
    }

    /// Standard error of an estimate that is a mean of `influence`.
    pub(super) fn standard_error(&self, influence: &[f64]) -> Result<f64, TailError> {
        variance_of_mean(influence, self.length(influence.len())).map(f64::sqrt)
    }

    /// The likelihood interval, under `α <= 2`, of an index whose estimate `raw` is asymptotically Gaussian with standard error `s`: all `α` whose
    /// log likelihood is at most `z²/2` below the maximum. If `raw > 2`, the maximum is at 2 and the lower end is
    /// `raw - √((raw-2)² + z² s²)`; the interval then has positive width and at least its nominal coverage. An estimate more than five standard
    /// errors above 2 contradicts every stable law.
    pub(super) fn up_to_two(&self, what: &'static str, raw: f64, error: f64) -> Result<Estimate, TailError> {
        IntervalSettings::of_a_law(what, raw, error)?;
        let half_width = self.confidence.gaussian_width() * error;
        let above = (raw - 2.0).max(0.0);
        let lo = raw - above.hypot(half_width);
        Ok(Estimate { value: raw.min(2.0), lo: lo.max(0.0), hi: (raw + half_width).min(2.0) })
    }

    /// Like [`up_to_two`](Self::up_to_two), with a standard error that depends on α: all `α` from which `raw` is at most `z` of their standard
    /// errors away.
    pub(super) fn inverted(
        &self,
        what: &'static str,
        raw: f64,
        error: f64,
        error_at: impl Fn(f64) -> f64,
    ) -> Result<Estimate, TailError> {
        IntervalSettings::of_a_law(what, raw, error)?;
        let z = self.confidence.gaussian_width();
        let above = (raw - 2.0).max(0.0);
        let within = |alpha: f64| (raw - alpha).abs() <= above.hypot(z * error_at(alpha));
        let value = raw.min(2.0);
        // Ends by bisection between the estimate and the limits of α.
        let end = |limit: f64| {
            let (mut inside, mut outside) = (value, limit);
            if within(limit) {
                return limit;
            }
            for _ in 0..40 {
                let middle = 0.5 * (inside + outside);
                if within(middle) { inside = middle } else { outside = middle }
            }
            inside
        };
        Ok(Estimate { value, lo: end(SMALLEST), hi: end(2.0) })
    }

    /// Rejects an estimate that contradicts every stable law.
    fn of_a_law(what: &'static str, raw: f64, error: f64) -> Result<(), TailError> {
        if !raw.is_finite() || raw <= 0.0 {
            return Err(TailError::NoIndex { what, value: raw });
        }
        if raw - 5.0 * error > 2.0 {
            return Err(TailError::LighterThanGaussian { statistic: what, found: raw, gaussian: 2.0 });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_a_width_wherever_the_estimate_falls() {
        let settings = IntervalSettings::default();
        let interval = |raw: f64| settings.up_to_two("α", raw, 0.1).unwrap();
        let width = settings.confidence.gaussian_width();
        let inside = interval(1.5);
        assert!((inside.lo - (1.5 - 0.1 * width)).abs() < 1e-12 && (inside.hi - (1.5 + 0.1 * width)).abs() < 1e-12);
        for raw in [1.9, 2.0, 2.1, 2.3, 2.5] {
            let found = interval(raw);
            assert!(found.hi == 2.0 && found.lo < found.value && found.hi - found.lo > 0.03, "{raw}: {found:?}");
        }
        assert!(settings.up_to_two("α", 2.51, 0.1).is_err());
    }
}
