//! Cuts near the edge in steps of `√2`, with all that depends on them.

use super::super::cut::{Cut, Ladder};
use super::measure::CutMeasure;
use super::scales::AxisScales;
use crate::noise::Stream;

/// The jumps of a cut law, drawn and replaced.
#[derive(Clone, Debug)]
pub(in super::super) struct CutJumps {
    measure: CutMeasure,
    /// From the largest cut downwards.
    rungs: Vec<Rung>,
    /// `κ` times the distance from the minimum to the edge, and the largest cut, of every noise coordinate.
    axes: Vec<[f64; 2]>,
}

/// One cut.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Rung {
    pub cut: Cut,
    /// Probability that a drawn jump is larger than the cut; the others have just its size.
    larger: f64,
    /// Variance of all small jumps in units of that of the Gaussian part.
    pub whole: f64,
    /// Shift of the edge in units of that of the stable law.
    pub shift: f64,
}

impl Rung {
    fn new(measure: &CutMeasure, size: f64, stable_shift: f64) -> Self {
        let moments = measure.moments(size);
        let [second, at_it] = [moments.of(2), moments.of(4) / size.powi(4)];
        let (variance, larger) = (second - at_it * size * size, measure.tail(size));
        let rate = larger + at_it;
        Rung {
            cut: Cut { size, variance, rate },
            larger: larger / rate,
            whole: second / variance,
            shift: measure.edge_shift(size) / stable_shift,
        }
    }
}

impl CutJumps {
    /// The jumps with cuts of the share `kappa` of the distances `reaches`, or less; `stable_shift` is that of the stable law.
    pub fn new(measure: CutMeasure, reaches: &[f64], scales: &[AxisScales], kappa: f64, stable_shift: f64) -> Self {
        let axis = |(reach, scales): (&f64, &AxisScales)| [kappa * reach, (kappa * reach).min(scales.near)];
        let axes: Vec<[f64; 2]> = reaches.iter().zip(scales).map(axis).collect();
        let moving = || axes.iter().filter(|[wide, _]| wide.is_finite());
        let largest = moving().fold(0.0, |largest: f64, [_, most]| largest.max(*most));
        let smallest =
            moving().fold(f64::INFINITY, |least: f64, [wide, most]| least.min(most.min(Ladder::FLOOR * wide)));
        let mut rungs: Vec<Rung> = Vec::new();
        while rungs.last().is_none_or(|last| last.cut.size > smallest) {
            rungs.push(Rung::new(&measure, largest * (-0.5 * rungs.len() as f64).exp2(), stable_shift));
        }
        CutJumps { measure, rungs, axes }
    }

    /// The cut of coordinate `j` far from the edge, of at most `size`, with a Gaussian for all smaller jumps.
    pub fn far(measure: &CutMeasure, size: f64) -> Cut {
        if !size.is_finite() {
            return Cut { size, variance: 0.0, rate: 0.0 };
        }
        Cut { size, variance: measure.moments(size).of(2), rate: measure.tail(size) }
    }

    /// The number of the cut of coordinate `j` where the edge is `share` as far away as from the minimum: the largest that is not above it.
    pub fn at(&self, j: usize, share: f64) -> usize {
        let [wide, most] = self.axes[j];
        let wanted = (wide * share.max(Ladder::FLOOR)).min(most);
        let last = self.rungs.len() - 1;
        let mut rung = ((2.0 * (self.rungs[0].cut.size / wanted).log2()).max(0.0) as usize).min(last);
        while rung < last && self.rungs[rung].cut.size > wanted {
            rung += 1;
        }
        rung
    }

    /// A cut by its number.
    pub fn rung(&self, rung: usize) -> &Rung {
        &self.rungs[rung]
    }

    /// Modulus of a jump that is drawn near the edge.
    pub fn size_near(&self, rung: usize, rng: &mut Stream) -> f64 {
        let Rung { cut, larger, .. } = &self.rungs[rung];
        let u = rng.open01();
        if u < *larger { self.measure.size_above(cut.size, u / larger, rng) } else { cut.size }
    }

    /// Modulus of a jump above a cut far from the edge.
    pub fn size_far(&self, cut: f64, rng: &mut Stream) -> f64 {
        let u = rng.open01();
        self.measure.size_above(cut, u, rng)
    }
}
