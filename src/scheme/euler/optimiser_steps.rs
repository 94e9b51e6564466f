//! # The optimisers themselves
//!
//! `sgd_steps` and `adam_steps` need no discretisation: every iteration is computed, and an exit is detected after a step, as the
//! optimiser would detect it. Times are in units of the SDE's, `t = k η`.

use std::ops::Range;

use super::kernel::{EulerKernel, Monitoring};
use super::step_noise::StepNoise;
use crate::dynamics::{AdamStepper, AdamSteps, Dynamics, Problem};
use crate::noise::Stream;
use crate::scheme::{Euler, Limits, Outcome, PathKernel, PathRecord, Scheme, SchemeError, StreamSource};

/// Every iteration of a discrete optimiser.
///
/// # Example
/// ```
/// use levy_escape::dynamics::{AdamSteps, Dynamics};
/// use levy_escape::noise::epsilon_of_learning_rate;
/// use levy_escape::scheme::Steps;
/// use levy_escape::{Alpha, Basin, Domain, LevyNoise, Problem, Quadratic, Seed, escape_times};
///
/// let (alpha, eta) = (Alpha::new(1.5)?, 0.1);
/// let basin = Basin::new(Quadratic::new(vec![1.0])?, Domain::interval(-0.5, 0.5))?;
/// let adam = Dynamics::AdamSteps(AdamSteps::new(eta, 0.9, 0.999)?);
/// let problem = Problem::new(basin, adam, LevyNoise::new(alpha, epsilon_of_learning_rate(alpha, eta)?)?)?;
/// let times = escape_times(&problem, &Steps, 100, Seed(1))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps;

impl Scheme for Steps {
    fn name(&self) -> &'static str {
        "steps"
    }

    fn check(&self, problem: &Problem) -> Result<(), SchemeError> {
        match problem.dynamics() {
            Dynamics::SgdSteps(_) => SchemeError::check_hessian(problem),
            Dynamics::AdamSteps(_) => Ok(()),
            Dynamics::Sgd | Dynamics::Adam(_) => Err(SchemeError::Continuous),
        }
    }

    fn prepare(&self, problem: &Problem) -> Result<Box<dyn PathKernel>, SchemeError> {
        self.check(problem)?;
        match problem.dynamics() {
            // SGD is Euler's scheme for its SDE with h = η and discrete monitoring.
            Dynamics::SgdSteps(sgd) => {
                let euler = Euler::with_step(sgd.eta())?.monitoring(Monitoring::Discrete);
                let euler = EulerKernel::new(&euler, &problem.with_dynamics(Dynamics::Sgd));
                Ok(Box::new(SgdKernel { eta: sgd.eta(), euler }))
            }
            Dynamics::AdamSteps(adam) => Ok(Box::new(AdamKernel::new(*adam, problem))),
            Dynamics::Sgd | Dynamics::Adam(_) => Err(SchemeError::Continuous),
        }
    }
}

struct SgdKernel {
    eta: f64,
    euler: EulerKernel,
}

impl PathKernel for SgdKernel {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        self.euler.run(source, range, limits, records);
    }

    fn describe(&self) -> String {
        format!("steps of SGD, η = {}", self.eta)
    }
}

struct AdamKernel {
    problem: Problem,
    adam: AdamSteps,
    noise: StepNoise,
    /// `ς = ε η^(1/α-1)`, the scale of the gradient noise before `Σ`.
    gradient_noise: f64,
}

/// Vectors of one path, of length `d` each.
struct OptimiserWorkspace {
    x: Vec<f64>,
    gradient: Vec<f64>,
    xi: Vec<f64>,
    kick: Vec<f64>,
    stepper: AdamStepper,
}

impl AdamKernel {
    fn new(adam: AdamSteps, problem: &Problem) -> Self {
        AdamKernel {
            problem: problem.clone(),
            adam,
            noise: StepNoise::new(problem),
            gradient_noise: problem.noise().increment_scale(adam.eta()) / adam.eta(),
        }
    }

    fn path(&self, ws: &mut OptimiserWorkspace, rng: &mut Stream, limits: Limits<'_>) -> PathRecord {
        let basin = self.problem.basin();
        let eta = self.adam.eta();
        ws.x.copy_from_slice(basin.start());
        ws.stepper.start();
        let mut events = 0;
        loop {
            if let Some(censored) = limits.reached(events, eta) {
                return censored;
            }
            basin.potential().gradient(&ws.x, &mut ws.gradient);
            self.noise.draw(&mut ws.xi, &mut ws.kick, rng);
            for (g, z) in ws.gradient.iter_mut().zip(&ws.kick) {
                *g += self.gradient_noise * z;
            }
            ws.kick.copy_from_slice(&ws.x);
            ws.stepper.step(&mut ws.x, &ws.gradient);
            events += 1;
            if !basin.contains(&ws.x) {
                let time = events as f64 * eta;
                let site = self.site(ws);
                let outcome = site.map_or(Outcome::Diverged { at: time }, |site| Outcome::Exited { time, site });
                return PathRecord { outcome, events };
            }
        }
    }

    /// The exit site; `None` if the recursion diverged. `ws.kick` holds the point before the exit.
    fn site(&self, ws: &mut OptimiserWorkspace) -> Option<crate::scheme::ExitSite> {
        // Adam divides an infinite gradient by its own size: a NaN here does not come from an infinite displacement.
        if ws.x.iter().any(|x| x.is_nan()) {
            return None;
        }
        ws.kick.iter_mut().zip(&ws.x).for_each(|(before, x)| *before = x - *before);
        self.noise.exit_site(self.problem.basin(), &ws.x, &ws.xi, &ws.kick)
    }
}

impl PathKernel for AdamKernel {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        let zero = vec![0.0; self.problem.basin().dim()];
        let stepper = AdamStepper::new(self.adam, zero.len());
        let mut ws =
            OptimiserWorkspace { x: zero.clone(), gradient: zero.clone(), xi: zero.clone(), kick: zero, stepper };
        for path in range {
            records.push(self.path(&mut ws, &mut source.stream(path), limits));
        }
    }

    fn describe(&self) -> String {
        format!(
            "steps of Adam, η = {}; one gradient spike moves a coordinate by at most {:.4}",
            self.adam.eta(),
            self.adam.spike_bound()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Basin, Domain, Quadratic};
    use crate::noise::{Alpha, Amplitude, LevyNoise, Seed, epsilon_of_learning_rate};

    fn problem(dynamics: Dynamics, alpha: f64, eta: f64) -> Problem {
        let alpha = Alpha::new(alpha).unwrap();
        let noise = LevyNoise::new(alpha, epsilon_of_learning_rate(alpha, eta).unwrap()).unwrap();
        let basin = Basin::new(Quadratic::new(vec![1.0, 2.0]).unwrap(), Domain::ball(0.7)).unwrap();
        Problem::new(basin, dynamics, noise.with_amplitude(Amplitude::Diagonal(vec![1.0, 0.5]))).unwrap()
    }

    /// Compares the kernel's recursion with SGD written out, on the same draws.
    #[test]
    fn sgd_steps_are_gradient_steps() {
        let (alpha, eta) = (1.5, 0.05);
        let problem = problem(Dynamics::SgdSteps(crate::dynamics::SgdSteps::new(eta).unwrap()), alpha, eta);
        let source = StreamSource { seed: Seed(3), cell: 0 };
        let mut records = Vec::new();
        Steps.prepare(&problem).unwrap().run(source, 0..200, Limits::default(), &mut records);
        let noise = StepNoise::new(&problem);
        for (path, record) in records.iter().enumerate() {
            let mut rng = source.stream(path as u64);
            let (mut x, mut xi, mut kick) = ([0.0; 2], [0.0; 2], [0.0; 2]);
            let mut steps = 0;
            while problem.basin().contains(&x) {
                noise.draw(&mut xi, &mut kick, &mut rng);
                // The noise is symmetric, so its sign does not matter.
                let gradient = [x[0] - kick[0], 2.0 * x[1] - kick[1]];
                x.iter_mut().zip(gradient).for_each(|(x, g)| *x -= eta * g);
                steps += 1;
            }
            assert_eq!(record.events, steps, "path {path}");
            assert!((record.outcome.exit_time().unwrap() - eta * steps as f64).abs() < 1e-9);
        }
    }

    /// No step of Adam is longer than `η (1-b1)/√(1-b2) / √(1 - b1²/b2)` (Cauchy-Schwarz), so none lands far outside, however
    /// heavy the noise; SGD's do.
    #[test]
    fn adam_steps_land_beside_the_edge() {
        let eta = 0.05;
        let adam = AdamSteps::new(eta, 0.9, 0.999).unwrap();
        let longest = eta * 0.1 / 0.001f64.sqrt() / (1.0 - 0.81f64 / 0.999).sqrt();
        let reach = |dynamics| {
            let kernel = Steps.prepare(&problem(dynamics, 1.2, eta)).unwrap();
            let (mut records, limits) = (Vec::new(), Limits { max_time: 500.0, ..Limits::default() });
            kernel.run(StreamSource { seed: Seed(5), cell: 0 }, 0..400, limits, &mut records);
            let overshoots = records.iter().filter_map(|r| r.outcome.site()).map(|site| site.overshoot);
            overshoots.fold((0, 1.0), |(n, far): (u32, f64), overshoot| (n + 1, far.max(overshoot)))
        };
        let (exits, furthest) = reach(Dynamics::AdamSteps(adam));
        assert!(exits > 50 && furthest < 1.0 + 2f64.sqrt() * longest / 0.7, "{exits} {furthest}");
        let (_, furthest) = reach(Dynamics::SgdSteps(crate::dynamics::SgdSteps::new(eta).unwrap()));
        assert!(furthest > 10.0, "{furthest}");
    }

    #[test]
    fn equations_and_steps_are_kept_apart() {
        let (sde, steps) = (problem(Dynamics::Sgd, 1.5, 0.1), crate::dynamics::SgdSteps::new(0.1).unwrap());
        let steps = problem(Dynamics::SgdSteps(steps), 1.5, 0.1);
        assert_eq!(Steps.check(&sde), Err(SchemeError::Continuous));
        assert_eq!(Euler::default().check(&steps), Err(SchemeError::Discrete));
        assert_eq!(crate::scheme::JumpAdapted::default().check(&steps), Err(SchemeError::Discrete));
    }
}
