//! Schemes against exact references, the part that runs with every test. The larger one is `tests/statistics.rs`.

mod reference;

use levy_escape::scheme::{Departure, Euler, JumpAdapted, Outcome, Side};
use nalgebra::DMatrix;
use reference::{getoor, mean, ornstein_uhlenbeck, ornstein_uhlenbeck_table, records, ryznar, skewed, wells, within};
use statrs::distribution::{Beta, ContinuousCDF};

/// Means within 1 %: rejected with 99 % power at a bias of 1 %. The largest bias known is .3 %, which 400,000 paths pass as
/// wrong with a probability below 1 % a row.
#[test]
fn jump_adapted_means_are_exact_to_one_percent() {
    let mut rows = ornstein_uhlenbeck_table();
    rows.extend(wells());
    for alpha in [1.2, 1.5, 1.8] {
        rows.extend([getoor(alpha, 1, 0.0), getoor(alpha, 2, 0.5), getoor(alpha, 3, 0.0)]);
        rows.extend([ryznar(alpha, DMatrix::identity(2, 2), 0.0), ryznar(alpha, skewed(), 0.3)]);
    }
    rows.extend([getoor(0.8, 1, 0.0), getoor(1.0, 2, 0.0)]);
    let failures: Vec<String> =
        rows.iter().filter_map(|row| within(row, &JumpAdapted::default(), 0.01, 400_000).err()).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

/// The same rows, fewer, for Euler, whose paths cost 50 times more.
#[test]
fn euler_means_are_exact_to_two_percent() {
    let rows = [
        ornstein_uhlenbeck(1.5, 1.0, 0.0, 0.948764),
        ornstein_uhlenbeck(2.0, 1.0, 0.0, 0.595749),
        getoor(1.5, 1, 0.0),
        ryznar(1.5, skewed(), 0.0),
    ];
    let failures: Vec<String> =
        rows.iter().filter_map(|row| within(row, &Euler::default(), 0.02, 60_000).err()).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

/// The test above must reject a mean that is 2 % off and unfinished paths that are dropped.
#[test]
fn a_slightly_wrong_mean_is_rejected() {
    let mut wrong = ornstein_uhlenbeck(1.5, 0.5, 0.0, 3.82717);
    wrong.mean *= 1.02;
    assert!(within(&wrong, &JumpAdapted::default(), 0.01, 100_000).is_err());
    let right = ornstein_uhlenbeck(1.5, 0.5, 0.0, 3.82717);
    let all = records(&right, &JumpAdapted::default(), 100_000, 1);
    let kept: Vec<_> = all.into_iter().filter(|r| r.outcome.exit_time().is_some_and(|t| t < 10.0)).collect();
    let (mean, error) = mean(&kept);
    assert!((mean - right.mean).abs() > 10.0 * error);
}

/// From the centre of a ball `1/|X_Γ|² ~ Beta(α/2, 1-α/2)` (Blumenthal, Getoor, Ray 1961). Overshoots below 1.05 belong to the
/// small-jump part, which creeps; the law is compared beyond. Kolmogorov distance of 100,000 paths: rejected above 1.95/√n,
/// false-positive rate .1 % a row.
#[test]
fn overshoot_has_the_law_of_blumenthal_getoor_and_ray() {
    for (alpha, dim) in [(1.2, 1), (1.5, 2), (1.8, 3)] {
        let row = getoor(alpha, dim, 0.0);
        let all = records(&row, &JumpAdapted::default(), 100_000, 5);
        let law = Beta::new(0.5 * alpha, 1.0 - 0.5 * alpha).unwrap();
        let mut values: Vec<f64> =
            all.iter().filter_map(|r| r.outcome.site()).map(|site| site.overshoot.powi(-2)).collect();
        values.sort_by(f64::total_cmp);
        let n = values.len() as f64;
        let cut = 1.05f64.powi(-2);
        let distance = |wrong: f64| {
            let gap = |(i, v): (usize, &f64)| ((i as f64 + 0.5) / n - law.cdf((v * wrong).min(1.0))).abs();
            values.iter().enumerate().filter(|(_, v)| **v < cut).map(gap).fold(0.0, f64::max)
        };
        // The Brownian part in place of the small jumps moves the law by its own share of the bias.
        let bound = 1.95 / n.sqrt() + 0.003;
        assert!(distance(1.0) < bound, "α={alpha} d={dim}: {}", distance(1.0));
        assert!(distance(1.06) > bound, "power: α={alpha} d={dim}: {}", distance(1.06));
    }
}

/// The exit of a centred interval is even, a jump out of it Pareto: shares at 4 standard errors.
#[test]
fn sides_are_even_and_jumps_outnumber_creeping_where_noise_is_small() {
    let row = ornstein_uhlenbeck(1.5, 0.1, 0.0, 75.126);
    let all = records(&row, &JumpAdapted::default(), 40_000, 9);
    let sites: Vec<_> = all
        .iter()
        .filter_map(|r| match r.outcome {
            Outcome::Exited { site, .. } => Some(site),
            _ => None,
        })
        .collect();
    let n = sites.len() as f64;
    let plus = sites.iter().filter(|s| s.side == Side::Plus).count() as f64 / n;
    assert!((plus - 0.5).abs() < 4.0 * 0.5 / n.sqrt(), "{plus}");
    let jumps = sites.iter().filter(|s| s.by == Departure::Jump).count() as f64 / n;
    assert!(jumps > 0.98, "{jumps}");
}
