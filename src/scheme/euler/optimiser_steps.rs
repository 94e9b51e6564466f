//! # The optimisers themselves
//!
//! Discrete optimisers need no discretisation: every iteration is computed, and an exit is detected after a step, as the optimiser would
//! detect it. Times are in units of the SDE's, `t = k η` with the base learning rate `η` for any schedule.

use std::ops::Range;

use super::kernel::{EulerKernel, Monitoring};
use super::step_noise::StepNoise;
use crate::dynamics::{Dynamics, Problem, Recursion, Stepper, StepperVisitor};
use crate::noise::Stream;
use crate::scheme::exit_site::landing_point;
use crate::scheme::trajectory::{Observer, Recorder, Unobserved};
use crate::scheme::{Euler, Limits, Outcome, PathKernel, PathRecord, Scheme, SchemeError, StreamSource, Trajectory};

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
            Dynamics::SgdSteps(sgd) if sgd.is_plain() => SchemeError::check_hessian(problem),
            Dynamics::SgdSteps(_)
            | Dynamics::AdamSteps(_)
            | Dynamics::RmspropSteps(_)
            | Dynamics::AdagradSteps(_)
            | Dynamics::LionSteps(_) => Ok(()),
            Dynamics::Sgd | Dynamics::Adam(_) => Err(SchemeError::Continuous),
        }
    }

    fn prepare(&self, problem: &Problem) -> Result<Box<dyn PathKernel>, SchemeError> {
        self.check(problem)?;
        let dim = problem.basin().dim();
        match problem.dynamics() {
            // Plain SGD is Euler's scheme for its SDE with h = η and discrete monitoring.
            Dynamics::SgdSteps(sgd) if sgd.is_plain() => {
                let euler = Euler::with_step(sgd.eta())?.monitoring(Monitoring::Discrete);
                let problem = problem.with_dynamics(Dynamics::Sgd).with_noise_spread_over(sgd.eta());
                let euler = EulerKernel::new(&euler, &problem)?;
                Ok(Box::new(SgdKernel { description: sgd.describe(), euler }))
            }
            dynamics => dynamics.visit_stepper(dim, KernelOf { problem }).ok_or(SchemeError::Continuous)?,
        }
    }
}

struct SgdKernel {
    description: String,
    euler: EulerKernel,
}

impl PathKernel for SgdKernel {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        self.euler.run(source, range, limits, records);
    }

    fn follow(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> Option<(PathRecord, Trajectory)> {
        self.euler.follow(source, path, limits)
    }

    fn landing_point(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> Option<Vec<f64>> {
        self.euler.landing_point(source, path, limits)
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
}

/// Makes the kernel of a problem from the recursion of its optimiser.
pub(super) struct KernelOf<'p> {
    pub problem: &'p Problem,
}

impl StepperVisitor for KernelOf<'_> {
    type Made = Result<Box<dyn PathKernel>, SchemeError>;

    fn visit<R: Recursion + 'static>(self, stepper: Stepper<R>, description: String) -> Self::Made {
        Ok(Box::new(OptimiserKernel {
            problem: self.problem.clone(),
            noise: StepNoise::new(self.problem)?,
            gradient_noise: self.problem.noise().increment_scale(stepper.eta()) / stepper.eta(),
            stepper,
            description,
        }))
    }
}

/// Runs the recursion of any optimiser, one path at a time.
struct OptimiserKernel<R> {
    problem: Problem,
    /// Before the first step.
    stepper: Stepper<R>,
    noise: StepNoise,
    /// `ς = ε η^(1/α-1)`, the scale of the gradient noise before `Σ`.
    gradient_noise: f64,
    description: String,
}

/// Vectors of one path, of length `d` each.
struct OptimiserWorkspace<R> {
    x: Vec<f64>,
    gradient: Vec<f64>,
    xi: Vec<f64>,
    kick: Vec<f64>,
    stepper: Stepper<R>,
}

impl<R: Recursion + 'static> OptimiserKernel<R> {
    fn workspace(&self) -> OptimiserWorkspace<R> {
        let zero = vec![0.0; self.problem.basin().dim()];
        let stepper = self.stepper.clone();
        OptimiserWorkspace { x: zero.clone(), gradient: zero.clone(), xi: zero.clone(), kick: zero, stepper }
    }

    fn path<O: Observer>(
        &self,
        ws: &mut OptimiserWorkspace<R>,
        rng: &mut Stream,
        limits: Limits<'_>,
        observer: &mut O,
    ) -> PathRecord {
        let basin = self.problem.basin();
        let eta = self.stepper.eta();
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
            ws.stepper.step(&mut ws.x, &mut ws.gradient);
            events += 1;
            if !basin.contains(&ws.x) {
                let time = events as f64 * eta;
                let site = self.site(ws);
                let outcome = site.map_or(Outcome::Diverged { at: time }, |site| Outcome::Exited { time, site });
                return PathRecord { outcome, events };
            }
            observer.step(events as f64 * eta, &ws.x);
        }
    }

    /// The exit site; `None` if the recursion diverged. `ws.kick` holds the point before the exit.
    fn site(&self, ws: &mut OptimiserWorkspace<R>) -> Option<crate::scheme::ExitSite> {
        // An optimiser that divides an infinite gradient by its own size, or clips it, makes no infinite displacement.
        if !self.stepper.is_linear() && ws.x.iter().any(|x| x.is_nan()) {
            return None;
        }
        ws.kick.iter_mut().zip(&ws.x).for_each(|(before, x)| *before = x - *before);
        self.noise.exit_site(self.problem.basin(), &ws.x, &ws.xi, &ws.kick)
    }
}

impl<R: Recursion + 'static> PathKernel for OptimiserKernel<R> {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        let mut ws = self.workspace();
        for path in range {
            records.push(self.path(&mut ws, &mut source.stream(path), limits, &mut Unobserved));
        }
    }

    fn follow(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> Option<(PathRecord, Trajectory)> {
        let (mut ws, mut recorder) = (self.workspace(), Recorder::new(self.problem.basin()));
        let record = self.path(&mut ws, &mut source.stream(path), limits, &mut recorder);
        Some(recorder.end(record, &ws.x))
    }

    fn landing_point(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> Option<Vec<f64>> {
        let (record, trajectory) = self.follow(source, path, limits)?;
        landing_point(self.problem.basin(), trajectory.last()?.x, record.outcome)
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{AdamSteps, Clipping, LionSteps, Momentum, RmspropSteps, Schedule, SgdSteps, StepSettings};
    use crate::landscape::{Basin, Domain, Quadratic};
    use crate::noise::{Alpha, Amplitude, LevyNoise, Seed, Structure, epsilon_of_learning_rate};

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
        let problem = problem(Dynamics::SgdSteps(SgdSteps::new(eta).unwrap()), alpha, eta);
        let source = StreamSource { seed: Seed(3), cell: 0 };
        let mut records = Vec::new();
        Steps.prepare(&problem).unwrap().run(source, 0..200, Limits::default(), &mut records);
        let noise = StepNoise::new(&problem).unwrap();
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

    /// The general kernel makes the steps of the kernel for plain SGD: the noise is symmetric, and so is the basin.
    #[test]
    fn both_kernels_make_the_steps_of_sgd() {
        let eta = 0.05;
        let sgd = SgdSteps::new(eta).unwrap();
        let problem = problem(Dynamics::SgdSteps(sgd), 1.5, eta);
        let general = KernelOf { problem: &problem }.visit(sgd.stepper(2), String::new()).unwrap();
        let events = |kernel: &dyn PathKernel| {
            let mut records = Vec::new();
            kernel.run(StreamSource { seed: Seed(3), cell: 0 }, 0..200, Limits::default(), &mut records);
            records.iter().map(|record| record.events).collect::<Vec<_>>()
        };
        let found = events(general.as_ref());
        assert_eq!(found, events(Steps.prepare(&problem).unwrap().as_ref()));
        assert!(found.iter().sum::<u64>() > 2000);
        // With momentum they are others.
        let momentum = sgd.with_momentum(Momentum::Classical(0.5)).unwrap();
        assert_ne!(
            found,
            events(KernelOf { problem: &problem }.visit(momentum.stepper(2), String::new()).unwrap().as_ref())
        );
    }

    /// SGD with momentum, isotropic noise and a dense amplitude, written out on the same draws.
    #[test]
    fn momentum_steps_are_the_recursion() {
        let (eta, decay) = (0.05, 0.75);
        let sgd = SgdSteps::new(eta).unwrap().with_momentum(Momentum::Classical(decay)).unwrap();
        let settings = StepSettings::default().with_schedule(Schedule::Step { every: 10, factor: 0.9 }).unwrap();
        let sgd = sgd.with_settings(settings).unwrap();
        let plain = problem(Dynamics::SgdSteps(sgd), 1.5, eta);
        let dense = Amplitude::Dense(nalgebra::dmatrix![1.0, 0.3; 0.2, 0.5]);
        let noise = plain.noise().clone().with_structure(Structure::Isotropic).with_amplitude(dense);
        let problem = Problem::new(plain.basin().clone(), Dynamics::SgdSteps(sgd), noise).unwrap();
        let source = StreamSource { seed: Seed(9), cell: 2 };
        let limits = Limits { max_time: 400.5 * eta, ..Limits::default() };
        let mut records = Vec::new();
        Steps.prepare(&problem).unwrap().run(source, 0..200, limits, &mut records);
        let noise = StepNoise::new(&problem).unwrap();
        let mut exits = 0;
        for (path, record) in records.iter().enumerate() {
            let mut rng = source.stream(path as u64);
            let (mut x, mut b, mut xi, mut kick) = ([0.0; 2], [0.0; 2], [0.0; 2], [0.0; 2]);
            let mut steps = 0;
            while problem.basin().contains(&x) && steps < 400 {
                noise.draw(&mut xi, &mut kick, &mut rng);
                let rate = eta * 0.9f64.powi(steps / 10);
                for (i, curvature) in [1.0, 2.0].into_iter().enumerate() {
                    b[i] = decay * b[i] + curvature * x[i] + kick[i];
                    x[i] -= rate * b[i];
                }
                steps += 1;
            }
            assert_eq!(record.events, steps as u64, "path {path}");
            // Time counts steps of the base learning rate.
            if let Some(time) = record.outcome.exit_time() {
                exits += 1;
                assert!((time - eta * f64::from(steps)).abs() < 1e-9);
            }
        }
        assert!(exits > 100, "{exits}");
    }

    /// No step of Adam is longer than `η (1-b1)/√(1-b2) / √(1 - b1²/b2)` (Cauchy-Schwarz), of RMSProp than `η/√(1-ρ)`, of Lion than `η`, and
    /// of clipped SGD than `η c`, so none lands far outside, however heavy the noise; SGD's do.
    #[test]
    fn adaptive_and_clipped_steps_land_beside_the_edge() {
        let eta = 0.05;
        let adam = AdamSteps::new(eta, 0.9, 0.999).unwrap();
        let amsgrad = AdamSteps::new(eta, 0.9, 0.9).unwrap().with_amsgrad();
        let longest_of_adam = eta * 0.1 / 0.001f64.sqrt() / (1.0 - 0.81f64 / 0.999).sqrt();
        let clipped = |clipping| {
            let settings = StepSettings::default().with_clipping(clipping).unwrap();
            Dynamics::SgdSteps(SgdSteps::new(eta).unwrap().with_settings(settings).unwrap())
        };
        let reach = |dynamics| {
            let kernel = Steps.prepare(&problem(dynamics, 1.2, eta)).unwrap();
            let (mut records, limits) = (Vec::new(), Limits { max_time: 500.0, ..Limits::default() });
            kernel.run(StreamSource { seed: Seed(5), cell: 0 }, 0..1_200, limits, &mut records);
            let overshoots = records.iter().filter_map(|r| r.outcome.site()).map(|site| site.overshoot);
            overshoots.fold((0, 1.0), |(n, far): (u32, f64), overshoot| (n + 1, far.max(overshoot)))
        };
        for (name, dynamics, longest) in [
            ("adam", Dynamics::AdamSteps(adam), 2f64.sqrt() * longest_of_adam),
            ("amsgrad", Dynamics::AdamSteps(amsgrad), (2.0 / 0.1f64).sqrt() * eta),
            ("rmsprop", Dynamics::RmspropSteps(RmspropSteps::new(eta, 0.9).unwrap()), (2.0 / 0.1f64).sqrt() * eta),
            ("lion", Dynamics::LionSteps(LionSteps::new(eta, 0.9, 0.99).unwrap()), 2f64.sqrt() * eta),
            ("norm", clipped(Clipping::Norm(8.0)), 8.0 * eta),
            ("value", clipped(Clipping::Value(8.0)), 2f64.sqrt() * 8.0 * eta),
        ] {
            let (exits, furthest) = reach(dynamics);
            assert!(exits > 50 && furthest < 1.0 + longest / 0.7, "{name}: {exits} {furthest}");
        }
        let (_, furthest) = reach(Dynamics::SgdSteps(SgdSteps::new(eta).unwrap()));
        assert!(furthest > 10.0, "{furthest}");
    }

    #[test]
    fn equations_and_steps_are_kept_apart() {
        let (sde, steps) = (problem(Dynamics::Sgd, 1.5, 0.1), SgdSteps::new(0.1).unwrap());
        let steps = problem(Dynamics::SgdSteps(steps), 1.5, 0.1);
        assert_eq!(Steps.check(&sde), Err(SchemeError::Continuous));
        assert_eq!(Euler::default().check(&steps), Err(SchemeError::Discrete));
        assert_eq!(crate::scheme::JumpAdapted::default().check(&steps), Err(SchemeError::Discrete));
    }
}
