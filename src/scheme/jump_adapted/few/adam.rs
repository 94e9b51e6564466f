//! Adam on separate axes: the steps of [`AdamMotion`], one path at a time, with limits and distances in vectors.

use pulp::Simd;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::super::adam_motion::{AT_REST, AdamMotion, FORGOTTEN, LONG, RestOnAxis};
use super::super::between_jumps::{FAR_STEP, MEMORY, axis_reaches};
use super::super::large_jumps::LargeJumps;
use super::lanes::FewLanes;
use crate::dynamics::{Adam, Problem};
use crate::scheme::linear::{lower_pair, lower_root, momentum_step};
use crate::scheme::vector::{Mask, Vector};

/// Whether a path loses its memory during a wait: no, yes, or only if its swing decays enough.
pub(super) const FORGETS: f64 = 1.0;
const MAY_FORGET: f64 = 2.0;

/// The constants of Adam.
pub(super) struct FewAdam<const D: usize> {
    axes: [AdamAxis; D],
    dim: usize,
    /// Whether faces are reached one by one: otherwise the squares of the shares of the ways add up.
    is_box: bool,
    beta1: f64,
    beta2: f64,
    stabilizer: f64,
    moves: bool,
    /// The fastest rate of the motion, and the time after which the start of a path no longer matters.
    rate: f64,
    memory: f64,
    /// The law at rest on every axis.
    rest: Option<[RestOnAxis; D]>,
}

/// One axis.
#[derive(Clone, Copy)]
struct AdamAxis {
    minimum: f64,
    curvature: f64,
    /// `s²`.
    square: f64,
    /// The distance to the nearer edge.
    reach: f64,
    /// `εΣ_ii`, and the variance per unit time far from the edge, before `Q⁻²`.
    amplitude: f64,
    far_variance: f64,
}

impl<const D: usize> FewAdam<D> {
    /// The constants of a problem on separate axes with one positive curvature each.
    pub fn new(problem: &Problem, adam: &Adam, curvatures: &[f64], jumps: &LargeJumps) -> Self {
        let motion = AdamMotion::new(problem, adam, jumps);
        let basin = problem.basin();
        let reaches = axis_reaches(basin);
        let axis = |i: usize| AdamAxis {
            minimum: basin.minimum()[i],
            curvature: curvatures[i],
            square: motion.noise_scales[i] * motion.noise_scales[i],
            reach: reaches[i][0].min(reaches[i][1]),
            amplitude: jumps.axis_amplitude(i),
            far_variance: jumps.axis_variance(jumps.far(i), i),
        };
        let last = basin.dim() - 1;
        FewAdam {
            axes: std::array::from_fn(|i| axis(i.min(last))),
            dim: basin.dim(),
            is_box: basin.sides().is_some(),
            beta1: adam.beta1_rate(),
            beta2: adam.beta2_rate(),
            stabilizer: adam.stabilizer(),
            moves: !adam.second_moment().is_constant(),
            rate: motion.rate,
            memory: motion.memory,
            rest: motion.rest_on_axes().map(|axes| std::array::from_fn(|i| axes[i.min(last)])),
        }
    }

    /// `m̂`, `v̂` and `q` at the place `x` at time 0.
    pub fn start(&self, x: [f64; D]) -> [[f64; D]; 3] {
        let m = std::array::from_fn(|i| self.axes[i].curvature * (x[i] - self.axes[i].minimum));
        let v: [f64; D] = std::array::from_fn(|i| {
            let square = self.axes[i].square;
            if self.moves { m[i] * m[i] + square } else { square }
        });
        [m, v, v.map(|v| v.sqrt() + self.stabilizer)]
    }

    /// Shortens the steps of vector `g` of the lanes, and marks the paths that may lose their memory in their wait.
    #[inline(always)]
    pub fn limit<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &mut FewLanes<D, N>,
        g: usize,
        offsets: &[Vector<S>; D],
        near: Mask<S>,
    ) {
        let zero = Vector::splat(simd, 0.0);
        let [t, moved, tau] = [&lanes.t, &lanes.moved, &lanes.tau].map(|row| Vector::load(simd, row, g));
        let wait = Vector::load(simd, &lanes.wait, g).min(Vector::load(simd, &lanes.left, g));
        let moved = moved.above_number(0.0);
        let young = (self.beta1 * t).below_number(8.0) & moved;
        let mut limit = young.select((0.25 * t).at_least(0.05 / self.beta1), zero.all(f64::INFINITY));
        let mut forgets = !near & !((self.beta1 * t).below_number(10.0) & moved);
        // What a decaying square of rate `2/τ` adds to an average of rate `β2`.
        let lasting = (0.5 * self.beta2 * self.memory / MEMORY).min(1.0);
        let (mut swing, mut slowdown) = (zero, zero.all(1.0));
        let (mut reached, mut swung) = (zero, zero);
        let add = |sum: Vector<S>, share: Vector<S>| if self.is_box { sum.max(share) } else { sum + share * share };
        for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
            let (k, y) = (axis.curvature, offsets[j]);
            let [m, v, q] =
                [&lanes.own[0][j], &lanes.own[1][j], &lanes.own[2][j]].map(|row| Vector::load(simd, row, g));
            let energy = k * y * y + m * m / (self.beta1 * q);
            if self.moves {
                let gradient = k * y;
                let off = (gradient * gradient + axis.square - v).abs();
                let pull = 0.2 * v / (self.beta2 * off);
                limit = (AT_REST * v).below(off).select(limit.min(pull), limit);
                // What is added to `v̂` in a time of the flow decides how closely the swing is followed.
                let added = self.beta2 / self.rate * (k * energy) / v;
                let follow = zero.all(FAR_STEP) / (self.rate * added.at_most(1.0).sqrt());
                limit = added.above_number(AT_REST).select(limit.min(follow), limit);
                forgets = forgets & !(AT_REST * v).below(lasting * energy * k);
            }
            let amplitude = (y * y + m * m / (q * self.beta1 * k)).sqrt();
            reached = add(reached, amplitude / zero.all(axis.reach));
            if let Some(rest) = &self.rest {
                let share = (energy / zero.all(k)).sqrt() / zero.all(axis.reach);
                swung = add(swung, share);
                swing = swing.max(share);
                slowdown = slowdown.max(q / zero.all(rest[j].q));
            }
        }
        // Small fluctuations, which have a law at rest, bear a step twice as long.
        let far = if self.rest.is_some() { 2.0 } else { 1.0 } * FAR_STEP / self.rate;
        limit = reached.below_number(1.0).select(limit, limit.at_most(far));
        tau.min(limit).store(&mut lanes.tau, g);
        if self.rest.is_some() {
            let lapse = wait * MEMORY / (self.memory * slowdown);
            let is_sure = lapse.above_number(LONG).choose(FORGETS, MAY_FORGET);
            let forgets = forgets & swung.below_number(1.0);
            forgets.select(is_sure, zero).store(&mut lanes.forgets, g);
            swing.store(&mut lanes.swing, g);
            lapse.store(&mut lanes.lapse, g);
        }
    }

    /// Moves the path of a lane to the end of its step, or to a draw from the law at rest at the end of its wait.
    pub fn advance<const N: usize>(&self, lanes: &mut FewLanes<D, N>, lane: usize) {
        if lanes.forgets[lane] == MAY_FORGET {
            let forgets = lanes.swing[lane] * (-lanes.lapse[lane]).exp() < FORGOTTEN;
            lanes.forgets[lane] = if forgets { FORGETS } else { 0.0 };
        }
        match &self.rest {
            Some(rest) if lanes.forgets[lane] == FORGETS => self.rest(rest, lanes, lane),
            _ => self.step(lanes, lane),
        }
    }

    fn rest<const N: usize>(&self, rest: &[RestOnAxis; D], lanes: &mut FewLanes<D, N>, lane: usize) {
        let wait = lanes.wait[lane].min(lanes.left[lane]);
        lanes.tau[lane] = wait;
        let weight = if self.moves { Adam::weight(self.beta2, lanes.t[lane], wait) } else { 0.0 };
        let stream = &mut lanes.streams[lane];
        for (i, axis) in self.axes.iter().enumerate().take(self.dim) {
            let normals = [stream.sample(StandardNormal), stream.sample(StandardNormal)];
            let [y, m] = lower_pair(rest[i].root, normals);
            lanes.x[i][lane] = axis.minimum + y;
            lanes.own[0][i][lane] = m;
            if self.moves {
                let v = &mut lanes.own[1][i][lane];
                *v += weight * (axis.square + rest[i].square - *v);
                lanes.own[2][i][lane] = v.sqrt() + self.stabilizer;
            }
        }
    }

    fn step<const N: usize>(&self, lanes: &mut FewLanes<D, N>, lane: usize) {
        let (t, tau, near) = (lanes.t[lane], lanes.tau[lane], lanes.near[lane] > 0.0);
        let half = 0.5 * tau;
        let mut weights = [0.0; 2];
        if self.moves {
            let present = Adam::present(self.beta2, half);
            weights = [t, t + half].map(|t| Adam::corrected(present, self.beta2, t, half));
        }
        let beta = Adam::corrected_rate(self.beta1, t + half);
        let stream = &mut lanes.streams[lane];
        for (i, axis) in self.axes.iter().enumerate().take(self.dim) {
            let (k, x) = (axis.curvature, lanes.before[i][lane]);
            let [mut m, mut v, mut q] = [0, 1, 2].map(|row| lanes.own[row][i][lane]);
            if self.moves {
                (v, q) = self.moved_second_moment(axis, k * (x - axis.minimum), v, weights[0]);
            }
            let mut variance = axis.far_variance;
            if near {
                let deviation = axis.amplitude * lanes.root[i][lane];
                variance = deviation * deviation;
            }
            let y = x - axis.minimum;
            let (flow, gathered) = momentum_step(beta, k, q, variance / (q * q), tau);
            let [to_y, to_m] =
                lower_pair(lower_root(gathered), [stream.sample(StandardNormal), stream.sample(StandardNormal)]);
            let x = axis.minimum + flow[0][0] * y + flow[0][1] * m + to_y;
            m = flow[1][0] * y + flow[1][1] * m + to_m;
            if self.moves {
                (v, q) = self.moved_second_moment(axis, k * (x - axis.minimum), v, weights[1]);
            }
            lanes.x[i][lane] = x;
            [0, 1, 2].into_iter().zip([m, v, q]).for_each(|(row, value)| lanes.own[row][i][lane] = value);
        }
    }

    fn moved_second_moment(&self, axis: &AdamAxis, gradient: f64, v: f64, weight: f64) -> (f64, f64) {
        let v = v + weight * (gradient * gradient + axis.square - v);
        (v, v.sqrt() + self.stabilizer)
    }
}
