//! Problems with exact answers, and the test that holds a scheme to them.

use levy_escape::landscape::{Asymmetric, Basin, Domain, DoubleWell, Flat, Quadratic};
use levy_escape::noise::{Alpha, Amplitude, LevyNoise, Seed, Structure};
use levy_escape::scheme::{Limits, Outcome, PathRecord, Scheme};
use levy_escape::theory::exact_exit;
use levy_escape::{Dynamics, Problem, escape_records};
use nalgebra::DMatrix;
use statrs::function::gamma::gamma;
use std::f64::consts::PI;

/// One exact number: the mean exit time of a problem.
pub struct Reference {
    pub name: String,
    pub problem: Problem,
    pub mean: f64,
}

pub fn noise(alpha: f64, epsilon: f64) -> LevyNoise {
    LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap()
}

fn sgd(basin: Basin, noise: LevyNoise) -> Problem {
    Problem::new(basin, Dynamics::Sgd, noise).unwrap()
}

/// `dX = -X dt + ε dL` on (-1, 1) from `start`; the means are those of the spectral solver, to the digits given.
pub fn ornstein_uhlenbeck(alpha: f64, epsilon: f64, start: f64, mean: f64) -> Reference {
    let basin = Basin::new(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
    let problem = sgd(basin.with_start(vec![start]).unwrap(), noise(alpha, epsilon));
    Reference { name: format!("OU α={alpha} ε={epsilon} from {start}"), problem, mean }
}

/// The Ornstein-Uhlenbeck rows of the published table.
pub fn ornstein_uhlenbeck_table() -> Vec<Reference> {
    vec![
        ornstein_uhlenbeck(1.5, 1.0, 0.0, 0.948764),
        ornstein_uhlenbeck(1.5, 1.0, 0.5, 0.819817),
        ornstein_uhlenbeck(1.5, 0.5, 0.0, 3.82717),
        ornstein_uhlenbeck(1.5, 0.5, 0.5, 3.56906),
        ornstein_uhlenbeck(1.5, 0.2, 0.0, 23.855),
        ornstein_uhlenbeck(1.5, 0.1, 0.0, 75.126),
        ornstein_uhlenbeck(1.8, 0.5, 0.0, 4.383526),
        ornstein_uhlenbeck(1.8, 0.5, 0.5, 3.939632),
        ornstein_uhlenbeck(1.8, 0.1, 0.0, 326.232),
        ornstein_uhlenbeck(1.2, 0.5, 0.0, 3.1142),
    ]
}

/// Wells that no constant of the schemes was fitted to, against the deterministic solver of `theory::exact_exit`.
pub fn wells() -> Vec<Reference> {
    let off_centre = |alpha: f64, epsilon: f64, start: f64| {
        let basin = Basin::new(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-0.5, 2.0)).unwrap();
        (
            format!("OU on (-.5, 2) α={alpha} ε={epsilon} from {start}"),
            basin.with_start(vec![start]).unwrap(),
            alpha,
            epsilon,
        )
    };
    let kinked = |alpha: f64, epsilon: f64| {
        let valley = Asymmetric::new(vec![8.0], vec![1.0]).unwrap();
        let basin = Basin::new(valley, Domain::interval(-0.5, 1.0)).unwrap();
        (format!("asymmetric α={alpha} ε={epsilon}"), basin, alpha, epsilon)
    };
    let double = |alpha: f64, epsilon: f64| {
        let wells = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap();
        let basin = Basin::new(wells, Domain::Level { height: 0.25 }).unwrap();
        (format!("double well α={alpha} ε={epsilon}"), basin, alpha, epsilon)
    };
    let rows = [
        off_centre(1.6, 0.3, 0.3),
        off_centre(1.3, 0.1, 0.0),
        off_centre(1.7, 0.05, 0.0),
        kinked(1.5, 0.2),
        kinked(1.4, 0.05),
        double(1.5, 0.2),
        double(1.7, 0.1),
    ];
    let solved = |(name, basin, alpha, epsilon): (String, Basin, f64, f64)| {
        let problem = sgd(basin, noise(alpha, epsilon));
        let mean = exact_exit(&problem).unwrap().mean(problem.basin().start()[0]).unwrap();
        Reference { name, problem, mean }
    };
    rows.map(solved).into()
}

/// Isotropic motion in the unit ball from `start` on the first axis (Getoor 1961).
pub fn getoor(alpha: f64, dim: usize, start: f64) -> Reference {
    let half = 0.5 * dim as f64;
    let constant = gamma(half) / (2f64.powf(alpha) * gamma(1.0 + 0.5 * alpha) * gamma(half + 0.5 * alpha));
    let mut x = vec![0.0; dim];
    x[0] = start;
    let basin = Basin::new(Flat::new(dim).unwrap(), Domain::ball(1.0)).unwrap().with_start(x).unwrap();
    Reference {
        name: format!("Getoor α={alpha} d={dim} from {start}"),
        problem: sgd(basin, noise(alpha, 1.0).with_structure(Structure::Isotropic)),
        mean: constant * (1.0 - start * start).powf(0.5 * alpha),
    }
}

/// `ΣL` with independent coordinates in the unit ball (Ryznar 2025): `κ_α (1-|x|²)^(α/2) / ν(|y| > 1)`.
pub fn ryznar(alpha: f64, sigma: DMatrix<f64>, start: f64) -> Reference {
    let dim = sigma.nrows();
    let density = gamma(1.0 + alpha) * (0.5 * PI * alpha).sin() / PI;
    let tail = 2.0 * density / alpha * sigma.column_iter().map(|c| c.norm().powf(alpha)).sum::<f64>();
    let kappa = 1.0 / (gamma(1.0 - 0.5 * alpha) * gamma(1.0 + 0.5 * alpha));
    let mut x = vec![0.0; dim];
    x[0] = start;
    let basin = Basin::new(Flat::new(dim).unwrap(), Domain::ball(1.0)).unwrap().with_start(x).unwrap();
    Reference {
        name: format!("Ryznar α={alpha} d={dim} from {start}"),
        mean: kappa * (1.0 - start * start).powf(0.5 * alpha) / tail,
        problem: sgd(basin, noise(alpha, 1.0).with_amplitude(Amplitude::Dense(sigma))),
    }
}

/// The second amplitude of the Ryznar table.
pub fn skewed() -> DMatrix<f64> {
    DMatrix::from_row_slice(2, 2, &[1.0, 0.4, -0.3, 0.6])
}

/// Runs `paths` paths of a reference.
pub fn records(reference: &Reference, scheme: &dyn Scheme, paths: u64, seed: u64) -> Vec<PathRecord> {
    let kernel = scheme.prepare(&reference.problem).unwrap();
    escape_records(&*kernel, paths, Seed(seed), Limits::default())
}

/// Mean and standard error of the exit times; every path must have left.
pub fn mean(records: &[PathRecord]) -> (f64, f64) {
    let n = records.len() as f64;
    let (mut sum, mut square) = (0.0, 0.0);
    for record in records {
        let Outcome::Exited { time, .. } = record.outcome else { panic!("a path did not leave: {record:?}") };
        sum += time;
        square += time * time;
    }
    let mean = sum / n;
    (mean, ((square / n - mean * mean) / n).sqrt())
}

/// Whether the scheme's mean is within `tolerance` of the exact one: accepted inside `tolerance - 2.33 se`, so that a bias of
/// the full tolerance is rejected with a probability of 99 %.
pub fn within(reference: &Reference, scheme: &dyn Scheme, tolerance: f64, paths: u64) -> Result<String, String> {
    let records = records(reference, scheme, paths, 20_201_206);
    let (mean, error) = mean(&records);
    let events = records.iter().map(|r| r.events).sum::<u64>() as f64 / records.len() as f64;
    let (bias, error) = (mean / reference.mean - 1.0, error / reference.mean);
    let line = format!(
        "{:14} {:28} exact {:<10.6} measured {mean:<10.6} bias {:+.3} % ± {:.3} %  {events:.0} events a path",
        scheme.name(),
        reference.name,
        reference.mean,
        100.0 * bias,
        100.0 * error,
    );
    println!("{line}");
    if bias.abs() < tolerance - 2.33 * error { Ok(line) } else { Err(line) }
}
