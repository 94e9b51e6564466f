//! The mean position as a scheme: what it accepts, and how its paths run.

use std::ops::Range;

use super::settings::{MeanPosition, adams_equation};
use super::sums::PositionSums;
use super::walk::{Motion, OptimiserMotion, SplitFlow};
use crate::dynamics::{Dynamics, Problem};
use crate::scheme::kernel::CountingKernel;
use crate::scheme::{Limits, Outcome, PathKernel, PathRecord, Scheme, SchemeError, StreamSource};

struct PositionKernel {
    motion: Box<dyn Motion>,
    minimum: Vec<f64>,
    clips: Vec<f64>,
    /// Numbers of the steps that are seen, from 1, in ascending order.
    seen: Vec<u64>,
    description: String,
}

impl PositionKernel {
    fn new(settings: &MeanPosition, problem: &Problem) -> Result<Self, SchemeError> {
        let dim = problem.basin().dim();
        let (motion, description): (Box<dyn Motion>, String) = match problem.dynamics() {
            Dynamics::Sgd => {
                let flow = SplitFlow::new(problem)?;
                let description = format!("flow and noise in steps of {:.3e}", flow.step());
                (Box::new(flow), description)
            }
            Dynamics::SgdSteps(sgd) => (OptimiserMotion::boxed(problem, sgd.stepper(dim))?, sgd.describe()),
            Dynamics::AdamSteps(adam) => (OptimiserMotion::boxed(problem, adam.stepper(dim))?, adam.describe()),
            Dynamics::RmspropSteps(rmsprop) => {
                (OptimiserMotion::boxed(problem, rmsprop.stepper(dim))?, rmsprop.describe())
            }
            Dynamics::AdagradSteps(adagrad) => {
                (OptimiserMotion::boxed(problem, adagrad.stepper(dim))?, adagrad.describe())
            }
            Dynamics::LionSteps(lion) => (OptimiserMotion::boxed(problem, lion.stepper(dim))?, lion.describe()),
            Dynamics::Adam(_) => return Err(adams_equation()),
        };
        let step = motion.step();
        Ok(PositionKernel {
            minimum: problem.basin().minimum().to_vec(),
            clips: settings.clips(problem)?,
            // The cast saturates.
            seen: settings.times().iter().map(|time| ((time / step).round() as u64).max(1)).collect(),
            motion,
            description: format!("mean position at {} times, {description}", settings.times().len()),
        })
    }

    fn sum(
        &self,
        source: StreamSource,
        range: Range<u64>,
        limits: Limits<'_>,
        records: &mut Vec<PathRecord>,
    ) -> PositionSums {
        let dim = self.minimum.len();
        let mut sums = PositionSums::new(dim);
        let (mut x, mut seen, mut averages) = (vec![0.0; dim], vec![0.0; dim], vec![0.0; dim]);
        for path in range {
            let mut rng = source.stream(path);
            let mut walk = self.motion.walk();
            x.copy_from_slice(&self.minimum);
            averages.fill(0.0);
            let (mut steps, mut diverged) = (0u64, false);
            'times: for &due in &self.seen {
                while steps + 1 < due {
                    walk.advance(&mut x, &mut rng);
                    steps += 1;
                    if limits.abandoned(steps) {
                        break 'times;
                    }
                }
                // Times that are closer than a step see the same point.
                if steps < due {
                    walk.advance_and_see(&mut x, &mut seen, &mut rng);
                    steps += 1;
                }
                if seen.iter().any(|x| !x.is_finite()) {
                    diverged = true;
                    break;
                }
                for (i, average) in averages.iter_mut().enumerate() {
                    *average += (seen[i] - self.minimum[i]).clamp(-self.clips[i], self.clips[i]);
                }
            }
            let at = steps as f64 * self.motion.step();
            if diverged {
                sums.add_diverged();
            } else {
                averages.iter_mut().for_each(|average| *average /= self.seen.len() as f64);
                sums.add(&averages);
            }
            let outcome = if diverged { Outcome::Diverged { at } } else { Outcome::Censored { at } };
            records.push(PathRecord { outcome, events: steps });
        }
        sums
    }
}

impl Scheme for MeanPosition {
    fn name(&self) -> &'static str {
        "mean_position"
    }

    fn check(&self, problem: &Problem) -> Result<(), SchemeError> {
        Self::check_problem(problem)
    }

    fn prepare(&self, problem: &Problem) -> Result<Box<dyn PathKernel>, SchemeError> {
        self.check(problem)?;
        Ok(Box::new(PositionKernel::new(self, problem)?))
    }
}

impl PathKernel for PositionKernel {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        self.sum(source, range, limits, records);
    }

    fn counting(&self) -> Option<&dyn CountingKernel> {
        Some(self)
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
}

impl CountingKernel for PositionKernel {
    fn run_and_count(
        &self,
        source: StreamSource,
        range: Range<u64>,
        limits: Limits<'_>,
        records: &mut Vec<PathRecord>,
        counts: &mut Vec<u8>,
    ) {
        self.sum(source, range, limits, records).encode(counts);
    }
}
