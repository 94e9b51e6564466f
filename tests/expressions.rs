//! Potentials given by a formula, against exact values and against the same potentials built in.

use std::time::Instant;

use levy_escape::theory::exact_exit;
use levy_escape::{
    Alpha, Asymmetric, Basin, Domain, DoubleWell, Dynamics, Expression, JumpAdapted, LevyNoise, Potential, Problem,
    Quadratic, Seed, escape_times,
};

fn problem(potential: impl Potential + 'static, domain: Domain, alpha: f64, epsilon: f64) -> Problem {
    let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap();
    Problem::new(Basin::new(potential, domain).unwrap(), Dynamics::Sgd, noise).unwrap()
}

fn formula(text: &str, start: &[f64]) -> Expression {
    Expression::new(text, &[], None, start).unwrap()
}

/// Mean exit time and its standard error.
fn mean(problem: &Problem, paths: u64) -> (f64, f64) {
    let times = escape_times(problem, &JumpAdapted::default(), paths, Seed(20)).unwrap();
    let n = paths as f64;
    let mean = times.iter().sum::<f64>() / n;
    let square = times.iter().map(|t| (t - mean) * (t - mean)).sum::<f64>() / n;
    (mean, (square / n).sqrt())
}

/// Within .5 % and three standard errors, which are 2 to 3 %; with the feature `slow-tests` .5 %.
#[test]
fn wells_without_a_closed_form_are_exact() {
    let quartic = || formula("x^4/4", &[0.1]);
    let cosh = || formula("log(cosh(3*x))", &[0.1]);
    for (name, problem) in [
        ("quartic", problem(quartic(), Domain::interval(-1.0, 1.5), 1.5, 0.2)),
        ("quartic", problem(quartic(), Domain::interval(-1.0, 1.0), 1.2, 0.05)),
        ("log cosh", problem(cosh(), Domain::interval(-0.7, 1.0), 1.7, 0.3)),
        ("log cosh", problem(cosh(), Domain::interval(-1.0, 1.0), 1.4, 0.1)),
    ] {
        let exact = exact_exit(&problem).unwrap().mean(problem.basin().start()[0]).unwrap();
        let (mean, error) = mean(&problem, if cfg!(feature = "slow-tests") { 400_000 } else { 12_000 });
        assert!((mean - exact).abs() < 0.005 * exact + 3.0 * error, "{name}: {mean} ± {error}, exact {exact}");
    }
}

/// The same wells as formulas: within four standard errors of the difference, which are 4 to 10 %.
#[test]
fn formulas_are_their_built_in_forms() {
    let wells = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap();
    let bowl = Quadratic::new(vec![4.0, 1.0]).unwrap();
    let valley = Asymmetric::new(vec![4.0], vec![1.0]).unwrap();
    let valley_formula = "2*min(x, 0)^2 + max(x, 0)^2/2";
    let level = || Domain::Level { height: 0.2 };
    let (slope, ball) = ("x^4/4 - x^2/2", "2*x^2 + y^2/2");
    for (name, built_in, formula, paths) in [
        ("wells", problem(wells, level(), 1.5, 0.2), problem(formula(slope, &[-0.9]), level(), 1.5, 0.2), 10_000),
        (
            "ball",
            problem(bowl, Domain::ball(1.0), 1.6, 0.2),
            problem(formula(ball, &[0.1, 0.1]), Domain::ball(1.0), 1.6, 0.2),
            3_000,
        ),
        (
            "valley",
            problem(valley, Domain::interval(-0.5, 1.0), 1.4, 0.2),
            problem(formula(valley_formula, &[0.1]), Domain::interval(-0.5, 1.0), 1.4, 0.2),
            10_000,
        ),
    ] {
        let clock = Instant::now();
        let [a, first] = mean(&built_in, paths).into();
        let fast = clock.elapsed();
        let [b, second] = mean(&formula, paths).into();
        println!(
            "{name}: {:.1} times as long as the built-in potential",
            (clock.elapsed() - fast).as_secs_f64() / fast.as_secs_f64()
        );
        assert!((a - b).abs() < 4.0 * first.hypot(second), "{name}: {a} ± {first}, {b} ± {second}");
    }
}
