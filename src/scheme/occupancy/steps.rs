//! The iterations of a discrete optimiser on a line, without an edge.

use super::local_wells::LocalWells;
use super::roam::iterate;
use super::watch::Watch;
use crate::dynamics::{Problem, Recursion, Stepper, StepperVisitor};
use crate::noise::{NoiseError, Stream};
use crate::scheme::Limits;
use crate::scheme::counted::Ended;
use crate::scheme::euler::StepLaw;

/// Draws that are made at once.
const DRAWS: usize = 256;

/// Runs the recursion of any optimiser.
pub(super) trait StepRun: Send + Sync {
    /// Runs one path from `x` to the last time of `watch`.
    fn run(&self, x: f64, watch: &mut Watch<'_>, rng: &mut Stream, limits: &Limits<'_>) -> Ended;
}

/// Makes the steps of a problem from the recursion of its optimiser.
pub(super) struct LineSteps<'p, L> {
    pub problem: &'p Problem,
    pub local: L,
}

struct OptimiserSteps<R> {
    stepper: Stepper<R>,
    law: StepLaw,
    local: LocalWells,
    /// `ε η^(1/α-1) Σ`, the scale of the gradient noise.
    gradient_noise: f64,
}

impl<L: FnOnce() -> LocalWells> StepperVisitor for LineSteps<'_, L> {
    type Made = Result<(Box<dyn StepRun>, String), NoiseError>;

    fn visit<R: Recursion + 'static>(self, stepper: Stepper<R>, description: String) -> Self::Made {
        let noise = self.problem.noise();
        let gradient_noise =
            noise.increment_scale(stepper.eta()) / stepper.eta() * noise.amplitude().column(1, 0)[0].abs();
        let law = StepLaw::new(noise, stepper.eta())?;
        Ok((Box::new(OptimiserSteps { stepper, law, local: (self.local)(), gradient_noise }), description))
    }
}

impl<R: Recursion + 'static> StepRun for OptimiserSteps<R> {
    fn run(&self, x: f64, watch: &mut Watch<'_>, rng: &mut Stream, limits: &Limits<'_>) -> Ended {
        let mut draws = [0.0; DRAWS];
        let step = |stepper: &mut Stepper<R>, steps: u64, x: &mut f64| {
            let draw = steps as usize % DRAWS;
            if draw == 0 {
                self.law.fill(&mut draws, rng);
            }
            let mut gradient = [self.local.slope(*x) + self.gradient_noise * draws[draw]];
            stepper.step(std::slice::from_mut(x), &mut gradient);
            x.is_finite()
        };
        iterate(&self.stepper, x, step, watch, limits)
    }
}
