//! The iterations of a discrete optimiser in the plane, without an edge.

use super::super::roam::iterate;
use super::local::PlanarLocal;
use super::watch::PlanarWatch;
use crate::dynamics::{Problem, Recursion, Stepper, StepperVisitor};
use crate::noise::{NoiseError, Stream};
use crate::scheme::Limits;
use crate::scheme::counted::Ended;
use crate::scheme::euler::StepNoise;

/// Runs the recursion of any optimiser.
pub(super) trait PlanarRun: Send + Sync {
    /// Runs one path from `x` to the last time of `watch`.
    fn run(
        &self,
        local: &PlanarLocal,
        x: [f64; 2],
        watch: &mut PlanarWatch<'_>,
        rng: &mut Stream,
        limits: &Limits<'_>,
    ) -> Ended;
}

/// Makes the steps of a problem from the recursion of its optimiser.
pub(super) struct PlanarStepsOf<'p> {
    pub problem: &'p Problem,
}

struct PlanarSteps<R> {
    stepper: Stepper<R>,
    noise: StepNoise,
    /// `ε η^(1/α-1)`, the scale of the gradient noise before `Σ`.
    gradient_noise: f64,
}

impl StepperVisitor for PlanarStepsOf<'_> {
    type Made = Result<(Box<dyn PlanarRun>, String), NoiseError>;

    fn visit<R: Recursion + 'static>(self, stepper: Stepper<R>, description: String) -> Self::Made {
        let gradient_noise = self.problem.noise().increment_scale(stepper.eta()) / stepper.eta();
        Ok((Box::new(PlanarSteps { noise: StepNoise::new(self.problem)?, stepper, gradient_noise }), description))
    }
}

impl<R: Recursion + 'static> PlanarRun for PlanarSteps<R> {
    fn run(
        &self,
        local: &PlanarLocal,
        x: [f64; 2],
        watch: &mut PlanarWatch<'_>,
        rng: &mut Stream,
        limits: &Limits<'_>,
    ) -> Ended {
        let (mut xi, mut kick) = ([0.0; 2], [0.0; 2]);
        let step = |stepper: &mut Stepper<R>, _: u64, x: &mut [f64; 2]| {
            self.noise.draw(&mut xi, &mut kick, rng);
            let slope = local.slope(*x);
            let mut gradient = [0, 1].map(|i| slope[i] + self.gradient_noise * kick[i]);
            stepper.step(x, &mut gradient);
            x.iter().all(|x| x.is_finite())
        };
        iterate(&self.stepper, x, step, watch, limits)
    }
}
