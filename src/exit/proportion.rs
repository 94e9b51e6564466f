//! A share of trials with its interval.

use statrs::distribution::{Beta, ContinuousCDF};

use super::{Confidence, Estimate};

/// The share `successes/trials` with the interval of Clopper and Pearson, which covers at least the level for every true share; `None`
/// without trials.
///
/// # References
/// - Clopper, Pearson (1934), *The Use of Confidence or Fiducial Limits*, Biometrika 26.
pub fn proportion(successes: u64, trials: u64, confidence: Confidence) -> Option<Estimate> {
    if trials == 0 || successes > trials {
        return None;
    }
    let (k, n) = (successes as f64, trials as f64);
    let limit = |a: f64, b: f64, p: f64| Beta::new(a, b).ok().map(|law| law.inverse_cdf(p));
    let tail = confidence.tail();
    let lo = if successes == 0 { 0.0 } else { limit(k, n - k + 1.0, tail)? };
    let hi = if successes == trials { 1.0 } else { limit(k + 1.0, n - k, 1.0 - tail)? };
    Some(Estimate { value: k / n, lo, hi })
}

/// The share `successes/trials` with Wilson's interval, which inverts the normal test of a share and covers the level on average; `None` without
/// trials.
///
/// # References
/// - Wilson (1927), *Probable Inference, the Law of Succession, and Statistical Inference*, JASA 22.
pub fn wilson(successes: u64, trials: u64, confidence: Confidence) -> Option<Estimate> {
    if trials == 0 || successes > trials {
        return None;
    }
    let (n, z) = (trials as f64, confidence.gaussian_width());
    let share = successes as f64 / n;
    let scale = 1.0 + z * z / n;
    let centre = (share + 0.5 * z * z / n) / scale;
    let half = z / scale * (share * (1.0 - share) / n + 0.25 * z * z / (n * n)).sqrt();
    let lo = if successes == 0 { 0.0 } else { (centre - half).max(0.0) };
    let hi = if successes == trials { 1.0 } else { (centre + half).min(1.0) };
    Some(Estimate { value: share, lo, hi })
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{Binomial, DiscreteCDF};

    /// At either limit the binomial tail beyond the observed number has the probability outside the interval on that side.
    #[test]
    fn limits_leave_half_the_level_on_either_side() {
        for (k, n) in [(1, 10), (7, 10), (480, 500), (19_880, 20_000)] {
            let share = proportion(k, n, Confidence::DEFAULT).unwrap();
            let above = 1.0 - Binomial::new(share.lo, n).unwrap().cdf(k - 1);
            let below = Binomial::new(share.hi, n).unwrap().cdf(k);
            assert!((above - 0.025).abs() < 1e-6 && (below - 0.025).abs() < 1e-6, "{k}/{n}: {above} {below}");
        }
    }

    /// Wilson's limits are the shares from which the observed one is `z` standard errors away.
    #[test]
    fn wilson_inverts_the_test_of_a_share() {
        for (k, n) in [(1, 10), (7, 10), (480, 500)] {
            let share = wilson(k, n, Confidence::DEFAULT).unwrap();
            for p in [share.lo, share.hi] {
                let z = (share.value - p).abs() / (p * (1.0 - p) / n as f64).sqrt();
                assert!((z - Confidence::DEFAULT.gaussian_width()).abs() < 1e-9, "{k}/{n}: {z}");
            }
        }
        let none = wilson(0, 20, Confidence::DEFAULT).unwrap();
        assert!(none.lo == 0.0 && none.hi > 0.1 && wilson(1, 0, Confidence::DEFAULT).is_none());
    }

    #[test]
    fn ends_are_one_sided() {
        let none = proportion(0, 20, Confidence::DEFAULT).unwrap();
        assert!(none.lo == 0.0 && (none.hi - (1.0 - 0.025f64.powf(0.05))).abs() < 1e-9);
        let all = proportion(20, 20, Confidence::DEFAULT).unwrap();
        assert!(all.hi == 1.0 && (all.lo - 0.025f64.powf(0.05)).abs() < 1e-9);
        assert!(proportion(0, 0, Confidence::DEFAULT).is_none() && proportion(2, 1, Confidence::DEFAULT).is_none());
    }
}
