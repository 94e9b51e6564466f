//! The iterations of a discrete optimiser in the plane, without an edge.

use super::super::steps::EndedSteps;
use super::local::PlanarLocal;
use super::watch::PlanarWatch;
use crate::dynamics::{Dynamics, Problem, Recursion, Stepper};
use crate::noise::{NoiseError, Stream};
use crate::scheme::Limits;
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
    ) -> EndedSteps;
}

/// An optimiser with its description.
pub(super) type DescribedRun = (Box<dyn PlanarRun>, String);

struct PlanarSteps<R> {
    stepper: Stepper<R>,
    noise: StepNoise,
    /// `ε η^(1/α-1)`, the scale of the gradient noise before `Σ`.
    gradient_noise: f64,
}

/// The optimiser of a problem with its description; `None` for an equation.
pub(super) fn optimiser(problem: &Problem) -> Option<Result<DescribedRun, NoiseError>> {
    fn boxed<R: Recursion + 'static>(
        problem: &Problem,
        stepper: Stepper<R>,
        description: String,
    ) -> Result<DescribedRun, NoiseError> {
        let gradient_noise = problem.noise().increment_scale(stepper.eta()) / stepper.eta();
        Ok((Box::new(PlanarSteps { noise: StepNoise::new(problem)?, stepper, gradient_noise }), description))
    }
    Some(match problem.dynamics() {
        Dynamics::SgdSteps(sgd) => boxed(problem, sgd.stepper(2), sgd.describe()),
        Dynamics::AdamSteps(adam) => boxed(problem, adam.stepper(2), adam.describe()),
        Dynamics::RmspropSteps(rmsprop) => boxed(problem, rmsprop.stepper(2), rmsprop.describe()),
        Dynamics::AdagradSteps(adagrad) => boxed(problem, adagrad.stepper(2), adagrad.describe()),
        Dynamics::LionSteps(lion) => boxed(problem, lion.stepper(2), lion.describe()),
        Dynamics::Sgd | Dynamics::Adam(_) => return None,
    })
}

impl<R: Recursion + 'static> PlanarRun for PlanarSteps<R> {
    fn run(
        &self,
        local: &PlanarLocal,
        x: [f64; 2],
        watch: &mut PlanarWatch<'_>,
        rng: &mut Stream,
        limits: &Limits<'_>,
    ) -> EndedSteps {
        let (mut stepper, eta) = (self.stepper.clone(), self.stepper.eta());
        let (mut theta, mut xi, mut kick) = (x, [0.0; 2], [0.0; 2]);
        let mut steps = 0u64;
        stepper.start();
        loop {
            // The parameters of step k hold from t = k η to the next step. A time that is a multiple of η up to rounding is that of a step.
            while watch.next_time().is_some_and(|time| time < (steps + 1) as f64 * eta * (1.0 - 1e-12)) {
                watch.record(theta);
            }
            let time = steps as f64 * eta;
            if watch.next_time().is_none() || limits.abandoned(steps) {
                return EndedSteps { time, steps, diverged: false };
            }
            self.noise.draw(&mut xi, &mut kick, rng);
            let slope = local.slope(theta);
            let mut gradient = [0, 1].map(|i| slope[i] + self.gradient_noise * kick[i]);
            stepper.step(&mut theta, &mut gradient);
            steps += 1;
            if !theta.iter().all(|x| x.is_finite()) {
                return EndedSteps { time: steps as f64 * eta, steps, diverged: true };
            }
            watch.see(steps as f64 * eta, theta);
        }
    }
}
