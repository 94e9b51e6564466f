//! Mean positions at rest in asymmetric valleys against the stationary law.

use levy_escape::dynamics::{AdamSteps, SgdSteps};
use levy_escape::exit::Confidence;
use levy_escape::scheme::{MeanPosition, SchemeError};
use levy_escape::theory::mean_at_rest;
use levy_escape::{
    Adam, Alpha, Asymmetric, Basin, Domain, Dynamics, LevyNoise, Problem, Quadratic, Seed, Structure, mean_position,
};

fn problem(left: Vec<f64>, right: Vec<f64>, dynamics: Dynamics, alpha: f64) -> Problem {
    let domain = Domain::Box(vec![[-1.0, 1.0]; left.len()]);
    let basin = Basin::new(Asymmetric::new(left, right).unwrap(), domain).unwrap();
    Problem::new(basin, dynamics, LevyNoise::new(Alpha::new(alpha).unwrap(), 0.3).unwrap()).unwrap()
}

fn sgd_steps(eta: f64) -> Dynamics {
    Dynamics::SgdSteps(SgdSteps::new(eta).unwrap())
}

fn settings() -> MeanPosition {
    MeanPosition::new((0..40).map(|i| 6.0 + f64::from(i)).collect()).unwrap()
}

/// Mean, standard error and predicted mean of every axis.
fn measured(problem: &Problem, settings: &MeanPosition, paths: u64, seed: u64) -> Vec<[f64; 3]> {
    let predicted = mean_at_rest(problem, &settings.clips(problem).unwrap()).unwrap();
    let sums = mean_position(problem, settings, paths, Seed(seed)).unwrap();
    let axis = |(i, predicted): (usize, &levy_escape::theory::MeanAtRest)| {
        let [mean, error] = sums.mean(i).unwrap();
        [mean, error, predicted.clipped]
    };
    predicted.iter().enumerate().map(axis).collect()
}

/// Standard errors between the means of independent axes together and `factor` times the predicted ones, with the weights of least squares.
fn deviation(axes: &[[f64; 3]], factor: f64) -> f64 {
    let weighted = axes.iter().map(|[mean, error, predicted]| predicted / error * (mean - factor * predicted) / error);
    let square: f64 = axes.iter().map(|[_, error, predicted]| (predicted / error).powi(2)).sum();
    (weighted.sum::<f64>() / square.sqrt()).abs()
}

/// SGD's equation and its steps in up to 20 dimensions, within 4.5 standard errors (false-positive rate 7·10⁻⁶ each); predictions that are 10 % off are
/// rejected. With `ηk = .3` the mean of the equation is 2 % less.
#[test]
fn means_are_those_of_the_stationary_law() {
    let steep = vec![3.0, 5.0, 9.0, 9.0, 5.0, 9.0, 3.0, 9.0, 9.0, 5.0];
    let flat = vec![1.0; 10];
    let twice = |sides: &[f64]| [sides, sides].concat();
    for (name, of) in [
        ("equation, α = 1.1", problem(steep.clone(), flat.clone(), Dynamics::Sgd, 1.1)),
        ("equation, α = 1.5, 20 axes", problem(twice(&steep), twice(&flat), Dynamics::Sgd, 1.5)),
        ("equation, α = 1.9, flat on the left", problem(flat.clone(), steep.clone(), Dynamics::Sgd, 1.9)),
        ("equation, Gaussian noise", problem(steep.clone(), flat.clone(), Dynamics::Sgd, 2.0)),
        ("steps, α = 1.5", problem(steep.clone(), flat.clone(), sgd_steps(0.3 / 9.0), 1.5)),
        ("steps, Gaussian noise", problem(steep.clone(), flat.clone(), sgd_steps(0.3 / 9.0), 2.0)),
    ] {
        let axes = measured(&of, &settings(), 150, 3);
        assert!(deviation(&axes, 1.0) < 4.5, "{name}: {}", deviation(&axes, 1.0));
        assert!(deviation(&axes, 0.9) > 4.5 && deviation(&axes, 1.1) > 4.5, "{name}");
    }
}

/// SGD's steps of `ηk = .3` rest where their own prediction says: that of the equation, some 2 % less, is rejected.
#[test]
fn steps_do_not_rest_where_the_equation_does() {
    let (steep, flat) = (vec![9.0; 10], vec![1.0; 10]);
    let steps = problem(steep.clone(), flat.clone(), sgd_steps(0.3 / 9.0), 2.0);
    let equation = problem(steep, flat, Dynamics::Sgd, 2.0);
    let mut axes = measured(&steps, &settings(), 2_500, 5);
    assert!(deviation(&axes, 1.0) < 4.5, "{}", deviation(&axes, 1.0));
    let other = mean_at_rest(&equation, &settings().clips(&equation).unwrap()).unwrap();
    axes.iter_mut().zip(other).for_each(|(axis, other)| axis[2] = other.clipped);
    assert!(deviation(&axes, 1.0) > 4.5, "{}", deviation(&axes, 1.0));
}

/// Jumps that move all coordinates at once: every axis alone, as above.
#[test]
fn the_dependence_between_the_axes_does_not_matter() {
    let independent = problem(vec![9.0; 3], vec![1.0; 3], Dynamics::Sgd, 1.5);
    let noise = independent.noise().clone().with_structure(Structure::Isotropic);
    let isotropic = Problem::new(independent.basin().clone(), Dynamics::Sgd, noise).unwrap();
    for axis in measured(&isotropic, &settings(), 1_000, 4) {
        assert!(deviation(&[axis], 1.0) < 4.5 && deviation(&[axis], 0.9) > 4.5 && deviation(&[axis], 1.1) > 4.5);
    }
}

/// Share of 200 intervals of 95 % at α = 1.2 that contain the prediction, within 4.5 standard errors. Hardly clipped positions, whose variance is nearly
/// infinite, have intervals that are too short.
#[test]
fn clipped_means_have_intervals_that_hold() {
    const RUNS: u64 = 200;
    let of = problem(vec![3.0], vec![1.0], Dynamics::Sgd, 1.2);
    let covered = |clip: f64| {
        let settings = MeanPosition::new(vec![6.0]).unwrap().with_clip(clip).unwrap();
        let predicted = mean_at_rest(&of, &settings.clips(&of).unwrap()).unwrap()[0].clipped;
        let width = Confidence::DEFAULT.gaussian_width();
        let holds = |run: &u64| {
            let [mean, error] = mean_position(&of, &settings, 400, Seed(*run)).unwrap().mean(0).unwrap();
            (mean - predicted).abs() < width * error
        };
        (0..RUNS).filter(holds).count() as f64 / RUNS as f64
    };
    let lowest = 0.95 - 4.5 * (0.95 * 0.05 / RUNS as f64).sqrt();
    let [clipped, hardly] = [MeanPosition::CLIP, 1e3].map(covered);
    assert!(clipped > lowest && hardly < lowest, "{clipped} {hardly}");
}

/// What has no mean is refused before any path; what has no prediction says so.
#[test]
fn problems_without_a_mean_are_refused() {
    let refused = |of: &Problem| mean_position(of, &settings(), 10, Seed(0)).unwrap_err();
    let line = |dynamics, alpha| problem(vec![4.0], vec![1.0], dynamics, alpha);
    assert_eq!(refused(&line(Dynamics::Sgd, 1.0)), SchemeError::NoMean { alpha: 1.0 });
    assert_eq!(refused(&line(sgd_steps(0.5), 1.5)), SchemeError::Unstable { eta: 0.5, curvature: 4.0 });
    let adam = Dynamics::Adam(Adam::new(1.0, 0.1).unwrap());
    assert!(matches!(refused(&line(adam, 1.5)), SchemeError::MeanPosition(_)));
    let coupled = Quadratic::with_hessian(nalgebra::dmatrix![2.0, 1.0; 1.0, 2.0]).unwrap();
    let basin = Basin::new(coupled, Domain::ball(1.0)).unwrap();
    let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.1).unwrap();
    assert!(matches!(refused(&Problem::new(basin, Dynamics::Sgd, noise).unwrap()), SchemeError::MeanPosition(_)));
    let adam_steps = line(Dynamics::AdamSteps(AdamSteps::new(0.01, 0.9, 0.999).unwrap()), 1.5);
    assert_eq!(mean_at_rest(&adam_steps, &[1.0]), None);
    assert_eq!(mean_at_rest(&line(Dynamics::Sgd, 0.9), &[1.0]), None);
    assert!(mean_position(&adam_steps, &settings(), 10, Seed(0)).unwrap().mean(0).is_some_and(|[mean, _]| mean > 0.0));
    // Without asymmetry there is no bias.
    let even = problem(vec![2.0], vec![2.0], Dynamics::Sgd, 1.5);
    assert_eq!(mean_at_rest(&even, &[1.0]).map(|means| means[0].whole), Some(0.0));
}
