//! # Transitions between the wells of a landscape in the plane
//!
//! As `ε → 0` a path of SGD in the well of the minimum `x_i` jumps into well `j` at the rate of the jumps that land in its basin of attraction,
//! `q_ij = ν{y : x_i + ε Q*⁻¹ Σ y ∈ basin j}`. With independent coordinates it is a sum over the noise axes, `q_ij = Σ_k c ε^α ∫ |s|^(-1-α) 1{x_i + s v_k ∈
//! basin j} ds` with `v_k = Q*⁻¹ Σ e_k`, whose stretches in basin `j` come from the [map](crate::landscape::PlanarBasins); with isotropic noise an
//! average over all directions. For Adam the points from which its [noiseless motion](super::adam_descent) ends at `x_j` take the place of the basin.
//!
//! At `α = 2`, for SGD with one amplitude in all directions and `D = (εΣ)²`, the rates are those of Eyring and Kramers over the saddles `s` that
//! join two minima, `|λ_-(s)|/(2π) √(det H(x_i)/|det H(s)|) e^(-(F(s)-F(x_i))/D)`, with an error of the order `D` beside the barrier.
//!
//! # References
//! - Imkeller, Pavlyukevich, Stauch (2010), *First Exit Times of Non-Linear Dynamical Systems in R^d Perturbed by Multifractal Lévy Noise*.
//! - Hänggi, Talkner, Borkovec (1990), *Reaction-Rate Theory: Fifty Years after Kramers*, section IV.

use std::f64::consts::{PI, TAU};

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::adam_descent::AdamDescent;
use crate::dynamics::{Dynamics, Preconditioner, Problem};
use crate::landscape::{PlanarBasins, PlanarWells};
use crate::noise::Structure;

/// Directions of isotropic noise: a basin that is narrower than a degree, seen from a minimum, is hit by one of them or by none. The end of a ray in
/// extents of the wells, and the growth of its steps far out.
const DIRECTIONS: usize = 360;
/// Directions for Adam, whose motion takes longer to follow than a line of the gradient flow.
const ADAM_DIRECTIONS: usize = 120;
const COARSE: [f64; 2] = [100.0, 0.03];

/// The rates of jumps between the basins; rows sum to 0.
pub(super) fn jump_rates(
    problem: &Problem,
    rest: &Preconditioner,
    wells: &PlanarWells,
    basins: &PlanarBasins,
) -> DMatrix<f64> {
    let (noise, potential) = (problem.noise(), problem.basin().potential());
    let adam = match problem.dynamics() {
        Dynamics::Adam(adam) => {
            let wells = (0..wells.count()).map(|well| (wells.minima()[well].x, wells.barrier(well)));
            Some(AdamDescent::new(problem, adam, rest, wells))
        }
        _ => None,
    };
    let along = |from: [f64; 2], way: [f64; 2]| match (&adam, noise.structure()) {
        (Some(descent), _) => {
            basins.along_by(from, way, COARSE, |x| descent.well_from(x, |x| basins.well_of(potential, x)))
        }
        (None, Structure::Isotropic) => basins.along_to(potential, from, way, COARSE),
        (None, Structure::Independent) => basins.along(potential, from, way),
    };
    let ways: Vec<[f64; 2]> = match noise.structure() {
        Structure::Independent => {
            let directions = [0, 1].map(|axis| problem.jump_direction(rest, axis));
            directions.iter().flat_map(|v| [-1.0, 1.0].map(|sign| [sign * v[0], sign * v[1]])).collect()
        }
        Structure::Isotropic => {
            let count = if adam.is_some() { ADAM_DIRECTIONS } else { DIRECTIONS };
            let way = |k: usize| {
                let (sin, cos) = (TAU * (k as f64 + 0.5) / count as f64).sin_cos();
                let mut way = [0.0; 2];
                noise.amplitude().apply(&[cos, sin], &mut way);
                rest.divide(&mut way);
                way
            };
            (0..count).map(way).collect()
        }
    };
    let beyond = |s: f64| match noise.structure() {
        Structure::Independent => 0.5 * noise.measure().tail_mass(s / noise.epsilon()),
        Structure::Isotropic => noise.measure().isotropic_tail_mass(2, s / noise.epsilon()) / ways.len() as f64,
    };
    let rays: Vec<(usize, [f64; 2])> =
        ways.iter().flat_map(|way| (0..basins.minima().len()).map(move |from| (from, *way))).collect();
    let ray = |(from, way): (usize, [f64; 2])| (from, along(basins.minima()[from], way));
    let rays: Vec<(usize, Ray)> = rays.into_par_iter().map(ray).collect();
    rates(basins.minima().len(), &rays, &beyond)
}

/// The lengths at which the wells along a ray begin, with their numbers.
pub(super) type Ray = Vec<(f64, Option<usize>)>;

/// The rates of jumps along rays from the minima of `n` wells; `beyond` is the rate of the jumps beyond a length.
pub(super) fn rates(n: usize, rays: &[(usize, Ray)], beyond: &dyn Fn(f64) -> f64) -> DMatrix<f64> {
    let mut rates = DMatrix::zeros(n, n);
    for (from, ray) in rays {
        for (k, (s, to)) in ray.iter().enumerate() {
            if let Some(to) = to.filter(|to| to != from) {
                rates[(*from, to)] += beyond(*s) - ray.get(k + 1).map_or(0.0, |(end, _)| beyond(*end));
            }
        }
    }
    with_diagonal(rates)
}

/// The rates over the saddles at `α = 2`, for the diffusion `D`.
pub(super) fn saddle_rates(wells: &PlanarWells, diffusion: f64) -> DMatrix<f64> {
    let n = wells.count();
    let mut rates = DMatrix::zeros(n, n);
    for (from, minimum) in wells.minima().iter().enumerate() {
        for (saddle, to, height) in wells.passes(from) {
            let [falls, rises] = saddle.point.curvatures;
            let ratio = minimum.curvatures[0] * minimum.curvatures[1] / (falls.abs() * rises);
            rates[(from, to)] += falls.abs() / (2.0 * PI) * ratio.sqrt() * (-height / diffusion).exp();
        }
    }
    with_diagonal(rates)
}

fn with_diagonal(mut rates: DMatrix<f64>) -> DMatrix<f64> {
    for i in 0..rates.nrows() {
        rates[(i, i)] = -rates.row(i).sum();
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::Dynamics;
    use crate::landscape::{Basin, Domain, DoubleWell, MullerBrown};
    use crate::noise::{Alpha, Amplitude, LevyNoise};
    use crate::theory::transition_rates;

    fn noise(alpha: f64, epsilon: f64) -> LevyNoise {
        LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap()
    }

    fn plane() -> DoubleWell {
        DoubleWell::new([-1.0, 1.5], 0.25, 3.0).unwrap().with_transverse(vec![2.0]).unwrap()
    }

    fn rates(problem: &Problem) -> DMatrix<f64> {
        let wells = PlanarWells::of(problem.basin().potential(), None).unwrap();
        let basins = PlanarBasins::new(problem.basin().potential(), &wells).unwrap();
        jump_rates(problem, &problem.preconditioner().unwrap(), &wells, &basins)
    }

    /// Two half-planes: jumps along the first axis have the rates of a line. Isotropic jumps, and those of a dense amplitude, cross at the distance over
    /// the first component: with `E|u_1|^α` or `Σ_k |v_k1|^α` in place of 1.
    #[test]
    fn half_planes_by_hand() {
        let basin = Basin::new(plane(), Domain::Well).unwrap();
        let line = transition_rates(&[-1.0, 1.5], &[0.25], &noise(1.5, 0.02));
        let dense = DMatrix::from_row_slice(2, 2, &[0.8, -0.5, 0.3, 1.0]);
        for (noise, factor, error) in [
            (noise(1.5, 0.02), 1.0, 1e-6),
            (noise(1.5, 0.02).with_amplitude(Amplitude::Dense(dense)), 0.8f64.powf(1.5) + 0.5f64.powf(1.5), 1e-4),
            // The coordinates of an isotropic motion are those of a line.
            (noise(1.5, 0.02).with_structure(Structure::Isotropic), 1.0, 2e-3),
        ] {
            let found = rates(&Problem::new(basin.clone(), Dynamics::Sgd, noise).unwrap());
            for (i, j) in [(0, 1), (1, 0)] {
                assert!((found[(i, j)] / (factor * line[(i, j)]) - 1.0).abs() < error, "{i} {j}: {found} {line}");
                assert!(found.row(i).sum().abs() < 1e-15);
            }
        }
    }

    /// Jumps that were drawn, sorted by where they land: within 4.5 standard errors, 1 of 10^5 rates of a right program is beyond. Power: totals that are
    /// 30 % larger or smaller are rejected.
    #[test]
    fn rates_are_shares_of_drawn_jumps() {
        let basin = Basin::new(MullerBrown::new(0.01, 0).unwrap(), Domain::Attraction).unwrap();
        let noise = noise(1.3, 0.05).with_amplitude(Amplitude::Diagonal(vec![1.0, 2.0]));
        let problem = Problem::new(basin, Dynamics::Sgd, noise.clone()).unwrap();
        let found = rates(&problem);
        let potential = problem.basin().potential();
        let basins = PlanarBasins::new(potential, &PlanarWells::of(potential, None).unwrap()).unwrap();
        let mut rng = crate::noise::Stream::new(crate::noise::Seed(50), 0, 0);
        let (draws, cut) = (20_000, 1.0);
        for (from, minimum) in basins.minima().iter().enumerate() {
            let mut counts = [0.0; 3];
            for k in 0..draws {
                let mut x = *minimum;
                x[k % 2] += noise.epsilon() * [1.0, 2.0][k % 2] * noise.measure().jump_above(cut, &mut rng);
                counts[basins.well_of(potential, x).unwrap()] += 1.0;
            }
            let rate = 2.0 * noise.measure().tail_mass(cut);
            let off = |count: f64, p: f64| (count - draws as f64 * p).abs() / (draws as f64 * p * (1.0 - p)).sqrt();
            for to in (0..3).filter(|to| *to != from) {
                assert!(off(counts[to], found[(from, to)] / rate) < 4.5, "{from} {to}: {counts:?} {found}");
            }
            let (left, p) = (draws as f64 - counts[from], -found[(from, from)] / rate);
            assert!(off(left, p) < 4.5 && off(left, 1.3 * p) > 4.5 && off(left, 0.7 * p) > 4.5, "{counts:?} {found}");
        }
    }

    /// Over the saddle of a double well the rates are those of its line: the transverse curvatures cancel.
    #[test]
    fn saddle_rates_are_those_of_kramers() {
        let symmetric = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap().with_transverse(vec![3.0]).unwrap();
        let found = saddle_rates(&PlanarWells::of(&symmetric, None).unwrap(), 0.05);
        let kramers = 2f64.sqrt() / (2.0 * PI) * (-0.25f64 / 0.05).exp();
        assert!((found[(0, 1)] / kramers - 1.0).abs() < 1e-9 && (found[(1, 0)] / kramers - 1.0).abs() < 1e-9);
    }
}
