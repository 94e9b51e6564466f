//! Mean positions at rest in asymmetric valleys against the stationary law.

use std::time::Instant;

use levy_escape::dynamics::SgdSteps;
use levy_escape::scheme::MeanPosition;
use levy_escape::theory::mean_at_rest;
use levy_escape::{
    Alpha, Amplitude, Asymmetric, Basin, Domain, Dynamics, LevyNoise, Problem, Seed, Structure, mean_position,
};

fn problem(steep: &[f64], flat: &[f64], dynamics: Dynamics, alpha: f64, epsilon: f64) -> Problem {
    let dim = steep.len();
    let basin =
        Basin::new(Asymmetric::new(steep.to_vec(), flat.to_vec()).unwrap(), Domain::Box(vec![[-1.0, 1.0]; dim]))
            .unwrap();
    Problem::new(basin, dynamics, LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap()).unwrap()
}

/// Least-squares factor of the predictions and its standard error.
fn factor(problem: &Problem, settings: &MeanPosition, paths: u64, seed: u64) -> [f64; 2] {
    let clips = settings.clips(problem).unwrap();
    let predicted = mean_at_rest(problem, &clips).unwrap();
    let sums = mean_position(problem, settings, paths, Seed(seed)).unwrap();
    let (mut a, mut b) = (0.0, 0.0);
    for (i, p) in predicted.iter().enumerate() {
        let [mean, error] = sums.mean(i).unwrap();
        a += p.clipped * mean / (error * error);
        b += p.clipped * p.clipped / (error * error);
    }
    [a / b, b.powf(-0.5)]
}

#[test]
fn explore() {
    for (alpha, k) in
        [(1.1, 9.0), (1.3, 9.0), (1.5, 3.0), (1.5, 9.0), (1.5, 100.0), (1.8, 9.0), (1.95, 9.0), (2.0, 9.0)]
    {
        let clock = Instant::now();
        let settings = MeanPosition::new((0..40).map(|i| 6.0 + f64::from(i)).collect()).unwrap();
        let of = problem(&[k; 10], &[1.0; 10], Dynamics::Sgd, alpha, 0.3);
        let p = mean_at_rest(&of, &settings.clips(&of).unwrap()).unwrap()[0];
        let theory = clock.elapsed();
        let s = MeanPosition::scales_at_rest(&of).unwrap()[0];
        let [f, e] = factor(&of, &settings, 4_000, 3);
        println!(
            "equation {alpha} {k}: {f:.4} ± {e:.4}, clipped {:.4} whole {:.4} scales, theory {theory:?} all {:?}",
            p.clipped / s,
            p.whole / s,
            clock.elapsed()
        );
        for x in [0.1, 0.3, 0.6] {
            if k > 10.0 {
                continue;
            }
            let eta = x / k;
            let of = problem(&[k; 10], &[1.0; 10], Dynamics::SgdSteps(SgdSteps::new(eta).unwrap()), alpha, 0.3);
            let sde = problem(&[k; 10], &[1.0; 10], Dynamics::Sgd, alpha, 0.3);
            let clips = settings.clips(&of).unwrap();
            let [f, e] = factor(&of, &settings, 4_000, 4);
            let ratio = mean_at_rest(&of, &clips).unwrap()[0].clipped / mean_at_rest(&sde, &clips).unwrap()[0].clipped;
            println!("   steps ηk = {x}: {f:.4} ± {e:.4}; steps over sde {ratio:.4}");
        }
    }
    let _ = (Amplitude::Scalar(1.0), Structure::Isotropic);
}
