//! Averages over the unit sphere.
//!
//! One dimension uses the two points. Two dimensions use the trapezoidal rule, which converges exponentially for analytic
//! integrands. More dimensions use an antithetic Kronecker sequence, mapped to the sphere through Gaussians; random shifts give
//! a standard error.
//!
//! # References
//! - L'Ecuyer, Lemieux (2002), *Recent Advances in Randomized Quasi-Monte Carlo Methods*.

use rand_distr::{Distribution, StandardNormal, StandardUniform};
use statrs::function::erf::erf_inv;
use std::f64::consts::{SQRT_2, TAU};

use crate::noise::{Seed, Stream};

const CIRCLE: usize = 4096;
const SHIFTS: usize = 16;
const POINTS: usize = 1024;

/// `(mean, standard error)` of `f` over the unit sphere of `R^dim`; the error is 0 for a deterministic rule.
pub(crate) fn average(dim: usize, mut f: impl FnMut(&[f64]) -> f64) -> (f64, f64) {
    let mut sums: Vec<(f64, usize)> = Vec::new();
    visit_rules(dim, |rule, point| {
        sums.resize(rule + 1, (0.0, 0));
        sums[rule].0 += f(point);
        sums[rule].1 += 1;
    });
    let means: Vec<f64> = sums.iter().map(|(sum, count)| sum / *count as f64).collect();
    let [mean] = means[..] else {
        let rules = means.len() as f64;
        let mean = means.iter().sum::<f64>() / rules;
        let square = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>();
        return (mean, (square / (rules * (rules - 1.0))).sqrt());
    };
    (mean, 0.0)
}

/// Calls `f` for every point of [`average`].
pub(crate) fn visit(dim: usize, mut f: impl FnMut(&[f64])) {
    visit_rules(dim, |_, point| f(point));
}

/// Calls `f` for the points of every rule, one rule after the other, with its number. The points of a rule have equal weights, and several rules are
/// shifted at random.
fn visit_rules(dim: usize, mut f: impl FnMut(usize, &[f64])) {
    match dim {
        1 => [1.0, -1.0].iter().for_each(|x| f(0, &[*x])),
        2 => {
            let angles = (0..CIRCLE).map(|k| TAU * (k as f64 + 0.5) / CIRCLE as f64);
            angles.for_each(|angle| f(0, &[angle.cos(), angle.sin()]));
        }
        _ => {
            let steps = lattice_steps(dim);
            let mut stream = Stream::new(Seed(0), 0, dim as u64);
            for rule in 0..SHIFTS {
                let shift: Vec<f64> = (0..dim).map(|_| StandardUniform.sample(&mut stream)).collect();
                for k in 0..POINTS {
                    let mut point = lattice_point(k, &steps, &shift);
                    f(rule, &point);
                    point.iter_mut().for_each(|x| *x = -*x);
                    f(rule, &point);
                }
            }
        }
    }
}

/// Powers of the generalised golden ratio, the root of `x^(d+1) = x + 1`.
fn lattice_steps(dim: usize) -> Vec<f64> {
    let ratio = (0..64).fold(1.5f64, |x, _| (1.0 + x).powf(1.0 / (dim as f64 + 1.0)));
    (1..=dim).map(|i| ratio.powi(-(i as i32))).collect()
}

/// Point number `k` of the lattice on the sphere.
fn lattice_point(k: usize, steps: &[f64], shift: &[f64]) -> Vec<f64> {
    let normal = |(a, s): (&f64, &f64)| {
        let u = (s + a * (k + 1) as f64).fract();
        SQRT_2 * erf_inv((2.0 * u - 1.0).clamp(-1.0 + 1e-15, 1.0 - 1e-15))
    };
    let mut point: Vec<f64> = steps.iter().zip(shift).map(normal).collect();
    let norm = point.iter().map(|x| x * x).sum::<f64>().sqrt();
    point.iter_mut().for_each(|x| *x /= norm);
    point
}

/// Few points of the unit sphere with equal weights, for integrands that take milliseconds: 128 of the circle, or in more dimensions 256 of the
/// lattice and their opposites.
pub(crate) fn few(dim: usize) -> Vec<Vec<f64>> {
    match dim {
        1 => vec![vec![1.0], vec![-1.0]],
        2 => directions(2).split_off(4),
        _ => {
            let (steps, shift) = (lattice_steps(dim), vec![0.5; dim]);
            let points = (0..256).map(|k| lattice_point(k, &steps, &shift));
            points.flat_map(|u| [u.iter().map(|x| -x).collect(), u]).collect()
        }
    }
}

/// Unit vectors in which a property of all directions is checked: the axes first, then 128 points of the circle, or in more dimensions 32 random
/// ones per axis, up to 1,024.
pub(crate) fn directions(dim: usize) -> Vec<Vec<f64>> {
    let axis = |k: usize| (0..dim).map(|i| if i == k / 2 { 1.0 - 2.0 * (k % 2) as f64 } else { 0.0 }).collect();
    let mut found: Vec<Vec<f64>> = (0..2 * dim).map(axis).collect();
    if dim == 2 {
        found.extend((0..128).map(|k| TAU * (f64::from(k) + 0.5) / 128.0).map(|a| vec![a.cos(), a.sin()]));
        return found;
    }
    let mut stream = Stream::new(Seed(0), 1, dim as u64);
    let count = (32 * dim).min(1024);
    found.extend((0..count).map(|_| {
        let point: Vec<f64> = (0..dim).map(|_| StandardNormal.sample(&mut stream)).collect();
        let norm = point.iter().map(|x: &f64| x * x).sum::<f64>().sqrt();
        point.iter().map(|x| x / norm).collect()
    }));
    found
}

/// Volume of the unit ball in `R^dim`, `π^(d/2) / Γ(1+d/2)`.
pub(crate) fn unit_ball_volume(dim: usize) -> f64 {
    let half = 0.5 * dim as f64;
    (half * std::f64::consts::PI.ln() - statrs::function::gamma::ln_gamma(1.0 + half)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::mean_abs_power;

    #[test]
    fn moments_of_one_coordinate() {
        for dim in [1, 2, 3, 6, 20] {
            for p in [1.2, 2.0, 3.0] {
                let (mean, error) = average(dim, |u| u[0].abs().powf(p));
                let exact = mean_abs_power(dim, p);
                let slack = 6.0 * error + 1e-5 * exact;
                assert!((mean - exact).abs() < slack, "d={dim} p={p}: {mean} {exact} ± {error}");
            }
        }
    }

    #[test]
    fn ball_volumes() {
        assert!((unit_ball_volume(1) - 2.0).abs() < 1e-12);
        assert!((unit_ball_volume(3) - 4.0 / 3.0 * std::f64::consts::PI).abs() < 1e-12);
    }
}
