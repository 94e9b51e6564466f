//! Coverage of the intervals of this module: one table of all estimators.

use rand::RngExt;
use rand_distr::Exp1;

use super::*;
use crate::noise::{Seed, Stream};

/// `n` exponential times of the given mean, followed up to `limit`.
pub(super) fn exponential_sample(rng: &mut Stream, n: usize, mean: f64, limit: Option<f64>) -> ExitSample {
    let limit = limit.unwrap_or(f64::INFINITY);
    let times: Vec<f64> = (0..n).map(|_| mean * rng.sample::<f64, _>(Exp1)).collect();
    let (exits, late): (Vec<f64>, Vec<f64>) = times.into_iter().partition(|&t| t <= limit);
    ExitSample::new(exits, vec![limit; late.len()], 0).unwrap()
}

/// Time, in means, by which 70 % of the paths have left.
const SEVENTY_PERCENT: f64 = 1.203_972_804_325_936;
const LEVEL: Confidence = Confidence::DEFAULT;
const REPEATS: u64 = 1000;

/// Range in which the coverage of a 95 % interval over 1,000 repeats must lie: 2.9 standard errors about .95. At exactly 95 % one share falls
/// outside with probability .004.
fn promised(share: f64) -> bool {
    (0.93..=0.97).contains(&share)
}

/// Share of the repeats in which `interval` contains `truth`.
fn coverage(cell: u64, truth: f64, interval: impl Fn(&mut Stream) -> Estimate) -> f64 {
    let hits = (0..REPEATS).filter(|&path| interval(&mut Stream::new(Seed(95), cell, path)).contains(truth)).count();
    hits as f64 / REPEATS as f64
}

fn mean(rng: &mut Stream, n: usize, mean: f64, limit: Option<f64>) -> Estimate {
    let sample = exponential_sample(rng, n, mean, limit.map(|t| t * mean));
    mean_exit_time(&sample, LEVEL).unwrap().estimate
}

fn slope(rng: &mut Stream, limit: Option<f64>) -> Estimate {
    let levels = [0.3f64, 0.1, 0.03, 0.01, 0.003].map(|epsilon| {
        let estimate = mean(rng, 500, epsilon.powf(-1.5), limit);
        LevelMean::new(epsilon, estimate, LEVEL).unwrap()
    });
    fit_slope(&levels, LEVEL).unwrap().slope
}

/// 12 shares, false-positive rate 5 %; the seed is fixed.
#[test]
fn intervals_cover_complete_and_with_30_percent_censored() {
    type Interval = fn(&mut Stream, Option<f64>) -> Estimate;
    let table: [(&str, f64, Interval); 6] = [
        ("mean", 2.0, |rng, limit| mean(rng, 500, 2.0, limit)),
        ("rate", 1.0, |rng, limit| exit_rate(&exponential_sample(rng, 500, 1.0, limit), LEVEL).unwrap()),
        ("rate of 20 paths", 1.0, |rng, limit| exit_rate(&exponential_sample(rng, 20, 1.0, limit), LEVEL).unwrap()),
        ("slope", -1.5, slope),
        ("ratio", 3.0, |rng, limit| ratio_of_means(mean(rng, 400, 3.0, limit), mean(rng, 200, 1.0, limit)).unwrap()),
        ("survival", (-0.5f64).exp(), |rng, limit| {
            SurvivalCurve::new(&exponential_sample(rng, 200, 1.0, limit), LEVEL).unwrap().at(0.5).unwrap()
        }),
    ];
    for (line, (name, truth, interval)) in table.into_iter().enumerate() {
        for limit in [None, Some(SEVENTY_PERCENT)] {
            let share = coverage(line as u64, truth, |rng| interval(rng, limit));
            assert!(promised(share), "{name}, limit {limit:?}: {share}");
        }
    }
}

/// 8 shares, false-positive rate 3 %; the seed is fixed.
#[test]
fn the_laplace_transform_covers_on_both_sides_of_minus_one_half() {
    let arguments = [-0.8, -0.4, 0.5, 3.0];
    for (cell, limit) in [None, Some(SEVENTY_PERCENT)].into_iter().enumerate() {
        let mut hits = [0; 4];
        for path in 0..REPEATS {
            let sample = exponential_sample(&mut Stream::new(Seed(96), cell as u64, path), 20_000, 1.0, limit);
            let transform = LaplaceTransform::new(&sample, 1.0, LEVEL).unwrap();
            for (hits, u) in hits.iter_mut().zip(arguments) {
                *hits += u64::from(transform.at(u).unwrap().contains(1.0 / (1.0 + u)));
            }
        }
        let shares = hits.map(|hits| hits as f64 / REPEATS as f64);
        assert!(shares.into_iter().all(promised), "limit {limit:?}: {shares:?} at {arguments:?}");
    }
}

/// Power: the wrong methods that these tests guard against must fail. They are a mean over the paths that left, without the others;
/// the Gaussian interval of the sample mean of `e^(.8Γ)`, whose variance is infinite; and a level of 90 % labelled 95 %.
#[test]
fn wrong_intervals_are_found_out() {
    let dropped = coverage(20, 1.0, |rng| {
        let sample = exponential_sample(rng, 500, 1.0, Some(SEVENTY_PERCENT));
        let kept = ExitSample::new(sample.exit_times().to_vec(), vec![], 0).unwrap();
        mean_exit_time(&kept, LEVEL).unwrap().estimate
    });
    let naive = coverage(21, 5.0, |rng| {
        let grown = exponential_sample(rng, 20_000, 1.0, None).exit_times().iter().map(|t| (0.8 * t).exp()).collect();
        mean_exit_time(&ExitSample::new(grown, vec![], 0).unwrap(), LEVEL).unwrap().estimate
    });
    let oversold = coverage(22, 1.0, |rng| {
        exit_rate(&exponential_sample(rng, 500, 1.0, None), Confidence::new(0.9).unwrap()).unwrap()
    });
    for share in [dropped, naive, oversold] {
        assert!(share < 0.93, "{dropped} {naive} {oversold}");
    }
}
