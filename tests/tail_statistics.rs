//! The estimators of the tail index on SαS samples: errors and coverage. Minutes, not seconds:
//! `cargo test --release --features slow-tests --test tail_statistics -- --nocapture`.

mod tail_reference;

use levy_escape::noise::Alpha;
use levy_escape::tail::Estimator;
use tail_reference::{ALPHAS, Errors, errors};

const N: usize = 100_000;
const REPEATS: u64 = 200;

/// The largest root-mean-square error allowed. Estimates of 200 repeats have an error of 5 % in it.
const BOUNDS: [(Estimator, f64); 4] = [
    (Estimator::MAXIMUM_LIKELIHOOD, 0.01),
    (Estimator::KOUTROUVELIS, 0.01),
    (Estimator::MCCULLOCH, 0.03),
    (Estimator::MOHAMMADI, 0.06),
];

/// Coverage over the 1,000 repeats of an estimator: 93 to 97 % is 95 % within 2.9 standard errors; false-positive rate 1.5 % for the
/// four estimators together, at a fixed seed. Hill is printed: its bias is not the sample's.
#[test]
fn errors_and_coverage_of_all_estimators() {
    let mut failures = Vec::new();
    for estimator in Estimator::ALL {
        let bound = BOUNDS.iter().find(|(one, _)| *one == estimator).map(|(_, bound)| *bound);
        let rows: Vec<(f64, Errors)> =
            ALPHAS.iter().map(|alpha| (*alpha, errors(estimator, Alpha::new(*alpha).unwrap(), N, REPEATS))).collect();
        for (alpha, row) in &rows {
            println!("{:>18} α = {alpha}: {row}", estimator.name());
            if bound.is_some_and(|bound| row.root_mean_square > bound) {
                failures.push(format!("{} α = {alpha}: {row}", estimator.name()));
            }
        }
        let coverage = rows.iter().map(|(_, row)| row.coverage).sum::<f64>() / rows.len() as f64;
        println!("{:>18} coverage {:.1} %", estimator.name(), 100.0 * coverage);
        if bound.is_some() && !(0.93..=0.97).contains(&coverage) {
            failures.push(format!("{} covers {coverage}", estimator.name()));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Gaussian data: 2 lies in the interval of every estimator that knows no other law than a stable one, in at least 93 % of the repeats.
#[test]
fn gaussian_data_have_the_index_two() {
    for (estimator, _) in BOUNDS {
        let row = errors(estimator, Alpha::GAUSSIAN, N, REPEATS);
        println!("{:>18} α = 2: {row}", estimator.name());
        assert!(row.coverage >= 0.93, "{} {row}", estimator.name());
    }
}
