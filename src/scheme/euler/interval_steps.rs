//! Euler's recursions on an interval: the general step on scalars.

use pulp::Simd;

use super::interval_lanes::IntervalStep;
use super::monitoring::watched_shift;
use crate::dynamics::{Adam, Dynamics, Problem, SecondMoment};
use crate::scheme::interval::IntervalProblem;

/// Constants of the step of any recursion.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepConstants {
    /// The step `h`.
    pub step: f64,
    /// The scale `ε h^(1/α)` of its noise.
    pub scale: f64,
    /// The shift of the edge before the amplitude.
    pub shift: f64,
}

/// SGD: the state is `x`.
#[derive(Clone, Copy, Debug)]
pub(super) struct SgdIntervalStep {
    interval: IntervalProblem,
    /// The step `h`, and the scale `ε h^(1/α)` of its noise.
    step: f64,
    scale: f64,
    /// The ends, shifted for monitoring.
    lo: f64,
    hi: f64,
}

impl SgdIntervalStep {
    pub fn new(interval: IntervalProblem, constants: StepConstants) -> Self {
        let StepConstants { step, scale, shift } = constants;
        let shift = watched_shift(shift * interval.amplitude.abs(), interval.width());
        SgdIntervalStep { interval, step, scale, lo: interval.lo + shift, hi: interval.hi - shift }
    }
}

impl IntervalStep<1> for SgdIntervalStep {
    fn start(self, _draw: impl FnMut() -> f64) -> [f64; 1] {
        [self.interval.start]
    }

    #[inline(always)]
    fn step<S: Simd>(self, simd: S, [x]: &mut [S::f64s; 1], xi: S::f64s) -> (S::f64s, S::m64s) {
        let interval = &self.interval;
        let gradient = interval.gradients(simd, *x);
        let kick = simd.mul_f64s(interval.displacements(simd, xi), simd.splat_f64s(self.scale));
        let drift = simd.mul_f64s(gradient, simd.splat_f64s(self.step));
        *x = simd.add_f64s(*x, simd.sub_f64s(kick, drift));
        let above = simd.less_than_f64s(simd.splat_f64s(self.lo), *x);
        let below = simd.less_than_f64s(*x, simd.splat_f64s(self.hi));
        (kick, simd.and_m64s(above, below))
    }
}

/// Adam: the state is `x`, `m̂`, `v̂`, the memories of the two averages (see [`Adam::present`]) and `1/q`. If `MOVES`, the
/// second moment follows the square of a `SAMPLED` gradient or its mean field. Both are constants of the type, since a branch would
/// cost a quarter of the step.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdamIntervalStep<const MOVES: bool, const SAMPLED: bool> {
    interval: IntervalProblem,
    /// The step `h`, and the scale `ε h^(1/α)` of its noise.
    step: f64,
    scale: f64,
    /// `1 - e^(-βh)` of the two averages.
    present: [f64; 2],
    /// `s²`.
    square: f64,
    stabilizer: f64,
    /// Shift of the edge where `q = 1`, and its upper limit.
    shift: f64,
    widest: f64,
}

impl<const MOVES: bool, const SAMPLED: bool> AdamIntervalStep<MOVES, SAMPLED> {
    pub fn new(interval: IntervalProblem, adam: &Adam, noise_scale: f64, constants: StepConstants) -> Self {
        let StepConstants { step, scale, shift } = constants;
        debug_assert_eq!(MOVES, !adam.second_moment().is_constant());
        debug_assert_eq!(SAMPLED, adam.second_moment() == SecondMoment::Sampled);
        AdamIntervalStep {
            interval,
            step,
            scale,
            present: [adam.beta1_rate(), adam.beta2_rate()].map(|rate| Adam::present(rate, step)),
            square: noise_scale * noise_scale,
            stabilizer: adam.stabilizer(),
            shift: shift * interval.amplitude.abs(),
            widest: watched_shift(f64::INFINITY, interval.width()),
        }
    }
}

impl<const MOVES: bool, const SAMPLED: bool> IntervalStep<6> for AdamIntervalStep<MOVES, SAMPLED> {
    fn start(self, mut draw: impl FnMut() -> f64) -> [f64; 6] {
        let g = self.interval.gradient(self.interval.start);
        let v = match (MOVES, SAMPLED) {
            (false, _) => self.square,
            (true, false) => g * g + self.square,
            (true, true) => {
                let z = self.interval.amplitude * draw();
                (g + z) * (g + z)
            }
        };
        [self.interval.start, g, v, 0.0, 0.0, 1.0 / (v.sqrt() + self.stabilizer)]
    }

    #[inline(always)]
    fn step<S: Simd>(
        self,
        simd: S,
        [x, m, v, first, second, inverse_q]: &mut [S::f64s; 6],
        xi: S::f64s,
    ) -> (S::f64s, S::m64s) {
        let interval = &self.interval;
        let g = interval.gradients(simd, *x);
        let z = simd.mul_f64s(simd.splat_f64s(interval.amplitude), xi);
        let kick = simd.mul_f64s(simd.mul_f64s(simd.splat_f64s(self.scale), z), *inverse_q);
        let drift = simd.mul_f64s(simd.mul_f64s(simd.splat_f64s(self.step), *m), *inverse_q);
        *x = simd.add_f64s(*x, simd.sub_f64s(kick, drift));
        let weight = averaged(simd, self.present[0], first);
        *m = simd.add_f64s(*m, simd.mul_f64s(weight, simd.sub_f64s(g, *m)));
        if MOVES {
            let target = if SAMPLED {
                let sample = simd.add_f64s(g, z);
                simd.mul_f64s(sample, sample)
            } else {
                simd.add_f64s(simd.mul_f64s(g, g), simd.splat_f64s(self.square))
            };
            let weight = averaged(simd, self.present[1], second);
            *v = simd.add_f64s(*v, simd.mul_f64s(weight, simd.sub_f64s(target, *v)));
            let q = simd.add_f64s(simd.sqrt_f64s(*v), simd.splat_f64s(self.stabilizer));
            *inverse_q = simd.div_f64s(simd.splat_f64s(1.0), q);
        }
        let shift = simd.mul_f64s(simd.splat_f64s(self.shift), *inverse_q);
        let widest = simd.splat_f64s(self.widest);
        let shift = simd.select_f64s(simd.less_than_f64s(shift, widest), shift, widest);
        let above = simd.less_than_f64s(simd.add_f64s(simd.splat_f64s(interval.lo), shift), *x);
        let below = simd.less_than_f64s(*x, simd.sub_f64s(simd.splat_f64s(interval.hi), shift));
        (kick, simd.and_m64s(above, below))
    }
}

/// Updates the memory of an average by one step, and returns the weight of the present in it.
#[inline(always)]
fn averaged<S: Simd>(simd: S, present: f64, memory: &mut S::f64s) -> S::f64s {
    let share = simd.splat_f64s(present);
    let past = simd.mul_f64s(simd.splat_f64s(1.0 - present), *memory);
    *memory = simd.add_f64s(share, past);
    simd.div_f64s(share, *memory)
}

/// The recursion of a problem on an interval.
#[derive(Clone, Copy, Debug)]
pub(super) enum IntervalSteps {
    Sgd(SgdIntervalStep),
    FrozenAdam(AdamIntervalStep<false, false>),
    MeanFieldAdam(AdamIntervalStep<true, false>),
    SampledAdam(AdamIntervalStep<true, true>),
}

impl IntervalSteps {
    /// The recursion of the dynamics of a problem.
    pub fn of(problem: &Problem, interval: IntervalProblem, constants: StepConstants) -> Self {
        let Dynamics::Adam(adam) = problem.dynamics() else {
            return IntervalSteps::Sgd(SgdIntervalStep::new(interval, constants));
        };
        let noise_scale = adam.noise_scales(problem.noise(), 1)[0];
        match adam.second_moment() {
            SecondMoment::Frozen | SecondMoment::Stable => {
                IntervalSteps::FrozenAdam(AdamIntervalStep::new(interval, adam, noise_scale, constants))
            }
            SecondMoment::MeanField => {
                IntervalSteps::MeanFieldAdam(AdamIntervalStep::new(interval, adam, noise_scale, constants))
            }
            SecondMoment::Sampled => {
                IntervalSteps::SampledAdam(AdamIntervalStep::new(interval, adam, noise_scale, constants))
            }
        }
    }
}
