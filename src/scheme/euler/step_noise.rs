//! The noise of one step of fixed length.

use std::sync::Arc;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal, StudentT};

use crate::dynamics::Problem;
use crate::landscape::Basin;
use crate::noise::{
    Alpha, CutStable, EmpiricalNoise, LevyNoise, NoiseError, NoiseLaw, PositiveStable, QuantileTable, SkewedStable,
    StableLaw, Stream, Structure,
};
use crate::scheme::exit_site::{by_coordinate, by_noise_axis, is_lost, landed};
use crate::scheme::{Departure, ExitSite, Side};

/// A step whose noise moves the path by more than this share of the way to the edge counts as a jump.
const JUMP_SHARE: f64 = 0.1;

/// The law of `ξ` by its sampler: for SαS(1) the quantile table, or the exact transformation for an `α` that the table does not cover.
pub(in crate::scheme) enum StepLaw {
    Table(QuantileTable),
    Transformation(StableLaw),
    Skewed(SkewedStable),
    Cut(CutStable),
    StudentT(StudentT<f64>),
    /// All coordinates at once.
    Empirical(Arc<EmpiricalNoise>),
}

impl StepLaw {
    /// The law of `h^(-1/α)` times an increment over `h`; over unit time for the steps of an optimiser.
    pub fn new(noise: &LevyNoise, h: f64) -> Result<Self, NoiseError> {
        let alpha = noise.alpha();
        Ok(match &noise.law().over(h, alpha) {
            NoiseLaw::Stable | NoiseLaw::Gaussian => Self::stable(alpha),
            NoiseLaw::Skewed { beta } => StepLaw::Skewed(SkewedStable::new(alpha, *beta)?),
            NoiseLaw::Tempered { cutoff } => StepLaw::Cut(CutStable::tempered(alpha, *cutoff)?),
            NoiseLaw::Truncated { at } => StepLaw::Cut(CutStable::truncated(alpha, *at)?),
            NoiseLaw::StudentT { degrees } => {
                let refused =
                    |_| NoiseError::law("student_t", format!("it has no law of {degrees} degrees of freedom"));
                StepLaw::StudentT(StudentT::new(*degrees).map_err(refused)?)
            }
            NoiseLaw::Empirical(vectors) => StepLaw::Empirical(vectors.clone()),
        })
    }

    fn stable(alpha: Alpha) -> Self {
        QuantileTable::new(alpha, 1.0).map_or_else(|_| StepLaw::Transformation(StableLaw::new(alpha)), StepLaw::Table)
    }

    /// Fills `out`, all coordinates of `ξ`. The table takes one word of the stream per draw.
    pub fn fill(&self, out: &mut [f64], rng: &mut Stream) {
        match self {
            StepLaw::Table(table) => table.fill(rng, out),
            StepLaw::Transformation(law) => out.iter_mut().for_each(|x| *x = law.sample(rng)),
            StepLaw::Skewed(law) => out.iter_mut().for_each(|x| *x = law.sample(rng)),
            StepLaw::Cut(law) => out.iter_mut().for_each(|x| *x = law.sample(rng)),
            StepLaw::StudentT(law) => out.iter_mut().for_each(|x| *x = law.sample(rng)),
            StepLaw::Empirical(vectors) => vectors.draw(out, rng),
        }
    }
}

/// `ξ`, of one law in every coordinate, isotropic, or measured, and `Σξ`.
pub(in crate::scheme) struct StepNoise {
    noise: LevyNoise,
    law: StepLaw,
    radial: PositiveStable,
    /// Factor of the draws for the noise of a step.
    scale: f64,
}

impl StepNoise {
    /// The noise of the steps of an optimiser: increments over unit time, before any scale.
    ///
    /// # Errors
    /// [`NoiseError::Law`] for a cut out of the range of its sampler.
    pub fn new(problem: &Problem) -> Result<Self, NoiseError> {
        Self::over(problem, 1.0)
    }

    fn over(problem: &Problem, h: f64) -> Result<Self, NoiseError> {
        let noise = problem.noise().clone();
        let (law, radial) = (StepLaw::new(&noise, h)?, PositiveStable::half(noise.alpha()));
        Ok(StepNoise { noise, law, radial, scale: 1.0 })
    }

    /// The noise of a problem over steps of length `h`. At small `α` the draws contain the scale `ε h^(1/α)`, which would underflow.
    ///
    /// # Errors
    /// [`NoiseError::Law`] for a cut that is out of the range of its sampler over `h`.
    pub fn of_step(problem: &Problem, h: f64) -> Result<Self, NoiseError> {
        let noise = StepNoise { scale: problem.noise().increment_scale(h), ..Self::over(problem, h)? };
        let (alpha, log_scale) = (problem.noise().alpha(), problem.noise().log_increment_scale(h));
        Ok(
            match (StableLaw::with_log_scale(alpha, log_scale), PositiveStable::with_log_scale(alpha, 2.0 * log_scale))
            {
                (Some(law), Some(radial)) => {
                    StepNoise { law: StepLaw::Transformation(law), radial, scale: 1.0, ..noise }
                }
                _ => noise,
            },
        )
    }

    /// Factor of the draws: `ε h^(1/α)`, or 1 if they contain it.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The law of one coordinate.
    pub fn law(&self) -> &StepLaw {
        &self.law
    }

    /// Draws `ξ` into `xi` and computes `Σξ` in `kick`, both of length `d`.
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

    /// The exit site of a path at `x` after a step with noise `xi`, which moved it by `kick`. If the noise made the displacement overflow,
    /// the path left with an infinite overshoot; `None` if the drift did, or if it led to a side without a face: the recursion diverged.
    pub fn exit_site(&self, basin: &Basin, x: &[f64], xi: &[f64], kick: &[f64]) -> Option<ExitSite> {
        if x.iter().all(|x| x.is_finite()) {
            return Some(self.site(basin, x, xi, kick));
        }
        let strongest = |values: &[f64]| {
            let size = |j: usize| if values[j].is_nan() { f64::INFINITY } else { values[j].abs() };
            (0..values.len()).max_by(|&a, &b| size(a).total_cmp(&size(b)))
        };
        if is_lost(basin, x) {
            return None;
        }
        // Zero times infinity in a matrix product is NaN, so the noise itself is checked as well.
        if !xi.iter().chain(kick).any(|z| z.is_infinite()) {
            return None;
        }
        let values = if self.noise.structure() == Structure::Independent { xi } else { kick };
        let axis = strongest(values)?;
        let side = Side::of(values[axis]);
        let landed = landed(basin, x);
        Some(ExitSite { axis: axis as u32, side, overshoot: f64::INFINITY, by: Departure::Jump, landed })
    }

    /// The site of an exit to a finite point.
    fn site(&self, basin: &Basin, x: &[f64], xi: &[f64], kick: &[f64]) -> ExitSite {
        if way_out(basin, kick) * JUMP_SHARE > 1.0 || basin.contains(x) {
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

/// The way from the minimum to the edge in units of `kick`: along it, or to a target, which paths enter from any side, straight.
fn way_out(basin: &Basin, kick: &[f64]) -> f64 {
    match basin.target() {
        None => basin.exit_within(kick, 1.0 / JUMP_SHARE),
        Some(_) => {
            let norm = kick.iter().map(|k| k * k).sum::<f64>().sqrt();
            basin.edge(basin.minimum(), &mut vec![0.0; kick.len()]) / norm
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Dynamics, SgdSteps};
    use crate::landscape::{Domain, Quadratic};
    use crate::noise::{Amplitude, Seed};
    use crate::scheme::{Euler, Limits, Outcome, Scheme, Steps, StreamSource};
    use nalgebra::dmatrix;

    fn problem(domain: Domain, dim: usize, amplitude: Amplitude, dynamics: Dynamics) -> Problem {
        let basin = Basin::new(Quadratic::new(vec![1.0; dim]).unwrap(), domain).unwrap();
        let noise = LevyNoise::new(Alpha::new(0.01).unwrap(), 0.5).unwrap().with_amplitude(amplitude);
        Problem::new(basin, dynamics, noise).unwrap()
    }

    /// At `α = .01` a jump is beyond the largest number in 1 of 1,000 steps; in every kernel it is an exit.
    #[test]
    fn infinite_jumps_are_exits_in_every_kernel() {
        let dense = Amplitude::Dense(dmatrix![1.0, 0.0; 0.5, 1.0]);
        let steps = Dynamics::SgdSteps(SgdSteps::new(0.05).unwrap());
        let euler = Euler::with_step(0.05).unwrap();
        let (interval, plane) = (Domain::interval(-1.0, 1.0), Domain::Box(vec![[-1.0, 1.0]; 2]));
        let table: [(&str, &dyn Scheme, Problem); 5] = [
            ("interval", &euler, problem(interval.clone(), 1, Amplitude::Scalar(-1.0), Dynamics::Sgd)),
            ("box", &euler, problem(plane.clone(), 2, Amplitude::Scalar(1.0), Dynamics::Sgd)),
            ("dense box", &euler, problem(plane, 2, dense.clone(), Dynamics::Sgd)),
            ("ball", &euler, problem(Domain::ball(1.0), 2, dense, Dynamics::Sgd)),
            ("sgd_steps", &Steps, problem(interval, 1, Amplitude::Scalar(1.0), steps)),
        ];
        for (name, scheme, problem) in table {
            let mut records = Vec::new();
            let source = StreamSource { seed: Seed(4), cell: 0 };
            scheme.prepare(&problem).unwrap().run(source, 0..2000, Limits::default(), &mut records);
            assert!(records.iter().all(|r| !matches!(r.outcome, Outcome::Diverged { .. })), "{name}");
            let infinite = records.iter().filter_map(|r| r.outcome.site()).filter(|s| s.overshoot.is_infinite());
            assert!(infinite.count() > 0, "{name}");
        }
    }

    #[test]
    fn a_drift_that_blows_up_is_no_exit() {
        let problem = problem(Domain::interval(-1.0, 1.0), 1, Amplitude::Scalar(1.0), Dynamics::Sgd);
        let (noise, basin) = (StepNoise::new(&problem).unwrap(), problem.basin());
        for x in [f64::NAN, f64::INFINITY] {
            assert_eq!(noise.exit_site(basin, &[x], &[0.3], &[0.3]), None);
        }
        let site = noise.exit_site(basin, &[f64::NEG_INFINITY], &[f64::NEG_INFINITY], &[f64::NEG_INFINITY]).unwrap();
        assert_eq!((site.side, site.overshoot, site.by), (Side::Minus, f64::INFINITY, Departure::Jump));
    }
}
