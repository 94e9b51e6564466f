//! Bias of the mean exit time against exact values.

use std::f64::consts::PI;

use statrs::function::gamma::gamma;

use super::{Euler, Monitoring};
use crate::dynamics::{Dynamics, Problem};
use crate::landscape::{Basin, Domain, Flat, Quadratic};
use crate::noise::{Alpha, Amplitude, LevyNoise, Seed};
use crate::scheme::{Limits, Scheme, StreamSource};
use crate::theory::exact_exit;

fn mean(euler: &Euler, problem: &Problem, paths: u64) -> (f64, f64) {
    let kernel = euler.prepare(problem).unwrap();
    let mut records = Vec::new();
    kernel.run(StreamSource { seed: Seed(7), cell: 0 }, 0..paths, Limits::default(), &mut records);
    let times: Vec<f64> = records.iter().map(|r| r.outcome.exit_time().unwrap()).collect();
    let n = times.len() as f64;
    let mean = times.iter().sum::<f64>() / n;
    let variance = times.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Getoor's mean exit time from `(-1, 1)` without drift.
fn getoor(alpha: f64, epsilon: f64, start: f64) -> f64 {
    let unit = PI.sqrt() / (2f64.powf(alpha) * gamma(1.0 + 0.5 * alpha) * gamma(0.5 + 0.5 * alpha));
    unit * ((1.0 - start * start).sqrt() / epsilon).powf(alpha)
}

fn on_interval(curvature: f64, alpha: f64, epsilon: f64, start: f64) -> Problem {
    let domain = Domain::interval(-1.0, 1.0);
    let basin = match curvature {
        0.0 => Basin::new(Flat::new(1).unwrap(), domain),
        k => Basin::new(Quadratic::new(vec![k]).unwrap(), domain),
    };
    let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap();
    Problem::new(basin.unwrap().with_start(vec![start]).unwrap(), Dynamics::Sgd, noise).unwrap()
}

/// Checks that the bias of the default step is below .5 % and three standard errors.
fn check(problem: &Problem, exact: f64, paths: u64) {
    let (mean, error) = mean(&Euler::default(), problem, paths);
    assert!((mean - exact).abs() < 0.005 * exact + 3.0 * error, "{problem:?}: {mean} ± {error}, exact {exact}");
}

#[test]
fn means_without_drift_are_right_next_to_alpha_one() {
    for alpha in [0.5, 0.8, 1.0, 1.000_001, 1.0001, 1.001, 1.01, 1.03, 1.1, 1.2] {
        for start in [0.0, 0.5] {
            check(&on_interval(0.0, alpha, 0.5, start), getoor(alpha, 0.5, start), 20_000);
        }
    }
}

/// At `(1.03, .5)` `t*` is 5e-11 relaxation times; the default step does not follow it.
#[test]
fn means_with_drift_are_right_next_to_alpha_one() {
    for (alpha, epsilon) in [(1.01, 0.5), (1.03, 0.5), (1.05, 0.5), (1.1, 0.5), (1.1, 1.0), (1.15, 0.3), (1.19, 0.5)] {
        for start in [0.0, 0.8] {
            let problem = on_interval(1.0, alpha, epsilon, start);
            let exact = exact_exit(&problem).unwrap().mean(start).unwrap();
            check(&problem, exact, 100_000);
        }
    }
}

/// Strong noise leaves long before the drift matters: a step in relaxation times alone would be as long as the whole path.
#[test]
fn means_are_right_where_the_drift_is_weak() {
    for (alpha, curvature, start) in [(1.2, 0.01, 0.0), (1.5, 1e-3, 0.0), (1.8, 0.003, 0.5), (1.5, 1e-12, 0.0)] {
        let problem = on_interval(curvature, alpha, 0.5, start);
        check(&problem, exact_exit(&problem).unwrap().mean(start).unwrap(), 40_000);
    }
}

#[test]
fn starts_beside_the_edge_warn() {
    let warned = |start: f64| {
        let warnings = Euler::default().prepare(&on_interval(1.0, 1.5, 0.5, start)).unwrap().warnings().join("; ");
        warnings.contains("start so near the edge")
    };
    assert_eq!([0.0, 0.9, -0.98, 0.999].map(warned), [false, false, true, true]);
}

#[test]
fn large_steps_warn() {
    let problem = on_interval(4.0, 1.5, 0.5, 0.0);
    let warnings = |euler: Euler| euler.prepare(&problem).unwrap().warnings().join("; ");
    for monitoring in [Monitoring::Corrected, Monitoring::Discrete] {
        let warned = warnings(Euler::with_step(0.51).unwrap().monitoring(monitoring));
        assert!(warned.contains("unstable"), "{warned}");
    }
    assert!(warnings(Euler::with_step(0.1).unwrap()).contains("up to some 80.0 %"));
    assert_eq!(warnings(Euler::default()), "");
}

/// At `α = .001` the scale of a step is 10^-3000, which no `f64` holds. Power: 5 % more exits, as from draws that are too often infinite,
/// are noticed.
#[test]
fn tiny_alpha_has_the_mean_of_getoor() {
    for (alpha, epsilon) in [(0.001, 0.5), (0.01, 0.5), (0.05, 0.2)] {
        let problem = on_interval(0.0, alpha, epsilon, 0.0);
        let exact = getoor(alpha, epsilon, 0.0);
        let (mean, error) = mean(&Euler::default(), &problem, 20_000);
        assert!((mean - exact).abs() < 0.005 * exact + 3.0 * error, "{alpha}: {mean} ± {error}, exact {exact}");
        assert!((mean - exact / 1.05).abs() > 0.005 * exact + 3.0 * error, "{alpha}: no power");
    }
}

/// An axis without noise has no time at which drift and noise balance, so it does not limit the step.
#[test]
fn an_axis_without_noise_leaves_the_default_step() {
    let axes = |n: usize| {
        let domain = Domain::Box(vec![[-1.0, 1.0]; n]);
        let basin = Basin::new(Quadratic::new(vec![1.0; n]).unwrap(), domain).unwrap();
        let amplitude = Amplitude::Diagonal([1.0, 0.0][..n].to_vec());
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.5).unwrap().with_amplitude(amplitude);
        Euler::default().prepare(&Problem::new(basin, Dynamics::Sgd, noise).unwrap()).unwrap().describe()
    };
    assert_eq!(axes(2), axes(1));
}
