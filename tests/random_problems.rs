//! The default settings of `jump_adapted` on random problems, for which they were not tuned.
//!
//! `LEVY_ESCAPE_SEED` chooses the problems, `LEVY_ESCAPE_LINE` and `LEVY_ESCAPE_BALLS` their numbers in the long version:
//! `LEVY_ESCAPE_SEED=5 cargo test --release --features slow-tests --test random_problems -- --nocapture many`

mod random;

use std::env;

use levy_escape::landscape::{Basin, Domain, Flat, Quadratic};
use levy_escape::noise::{Alpha, Amplitude, LevyNoise};
use levy_escape::scheme::{Euler, Scheme};
use levy_escape::theory::exact_exit;
use levy_escape::{Adam, Dynamics, JumpAdapted, Problem};
use random::{Case, box_and_its_axes, in_many_dimensions, measure, on_a_line, symmetric_pairs};
use rayon::prelude::*;

/// Largest bias of the accuracy contract, and the number of standard errors beyond it at which a problem fails.
const ALLOWED: f64 = 0.005;
const ERRORS: f64 = 3.0;
/// Probability that an unbiased mean deviates by three standard errors. A mean with the largest allowed bias fails with half of it.
const FALSE_ALARM: f64 = 0.0027;

fn number_of(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} = {text:?} is not a number")))
}

/// Largest number of `n` correct problems that fail, except with probability 10^-3.
fn tolerated(n: u64) -> u64 {
    let mean = n as f64 * FALSE_ALARM;
    let (mut k, mut term) = (0, (-mean).exp());
    let mut sum = term;
    while sum < 0.999 {
        k += 1;
        term *= mean / k as f64;
        sum += term;
    }
    k
}

/// Runs every case at default settings, prints the share outside, the share with a warning and the worst ten, and fails if more are outside
/// than chance explains, or more than 2 % carry a warning.
fn judge(what: &str, cases: Vec<Case>, paths: u64) {
    let scheme = JumpAdapted::default();
    let mut rows: Vec<(f64, f64, f64, bool, String)> = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let found = measure(&case.problem, &scheme, paths, 1000 + number as u64);
        let (bias, error) = (found.mean / case.exact - 1.0, found.standard_error / case.exact);
        rows.push((bias, error, found.events, !found.warnings.is_empty(), case.name.clone()));
    }
    let excess = |row: &(f64, f64, f64, bool, String)| (row.0.abs() - ALLOWED) / row.1;
    let warned = rows.iter().filter(|row| row.3).count();
    let outside: Vec<_> = rows.iter().filter(|row| !row.3 && excess(row) > ERRORS).map(|row| row.4.clone()).collect();
    let events = rows.iter().map(|row| row.2).sum::<f64>() / rows.len() as f64;
    println!(
        "{what}: {} of {} outside .5 % + 3 s.e. ({:.1} %), {warned} with a warning, {events:.0} events a path on average",
        outside.len(),
        rows.len(),
        100.0 * outside.len() as f64 / rows.len() as f64
    );
    rows.sort_by(|a, b| excess(b).total_cmp(&excess(a)));
    for (bias, error, events, warns, name) in rows.iter().take(10) {
        let mark = if *warns { " (warned)" } else { "" };
        println!("  {:+.2} ± {:.2} %, {events:.0} events{mark}: {name}", 100.0 * bias, 100.0 * error);
    }
    assert!(outside.len() as u64 <= tolerated(rows.len() as u64), "{what}: {outside:#?}");
    assert!(warned * 50 <= rows.len(), "{what}: {warned} of {} carry a warning", rows.len());
}

fn cases(count: u64, draw: fn(u64, u64) -> Case) -> Vec<Case> {
    let seed = number_of("LEVY_ESCAPE_SEED", 20_201_206);
    (0..count).into_par_iter().map(|number| draw(seed, number)).collect()
}

#[test]
fn some_problems_on_a_line() {
    judge("line", cases(40, on_a_line), 40_000);
}

#[test]
fn some_problems_in_many_dimensions() {
    judge("balls and ellipsoids", cases(20, in_many_dimensions), 20_000);
}

#[cfg(feature = "slow-tests")]
#[test]
fn many_problems() {
    judge("line", cases(number_of("LEVY_ESCAPE_LINE", 375), on_a_line), 300_000);
    judge("balls and ellipsoids", cases(number_of("LEVY_ESCAPE_BALLS", 125), in_many_dimensions), 100_000);
}

/// Relative difference of the two means of every pair, in units of the tolerance: .5 % for each mean and three standard errors.
fn differences(number: u64, twist: f64, paths: u64) -> Vec<(&'static str, f64)> {
    let seed = number_of("LEVY_ESCAPE_SEED", 20_201_206);
    let scheme = JumpAdapted::default();
    let difference = |pair: random::Pair| {
        let (a, b) = (measure(&pair.a, &scheme, paths, 1), measure(&pair.b, &scheme, paths, 2));
        let error = (a.standard_error / a.mean).hypot(b.standard_error / b.mean);
        (pair.name, (b.mean / (a.mean * pair.times) - 1.0).abs() / (2.0 * ALLOWED + ERRORS * error))
    };
    symmetric_pairs(seed, number, twist).into_iter().map(difference).collect()
}

/// 20 comparisons, one fails by chance with a probability below 10^-3 if the bias of both means is below .3 %.
#[test]
fn symmetries_hold() {
    for number in 0..4 {
        for (name, difference) in differences(number, 1.0, 20_000) {
            println!("{number} {name}: {difference:.2}");
            assert!(difference < 1.0, "{number}: {name}: {difference}");
        }
    }
}

/// Power: noise that is 10 % too strong moves the mean by 4 to 20 %, and every symmetry must detect it.
#[test]
fn slightly_broken_symmetries_are_noticed() {
    for (name, difference) in differences(0, 1.1, 40_000) {
        println!("{name}: {difference:.2}");
        assert!(difference > 1.0, "{name}: {difference}");
    }
}

/// Largest distance between the survival of a box and the product over its axes at three times, in units of the tolerance: .5 % and three
/// standard errors.
fn distance_from_the_product(number: u64, twist: f64, paths: u64) -> f64 {
    let seed = number_of("LEVY_ESCAPE_SEED", 20_201_206);
    let scheme = JumpAdapted::default();
    let (whole, axes) = box_and_its_axes(seed, number, twist);
    let whole = measure(&whole, &scheme, paths, 1);
    let axes: Vec<_> = axes.iter().zip(2..).map(|(axis, seed)| measure(axis, &scheme, paths, seed)).collect();
    let survival = |times: &[f64], t: f64| times.iter().filter(|x| **x > t).count() as f64 / paths as f64;
    let relative = |s: f64| (1.0 - s) / (s * paths as f64);
    let at = |t: f64| {
        let found = survival(&whole.times, t);
        let of_axes: Vec<f64> = axes.iter().map(|axis| survival(&axis.times, t)).collect();
        let product: f64 = of_axes.iter().product();
        let error = product * (relative(found) + of_axes.iter().map(|s| relative(*s)).sum::<f64>()).sqrt();
        (found - product).abs() / (ALLOWED + ERRORS * error)
    };
    [0.3, 1.0, 2.0].map(|share| at(share * whole.mean)).into_iter().fold(0.0, f64::max)
}

#[test]
fn survival_of_a_box_is_the_product_over_its_axes() {
    for number in 0..2 {
        let distance = distance_from_the_product(number, 1.0, 40_000);
        println!("{number}: {distance:.2}");
        assert!(distance < 1.0, "{number}: {distance}");
    }
    let broken = distance_from_the_product(0, 1.1, 40_000);
    assert!(broken > 1.0, "noise that is 10 % too strong goes unnoticed: {broken}");
}

/// A curvature of 0 on some axes. Where the other axis has next to no noise the mean is that of Getoor without force; in a ball it is that of a
/// curvature of 10^-12. Power: a curvature of 1 on that axis moves every mean by more.
#[test]
fn axes_without_force_are_free() {
    let alpha = Alpha::new(1.6).unwrap();
    let problem = |curvature: f64, [epsilon, first]: [f64; 2], domain: Domain, dynamics: &Dynamics| {
        let basin = Basin::new(Quadratic::new(vec![1.0, curvature]).unwrap(), domain).unwrap();
        let noise = LevyNoise::new(alpha, epsilon).unwrap().with_amplitude(Amplitude::Diagonal(vec![first, 1.0]));
        Problem::new(basin, dynamics.clone(), noise).unwrap()
    };
    let (jumps, euler) = (JumpAdapted::default(), Euler::default());
    let side = || Domain::Box(vec![[-1.0, 1.0]; 2]);
    let flat = Basin::new(Flat::new(1).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
    let line = Problem::new(flat, Dynamics::Sgd, LevyNoise::new(alpha, 0.3).unwrap()).unwrap();
    let line = exact_exit(&line).unwrap().mean(0.0).unwrap();
    for scheme in [&jumps as &dyn Scheme, &euler] {
        let found = measure(&problem(0.0, [0.3, 1e-6], side(), &Dynamics::Sgd), scheme, 5_000, 1);
        assert!(
            (found.mean - line).abs() < ALLOWED * line + ERRORS * found.standard_error,
            "{}: {}",
            scheme.name(),
            found.mean
        );
    }
    let adam = Dynamics::Adam(Adam::new(1.0, 0.1).unwrap());
    for dynamics in [Dynamics::Sgd, adam] {
        let at = |curvature: f64, seed: u64| {
            measure(&problem(curvature, [0.7, 1.0], Domain::ball(1.0), &dynamics), &jumps, 6_000, seed)
        };
        let (flat, curved, steep) = (at(0.0, 1), at(1e-12, 2), at(1.0, 3));
        let error = flat.standard_error.hypot(curved.standard_error);
        let what = format!("{dynamics:?}: {} {} {}", flat.mean, curved.mean, steep.mean);
        assert!((flat.mean - curved.mean).abs() < 2.0 * ALLOWED * flat.mean + ERRORS * error, "{what}");
        assert!((flat.mean - steep.mean).abs() > 2.0 * ALLOWED * flat.mean + ERRORS * error, "power: {what}");
    }
}
