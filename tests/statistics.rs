//! Every scheme against every exact mean, with the sample sizes that .5 % needs. Minutes, not seconds:
//! `cargo test --release --features slow-tests --test statistics -- --nocapture`.

mod reference;

use levy_escape::scheme::{Euler, JumpAdapted, Monitoring, Scheme};
use nalgebra::DMatrix;
use reference::{
    Reference, getoor, mean, ornstein_uhlenbeck, ornstein_uhlenbeck_table, records, ryznar, skewed, wells, within,
};

fn free_table() -> Vec<Reference> {
    let mut rows = Vec::new();
    for alpha in [0.8, 1.0, 1.2, 1.5, 1.8] {
        rows.extend([getoor(alpha, 1, 0.0), getoor(alpha, 2, 0.0), getoor(alpha, 2, 0.5), getoor(alpha, 5, 0.0)]);
        rows.extend([ryznar(alpha, DMatrix::identity(2, 2), 0.0), ryznar(alpha, DMatrix::identity(5, 5), 0.0)]);
        rows.extend([ryznar(alpha, skewed(), 0.0), ryznar(alpha, skewed(), 0.5)]);
    }
    rows
}

fn all_within(rows: &[Reference], scheme: &dyn Scheme, tolerance: f64, paths: u64) {
    let failures: Vec<String> = rows.iter().filter_map(|row| within(row, scheme, tolerance, paths).err()).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

/// A bias of .5 % is rejected with 99 % power; at a true bias of .2 % a row fails with a probability of 1 %.
#[test]
fn jump_adapted_is_exact_to_half_a_percent() {
    let rows: Vec<Reference> = ornstein_uhlenbeck_table().into_iter().chain(wells()).chain(free_table()).collect();
    all_within(&rows, &JumpAdapted::default(), 0.005, 2_500_000);
}

/// Euler where a path takes some thousand steps. Its own bias at the default step is up to .3 %.
#[test]
fn euler_is_exact_to_one_percent() {
    let rows = [
        ornstein_uhlenbeck(1.5, 1.0, 0.0, 0.948764),
        ornstein_uhlenbeck(1.5, 0.5, 0.0, 3.82717),
        ornstein_uhlenbeck(1.8, 0.5, 0.0, 4.383526),
        ornstein_uhlenbeck(2.0, 1.0, 0.0, 0.595749),
        ornstein_uhlenbeck(2.0, 0.5, 0.0, 4.501602),
        getoor(1.2, 1, 0.0),
        getoor(1.5, 2, 0.0),
        ryznar(1.8, skewed(), 0.0),
    ];
    all_within(&rows, &Euler::default(), 0.01, 400_000);
}

/// At `ε = .1` a path takes 75,000 to 108,000 steps, a millisecond or more: 120,000 paths resolve 1.5 %.
#[test]
fn euler_at_small_noise_is_exact_to_what_it_can_resolve() {
    let rows = [ornstein_uhlenbeck(1.5, 0.1, 0.0, 75.126), ornstein_uhlenbeck(1.8, 0.1, 0.0, 326.232)];
    all_within(&rows, &Euler::default(), 0.015, 120_000);
}

/// At one step the shifted edge is nearer to the truth than the edge itself, for every row with `α > 1`.
#[test]
fn corrected_monitoring_beats_discrete() {
    for (row, step) in [
        (ornstein_uhlenbeck(1.2, 0.5, 0.0, 3.1142), 0.004),
        (ornstein_uhlenbeck(1.5, 0.5, 0.0, 3.82717), 0.008),
        (ornstein_uhlenbeck(1.8, 0.5, 0.0, 4.383526), 0.01),
    ] {
        let bias = |monitoring| {
            let euler = Euler::with_step(step).unwrap().monitoring(monitoring);
            let (mean, _) = mean(&records(&row, &euler, 100_000, 3));
            mean / row.mean - 1.0
        };
        let (corrected, discrete) = (bias(Monitoring::Corrected), bias(Monitoring::Discrete));
        println!("{} h={step}: corrected {:+.2} %, discrete {:+.2} %", row.name, 100.0 * corrected, 100.0 * discrete);
        assert!(corrected.abs() < discrete.abs(), "{}: {corrected} {discrete}", row.name);
    }
}
