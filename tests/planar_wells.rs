//! Occupancy of wells in the plane against the Markov chain that the theory predicts, and against exact laws.

use levy_escape::dynamics::{AdamSteps, SgdSteps};
use levy_escape::landscape::{GaussianWell, Minima, MullerBrown, PlanarBasins, PlanarWells, Potential, WellSet};
use levy_escape::noise::{Amplitude, Structure, epsilon_of_learning_rate};
use levy_escape::scheme::{OccupancyCounts, OccupancyStart};
use levy_escape::theory::WellChain;
use levy_escape::{
    Adam, Alpha, Basin, Domain, Dynamics, GaussianWells, LevyNoise, Occupancy, Problem, Seed, occupancy,
};

/// One sharp and deep, one flat and shallow, one between them.
fn landscape() -> GaussianWells {
    let well = |x: f64, y: f64, width: f64, depth: f64| GaussianWell { position: [x, y], width, depth };
    let wells = vec![well(-1.0, 0.0, 0.25, 1.6), well(-0.5, 1.7, 0.5, 1.2), well(1.3, 0.3, 0.8, 1.0)];
    GaussianWells::new(wells, 0.1, 0).unwrap()
}

fn noise(alpha: f64, epsilon: f64) -> LevyNoise {
    LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap()
}

fn problem(dynamics: Dynamics, noise: LevyNoise) -> Problem {
    Problem::new(Basin::new(landscape(), Domain::Attraction).unwrap(), dynamics, noise).unwrap()
}

fn wells() -> WellSet {
    WellSet::of(&landscape(), None).unwrap()
}

/// Largest deviation of the measured rates from the predicted ones times `factor`, in standard errors of a Poisson count, after allowing a
/// relative error.
fn rate_deviation(counts: &OccupancyCounts, chain: &WellChain, allowed: f64, factor: f64) -> f64 {
    let n = counts.wells();
    let pairs = (0..n).flat_map(|i| (0..n).filter(move |j| *j != i).map(move |j| (i, j)));
    let off = |(i, j): (usize, usize)| {
        let expected = factor * chain.rates()[(i, j)] * counts.time_in(i);
        ((counts.transitions(i, j) as f64 - expected).abs() - allowed * expected) / expected.max(1.0).sqrt()
    };
    pairs.map(off).fold(0.0, f64::max)
}

/// [`rate_deviation`] of the number of all transitions.
fn total_deviation(counts: &OccupancyCounts, chain: &WellChain, allowed: f64, factor: f64) -> f64 {
    let n = counts.wells();
    let pairs = (0..n).flat_map(|i| (0..n).filter(move |j| *j != i).map(move |j| (i, j)));
    let [found, expected] = pairs.fold([0.0; 2], |[found, expected], (i, j)| {
        let more = factor * chain.rates()[(i, j)] * counts.time_in(i);
        [found + counts.transitions(i, j) as f64, expected + more]
    });
    ((found - expected).abs() - allowed * expected) / expected.sqrt()
}

/// Rates at ε = .01 within 3 % and four standard errors of `q_ij`, for independent and isotropic noise, a dense amplitude, and Adam; shares in time
/// within four standard errors of the chain. Six rates and nine shares each, so a right program fails once in 250 times. Power: all transitions together
/// are not 30 % more or fewer.
#[test]
fn rates_and_occupancy_are_those_of_the_chain() {
    let dense = Amplitude::Dense(nalgebra::dmatrix![0.8, -0.5; 0.3, 1.0]);
    let adam = |rates: [f64; 2], scales: [f64; 2]| {
        Dynamics::Adam(Adam::new(rates[0], rates[1]).unwrap().with_gradient_noise(scales.to_vec()))
    };
    for (name, dynamics, noise) in [
        ("independent", Dynamics::Sgd, noise(1.5, 0.01)),
        ("isotropic", Dynamics::Sgd, noise(1.5, 0.01).with_structure(Structure::Isotropic)),
        ("dense", Dynamics::Sgd, noise(1.5, 0.01).with_amplitude(dense)),
        ("mean field", adam([200.0, 0.01], [1.3, 1.3]), noise(1.5, 0.01)),
        // Two of these rates are .67 and 1.54 times those of jumps into the basins of the gradient flow.
        ("momentum, two scales", adam([8.0, 4.0], [1.0, 2.0]), noise(1.5, 0.01)),
    ] {
        let problem = problem(dynamics, noise);
        let chain = WellChain::over(&problem, &wells()).unwrap();
        let slowest = chain.mean_first_passage().max();
        let times = [0.03, 0.3, 1.0].map(|share| share * slowest).to_vec();
        let settings = Occupancy::new(PlanarWells::of(&landscape(), None).unwrap(), times).unwrap();
        let paths = 200;
        let counts = occupancy(&problem, &settings, paths, Seed(3)).unwrap();
        let deviation = rate_deviation(&counts, &chain, 0.03, 1.0);
        assert!(deviation < 4.0, "{name}: {deviation} {counts:?} {}", chain.rates());
        let total = |factor| total_deviation(&counts, &chain, 0.03, factor);
        let totals = [1.0, 1.3, 0.7].map(total);
        assert!(totals[0] < 4.0 && totals[1] > 4.0 && totals[2] > 4.0, "{name}: {totals:?} {counts:?}");
        for (k, t) in settings.times().iter().enumerate() {
            assert_eq!(counts.diverged(k), 0);
            for (well, p) in chain.occupancy(&[1.0 / 3.0; 3], *t).into_iter().enumerate() {
                let share = counts.held(k, well) as f64 / paths as f64;
                let error = (p * (1.0 - p) / paths as f64).sqrt();
                assert!((share - p).abs() < 4.0 * error + 0.01, "{name}, well {well} at {t}: {share} {p} ± {error}");
            }
        }
    }
}

/// At α = 2 the wells hold the shares of `e^(-F/D)`: within 3.5 standard errors of a sum over a fine grid, so a right program fails once in 700 times.
/// Power: paths start in this law, and at a `D` that is 60 % larger they leave it within the time of the test.
#[test]
fn gaussian_noise_fills_wells_by_gibbs_law() {
    let surface = landscape();
    let planar = PlanarWells::of(&surface, None).unwrap();
    let basins = PlanarBasins::new(&surface, &planar).unwrap();
    let law = |d: f64| {
        let (mut weights, h) = ([0.0; 3], 0.02);
        for k in 0..400 * 400 {
            let x = [-4.0 + h * (f64::from(k % 400) + 0.5), -3.5 + h * (f64::from(k / 400) + 0.5)];
            weights[basins.well_of(&surface, x).unwrap()] += (-surface.value(&x) / d).exp();
        }
        let total: f64 = weights.iter().sum();
        weights.map(|w| w / total)
    };
    let (paths, d) = (1_200, 0.16);
    let start = OccupancyStart::Weights(law(d).to_vec());
    let settings = Occupancy::new(planar, vec![60.0]).unwrap().with_start(start).unwrap();
    let run =
        |epsilon: f64| occupancy(&problem(Dynamics::Sgd, noise(2.0, epsilon)), &settings, paths, Seed(8)).unwrap();
    let (n, law) = (paths as f64, law(d));
    let deviation = |counts: &OccupancyCounts| {
        let off = |well: usize| (counts.held(0, well) as f64 / n - law[well]).abs();
        (0..3).map(|well| off(well) / (law[well] * (1.0 - law[well]) / n).sqrt()).fold(0.0, f64::max)
    };
    let (counts, hotter) = (run(0.4), run(0.4 * 1.6f64.sqrt()));
    assert!(deviation(&counts) < 3.5 && deviation(&hotter) > 3.5, "{counts:?} {hotter:?} {law:?}");
    assert!((0..3).all(|i| (0..3).any(|j| counts.transitions(i, j) > 30)), "{counts:?}");
}

/// On Müller and Brown's surface jumps land where the force is enormous. The equations survive them; the steps of SGD do not, and are counted; those
/// of Adam are short.
#[test]
fn equations_survive_jumps_that_make_steps_diverge() {
    let surface = MullerBrown::new(0.02, 0).unwrap();
    let (alpha, eta) = (Alpha::new(1.2).unwrap(), 0.02);
    let settings = Occupancy::new(PlanarWells::of(&surface, None).unwrap(), vec![0.2, 4.0]).unwrap();
    let run = |dynamics: Dynamics| {
        let noise = LevyNoise::new(alpha, epsilon_of_learning_rate(alpha, eta).unwrap()).unwrap();
        let basin = Basin::new(surface.clone(), Domain::Attraction).unwrap();
        occupancy(&Problem::new(basin, dynamics, noise).unwrap(), &settings, 60, Seed(5)).unwrap()
    };
    for dynamics in [
        Dynamics::Sgd,
        Dynamics::Adam(Adam::new(1.0, 0.1).unwrap()),
        Dynamics::AdamSteps(AdamSteps::new(eta, 0.9, 0.999).unwrap()),
    ] {
        let counts = run(dynamics.clone());
        assert_eq!((counts.diverged(1), counts.paths()), (0, 60), "{dynamics:?}");
    }
    let steps = run(Dynamics::SgdSteps(SgdSteps::new(eta).unwrap()));
    assert!(steps.diverged(1) > 20, "{steps:?}");
}

/// Small steps of SGD have the rates of its equation: all together within 6 % and four standard errors, and not 50 % more or 40 % fewer.
#[test]
fn small_steps_have_the_rates_of_the_equation() {
    let (alpha, eta) = (Alpha::new(1.5).unwrap(), 0.01);
    let epsilon = epsilon_of_learning_rate(alpha, eta).unwrap();
    let noise = LevyNoise::new(alpha, epsilon).unwrap().with_amplitude(Amplitude::Scalar(0.02 / epsilon));
    let problem = problem(Dynamics::SgdSteps(SgdSteps::new(eta).unwrap()), noise);
    let chain = WellChain::over(&problem, &wells()).unwrap();
    let planar = PlanarWells::of(&landscape(), None).unwrap();
    let settings = Occupancy::new(planar, vec![400.0]).unwrap();
    let counts = occupancy(&problem, &settings, 400, Seed(6)).unwrap();
    let total = [1.0, 1.5, 0.6].map(|factor| total_deviation(&counts, &chain, 0.06, factor));
    assert!(total[0] < 4.0 && total[1] > 4.0 && total[2] > 4.0, "{total:?} {counts:?}");
}

/// The counts do not depend on the number of threads, and other landscapes than that of the wells are refused.
#[test]
fn threads_do_not_change_a_bit() {
    let planar = PlanarWells::of(&landscape(), None).unwrap();
    let settings = Occupancy::new(planar, vec![1.0, 100.0]).unwrap();
    let problem = problem(Dynamics::Sgd, noise(1.5, 0.05));
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| occupancy(&problem, &settings, 600, Seed(7)).unwrap())
    };
    let one = on(1);
    assert_eq!((0..3).map(|well| one.held(1, well)).sum::<u64>(), 600);
    assert_eq!(one, on(3));
    let line = Basin::new(levy_escape::Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
    let other = Problem::new(line, Dynamics::Sgd, noise(1.5, 0.05)).unwrap();
    assert!(occupancy(&other, &settings, 1, Seed(7)).is_err());
    assert!(settings.with_start(OccupancyStart::Positions(vec![vec![0.0]])).is_err());
}

/// From a slope the paths fall into the well to which the flow leads.
#[test]
fn paths_start_at_positions() {
    let landscape = landscape();
    let wells = PlanarWells::of(&landscape, None).unwrap();
    let minima = Minima::new(&landscape, wells.minima().iter().map(|minimum| minimum.x.to_vec()).collect()).unwrap();
    let points = vec![vec![-3.0, -1.0], vec![2.5, 1.5]];
    let fall: Vec<usize> = points.iter().map(|x| minima.well_of(&landscape, x).unwrap()).collect();
    assert_ne!(fall[0], fall[1]);
    let settings = Occupancy::new(wells, vec![1.0]).unwrap().with_start(OccupancyStart::Positions(points)).unwrap();
    let counts = occupancy(&problem(Dynamics::Sgd, noise(1.5, 1e-6)), &settings, 400, Seed(11)).unwrap();
    let held: Vec<u64> = fall.iter().map(|&well| counts.held(0, well)).collect();
    assert_eq!(held.iter().sum::<u64>(), 400);
    // 200 ± 10.
    assert!(held.iter().all(|&n| n.abs_diff(200) < 50), "{held:?}");
}
