//! How a path moves: by the equation of SGD, or by the steps of an optimiser.

use crate::dynamics::{Problem, Recursion, Stepper, StepperVisitor};
use crate::noise::{NoiseError, Stream};
use crate::scheme::SchemeError;
use crate::scheme::euler::StepNoise;

use super::settings::curvatures;

/// A motion in steps of equal length.
pub(super) trait Motion: Send + Sync {
    /// Length of a step.
    fn step(&self) -> f64;

    /// A path that has not moved yet.
    fn walk(&self) -> Box<dyn Walk + '_>;
}

/// One path.
pub(super) trait Walk {
    /// One step of the point `x`.
    fn advance(&mut self, x: &mut [f64], rng: &mut Stream);

    /// One step of the point `x` that is seen: where it is at the time of the record.
    fn advance_and_see(&mut self, x: &mut [f64], seen: &mut [f64], rng: &mut Stream) {
        self.advance(x, rng);
        seen.copy_from_slice(x);
    }
}

/// Steps of SGD's equation in relaxation times of the steepest side. The splitting has an error of the order of its square: at .1 the scale of a
/// parabola at rest is 2·10⁻³ off.
const STEP: f64 = 0.1;

/// SGD's equation on separate axes: the exact flow over a step, and its noise. In the middle of the noise the splitting is symmetric, and there it
/// is seen.
pub(super) struct SplitFlow {
    noise: StepNoise,
    minimum: Vec<f64>,
    step: f64,
    /// Factors of the flow on the two sides of every axis.
    decay: [Vec<f64>; 2],
    /// Scales of the noise over a step, and over half of it.
    scales: [f64; 2],
}

impl SplitFlow {
    pub fn new(problem: &Problem) -> Result<Self, SchemeError> {
        let sides = curvatures(problem)?;
        let step = STEP / sides.iter().flatten().fold(0.0, |most: f64, k| most.max(*k));
        Ok(SplitFlow {
            noise: StepNoise::new(problem)?,
            minimum: problem.basin().minimum().to_vec(),
            step,
            decay: sides.map(|side| side.iter().map(|k| (-k * step).exp()).collect()),
            scales: [step, 0.5 * step].map(|time| problem.noise().increment_scale(time)),
        })
    }
}

impl Motion for SplitFlow {
    fn step(&self) -> f64 {
        self.step
    }

    fn walk(&self) -> Box<dyn Walk + '_> {
        let zero = vec![0.0; self.minimum.len()];
        Box::new(FlowWalk { flow: self, xi: zero.clone(), kick: zero })
    }
}

struct FlowWalk<'f> {
    flow: &'f SplitFlow,
    xi: Vec<f64>,
    kick: Vec<f64>,
}

impl FlowWalk<'_> {
    fn flow(&self, x: &mut [f64]) {
        let SplitFlow { minimum, decay: [left, right], .. } = self.flow;
        for (i, x) in x.iter_mut().enumerate() {
            let y = *x - minimum[i];
            *x = minimum[i] + y * if y < 0.0 { left[i] } else { right[i] };
        }
    }

    fn shake(&mut self, x: &mut [f64], scale: f64, rng: &mut Stream) {
        self.flow.noise.draw(&mut self.xi, &mut self.kick, rng);
        x.iter_mut().zip(&self.kick).for_each(|(x, kick)| *x += scale * kick);
    }
}

impl Walk for FlowWalk<'_> {
    fn advance(&mut self, x: &mut [f64], rng: &mut Stream) {
        self.flow(x);
        self.shake(x, self.flow.scales[0], rng);
    }

    fn advance_and_see(&mut self, x: &mut [f64], seen: &mut [f64], rng: &mut Stream) {
        self.flow(x);
        self.shake(x, self.flow.scales[1], rng);
        seen.copy_from_slice(x);
        self.shake(x, self.flow.scales[1], rng);
    }
}

/// The steps of a discrete optimiser.
struct OptimiserMotion<R> {
    problem: Problem,
    noise: StepNoise,
    stepper: Stepper<R>,
    /// `ε η^(1/α-1)`, the scale of the gradient noise before `Σ`.
    gradient_noise: f64,
}

/// Makes the motion of a problem from the recursion of its optimiser.
pub(super) struct MotionOf<'p> {
    pub problem: &'p Problem,
}

impl StepperVisitor for MotionOf<'_> {
    type Made = Result<(Box<dyn Motion>, String), NoiseError>;

    fn visit<R: Recursion + 'static>(self, stepper: Stepper<R>, description: String) -> Self::Made {
        let motion = OptimiserMotion {
            problem: self.problem.clone(),
            noise: StepNoise::new(self.problem)?,
            gradient_noise: self.problem.noise().increment_scale(stepper.eta()) / stepper.eta(),
            stepper,
        };
        Ok((Box::new(motion), description))
    }
}

impl<R: Recursion + 'static> Motion for OptimiserMotion<R> {
    fn step(&self) -> f64 {
        self.stepper.eta()
    }

    fn walk(&self) -> Box<dyn Walk + '_> {
        let zero = vec![0.0; self.problem.basin().dim()];
        let mut stepper = self.stepper.clone();
        stepper.start();
        Box::new(OptimiserWalk { motion: self, stepper, gradient: zero.clone(), xi: zero.clone(), kick: zero })
    }
}

struct OptimiserWalk<'m, R> {
    motion: &'m OptimiserMotion<R>,
    stepper: Stepper<R>,
    gradient: Vec<f64>,
    xi: Vec<f64>,
    kick: Vec<f64>,
}

impl<R: Recursion> Walk for OptimiserWalk<'_, R> {
    fn advance(&mut self, x: &mut [f64], rng: &mut Stream) {
        let OptimiserMotion { problem, noise, gradient_noise, .. } = self.motion;
        problem.basin().potential().gradient(x, &mut self.gradient);
        noise.draw(&mut self.xi, &mut self.kick, rng);
        self.gradient.iter_mut().zip(&self.kick).for_each(|(g, z)| *g += gradient_noise * z);
        self.stepper.step(x, &mut self.gradient);
    }
}
