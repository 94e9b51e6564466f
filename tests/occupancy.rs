//! Occupancy of wells against the Markov chain that the theory predicts, and against exact laws.

use levy_escape::dynamics::{AdamSteps, SgdSteps};
use levy_escape::landscape::{DoubleWell, MultiWell, Potential, Wells};
use levy_escape::noise::{Amplitude, epsilon_of_learning_rate};
use levy_escape::scheme::{Occupancy, OccupancyCounts, OccupancyStart};
use levy_escape::theory::WellChain;
use levy_escape::{Adam, Alpha, Basin, Domain, Dynamics, LevyNoise, Problem, SecondMoment, Seed, occupancy};

/// One sharp and deep, one flat and shallow, one asymmetric.
fn landscape() -> MultiWell {
    MultiWell::new(vec![-2.0, 0.0, 3.0], vec![-1.5, 1.5], vec![2.0, 1.0, 1.5]).unwrap()
}

fn problem(dynamics: Dynamics, alpha: f64, epsilon: f64) -> Problem {
    let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap();
    Problem::new(Basin::new(landscape(), Domain::Well).unwrap(), dynamics, noise).unwrap()
}

/// Largest deviation of the measured rates from the predicted ones, in standard errors of a Poisson count, after allowing a relative error.
fn rate_deviation(counts: &OccupancyCounts, chain: &WellChain, allowed: f64, factor: f64) -> f64 {
    let mut worst = 0.0f64;
    for i in 0..counts.wells() {
        for j in (0..counts.wells()).filter(|j| *j != i) {
            let expected = factor * chain.rates()[(i, j)] * counts.time_in(i);
            let found = counts.transitions(i, j) as f64;
            let off = (found - expected).abs() - allowed * expected;
            worst = worst.max(off / expected.max(1.0).sqrt());
        }
    }
    worst
}

fn settings(chain: &WellChain) -> Occupancy {
    let slowest = chain.mean_first_passage().max();
    let times = [0.01, 0.1, 0.3, 1.0, 4.0].map(|share| share * slowest).to_vec();
    Occupancy::new(Wells::of(&landscape(), None).unwrap(), times).unwrap()
}

/// Deviation of the number of all transitions from the predicted one, as [`rate_deviation`].
fn total_deviation(counts: &OccupancyCounts, chain: &WellChain, allowed: f64, factor: f64) -> f64 {
    let wells = counts.wells();
    let pairs = (0..wells).flat_map(|i| (0..wells).filter(move |j| *j != i).map(move |j| (i, j)));
    let [found, expected] = pairs.fold([0.0, 0.0], |[found, expected], (i, j)| {
        let more = factor * chain.rates()[(i, j)] * counts.time_in(i);
        [found + counts.transitions(i, j) as f64, expected + more]
    });
    ((found - expected).abs() - allowed * expected) / expected.sqrt()
}

/// Rates at ε = .01 within 3 % and four standard errors of `q_ij`, for SGD and both forms of Adam, and occupancy in time
/// within four standard errors of the chain; six rates and fifteen occupancies each, so a right program fails once in 500 times. Power: all
/// transitions together are not 10 % more or fewer.
#[test]
fn rates_and_occupancy_are_those_of_the_chain() {
    let wells = Wells::of(&landscape(), None).unwrap();
    let adam = Adam::new(8.0, 4.0).unwrap().with_gradient_noise(vec![1.3]);
    // Overdamped everywhere: otherwise momentum carries paths from the outer slopes across the saddles.
    let heavy = Adam::new(200.0, 4.0).unwrap().with_gradient_noise(vec![1.3]);
    for (name, dynamics) in [
        ("sgd", Dynamics::Sgd),
        ("mean field", Dynamics::Adam(adam)),
        ("frozen", Dynamics::Adam(heavy.with_second_moment(SecondMoment::Frozen))),
    ] {
        let problem = problem(dynamics, 1.5, 0.01);
        let chain = WellChain::of(&problem, &wells).unwrap();
        let settings = settings(&chain);
        let paths = 1_200;
        let counts = occupancy(&problem, &settings, paths, Seed(3)).unwrap();
        let deviation = rate_deviation(&counts, &chain, 0.03, 1.0);
        assert!(deviation < 4.0, "{name}: {deviation} {counts:?}");
        assert_eq!(counts.paths(), paths);
        let total = |factor| total_deviation(&counts, &chain, 0.03, factor);
        assert!(total(1.0) < 4.0 && total(1.1) > 4.0 && total(0.9) > 4.0, "{name}: {:?}", [1.0, 1.1, 0.9].map(total));
        let start = settings.start().law(problem.basin().potential(), settings.wells()).unwrap();
        for (k, t) in settings.times().iter().enumerate() {
            assert_eq!(counts.diverged(k), 0);
            for (well, p) in chain.occupancy(&start, *t).into_iter().enumerate() {
                let (found, error) =
                    (counts.held(k, well) as f64 / paths as f64, (p * (1.0 - p) / paths as f64).sqrt());
                assert!((found - p).abs() < 4.0 * error + 0.01, "{name}, well {well} at {t}: {found} {p} ± {error}");
            }
        }
    }
}

/// Three shallow wells in which Adam's momentum carries a path on after most jumps: rates at ε = .01 within 3 % and four standard errors of the jumps after
/// which it comes to rest in the other well. Power: those of the jumps that land there are rejected.
#[test]
fn momentum_decides_where_a_jump_ends() {
    let shallow = MultiWell::new(vec![-1.1, 0.1, 1.9], vec![-0.4, 0.9], vec![0.3, 0.2, 0.3]).unwrap();
    let wells = Wells::of(&shallow, None).unwrap();
    let adam = Adam::new(1.6, 0.02).unwrap().with_gradient_noise(vec![1.3]).with_stabilizer(0.0).unwrap();
    let of = |dynamics: Dynamics, amplitude: f64| {
        let noise =
            LevyNoise::new(Alpha::new(1.2).unwrap(), 0.01).unwrap().with_amplitude(Amplitude::Scalar(amplitude));
        Problem::new(Basin::new(shallow.clone(), Domain::Well).unwrap(), dynamics, noise).unwrap()
    };
    let problem = of(Dynamics::Adam(adam.with_second_moment(SecondMoment::Frozen)), 1.0);
    let chain = WellChain::of(&problem, &wells).unwrap();
    let landed = WellChain::of(&of(Dynamics::Sgd, 1.0 / 1.3), &wells).unwrap();
    let settings = Occupancy::new(wells, vec![chain.mean_first_passage().max()]).unwrap();
    let counts = occupancy(&problem, &settings, 1_000, Seed(5)).unwrap();
    let [deviation, without] = [&chain, &landed].map(|chain| rate_deviation(&counts, chain, 0.03, 1.0));
    assert!(deviation < 4.0 && without > 4.0, "{deviation} {without} {counts:?} {} {}", chain.rates(), landed.rates());
}

/// At α = 2 the long-run occupancy is Gibbs's law, within four standard errors, and rates agree with the chain within 20 %, the error of a
/// chain at barriers of one to three times the noise.
#[test]
fn gaussian_noise_prefers_depth() {
    let wells = Wells::of(&landscape(), None).unwrap();
    let problem = problem(Dynamics::Sgd, 2.0, 0.8);
    let chain = WellChain::of(&problem, &wells).unwrap();
    let settings = settings(&chain);
    let paths = 1_000;
    let counts = occupancy(&problem, &settings, paths, Seed(4)).unwrap();
    let last = settings.times().len() - 1;
    for (well, p) in chain.stationary().into_iter().enumerate() {
        let (found, error) = (counts.held(last, well) as f64 / paths as f64, (p * (1.0 - p) / paths as f64).sqrt());
        assert!((found - p).abs() < 4.0 * error, "well {well}: {found} {p} ± {error}");
    }
    let deviation = rate_deviation(&counts, &chain, 0.2, 1.0);
    assert!(deviation < 4.0, "{deviation} {counts:?} {:?}", chain.rates());
    // Lévy noise prefers width: the order of the wells is the other one.
    let levy = WellChain::of(&self::problem(Dynamics::Sgd, 1.5, 0.01), &wells).unwrap().stationary();
    let gauss = WellChain::of(&self::problem(Dynamics::Sgd, 2.0, 0.4), &wells).unwrap().stationary();
    assert!(levy[1] > 4.0 * levy[0] && gauss[0] > 4.0 * gauss[1], "{levy:?} {gauss:?}");
}

/// At α = 2 the wells hold the shares of `e^(-F/D)`, and paths go from the core of a well to that of the next `D/(∫e^(-F/D) ∫e^(F/D))` times per
/// unit time, with the second integral between the cores. Starts at the minima leave .002 of the shares at t = 100. Shares within 3.5 standard
/// errors, numbers of transitions within 3.5 and 5 % for the steps: a right program fails once in 400 times. Power: .72, .16, .12, the law of
/// steps that look at the curvature and not at the noise, and a `D` that is 5 % larger or smaller are rejected.
#[test]
fn gaussian_noise_fills_wells_by_gibbs_law() {
    let landscape = MultiWell::new(vec![-0.5, 0.5, 5.0], vec![0.0, 2.0], vec![2.0, 1.2, 0.6]).unwrap();
    let wells = Wells::of(&landscape, None).unwrap();
    let noise = LevyNoise::new(Alpha::GAUSSIAN, 0.6).unwrap();
    let problem = Problem::new(Basin::new(landscape.clone(), Domain::Well).unwrap(), Dynamics::Sgd, noise).unwrap();
    // Simpson's rule for `e^(inverse F)`.
    let integral = |lo: f64, hi: f64, inverse: f64| {
        let h = (hi - lo) / 4_000.0;
        let term = |i: u32| {
            let factor = if i == 0 || i == 4_000 { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
            factor * (landscape.value(&[lo + f64::from(i) * h]) * inverse).exp()
        };
        (0..=4_000).map(term).sum::<f64>() * h / 3.0
    };
    // Beyond -2 and 11 the weight is below 10⁻⁸ of the largest.
    let masses = |d: f64| [(-2.0, 0.0), (0.0, 2.0), (2.0, 11.0)].map(|(lo, hi)| integral(lo, hi, -1.0 / d));
    let law = |d: f64| masses(d).map(|mass| mass / masses(d).iter().sum::<f64>());
    let cores = [0, 1].map(|i| (wells.core(i)[1], wells.core(i + 1)[0]));
    let flux = |d: f64| cores.map(|(lo, hi)| d / (masses(d).iter().sum::<f64>() * integral(lo, hi, 1.0 / d)));
    let (paths, end, d) = (1_536, 100.0, 0.36);
    let start = OccupancyStart::Weights(law(d).to_vec());
    let settings = Occupancy::new(wells, vec![end]).unwrap().with_start(start).unwrap();
    let counts = occupancy(&problem, &settings, paths, Seed(8)).unwrap();
    let n = paths as f64;
    let share_deviation = |law: [f64; 3]| {
        let off = |well: usize| (counts.held(0, well) as f64 / n - law[well]).abs();
        (0..3).map(|well| off(well) / (law[well] * (1.0 - law[well]) / n).sqrt()).fold(0.0, f64::max)
    };
    let flux_deviation = |flux: [f64; 2]| {
        let off = |i: usize| {
            let expected = n * end * flux[i];
            let found = 0.5 * (counts.transitions(i, i + 1) + counts.transitions(i + 1, i)) as f64;
            ((found - expected).abs() - 0.05 * expected) / expected.sqrt()
        };
        off(0).max(off(1))
    };
    assert_eq!(counts.diverged(0), 0);
    assert!(share_deviation(law(d)) < 3.5, "{counts:?} {:?}", law(d));
    assert!(flux_deviation(flux(d)) < 3.5, "{counts:?} {:?}", flux(d));
    assert!(share_deviation([0.72, 0.16, 0.12]) > 3.5);
    assert!([0.95, 1.05].iter().all(|wrong| flux_deviation(flux(wrong * d)) > 3.5));
}

/// In `x⁴/4 - x²/2` jumps land where the force is enormous. The equation survives them; explicit steps do not, and are counted.
#[test]
fn equations_survive_jumps_that_make_steps_diverge() {
    let double = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap();
    let wells = Wells::of(&double, None).unwrap();
    let alpha = Alpha::new(1.2).unwrap();
    let eta = 0.2;
    let epsilon = epsilon_of_learning_rate(alpha, eta).unwrap();
    let settings = Occupancy::new(wells, vec![1.0, 30.0]).unwrap();
    let run = |dynamics: Dynamics| {
        let noise = LevyNoise::new(alpha, epsilon).unwrap().with_amplitude(Amplitude::Scalar(0.3));
        let basin = Basin::new(double.clone(), Domain::Well).unwrap();
        occupancy(&Problem::new(basin, dynamics, noise).unwrap(), &settings, 200, Seed(5)).unwrap()
    };
    for dynamics in [
        Dynamics::Sgd,
        Dynamics::Adam(Adam::new(1.0, 0.1).unwrap()),
        Dynamics::Adam(Adam::new(1.0, 0.1).unwrap().with_second_moment(SecondMoment::Frozen)),
        Dynamics::AdamSteps(AdamSteps::new(eta, 0.9, 0.999).unwrap()),
    ] {
        let counts = run(dynamics.clone());
        assert_eq!(counts.diverged(1), 0, "{dynamics:?}");
        // By symmetry half of the paths are on each side.
        assert!((counts.held(1, 0) as f64 - 100.0).abs() < 4.0 * 7.1, "{dynamics:?}: {counts:?}");
    }
    let steps = run(Dynamics::SgdSteps(SgdSteps::new(eta).unwrap()));
    assert!(steps.diverged(1) > 20 && steps.diverged(1) > steps.diverged(0), "{steps:?}");
}

/// Small steps of SGD have the rates of its equation: each within 6 % and four standard errors, all together not 25 % more or 20 % fewer. A right
/// program fails once in 2,000 times.
#[test]
fn small_steps_have_the_rates_of_the_equation() {
    let wells = Wells::of(&landscape(), None).unwrap();
    let (alpha, eta) = (Alpha::new(1.5).unwrap(), 0.01);
    let amplitude = 0.02 / epsilon_of_learning_rate(alpha, eta).unwrap();
    let noise = LevyNoise::new(alpha, epsilon_of_learning_rate(alpha, eta).unwrap()).unwrap();
    let noise = noise.with_amplitude(Amplitude::Scalar(amplitude));
    let basin = Basin::new(landscape(), Domain::Well).unwrap();
    let problem = Problem::new(basin, Dynamics::SgdSteps(SgdSteps::new(eta).unwrap()), noise).unwrap();
    let chain = WellChain::of(&problem, &wells).unwrap();
    let settings = settings(&chain).with_start(OccupancyStart::Weights(vec![1.0, 1.0, 2.0])).unwrap();
    let counts = occupancy(&problem, &settings, 300, Seed(6)).unwrap();
    let deviation = rate_deviation(&counts, &chain, 0.06, 1.0);
    assert!(deviation < 4.0, "{deviation} {counts:?}");
    let total = |factor| total_deviation(&counts, &chain, 0.06, factor);
    assert!(total(1.0) < 4.0 && total(1.25) > 4.0 && total(0.8) > 4.0, "{:?}", [1.0, 1.25, 0.8].map(total));
}

/// The counts do not depend on the number of threads.
#[test]
fn threads_do_not_change_a_bit() {
    let problem = problem(Dynamics::Sgd, 1.5, 0.05);
    let settings = Occupancy::new(Wells::of(&landscape(), None).unwrap(), vec![1.0, 300.0]).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| occupancy(&problem, &settings, 1_000, Seed(7)).unwrap())
    };
    let one = on(1);
    assert_eq!(one.paths(), 1_000);
    assert!((0..3).map(|well| one.held(1, well)).sum::<u64>() == 1_000 && landscape().dim() == 1);
    for threads in [2, 5] {
        assert_eq!(one, on(threads));
    }
}
