//! The noise of one step of fixed length.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::dynamics::Problem;
use crate::landscape::Basin;
use crate::noise::{Alpha, LevyNoise, PositiveStable, QuantileTable, StableLaw, Stream, Structure};
use crate::scheme::exit_site::{by_coordinate, by_noise_axis};
use crate::scheme::{Departure, Site};

/// A step whose noise moves the path by more than this share of the way to the edge counts as a jump.
const JUMP_SHARE: f64 = 0.1;

/// SαS(1) by the quantile table, or by the exact transformation where the table does not reach.
pub(super) enum StepLaw {
    Table(QuantileTable),
    Transformation(StableLaw),
}

impl StepLaw {
    pub fn new(alpha: Alpha) -> Self {
        QuantileTable::new(alpha, 1.0).map_or_else(|_| StepLaw::Transformation(StableLaw::new(alpha)), StepLaw::Table)
    }

    /// Fills `out` with draws, one word of the stream each where the table draws.
    pub fn fill(&self, out: &mut [f64], rng: &mut Stream) {
        match self {
            StepLaw::Table(table) => table.fill(rng, out),
            StepLaw::Transformation(law) => out.iter_mut().for_each(|x| *x = law.sample(rng)),
        }
    }
}

/// `ξ`, SαS(1) in every coordinate or isotropic, and `Σξ`.
pub(super) struct StepNoise {
    noise: LevyNoise,
    law: StepLaw,
    radial: PositiveStable,
}

impl StepNoise {
    /// The noise of a problem, before any scale of a step.
    pub fn new(problem: &Problem) -> Self {
        let noise = problem.noise().clone();
        let alpha = noise.alpha();
        StepNoise { noise, law: StepLaw::new(alpha), radial: PositiveStable::half(alpha) }
    }

    /// The law of one coordinate.
    pub fn law(&self) -> &StepLaw {
        &self.law
    }

    /// Draws `ξ` into `xi` and leaves `Σξ` in `kick`, both of length `d`.
    pub fn draw(&self, xi: &mut [f64], kick: &mut [f64], rng: &mut Stream) {
        match self.noise.structure() {
            Structure::Independent => self.law.fill(xi, rng),
            Structure::Isotropic => {
                let radius = (2.0 * self.radial.sample(rng)).sqrt();
                xi.iter_mut().for_each(|x| *x = radius * rng.sample::<f64, _>(StandardNormal));
            }
        }
        self.noise.amplitude().apply(xi, kick);
    }

    /// Where a path at `x` left by a step whose noise was `xi` and moved it by `kick`.
    pub fn site(&self, basin: &Basin, x: &[f64], xi: &[f64], kick: &[f64]) -> Site {
        if basin.exit_distance(kick) * JUMP_SHARE > 1.0 || basin.contains(x) {
            return by_coordinate(basin, x, Departure::Creep);
        }
        if self.noise.structure() == Structure::Isotropic {
            return by_coordinate(basin, x, Departure::Jump);
        }
        let strongest = (0..xi.len()).max_by(|&a, &b| {
            let reach = |j: usize| xi[j].abs() * self.noise.amplitude().column_norm(j);
            reach(a).total_cmp(&reach(b))
        });
        let axis = strongest.unwrap_or(0);
        by_noise_axis(basin, x, axis, xi[axis])
    }
}
