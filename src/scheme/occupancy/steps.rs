//! The iterations of a discrete optimiser on a line, without an edge.

use super::local_wells::LocalWells;
use super::watch::Watch;
use crate::dynamics::{Problem, Recursion, Stepper};
use crate::noise::{NoiseError, Stream};
use crate::scheme::Limits;
use crate::scheme::euler::StepLaw;

/// Draws that are made at once.
const DRAWS: usize = 256;

/// How a path of steps ended.
pub(super) struct EndedSteps {
    pub time: f64,
    pub steps: u64,
    pub diverged: bool,
}

/// Runs the recursion of any optimiser.
pub(super) trait StepRun: Send + Sync {
    /// Runs one path from `x` to the last time of `watch`.
    fn run(&self, x: f64, watch: &mut Watch<'_>, rng: &mut Stream, limits: &Limits<'_>) -> EndedSteps;
}

pub(super) struct OptimiserSteps<R> {
    stepper: Stepper<R>,
    law: StepLaw,
    local: LocalWells,
    /// `ε η^(1/α-1) Σ`, the scale of the gradient noise.
    gradient_noise: f64,
}

impl<R: Recursion + 'static> OptimiserSteps<R> {
    pub fn boxed(problem: &Problem, local: LocalWells, stepper: Stepper<R>) -> Result<Box<dyn StepRun>, NoiseError> {
        let noise = problem.noise();
        let gradient_noise =
            noise.increment_scale(stepper.eta()) / stepper.eta() * noise.amplitude().column(1, 0)[0].abs();
        let law = StepLaw::new(noise, stepper.eta())?;
        Ok(Box::new(OptimiserSteps { stepper, law, local, gradient_noise }))
    }
}

impl<R: Recursion + 'static> StepRun for OptimiserSteps<R> {
    fn run(&self, x: f64, watch: &mut Watch<'_>, rng: &mut Stream, limits: &Limits<'_>) -> EndedSteps {
        let (mut stepper, eta) = (self.stepper.clone(), self.stepper.eta());
        let (mut theta, mut gradient, mut draws) = ([x], [0.0], [0.0; DRAWS]);
        let mut steps = 0u64;
        stepper.start();
        loop {
            // The parameters of step k hold from t = k η to the next step. A time that is a multiple of η up to rounding is that of a step.
            while watch.next_time().is_some_and(|time| time < (steps + 1) as f64 * eta * (1.0 - 1e-12)) {
                watch.record(theta[0]);
            }
            let time = steps as f64 * eta;
            if watch.next_time().is_none() || limits.abandoned(steps) {
                return EndedSteps { time, steps, diverged: false };
            }
            let draw = steps as usize % DRAWS;
            if draw == 0 {
                self.law.fill(&mut draws, rng);
            }
            gradient[0] = self.local.slope(theta[0]) + self.gradient_noise * draws[draw];
            stepper.step(&mut theta, &mut gradient);
            steps += 1;
            if !theta[0].is_finite() {
                return EndedSteps { time: steps as f64 * eta, steps, diverged: true };
            }
            watch.see(steps as f64 * eta, theta[0]);
        }
    }
}
