//! # Transitions between the wells of a landscape
//!
//! As `ε → 0` a path in the well of the minimum `x_i` jumps into the well between the saddles `s_{j-1}` and `s_j` at the rate
//! `q_ij = (c/α) ε^α | |s_{j-1} - x_i|^-α - |s_j - x_i|^-α |`. The rates depend on distances from the minimum, not on the
//! depths of the wells.
//!
//! # References
//! - Imkeller, Pavlyukevich (2008), *Metastable Behaviour of Small Noise Lévy-Driven Diffusions*.

use nalgebra::DMatrix;

use crate::noise::{LevyNoise, NoiseLaw};

/// The rates `q_ij` of a one-dimensional landscape with the given minima and the saddles between them, per unit time; `q_ii` is minus
/// the rate of leaving well `i`, so that every row sums to 0.
///
/// `noise` drives SGD by single jumps, of its own law; its amplitude must be one-dimensional. For Adam the amplitude is divided by `Q*`.
///
/// # Panics
/// Unless `minima[0] < saddles[0] < minima[1] < …`, with one saddle fewer than minima.
///
/// # Example
/// ```
/// use levy_escape::noise::{Alpha, LevyNoise};
/// use levy_escape::theory::transition_rates;
///
/// let noise = LevyNoise::new(Alpha::new(1.5)?, 0.01)?;
/// let q = transition_rates(&[-1.0, 1.5], &[0.0], &noise);
/// // The path leaves the narrow well earlier.
/// assert!(((q[(0, 1)] / q[(1, 0)]) / 1.5f64.powf(1.5) - 1.0).abs() < 1e-12);
/// # Ok::<(), levy_escape::noise::NoiseError>(())
/// ```
pub fn transition_rates(minima: &[f64], saddles: &[f64], noise: &LevyNoise) -> DMatrix<f64> {
    let wells = minima.len();
    assert_eq!(saddles.len() + 1, wells, "one saddle fewer than minima");
    let ordered = |i: usize| minima[i] < saddles[i] && saddles[i] < minima[i + 1];
    assert!((0..saddles.len()).all(ordered), "minima and saddles must alternate");
    let alpha = noise.alpha().get();
    let scale = noise.epsilon() * noise.amplitude().column(1, 0)[0].abs();
    let sign = noise.amplitude().column(1, 0)[0].signum();
    // Rate of the jumps beyond a distance, in one direction.
    let beyond = |reach: f64| match noise.law() {
        NoiseLaw::Stable => 0.5 * noise.measure().tail_mass(1.0 / scale) * reach.abs().powf(-alpha),
        _ => noise.side_masses(reach.abs() / scale)[usize::from(reach * sign > 0.0)],
    };
    let mut rates = DMatrix::from_fn(wells, wells, |i, j| {
        if i == j {
            return 0.0;
        }
        // The saddles that bound well j, the one nearer to well i first. An outermost well has only one.
        let (near, far) = if j > i { (Some(j - 1), Some(j)) } else { (Some(j), j.checked_sub(1)) };
        let reach = |saddle: Option<usize>| saddle.and_then(|s| saddles.get(s)).map_or(0.0, |s| beyond(s - minima[i]));
        reach(near) - reach(far)
    });
    for i in 0..wells {
        rates[(i, i)] = -rates.row(i).sum();
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Dynamics, Problem};
    use crate::landscape::{Basin, Domain, DoubleWell, Well};
    use crate::noise::{Alpha, Amplitude};
    use crate::theory::Prediction;

    fn noise(alpha: f64) -> LevyNoise {
        LevyNoise::new(Alpha::new(alpha).unwrap(), 0.02).unwrap().with_amplitude(Amplitude::Scalar(1.5))
    }

    /// `q_ij` in closed form for three wells.
    #[test]
    fn three_wells_by_hand() {
        let q = transition_rates(&[-2.0, 0.0, 3.0], &[-1.0, 1.0], &noise(1.2));
        let unit = 0.333_550 / 1.2 * (0.02f64 * 1.5).powf(1.2);
        let by_hand = [
            [0.0, 1.0 - 3f64.powf(-1.2), 3f64.powf(-1.2)],
            [1.0, 0.0, 1.0],
            [4f64.powf(-1.2), 2f64.powf(-1.2) - 4f64.powf(-1.2), 0.0],
        ];
        for i in 0..3 {
            for j in (0..3).filter(|j| *j != i) {
                assert!((q[(i, j)] / (unit * by_hand[i][j]) - 1.0).abs() < 1e-5, "{i} {j}: {}", q[(i, j)]);
            }
            assert!(q.row(i).sum().abs() < 1e-18);
        }
    }

    /// An exit from a well across its saddle is the transition, so the escape rate of [`Domain::Well`] is `q_ij`.
    #[test]
    fn two_wells_are_left_at_the_rate_of_their_transition() {
        let wells = DoubleWell::new([-1.0, 1.5], 0.25, 3.0).unwrap();
        let q = transition_rates(&[-1.0, 1.5], &[0.25], &noise(1.6));
        for (well, rate) in [(Well::Left, q[(0, 1)]), (Well::Right, q[(1, 0)])] {
            let basin = Basin::new(wells.clone().from_well(well), Domain::Well).unwrap();
            let theory = Prediction::of(&Problem::new(basin, Dynamics::Sgd, noise(1.6)).unwrap()).unwrap();
            assert!((theory.rate / rate - 1.0).abs() < 1e-12);
        }
    }
}
