//! # Where exits land
//!
//! In the limit `ε → 0` a path leaves from the minimum by one jump. The share of the exits that land in well `k` is the Lévy measure of the jumps
//! from the minimum that leave the domain and end in that well, over the measure of all jumps that leave. In a well of one dimension these are
//! the shares `q_ik / Σ_j q_ij` of [`transition_rates`](super::transition_rates).
//!
//! Where the wells are those of [`Basin::minima`], the flow is followed from the points of every ray, and the distances at which the well changes are
//! bisected. For isotropic noise the rays are averaged: 128 in two dimensions, 512 in more, which leaves an error of some
//! 10⁻³ in a share in two dimensions, and of 3·10⁻³ to 5·10⁻³ in more.
//!
//! # References
//! - Imkeller, Pavlyukevich (2008), *Metastable Behaviour of Small Noise Lévy-Driven Diffusions*.

use super::prediction::Prediction;
use crate::dynamics::Problem;
use crate::landscape::{Basin, sphere};
use crate::noise::Structure;

/// The predicted share of the exits that land in each well of the landscape; the shares sum to 1.
///
/// `None` without [wells](crate::landscape::Basin::well_count), without a [prediction](Prediction), or where an escape takes several jumps. Jumps to
/// points from which the flow does not come to a known minimum do not count.
///
/// # Example
/// ```
/// use levy_escape::landscape::MultiWell;
/// use levy_escape::theory::landing_shares;
/// use levy_escape::{Alpha, Basin, Domain, Dynamics, LevyNoise, Problem};
///
/// // From 0 the saddles are at -1, 1 and 3.
/// let wells = MultiWell::new(vec![-2.0, 0.0, 2.0, 4.0], vec![-1.0, 1.0, 3.0], vec![1.0; 4])?.from_well(1)?;
/// let noise = LevyNoise::new(Alpha::new(1.5)?, 0.01)?;
/// let problem = Problem::new(Basin::new(wells, Domain::Well)?, Dynamics::Sgd, noise)?;
/// let shares = landing_shares(&problem).unwrap();
/// let far = 0.5 * 3f64.powf(-1.5);
/// assert!(shares.iter().zip([0.5, 0.0, 0.5 - far, far]).all(|(share, exact)| (share - exact).abs() < 1e-12));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn landing_shares(problem: &Problem) -> Option<Vec<f64>> {
    let (basin, dim) = (problem.basin(), problem.basin().dim());
    let count = Some(basin.well_count()).filter(|count| *count > 0)?;
    let theory = Prediction::of(problem).ok().filter(|theory| theory.jumps == 1)?;
    // The noise of steps is that of the motion whose increments they are.
    let eta = problem.dynamics().learning_rate();
    let noise = eta.map_or_else(|| problem.noise().clone(), |eta| problem.noise().spread_over(eta));
    let mut masses = vec![0.0; count];
    match noise.structure() {
        Structure::Independent => {
            for i in 0..dim {
                let direction = problem.jump_direction(&theory.preconditioner, i);
                for (side, sign) in [-1.0, 1.0].into_iter().enumerate() {
                    let way: Vec<f64> = direction.iter().map(|v| sign * v).collect();
                    let beyond = |s: f64| noise.side_masses(s / noise.epsilon())[side];
                    add_masses(&mut masses, basin, &way, &beyond);
                }
            }
        }
        Structure::Isotropic => {
            let alpha = noise.alpha().get();
            let mut way = vec![0.0; dim];
            let mut add = |masses: &mut [f64], u: &[f64]| {
                noise.amplitude().apply(u, &mut way);
                theory.preconditioner.divide(&mut way);
                add_masses(masses, basin, &way, &|s: f64| s.powf(-alpha));
            };
            if basin.wells().is_some() {
                sphere::visit(dim, |u| add(&mut masses, u));
            } else {
                // The flow from the points of a ray takes milliseconds.
                sphere::few(dim).iter().for_each(|u| add(&mut masses, u));
            }
        }
    }
    let total: f64 = masses.iter().sum();
    (total > 0.0).then(|| masses.iter().map(|mass| mass / total).collect())
}

/// Adds to every well the measure of the jumps along `way` that leave the domain and end in it.
fn add_masses(masses: &mut [f64], basin: &Basin, way: &[f64], beyond: &dyn Fn(f64) -> f64) {
    // A basin of attraction may begin again beyond its first end: a landing in its own well is no exit.
    let (exit, own) = match basin.is_followed() {
        true => (0.0, basin.well_of(basin.minimum())),
        false => (basin.exit_distance(way), None),
    };
    for (well, stretch) in basin.wells_along(way) {
        if let Some(well) = well.filter(|well| Some(*well) != own) {
            masses[well] += between(beyond, stretch, exit);
        }
    }
}

/// Measure of the jumps with a length in the stretch, from the exit on.
fn between(beyond: &dyn Fn(f64) -> f64, [near, far]: [f64; 2], exit: f64) -> f64 {
    let near = near.max(exit);
    let mass = |s: f64| if s.is_finite() { beyond(s) } else { 0.0 };
    if near < far { mass(near) - mass(far) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Adam, Dynamics, SecondMoment};
    use crate::landscape::{Basin, Domain, DoubleWell, Expression, MultiWell, Quadratic};
    use crate::noise::{Alpha, Amplitude, LevyNoise, NoiseLaw};
    use crate::theory::transition_rates;

    fn noise(alpha: f64) -> LevyNoise {
        LevyNoise::new(Alpha::new(alpha).unwrap(), 0.02).unwrap().with_amplitude(Amplitude::Scalar(-1.5))
    }

    fn wells(from: usize) -> MultiWell {
        MultiWell::new(vec![-2.0, 0.0, 3.0], vec![-1.2, 1.0], vec![1.0; 3]).unwrap().from_well(from).unwrap()
    }

    /// From a well the shares are those of the transition rates, also for laws with two sides, and for Adam, whose `Q*` drops out.
    #[test]
    fn shares_of_a_well_are_those_of_its_rates() {
        let adam = Dynamics::Adam(Adam::new(1.0, 0.1).unwrap().with_second_moment(SecondMoment::Frozen));
        for (law, dynamics) in [
            (NoiseLaw::Stable, Dynamics::Sgd),
            (NoiseLaw::Skewed { beta: 0.6 }, Dynamics::Sgd),
            (NoiseLaw::Tempered { cutoff: 100.0 }, Dynamics::Sgd),
            (NoiseLaw::Stable, adam),
        ] {
            let noise = if law == NoiseLaw::Stable { noise(1.3) } else { noise(1.3).with_law(law).unwrap() };
            let rates = transition_rates(&[-2.0, 0.0, 3.0], &[-1.2, 1.0], &noise);
            for from in 0..3 {
                let basin = Basin::new(wells(from), Domain::Well).unwrap();
                let problem = Problem::new(basin, dynamics.clone(), noise.clone()).unwrap();
                let shares = landing_shares(&problem).unwrap();
                for to in 0..3 {
                    let exact = if to == from { 0.0 } else { -rates[(from, to)] / rates[(from, from)] };
                    assert!((shares[to] - exact).abs() < 1e-9, "{:?} {from} {to}: {shares:?} {exact}", noise.law());
                }
            }
        }
    }

    /// A formula whose wells are known by the flow has the shares of the double well that it repeats, and those of a turned one are the measures of the
    /// half-planes.
    #[test]
    fn shares_of_a_formula_are_those_of_its_double_well() {
        let formula = "1.5*(x^4/4 - 0.2*x^3/3 - x^2/2 + 0.2*x) + y^2";
        let box_around = Domain::Box(vec![[-2.0, 0.1], [-0.8, 0.8]]);
        let plane = DoubleWell::new([-1.0, 1.0], 0.2, 1.5).unwrap().with_transverse(vec![2.0]).unwrap();
        let repeated = Expression::new(formula, &[], Some(&[-1.0, 0.0]), None).unwrap();
        let exact = Basin::new(plane, box_around.clone()).unwrap();
        let found = Basin::new(repeated, box_around).unwrap();
        assert!(found.wells().is_none() && found.minima().is_some_and(|minima| minima.count() == 2));
        let dense = Amplitude::Dense(nalgebra::dmatrix![1.0, 0.4; -0.3, 0.6]);
        for (structure, amplitude, tolerance) in [
            (Structure::Independent, dense.clone(), 1e-7),
            (Structure::Independent, Amplitude::Scalar(1.0), 1e-7),
            (Structure::Isotropic, dense, 2e-3),
        ] {
            let shares = |basin: &Basin| {
                let noise = noise(1.5).with_amplitude(amplitude.clone()).with_structure(structure);
                landing_shares(&Problem::new(basin.clone(), Dynamics::Sgd, noise).unwrap()).unwrap()
            };
            let (one, other) = (shares(&exact), shares(&found));
            assert!(one.iter().zip(&other).all(|(a, b)| (a - b).abs() < tolerance), "{one:?} {other:?}");
            assert!(one.iter().all(|share| *share > 0.1), "{one:?}");
        }
    }

    /// From an interval inside a well some exits land in the same well. A coordinate that jumps across the wells leaves them at its own distance.
    #[test]
    fn shares_by_hand() {
        let basin = Basin::new(wells(1), Domain::interval(-0.5, 0.8)).unwrap();
        let shares = landing_shares(&Problem::new(basin, Dynamics::Sgd, noise(1.5)).unwrap()).unwrap();
        let beyond = |r: f64| r.powf(-1.5);
        let total = beyond(0.5) + beyond(0.8);
        for (share, mass) in shares.iter().zip([beyond(1.2), total - beyond(1.2) - beyond(1.0), beyond(1.0)]) {
            assert!((share - mass / total).abs() < 1e-12, "{shares:?}");
        }
        let plane = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap().with_transverse(vec![2.0]).unwrap();
        let basin = Basin::new(plane, Domain::Box(vec![[-3.0, 0.5], [-0.5, 0.5]])).unwrap();
        for isotropic in [false, true] {
            let structure = if isotropic { Structure::Isotropic } else { Structure::Independent };
            let problem = Problem::new(basin.clone(), Dynamics::Sgd, noise(1.5).with_structure(structure)).unwrap();
            let shares = landing_shares(&problem).unwrap();
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            if !isotropic {
                let right = beyond(1.5);
                let all = right + beyond(2.0) + 2.0 * beyond(0.5);
                assert!((shares[1] - right / all).abs() < 1e-12, "{shares:?}");
            }
        }
        let bowl = Basin::new(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
        assert_eq!(landing_shares(&Problem::new(bowl, Dynamics::Sgd, noise(1.5)).unwrap()), None);
    }
}
