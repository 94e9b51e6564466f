use nalgebra::dmatrix;
use rand::RngExt;

use super::hit_test::{HitTest, PlanarTarget};
use super::kernel::{HittingKernel, Motion};
use super::run::run_into;
use crate::dynamics::{Adam, Dynamics, Problem, SecondMoment};
use crate::landscape::{Basin, Domain, DoubleWell, Expression, GaussianWell, GaussianWells, MullerBrown, Potential};
use crate::noise::{Alpha, Amplitude, LevyNoise, Seed, Stream, Structure};
use crate::scheme::jump_adapted::Bridge;
use crate::scheme::occupancy::plane::SgdMover;
use crate::scheme::{Departure, Euler, ExitSite, JumpAdapted, Limits, Scheme, SchemeError, StreamSource};

const SEED: Seed = Seed(20_261_130);

/// More paths for the slow tests.
fn paths(default: u64) -> u64 {
    if cfg!(feature = "slow-tests") { 10 * default } else { default }
}

/// A number of the stream between two ends.
fn between(rng: &mut Stream, [lo, hi]: [f64; 2]) -> f64 {
    lo + (hi - lo) * rng.random::<f64>()
}

fn problem(potential: impl Potential + 'static, target: &[[f64; 2]], dynamics: &Dynamics, noise: LevyNoise) -> Problem {
    let basin = Basin::new(potential, Domain::Until(target.to_vec())).unwrap();
    Problem::new(basin, dynamics.clone(), noise).unwrap()
}

fn noise(alpha: f64, epsilon: f64, amplitude: Amplitude, structure: Structure) -> LevyNoise {
    let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap();
    noise.with_amplitude(amplitude).with_structure(structure)
}

/// A mean with its standard error.
fn mean(times: &[f64]) -> [f64; 2] {
    let n = times.len() as f64;
    let mean = times.iter().sum::<f64>() / n;
    [mean, (times.iter().map(|t| (t - mean) * (t - mean)).sum::<f64>() / (n * (n - 1.0))).sqrt()]
}

/// The mean hitting time by a scheme, all of whose paths must hit.
fn hitting(problem: &Problem, scheme: &dyn Scheme, paths: u64, cell: u64) -> [f64; 2] {
    let (kernel, mut records) = (scheme.prepare(problem).unwrap(), Vec::new());
    kernel.run(StreamSource { seed: SEED, cell }, 0..paths, Limits::default(), &mut records);
    mean(&records.iter().map(|record| record.outcome.exit_time().unwrap()).collect::<Vec<_>>())
}

/// A test of steps without a bridge: only the end of a step counts.
struct EndsOnly<'p>(PlanarTarget<'p>);

impl HitTest<[f64; 2]> for EndsOnly<'_> {
    fn holds(&self, x: [f64; 2]) -> bool {
        self.0.holds(x)
    }

    fn seen_from(&self, x: [f64; 2]) -> (f64, [f64; 2]) {
        self.0.seen_from(x)
    }

    fn bridge(&self, before: [f64; 2], after: [f64; 2], seen: (f64, [f64; 2])) -> Bridge {
        if self.holds(after) { self.0.bridge(before, after, seen) } else { Bridge { from: 1e300, to: 1e300 } }
    }

    fn crept(&self, before: [f64; 2], after: [f64; 2], share: f64) -> (ExitSite, [f64; 2]) {
        self.0.crept(before, after, share)
    }

    fn jumped(&self, x: [f64; 2], jump: [f64; 2]) -> ExitSite {
        self.0.jumped(x, jump)
    }
}

/// The mean hitting time of SGD in the plane without bridges.
fn without_bridges(problem: &Problem, paths: u64, cell: u64) -> [f64; 2] {
    let kernel = HittingKernel::new(problem, None, None).unwrap();
    let Motion::PlanarSgd(equation) = &kernel.motion else { panic!("not SGD in the plane") };
    let (target, start) = (EndsOnly(PlanarTarget { problem, sides: &kernel.target }), problem.basin().start());
    let source = StreamSource { seed: SEED, cell };
    let time = |path: u64| {
        let mut mover = SgdMover { equation, x: [start[0], start[1]] };
        let (record, _) = run_into(&equation.local, &target, &mut mover, &mut source.stream(path), &Limits::default());
        record.outcome.exit_time().unwrap()
    };
    mean(&(0..paths).map(time).collect::<Vec<_>>())
}

/// The mean of several ratios, weighted by their precision, with its standard error.
fn average(ratios: &[[f64; 2]]) -> [f64; 2] {
    let weight = |error: f64| 1.0 / (error * error);
    let total = ratios.iter().map(|[_, error]| weight(*error)).sum::<f64>();
    [ratios.iter().map(|[ratio, error]| ratio * weight(*error)).sum::<f64>() / total, total.sqrt().recip()]
}

fn ratio([found, error]: [f64; 2], [reference, spread]: [f64; 2]) -> [f64; 2] {
    [found / reference, error.hypot(found / reference * spread) / reference]
}

/// Whether a ratio is 1 within a bias and 4 standard errors.
fn is_one([ratio, error]: [f64; 2], bias: f64) -> bool {
    (ratio - 1.0).abs() < bias + 4.0 * error
}

/// The noise in the plane with the first row of `Σ`, and the scale of its first coordinate.
fn noise_of_row(kind: &str, alpha: f64, row: [f64; 2], other: [f64; 2]) -> (Amplitude, Structure, f64) {
    let dense = || Amplitude::Dense(dmatrix![row[0], row[1]; other[0], other[1]]);
    match kind {
        "dense" | "formula" => {
            let scale = row.iter().map(|a| a.abs().powf(alpha)).sum::<f64>().powf(1.0 / alpha);
            (dense(), Structure::Independent, scale)
        }
        "isotropic" => (Amplitude::Scalar(row[0]), Structure::Isotropic, row[0]),
        "isotropic dense" => (dense(), Structure::Isotropic, row[0].hypot(row[1])),
        _ => (Amplitude::Diagonal(vec![row[0], other[1]]), Structure::Independent, row[0]),
    }
}

/// A potential `F(x) + ½ k y²` and a half-plane `x ≥ b`: the first coordinate does not depend on the second, and its noise is stable with the scale of
/// the first row of `Σ`. The mean hitting time is that of the line for independent axes, dense amplitudes, isotropic noise, and Adam: within 2 % and 4
/// standard errors each, and 1 % and 4 standard errors on average. Steps without bridges are rejected. The slow tests also take half-planes beyond the
/// saddle.
#[test]
fn half_planes_are_hit_at_the_times_of_the_line() {
    let mut rng = Stream::new(SEED, 1, 0);
    let frozen = Adam::new(2.0, 0.3).unwrap().with_second_moment(SecondMoment::Frozen);
    let kinds: [(&str, Dynamics); 6] = [
        ("independent", Dynamics::Sgd),
        ("dense", Dynamics::Sgd),
        ("isotropic", Dynamics::Sgd),
        ("isotropic dense", Dynamics::Sgd),
        ("formula", Dynamics::Sgd),
        ("adam", Dynamics::Adam(frozen)),
    ];
    let mut faces = vec![([-0.7, -0.2], paths(4_000))];
    if cfg!(feature = "slow-tests") {
        faces.push(([0.2, 1.2], 10_000));
    }
    for (faces, n) in faces {
        let (mut ratios, mut blind) = (Vec::new(), Vec::new());
        for (cell, (kind, dynamics)) in (10..).zip(&kinds) {
            let (alpha, epsilon) = (between(&mut rng, [1.3, 1.95]), between(&mut rng, [0.3, 0.6]));
            let (saddle, stiffness) = (between(&mut rng, [-0.1, 0.3]), between(&mut rng, [0.7, 2.0]));
            let (across, face) = (between(&mut rng, [0.4, 3.0]), between(&mut rng, faces));
            let row = [between(&mut rng, [0.5, 1.0]), between(&mut rng, [-0.9, 0.9])];
            let other = [between(&mut rng, [-1.0, 1.0]), between(&mut rng, [0.4, 1.5])];
            let (amplitude, structure, scale) = noise_of_row(kind, alpha, row, other);
            let half_plane = [[face, f64::INFINITY], [f64::NEG_INFINITY, f64::INFINITY]];
            let in_plane = noise(alpha, epsilon, amplitude, structure);
            let (line, plane) = if *kind == "formula" {
                let formula = format!("x^4/4 - x^2/2 + {}*y^2", 0.5 * across);
                let formula = Expression::new(&formula, &[], Some(&[-1.0, 0.0]), None).unwrap();
                (DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap(), problem(formula, &half_plane, dynamics, in_plane))
            } else {
                let line = DoubleWell::new([-1.0, 1.0], saddle, stiffness).unwrap();
                let wells = line.clone().with_transverse(vec![across]).unwrap();
                (line, problem(wells, &half_plane, dynamics, in_plane))
            };
            let on_line = noise(alpha, epsilon, Amplitude::Scalar(scale), Structure::Independent);
            let line = problem(line, &half_plane[..1], dynamics, on_line);
            let jumps = JumpAdapted::default();
            let reference = hitting(&line, &jumps, 2 * n, cell);
            let found = ratio(hitting(&plane, &jumps, n, cell), reference);
            assert!(is_one(found, 0.02), "{kind}, α = {alpha}, ε = {epsilon}, b = {face}: {found:?} of {reference:?}");
            ratios.push(found);
            if *dynamics == Dynamics::Sgd {
                blind.push(ratio(without_bridges(&plane, n, cell), reference));
            }
        }
        let (all, twin) = (average(&ratios), average(&blind));
        assert!(is_one(all, 0.01), "{all:?}");
        // Behind the saddle paths come in by the drift.
        assert!(faces[0] > 0.0 || !is_one(twin, 0.01), "{twin:?}");
    }
}

/// A landscape of two Gaussian wells and a box, drawn again until the first minimum lies outside the box.
fn wells_and_box(rng: &mut Stream, amplitude: Amplitude, structure: Structure) -> Problem {
    loop {
        let mut well = |x: f64, y: f64| GaussianWell {
            position: [x + between(rng, [-0.2, 0.2]), y + between(rng, [-0.3, 0.3])],
            width: between(rng, [0.4, 0.7]),
            depth: between(rng, [0.8, 1.8]),
        };
        let wells = GaussianWells::new(vec![well(-1.0, -0.2), well(1.0, 0.4)], between(rng, [0.3, 0.8]), 0).unwrap();
        let mut side = |lo: [f64; 2]| {
            let lo = between(rng, lo);
            [lo, lo + between(rng, [0.3, 1.2])]
        };
        let sides = vec![side([-0.7, -0.2]), side([-0.8, -0.2])];
        let noise = noise(between(rng, [1.3, 1.9]), between(rng, [0.3, 0.6]), amplitude.clone(), structure);
        if let Ok(basin) = Basin::new(wells, Domain::Until(sides)) {
            let problem = Problem::new(basin, Dynamics::Sgd, noise).unwrap();
            if HittingKernel::check(&problem).is_ok() {
                return problem;
            }
        }
    }
}

/// Bounded boxes on the slope of one of two Gaussian wells, with isotropic noise and with independent axes under a dense amplitude: the mean hitting
/// time is that of fine steps of Euler's recursion, whose error is of the order of the step. Within 3 % and 4 standard errors each, and 1.5 % and 4
/// standard errors on average. Steps without bridges are rejected.
#[test]
#[cfg_attr(not(feature = "slow-tests"), ignore = "minutes")]
fn boxes_are_hit_at_the_times_of_fine_steps() {
    let mut rng = Stream::new(SEED, 2, 0);
    let (mut ratios, mut blind) = (Vec::new(), Vec::new());
    let dense = Amplitude::Dense(dmatrix![0.8, -0.5; 0.3, 1.0]);
    let kinds = [(Amplitude::Scalar(1.0), Structure::Isotropic), (dense, Structure::Independent)];
    for (round, (amplitude, structure)) in kinds.into_iter().cycle().take(8).enumerate() {
        let problem = wells_and_box(&mut rng, amplitude, structure);
        let (n, cell) = (20_000, 100 + round as u64);
        let mean = hitting(&problem, &JumpAdapted::default(), n, cell);
        let reference = hitting(&problem, &Euler::with_step(0.001).unwrap(), n, cell);
        let found = ratio(mean, reference);
        assert!(is_one(found, 0.03), "{:?}, {:?}: {found:?}", problem.noise(), problem.basin().target());
        ratios.push(found);
        blind.push(ratio(without_bridges(&problem, n, cell), reference));
    }
    let (all, twin) = (average(&ratios), average(&blind));
    assert!(is_one(all, 0.015) && !is_one(twin, 0.015), "{all:?} {twin:?}");
}

/// Boxes and walls that are narrower than the jumps, over which drawn jumps leap: within 2 % and 4 standard errors of the difference from fine steps.
#[test]
#[cfg_attr(not(feature = "slow-tests"), ignore = "minutes")]
fn narrow_targets_are_hit_at_the_times_of_fine_steps() {
    let mut rng = Stream::new(SEED, 3, 0);
    for (round, thin) in [[0.02, f64::INFINITY], [0.06, 0.08], [0.3, 0.03]].into_iter().enumerate() {
        let well = |x: f64, y: f64| GaussianWell { position: [x, y], width: 0.6, depth: 1.2 };
        let wells = GaussianWells::new(vec![well(-1.0, 0.0), well(1.0, 0.3)], 0.5, 0).unwrap();
        let corner = [between(&mut rng, [-0.6, -0.3]), between(&mut rng, [-0.2, 0.2])];
        let side =
            |i: usize| if thin[i] == f64::INFINITY { [-thin[i], thin[i]] } else { [corner[i], corner[i] + thin[i]] };
        let noise = noise(between(&mut rng, [1.4, 1.8]), 0.45, Amplitude::Scalar(1.0), Structure::Isotropic);
        let problem = problem(wells, &[side(0), side(1)], &Dynamics::Sgd, noise);
        let found = hitting(&problem, &JumpAdapted::default(), 10_000, 200);
        let reference = hitting(&problem, &Euler::with_step(0.0005).unwrap(), 10_000, 200);
        assert!(is_one(ratio(found, reference), 0.02), "{round}: {found:?} {reference:?}");
    }
}

/// Targets just beside a minimum, around the other minimum, of one point, and far beyond the wells are hit in a bounded number of events; so are
/// those on Müller and Brown's surface, where the force is enormous far out.
#[test]
fn targets_may_lie_anywhere() {
    let wells = || {
        let well = |x: f64| GaussianWell { position: [x, 0.0], width: 0.5, depth: 1.0 };
        GaussianWells::new(vec![well(-1.0), well(1.0)], 0.3, 0).unwrap()
    };
    let minimum = wells().minimum().to_vec();
    let surface = MullerBrown::new(0.02, 0).unwrap();
    let bottom = surface.minimum().to_vec();
    let beside = |way: f64| [[minimum[0] + way, minimum[0] + 1.0], [minimum[1] - 1.0, minimum[1] + 1.0]];
    let boxes = [
        beside(1e-3),
        beside(1e-6),
        beside(1e-12),
        [[0.5, 1.5], [-1.0, 1.0]],
        [[4.0, f64::INFINITY], [f64::NEG_INFINITY, f64::INFINITY]],
    ];
    let mut problems: Vec<Problem> = boxes
        .iter()
        .map(|sides| {
            problem(wells(), sides, &Dynamics::Sgd, noise(1.5, 0.3, Amplitude::Scalar(1.0), Structure::Isotropic))
        })
        .collect();
    let right = [[bottom[0] + 0.4, f64::INFINITY], [f64::NEG_INFINITY, f64::INFINITY]];
    for dynamics in [Dynamics::Sgd, Dynamics::Adam(Adam::new(1.0, 0.1).unwrap())] {
        problems.push(problem(
            surface.clone(),
            &right,
            &dynamics,
            noise(1.2, 0.2, Amplitude::Scalar(1.0), Structure::Independent),
        ));
    }
    for (case, problem) in problems.iter().enumerate() {
        let (kernel, mut records) = (JumpAdapted::default().prepare(problem).unwrap(), Vec::new());
        let limits = Limits { max_events: 1_000_000, ..Limits::default() };
        kernel.run(StreamSource { seed: SEED, cell: 300 }, 0..20, limits, &mut records);
        assert!(records.iter().all(|record| record.outcome.exit_time().is_some()), "{case}: {records:?}");
    }
}

/// Points and records agree: the point lies in the target, in the recorded well and at the recorded overshoot; a limit of time censors the later paths
/// and changes no other.
#[test]
fn points_are_those_of_the_records() {
    let mut rng = Stream::new(SEED, 4, 0);
    let skewed = Amplitude::Dense(dmatrix![0.8, -0.5; 0.3, -1.0]);
    let mut crept = 0;
    for (amplitude, structure) in [(Amplitude::Scalar(1.0), Structure::Isotropic), (skewed, Structure::Independent)] {
        let problem = wells_and_box(&mut rng, amplitude, structure);
        let (kernel, basin) = (JumpAdapted::default().prepare(&problem).unwrap(), problem.basin());
        let (source, mut records, mut short) = (StreamSource { seed: SEED, cell: 400 }, Vec::new(), Vec::new());
        let limits = Limits { max_time: 3.0, ..Limits::default() };
        kernel.run(source, 0..200, Limits::default(), &mut records);
        kernel.run(source, 0..200, limits, &mut short);
        for (path, (record, short)) in records.iter().zip(&short).enumerate() {
            let site = record.outcome.site().unwrap();
            let point = kernel.landing_point(source, path as u64, Limits::default()).unwrap();
            assert!(!basin.contains(&point), "{path}: {point:?}");
            assert_eq!(site.landed.map(|well| usize::from(well.get()) - 1), basin.well_of(&point), "{path}");
            assert!((basin.gauge(&point).max(1.0) / site.overshoot - 1.0).abs() < 1e-9, "{path}: {point:?} {site:?}");
            crept += usize::from(site.by == Departure::Creep);
            match short.outcome.exit_time() {
                Some(_) => assert_eq!(short, record),
                None => assert!(record.outcome.exit_time().unwrap() >= 3.0, "{record:?} {short:?}"),
            }
        }
    }
    assert!((40..360).contains(&crept), "{crept}");
}

fn white() -> LevyNoise {
    noise(1.5, 0.3, Amplitude::Scalar(1.0), Structure::Independent)
}

#[test]
fn three_dimensions_and_single_wells_are_refused() {
    let three = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap().with_transverse(vec![1.0; 2]).unwrap();
    let all = [f64::NEG_INFINITY, f64::INFINITY];
    let refusal = |problem: &Problem| JumpAdapted::default().check(problem).unwrap_err();
    let in_three = problem(three, &[[0.5, 2.0], all, all], &Dynamics::Sgd, white());
    assert_eq!(refusal(&in_three), SchemeError::Target { dim: 3 });
    let one = Expression::new("x^4 + x^2 + y^2", &[], Some(&[0.0, 0.0]), None).unwrap();
    assert_eq!(refusal(&problem(one, &[[0.5, 2.0], all], &Dynamics::Sgd, white())), SchemeError::Target { dim: 2 });
}

/// In the plane the wells of a formula are found around its minima.
#[test]
fn formulas_in_the_plane_are_accepted() {
    let all = [f64::NEG_INFINITY, f64::INFINITY];
    for formula in ["(x^2 - 1)^2 + (y - x)^2", "((x + y)^2 - 1)^2/4 + (x - y)^2", "cos(3*x) + cos(2*y) + (x^2 + y^2)/4"]
    {
        let start = Expression::new(formula, &[], None, Some(&[0.9, 0.9])).unwrap();
        let problem = problem(start, &[[2.5, 3.0], all], &Dynamics::Sgd, white());
        let found = problem.basin().planar_wells().unwrap().unwrap();
        assert!(
            found.count() >= problem.basin().minima().unwrap().count()
                && JumpAdapted::default().prepare(&problem).is_ok(),
            "{formula}"
        );
    }
}
