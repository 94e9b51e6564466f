//! Both samplers of the stable law against an independent distribution function from series and integral: body and far tail.

use levy_escape::noise::{Alpha, LaneStreams, QuantileTable, Seed, StableDensity, StableLaw, Stream};
use rand_distr::Distribution;
use statrs::distribution::{ChiSquared, ContinuousCDF};

const ALPHAS: [f64; 8] = [0.5, 0.8, 1.0, 1.2, 1.5, 1.8, 1.95, 2.0];
const DRAWS: usize = 1_000_000;
const BINS: usize = 1000;

fn alpha(value: f64) -> Alpha {
    Alpha::new(value).unwrap()
}

/// Kolmogorov's `√n sup |F_n - F|` over the quantiles of the law, and the p-value of `χ²` over bins of equal probability.
fn body(quantiles: &[f64], draws: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut counts = [0.0; BINS];
    draws.for_each(|x| counts[quantiles.partition_point(|q| *q < x)] += 1.0);
    let n: f64 = counts.iter().sum();
    let expected = n / BINS as f64;
    let chi: f64 = counts.iter().map(|count| (count - expected) * (count - expected) / expected).sum();
    let mut below = 0.0;
    let distance = counts.iter().enumerate().fold(0.0, |worst: f64, (k, count)| {
        below += count;
        worst.max((below / n - (k + 1) as f64 / BINS as f64).abs())
    });
    (distance * n.sqrt(), 1.0 - ChiSquared::new((BINS - 1) as f64).unwrap().cdf(chi))
}

/// 16 laws, each rejected by Kolmogorov above 2.2 (probability 1.2e-4) or by χ² below 1e-4: false-positive rate .4 %. A tail
/// index that is .03 off and a scale that is 4 % off must be rejected. The eight million draws of the unit test detect 1 %.
#[test]
fn a_million_draws_follow_the_law() {
    let accepted = |(ks, p): (f64, f64)| ks < 2.2 && p > 1e-4;
    for a in ALPHAS {
        let law = StableDensity::new(alpha(a)).unwrap();
        let quantiles: Vec<f64> = (1..BINS).rev().map(|k| law.upper_quantile(k as f64 / BINS as f64)).collect();
        let by_table = |a: f64, scale: f64, cell: u64| {
            let table = QuantileTable::new(alpha(a), scale).unwrap();
            let mut stream = Stream::new(Seed(31), cell, 0);
            body(&quantiles, (0..DRAWS).map(move |_| table.sample(&mut stream)))
        };
        let by_transformation = |a: f64, scale: f64, cell: u64| {
            let law = StableLaw::new(alpha(a));
            let mut stream = Stream::new(Seed(32), cell, 0);
            body(&quantiles, (0..DRAWS).map(move |_| scale * law.sample(&mut stream)))
        };
        for (name, draw) in
            [("table", &by_table as &dyn Fn(f64, f64, u64) -> (f64, f64)), ("transformation", &by_transformation)]
        {
            let right = draw(a, 1.0, 1);
            println!("{name:14} α = {a}: Kolmogorov {:.2}, p of χ² {:.3}", right.0, right.1);
            assert!(accepted(right), "{name}, α = {a}: {right:?}");
            let wrong_alpha = if a > 1.9 { a - 0.03 } else { a + 0.03 };
            for (wrong, scale) in [(wrong_alpha, 1.0), (a, 1.04)] {
                assert!(!accepted(draw(wrong, scale, 2)), "{name}: α = {wrong}, scale {scale} passed for α = {a}");
            }
        }
    }
}

/// Beyond the quantiles of `10^-7` on both sides the law is a power law, with corrections of order `x^-α` far below the
/// statistical error. The number of draws there is Poisson, and `(x_0/x)^α` is uniform. 4·10⁸ draws leave 80; accepted within
/// 4.5 standard errors.
#[test]
fn the_far_tail_is_a_power_law() {
    const LANES: usize = 8;
    let (share, n) = (1e-7, 400_000_000usize);
    for a in [0.8, 1.5, 1.8] {
        let law = StableDensity::new(alpha(a)).unwrap();
        let edge = law.upper_quantile(share);
        let table = QuantileTable::new(alpha(a), 1.0).unwrap();
        let mut streams: LaneStreams<LANES> =
            LaneStreams::new(Seed(33), (100.0 * a) as u64, std::array::from_fn(|k| k as u64));
        let mut rows = vec![[0.0; LANES]; 5000];
        let mut far = Vec::new();
        for _ in 0..n / (LANES * rows.len()) {
            table.fill_lanes(&mut streams, &mut rows);
            far.extend(rows.iter().flatten().filter(|x| x.abs() > edge).map(|x| (edge / x.abs()).powf(a)));
        }
        let expected = 2.0 * share * n as f64;
        let count = far.len() as f64;
        let mean = far.iter().sum::<f64>() / count;
        println!("α = {a}: {count} draws beyond {edge:.3e}, {expected} expected; mean of (x_0/x)^α {mean:.3}");
        assert!((count - expected).abs() < 4.5 * expected.sqrt(), "α = {a}: {count}");
        assert!((mean - 0.5).abs() < 4.5 * (12.0 * count).sqrt().recip(), "α = {a}: {mean}");
        // A sampler with 32 bits would have no draws beyond a thousand times the edge.
        assert!(far.iter().all(|u| *u > 0.0 && *u <= 1.0));
    }
}
