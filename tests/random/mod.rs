//! Random problems with exact answers, and pairs of problems that are equal by a symmetry. A problem depends on the seed and its number.

use levy_escape::engine::kernel_records;
use levy_escape::landscape::{Asymmetric, Basin, Domain, Flat, Quadratic};
use levy_escape::noise::{Alpha, Amplitude, LevyNoise, Seed, Stream, Structure};
use levy_escape::scheme::{Limits, Scheme};
use levy_escape::theory::exact_exit;
use levy_escape::{Dynamics, Problem};
use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use rand_distr::StandardNormal;
use statrs::function::gamma::gamma;
use std::f64::consts::PI;

/// A problem with its exact mean exit time.
pub struct Case {
    pub name: String,
    pub problem: Problem,
    pub exact: f64,
}

/// The result of a scheme on a problem.
pub struct Measured {
    pub mean: f64,
    pub standard_error: f64,
    pub events: f64,
    pub warnings: Vec<String>,
    /// Exit times in path order.
    pub times: Vec<f64>,
}

/// Runs `paths` paths.
pub fn measure(problem: &Problem, scheme: &dyn Scheme, paths: u64, seed: u64) -> Measured {
    let kernel = scheme.prepare(problem).unwrap();
    let records = kernel_records(&*kernel, paths, Seed(seed), Limits::default());
    let times: Vec<f64> = records.iter().map(|record| record.outcome.exit_time().expect("every path leaves")).collect();
    let n = paths as f64;
    let mean = times.iter().sum::<f64>() / n;
    let variance = times.iter().map(|t| (t - mean) * (t - mean)).sum::<f64>() / (n - 1.0);
    let events = records.iter().map(|record| record.events).sum::<u64>() as f64 / n;
    Measured { mean, standard_error: (variance / n).sqrt(), events, warnings: kernel.warnings().to_vec(), times }
}

/// Draws of one problem.
struct Draws(Stream);

impl Draws {
    fn new(seed: u64, family: u64, number: u64) -> Self {
        Draws(Stream::new(Seed(seed), family, number))
    }

    fn uniform(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * self.0.open01()
    }

    fn log_uniform(&mut self, lo: f64, hi: f64) -> f64 {
        self.uniform(lo.ln(), hi.ln()).exp()
    }

    fn chance(&mut self, p: f64) -> bool {
        self.0.open01() < p
    }

    fn whole(&mut self, lo: usize, hi: usize) -> usize {
        (lo + (self.0.open01() * (hi - lo + 1) as f64) as usize).min(hi)
    }

    fn normals(&mut self, n: usize) -> DVector<f64> {
        DVector::from_fn(n, |_, _| self.0.sample(StandardNormal))
    }

    /// A share of the distance to the edge: 0, uniform, or .9 to .999, with probability 1/3 each.
    fn share_of_the_way(&mut self) -> f64 {
        match self.whole(0, 2) {
            0 => 0.0,
            1 => self.uniform(0.0, 0.9),
            _ => 1.0 - self.log_uniform(1e-3, 0.1),
        }
    }

    fn rotation(&mut self, dim: usize) -> DMatrix<f64> {
        DMatrix::from_fn(dim, dim, |_, _| self.0.sample(StandardNormal)).qr().q()
    }

    /// A matrix of condition at most 100.
    fn amplitude(&mut self, dim: usize) -> DMatrix<f64> {
        let values = DVector::from_fn(dim, |_, _| self.log_uniform(0.1, 10.0));
        self.rotation(dim) * DMatrix::from_diagonal(&values) * self.rotation(dim)
    }

    /// Semi-axes of ratio at most 10.
    fn semi_axes(&mut self, dim: usize) -> Vec<f64> {
        (0..dim).map(|_| self.log_uniform(10f64.powf(-0.5), 10f64.powf(0.5))).collect()
    }
}

fn noise(alpha: f64, epsilon: f64) -> LevyNoise {
    LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap()
}

fn sgd(basin: Basin, noise: LevyNoise) -> Problem {
    Problem::new(basin, Dynamics::Sgd, noise).unwrap()
}

/// An interval with one curvature or two, against `theory::exact_exit`. Problems whose boundary layer the solver cannot resolve are drawn
/// again.
pub fn on_a_line(seed: u64, number: u64) -> Case {
    let mut draws = Draws::new(seed, 0, number);
    loop {
        let alpha = draws.uniform(1.05, 1.95);
        let (a, b) = (draws.log_uniform(0.2, 4.0), draws.log_uniform(0.2, 4.0));
        let left = draws.log_uniform(0.05, 20.0);
        let right = if draws.chance(0.33) { left } else { draws.log_uniform(0.05, 20.0) };
        let epsilon = a.min(b) * draws.log_uniform(0.03, 10.0);
        let share = draws.share_of_the_way();
        let start = if draws.chance(0.5) { -a * share } else { b * share };
        let basin = Basin::new(Asymmetric::new(vec![left], vec![right]).unwrap(), Domain::interval(-a, b)).unwrap();
        let problem = sgd(basin.with_start(vec![start]).unwrap(), noise(alpha, epsilon));
        if let Some(exact) = exact_exit(&problem).and_then(|exit| exit.mean(start).ok()) {
            let name = format!("α={alpha:.3} ε={epsilon:.3} k={left:.3}/{right:.3} (-{a:.3}, {b:.3}) from {start:.4}");
            return Case { name, problem, exact };
        }
    }
}

/// No drift in a ball or an ellipsoid of 2 to 20 dimensions, against Ryznar (2025) for independent coordinates and Getoor (1961) for
/// isotropic ones: with `A` the semi-axes, `A⁻¹X` leaves the unit ball under the amplitude `A⁻¹Σ`.
pub fn in_many_dimensions(seed: u64, number: u64) -> Case {
    let mut draws = Draws::new(seed, 1, number);
    let (dim, alpha, epsilon) = (draws.whole(2, 20), draws.uniform(1.05, 1.97), draws.log_uniform(0.3, 3.0));
    let is_ellipsoid = draws.chance(0.5);
    let axes = if is_ellipsoid { draws.semi_axes(dim) } else { vec![1.0; dim] };
    let direction = draws.normals(dim).normalize();
    let share = draws.share_of_the_way();
    let start: Vec<f64> = direction.iter().zip(&axes).map(|(u, a)| share * u * a).collect();
    let domain = if is_ellipsoid { Domain::ellipsoid(axes.clone()) } else { Domain::ball(1.0) };
    let basin = Basin::new(Flat::new(dim).unwrap(), domain).unwrap().with_start(start).unwrap();
    let to_ball = DMatrix::from_diagonal(&DVector::from_vec(axes.iter().map(|a| 1.0 / a).collect()));
    let inside = (1.0 - share * share).powf(0.5 * alpha) * epsilon.powf(-alpha);
    let (what, law, exact) = if draws.chance(0.2) {
        let scale = draws.log_uniform(0.3, 3.0);
        let sigma = DMatrix::from_diagonal(&DVector::from_vec(axes.clone())) * draws.rotation(dim) * scale;
        let half = 0.5 * dim as f64;
        let constant = gamma(half) / (2f64.powf(alpha) * gamma(1.0 + 0.5 * alpha) * gamma(half + 0.5 * alpha));
        let law = noise(alpha, epsilon).with_amplitude(Amplitude::Dense(sigma)).with_structure(Structure::Isotropic);
        ("isotropic", law, constant * inside * scale.powf(-alpha))
    } else {
        let is_diagonal = draws.chance(0.3);
        let sigma = if is_diagonal {
            DMatrix::from_diagonal(&DVector::from_fn(dim, |_, _| draws.log_uniform(0.1, 10.0)))
        } else {
            draws.amplitude(dim)
        };
        let density = gamma(1.0 + alpha) * (0.5 * PI * alpha).sin() / PI;
        let seen = (&to_ball * &sigma).column_iter().map(|column| column.norm().powf(alpha)).sum::<f64>();
        let kappa = 1.0 / (gamma(1.0 - 0.5 * alpha) * gamma(1.0 + 0.5 * alpha));
        let amplitude = if is_diagonal {
            Amplitude::Diagonal(sigma.diagonal().iter().copied().collect())
        } else {
            Amplitude::Dense(sigma)
        };
        let what = if is_diagonal { "diagonal" } else { "dense" };
        (what, noise(alpha, epsilon).with_amplitude(amplitude), kappa * inside * alpha / (2.0 * density * seen))
    };
    let shape = if is_ellipsoid { "ellipsoid" } else { "ball" };
    let name = format!("{shape} d={dim} {what} α={alpha:.3} ε={epsilon:.3} from {share:.4} of the way");
    Case { name, problem: sgd(basin, law), exact }
}

/// Two problems whose exit times have the same law up to the factor `times`: `Γ_b = times Γ_a`.
pub struct Pair {
    pub name: &'static str,
    pub a: Problem,
    pub b: Problem,
    pub times: f64,
}

/// One pair of every symmetry. With `twist = 1` the symmetry holds; otherwise the noise of `b` is wrong by the factor `twist`, to test the power.
pub fn symmetric_pairs(seed: u64, number: u64, twist: f64) -> Vec<Pair> {
    let mut draws = Draws::new(seed, 2, number);
    let (dim, alpha) = (draws.whole(2, 6), draws.uniform(1.1, 1.9));
    let epsilon = draws.log_uniform(0.2, 1.0);
    let share = draws.share_of_the_way().min(0.95);
    let direction = draws.normals(dim).normalize();
    let curvature: Vec<f64> = (0..dim).map(|_| draws.log_uniform(0.2, 3.0)).collect();
    let axes = draws.semi_axes(dim);
    // Noise of the size of the ball, so that an escape takes some relaxation times.
    let sigma = draws.amplitude(dim) / (dim as f64).sqrt();
    let sigma = &sigma / sigma.norm() * (dim as f64).sqrt();
    let rotation = draws.rotation(dim);
    let scale = draws.log_uniform(0.2, 5.0);
    let bowl = |k: &[f64]| Quadratic::new(k.to_vec()).unwrap();
    let law =
        |epsilon: f64, sigma: &DMatrix<f64>| noise(alpha, epsilon).with_amplitude(Amplitude::Dense(sigma.clone()));
    let at = |basin: Basin, start: &DVector<f64>| basin.with_start(start.iter().copied().collect()).unwrap();
    let ball = |k: &[f64]| Basin::new(bowl(k), Domain::ball(1.0)).unwrap();
    let start = &direction * share;
    let plain = sgd(at(ball(&curvature), &start), law(epsilon, &sigma));
    let stretch = DMatrix::from_diagonal(&DVector::from_vec(axes.clone()));
    let stretched = Basin::new(bowl(&curvature), Domain::ellipsoid(axes)).unwrap();
    let quick: Vec<f64> = curvature.iter().map(|k| k * scale).collect();
    let hessian = &rotation * DMatrix::from_diagonal(&DVector::from_vec(curvature.clone())) * rotation.transpose();
    let hessian = (&hessian + hessian.transpose()) * 0.5;
    let turned = Basin::new(Quadratic::with_hessian(hessian).unwrap(), Domain::ball(1.0)).unwrap();
    // An asymmetric box, its mirror image, and with its axes in another order.
    let (lo, hi): (Vec<f64>, Vec<f64>) =
        (0..dim).map(|_| (draws.log_uniform(0.4, 2.0), draws.log_uniform(0.4, 2.0))).unzip();
    let other: Vec<f64> = (0..dim).map(|_| draws.log_uniform(0.2, 3.0)).collect();
    let boxed = |order: &[usize], mirrored: bool, twist: f64| {
        let (lo, hi, left, right, sign) =
            if mirrored { (&hi, &lo, &other, &curvature, -1.0) } else { (&lo, &hi, &curvature, &other, 1.0) };
        let pick = |values: &[f64]| order.iter().map(|i| values[*i]).collect::<Vec<f64>>();
        let sides = order.iter().map(|i| [-lo[*i], hi[*i]]).collect();
        let valley = Asymmetric::new(pick(left), pick(right)).unwrap();
        let rows = DMatrix::from_fn(dim, dim, |i, j| sign * sigma[(order[i], j)]);
        let start = DVector::from_fn(dim, |i, _| sign * share * direction[order[i]] * 0.4);
        sgd(at(Basin::new(valley, Domain::Box(sides)).unwrap(), &start), law(epsilon * twist, &rows))
    };
    let straight: Vec<usize> = (0..dim).collect();
    let reversed: Vec<usize> = (0..dim).rev().collect();
    vec![
        Pair {
            name: "an ellipsoid is its ball under a linear map",
            b: sgd(at(stretched, &(&stretch * &start)), law(epsilon * twist, &(&stretch * &sigma))),
            a: plain.clone(),
            times: 1.0,
        },
        Pair {
            name: "noise and time scale as ε^α t",
            b: sgd(at(ball(&quick), &start), law(epsilon * twist * scale.powf(1.0 / alpha), &sigma)),
            a: plain.clone(),
            times: 1.0 / scale,
        },
        Pair {
            name: "a rotation changes nothing",
            b: sgd(at(turned, &(&rotation * &start)), law(epsilon * twist, &(&rotation * &sigma))),
            a: plain,
            times: 1.0,
        },
        Pair {
            name: "a mirror changes nothing",
            a: boxed(&straight, false, 1.0),
            b: boxed(&straight, true, twist),
            times: 1.0,
        },
        Pair {
            name: "the order of the axes changes nothing",
            a: boxed(&straight, false, 1.0),
            b: boxed(&reversed, false, twist),
            times: 1.0,
        },
    ]
}

/// A box with a diagonal amplitude, and the same axes one by one: its exit time is the least of theirs. The noise of the box is wrong by the factor
/// `twist`.
pub fn box_and_its_axes(seed: u64, number: u64, twist: f64) -> (Problem, Vec<Problem>) {
    let mut draws = Draws::new(seed, 3, number);
    let (dim, alpha, epsilon) = (draws.whole(2, 5), draws.uniform(1.1, 1.9), draws.log_uniform(0.2, 1.0));
    let of_axes: Vec<[f64; 6]> = (0..dim)
        .map(|_| {
            let (lo, hi) = (draws.log_uniform(0.5, 2.0), draws.log_uniform(0.5, 2.0));
            let share = draws.uniform(-0.9, 0.9);
            let start = if share < 0.0 { lo * share } else { hi * share };
            [-lo, hi, draws.log_uniform(0.2, 5.0), draws.log_uniform(0.2, 5.0), draws.log_uniform(0.4, 2.0), start]
        })
        .collect();
    let build = |axes: &[[f64; 6]], epsilon: f64| {
        let valley = Asymmetric::new(axes.iter().map(|a| a[2]).collect(), axes.iter().map(|a| a[3]).collect()).unwrap();
        let domain = Domain::Box(axes.iter().map(|a| [a[0], a[1]]).collect());
        let start = axes.iter().map(|a| a[5]).collect();
        let amplitude = Amplitude::Diagonal(axes.iter().map(|a| a[4]).collect());
        let basin = Basin::new(valley, domain).unwrap().with_start(start).unwrap();
        sgd(basin, noise(alpha, epsilon).with_amplitude(amplitude))
    };
    (build(&of_axes, epsilon * twist), of_axes.iter().map(|axis| build(std::slice::from_ref(axis), epsilon)).collect())
}
