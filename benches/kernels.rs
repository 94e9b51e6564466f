//! Throughput of the kernels: `cargo bench --bench kernels`. The items of a row are draws, path-steps, coordinate-steps, events
//! or escapes, as its name says. Nanoseconds per item are 1000 divided by the millions of items per second.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use levy_escape::noise::{LaneStreams, QuantileTable, StableLaw};
use levy_escape::scheme::{Monitoring, StreamSource};
use levy_escape::{
    Adam, Alpha, Amplitude, Asymmetric, Basin, Domain, Dynamics, Euler, JumpAdapted, LevyNoise, Limits, LowRank,
    PathRecord, Potential, Problem, Quadratic, Scheme, Seed,
};
use nalgebra::DMatrix;
use rand_distr::Distribution;

const LIMITS: Limits<'static> = Limits { max_time: f64::INFINITY, max_events: 10_000_000_000, stop: None };

fn main() {
    divan::main();
}

fn alpha() -> Alpha {
    Alpha::new(1.5).unwrap()
}

fn problem(potential: impl Potential + 'static, domain: Domain, dynamics: Dynamics, epsilon: f64) -> Problem {
    let basin = Basin::new(potential, domain).unwrap();
    Problem::new(basin, dynamics, LevyNoise::new(alpha(), epsilon).unwrap()).unwrap()
}

fn bowl(dynamics: Dynamics, epsilon: f64) -> Problem {
    problem(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-1.0, 1.0), dynamics, epsilon)
}

fn valley(dynamics: Dynamics, epsilon: f64) -> Problem {
    let potential = Asymmetric::new(vec![5.0], vec![0.5]).unwrap();
    problem(potential, Domain::interval(-0.3, 1.0), dynamics, epsilon)
}

fn adam() -> Dynamics {
    Dynamics::Adam(Adam::new(1.0, 0.1).unwrap())
}

/// Runs the first `paths` paths repeatedly; `items` counts the items of one run.
fn run(
    bencher: Bencher<'_, '_>,
    problem: &Problem,
    scheme: &dyn Scheme,
    paths: u64,
    items: impl Fn(&[PathRecord]) -> u64,
) {
    let kernel = scheme.prepare(problem).unwrap();
    let once = || {
        let mut records = Vec::with_capacity(paths as usize);
        kernel.run(StreamSource { seed: Seed(1), cell: 0 }, 0..paths, LIMITS, &mut records);
        records
    };
    let count = items(&once());
    bencher.counter(ItemsCount::new(count)).bench(once);
}

fn events(records: &[PathRecord]) -> u64 {
    records.iter().map(|r| r.events).sum()
}

fn escapes(records: &[PathRecord]) -> u64 {
    records.len() as u64
}

mod draws {
    use super::*;

    const DRAWS: usize = 1 << 16;

    #[divan::bench]
    fn table_in_lanes(bencher: Bencher<'_, '_>) {
        let table = QuantileTable::new(alpha(), 1.0).unwrap();
        let mut streams = LaneStreams::<8>::new(Seed(1), 0, std::array::from_fn(|lane| lane as u64));
        let mut out = vec![[0.0; 8]; 128];
        bencher.counter(ItemsCount::new(DRAWS)).bench_local(|| {
            for _ in 0..DRAWS / 1024 {
                table.fill_lanes(&mut streams, &mut out);
                black_box(&out);
            }
        });
    }

    #[divan::bench]
    fn transformation(bencher: Bencher<'_, '_>) {
        let law = StableLaw::new(alpha());
        let mut stream = StreamSource { seed: Seed(1), cell: 0 }.stream(0);
        bencher
            .counter(ItemsCount::new(DRAWS))
            .bench_local(|| (0..DRAWS).map(|_| law.sample(&mut stream)).sum::<f64>());
    }

    #[divan::bench(args = [0.5, 1.2, 1.5, 1.8])]
    fn building_a_table(alpha: f64) -> QuantileTable {
        QuantileTable::new(Alpha::new(alpha).unwrap(), 1.0).unwrap()
    }
}

mod euler_steps {
    use super::*;

    #[divan::bench(args = [1.0, 0.1])]
    fn sgd_line(bencher: Bencher<'_, '_>, epsilon: f64) {
        run(bencher, &bowl(Dynamics::Sgd, epsilon), &Euler::with_step(0.01).unwrap(), 256, events);
    }

    #[divan::bench]
    fn sgd_asymmetric_line(bencher: Bencher<'_, '_>) {
        run(bencher, &valley(Dynamics::Sgd, 0.1), &Euler::with_step(0.01).unwrap(), 256, events);
    }

    #[divan::bench]
    fn adam_line(bencher: Bencher<'_, '_>) {
        run(bencher, &bowl(adam(), 0.1), &Euler::with_step(0.01).unwrap(), 256, events);
    }

    #[divan::bench(args = [100, 10_000], sample_count = 20)]
    fn sgd_diagonal_coordinates(bencher: Bencher<'_, '_>, dim: usize) {
        let basin = Basin::new(Quadratic::new(vec![1.0; dim]).unwrap(), Domain::Box(vec![[-2.0, 2.0]; dim])).unwrap();
        let noise = LevyNoise::new(alpha(), 0.2 / (dim as f64).powf(1.0 / 1.5)).unwrap();
        let noise = noise.with_amplitude(Amplitude::Diagonal(vec![1.0; dim]));
        let problem = Problem::new(basin, Dynamics::Sgd, noise).unwrap();
        let items = |records: &[PathRecord]| dim as u64 * events(records);
        run(bencher, &problem, &Euler::with_step(0.01).unwrap(), 2, items);
    }

    #[divan::bench(args = [100, 10_000], sample_count = 20)]
    fn adam_diagonal_coordinates(bencher: Bencher<'_, '_>, dim: usize) {
        let basin = Basin::new(Quadratic::new(vec![1.0; dim]).unwrap(), Domain::Box(vec![[-2.0, 2.0]; dim])).unwrap();
        let noise = LevyNoise::new(alpha(), 0.2 / (dim as f64).powf(1.0 / 1.5)).unwrap();
        let noise = noise.with_amplitude(Amplitude::Diagonal(vec![1.0; dim]));
        let problem = Problem::new(basin, adam(), noise).unwrap();
        let items = |records: &[PathRecord]| dim as u64 * events(records);
        run(bencher, &problem, &Euler::with_step(0.01).unwrap(), 2, items);
    }

    /// Items are coordinate-steps: `D + U Vᵀ` of `k` columns, in `d` dimensions.
    #[divan::bench(args = [(100, 4), (10_000, 1), (10_000, 4), (10_000, 16)])]
    fn sgd_low_rank_coordinates(bencher: Bencher<'_, '_>, (dim, rank): (usize, usize)) {
        let basin = Basin::new(Quadratic::new(vec![1.0; dim]).unwrap(), Domain::Box(vec![[-2.0, 2.0]; dim])).unwrap();
        let noise = LevyNoise::new(alpha(), 0.2 / (dim as f64).powf(1.0 / 1.5)).unwrap();
        let factor = DMatrix::from_fn(dim, rank, |i, r| ((i * (r + 1)) as f64).sin() / (dim as f64).sqrt());
        let sigma = LowRank::new(vec![1.0; dim], factor.clone(), factor).unwrap();
        let problem = Problem::new(basin, Dynamics::Sgd, noise.with_amplitude(Amplitude::from(sigma))).unwrap();
        // Preparing the corrected edge costs O(d² k), one or two seconds.
        let euler = Euler::with_step(0.01).unwrap().monitoring(Monitoring::Discrete).prepare(&problem).unwrap();
        let limits = Limits { max_events: 100, ..LIMITS };
        let once = || {
            let mut records = Vec::with_capacity(1);
            euler.run(StreamSource { seed: Seed(1), cell: 0 }, 0..1, limits, &mut records);
            records
        };
        bencher.counter(ItemsCount::new(dim as u64 * events(&once()))).bench(once);
    }
}

mod jump_adapted_escapes {
    use super::*;

    #[divan::bench(args = [0.1, 0.01, 0.001])]
    fn sgd_line_at_a_tenth(bencher: Bencher<'_, '_>, epsilon: f64) {
        let scheme = JumpAdapted::default().threshold(0.1).unwrap();
        run(bencher, &bowl(Dynamics::Sgd, epsilon), &scheme, 2048, escapes);
    }

    #[divan::bench(args = [0.1, 0.01, 0.001])]
    fn sgd_line(bencher: Bencher<'_, '_>, epsilon: f64) {
        run(bencher, &bowl(Dynamics::Sgd, epsilon), &JumpAdapted::default(), 2048, escapes);
    }

    #[divan::bench]
    fn sgd_asymmetric_line(bencher: Bencher<'_, '_>) {
        run(bencher, &valley(Dynamics::Sgd, 0.003), &JumpAdapted::default(), 2048, escapes);
    }

    #[divan::bench(args = [0.1, 0.01, 0.001])]
    fn adam_line(bencher: Bencher<'_, '_>, epsilon: f64) {
        run(bencher, &bowl(adam(), epsilon), &JumpAdapted::default(), 256, escapes);
    }

    #[divan::bench(name = "adam_asymmetric_line, goal 667 Kitem/s (1.5 µs)")]
    fn adam_asymmetric_line(bencher: Bencher<'_, '_>) {
        run(bencher, &valley(adam(), 0.003), &JumpAdapted::default(), 2048, escapes);
    }

    /// The unit ball with as much noise as a line of ε = .01: an escape is to cost the same in any number of dimensions.
    fn ball(dynamics: Dynamics, dim: usize) -> Problem {
        let epsilon = 0.01 * (dim as f64).powf(-1.0 / 1.5);
        problem(Quadratic::new(vec![1.0; dim]).unwrap(), Domain::ball(1.0), dynamics, epsilon)
    }

    /// Goal: 1 µs an escape.
    #[divan::bench(args = [2, 10, 100, 10_000, 100_000])]
    fn sgd_ball(bencher: Bencher<'_, '_>, dim: usize) {
        run(bencher, &ball(Dynamics::Sgd, dim), &JumpAdapted::default(), 2048, escapes);
    }

    /// Goal: 3 µs an escape.
    #[divan::bench(args = [2, 10, 100, 10_000, 100_000])]
    fn adam_ball(bencher: Bencher<'_, '_>, dim: usize) {
        run(bencher, &ball(adam(), dim), &JumpAdapted::default(), 2048, escapes);
    }

    /// The same with a kind of its own for every axis: tables of the axes instead of one entry.
    #[divan::bench(args = [10, 10_000, 100_000])]
    fn sgd_ball_of_different_axes(bencher: Bencher<'_, '_>, dim: usize) {
        let curvatures = (0..dim).map(|i| 1.0 + (i as f64 / dim as f64)).collect();
        let epsilon = 0.01 * (dim as f64).powf(-1.0 / 1.5);
        let problem = problem(Quadratic::new(curvatures).unwrap(), Domain::ball(1.0), Dynamics::Sgd, epsilon);
        run(bencher, &problem, &JumpAdapted::default(), 2048, escapes);
    }
}

/// Escapes in few dimensions. The unit ball at ε = .01 runs by its active coordinates, stronger noise and a dense amplitude in lanes.
mod few_dimensions {
    use super::*;

    fn ball(dynamics: Dynamics, dim: usize, epsilon: f64, amplitude: Amplitude) -> Problem {
        let basin = Basin::new(Quadratic::new(vec![1.0; dim]).unwrap(), Domain::ball(1.0)).unwrap();
        let noise = LevyNoise::new(alpha(), epsilon).unwrap().with_amplitude(amplitude);
        Problem::new(basin, dynamics, noise).unwrap()
    }

    fn dense(dim: usize) -> Amplitude {
        let beside = |i: usize, j: usize| 0.3 / (1.0 + (i as f64 - 1.3 * j as f64).abs());
        Amplitude::Dense(DMatrix::from_fn(dim, dim, |i, j| if i == j { 1.0 } else { beside(i, j) }))
    }

    #[divan::bench(name = "sgd_disk, goal 2.5 Mitem/s (.4 µs)")]
    fn sgd_disk(bencher: Bencher<'_, '_>) {
        let problem = ball(Dynamics::Sgd, 2, 0.01, Amplitude::default());
        run(bencher, &problem, &JumpAdapted::default(), 2048, escapes);
    }

    #[divan::bench(name = "adam_disk, goal 833 Kitem/s (1.2 µs)")]
    fn adam_disk(bencher: Bencher<'_, '_>) {
        let problem = ball(adam(), 2, 0.01, Amplitude::default());
        run(bencher, &problem, &JumpAdapted::default(), 2048, escapes);
    }

    #[divan::bench(args = [2, 5, 16])]
    fn sgd_ball_of_strong_noise(bencher: Bencher<'_, '_>, dim: usize) {
        let problem = ball(Dynamics::Sgd, dim, 0.2, Amplitude::default());
        run(bencher, &problem, &JumpAdapted::default(), 256, escapes);
    }

    #[divan::bench(args = [2, 5, 16])]
    fn adam_ball_of_strong_noise(bencher: Bencher<'_, '_>, dim: usize) {
        let problem = ball(adam(), dim, 0.2, Amplitude::default());
        run(bencher, &problem, &JumpAdapted::default(), 256, escapes);
    }

    #[divan::bench(args = [2, 5, 16])]
    fn sgd_ball_of_dense_noise(bencher: Bencher<'_, '_>, dim: usize) {
        run(bencher, &ball(Dynamics::Sgd, dim, 0.01, dense(dim)), &JumpAdapted::default(), 256, escapes);
    }

    #[divan::bench(args = [2, 5, 16])]
    fn sgd_ball_of_strong_dense_noise(bencher: Bencher<'_, '_>, dim: usize) {
        run(bencher, &ball(Dynamics::Sgd, dim, 0.2, dense(dim)), &JumpAdapted::default(), 256, escapes);
    }
}
