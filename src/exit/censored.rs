//! # Whether a censored sample is exponential
//!
//! The mean of a sample that was censored at a fixed time `T` is `1/λ̂`, which assumes that `Γ` is exponential. Two estimates of `λ` follow
//! from the same sample: the maximum-likelihood rate `λ̂ = d/R` of `d` exits in a total time at risk `R`, and the rate
//! `λ̃ = -ln(1 - d/n)/T` of the share that left. Under the exponential law both are consistent and `λ̂` is efficient, so that
//!
//! `H = (λ̃ - λ̂)² / (V(λ̃) - V(λ̂))`, `V(λ̃) = p/(n (1-p) T²)`, `V(λ̂) = λ²/(n p)`, `p = 1 - e^(-λT)`
//!
//! is `χ²(1)` for many exits. A hazard that rises from 0, as for paths that first have to diffuse to the edge, moves the exits towards
//! `T` and `H` away from 0.
//!
//! # References
//! - Hausman (1978), *Specification Tests in Econometrics*, Econometrica 46.
//! - Lawless (2003), *Statistical Models and Methods for Lifetime Data*, 2nd ed., section 4.1.

use statrs::function::erf::erfc;
use std::f64::consts::SQRT_2;

use super::{Confidence, ExitMoments, proportion};

/// Fewest exits, and fewest censored paths, at which `H` is close to its limiting law.
const FEWEST: usize = 30;

/// `p` value of the exponential law for paths that were all censored at `time`; `None` if fewer than 30 left, fewer than 30 were
/// censored, or a path was censored before `time`.
pub fn exponential_p_value(moments: &ExitMoments, time: f64) -> Option<f64> {
    let (exits, censored) = (moments.exited(), moments.censored());
    if exits < FEWEST || censored < FEWEST || moments.first_censoring_time() != Some(time) {
        return None;
    }
    let (n, exits) = (moments.followed() as f64, exits as f64);
    let likelihood = exits / moments.time_at_risk();
    let share = -(censored as f64 / n).ln() / time;
    // In units of λ: with a = λT, V(λ̃) - V(λ̂) = λ²/n ((e^a - 1)/a² - 1/(1 - e^-a)), of order λ²/(12 n) a for small a.
    let a = likelihood * time;
    let excess = if a < 1e-3 { a / 12.0 } else { a.exp_m1() / (a * a) + 1.0 / (-a).exp_m1() };
    let h = (share / likelihood - 1.0).powi(2) * n / excess;
    Some(erfc(h.sqrt() / SQRT_2))
}

/// `E min(Γ, time)`: the mean up to the time limit, without assumptions about the law beyond it. `None` if a path was censored before
/// `time`, or if no path was followed.
pub fn restricted_mean(moments: &ExitMoments, time: f64) -> Option<f64> {
    let at_limit = moments.first_censoring_time().is_none_or(|first| first == time);
    (at_limit && moments.followed() > 0).then(|| moments.time_at_risk() / moments.followed() as f64)
}

/// Lower limit of `E Γ` for paths of any law that were censored at `time` or earlier, with an error of at most `(1 - level)/2` for every
/// number of paths; `None` if no path was censored, or none was followed.
///
/// It is the larger of two limits, each with half of that error. With `c` the first censoring time and `p₊` the limit of Clopper and Pearson for
/// the share that left, `E Γ ≥ c P(Γ > c) ≥ c (1 - p₊)`. If every censored path was followed up to `time`, Hoeffding's inequality for
/// `min(Γ, time)`, of mean `R` over `n` paths, gives `E Γ ≥ R - time √(ln(1/error)/(2n))`.
///
/// # References
/// - Hoeffding (1963), *Probability Inequalities for Sums of Bounded Random Variables*, JASA 58.
pub fn mean_at_least(moments: &ExitMoments, time: f64, confidence: Confidence) -> Option<f64> {
    let (first, followed) = (moments.first_censoring_time()?, moments.followed());
    // Clopper and Pearson's interval has an error on either side: that of this level is half of the other's.
    let half = Confidence::new(1.0 - confidence.tail()).ok()?;
    let left = proportion(moments.exited() as u64, followed as u64, half)?;
    let by_share = first * (1.0 - left.hi);
    let width = ((1.0 / half.tail()).ln() / (2.0 * followed as f64)).sqrt();
    let by_mean = restricted_mean(moments, time).map(|mean| mean - time * width);
    Some(by_mean.map_or(by_share, |by_mean| by_share.max(by_mean)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};

    /// `n` paths whose survival function is `exp(-t^shape)`, censored at `time`.
    fn sample(n: u64, shape: f64, time: f64, seed: u64) -> ExitMoments {
        let mut stream = Stream::new(Seed(seed), 0, 0);
        let mut moments = ExitMoments::default();
        for _ in 0..n {
            let t = (-stream.open01().ln()).powf(1.0 / shape);
            if t < time { moments.exit(t) } else { moments.censor(time) }
        }
        moments
    }

    /// The share of p values below .05 over 2,000 samples is .05 ± .0049 (one standard error); 4.5 of them are allowed.
    #[test]
    fn exponential_samples_are_rejected_as_often_as_stated() {
        for (n, time) in [(500, 0.3), (2_000, 0.05), (300, 1.5)] {
            let rejected = (0..2_000)
                .filter(|seed| exponential_p_value(&sample(n, 1.0, time, *seed), time).is_some_and(|p| p < 0.05))
                .count();
            assert!((rejected as f64 / 2_000.0 - 0.05).abs() < 0.022, "{n} {time}: {rejected}");
        }
    }

    /// A hazard that rises as `t^.2` is rejected at 10^-3 in nine of ten samples of 4,000 paths of which a third left.
    #[test]
    fn another_law_is_rejected() {
        let rejected =
            (0..200).filter(|seed| exponential_p_value(&sample(4_000, 1.2, 0.45, *seed), 0.45).unwrap() < 1e-3).count();
        assert!(rejected > 180, "{rejected}");
    }

    /// Of 4,000 samples at most 2.5 % plus 4.5 standard errors (.0111) have a limit above the mean, whatever the law and however many leave:
    /// false-positive rate 1e-5. Power: without exits the limit is within a tenth of `time`, with half of the paths above a third of it.
    #[test]
    fn the_lower_limit_holds_for_every_law() {
        for (n, shape, time) in [(200, 1.0, 0.01), (200, 0.5, 0.3), (50, 3.0, 0.8), (400, 1.0, 1.0)] {
            let mean = statrs::function::gamma::gamma(1.0 + 1.0 / shape);
            let limit = |seed| mean_at_least(&sample(n, shape, time, seed), time, Confidence::DEFAULT);
            let above = (0..4_000).filter(|seed| limit(*seed).is_some_and(|limit| limit > mean.min(time))).count();
            assert!((above as f64) < 4_000.0 * (0.025 + 0.0111), "{n} {shape}: {above}");
        }
        let mut inside = ExitMoments::default();
        (0..60).for_each(|_| inside.censor(2.0));
        let limit = mean_at_least(&inside, 2.0, Confidence::DEFAULT).unwrap();
        assert!((limit - 2.0 * 0.0125f64.powf(1.0 / 60.0)).abs() < 1e-6 && limit > 1.8, "{limit}");
        let half = mean_at_least(&sample(400, 1.0, 0.7, 3), 0.7, Confidence::DEFAULT).unwrap();
        assert!(half > 0.55 * 0.7, "{half}");
        // Without a common limit only the share counts.
        let apart = mean_at_least(&inside, f64::INFINITY, Confidence::DEFAULT);
        assert_eq!(apart, Some(limit));
        assert_eq!(mean_at_least(&sample(50, 1.0, 1e9, 2), 1e9, Confidence::DEFAULT), None);
    }

    #[test]
    fn what_is_not_defined_is_none() {
        let mut moments = sample(1_000, 1.0, 0.5, 1);
        let (exits, followed) = (moments.exited(), moments.followed() as f64);
        assert!(
            exits > 100 && exponential_p_value(&moments, 0.6).is_none() && restricted_mean(&moments, 0.6).is_none()
        );
        let mean = restricted_mean(&moments, 0.5).unwrap();
        assert!((mean - (1.0 - (-0.5f64).exp())).abs() < 4.5 * 0.2 / followed.sqrt(), "{mean}");
        moments.censor(0.2);
        assert!(exponential_p_value(&moments, 0.5).is_none() && restricted_mean(&moments, 0.5).is_none());
        assert!(exponential_p_value(&sample(40, 1.0, 0.5, 1), 0.5).is_none());
        assert!(restricted_mean(&ExitMoments::default(), 1.0).is_none());
        let all = sample(50, 1.0, 1e9, 2);
        assert_eq!(restricted_mean(&all, f64::INFINITY), Some(all.time_at_risk() / 50.0));
    }
}
