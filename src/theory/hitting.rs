//! # The mean time to a target
//!
//! Paths run through the wells of a landscape until they enter a target `[a, b]`. On the time scale of the jumps the gradient flow is immediate:
//! a path has hit the target as soon as it lands in the set `S` of points from which the flow leads into `[a, b]`. On a line `S` is an interval.
//! From the minimum `x_i` outside it a path jumps into `S` at the rate `k_i`, the Lévy measure of these jumps, and into the rest of well `j` at
//! the rate `q_ij`. The mean times `τ_i` solve `(k_i + Σ_j q_ij) τ_i - Σ_j q_ij τ_j = 1`.
//!
//! If `S` is a union of wells, these are the mean first-passage times of the [chain of the wells](super::WellChain).
//!
//! # References
//! - Imkeller, Pavlyukevich (2008), *Metastable Behaviour of Small Noise Lévy-Driven Diffusions*.

use nalgebra::{DMatrix, DVector};

use crate::dynamics::Problem;
use crate::landscape::Wells;

/// The mean time, for `ε → 0`, until a path that starts in the well of [`start`](crate::landscape::Basin::start) enters the
/// [target](crate::landscape::Domain::Until), in one dimension.
///
/// `None` without a target or [wells](crate::landscape::Basin::wells), in more dimensions, for Adam's sampled second moment and for steps other than
/// plain SGD, for noise without jumps, if the flow alone leads to the target, and if jumps cut below the way never reach it.
///
/// # Example
/// ```
/// use levy_escape::landscape::MultiWell;
/// use levy_escape::theory::{mean_hitting_time, transition_rates};
/// use levy_escape::{Alpha, Basin, Domain, Dynamics, LevyNoise, Problem};
///
/// // From the first well to the second of two: one transition.
/// let wells = MultiWell::new(vec![-1.0, 1.5], vec![0.0], vec![1.0, 1.0])?;
/// let noise = LevyNoise::new(Alpha::new(1.5)?, 0.01)?;
/// let rates = transition_rates(&[-1.0, 1.5], &[0.0], &noise);
/// let problem = Problem::new(Basin::new(wells, Domain::UntilWell(1))?, Dynamics::Sgd, noise)?;
/// assert!((mean_hitting_time(&problem).unwrap() * rates[(0, 1)] - 1.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mean_hitting_time(problem: &Problem) -> Option<f64> {
    let basin = problem.basin();
    let (Some((lo, hi)), Some(wells), 1) = (basin.target(), basin.wells(), basin.dim()) else { return None };
    let q = problem.preconditioner()?;
    let eta = problem.dynamics().learning_rate();
    let noise = eta.map_or_else(|| problem.noise().clone(), |eta| problem.noise().spread_over(eta));
    if noise.alpha().is_gaussian() || !noise.law().has_motion() {
        return None;
    }
    let unit = noise.amplitude().column(1, 0)[0] / q.entry(0);
    let beyond = |reach: f64| {
        let masses = noise.side_masses(reach.abs() / (noise.epsilon() * unit.abs()));
        if reach.is_finite() { masses[usize::from(reach * unit > 0.0)] } else { 0.0 }
    };
    // Measure of the jumps from `x` into an interval beside it.
    let into = |x: f64, [lo, hi]: [f64; 2]| {
        let [near, far] = if lo >= x { [lo, hi] } else { [hi, lo] };
        if lo < hi { beyond(near - x) - beyond(far - x) } else { 0.0 }
    };
    let drawn = drawn_in(wells, [lo[0], hi[0]]);
    let outside = |x: f64| x < drawn[0] || x > drawn[1];
    let states: Vec<usize> = (0..wells.count()).filter(|i| outside(wells.minima()[*i])).collect();
    let from = basin.start()[0];
    let start = states.iter().position(|i| *i == wells.well_of(from)).filter(|_| outside(from))?;
    let mut system = DMatrix::zeros(states.len(), states.len());
    for (row, &i) in states.iter().enumerate() {
        let x = wells.minima()[i];
        system[(row, row)] += into(x, drawn);
        for (column, &j) in states.iter().enumerate().filter(|(_, j)| **j != i) {
            let [lo, hi] = wells.bounds(j);
            // The parts of the well on the two sides of the set.
            let rate = into(x, [lo, hi.min(drawn[0])]) + into(x, [lo.max(drawn[1]), hi]);
            system[(row, row)] += rate;
            system[(row, column)] -= rate;
        }
    }
    let times = system.lu().solve(&DVector::from_element(states.len(), 1.0))?;
    Some(times[start]).filter(|time| *time > 0.0 && time.is_finite())
}

/// The interval of the points from which the gradient flow leads into the target.
fn drawn_in(wells: &Wells, [lo, hi]: [f64; 2]) -> [f64; 2] {
    let (first, last) = (wells.well_of(lo), wells.well_of(hi));
    let lower = if wells.minima()[first] >= lo { wells.bounds(first)[0] } else { lo };
    // A saddle counts as the well above it, but the flow does not lead down from it.
    let at_saddle = wells.bounds(last)[0] == hi;
    let upper = if !at_saddle && wells.minima()[last] <= hi { wells.bounds(last)[1] } else { hi };
    [lower, upper]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::Dynamics;
    use crate::landscape::{Basin, Domain, MultiWell};
    use crate::noise::{Alpha, Amplitude, LevyNoise};
    use crate::theory::WellChain;

    fn wells() -> MultiWell {
        MultiWell::new(vec![-2.0, 0.0, 3.0, 5.0], vec![-1.2, 1.0, 4.0], vec![1.0; 4]).unwrap()
    }

    fn problem(from: usize, domain: Domain) -> Problem {
        let noise = LevyNoise::new(Alpha::new(1.3).unwrap(), 0.02).unwrap().with_amplitude(Amplitude::Scalar(-1.5));
        let basin = Basin::new(wells().from_well(from).unwrap(), domain).unwrap();
        Problem::new(basin, Dynamics::Sgd, noise).unwrap()
    }

    /// With a well as the target, the times are those of the chain of the wells, which are computed without this system.
    #[test]
    fn a_well_as_the_target() {
        let list = Wells::of(&wells(), None).unwrap();
        for from in 0..4 {
            for to in (0..4).filter(|to| *to != from) {
                let problem = problem(from, Domain::UntilWell(to));
                let exact = WellChain::of(&problem, &list).unwrap().mean_first_passage()[(from, to)];
                let found = mean_hitting_time(&problem).unwrap();
                assert!((found / exact - 1.0).abs() < 1e-9, "{from} {to}: {found} {exact}");
            }
        }
    }

    /// A target around a minimum draws in its whole well; one on a slope draws in the slope above it; one over a saddle only itself.
    #[test]
    fn what_the_flow_leads_into_the_target() {
        let list = Wells::of(&wells(), None).unwrap();
        let drawn = |lo, hi| drawn_in(&list, [lo, hi]);
        assert_eq!(drawn(2.5, 3.5), [1.0, 4.0]);
        assert_eq!(drawn(2.5, 4.5), [1.0, 4.5]);
        assert_eq!(drawn(1.5, 2.0), [1.0, 2.0]);
        assert_eq!(drawn(3.5, 3.7), [3.5, 4.0]);
        assert_eq!(drawn(0.9, 1.1), [0.9, 1.1]);
        assert_eq!(drawn(1.0, 4.0), [1.0, 4.0]);
        assert_eq!(drawn(4.2, f64::INFINITY), [4.0, f64::INFINITY]);
        let time = |domain| mean_hitting_time(&problem(1, domain));
        assert!(
            (time(Domain::Until(vec![[2.5, 3.5]])).unwrap() / time(Domain::UntilWell(2)).unwrap() - 1.0).abs() < 1e-12
        );
        // The flow leads from the start to a target in the way.
        let basin = Basin::new(wells(), Domain::Until(vec![[-1.8, -1.5]])).unwrap().with_start(vec![-1.3]).unwrap();
        let noise = LevyNoise::new(Alpha::new(1.3).unwrap(), 0.02).unwrap();
        assert_eq!(mean_hitting_time(&Problem::new(basin, Dynamics::Sgd, noise).unwrap()), None);
    }
}
