//! Bias of the mean exit time against exact values.

use std::f64::consts::PI;

use statrs::function::gamma::gamma;

use super::{Euler, Monitoring};
use crate::dynamics::{Dynamics, Problem};
use crate::landscape::{Basin, Domain, Flat, Quadratic};
use crate::noise::{Alpha, LevyNoise, Seed};
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

#[test]
fn measure() {
    for alpha in [0.5, 0.8, 1.0, 1.000_001, 1.000_1, 1.001, 1.003, 1.01, 1.03, 1.1, 1.19, 1.2, 1.5] {
        for start in [0.0, 0.5] {
            let basin = Basin::new(Flat::new(1).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
            let basin = basin.with_start(vec![start]).unwrap();
            let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), 0.5).unwrap();
            let problem = Problem::new(basin, Dynamics::Sgd, noise).unwrap();
            let exact = getoor(alpha, 0.5, start);
            let (m, se) = mean(&Euler::default(), &problem, 100_000);
            let (d, _) = mean(&Euler::default().monitoring(Monitoring::Discrete), &problem, 100_000);
            println!(
                "flat {alpha} {start}: {:+.3} % ± {:.3}, discrete {:+.3}",
                100.0 * (m / exact - 1.0),
                100.0 * se / exact,
                100.0 * (d / exact - 1.0)
            );
        }
    }
    for (alpha, epsilon) in [
        (1.01, 0.5),
        (1.03, 0.5),
        (1.05, 0.2),
        (1.1, 0.5),
        (1.1, 0.1),
        (1.5, 0.1),
        (1.5, 0.5),
        (1.8, 0.1),
        (1.8, 0.5),
        (1.2, 0.2),
    ] {
        let basin = Basin::new(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
        let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap();
        let problem = Problem::new(basin, Dynamics::Sgd, noise).unwrap();
        let Some(exact) = exact_exit(&problem).and_then(|e| e.mean(0.0).ok()) else {
            println!("no exact {alpha} {epsilon}");
            continue;
        };
        for step in [0.003, 0.03, 0.1, 0.5, 1.5] {
            let euler = Euler::with_step(step).unwrap();
            let (m, se) = mean(&euler, &problem, 20_000);
            let (d, _) = mean(&euler.monitoring(Monitoring::Discrete), &problem, 20_000);
            println!(
                "ou {alpha} {epsilon} h {step}: exact {exact:.4} {:+.2} % ± {:.2}, discrete {:+.2}",
                100.0 * (m / exact - 1.0),
                100.0 * se / exact,
                100.0 * (d / exact - 1.0)
            );
        }
    }
}
