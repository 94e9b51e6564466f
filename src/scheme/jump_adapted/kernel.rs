//! # Jump-adapted scheme
//!
//! Jumps that move the parameters by more than a fraction `κ` of the distance to the edge are drawn exactly, at Poisson times
//! with Pareto sizes; the others are replaced by a Brownian motion of the same variance. Between jumps the flow is solved
//! exactly where a formula exists. The number of events of a path does not grow as `ε` falls.
//!
//! Near the edge all scales follow the remaining distance: the cut is a share of the distances to the edge from the present point, the
//! small jumps are replaced by a Brownian motion and jumps at the cut that preserve variance and fourth cumulant, steps are short, and a
//! Brownian bridge is tested against a barrier beyond the edge, at a derived share of the cut. A large jump leaves if it crosses the edge
//! itself. The page `docs/schemes.md` has the derivations.
//!
//! # References
//! - Asmussen, Rosiński (2001), *Approximations of Small Jumps of Lévy Processes with a View towards Simulation*.
//! - Kohatsu-Higa, Tankov (2010), *Jump-Adapted Discretization Schemes for Lévy-Driven SDEs*.

use std::ops::Range;

use super::adam_motion::AdamMotion;
use super::axis_steps::SmoothAxis;
use super::barrier::STEP_RELAXATION;
use super::cut::Ladder;
use super::cut_laws::{CutMeasure, axis_scales};
use super::few::FewEvents;
use super::interval::{AdamEvents, AdamKink, AnyEvents, EventCuts, EventKernel, KinkEvents, SmoothEvents};
use super::large_jumps::LargeJumps;
use super::lazy::{LazyRun, lazy_events};
use super::path_events::{PathEvents, spreads};
use super::thresholds::{FAR, NEAR, far_threshold, near_threshold};
use crate::dynamics::{Dynamics, Preconditioner, Problem, SecondMoment};
use crate::noise::{NoiseLaw, QuantileTable};
use crate::scheme::exit_site::landing_point;
use crate::scheme::interval::IntervalProblem;
use crate::scheme::occupancy::HittingKernel;
use crate::scheme::time_scale::{crossing_time, relaxation_rates};
use crate::scheme::{Limits, PathKernel, PathRecord, Scheme, SchemeError, StreamSource, Trajectory};

/// Settings of the jump-adapted scheme.
///
/// # Example
/// ```
/// use levy_escape::scheme::JumpAdapted;
///
/// let finer = JumpAdapted::default().threshold(0.05)?;
/// # Ok::<(), levy_escape::scheme::SchemeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JumpAdapted {
    threshold: Option<f64>,
    step_cap: Option<f64>,
}

impl JumpAdapted {
    /// Default cap of a step near the edge, in relaxation times.
    pub const STEP_CAP: f64 = STEP_RELAXATION;

    /// Largest default share `κ` of the distance from the minimum to the edge, far from the edge. It falls at a kink, where small jumps displace
    /// the mean position.
    pub const THRESHOLD_FAR: f64 = FAR;

    /// Largest default share `κ` of the remaining distance, near the edge. It falls if an exit takes several standard deviations of the
    /// small jumps.
    pub const THRESHOLD_NEAR: f64 = NEAR;

    /// Draws exactly the jumps that move the parameters by more than `kappa` of the distance to the edge: the distance from the minimum
    /// far from the edge, the remaining distance near it. By default [`JumpAdapted::THRESHOLD_FAR`] and [`JumpAdapted::THRESHOLD_NEAR`].
    ///
    /// # Errors
    /// [`SchemeError::Setting`] unless `0 < kappa <= 0.5`.
    pub fn threshold(mut self, kappa: f64) -> Result<Self, SchemeError> {
        if !(kappa > 0.0 && kappa <= 0.5) {
            return Err(SchemeError::Setting { name: "threshold", value: kappa, expected: "is outside (0, 0.5]" });
        }
        self.threshold = Some(kappa);
        Ok(self)
    }

    /// Caps the steps near the edge at `cap` relaxation times, .25 by default.
    ///
    /// # Errors
    /// [`SchemeError::Setting`] unless `0 < cap <= 1`.
    pub fn step_cap(mut self, cap: f64) -> Result<Self, SchemeError> {
        if !(cap > 0.0 && cap <= 1.0) {
            return Err(SchemeError::Setting { name: "step_cap", value: cap, expected: "is outside (0, 1]" });
        }
        self.step_cap = Some(cap);
        Ok(self)
    }
}

impl Scheme for JumpAdapted {
    fn name(&self) -> &'static str {
        "jump_adapted"
    }

    fn check(&self, problem: &Problem) -> Result<(), SchemeError> {
        if problem.dynamics().learning_rate().is_some() {
            return Err(SchemeError::Discrete);
        }
        let law = problem.noise().law();
        let is_cut = matches!(law, NoiseLaw::Tempered { .. } | NoiseLaw::Truncated { .. });
        let has_target = problem.basin().target().is_some();
        if !(law.is_stable() || *law == NoiseLaw::Gaussian || (is_cut && !has_target)) {
            let takes = if has_target { "SαS noise towards a target" } else { "SαS, tempered and truncated noise" };
            return Err(SchemeError::Law { scheme: self.name(), takes, law: law.name() });
        }
        if problem.noise().alpha().is_gaussian() {
            return Err(SchemeError::Gaussian);
        }
        if let Dynamics::Adam(adam) = problem.dynamics()
            && adam.second_moment() == SecondMoment::Sampled
        {
            return Err(SchemeError::Sampled);
        }
        if has_target {
            return HittingKernel::check(problem);
        }
        let basin = problem.basin();
        if basin.is_followed() && !basin.knows_distances() {
            return Err(SchemeError::NoDistances { scheme: self.name() });
        }
        SchemeError::check_hessian(problem)?;
        let coupled = !problem.noise().amplitude().is_diagonal();
        SchemeError::check_matrix("the covariance of the small jumps", coupled, problem.basin().dim())
    }

    fn prepare(&self, problem: &Problem) -> Result<Box<dyn PathKernel>, SchemeError> {
        self.check(problem)?;
        if problem.basin().target().is_some() {
            return Ok(Box::new(HittingKernel::new(problem, self.threshold, self.step_cap)?));
        }
        Ok(Box::new(JumpAdaptedKernel::new(self, problem)?))
    }
}

pub(super) struct JumpAdaptedKernel {
    /// One path at a time, for any problem.
    pub(super) paths: PathEvents,
    /// Many paths at a time, for a problem on an interval.
    pub(super) interval: Option<EventKernel>,
    /// By the coordinates that are active, where those at rest stay away from the edge.
    pub(super) lazy: Option<Box<dyn LazyRun>>,
    /// Many paths at a time, in few dimensions.
    pub(super) few: Option<FewEvents>,
    thresholds: [f64; 2],
    warnings: Vec<String>,
}

impl JumpAdaptedKernel {
    pub(super) fn new(settings: &JumpAdapted, problem: &Problem) -> Result<Self, SchemeError> {
        let rest = problem.preconditioner().unwrap_or_else(Preconditioner::identity);
        let reaches = LargeJumps::reaches(problem, &rest);
        let rate = LargeJumps::rate_to_edge(problem, &reaches);
        if !(rate > 0.0) {
            return Err(SchemeError::Unreachable);
        }
        let alpha = problem.noise().alpha().get();
        let [fastest, slowest] = relaxation_rates(problem);
        let law = CutMeasure::of(problem.noise()).map(|measure| {
            let scales = axis_scales(&measure, problem, &rest, &reaches, &spreads(problem, &rest));
            (measure, scales)
        });
        let scales = law.as_ref().map(|(_, scales)| &scales[..]);
        let thresholds = match settings.threshold {
            Some(kappa) => [kappa; 2],
            None => [far_threshold(problem, &rest, &reaches, scales), near_threshold(alpha, rate, slowest)],
        };
        let jumps = LargeJumps::new(problem, &reaches, thresholds);
        let near_step = settings.step_cap.unwrap_or(STEP_RELAXATION);
        let longest = near_step / fastest;
        let warnings = start_warning(problem).into_iter().collect();
        if let Some((measure, scales)) = law {
            // The lanes draw stable jumps.
            let jumps = jumps.with_cut_law(measure, &reaches, &scales, thresholds[1]);
            let moving = || reaches.iter().zip(&scales).filter(|(reach, _)| reach.is_finite());
            let [far, near] = thresholds;
            let smallest = [
                moving().map(|(reach, scales)| scales.far / reach).fold(far, f64::min),
                moving().map(|(reach, scales)| scales.near / reach).fold(near, f64::min),
            ];
            let paths = PathEvents::new(problem, jumps, Some(&scales), reaches, [near_step, longest]);
            return Ok(JumpAdaptedKernel {
                paths,
                interval: None,
                lazy: None,
                few: None,
                thresholds: smallest,
                warnings,
            });
        }
        let interval = IntervalProblem::of(problem)
            .and_then(|interval| interval_events(problem, interval, &jumps, &rest, [near_step, longest]));
        let interval = interval.and_then(|events| {
            let table = QuantileTable::pareto(problem.noise().alpha(), 1.0)?;
            Some(EventKernel::new(events, table))
        });
        let paths = PathEvents::new(problem, jumps, None, reaches, [near_step, longest]);
        let lazy = lazy_events(problem, paths.jumps(), &rest, &paths.loads(), longest);
        let few = FewEvents::new(problem, &paths);
        Ok(JumpAdaptedKernel { paths, interval, lazy, few, thresholds, warnings })
    }
}

/// A start so near the edge that the smallest cut is not small beside its distance.
fn start_warning(problem: &Problem) -> Option<String> {
    let basin = problem.basin();
    let left = 1.0 - basin.gauge(basin.start());
    (left < Ladder::FLOOR).then(|| {
        format!(
            "paths start at a distance of {left:.1e} of the way from the edge to the minimum, and cuts and steps are not small compared with it: means \
             are 4 % too small at 1e-4 and three times too large at 1e-6"
        )
    })
}

#[cfg(test)]
impl JumpAdaptedKernel {
    /// One path at a time.
    pub(super) fn paths_alone(mut self) -> Self {
        (self.interval, self.lazy, self.few) = (None, None, None);
        self
    }
}

/// The events of a problem on an interval, for the dynamics that have them.
fn interval_events(
    problem: &Problem,
    interval: IntervalProblem,
    jumps: &LargeJumps,
    rest: &Preconditioner,
    [near_step, longest]: [f64; 2],
) -> Option<AnyEvents> {
    let alpha = problem.noise().alpha().get();
    let q = rest.entry(0);
    let floor = SmoothAxis::NOTHING / crossing_time(problem);
    let is_smooth = interval.curvatures[0] == interval.curvatures[1];
    match problem.dynamics() {
        Dynamics::Adam(adam) => {
            let spreads = interval.curvatures.map(|k| 0.5 * q / k + 0.5 / adam.beta1_rate());
            let cuts = EventCuts::new(jumps, alpha, interval.reaches().map(|reach| reach * q), spreads);
            let motion = AdamMotion::new(problem, adam, jumps);
            let at_rest = interval.start == interval.minimum;
            match (is_smooth, adam.second_moment().is_constant()) {
                (true, true) => AdamEvents::new(interval, &motion, cuts, longest, at_rest).map(AnyEvents::FrozenAdam),
                (true, false) => {
                    AdamEvents::new(interval, &motion, cuts, longest, at_rest).map(AnyEvents::MeanFieldAdam)
                }
                (false, true) => {
                    AdamKink::new(interval, &motion, cuts, longest, at_rest).map(AnyEvents::FrozenAdamKink)
                }
                (false, false) => {
                    AdamKink::new(interval, &motion, cuts, longest, at_rest).map(AnyEvents::MeanFieldAdamKink)
                }
            }
        }
        _ => {
            let cuts = EventCuts::new(jumps, alpha, interval.reaches(), interval.curvatures.map(|k| 0.5 / k));
            Some(if is_smooth {
                AnyEvents::Smooth(SmoothEvents::new(interval, cuts, longest, floor))
            } else {
                AnyEvents::Kink(KinkEvents::new(interval, cuts, near_step, floor))
            })
        }
    }
}

impl PathKernel for JumpAdaptedKernel {
    fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        match (&self.interval, &self.lazy, &self.few) {
            (Some(events), ..) => events.run(source, range, limits, records),
            (_, Some(events), _) => events.run(source, range, limits, records),
            (_, _, Some(events)) => events.run(&self.paths, source, range, limits, records),
            _ => self.paths.run(source, range, limits, records),
        }
    }

    fn follow(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> Option<(PathRecord, Trajectory)> {
        // Lanes on a line and active coordinates have random numbers of their own: each way of running a path is followed by itself.
        Some(match (&self.interval, &self.lazy) {
            (Some(events), _) => events.follow(self.paths.basin(), source, path, limits),
            (_, Some(events)) => events.follow(self.paths.basin(), source, path, limits),
            _ => self.paths.follow(source, path, limits),
        })
    }

    fn landing_point(&self, source: StreamSource, path: u64, limits: Limits<'_>) -> Option<Vec<f64>> {
        if self.interval.is_none() && self.lazy.is_some() {
            return None;
        }
        let (record, trajectory) = self.follow(source, path, limits)?;
        landing_point(self.paths.basin(), trajectory.last()?.x, record.outcome)
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn describe(&self) -> String {
        let [far, near] = self.thresholds;
        format!("jump_adapted, threshold {far:.3}, near the edge {near:.3} of the distance left")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::Dynamics;
    use crate::landscape::{Asymmetric, Basin, Domain, Quadratic};
    use crate::noise::{Alpha, LevyNoise, Seed};
    use crate::theory::exact_exit;

    /// Checks a mean exit time within .5 % and three standard errors.
    fn check_mean(problem: &Problem, exact: f64, paths: u64) {
        let mut records = Vec::new();
        let kernel = JumpAdapted::default().prepare(problem).unwrap();
        kernel.run(StreamSource { seed: Seed(3), cell: 0 }, 0..paths, Limits::default(), &mut records);
        let times: Vec<f64> = records.iter().map(|record| record.outcome.exit_time().unwrap()).collect();
        let n = times.len() as f64;
        let mean = times.iter().sum::<f64>() / n;
        let error = (times.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (n * (n - 1.0))).sqrt();
        assert!((mean - exact).abs() < 0.005 * exact + 3.0 * error, "{problem:?}: {mean} ± {error}, exact {exact}");
    }

    /// Half of the jumps are larger than any `f64` at `α = .001`.
    #[test]
    fn tiny_alpha_has_the_mean_of_one_jump() {
        for alpha in [1e-4, 1e-3, 4e-3, 0.05, 0.06, 0.19] {
            let basin = Basin::new(Quadratic::new(vec![1e-6]).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
            let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), 0.5).unwrap();
            let problem = Problem::new(basin, Dynamics::Sgd, noise).unwrap();
            check_mean(&problem, 2f64.powf(alpha) / statrs::function::gamma::gamma(1.0 + alpha), 40_000);
        }
    }

    /// Strong noise jumps several times within a relaxation time of a steep side, which is then no wall.
    #[test]
    fn strong_noise_sees_the_steep_side_of_a_kink() {
        for (curvatures, ends) in
            [([100.0, 2.0], [-0.1, 10.0]), ([100.0, 1.0], [-0.1, 10.0]), ([0.5, 60.0], [-8.0, 0.12])]
        {
            let [left, right] = curvatures.map(|k| vec![k]);
            let domain = Domain::interval(ends[0], ends[1]);
            let basin = Basin::new(Asymmetric::new(left, right).unwrap(), domain).unwrap();
            let noise = LevyNoise::new(Alpha::new(1.8).unwrap(), 0.3).unwrap();
            let problem = Problem::new(basin, Dynamics::Sgd, noise).unwrap();
            check_mean(&problem, exact_exit(&problem).unwrap().mean(0.0).unwrap(), 100_000);
        }
    }

    #[test]
    fn only_starts_beside_the_edge_are_warned_of() {
        let warned = |start: f64| {
            let basin = Basin::new(Quadratic::new(vec![1.0; 2]).unwrap(), Domain::ball(1.0)).unwrap();
            let noise = LevyNoise::new(Alpha::new(1.2).unwrap(), 0.5).unwrap();
            let problem = Problem::new(basin.with_start(vec![0.0, start]).unwrap(), Dynamics::Sgd, noise).unwrap();
            !JumpAdapted::default().prepare(&problem).unwrap().warnings().is_empty()
        };
        assert_eq!([0.0, -0.99, 0.999, 0.9995, -0.999_999].map(warned), [false, false, false, true, true]);
    }
}
