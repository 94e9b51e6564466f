//! # Euler's scheme
//!
//! `θ_{k+1} = θ_k - ∇F h + ε h^(1/α) Σ ξ_k` with `ξ_k` SαS(1); with `h = η` this is SGD itself. Adam divides both terms by `Q_k`,
//! which is known before the jump. Exits are detected after steps, late by `O(h^(1/α))` for `α > 1`. Corrected
//! monitoring shifts the edge inwards by `β_α ε h^(1/α)` (local amplitude), which leaves an error of order `h`.

use std::ops::Range;

use pulp::Arch;
use serde::Serialize;

use super::box_steps::AxisSteps;
use super::interval_lanes::{Ending, IntervalStep, StepKernel, StepPath};
use super::interval_steps::{IntervalSteps, StepConstants};
use super::monitoring::{basin_shift, is_near_one, watched_shift};
use super::step_noise::{StepLaw, StepNoise};
use crate::dynamics::{Adam, Averages, Dynamics, Problem, SecondMoment};
use crate::noise::{LevyNoise, NoiseLaw, Stream};
use crate::scheme::exit_site::landing_point;
use crate::scheme::interval::IntervalProblem;
use crate::scheme::time_scale::{balance_time, crossing_time, crossing_time_from, relaxation_rates};
use crate::scheme::trajectory::{Observer, Recorder, Unobserved};
use crate::scheme::{Limits, Outcome, PathKernel, PathRecord, Scheme, SchemeError, StreamSource, Trajectory};

/// Default step in relaxation times, or in crossing times where these are shorter: the error with the shifted edge is of order `h`.
const STEP_PER_RELAXATION: f64 = 0.003;

/// Default step in crossing times for a problem without drift.
const STEP_PER_CROSSING: f64 = 0.001;

/// Relative error of the mean exit time for a step of one relaxation or crossing time, at first order: the largest measured for a
/// quadratic well is 1.8, at `α = 1.95` and `ε = .3`, where the mean depends most on the edge.
const ERROR_PER_CLOCK: f64 = 2.0;

/// The edge at which exits are detected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Monitoring {
    /// The edge shifted inwards by the mean overshoot of a step: estimates the exit of the SDE.
    #[default]
    Corrected,
    /// The edge itself, checked after every step, as for an optimiser with `h = η`.
    Discrete,
}

/// Settings of Euler's scheme.
///
/// # Example
/// ```
/// use levy_escape::scheme::{Euler, Monitoring};
///
/// let what_sgd_does = Euler::with_step(0.01)?.monitoring(Monitoring::Discrete);
/// # Ok::<(), levy_escape::scheme::SchemeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Euler {
    step: Option<f64>,
    monitoring: Monitoring,
}

impl Euler {
    /// A fixed step `h`, in units of the SDE's time; [`Euler::default`] chooses one.
    ///
    /// # Errors
    /// [`SchemeError::Setting`] unless the step is positive and finite.
    pub fn with_step(step: f64) -> Result<Self, SchemeError> {
        if !(step > 0.0 && step.is_finite()) {
            return Err(SchemeError::Setting {
                name: "step",
                value: step,
                expected: "is not a positive finite number",
            });
        }
        Ok(Euler { step: Some(step), monitoring: Monitoring::default() })
    }

    /// The same settings with another monitoring.
    pub fn monitoring(mut self, monitoring: Monitoring) -> Self {
        self.monitoring = monitoring;
        self
    }

    /// Noise that belongs to no motion is that of an optimiser's steps: only the step `h = η` and the edge itself have a meaning.
    fn check_law(&self, problem: &Problem) -> Result<(), SchemeError> {
        let noise = problem.noise();
        if noise.law().has_motion() {
            return self.step.map_or(Ok(()), |step| Ok(noise.law().over(step, noise.alpha()).check(noise.alpha())?));
        }
        // Its level is ε = √η.
        let eta = noise.epsilon() * noise.epsilon();
        let is_eta = self.step.is_some_and(|step| (step / eta - 1.0).abs() < 1e-9);
        if is_eta && self.monitoring == Monitoring::Discrete {
            return Ok(());
        }
        Err(SchemeError::NoMotion { law: noise.law().name(), eta })
    }
}

/// Cuts of the Lévy measure below this many scales of a step change the mean overshoot noticeably.
const NEAREST_CUT: f64 = 10.0;

/// Why the shift of the edge is less accurate with this law. The shift is that of stable steps.
fn law_warning(noise: &LevyNoise, step: f64) -> Option<String> {
    let cut = match noise.law() {
        NoiseLaw::Tempered { cutoff } => *cutoff,
        NoiseLaw::Truncated { at } => *at,
        NoiseLaw::Skewed { .. } if is_near_one(noise.alpha()) => {
            let what = "the shifted edge is approximate for skewed noise at α < 1.2: expect an error of the order of that shift";
            return Some(what.to_owned());
        }
        _ => return None,
    };
    let scales = cut * step.powf(-1.0 / noise.alpha().get());
    let law = noise.law().name();
    (scales < NEAREST_CUT).then(|| {
        format!(
            "{law} noise is cut at {scales:.2} scales of a step, where the shifted edge is approximate; take a smaller step"
        )
    })
}

impl Scheme for Euler {
    fn name(&self) -> &'static str {
        match self.monitoring {
            Monitoring::Corrected => "euler",
            Monitoring::Discrete => "euler_discrete",
        }
    }

    fn check(&self, problem: &Problem) -> Result<(), SchemeError> {
        if problem.dynamics().learning_rate().is_some() {
            return Err(SchemeError::Discrete);
        }
        self.check_law(problem)?;
        if problem.basin().is_followed() && self.monitoring == Monitoring::Corrected {
            return Err(SchemeError::NoDistances { scheme: "euler with corrected monitoring" });
        }
        SchemeError::check_hessian(problem)
    }

    fn prepare(&self, problem: &Problem) -> Result<Box<dyn PathKernel>, SchemeError> {
        self.check(problem)?;
        Ok(Box::new(EulerKernel::new(self, problem)?))
    }
}

pub(super) struct EulerKernel {
    problem: Problem,
    step: f64,
    monitoring: Monitoring,
    /// Factor of the draws before `Σ`, see [`StepNoise::scale`].
    scale: f64,
    /// [`basin_shift`] times `ε h^(1/α)`, before the local amplitude; 0 for discrete monitoring.
    shift: f64,
    /// Scale of every row of `Σ L_1`: the local amplitude at the faces of a box. Zeros if no edge is shifted.
    row_scales: Vec<f64>,
    /// Widths of a box, see [`Basin::width`](crate::landscape::Basin).
    widths: Vec<f64>,
    noise_scales: Vec<f64>,
    noise: StepNoise,
    warnings: Vec<String>,
    interval: Option<(IntervalProblem, IntervalSteps)>,
    axes: Option<AxisSteps>,
    arch: Arch,
}

/// Vectors of one path, of length `d` each.
struct EulerWorkspace {
    x: Vec<f64>,
    gradient: Vec<f64>,
    xi: Vec<f64>,
    kick: Vec<f64>,
    normal: Vec<f64>,
    averages: Averages,
    /// Of the two averages, see [`Adam::present`].
    memories: [f64; 2],
}

/// The noise of a step, as a share of the distance from the start to the edge, beyond which means are off by some per cent.
const START_NOISE: f64 = 0.2;
/// Relative error of the mean per unit of that share; measured between .04 and .2 in a quadratic well, for α = 1.2, 1.5 and 1.8 and shares from .2 to 10.
const START_ERROR: f64 = 0.1;
/// A start counts as near the edge if the noise comes there in so much of the time that it takes from the minimum.
const NEAR_START: f64 = 0.3;

/// A start so near the edge, compared with the minimum, that the noise of a step is not small beside its distance. `crossing`: the
/// [`crossing_time`].
fn start_warning(problem: &Problem, step: f64, crossing: f64) -> Option<String> {
    let alpha = problem.noise().alpha().get();
    let time = crossing_time_from(problem, problem.basin().start());
    let noise = (step / time).powf(1.0 / alpha);
    (noise > START_NOISE && time < NEAR_START * crossing).then(|| {
        let fine = (0.5 * START_NOISE).powf(alpha) * time;
        format!(
            "paths start so near the edge that the noise of a step is {noise:.2} of the distance: expect an error of some {:.0} %, or set \
             euler = {{ step = {fine:.1e} }} or use jump_adapted",
            (100.0 * START_ERROR * noise).min(100.0)
        )
    })
}

impl EulerKernel {
    pub fn new(settings: &Euler, problem: &Problem) -> Result<Self, SchemeError> {
        let noise = problem.noise();
        let dim = problem.basin().dim();
        let alpha = noise.alpha();
        let relaxation = 1.0 / relaxation_rates(problem)[0];
        let corrected = settings.monitoring == Monitoring::Corrected;
        // Strong noise crosses the basin before the drift matters; without drift this is the only time scale.
        let crossing = crossing_time(problem);
        let share = if relaxation.is_finite() { STEP_PER_RELAXATION } else { STEP_PER_CROSSING };
        let clock = relaxation.min(crossing);
        let default = share * clock;
        // A given step with discrete monitoring needs none of the time scales. Near α = 1 the ratio of drift and noise barely depends on
        // the step, so `t*` sets no limit and may underflow.
        let needs_balance = !is_near_one(alpha) && (corrected || settings.step.is_none());
        let balance = if needs_balance { balance_time(problem, default) } else { None };
        let step = settings.step.unwrap_or_else(|| default.min(balance.unwrap_or(f64::INFINITY)));
        let mut warnings = Vec::new();
        let stiffness = step / relaxation;
        if settings.step.is_some() && *problem.dynamics() == Dynamics::Sgd && stiffness > 2.0 {
            warnings.push(format!(
                "euler step {step} is {stiffness:.3} relaxation times: above 2 the recursion is unstable, and its exit times can differ \
                 from those of the SDE by any factor"
            ));
        } else if settings.step.is_some() && corrected {
            // With discrete monitoring a large step is intended: it is the step of the optimiser.
            let error = 100.0 * (ERROR_PER_CLOCK * step / clock).min(1.0);
            if balance.is_some_and(|t| step > t) {
                warnings.push(format!(
                    "in an euler step of {step} the drift moves a path farther than the noise, and the shifted edge overcorrects: expect exits early by up to \
                     some {error:.1} %"
                ));
            } else if step > 4.0 * default {
                let times = step / default;
                warnings.push(format!(
                    "euler step {step} is {times:.0} times the default: expect an error of up to some {error:.1} %"
                ));
            }
        }
        if let (Some(warning), true) = (law_warning(noise, step), corrected) {
            warnings.push(warning);
        }
        if corrected && *problem.dynamics() == Dynamics::Sgd {
            warnings.extend(start_warning(problem, step, crossing));
        }
        let step_noise = StepNoise::of_step(problem, step)?;
        let scale = step_noise.scale();
        let shift = match settings.monitoring {
            Monitoring::Corrected => {
                let shift = basin_shift(alpha, step / crossing) * noise.increment_scale(step);
                shift * noise.law().relative_overshoot(alpha)
            }
            Monitoring::Discrete => 0.0,
        };
        let row_scales = if shift > 0.0 && problem.basin().sides().is_some() {
            noise.amplitude().row_scales(dim, alpha.get(), noise.structure())
        } else {
            vec![0.0; dim]
        };
        Ok(EulerKernel {
            problem: problem.clone(),
            step,
            monitoring: settings.monitoring,
            scale,
            shift,
            noise_scales: match problem.dynamics() {
                Dynamics::Adam(adam) => adam.noise_scales(noise, dim),
                _ => Vec::new(),
            },
            noise: step_noise,
            warnings,
            interval: IntervalProblem::of(problem)
                .map(|interval| (interval, IntervalSteps::of(problem, interval, StepConstants { step, scale, shift }))),
            axes: AxisSteps::of(problem, step, scale, shift, &row_scales),
            row_scales,
            widths: if problem.basin().sides().is_some() {
                (0..dim).map(|axis| problem.basin().width(axis)).collect()
            } else {
                Vec::new()
            },
            arch: Arch::new(),
        })
    }

    /// Without the recursion on an interval, for tests of it.
    #[cfg(test)]
    pub fn drop_interval(&mut self) {
        self.interval = None;
    }

    fn workspace(&self) -> EulerWorkspace {
        let zero = vec![0.0; self.problem.basin().dim()];
        let averages = match self.problem.dynamics() {
            Dynamics::Adam(adam) => Averages::new(adam, &self.noise_scales),
            _ => Averages::default(),
        };
        EulerWorkspace {
            x: zero.clone(),
            gradient: zero.clone(),
            xi: zero.clone(),
            kick: zero.clone(),
            normal: zero,
            averages,
            memories: [0.0; 2],
        }
    }

    // Its parts are inlined by attribute: the compiler does not do it by itself in a function that exists twice.
    fn path<O: Observer>(
        &self,
        ws: &mut EulerWorkspace,
        rng: &mut Stream,
        limits: Limits<'_>,
        observer: &mut O,
    ) -> PathRecord {
        let basin = self.problem.basin();
        ws.x.copy_from_slice(basin.start());
        if let Dynamics::Adam(adam) = self.problem.dynamics() {
            basin.potential().gradient(&ws.x, &mut ws.gradient);
            let sampled = adam.second_moment() == SecondMoment::Sampled;
            if sampled {
                self.noise.draw(&mut ws.xi, &mut ws.kick, rng);
            }
            ws.averages.start(&ws.gradient, sampled.then_some(&ws.kick));
            ws.memories = [0.0; 2];
        }
        let h = self.step;
        let mut events = 0;
        loop {
            if let Some(censored) = limits.reached(events, h) {
                return censored;
            }
            let t = events as f64 * h;
            events += 1;
            if let Some(axes) = &self.axes {
                self.noise.law().fill(&mut ws.xi, rng);
                let noise = if axes.is_coupled() {
                    self.problem.noise().amplitude().apply(&ws.xi, &mut ws.kick);
                    &ws.kick
                } else {
                    &ws.xi
                };
                if axes.step(self.arch, &mut ws.x, noise) {
                    observer.step(t + h, &ws.x);
                    continue;
                }
                self.problem.noise().amplitude().apply(&ws.xi, &mut ws.kick);
                ws.kick.iter_mut().for_each(|kick| *kick *= self.scale);
                return self.exit(ws, t + h, events);
            }
            basin.potential().gradient(&ws.x, &mut ws.gradient);
            self.noise.draw(&mut ws.xi, &mut ws.kick, rng);
            if let Dynamics::Adam(adam) = self.problem.dynamics() {
                self.step_adam(adam, ws);
            } else {
                for ((x, g), kick) in ws.x.iter_mut().zip(&ws.gradient).zip(&mut ws.kick) {
                    *kick *= self.scale;
                    *x += *kick - g * h;
                }
            }
            if !self.inside(ws) {
                return self.exit(ws, t + h, events);
            }
            observer.step(t + h, &ws.x);
        }
    }

    /// The record of a path that is outside.
    fn exit(&self, ws: &EulerWorkspace, time: f64, events: u64) -> PathRecord {
        let site = self.noise.exit_site(self.problem.basin(), &ws.x, &ws.xi, &ws.kick);
        PathRecord {
            outcome: site.map_or(Outcome::Diverged { at: time }, |site| Outcome::Exited { time, site }),
            events,
        }
    }

    /// [`EulerKernel::path`] on an interval, bit for bit: in lanes if the table draws the noise, else one by one.
    fn run_recursion<const K: usize>(
        &self,
        recursion: impl IntervalStep<K>,
        source: StreamSource,
        range: Range<u64>,
        limits: Limits<'_>,
        records: &mut Vec<PathRecord>,
    ) {
        let most = limits.steps(self.step);
        let mut ws = self.workspace();
        match self.noise.law() {
            StepLaw::Table(table) => {
                let lanes = StepKernel { recursion, table, arch: self.arch, source, most, limits };
                lanes.run(range, records, |ending| self.interval_record(&mut ws, ending, limits));
            }
            law => {
                let draw = |rng: &mut Stream| {
                    let mut xi = [0.0];
                    law.fill(&mut xi, rng);
                    xi[0]
                };
                records.extend(range.map(|path| {
                    let start = StepPath::new(recursion, source, path, &draw);
                    let ending = start.run_alone(recursion, most, limits, &draw, |_, _| ());
                    self.interval_record(&mut ws, &ending, limits)
                }));
            }
        }
    }

    /// One path of [`EulerKernel::run_recursion`].
    fn follow_recursion<const K: usize>(
        &self,
        recursion: impl IntervalStep<K>,
        (source, path): (StreamSource, u64),
        limits: Limits<'_>,
        ws: &mut EulerWorkspace,
        recorder: &mut Recorder<'_>,
    ) -> PathRecord {
        let draw = |rng: &mut Stream| match self.noise.law() {
            StepLaw::Table(table) => rand_distr::Distribution::sample(table, rng),
            law => {
                let mut xi = [0.0];
                law.fill(&mut xi, rng);
                xi[0]
            }
        };
        let h = self.step;
        let see = |steps: u64, x: f64| recorder.step((steps - 1) as f64 * h + h, &[x]);
        let start = StepPath::new(recursion, source, path, &draw);
        let ending = start.run_alone(recursion, limits.steps(h), limits, &draw, see);
        self.interval_record(ws, &ending, limits)
    }

    fn interval_record(&self, ws: &mut EulerWorkspace, ending: &Ending, limits: Limits<'_>) -> PathRecord {
        let events = ending.steps;
        let Some((x, kick)) = ending.exit else { return limits.censored(events, self.step) };
        (ws.x[0], ws.kick[0]) = (x, kick);
        ws.xi[0] = self.interval.map_or(kick, |(interval, _)| interval.noise_of(kick));
        self.exit(ws, (events - 1) as f64 * self.step + self.step, events)
    }

    /// One step of Adam from `∇F` in `gradient` and `Σξ` in `kick`, with `Q` at the beginning of the step.
    #[inline(always)]
    fn step_adam(&self, adam: &Adam, ws: &mut EulerWorkspace) {
        let h = self.step;
        let rates = [adam.beta1_rate(), adam.beta2_rate()];
        let [first, second] = [0, 1].map(|k| {
            let present = Adam::present(rates[k], h);
            ws.memories[k] = present + (1.0 - present) * ws.memories[k];
            present / ws.memories[k]
        });
        let sampled = adam.second_moment() == SecondMoment::Sampled;
        let EulerWorkspace { x, gradient, kick, averages, .. } = ws;
        // These loops over the coordinates vectorise with the same bits.
        self.arch.dispatch(
            #[inline(always)]
            || {
                let paths = x.iter_mut().zip(averages.m.iter_mut().zip(&averages.q));
                paths.zip(kick.iter_mut().zip(gradient.iter_mut())).for_each(|((x, (m, q)), (kick, g))| {
                    let inverse_q = 1.0 / q;
                    let z = *kick;
                    *kick = self.scale * z * inverse_q;
                    *x += *kick - h * *m * inverse_q;
                    *m += first * (*g - *m);
                    *g = if sampled { *g + z } else { *g };
                });
                if averages.moves() {
                    averages.move_second_moment(second, gradient, sampled);
                }
            },
        );
    }

    /// Whether the path is inside the shifted edge; a path that is not finite is not.
    #[inline(always)]
    fn inside(&self, ws: &mut EulerWorkspace) -> bool {
        let basin = self.problem.basin();
        let adam = matches!(self.problem.dynamics(), Dynamics::Adam(_));
        if let Some((lo, hi)) = basin.sides() {
            let (shift, q) = (self.shift, &ws.averages.q);
            let inside = |x: f64, [lo, hi, width]: [f64; 3], shift: f64| {
                let shift = watched_shift(shift, width);
                lo + shift < x && x < hi - shift
            };
            let sides = lo.iter().zip(hi).zip(&self.widths).map(|((lo, hi), width)| [*lo, *hi, *width]);
            let faces = ws.x.iter().zip(sides).zip(&self.row_scales);
            return self.arch.dispatch(
                #[inline(always)]
                || {
                    if adam {
                        faces.zip(q).fold(true, |all, (((x, side), scale), q)| {
                            all & inside(*x, side, shift * scale * (1.0 / q))
                        })
                    } else {
                        faces.fold(true, |all, ((x, side), scale)| all & inside(*x, side, shift * scale))
                    }
                },
            );
        }
        if !basin.contains(&ws.x) {
            return false;
        }
        if self.shift == 0.0 {
            return true;
        }
        let distance = basin.edge(&ws.x, &mut ws.normal);
        if adam {
            ws.normal.iter_mut().zip(&ws.averages.q).for_each(|(n, q)| *n /= q);
        }
        let noise = self.problem.noise();
        distance > self.shift * noise.amplitude().scale_along(&ws.normal, noise.alpha().get(), noise.structure())
    }
}

impl PathKernel for EulerKernel {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        match self.interval {
            Some((_, IntervalSteps::Sgd(recursion))) => {
                return self.run_recursion(recursion, source, range, limits, records);
            }
            Some((_, IntervalSteps::FrozenAdam(recursion))) => {
                return self.run_recursion(recursion, source, range, limits, records);
            }
            Some((_, IntervalSteps::MeanFieldAdam(recursion))) => {
                return self.run_recursion(recursion, source, range, limits, records);
            }
            Some((_, IntervalSteps::SampledAdam(recursion))) => {
                return self.run_recursion(recursion, source, range, limits, records);
            }
            None => {}
        }
        let mut ws = self.workspace();
        let mut path = |path| self.path(&mut ws, &mut source.stream(path), limits, &mut Unobserved);
        records.extend(range.map(&mut path));
    }

    fn follow(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> Option<(PathRecord, Trajectory)> {
        let (mut ws, mut recorder) = (self.workspace(), Recorder::new(self.problem.basin()));
        let number = (source, path);
        let record = match self.interval {
            Some((_, IntervalSteps::Sgd(recursion))) => {
                self.follow_recursion(recursion, number, limits, &mut ws, &mut recorder)
            }
            Some((_, IntervalSteps::FrozenAdam(recursion))) => {
                self.follow_recursion(recursion, number, limits, &mut ws, &mut recorder)
            }
            Some((_, IntervalSteps::MeanFieldAdam(recursion))) => {
                self.follow_recursion(recursion, number, limits, &mut ws, &mut recorder)
            }
            Some((_, IntervalSteps::SampledAdam(recursion))) => {
                self.follow_recursion(recursion, number, limits, &mut ws, &mut recorder)
            }
            None => self.path(&mut ws, &mut source.stream(path), limits, &mut recorder),
        };
        Some(recorder.end(record, &ws.x))
    }

    fn landing_point(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> Option<Vec<f64>> {
        let (record, trajectory) = self.follow(source, path, limits)?;
        landing_point(self.problem.basin(), trajectory.last()?.x, record.outcome)
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn describe(&self) -> String {
        let monitoring = match self.monitoring {
            Monitoring::Corrected => "corrected",
            Monitoring::Discrete => "discrete",
        };
        format!("euler, step {:.6}, {monitoring} monitoring", self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Asymmetric, Basin, Domain};
    use crate::noise::{Alpha, Amplitude, LevyNoise, LowRank, Seed, levels};
    use nalgebra::dmatrix;

    fn problem(dynamics: Dynamics) -> Problem {
        let basin = Basin::new(Asymmetric::new(vec![4.0], vec![0.5]).unwrap(), Domain::interval(-0.5, 1.0)).unwrap();
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.3).unwrap();
        Problem::new(basin, dynamics, noise.with_amplitude(Amplitude::Scalar(-1.25))).unwrap()
    }

    fn adam(moment: SecondMoment) -> Dynamics {
        Dynamics::Adam(Adam::new(1.0, 0.1).unwrap().with_second_moment(moment))
    }

    /// Lanes of every vector width and the general recursion give the same bits, including limits and exit sites.
    #[test]
    fn a_line_is_the_general_path_bit_for_bit() {
        let dynamics = [SecondMoment::Frozen, SecondMoment::MeanField, SecondMoment::Sampled].map(adam);
        for dynamics in dynamics.into_iter().chain([Dynamics::Sgd]) {
            for monitoring in [Monitoring::Corrected, Monitoring::Discrete] {
                let euler = Euler::with_step(0.002).unwrap().monitoring(monitoring);
                let mut kernel = EulerKernel::new(&euler, &problem(dynamics.clone())).unwrap();
                let source = StreamSource { seed: Seed(1), cell: 0 };
                let limits = Limits { max_time: 4.0, max_events: 1500, stop: None };
                let interval = kernel.interval.take();
                let mut general = Vec::new();
                kernel.run(source, 0..300, limits, &mut general);
                kernel.interval = interval;
                for arch in levels() {
                    kernel.arch = arch;
                    let mut lanes = Vec::new();
                    // One path runs alone, about ten in lanes of eight, the others in all widths.
                    for range in [0..1, 1..12, 12..300] {
                        kernel.run(source, range, limits, &mut lanes);
                    }
                    assert!(kernel.interval.is_some() && lanes == general, "{dynamics:?} {monitoring:?} {arch:?}");
                }
                let exits = general.iter().filter(|r| r.outcome.exit_time().is_some()).count();
                assert!(exits > 15 && exits < 300, "{exits}");
            }
        }
    }

    #[test]
    fn adam_in_many_dimensions_is_the_same_by_all_vectors() {
        for moment in [SecondMoment::Frozen, SecondMoment::MeanField, SecondMoment::Sampled] {
            let valley = Asymmetric::new(vec![2.0; 11], vec![0.5; 11]).unwrap();
            let basin = Basin::new(valley, Domain::Box(vec![[-0.5, 1.0]; 11])).unwrap();
            let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.1).unwrap();
            let problem = Problem::new(basin, adam(moment), noise).unwrap();
            let mut kernel = EulerKernel::new(&Euler::with_step(0.01).unwrap(), &problem).unwrap();
            let mut runs = levels().into_iter().map(|arch| {
                kernel.arch = arch;
                let mut records = Vec::new();
                kernel.run(StreamSource { seed: Seed(2), cell: 0 }, 0..100, Limits::default(), &mut records);
                records
            });
            let scalar = runs.next().unwrap();
            assert!(runs.all(|vectors| vectors == scalar), "{moment:?}");
        }
    }

    #[test]
    fn axes_are_the_general_path_bit_for_bit() {
        let low_rank = LowRank::new(vec![1.0, -0.5, 2.0], dmatrix![0.3; -0.4; 0.2], dmatrix![0.5; 0.1; -0.6]).unwrap();
        for sigma in [Amplitude::Diagonal(vec![1.0, -0.5, 2.0]), Amplitude::from(low_rank)] {
            let valley = Asymmetric::new(vec![4.0, 1.0, 2.0], vec![0.5, 2.0, 2.0]).unwrap();
            let basin = Basin::new(valley, Domain::Box(vec![[-0.5, 1.0], [-1.0, 1.0], [-0.7, 0.6]])).unwrap();
            let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.2).unwrap().with_amplitude(sigma);
            let problem = Problem::new(basin, Dynamics::Sgd, noise).unwrap();
            let mut kernel = EulerKernel::new(&Euler::with_step(0.01).unwrap(), &problem).unwrap();
            let source = StreamSource { seed: Seed(2), cell: 0 };
            let axes = kernel.axes.take();
            let mut general = Vec::new();
            kernel.run(source, 0..200, Limits::default(), &mut general);
            kernel.axes = axes;
            for arch in levels() {
                kernel.arch = arch;
                let mut fast = Vec::new();
                kernel.run(source, 0..200, Limits::default(), &mut fast);
                assert!(kernel.axes.is_some() && fast == general, "{arch:?}");
            }
        }
    }
}
