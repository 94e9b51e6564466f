//! `Σ = diag(D) + U Vᵀ` against the equal dense matrix.

use std::time::Instant;

use levy_escape::engine::kernel_records;
use levy_escape::noise::LowRank;
use levy_escape::scheme::{Monitoring, SchemeError, Steps};
use levy_escape::theory::Comparison;
use levy_escape::{
    Adam, Alpha, Amplitude, Basin, Domain, Dynamics, Euler, JumpAdapted, LevyNoise, Limits, PathRecord, Prediction,
    Problem, Quadratic, Scheme, SecondMoment, Seed, Structure,
};
use nalgebra::{DMatrix, dmatrix};

fn sigma() -> LowRank {
    let left = dmatrix![0.5, 0.1; -0.3, 0.4; 0.2, 0.2; 0.0, -0.6];
    let right = dmatrix![0.2, 0.7; 0.6, -0.1; -0.4, 0.3; 0.5, 0.1];
    LowRank::new(vec![1.0, 0.5, 0.0, -0.8], left, right).unwrap()
}

/// The low-rank form and the dense form.
fn forms() -> [Amplitude; 2] {
    [Amplitude::from(sigma()), Amplitude::Dense(sigma().to_matrix())]
}

fn basins() -> [Basin; 3] {
    let bowl = || Quadratic::new(vec![2.0, 1.0, 1.5, 1.0]).unwrap();
    let domains = [
        Domain::Box(vec![[-1.0, 1.2], [-0.8, 1.0], [-1.0, 1.0], [-1.5, 0.9]]),
        Domain::ball(1.0),
        Domain::Ellipsoid { semi_axes: vec![1.0, 1.2, 0.9, 1.1] },
    ];
    domains.map(|domain| Basin::new(bowl(), domain).unwrap())
}

fn adam(moment: SecondMoment) -> Dynamics {
    Dynamics::Adam(Adam::new(1.0, 0.1).unwrap().with_second_moment(moment))
}

fn problem(basin: Basin, dynamics: Dynamics, structure: Structure, epsilon: f64, sigma: Amplitude) -> Problem {
    let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), epsilon).unwrap();
    Problem::new(basin, dynamics, noise.with_structure(structure).with_amplitude(sigma)).unwrap()
}

fn close(a: f64, b: f64, what: &str) {
    assert!((a / b - 1.0).abs() < 1e-12, "{what}: {a} {b}");
}

#[test]
fn theory_is_that_of_the_matrix() {
    for basin in basins() {
        for structure in [Structure::Independent, Structure::Isotropic] {
            for dynamics in [Dynamics::Sgd, adam(SecondMoment::Frozen), adam(SecondMoment::MeanField)] {
                let what = format!("{structure:?} {dynamics:?}");
                let problems = forms().map(|sigma| problem(basin.clone(), dynamics.clone(), structure, 0.1, sigma));
                let [low, dense] = problems.each_ref().map(|problem| Prediction::of(problem).unwrap());
                close(low.rate, dense.rate, &what);
                for (low, dense) in low.axes.iter().zip(&dense.axes) {
                    close(low.plus, dense.plus, &what);
                    close(low.minus, dense.minus, &what);
                }
                for axis in 0..4 {
                    close(low.preconditioner.entry(axis), dense.preconditioner.entry(axis), &what);
                }
                if dynamics != Dynamics::Sgd {
                    let [low, dense] = problems.each_ref().map(|problem| Comparison::of(problem).unwrap());
                    close(low.complement_sgd.unwrap(), dense.complement_sgd.unwrap(), &what);
                    close(low.predicted_ratio(), dense.predicted_ratio(), &what);
                }
            }
        }
    }
}

fn mean(records: &[PathRecord]) -> (f64, f64) {
    let times: Vec<f64> = records.iter().map(|record| record.outcome.exit_time().unwrap()).collect();
    let n = times.len() as f64;
    let mean = times.iter().sum::<f64>() / n;
    (mean, times.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (n * n))
}

/// With the same streams nearly every path agrees up to rounding; a comparison that differs in its last bit can separate a few.
/// With different streams the means agree within 4.5 standard errors: 48 comparisons, total false-positive rate 3e-4.
#[test]
fn escapes_are_those_of_the_matrix() {
    let euler = Euler::with_step(0.02).unwrap();
    let discrete = euler.clone().monitoring(Monitoring::Discrete);
    let schemes: [&dyn Scheme; 3] = [&euler, &discrete, &JumpAdapted::default()];
    for basin in basins() {
        for structure in [Structure::Independent, Structure::Isotropic] {
            let dynamics = [Dynamics::Sgd, adam(SecondMoment::MeanField), adam(SecondMoment::Sampled)];
            for (dynamics, scheme) in dynamics.iter().flat_map(|d| schemes.map(|s| (d.clone(), s))) {
                let problems = forms().map(|sigma| problem(basin.clone(), dynamics.clone(), structure, 0.3, sigma));
                let [Ok(low), Ok(dense)] = problems.each_ref().map(|problem| scheme.prepare(problem)) else {
                    assert_eq!(scheme.check(&problems[0]), Err(SchemeError::Sampled));
                    continue;
                };
                let run = |kernel: &dyn levy_escape::scheme::PathKernel, seed| {
                    kernel_records(kernel, 600, Seed(seed), Limits::default())
                };
                let (a, b) = (run(&*low, 1), run(&*dense, 1));
                let same = |(a, b): &(&PathRecord, &PathRecord)| {
                    let (sites, times) =
                        ([a, b].map(|r| r.outcome.site().unwrap()), [a, b].map(|r| r.outcome.exit_time().unwrap()));
                    a.events == b.events
                        && (sites[0].axis, sites[0].side, sites[0].by) == (sites[1].axis, sites[1].side, sites[1].by)
                        && (times[0] / times[1] - 1.0).abs() < 1e-6
                };
                let parted = a.iter().zip(&b).filter(|pair| !same(pair)).count();
                assert!(parted <= 3, "{structure:?} {dynamics:?} {scheme:?}: {parted}");
                let ((a, a_error), (b, b_error)) = (mean(&a), mean(&run(&*dense, 2)));
                assert!(
                    (a - b).abs() < 4.5 * (a_error + b_error).sqrt(),
                    "{structure:?} {dynamics:?} {scheme:?}: {a} {b}"
                );
            }
        }
    }
}

/// The same comparison must fail if the sign of one factor is reversed.
#[test]
fn another_matrix_escapes_otherwise() {
    let [box_, ..] = basins();
    let turned = LowRank::new(vec![1.0, 0.5, 0.0, -0.8], dmatrix![1.5; -0.3; 0.2; 0.0], dmatrix![0.7; 0.6; -0.4; 0.5]);
    let run = |sigma: Amplitude, seed| {
        let kernel = Euler::with_step(0.02).unwrap();
        let kernel = kernel.prepare(&problem(box_.clone(), Dynamics::Sgd, Structure::Independent, 0.3, sigma)).unwrap();
        mean(&kernel_records(&*kernel, 600, Seed(seed), Limits::default()))
    };
    let ((a, a_error), (b, b_error)) = (run(Amplitude::from(turned.unwrap()), 1), run(forms()[1].clone(), 2));
    assert!((a - b).abs() > 4.5 * (a_error + b_error).sqrt(), "{a} {b}");
}

#[test]
fn steps_take_it_too() {
    let eta = 0.1;
    let adam = levy_escape::dynamics::AdamSteps::new(eta, 0.9, 0.99).unwrap();
    for dynamics in [Dynamics::AdamSteps(adam), Dynamics::SgdSteps(levy_escape::dynamics::SgdSteps::new(eta).unwrap())]
    {
        let [low, dense] = forms().map(|sigma| {
            let [box_, ..] = basins();
            let kernel = Steps.prepare(&problem(box_, dynamics.clone(), Structure::Independent, 0.5, sigma)).unwrap();
            kernel_records(&*kernel, 200, Seed(3), Limits { max_time: 200.0, ..Limits::default() })
        });
        let parted = low.iter().zip(&dense).filter(|(a, b)| a.events != b.events).count();
        assert!(parted <= 1, "{dynamics:?}: {parted}");
    }
}

/// A problem that needs a matrix of 25 million numbers is rejected before allocation; Euler does not need the matrix.
#[test]
fn many_dimensions_need_no_matrix() {
    let dim = 5_000;
    let factor = || DMatrix::from_fn(dim, 2, |i, r| ((i * (r + 1)) as f64).sin());
    let basin = Basin::new(Quadratic::new(vec![1.0; dim]).unwrap(), Domain::Box(vec![[-1.0, 1.0]; dim])).unwrap();
    let sigma = Amplitude::from(LowRank::new(vec![0.5; dim], factor(), factor()).unwrap());
    let problem = problem(basin, Dynamics::Sgd, Structure::Independent, 1e-3, sigma);
    let what = "the covariance of the small jumps";
    assert_eq!(JumpAdapted::default().check(&problem), Err(SchemeError::Matrix { what, dim }));
    let euler = Euler::with_step(0.1).unwrap().monitoring(Monitoring::Discrete).prepare(&problem).unwrap();
    let limits = Limits { max_events: 20, ..Limits::default() };
    assert_eq!(kernel_records(&*euler, 2, Seed(1), limits).len(), 2);
}

/// Work over pairs of coordinates would take minutes, and a matrix would exceed the memory.
#[test]
fn separate_axes_cost_no_more_than_their_number() {
    let dim = 100_000;
    let start = Instant::now();
    let basin = Basin::new(Quadratic::new(vec![1.0; dim]).unwrap(), Domain::Box(vec![[-2.0, 2.0]; dim])).unwrap();
    let sigma = Amplitude::Diagonal((0..dim).map(|i| 1.0 + 0.5 * (i as f64).sin()).collect());
    for dynamics in [Dynamics::Sgd, adam(SecondMoment::MeanField)] {
        let problem = problem(basin.clone(), dynamics, Structure::Independent, 1.7e-3, sigma.clone());
        assert!(Prediction::of(&problem).unwrap().rate > 0.0);
        for scheme in [&Euler::default() as &dyn Scheme, &JumpAdapted::default()] {
            let limits = Limits { max_events: 10, ..Limits::default() };
            let records = kernel_records(&*scheme.prepare(&problem).unwrap(), 1, Seed(1), limits);
            assert!(records[0].events > 0, "{scheme:?}");
        }
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
