//! The lanes against the path one by one, bit for bit.

use super::super::kernel::JumpAdaptedKernel;
use crate::dynamics::{Adam, Dynamics, Problem, SecondMoment};
use crate::landscape::{Basin, Domain, Quadratic};
use crate::noise::{Alpha, Amplitude, LevyNoise, Seed, levels};
use crate::scheme::{Departure, JumpAdapted, Limits, Outcome, PathRecord, StreamSource};
use nalgebra::DMatrix;

const SOURCE: StreamSource = StreamSource { seed: Seed(3), cell: 1 };

/// The dynamics, with `Σ = diag` or with entries beside the diagonal.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Sgd,
    DenseSgd,
    Adam(SecondMoment),
}

const KINDS: [Kind; 4] =
    [Kind::Sgd, Kind::DenseSgd, Kind::Adam(SecondMoment::Frozen), Kind::Adam(SecondMoment::MeanField)];

/// Unequal axes in `dim` dimensions, starting at `start` along the diagonal.
fn problem(dim: usize, domain: Domain, kind: Kind, [alpha, epsilon, start]: [f64; 3]) -> Problem {
    let along = |of: &dyn Fn(f64) -> f64| (0..dim).map(|i| of(i as f64)).collect::<Vec<f64>>();
    let bowl = Quadratic::new(along(&|i| 1.0 + 0.5 * i)).unwrap().centred_at(along(&|i| 0.1 * i.sin())).unwrap();
    let basin = Basin::new(bowl, domain).unwrap();
    let start = basin.minimum().iter().map(|m| m + start / (dim as f64).sqrt()).collect();
    let mut diagonal = along(&|i| 1.0 - 0.6 * i * (-0.4 * i).exp());
    diagonal.iter_mut().skip(2).step_by(3).for_each(|a| *a = -*a);
    if !matches!(kind, Kind::Adam(_)) {
        // Adam would divide by its stabilizer alone.
        diagonal.iter_mut().skip(3).take(1).for_each(|a| *a = 0.0);
    }
    let dynamics = match kind {
        Kind::Adam(moment) => Dynamics::Adam(Adam::new(1.0, 0.3).unwrap().with_second_moment(moment)),
        _ => Dynamics::Sgd,
    };
    let amplitude = match kind {
        Kind::Sgd | Kind::Adam(_) => Amplitude::Diagonal(diagonal),
        Kind::DenseSgd => {
            let beside = |i: usize, j: usize| 0.3 * (1.0 + i as f64 + 2.0 * j as f64).sin();
            Amplitude::Dense(DMatrix::from_fn(dim, dim, |i, j| if i == j { diagonal[i] } else { beside(i, j) }))
        }
    };
    let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap().with_amplitude(amplitude);
    Problem::new(basin.with_start(start).unwrap(), dynamics, noise).unwrap()
}

/// All domains, dimensions and kinds, strong and weak, and starts at the minimum, on the way and at the edge.
fn problems() -> Vec<Problem> {
    let mut problems = Vec::new();
    for dim in [2, 3, 5, 16] {
        let face = |i: usize| [-0.8 - 0.05 * i as f64, if i == 1 { f64::INFINITY } else { 1.1 }];
        let semi_axes: Vec<f64> = (0..dim).map(|i| 0.8 + 0.1 * i as f64).collect();
        for domain in [Domain::Box((0..dim).map(face).collect()), Domain::ball(0.9), Domain::Ellipsoid { semi_axes }] {
            for law in [[1.9, 0.4, 0.0], [1.2, 0.02, 0.3], [1.8, 0.15, 0.7], [0.7, 0.3, -0.5]] {
                problems.extend(KINDS.map(|kind| problem(dim, domain.clone(), kind, law)));
            }
        }
    }
    problems
}

fn kernel(problem: &Problem) -> JumpAdaptedKernel {
    JumpAdaptedKernel::new(&JumpAdapted::default(), problem).unwrap()
}

/// The first paths of the general scheme and of the lanes differ in a bit.
fn differs(kernel: &JumpAdaptedKernel, general: &[PathRecord], limits: Limits<'_>) -> Option<usize> {
    let few = kernel.few.as_ref().unwrap();
    let mut lanes = Vec::new();
    few.run(&kernel.paths, SOURCE, 0..3, limits, &mut lanes);
    few.run(&kernel.paths, SOURCE, 3..general.len() as u64, limits, &mut lanes);
    general.iter().zip(&lanes).position(|(a, b)| a != b)
}

/// Every path has the bits of the general scheme: time, site and number of events, with all vectors of this machine, with and without limits.
#[test]
fn a_path_has_the_bits_of_the_general_scheme() {
    let (mut jumps, mut creeps) = (0, 0);
    for problem in problems() {
        let mut kernel = kernel(&problem);
        for limits in [Limits::default(), Limits { max_time: 2.0, max_events: 40, stop: None }] {
            let mut general = Vec::new();
            kernel.paths.run(SOURCE, 0..12, limits, &mut general);
            for arch in levels() {
                kernel.few.as_mut().unwrap().arch = arch;
                assert_eq!(differs(&kernel, &general, limits), None, "{arch:?} {problem:?}");
            }
            for record in general {
                if let Outcome::Exited { site, .. } = record.outcome {
                    *if site.by == Departure::Jump { &mut jumps } else { &mut creeps } += 1;
                }
            }
        }
    }
    assert!(jumps > 500 && creeps > 100, "{jumps} {creeps}");
}

/// Power: noise that differs in its last digits is seen in the bits of all problems.
#[test]
fn the_last_digits_of_the_noise_are_seen() {
    for kind in KINDS {
        let of = |epsilon: f64| kernel(&problem(3, Domain::ball(0.9), kind, [1.5, epsilon, 0.2]));
        let mut general = Vec::new();
        of(0.2).paths.run(SOURCE, 0..20, Limits::default(), &mut general);
        assert_eq!(differs(&of(0.2), &general, Limits::default()), None);
        assert!(differs(&of(0.2 * (1.0 + 1e-14)), &general, Limits::default()).is_some());
    }
}
