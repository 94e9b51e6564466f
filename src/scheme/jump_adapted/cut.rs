//! The cut between small and large jumps.

use pulp::Simd;

use crate::noise::{LevyMeasure, Structure};
use crate::scheme::vector::Vector;

/// Small and large jumps of one noise coordinate. Those above `size` come at Poisson times with Pareto sizes.
///
/// Far from the edge the others are replaced by a Gaussian of the same variance (Asmussen, Rosiński). Near it they are replaced by a
/// Gaussian of `2/(4-α)` of that variance and jumps of just the size of the cut, either sign, at `α/(4-α)` of the rate of the larger
/// ones: variance and fourth cumulant are then those of the small jumps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// In units of `L`; infinite for a coordinate of amplitude 0.
    pub size: f64,
    /// Variance per unit time of the Gaussian part of `L`.
    pub variance: f64,
    /// Rate of the jumps that are drawn, including those of the size of the cut.
    pub rate: f64,
}

impl Cut {
    /// The cut at a size, with a Gaussian for all smaller jumps.
    pub fn gaussian(measure: &LevyMeasure, structure: Structure, dim: usize) -> impl Fn(f64) -> Cut {
        move |size| match structure {
            _ if !size.is_finite() => Cut { size, variance: 0.0, rate: 0.0 },
            Structure::Independent => {
                Cut { size, variance: measure.variance_below(size), rate: measure.tail_mass(size) }
            }
            Structure::Isotropic => Cut {
                size,
                variance: measure.isotropic_variance_below(dim, size),
                rate: measure.isotropic_tail_mass(dim, size),
            },
        }
    }

    /// The same with jumps at the cut that carry the fourth cumulant of the smaller ones.
    pub fn with_jumps_at_it(self, alpha: f64) -> Self {
        Cut { variance: self.variance * 2.0 / (4.0 - alpha), rate: self.rate * 4.0 / (4.0 - alpha), ..self }
    }
}

/// Steps below the cut at the minimum. The last is 2⁻¹⁰ of it; smaller jumps do not matter.
const STEPS: usize = 20;

/// Cuts near the edge in steps of `√2`: shares `2^(-j/2)` of the largest cut and their powers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ladder {
    shares: [f64; STEPS + 1],
    /// `share^-α`.
    rates: [f64; STEPS + 1],
}

impl Ladder {
    /// The smallest share.
    pub const FLOOR: f64 = 1.0 / 1024.0;

    pub fn new(alpha: f64) -> Self {
        let at = |power: f64| std::array::from_fn(|j| (-0.5 * j as f64 * power).exp2());
        Ladder { shares: at(1.0), rates: at(-alpha) }
    }

    /// The largest share that is not above `share`, and its factor in the rate of the jumps above the cut.
    #[inline(always)]
    pub fn step<S: Simd>(&self, share: Vector<S>) -> [Vector<S>; 2] {
        let mut held = [share.all(1.0), share.all(1.0)];
        let mut j = 1;
        while j <= STEPS {
            let below = share.below_number(self.shares[j - 1]);
            held = [below.select(share.all(self.shares[j]), held[0]), below.select(share.all(self.rates[j]), held[1])];
            j += 1;
        }
        held
    }

    /// [`Ladder::step`] of one number, by its exponent.
    #[inline]
    pub fn step_of(&self, share: f64) -> [f64; 2] {
        let j = if share >= 1.0 {
            0
        } else if share > Self::FLOOR {
            let octave = 1023 - (share.to_bits() >> 52) as usize;
            2 * octave - usize::from(share >= self.shares[2 * octave - 1])
        } else {
            STEPS
        };
        [self.shares[j], self.rates[j]]
    }

    /// The cut where the edge is `share` as far away as for the `largest`.
    pub fn lower(&self, largest: &Cut, share: f64) -> Cut {
        if !largest.size.is_finite() {
            return *largest;
        }
        let [share, rate] = self.step_of(share);
        Cut { size: largest.size * share, variance: largest.variance * share * share * rate, rate: largest.rate * rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Alpha, Measure};
    use crate::scheme::vector::Number;

    /// The share is never above the requested one and less than a step below it; the powers are those of the measure.
    #[test]
    fn the_step_is_the_next_below() {
        let ladder = Ladder::new(1.3);
        for k in 0..1000 {
            let asked = 1.2 * 0.993f64.powi(k);
            let [share, rate] = ladder.step_of(asked);
            assert_eq!([share, rate], ladder.step(Number::of(asked)).map(Number::lane), "{asked}");
            if asked >= Ladder::FLOOR {
                assert!(share <= asked.min(1.0) && share > 0.707 * asked.min(1.0), "{asked} {share}");
            } else {
                assert_eq!(share, Ladder::FLOOR);
            }
            assert!((rate / share.powf(-1.3) - 1.0).abs() < 1e-12, "{asked}");
        }
    }

    /// The replacement of the small jumps has their second and fourth cumulants.
    #[test]
    fn variance_and_fourth_cumulant_are_kept() {
        for alpha in [0.5, 1.2, 1.8, 1.97] {
            let measure = LevyMeasure::new(Alpha::new(alpha).unwrap(), Measure::Standard).unwrap();
            let gaussian = Cut::gaussian(&measure, Structure::Independent, 1)(0.3);
            let cut = gaussian.with_jumps_at_it(alpha);
            let at_cut = cut.rate - gaussian.rate;
            assert!((at_cut / cut.rate - 0.25 * alpha).abs() < 1e-12);
            let variance = cut.variance + at_cut * 0.3f64.powi(2);
            assert!((variance / gaussian.variance - 1.0).abs() < 1e-12, "{alpha}");
            let fourth = 2.0 * measure.density() * 0.3f64.powf(4.0 - alpha) / (4.0 - alpha);
            assert!((at_cut * 0.3f64.powi(4) / fourth - 1.0).abs() < 1e-12, "{alpha}");
        }
    }
}
