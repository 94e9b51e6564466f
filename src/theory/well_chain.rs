//! # The Markov chain of the wells
//!
//! On the time scale of its transitions a path in a landscape with the wells `1 … n` is a Markov chain with rates `q_ij`. Its law at time `t` is
//! `π_0 e^(Qt)`, its stationary law solves `π Q = 0`, and the mean first-passage times `τ_i` to well `j` solve `Σ_k q_ik τ_k = -1` for `i ≠ j`.
//!
//! `α < 2`: the rates of [`transition_rates`]; depths drop out. Adam divides jumps by `Q*`, and a jump counts for the well at which the [noiseless
//! motion](super::adam_descent) ends. On a line with damped momentum the rates are those of SGD over `Q*^α`. `α = 2`, SGD: with `D = (εΣ)²`, half of
//! it for the normal law, `q_(i,i±1) = D / (Z_i B)`, where `Z_i = ∫ e^(-F/D)` over the well and `B = ∫ e^(F/D)` between the minima. As `D → 0` these are the rates of
//! Eyring and Kramers, `√(F''(x_i) |F''(s)|)/(2π) e^(-(F(s)-F(x_i))/D)`; at any `D` the stationary law is the exact one, `π_i ∝ Z_i`: widths
//! hardly matter, depths do. In the plane [the same rates](super::planar_transitions) count the jumps into basins of attraction.
//!
//! # References
//! - Imkeller, Pavlyukevich (2008), *Metastable Behaviour of Small Noise Lévy-Driven Diffusions*.
//! - Hänggi, Talkner, Borkovec (1990), *Reaction-Rate Theory: Fifty Years after Kramers*, section VII.

use nalgebra::{DMatrix, RowDVector};
use rayon::prelude::*;

use super::adam_descent::AdamDescent;
use super::planar_transitions::{jump_rates, rates, saddle_rates};
use super::prediction::TheoryError;
use super::transitions::transition_rates;
use crate::dynamics::{Adam, Dynamics, Preconditioner, Problem};
use crate::landscape::{PlanarBasins, PlanarWells, Potential, WellSet, Wells, wells_along};
use crate::noise::NoiseLaw;

/// Intervals of Simpson's rule on each side of a minimum.
const INTERVALS: usize = 4_000;
/// Exponent at which an integrand is negligible beside its largest value.
const NEGLIGIBLE: f64 = 45.0;

/// Steps along a line between the points from which Adam's motion is followed: a share of the narrowest width or of the distance, whichever is
/// larger. The line ends after so many extents of the minima.
const FINE: f64 = 0.05;
const GROWTH: f64 = 0.02;
const FURTHEST: f64 = 100.0;

/// The chain of the wells of a landscape.
///
/// # Example
/// ```
/// use levy_escape::landscape::{MultiWell, Wells};
/// use levy_escape::theory::WellChain;
/// use levy_escape::{Alpha, Basin, Domain, Dynamics, LevyNoise, Problem};
///
/// // Widths ½ and 2, depths 2 and 1.
/// let landscape = MultiWell::new(vec![0.0, 2.5], vec![0.5], vec![2.0, 1.0])?;
/// let wells = Wells::of(&landscape, None)?;
/// let basin = Basin::new(landscape, Domain::Well)?;
/// let stationary = |alpha, epsilon| -> Result<Vec<f64>, Box<dyn std::error::Error>> {
///     let noise = LevyNoise::new(Alpha::new(alpha)?, epsilon)?;
///     Ok(WellChain::of(&Problem::new(basin.clone(), Dynamics::Sgd, noise)?, &wells)?.stationary())
/// };
/// // Lévy noise stays in the wide well, Gaussian noise in the deep one.
/// assert!(stationary(1.5, 0.01)?[1] > 0.8 && stationary(2.0, 0.3)?[0] > 0.9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WellChain {
    rates: DMatrix<f64>,
}

impl WellChain {
    /// The chain that the theory predicts for a problem in the landscape of its basin.
    ///
    /// SGD stays in the well in which a jump lands. Adam's momentum may carry a path across a saddle: a jump counts for the well at which Adam's motion
    /// without noise ends.
    ///
    /// # Errors
    /// [`TheoryError::NoRest`] for Adam's sampled second moment and for steps other than plain SGD, [`TheoryError::Gaussian`] for Adam at
    /// `α = 2`, whose momentum changes the stationary law, and [`TheoryError::Chain`] for other laws of the noise.
    pub fn of(problem: &Problem, wells: &Wells) -> Result<Self, TheoryError> {
        let (noise, q) = (problem.noise(), problem.preconditioner().ok_or(TheoryError::NoRest)?);
        if !(noise.law().is_stable() || *noise.law() == NoiseLaw::Gaussian) {
            return Err(TheoryError::Chain { law: noise.law().name() });
        }
        let amplitude = noise.amplitude().column(1, 0)[0].abs();
        if !noise.alpha().is_gaussian() {
            return Ok(WellChain {
                rates: match problem.dynamics() {
                    Dynamics::Adam(adam) => adam_rates(problem, adam, &q, wells),
                    _ => transition_rates(wells.minima(), wells.saddles(), noise),
                },
            });
        }
        if matches!(problem.dynamics(), Dynamics::Adam(_)) {
            return Err(TheoryError::Gaussian);
        }
        // The variance per unit time, `2 D`, is 2 for SαS(1) and 1 for the standard normal law.
        let scale = noise.epsilon() * amplitude * noise.measure().scale();
        Ok(WellChain { rates: diffusion_rates(problem.basin().potential(), wells, scale * scale) })
    }

    /// [`WellChain::of`] for wells on a line or in the plane.
    ///
    /// In the plane, too, SGD stays in the basin of attraction in which a jump lands, and a jump of Adam counts for the well at which its motion ends.
    ///
    /// # Errors
    /// As [`WellChain::of`]; in the plane also [`TheoryError::GaussianAxes`] at `α = 2` for a noise whose amplitude depends on the direction, and
    /// [`TheoryError::Basins`] if the basins cannot be mapped.
    pub fn over(problem: &Problem, wells: &WellSet) -> Result<Self, TheoryError> {
        match wells {
            WellSet::Line(wells) => Self::of(problem, wells),
            WellSet::Plane(wells) => Self::in_plane(problem, wells),
        }
    }

    fn in_plane(problem: &Problem, wells: &PlanarWells) -> Result<Self, TheoryError> {
        let (noise, rest) = (problem.noise(), problem.preconditioner().ok_or(TheoryError::NoRest)?);
        if !(noise.law().is_stable() || *noise.law() == NoiseLaw::Gaussian) {
            return Err(TheoryError::Chain { law: noise.law().name() });
        }
        if !noise.alpha().is_gaussian() {
            let basins = PlanarBasins::new(problem.basin().potential(), wells).map_err(|_| TheoryError::Basins)?;
            return Ok(WellChain { rates: jump_rates(problem, &rest, wells, &basins) });
        }
        if matches!(problem.dynamics(), Dynamics::Adam(_)) {
            return Err(TheoryError::Gaussian);
        }
        let root = noise.amplitude().to_matrix(2) * (noise.epsilon() * noise.measure().scale());
        let covariance = &root * root.transpose();
        let diffusion = covariance[(0, 0)];
        let is_round =
            (covariance[(1, 1)] / diffusion - 1.0).abs() < 1e-9 && covariance[(0, 1)].abs() < 1e-9 * diffusion;
        if is_round { Ok(WellChain { rates: saddle_rates(wells, diffusion) }) } else { Err(TheoryError::GaussianAxes) }
    }

    /// The rates `q_ij`, with `q_ii` minus the rate of leaving well `i`.
    pub fn rates(&self) -> &DMatrix<f64> {
        &self.rates
    }

    /// The law at time `t` of a chain that starts with the law `start`.
    pub fn occupancy(&self, start: &[f64], t: f64) -> Vec<f64> {
        let law = RowDVector::from_row_slice(start) * (&self.rates * t).exp();
        law.iter().copied().collect()
    }

    /// `π` with `π Q = 0`, each share to its last digits. Where the wells do not all communicate, since a rate is 0, it is NaN.
    ///
    /// # References
    /// - Grassmann, Taksar, Heyman (1985), *Regenerative Analysis and Steady State Distributions for Markov Chains*.
    pub fn stationary(&self) -> Vec<f64> {
        let n = self.rates.nrows();
        let Elimination { rates, .. } = Elimination::of(self.rates.clone(), vec![0.0; n]);
        let mut law = vec![1.0; n];
        for k in 1..n {
            law[k] = (0..k).map(|i| law[i] * rates[(i, k)]).sum();
        }
        let total: f64 = law.iter().sum();
        law.iter().map(|p| p / total).collect()
    }

    /// Mean time from well `i` (row) to the first visit of well `j` (column), 0 on the diagonal.
    pub fn mean_first_passage(&self) -> DMatrix<f64> {
        let n = self.rates.nrows();
        let mut times = DMatrix::zeros(n, n);
        for j in 0..n {
            let order: Vec<usize> = std::iter::once(j).chain((0..n).filter(|i| *i != j)).collect();
            let ordered = DMatrix::from_fn(n, n, |a, b| self.rates[(order[a], order[b])]);
            let Elimination { rates, cost, out } = Elimination::of(ordered, vec![1.0; n]);
            for k in 1..n {
                let onward: f64 = (1..k).map(|i| rates[(k, i)] * times[(order[i], j)]).sum();
                times[(order[k], j)] = (cost[k] + onward) / out[k];
            }
        }
        times
    }
}

/// A chain whose states were removed one by one from the last, without a difference, so that tiny rates keep their digits.
struct Elimination {
    /// Above the diagonal, row `i` and column `k`, the rate from `i` to `k` over [`Elimination::out`] of `k`; below it the rates to the states that
    /// were left when the row was removed.
    rates: DMatrix<f64>,
    /// Costs of the states, with those of the removed ones that are passed.
    cost: Vec<f64>,
    /// Total rate from a state to those that were left.
    out: Vec<f64>,
}

impl Elimination {
    fn of(mut rates: DMatrix<f64>, mut cost: Vec<f64>) -> Self {
        let n = rates.nrows();
        let mut out = vec![0.0; n];
        for k in (1..n).rev() {
            out[k] = (0..k).map(|j| rates[(k, j)]).sum();
            for i in 0..k {
                rates[(i, k)] /= out[k];
                cost[i] += rates[(i, k)] * cost[k];
                for j in (0..k).filter(|j| *j != i) {
                    rates[(i, j)] += rates[(i, k)] * rates[(k, j)];
                }
            }
        }
        Elimination { rates, cost, out }
    }
}

/// Rates of the jumps on a line after which Adam's motion ends at another minimum.
fn adam_rates(problem: &Problem, adam: &Adam, rest: &Preconditioner, wells: &Wells) -> DMatrix<f64> {
    let (noise, potential, n) = (problem.noise(), problem.basin().potential(), wells.count());
    let narrowest = (0..n).flat_map(|well| wells.widths(well)).fold(f64::INFINITY, f64::min);
    let at = (0..n).map(|well| ([wells.minima()[well]], wells.barrier(potential, well)));
    let descent = AdamDescent::new(problem, adam, rest, at);
    let reach = problem.jump_direction(rest, 0)[0].abs();
    let ray = |(from, sign): (usize, f64)| {
        let at = |s: f64| [wells.minima()[from] + sign * reach * s];
        let step = |s: f64| (FINE * narrowest / reach).max(GROWTH * s);
        let furthest = FURTHEST * descent.extent() / reach;
        (from, wells_along(furthest, step, |s| descent.well_from(at(s), |[x]| Some(wells.well_of(x)))))
    };
    let rays: Vec<(usize, f64)> = (0..n).flat_map(|from| [(from, -1.0), (from, 1.0)]).collect();
    let rays: Vec<_> = rays.into_par_iter().map(ray).collect();
    rates(n, &rays, &|s| 0.5 * noise.measure().tail_mass(s / noise.epsilon()))
}

/// Rates between neighbouring wells by the flux over the barrier.
fn diffusion_rates(potential: &dyn Potential, wells: &Wells, diffusion: f64) -> DMatrix<f64> {
    let n = wells.count();
    let value = |x: f64| potential.value(&[x]);
    // log Z_i and log B.
    let logs: Vec<f64> = (0..n)
        .map(|i| {
            let (minimum, bounds) = (wells.minima()[i], wells.bounds(i));
            let floor = value(minimum);
            let weight = |x: f64| (-(value(x) - floor) / diffusion).exp();
            let ends = [-1.0, 1.0].map(|side| {
                let bound = if side < 0.0 { bounds[0] } else { bounds[1] };
                if bound.is_finite() { bound } else { negligible_at(&value, minimum, side, diffusion) }
            });
            let mass = simpson(&weight, ends[0], minimum) + simpson(&weight, minimum, ends[1]);
            mass.ln() - floor / diffusion
        })
        .collect();
    let mut rates = DMatrix::zeros(n, n);
    for (j, &saddle) in wells.saddles().iter().enumerate() {
        let top = value(saddle);
        let weight = |x: f64| ((value(x) - top) / diffusion).exp();
        let [left, right] = [wells.minima()[j], wells.minima()[j + 1]];
        let barrier = (simpson(&weight, left, saddle) + simpson(&weight, saddle, right)).ln() + top / diffusion;
        for (from, to) in [(j, j + 1), (j + 1, j)] {
            rates[(from, to)] = (diffusion.ln() - logs[from] - barrier).exp();
        }
    }
    for i in 0..n {
        rates[(i, i)] = -rates.row(i).sum();
    }
    rates
}

/// A point beyond an outermost minimum, so high that paths do not reach it.
fn negligible_at(value: &dyn Fn(f64) -> f64, minimum: f64, side: f64, diffusion: f64) -> f64 {
    let floor = value(minimum);
    let mut reach = 1e-6 * (1.0 + minimum.abs());
    for _ in 0..200 {
        if !(value(minimum + side * reach) - floor < NEGLIGIBLE * diffusion) {
            break;
        }
        reach *= 1.3;
    }
    minimum + side * reach
}

fn simpson(f: &dyn Fn(f64) -> f64, a: f64, b: f64) -> f64 {
    let h = (b - a) / INTERVALS as f64;
    let weight = |k: usize| match k {
        0 | INTERVALS => 1.0,
        k if k % 2 == 1 => 4.0,
        _ => 2.0,
    };
    (0..=INTERVALS).map(|k| weight(k) * f(a + h * k as f64)).sum::<f64>() * h / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::Adam;
    use crate::landscape::{Basin, Domain, DoubleWell, MultiWell};
    use crate::noise::{Alpha, LevyNoise};
    use std::f64::consts::PI;

    fn landscape() -> MultiWell {
        MultiWell::new(vec![-2.0, 0.0, 2.0], vec![-1.6, 1.0], vec![1.5, 1.0, 1.2]).unwrap()
    }

    fn chain(dynamics: Dynamics, alpha: f64, epsilon: f64) -> Result<WellChain, TheoryError> {
        let wells = Wells::of(&landscape(), None).unwrap();
        let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap();
        let basin = Basin::new(landscape(), Domain::Well).unwrap();
        WellChain::of(&Problem::new(basin, dynamics, noise).unwrap(), &wells)
    }

    /// `π Q = 0`, the law in time tends to `π`, and passage times obey `τ_ij = 1/q_i + Σ_k p_ik τ_kj`.
    #[test]
    fn laws_of_the_chain() {
        let chain = chain(Dynamics::Sgd, 1.5, 0.02).unwrap();
        let (q, pi) = (chain.rates(), chain.stationary());
        assert!((pi.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let flux = RowDVector::from_row_slice(&pi) * q;
        assert!(flux.amax() < 1e-14 * q.amax(), "{flux}");
        let late = chain.occupancy(&[1.0, 0.0, 0.0], 1e3 / q.amax());
        assert!(late.iter().zip(&pi).all(|(a, b)| (a - b).abs() < 1e-9), "{late:?} {pi:?}");
        let early = chain.occupancy(&[1.0, 0.0, 0.0], 1e-6 / q.amax());
        assert!((early[1] / (q[(0, 1)] * 1e-6 / q.amax()) - 1.0).abs() < 1e-5);
        let tau = chain.mean_first_passage();
        for (i, j) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
            let onward: f64 = (0..3).filter(|k| *k != i).map(|k| q[(i, k)] * tau[(k, j)]).sum();
            assert!((tau[(i, j)] / ((1.0 + onward) / -q[(i, i)]) - 1.0).abs() < 1e-12);
        }
    }

    /// In a smooth double well the rates approach those of Eyring and Kramers as `O(D)`; at any `D` the law is Gibbs's.
    #[test]
    fn gaussian_rates_are_eyring_kramers() {
        let double = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap();
        let basin = Basin::new(double.clone(), Domain::Well).unwrap();
        let wells = Wells::of(&double, None).unwrap();
        for (epsilon, tolerance) in [(0.12f64, 0.03), (0.06, 0.008), (0.03, 0.002)] {
            let noise = LevyNoise::new(Alpha::new(2.0).unwrap(), epsilon).unwrap();
            let problem = Problem::new(basin.clone(), Dynamics::Sgd, noise).unwrap();
            let q = WellChain::of(&problem, &wells).unwrap();
            let kramers = 2f64.sqrt() / (2.0 * PI) * (-0.25 / (epsilon * epsilon)).exp();
            for (i, j) in [(0, 1), (1, 0)] {
                assert!((q.rates()[(i, j)] / kramers - 1.0).abs() < tolerance, "{i} {j} at {epsilon}");
            }
        }
        assert_eq!(chain(Dynamics::Sgd, 2.0, 0.12).unwrap().rates()[(0, 2)], 0.0);
        let (f, wells) = (landscape(), Wells::of(&landscape(), None).unwrap());
        // The trapezoidal rule over the whole line, well by well.
        let d = 0.09;
        let (mut weights, h) = ([0.0; 3], 1e-4);
        for k in -60_000..60_000 {
            let x = (f64::from(k) + 0.5) * h;
            weights[wells.well_of(x)] += (-f.value(&[x]) / d).exp() * h;
        }
        let total: f64 = weights.iter().sum();
        let pi = chain(Dynamics::Sgd, 2.0, 0.3).unwrap().stationary();
        assert!(pi.iter().zip(weights).all(|(pi, w)| (pi - w / total).abs() < 1e-6), "{pi:?} {weights:?}");
    }

    /// Rates that differ by many orders of magnitude: the second well is left for the first much more often than for the third, in which paths stay.
    #[test]
    fn tiny_rates_decide_the_stationary_law() {
        let of = |second: f64| {
            let (minima, saddles) = (vec![-1.0, 1.0, 3.0], vec![0.0, 2.0]);
            let landscape = MultiWell::with_heights(minima, saddles, vec![1.0, second, 2.0], vec![-0.9, 0.0]).unwrap();
            let wells = Wells::of(&landscape, None).unwrap();
            let noise = LevyNoise::new(Alpha::GAUSSIAN, 0.1414).unwrap();
            let basin = Basin::new(landscape, Domain::Well).unwrap();
            WellChain::of(&Problem::new(basin, Dynamics::Sgd, noise).unwrap(), &wells).unwrap()
        };
        let pi = of(1.05).stationary();
        assert!(pi[2] > 1.0 - 1e-12, "{pi:?}");
        let chain = of(1.0);
        let (pi, q, tau) = (chain.stationary(), chain.rates().clone(), chain.mean_first_passage());
        assert!(pi[2] > 1.0 - 1e-12 && pi[0] > 0.0, "{pi:?}");
        // Detailed balance over each saddle.
        for i in 0..2 {
            assert!((pi[i] * q[(i, i + 1)] / (pi[i + 1] * q[(i + 1, i)]) - 1.0).abs() < 1e-9, "{pi:?}");
        }
        // From the first two wells the third is reached at the rate of its neighbour, times the share of the time there.
        assert!((tau[(0, 2)] * q[(1, 2)] * pi[1] / (pi[0] + pi[1]) - 1.0).abs() < 1e-6, "{tau}");
    }

    /// The standard normal law has half the variance of SαS at `α = 2`.
    #[test]
    fn the_normal_law_has_half_the_diffusion() {
        let wells = Wells::of(&landscape(), None).unwrap();
        let noise = LevyNoise::new(Alpha::GAUSSIAN, 0.3 * 2f64.sqrt()).unwrap().with_law(NoiseLaw::Gaussian).unwrap();
        let basin = Basin::new(landscape(), Domain::Well).unwrap();
        let normal = WellChain::of(&Problem::new(basin, Dynamics::Sgd, noise).unwrap(), &wells).unwrap();
        let ratio = normal.rates().component_div(chain(Dynamics::Sgd, 2.0, 0.3).unwrap().rates());
        assert!((0..2).all(|i| (ratio[(i, i + 1)] - 1.0).abs() < 1e-9), "{ratio}");
    }

    #[test]
    fn adam_divides_by_its_rest_and_has_no_gaussian_chain() {
        let adam = Adam::new(1e4, 0.1).unwrap().with_gradient_noise(vec![2.0]).with_stabilizer(0.0).unwrap();
        let [slow, sgd] = [Dynamics::Adam(adam.clone()), Dynamics::Sgd].map(|d| chain(d, 1.5, 0.02).unwrap());
        let ratio = slow.rates().component_div(sgd.rates());
        assert!(ratio.iter().all(|r| (r / 2f64.powf(-1.5) - 1.0).abs() < 1e-9), "{ratio}");
        assert_eq!(chain(Dynamics::Adam(adam), 2.0, 0.02), Err(TheoryError::Gaussian));
    }
}
