//! # Euler's scheme
//!
//! `θ_{k+1} = θ_k - ∇F h + ε h^(1/α) Σ ξ_k` with `ξ_k` SαS(1); with `h = η` this is SGD itself. Adam divides both terms by `Q_k`,
//! which is known before the jump. Exits are seen at steps, late by `O(h^(1/α))` for `α > 1`; the corrected monitoring
//! watches the edge `β_α ε h^(1/α)` (local amplitude) earlier, which leaves an error of order `h`.

use std::ops::Range;

use rand_distr::Distribution;
use serde::Serialize;

use super::barrier::discrete_monitoring_shift;
use super::step_noise::{StepLaw, StepNoise};
use super::time_scale::{balance_time, crossing_time, relaxation_rates};
use super::{Limits, Outcome, PathKernel, PathRecord, Scheme, SchemeError, Site, StreamSource};
use crate::dynamics::{Adam, Averages, Dynamics, Problem, SecondMoment};
use crate::landscape::Form;
use crate::noise::{Stream, Structure};

/// Default step in relaxation times: the error that the shifted edge leaves is of order `h`.
const STEP_PER_RELAXATION: f64 = 0.003;

/// Default step in crossing times where there is no drift to relax by.
const STEP_PER_CROSSING: f64 = 0.001;

/// Where the exit is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Monitoring {
    /// The edge shifted inwards by the mean overshoot of a step: estimates the exit of the SDE.
    #[default]
    Corrected,
    /// The edge itself, seen at steps: what an optimiser with `h = η` does.
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

    /// With another monitoring.
    pub fn monitoring(mut self, monitoring: Monitoring) -> Self {
        self.monitoring = monitoring;
        self
    }
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
        Ok(())
    }

    fn prepare(&self, problem: &Problem) -> Result<Box<dyn PathKernel>, SchemeError> {
        self.check(problem)?;
        Ok(Box::new(EulerKernel::new(self, problem)))
    }
}

pub(super) struct EulerKernel {
    problem: Problem,
    step: f64,
    monitoring: Monitoring,
    /// `ε h^(1/α)`, the scale of one coordinate's step before `Σ`.
    scale: f64,
    /// `β_α ε h^(1/α)`, before the local amplitude; 0 for discrete monitoring.
    shift: f64,
    /// Scale of every row of `Σ L_1`: the local amplitude at the faces of a box.
    row_scales: Vec<f64>,
    noise_scales: Vec<f64>,
    noise: StepNoise,
    warnings: Vec<String>,
    line: Option<Line>,
}

/// SGD on an interval with a piecewise linear force: the same recursion on scalars.
struct Line {
    minimum: f64,
    curvatures: [f64; 2],
    amplitude: f64,
    /// The ends as they are watched.
    lo: f64,
    hi: f64,
}

impl Line {
    fn of(problem: &Problem, shift: f64) -> Option<Self> {
        let (basin, noise) = (problem.basin(), problem.noise());
        if basin.dim() != 1 || *problem.dynamics() != Dynamics::Sgd || noise.structure() != Structure::Independent {
            return None;
        }
        let curvatures = match basin.potential().form() {
            Form::Flat => [0.0, 0.0],
            Form::Diagonal(k) => [k[0], k[0]],
            Form::Asymmetric { left, right } => [left[0], right[0]],
            _ => return None,
        };
        let (lo, hi) = basin.sides().map(|(lo, hi)| (lo[0], hi[0]))?;
        let amplitude = noise.amplitude().column(1, 0)[0];
        let shift = watched_shift(shift * amplitude.abs(), lo, hi);
        Some(Line { minimum: basin.minimum()[0], curvatures, amplitude, lo: lo + shift, hi: hi - shift })
    }
}

/// The shift at a pair of faces: steps so wide that it would swallow the basin see the edge itself.
fn watched_shift(shift: f64, lo: f64, hi: f64) -> f64 {
    shift.min(0.45 * (hi - lo))
}

/// Vectors of one path, of length `d` each.
struct Workspace {
    x: Vec<f64>,
    gradient: Vec<f64>,
    xi: Vec<f64>,
    kick: Vec<f64>,
    normal: Vec<f64>,
    averages: Averages,
}

impl EulerKernel {
    pub fn new(settings: &Euler, problem: &Problem) -> Self {
        let noise = problem.noise();
        let dim = problem.basin().dim();
        let alpha = noise.alpha();
        let relaxation = 1.0 / relaxation_rates(problem)[0];
        let balance = balance_time(problem);
        // Without drift the only clock is the time the noise takes to cross the basin.
        let (clock, share) = match relaxation.is_finite() {
            true => (relaxation, STEP_PER_RELAXATION),
            false => (crossing_time(problem), STEP_PER_CROSSING),
        };
        let default = share * clock;
        let step = settings.step.unwrap_or_else(|| default.min(balance.unwrap_or(f64::INFINITY)));
        let mut warnings = Vec::new();
        // With discrete monitoring a large step is the point: it is what the optimiser does.
        if settings.step.is_some() && settings.monitoring == Monitoring::Corrected {
            let error = 100.0 * (step / clock).min(1.0);
            if let Some(balance) = balance.filter(|t| step > *t) {
                warnings.push(format!(
                    "euler step {step} is above t* = {balance:.3e}, where the shifted edge overcorrects: expect exits early by \
                     some {error:.1} %"
                ));
            } else if step > 4.0 * default {
                let times = step / default;
                warnings.push(format!(
                    "euler step {step} is {times:.0} times the default: expect an error of about {error:.1} %"
                ));
            }
        }
        let scale = noise.increment_scale(step);
        let shift = match settings.monitoring {
            Monitoring::Corrected => discrete_monitoring_shift(alpha).unwrap_or(0.0) * scale,
            Monitoring::Discrete => 0.0,
        };
        let mut normal = vec![0.0; dim];
        let row_scales = (0..dim).map(|i| {
            normal[i] = 1.0;
            let row = noise.amplitude().scale_along(&normal, alpha.get(), noise.structure());
            normal[i] = 0.0;
            row
        });
        EulerKernel {
            problem: problem.clone(),
            step,
            monitoring: settings.monitoring,
            scale,
            shift,
            row_scales: row_scales.collect(),
            noise_scales: match problem.dynamics() {
                Dynamics::Adam(adam) => adam.noise_scales(noise, dim),
                _ => Vec::new(),
            },
            noise: StepNoise::new(problem),
            warnings,
            line: Line::of(problem, shift),
        }
    }

    fn workspace(&self) -> Workspace {
        let zero = vec![0.0; self.problem.basin().dim()];
        let averages = match self.problem.dynamics() {
            Dynamics::Adam(adam) => Averages::new(adam, &self.noise_scales),
            _ => Averages::default(),
        };
        Workspace {
            x: zero.clone(),
            gradient: zero.clone(),
            xi: zero.clone(),
            kick: zero.clone(),
            normal: zero,
            averages,
        }
    }

    fn path(&self, ws: &mut Workspace, rng: &mut Stream, limits: Limits<'_>) -> PathRecord {
        let basin = self.problem.basin();
        ws.x.copy_from_slice(basin.start());
        if let Dynamics::Adam(adam) = self.problem.dynamics() {
            basin.potential().gradient(&ws.x, &mut ws.gradient);
            let sampled = adam.second_moment() == SecondMoment::Sampled;
            if sampled {
                self.noise.draw(&mut ws.xi, &mut ws.kick, rng);
            }
            ws.averages.start(&ws.gradient, sampled.then_some(&ws.kick));
        }
        let h = self.step;
        let mut events = 0;
        loop {
            if let Some(censored) = limits.reached(events, h) {
                return censored;
            }
            let t = events as f64 * h;
            basin.potential().gradient(&ws.x, &mut ws.gradient);
            self.noise.draw(&mut ws.xi, &mut ws.kick, rng);
            if let Dynamics::Adam(adam) = self.problem.dynamics() {
                self.step_adam(adam, ws, t);
            } else {
                for ((x, g), kick) in ws.x.iter_mut().zip(&ws.gradient).zip(&mut ws.kick) {
                    *kick *= self.scale;
                    *x += *kick - g * h;
                }
            }
            events += 1;
            if !self.inside(ws) {
                let time = t + h;
                let outcome = match ws.x.iter().all(|x| x.is_finite()) {
                    true => Outcome::Exited { time, site: self.site(ws) },
                    false => Outcome::Diverged { at: time },
                };
                return PathRecord { outcome, events };
            }
        }
    }

    /// [`EulerKernel::path`] on a line, bit for bit.
    fn line_path(
        &self,
        line: &Line,
        ws: &mut Workspace,
        draw: impl Fn(&mut Stream) -> f64,
        rng: &mut Stream,
        limits: Limits<'_>,
    ) -> PathRecord {
        let h = self.step;
        let mut x = self.problem.basin().start()[0];
        let mut events = 0;
        loop {
            if let Some(censored) = limits.reached(events, h) {
                return censored;
            }
            let t = events as f64 * h;
            let offset = x - line.minimum;
            let gradient = line.curvatures[usize::from(offset >= 0.0)] * offset;
            let xi = draw(rng);
            let kick = line.amplitude * xi * self.scale;
            x += kick - gradient * h;
            events += 1;
            if !(line.lo < x && x < line.hi) {
                (ws.x[0], ws.xi[0], ws.kick[0]) = (x, xi, kick);
                let time = t + h;
                let outcome = match x.is_finite() {
                    true => Outcome::Exited { time, site: self.site(ws) },
                    false => Outcome::Diverged { at: time },
                };
                return PathRecord { outcome, events };
            }
        }
    }

    /// One step of Adam from `∇F` in `gradient` and `Σξ` in `kick`, with the `Q` of the step's beginning.
    fn step_adam(&self, adam: &Adam, ws: &mut Workspace, t: f64) {
        let h = self.step;
        let first = Adam::weight(adam.beta1_rate(), t, h);
        let second = Adam::weight(adam.beta2_rate(), t, h);
        let averages = &mut ws.averages;
        for i in 0..ws.x.len() {
            let (g, z) = (ws.gradient[i], ws.kick[i]);
            ws.kick[i] = self.scale * z / averages.q[i];
            ws.x[i] += ws.kick[i] - h * averages.m[i] / averages.q[i];
            averages.m[i] += first * (g - averages.m[i]);
            let target = match adam.second_moment() {
                SecondMoment::Frozen => continue,
                SecondMoment::MeanField => averages.target(i, g),
                SecondMoment::Sampled => (g + z) * (g + z),
            };
            averages.v[i] += second * (target - averages.v[i]);
        }
        if averages.moves() {
            averages.set_preconditioner();
        }
    }

    /// Whether the path is inside the shifted edge; a path that is not finite is not.
    fn inside(&self, ws: &mut Workspace) -> bool {
        let basin = self.problem.basin();
        let adam = matches!(self.problem.dynamics(), Dynamics::Adam(_));
        if let Some((lo, hi)) = basin.sides() {
            return (0..ws.x.len()).all(|i| {
                let amplitude = if adam { self.row_scales[i] / ws.averages.q[i] } else { self.row_scales[i] };
                let shift = watched_shift(self.shift * amplitude, lo[i], hi[i]);
                lo[i] + shift < ws.x[i] && ws.x[i] < hi[i] - shift
            });
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

    fn site(&self, ws: &Workspace) -> Site {
        self.noise.site(self.problem.basin(), &ws.x, &ws.xi, &ws.kick)
    }
}

impl PathKernel for EulerKernel {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        let mut ws = self.workspace();
        for path in range {
            let mut rng = source.stream(path);
            records.push(match (&self.line, self.noise.law()) {
                (Some(line), StepLaw::Table(table)) => {
                    self.line_path(line, &mut ws, |rng| table.sample(rng), &mut rng, limits)
                }
                (Some(line), StepLaw::Transformation(law)) => {
                    self.line_path(line, &mut ws, |rng| law.sample(rng), &mut rng, limits)
                }
                (None, _) => self.path(&mut ws, &mut rng, limits),
            });
        }
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
    use crate::noise::{Alpha, LevyNoise, Seed};

    /// The scalar recursion and the general one give the same bits, limits and places included.
    #[test]
    fn a_line_is_the_general_path_bit_for_bit() {
        let basin = Basin::new(Asymmetric::new(vec![4.0], vec![0.5]).unwrap(), Domain::interval(-0.5, 1.0)).unwrap();
        for monitoring in [Monitoring::Corrected, Monitoring::Discrete] {
            let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.3).unwrap();
            let problem = Problem::new(basin.clone(), Dynamics::Sgd, noise).unwrap();
            let mut kernel = EulerKernel::new(&Euler::with_step(0.002).unwrap().monitoring(monitoring), &problem);
            let source = StreamSource { seed: Seed(1), cell: 0 };
            let limits = Limits { max_time: 4.0, max_events: 1500, stop: None };
            let (mut line, mut general) = (Vec::new(), Vec::new());
            kernel.run(source, 0..300, limits, &mut line);
            kernel.line = None;
            kernel.run(source, 0..300, limits, &mut general);
            assert!(kernel.line.is_none() && line == general);
        }
    }
}
