//! Escapes under tempered and truncated noise: against SαS noise, Euler's scheme and the predicted rates.

use super::super::kernel::{JumpAdapted, JumpAdaptedKernel};
use crate::dynamics::{Adam, Dynamics, Problem, SecondMoment};
use crate::landscape::{Asymmetric, Basin, Domain, Potential, Quadratic};
use crate::noise::{Alpha, LevyNoise, NoiseLaw, Seed};
use crate::scheme::{Euler, Limits, PathKernel, PathRecord, Scheme, SchemeError, StreamSource};
use crate::theory::Prediction;

fn noise(law: NoiseLaw, alpha: f64, epsilon: f64) -> LevyNoise {
    LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap().with_law(law).unwrap()
}

/// `F = x²/2` on (-1, 1).
fn bowl(law: NoiseLaw, alpha: f64, epsilon: f64) -> Problem {
    on_line(Quadratic::new(vec![1.0]).unwrap(), Dynamics::Sgd, noise(law, alpha, epsilon))
}

fn on_line(potential: impl Potential + 'static, dynamics: Dynamics, noise: LevyNoise) -> Problem {
    Problem::new(Basin::new(potential, Domain::interval(-1.0, 1.0)).unwrap(), dynamics, noise).unwrap()
}

fn run(kernel: &dyn PathKernel, cell: u64, paths: u64) -> Vec<PathRecord> {
    let mut records = Vec::new();
    kernel.run(StreamSource { seed: Seed(22), cell }, 0..paths, Limits::default(), &mut records);
    records
}

fn times(kernel: &dyn PathKernel, cell: u64, paths: u64) -> Vec<f64> {
    run(kernel, cell, paths).iter().map(|record| record.outcome.exit_time().unwrap()).collect()
}

/// Mean and its standard error.
fn mean(times: &[f64]) -> [f64; 2] {
    let n = times.len() as f64;
    let mean = times.iter().sum::<f64>() / n;
    let variance = times.iter().map(|t| (t - mean) * (t - mean)).sum::<f64>() / (n - 1.0);
    [mean, (variance / n).sqrt()]
}

/// A cut far beyond the edge leaves the paths of SαS noise, up to rounding: on a line both draw the same numbers.
#[test]
fn a_far_cut_leaves_the_paths_of_stable_noise() {
    let bowl = || Quadratic::new(vec![1.0]).unwrap();
    let kink = || Asymmetric::new(vec![4.0], vec![0.5]).unwrap();
    let adam = Adam::new(1.0, 0.1).unwrap().with_second_moment(SecondMoment::MeanField);
    let of = |law: NoiseLaw, case: usize| {
        let noise = noise(law, [1.5, 1.2, 0.8, 1.5][case], [0.3, 0.05, 0.2, 0.3][case]);
        let problem = match case {
            0 | 2 => on_line(bowl(), Dynamics::Sgd, noise),
            1 => on_line(kink(), Dynamics::Sgd, noise),
            _ => on_line(bowl(), Dynamics::Adam(adam.clone()), noise),
        };
        times(&JumpAdaptedKernel::new(&JumpAdapted::default(), &problem).unwrap().paths_alone(), 0, 200)
    };
    for case in 0..4 {
        let stable = of(NoiseLaw::Stable, case);
        let differing = |at: f64| {
            let cut = of(NoiseLaw::Truncated { at }, case);
            cut.iter().zip(&stable).filter(|(a, b)| (*a / *b - 1.0).abs() > 1e-6).count()
        };
        assert_eq!(differing(1e12), 0, "{case}");
        // A cut ten times as far as the edge.
        assert!(differing(10.0 / [0.3, 0.05, 0.2, 0.3][case]) > 100, "{case}");
    }
}

fn default_kernel(problem: &Problem) -> Box<dyn PathKernel> {
    JumpAdapted::default().prepare(problem).unwrap()
}

/// Weak noise leaves at the rate of the predicted number of jumps: `λ E Γ` of 20,000 paths within 4.5 standard errors of .7 % and 1 % for the
/// finite `ε`. Rates of cuts that are 4 % longer are rejected.
#[test]
fn weak_noise_leaves_at_the_predicted_rate() {
    let epsilon = 0.005;
    let laws = |factor: f64| {
        [NoiseLaw::Tempered { cutoff: 0.25 * factor / epsilon }, NoiseLaw::Truncated { at: 1.2 * factor / epsilon }]
    };
    for (law, wrong) in laws(1.0).into_iter().zip(laws(1.04)) {
        let problem = bowl(law.clone(), 1.5, epsilon);
        let [mean, error] = mean(&times(default_kernel(&problem).as_ref(), 1, 20_000));
        let rate = |problem: &Problem| Prediction::of(problem).unwrap().rate;
        let off = |rate: f64| (rate * mean - 1.0).abs() - 4.5 * error * rate;
        assert!(off(rate(&problem)) < 0.01, "{law}: {} ± {}", mean * rate(&problem), error / mean);
        assert!(off(rate(&bowl(wrong.clone(), 1.5, epsilon))) > 0.01, "{wrong}");
    }
}

/// Strong noise, where no jump leaves alone, where one does, and where the motion is almost Gaussian: means of 20,000 paths against Euler's scheme
/// with 4,000, within 4.5 standard errors of 1.7 % and 1 % for its step: a bias of up to 8 % passes, and a cut that is 30 % longer is rejected.
#[test]
fn strong_noise_leaves_as_by_euler() {
    let truncated = |at: f64| NoiseLaw::Truncated { at };
    let tempered = |cutoff: f64| NoiseLaw::Tempered { cutoff };
    type Law<'a> = &'a dyn Fn(f64) -> NoiseLaw;
    let cases: [(f64, f64, Law<'_>, f64); 4] = [
        (1.5, 0.5, &truncated, 1.4),
        (1.8, 0.6, &truncated, 0.3),
        (1.3, 0.6, &tempered, 1.0),
        (0.8, 0.6, &truncated, 3.0),
    ];
    for (case, (alpha, epsilon, law, cut)) in cases.into_iter().enumerate() {
        let by_events = |cut: f64| mean(&times(default_kernel(&bowl(law(cut), alpha, epsilon)).as_ref(), 2, 20_000));
        let euler = Euler::with_step(0.005).unwrap().prepare(&bowl(law(cut), alpha, epsilon)).unwrap();
        let [reference, its_error] = mean(&times(euler.as_ref(), 3, 4_000));
        let off = |[mean, error]: [f64; 2]| (mean - reference).abs() - 4.5 * error.hypot(its_error) - 0.01 * reference;
        let found = by_events(cut);
        assert!(off(found) < 0.0, "{case}: {found:?} {reference} ± {its_error}");
        assert!(off(by_events(1.3 * cut)) > 0.0, "{case}");
    }
}

/// Axes of a square are independent: the time is the smaller of two times on lines. Means of 20,000 paths, the second pair as a control, within 4.5
/// standard errors (1 %); the time on one line is rejected.
#[test]
fn a_square_is_left_by_the_first_of_its_axes() {
    let law = || NoiseLaw::Truncated { at: 1.4 };
    let square = Basin::new(Quadratic::new(vec![1.0; 2]).unwrap(), Domain::Box(vec![[-1.0, 1.0]; 2])).unwrap();
    let square = Problem::new(square, Dynamics::Sgd, noise(law(), 1.5, 0.5)).unwrap();
    let together = mean(&times(default_kernel(&square).as_ref(), 4, 20_000));
    let line = default_kernel(&bowl(law(), 1.5, 0.5));
    let [one, other] = [5, 6].map(|cell| times(line.as_ref(), cell, 20_000));
    let first: Vec<f64> = one.iter().zip(&other).map(|(a, b)| a.min(*b)).collect();
    let off = |[mean, error]: [f64; 2]| (mean - together[0]).abs() / error.hypot(together[1]);
    assert!(off(mean(&first)) < 4.5 && off(mean(&one)) > 4.5, "{together:?} {:?}", mean(&first));
}

#[test]
fn laws_that_are_not_drawn_are_refused() {
    let check = |problem: &Problem| JumpAdapted::default().check(problem);
    assert!(check(&bowl(NoiseLaw::Truncated { at: 3.0 }, 1.5, 0.1)).is_ok());
    let error = check(&bowl(NoiseLaw::Skewed { beta: 0.5 }, 1.5, 0.1)).unwrap_err();
    assert!(matches!(error, SchemeError::Law { law: "skewed", .. }), "{error}");
}
