//! # Hill's estimator
//!
//! From the `k` largest magnitudes, `x_(1) >= … >= x_(k) >= x_(k+1)`: `1/α̂ = 1/k Σ_{i<=k} log(x_(i)/x_(k+1))`.
//!
//! It assumes only that the tail is a power law beyond `x_(k+1)`. For a stable law with α near 2 this holds only very far out, so
//! `α̂` is far too high (above 2) unless `k` is tiny compared with `n`. For a power-law tail, `2kα/α̂` has the χ² law with `2k`
//! degrees of freedom, which gives the interval. It assumes independent entries and does not include bias.
//!
//! # References
//! - Hill (1975), *A Simple General Approach to Inference About the Tail of a Distribution*, Ann. Statist. 3.

use statrs::distribution::{ContinuousCDF, Gamma};

use crate::exit::Estimate;
use crate::tail::{IntervalSettings, Settings, TailError, TailIndex, TailSample};

/// Hill's estimator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hill {
    /// `k`, the largest magnitudes used; `None` means `⌊√n⌋`, which needs 100 entries.
    pub order: Option<usize>,
}

/// Fewest entries for which the default order is at most a tenth of them.
const FEWEST: usize = 100;

impl Hill {
    /// With `k = ⌊√n⌋`.
    pub const DEFAULT: Hill = Hill { order: None };

    pub(in crate::tail) fn estimate(
        self,
        sample: &TailSample,
        settings: &IntervalSettings,
    ) -> Result<TailIndex, TailError> {
        let mut magnitudes = sample.magnitudes();
        let n = magnitudes.len();
        if self.order.is_none() {
            sample.at_least(FEWEST)?;
        }
        let order = self.order.unwrap_or_else(|| n.isqrt());
        if order < 2 || order >= n {
            return Err(TailError::Order { order, n });
        }
        let (largest, threshold, _) = magnitudes.select_nth_unstable_by(order, |a, b| b.total_cmp(a));
        let k = order as f64;
        let log = threshold.ln();
        let inverse = largest.iter().map(|x| x.ln() - log).sum::<f64>() / k;
        let nothing = TailError::NoIndex { what: "the mean log excess", value: inverse };
        if !(inverse > 0.0 && inverse.is_finite()) {
            return Err(nothing);
        }
        let Ok(law) = Gamma::new(k, k) else { return Err(nothing) };
        let (value, tail) = (1.0 / inverse, settings.confidence.tail());
        let limit = |p: f64| value * law.inverse_cdf(p);
        Ok(TailIndex {
            estimator: "hill",
            alpha: Estimate { value, lo: limit(tail), hi: limit(1.0 - tail) },
            scale: None,
            location: sample.location(),
            n,
            zero_share: sample.zero_share(),
            settings: Settings::Hill { order },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};
    use crate::tail::Centre;

    fn pareto(alpha: f64, n: usize, path: u64) -> TailSample {
        let mut stream = Stream::new(Seed(7), 0, path);
        let data: Vec<f64> = (0..n).map(|_| stream.open01().powf(-1.0 / alpha)).collect();
        TailSample::new(&data, Centre::Zero).unwrap()
    }

    /// On a Pareto law the interval is exact: 1,000 repeats cover within 4.5 standard errors, 3.1 %. Power: at an index
    /// 10 % off it covers less than 85 %.
    #[test]
    fn the_interval_is_exact_for_a_power_law() {
        let hill = Hill { order: Some(200) };
        let covered = |alpha: f64| {
            let holds = |path| {
                let index = hill.estimate(&pareto(1.5, 400, path), &IntervalSettings::default()).unwrap();
                index.alpha.contains(alpha)
            };
            (0..1000).filter(|path| holds(*path)).count()
        };
        assert!((919..=981).contains(&covered(1.5)), "{}", covered(1.5));
        assert!(covered(1.65) < 850, "{}", covered(1.65));
    }

    #[test]
    fn orders_that_do_not_exist_are_refused() {
        let sample = pareto(1.5, 10, 0);
        for order in [0, 1, 10, 11] {
            assert!(Hill { order: Some(order) }.estimate(&sample, &IntervalSettings::default()).is_err(), "{order}");
        }
        let tied = TailSample::new(&[1.0, -1.0, 1.0, 1.0], Centre::Zero).unwrap();
        assert!(Hill { order: Some(2) }.estimate(&tied, &IntervalSettings::default()).is_err());
    }
}
