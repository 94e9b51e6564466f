//! The lanes against the path one by one, bit for bit.

use super::super::kernel::JumpAdaptedKernel;
use crate::dynamics::{Dynamics, Problem};
use crate::landscape::{Basin, Domain, Quadratic};
use crate::noise::{Alpha, Amplitude, LevyNoise, Seed, levels};
use crate::scheme::{JumpAdapted, Limits, Outcome, PathRecord, StreamSource};

const SOURCE: StreamSource = StreamSource { seed: Seed(3), cell: 1 };

/// SGD with unequal axes in `dim` dimensions.
fn problem(dim: usize, domain: Domain, alpha: f64, epsilon: f64, start: f64) -> Problem {
    let along = |of: &dyn Fn(f64) -> f64| (0..dim).map(|i| of(i as f64)).collect::<Vec<f64>>();
    let bowl = Quadratic::new(along(&|i| 1.0 + 0.5 * i)).unwrap().centred_at(along(&|i| 0.1 * i.sin())).unwrap();
    let basin = Basin::new(bowl, domain).unwrap();
    let start = basin.minimum().iter().map(|m| m + start / (dim as f64).sqrt()).collect();
    let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap();
    let mut amplitude = along(&|i| 1.0 - 0.6 * i * (-0.4 * i).exp());
    amplitude.iter_mut().skip(2).step_by(3).for_each(|a| *a = -*a);
    amplitude.iter_mut().skip(3).take(1).for_each(|a| *a = 0.0);
    let noise = noise.with_amplitude(Amplitude::Diagonal(amplitude));
    Problem::new(basin.with_start(start).unwrap(), Dynamics::Sgd, noise).unwrap()
}

/// All domains and dimensions, strong and weak noise, and starts at the minimum, on the way and at the edge.
fn problems() -> Vec<Problem> {
    let mut problems = Vec::new();
    for dim in [2, 3, 5, 16] {
        let faces: Vec<[f64; 2]> =
            (0..dim).map(|i| [-0.8 - 0.05 * i as f64, if i == 1 { f64::INFINITY } else { 1.1 }]).collect();
        let semi_axes: Vec<f64> = (0..dim).map(|i| 0.8 + 0.1 * i as f64).collect();
        for domain in
            [Domain::Box(faces.clone()), Domain::ball(0.9), Domain::Ellipsoid { semi_axes: semi_axes.clone() }]
        {
            for (alpha, epsilon, start) in [(1.9, 0.4, 0.0), (1.2, 0.05, 0.3), (1.8, 0.1, 0.7), (0.7, 0.3, -0.5)] {
                problems.push(problem(dim, domain.clone(), alpha, epsilon, start));
            }
        }
    }
    problems
}

fn kernel(problem: &Problem) -> JumpAdaptedKernel {
    JumpAdaptedKernel::new(&JumpAdapted::default(), problem).unwrap()
}

/// Every path has the bits of the general scheme: time, site, number of events, for all vectors of this machine, with and without limits.
/// Most of these paths would take other events if one operation were in another order, since the steps near the edge depend on the place.
#[test]
fn a_path_has_the_bits_of_the_general_scheme() {
    let (mut jumps, mut creeps) = (0, 0);
    for problem in problems() {
        let mut kernel = kernel(&problem);
        let few = kernel.few.as_mut().unwrap();
        for limits in [Limits::default(), Limits { max_time: 2.0, max_events: 40, stop: None }] {
            let mut general = Vec::new();
            kernel.paths.run(SOURCE, 0..40, limits, &mut general);
            for arch in levels() {
                few.arch = arch;
                let mut lanes: Vec<PathRecord> = Vec::new();
                few.run(&kernel.paths, SOURCE, 0..3, limits, &mut lanes);
                few.run(&kernel.paths, SOURCE, 3..40, limits, &mut lanes);
                let differs = general.iter().zip(&lanes).position(|(a, b)| a != b);
                assert_eq!(differs.map(|i| (general[i], lanes[i])), None, "{arch:?} {problem:?}");
            }
            for record in general {
                if let Outcome::Exited { site, .. } = record.outcome {
                    *if site.by == crate::scheme::Departure::Jump { &mut jumps } else { &mut creeps } += 1;
                }
            }
        }
    }
    assert!(jumps > 500 && creeps > 200, "{jumps} {creeps}");
}
