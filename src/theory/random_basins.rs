//! # Random basins
//!
//! Bowls `½ θᵀHθ` whose curvature and width vary independently, to ask which measure of flatness orders the escape times.
//!
//! `H = R diag(k) Rᵀ` with a rotation `R` uniform on the orthogonal group (Haar), and eigenvalues `k` log-uniform between two bounds that are
//! themselves log-uniform for each basin: some basins are sharp and others flat in all directions, and some are stretched. `Ω` is either a
//! level set, so that flat directions are also wide, or an ellipsoid along the axes that has nothing to do with the curvature.
//!
//! # References
//! - Stewart (1980), *The Efficient Generation of Random Orthogonal Matrices*, SIAM J. Numer. Anal. 17.

use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::landscape::Domain;
use crate::noise::{Seed, Stream};

/// The number of the cell whose streams draw the basins: no experiment has it.
const CELL: u64 = u64::MAX - 900_000_000;

/// The domains of random basins; their sizes are log-uniform in a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RandomDomain {
    /// `{F < h}` with a height `h` from the range.
    Level([f64; 2]),
    /// An ellipsoid along the axes, with independent semi-axes from the range.
    Ellipsoid([f64; 2]),
}

/// A family of random basins.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomBasins {
    /// The dimensions, one after the other.
    pub dims: Vec<usize>,
    /// Smallest and largest eigenvalue of a Hessian.
    pub curvature: [f64; 2],
    /// The domains.
    pub domain: RandomDomain,
    /// Seed.
    pub seed: Seed,
}

/// One random basin, with the minimum at the origin.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomBasin {
    /// `H`, symmetric and positive definite.
    pub hessian: DMatrix<f64>,
    /// `Ω`.
    pub domain: Domain,
}

impl RandomBasins {
    /// Basin `number`, a function of the family and the number alone. The ranges must be positive and not empty, and there must be a dimension.
    pub fn basin(&self, number: u64) -> RandomBasin {
        let mut rng = Stream::new(self.seed, CELL, number);
        let dim = self.dims[(number % self.dims.len() as u64) as usize];
        let bounds = [0, 1].map(|_| log_uniform(self.curvature, &mut rng));
        let bounds = [bounds[0].min(bounds[1]), bounds[0].max(bounds[1])];
        let curvatures = DVector::from_fn(dim, |_, _| log_uniform(bounds, &mut rng));
        let rotation = rotation(dim, &mut rng);
        let hessian = &rotation * DMatrix::from_diagonal(&curvatures) * rotation.transpose();
        let domain = match self.domain {
            RandomDomain::Level(range) => Domain::Level { height: log_uniform(range, &mut rng) },
            RandomDomain::Ellipsoid(range) => {
                Domain::Ellipsoid { semi_axes: (0..dim).map(|_| log_uniform(range, &mut rng)).collect() }
            }
        };
        // Rounding leaves it symmetric only to 10⁻¹⁶.
        RandomBasin { hessian: 0.5 * (&hessian + hessian.transpose()), domain }
    }
}

fn log_uniform([lo, hi]: [f64; 2], rng: &mut Stream) -> f64 {
    lo * (hi / lo).powf(rng.random::<f64>())
}

/// The orthogonal factor of a Gaussian matrix, with the signs that make it uniform.
fn rotation(dim: usize, rng: &mut Stream) -> DMatrix<f64> {
    let (mut q, r) = DMatrix::from_fn(dim, dim, |_, _| rng.sample::<f64, _>(StandardNormal)).qr().unpack();
    q.column_iter_mut().zip(r.diagonal().iter()).for_each(|(mut column, r)| column *= r.signum());
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(domain: RandomDomain) -> RandomBasins {
        RandomBasins { dims: vec![2, 5], curvature: [0.1, 10.0], domain, seed: Seed(3) }
    }

    /// Eigenvalues, sizes and dimensions are those asked for, and the basins differ.
    #[test]
    fn basins_lie_in_their_ranges() {
        let family = family(RandomDomain::Ellipsoid([0.5, 2.0]));
        let mut traces = Vec::new();
        for number in 0..200 {
            let basin = family.basin(number);
            let dim = [2, 5][number as usize % 2];
            let Domain::Ellipsoid { semi_axes } = &basin.domain else { panic!() };
            assert!(basin.hessian.nrows() == dim && semi_axes.len() == dim);
            assert!(semi_axes.iter().all(|a| (0.5..2.0).contains(a)));
            let eigenvalues = basin.hessian.clone().symmetric_eigenvalues();
            assert!(eigenvalues.iter().all(|k| (0.0999..10.001).contains(k)), "{eigenvalues}");
            assert_eq!(basin, family.basin(number));
            traces.push(basin.hessian.trace() / dim as f64);
        }
        traces.sort_by(f64::total_cmp);
        assert!(traces.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(traces[20] < 0.5 && traces[180] > 3.0, "{} {}", traces[20], traces[180]);
    }

    /// Every entry of a uniform rotation has mean 0, mean square `1/d` and mean fourth power `3/(d(d+2))`: the means of 20,000 within 4.5
    /// standard errors. Power: without the signs, the first entry is never positive.
    #[test]
    fn rotations_are_uniform() {
        let (dim, repeats) = (3, 20_000u64);
        let mut sums = [DMatrix::<f64>::zeros(dim, dim), DMatrix::zeros(dim, dim), DMatrix::zeros(dim, dim)];
        for path in 0..repeats {
            let r = rotation(dim, &mut Stream::new(Seed(8), 0, path));
            sums.iter_mut().zip([1, 2, 4]).for_each(|(sum, power)| *sum += r.map(|x| x.powi(power)));
        }
        let n = repeats as f64;
        // E x² = 1/3, E x⁴ = 1/5, E x⁸ = 1/9 for a coordinate of a uniform point on the sphere in three dimensions.
        for (sum, (mean, square)) in sums.iter().zip([(0.0, 1.0 / 3.0), (1.0 / 3.0, 0.2), (0.2, 1.0 / 9.0)]) {
            let error = ((square - mean * mean) / n).sqrt();
            assert!(sum.iter().all(|s| (s / n - mean).abs() < 4.5 * error), "{sum}");
        }
    }
}
