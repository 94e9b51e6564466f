//! The mean position as a scheme: what it accepts, and how its paths run.

use super::settings::{MeanPosition, adams_equation};
use super::sums::PositionSums;
use super::walk::{Motion, MotionOf, SplitFlow};
use crate::dynamics::{Dynamics, Problem};
use crate::noise::Stream;
use crate::scheme::counted::{CountedKernel, CountedPaths, Ended};
use crate::scheme::{Limits, PathKernel, Scheme, SchemeError};

struct PositionPaths {
    motion: Box<dyn Motion>,
    minimum: Vec<f64>,
    clips: Vec<f64>,
    /// Numbers of the steps that are seen, from 1, in ascending order.
    seen: Vec<u64>,
    description: String,
}

impl PositionPaths {
    fn new(settings: &MeanPosition, problem: &Problem) -> Result<Self, SchemeError> {
        let steps = problem.dynamics().visit_stepper(problem.basin().dim(), MotionOf { problem });
        let (motion, description): (Box<dyn Motion>, String) = match (problem.dynamics(), steps) {
            (Dynamics::Adam(_), _) => return Err(adams_equation()),
            (_, Some(steps)) => steps?,
            _ => {
                let flow = SplitFlow::new(problem)?;
                let description = format!("flow and noise in steps of {:.3e}", flow.step());
                (Box::new(flow), description)
            }
        };
        let step = motion.step();
        Ok(PositionPaths {
            minimum: problem.basin().minimum().to_vec(),
            clips: settings.clips(problem)?,
            // The cast saturates.
            seen: settings.times().iter().map(|time| ((time / step).round() as u64).max(1)).collect(),
            motion,
            description: format!("mean position at {} times, {description}", settings.times().len()),
        })
    }
}

impl CountedPaths for PositionPaths {
    type Counts = PositionSums;

    fn none(&self) -> PositionSums {
        PositionSums::new(self.clips.clone())
    }

    fn run(&self, rng: &mut Stream, limits: &Limits<'_>, sums: &mut PositionSums) -> Ended {
        let mut walk = self.motion.walk();
        let (mut x, mut seen, mut averages) =
            (self.minimum.clone(), vec![0.0; self.minimum.len()], vec![0.0; self.minimum.len()]);
        let (mut steps, mut diverged) = (0u64, false);
        'times: for &due in &self.seen {
            while steps + 1 < due {
                walk.advance(&mut x, rng);
                steps += 1;
                if limits.abandoned(steps) {
                    break 'times;
                }
            }
            // Times that are closer than a step see the same point.
            if steps < due {
                walk.advance_and_see(&mut x, &mut seen, rng);
                steps += 1;
            }
            if seen.iter().any(|x| !x.is_finite()) {
                diverged = true;
                break;
            }
            for (i, average) in averages.iter_mut().enumerate() {
                // An axis without noise stays at the minimum.
                if self.clips[i] > 0.0 {
                    *average += ((seen[i] - self.minimum[i]) / self.clips[i]).clamp(-1.0, 1.0);
                }
            }
        }
        if diverged {
            sums.add_diverged();
        } else {
            averages.iter_mut().for_each(|average| *average /= self.seen.len() as f64);
            sums.add(&averages);
        }
        Ended { time: steps as f64 * self.motion.step(), events: steps, diverged }
    }

    fn describe(&self) -> String {
        self.description.clone()
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
        Ok(Box::new(CountedKernel(PositionPaths::new(self, problem)?)))
    }
}
