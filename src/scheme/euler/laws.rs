//! Other noise laws in the schemes: draws, paths, and escapes against the predictions.

use std::sync::Arc;

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::kernel::{EulerKernel, Monitoring};
use super::optimiser_steps::KernelOf;
use super::step_noise::StepNoise;
use super::{Euler, Steps};
use crate::dynamics::{Adam, Dynamics, Problem, SecondMoment, SgdSteps, StepperVisitor};
use crate::landscape::{Basin, Domain, Quadratic};
use crate::noise::{Alpha, EmpiricalNoise, LevyNoise, NoiseLaw, Seed, Stream};
use crate::scheme::{JumpAdapted, Limits, PathKernel, PathRecord, Scheme, SchemeError, Side, StreamSource};
use crate::theory::{Prediction, TheoryError};

fn noise(law: &NoiseLaw, epsilon: f64) -> LevyNoise {
    let alpha = match law {
        NoiseLaw::Stable | NoiseLaw::Skewed { .. } | NoiseLaw::Tempered { .. } | NoiseLaw::Truncated { .. } => 1.5,
        _ => 2.0,
    };
    LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap().with_law(law.clone()).unwrap()
}

fn problem(law: &NoiseLaw, epsilon: f64, dynamics: Dynamics) -> Problem {
    let basin = Basin::new(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
    Problem::new(basin, dynamics, noise(law, epsilon)).unwrap()
}

fn every_law() -> Vec<NoiseLaw> {
    vec![
        NoiseLaw::Gaussian,
        NoiseLaw::Skewed { beta: 0.7 },
        NoiseLaw::Tempered { cutoff: 4.0 },
        NoiseLaw::Truncated { at: 4.0 },
        NoiseLaw::StudentT { degrees: 3.0 },
        NoiseLaw::Empirical(Arc::new(EmpiricalNoise::new(1, vec![-1.5, -0.2, 0.4, 1.3]).unwrap())),
    ]
}

fn run(kernel: &dyn PathKernel, paths: u64) -> Vec<PathRecord> {
    run_with(kernel, paths, Seed(6))
}

fn run_with(kernel: &dyn PathKernel, paths: u64, seed: Seed) -> Vec<PathRecord> {
    let mut records = Vec::new();
    let limits = Limits { max_time: 1e7, ..Limits::default() };
    kernel.run(StreamSource { seed, cell: 0 }, 0..paths, limits, &mut records);
    records
}

/// Kolmogorov's `√n sup |F_n - F|` on a grid, of `scale` times the draws of a step.
fn kolmogorov(law: &NoiseLaw, cdf: impl Fn(f64) -> f64) -> f64 {
    let problem = problem(law, 0.1, Dynamics::Sgd);
    let (step, mut rng) = (StepNoise::new(&problem).unwrap(), Stream::new(Seed(14), 0, 0));
    let unit = problem.noise().increment_scale(1.0) / problem.noise().epsilon();
    let n = 1_000_000;
    let mut draws = vec![0.0; n];
    let (mut xi, mut kick) = ([0.0], [0.0]);
    draws.iter_mut().for_each(|x| {
        step.draw(&mut xi, &mut kick, &mut rng);
        *x = unit * kick[0];
    });
    draws.sort_by(f64::total_cmp);
    let distance = (0..=400)
        .map(|k| -10.0 + 0.05 * f64::from(k))
        .fold(0.0, |worst: f64, x| worst.max((draws.partition_point(|y| *y <= x) as f64 / n as f64 - cdf(x)).abs()));
    distance * (n as f64).sqrt()
}

/// Rejected above 2.4: false-positive rate 2e-5 per law.
#[test]
fn gaussian_and_student_steps_have_their_laws_and_no_neighbours() {
    let normal = |deviation: f64| move |x: f64| Normal::new(0.0, deviation).unwrap().cdf(x);
    assert!(kolmogorov(&NoiseLaw::Gaussian, normal(1.0)) < 2.4);
    assert!(kolmogorov(&NoiseLaw::Gaussian, normal(1.02)) > 2.4);
    let student = |degrees: f64| move |x: f64| StudentsT::new(0.0, 1.0, degrees).unwrap().cdf(x);
    assert!(kolmogorov(&NoiseLaw::StudentT { degrees: 1.5 }, student(1.5)) < 2.4);
    assert!(kolmogorov(&NoiseLaw::StudentT { degrees: 1.5 }, student(1.6)) > 2.4);
}

/// The recursion on an interval and the general one give the same paths.
#[test]
fn a_line_is_the_general_path_under_every_law() {
    let adam = |moment| Dynamics::Adam(Adam::new(1.0, 0.1).unwrap().with_second_moment(moment));
    for law in every_law() {
        for dynamics in [Dynamics::Sgd, adam(SecondMoment::MeanField), adam(SecondMoment::Sampled)] {
            let euler = Euler::with_step(0.04).unwrap().monitoring(Monitoring::Discrete);
            let problem = problem(&law, 0.6, dynamics.clone());
            let mut kernel = EulerKernel::new(&euler, &problem).unwrap();
            let lines = run(&kernel, 200);
            kernel.drop_interval();
            assert!(lines == run(&kernel, 200), "{law} {dynamics:?}");
            assert!(lines.iter().filter(|record| record.outcome.exit_time().is_some()).count() > 150, "{law}");
        }
    }
}

/// Plain SGD takes the noise of its own steps, and the general recursion of the optimisers, run with SGD's and another seed, the same.
/// Mean exit times of 4,000 paths within 4 standard errors; those of the law whose cut is rescaled as for the SDE are not.
#[test]
fn steps_draw_the_noise_over_unit_time() {
    let eta = 0.05f64;
    let law = NoiseLaw::Truncated { at: 6.0 };
    let epsilon = eta.powf(0.5 / 1.5);
    let steps = Dynamics::SgdSteps(SgdSteps::new(eta).unwrap());
    let mean_of = |records: Vec<PathRecord>| {
        records.iter().map(|r| r.outcome.exit_time().unwrap()).sum::<f64>() / records.len() as f64
    };
    let mean = |problem: &Problem, scheme: &dyn Scheme| mean_of(run(scheme.prepare(problem).unwrap().as_ref(), 4_000));
    let of_steps = problem(&law, epsilon, steps);
    let by_steps = mean(&of_steps, &Steps);
    let general = KernelOf { problem: &of_steps }.visit(SgdSteps::new(eta).unwrap().stepper(1), String::new()).unwrap();
    let by_recursion = mean_of(run_with(general.as_ref(), 4_000, Seed(7)));
    // Euler for the motion whose increments over η they are.
    let euler = Euler::with_step(eta).unwrap().monitoring(Monitoring::Discrete);
    let spread = NoiseLaw::Truncated { at: 6.0 * eta.powf(1.0 / 1.5) };
    let by_motion = mean(&problem(&spread, epsilon, Dynamics::Sgd), &euler);
    let unscaled = mean(&problem(&law, epsilon, Dynamics::Sgd), &euler);
    let bound = 4.0 * (2.0f64 / 4_000.0).sqrt();
    for found in [by_steps, by_recursion] {
        assert!((found / by_motion - 1.0).abs() < bound, "{found} {by_motion}");
        assert!((found / unscaled - 1.0).abs() > bound, "{found} {unscaled}");
    }
}

/// Shares of the sides `(1 ± β)/2` among 2,000 exits within 4.5 standard errors, and `λ E Γ` within 12 %, the finite-ε error included;
/// symmetric noise is rejected.
#[test]
fn skewed_noise_leaves_on_its_heavy_side() {
    let beta = 0.6;
    let problem = problem(&NoiseLaw::Skewed { beta }, 0.03, Dynamics::Sgd);
    let euler = Euler::with_step(0.02).unwrap().monitoring(Monitoring::Discrete);
    let records = run(euler.prepare(&problem).unwrap().as_ref(), 2_000);
    let n = records.len() as f64;
    let plus = records.iter().filter(|r| r.outcome.site().unwrap().side == Side::Plus).count() as f64 / n;
    let errors = |beta: f64| (plus - 0.5 * (1.0 + beta)).abs() / (0.25 * (1.0 - beta * beta) / n).sqrt();
    assert!(errors(beta) < 4.5 && errors(0.0) > 4.5, "{plus}");
    let mean = records.iter().map(|r| r.outcome.exit_time().unwrap()).sum::<f64>() / n;
    let theory = Prediction::of(&problem).unwrap();
    assert!((mean * theory.rate - 1.0).abs() < 0.12, "{}", mean * theory.rate);
    assert!((theory.axes[0].plus / theory.axes[0].minus - 4.0).abs() < 1e-12);
    assert!(theory.radon_measure.is_some_and(|m| (m - 1.0).abs() < 1e-12));
}

/// `λ E Γ` near 1 with the law's own rate, and far from it with that of SαS.
#[test]
fn cut_jumps_leave_at_their_own_rate() {
    for (law, epsilon, window) in
        [(NoiseLaw::Tempered { cutoff: 25.0 }, 0.04, [0.7, 1.1]), (NoiseLaw::Truncated { at: 37.5 }, 0.04, [0.8, 1.1])]
    {
        let euler = Euler::with_step(0.05).unwrap().monitoring(Monitoring::Discrete);
        let problem = problem(&law, epsilon, Dynamics::Sgd);
        let records = run(euler.prepare(&problem).unwrap().as_ref(), 1_000);
        let mean = records.iter().map(|r| r.outcome.exit_time().unwrap()).sum::<f64>() / records.len() as f64;
        let (own, stable) = (Prediction::of(&problem).unwrap(), noise(&NoiseLaw::Stable, epsilon));
        let stable = 2.0 * stable.side_masses(1.0 / epsilon)[0];
        assert!((window[0]..window[1]).contains(&(mean * own.rate)), "{law}: {}", mean * own.rate);
        // The window is that of the finite ε; rates that are 40 % off lie outside it.
        for wrong in [stable, 1.4 * own.rate, own.rate / 1.4] {
            assert!(!(window[0]..window[1]).contains(&(mean * wrong)), "{law}: {}", mean * wrong);
        }
        assert!(own.radon_measure.is_none() && own.jumps == 1);
    }
}

#[test]
fn what_has_no_meaning_is_refused() {
    let sde = |law: &NoiseLaw| problem(law, 0.2, Dynamics::Sgd);
    for law in every_law() {
        let checked = JumpAdapted::default().check(&sde(&law));
        let expected = match law {
            NoiseLaw::Tempered { .. } | NoiseLaw::Truncated { .. } => checked.is_ok(),
            NoiseLaw::Gaussian => checked == Err(SchemeError::Gaussian),
            _ => matches!(checked, Err(SchemeError::Law { .. })),
        };
        assert!(expected, "{law}: {checked:?}");
    }
    let student = NoiseLaw::StudentT { degrees: 3.0 };
    assert!(matches!(Euler::default().check(&sde(&student)), Err(SchemeError::NoMotion { .. })));
    let at_eta = Euler::with_step(0.2f64 * 0.2).unwrap();
    assert!(at_eta.check(&sde(&student)).is_err());
    assert!(at_eta.monitoring(Monitoring::Discrete).check(&sde(&student)).is_ok());
    assert_eq!(Prediction::of(&sde(&student)), Err(TheoryError::NoMotion { law: "student_t" }));
    assert_eq!(Prediction::of(&sde(&NoiseLaw::Gaussian)), Err(TheoryError::Gaussian));
    assert!(crate::theory::exact_exit(&sde(&NoiseLaw::Truncated { at: 4.0 })).is_none());
    // Two jumps are needed, and Adam's several jumps are not predicted.
    let adam = Dynamics::Adam(Adam::new(1.0, 0.1).unwrap());
    let two = problem(&NoiseLaw::Truncated { at: 3.0 }, 0.2, adam);
    assert_eq!(Prediction::of(&two), Err(TheoryError::SeveralJumps { jumps: 2 }));
}

/// Rates of escapes by two jumps scale as `ε^(2α)`, in steps as `η^(α + (α-1))`.
#[test]
fn rates_of_several_jumps_scale_with_their_number() {
    let rate = |eta: f64, displacement: f64| {
        let steps = Dynamics::SgdSteps(SgdSteps::new(eta).unwrap());
        let law = NoiseLaw::Truncated { at: displacement / eta };
        let theory = Prediction::of(&problem(&law, eta.powf(0.5 / 1.5), steps)).unwrap();
        (eta * theory.rate, theory.jumps)
    };
    for (displacement, jumps, power) in [(1.2, 1, 1.5), (0.7, 2, 2.0), (0.4, 3, 2.5)] {
        let ((a, found), (b, _)) = (rate(0.01, displacement), rate(0.001, displacement));
        assert_eq!(found, jumps);
        assert!(((a / b).log10() - power).abs() < 1e-6, "{displacement}: {}", (a / b).log10());
    }
}
