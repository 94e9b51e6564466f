//! Adam on separate axes with one curvature each: the steps of [`AdamMotion`](super::super::adam_motion::AdamMotion) for one coordinate.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::super::adam_motion::{AT_REST, FORGOTTEN, LONG};
use super::super::between_jumps::{FAR_STEP, MEMORY};
use super::geometry::AxisEdge;
use super::motion::{Active, After, AxisMotions};
use crate::dynamics::Adam;
use crate::noise::Stream;
use crate::scheme::linear::lower_root;
use crate::scheme::linear::{momentum_covariance, momentum_step};

/// The averages of one coordinate.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Averaged {
    m: f64,
    v: f64,
    q: f64,
}

/// One coordinate.
struct AdamAxis {
    curvature: f64,
    /// `s²`, and `E (∇F)²` at rest.
    square: f64,
    gradient_square: f64,
    /// `v̂` and `q` at rest.
    settled: [f64; 2],
    /// Root of the covariance of `(y, m̂)` at rest, `[yy, my, mm]`.
    root: [f64; 3],
    reach: f64,
    q: f64,
}

pub(super) struct AdamAxes {
    beta1: f64,
    beta2: f64,
    stabilizer: f64,
    moves: bool,
    /// The fastest rate of the motion, and its memory: a swing decays by `e^-MEMORY` in this time.
    rate: f64,
    memory: f64,
    axes: Vec<AdamAxis>,
}

/// The properties that distinguish kinds of coordinates.
pub(super) struct AdamKind {
    pub curvature: f64,
    /// Gradient-noise scale `s`, and entry of `Q*`.
    pub scale: f64,
    pub q: f64,
    /// Variance per unit time far from the edge, before `Q⁻²`, and the shorter way to the edge.
    pub variance: f64,
    pub reach: f64,
}

impl AdamAxes {
    /// `rates`: the fastest and the slowest of the motion.
    pub fn new(adam: &Adam, [fastest, slowest]: [f64; 2], kinds: impl Iterator<Item = AdamKind>) -> Self {
        let beta1 = adam.beta1_rate();
        let moves = !adam.second_moment().is_constant();
        let axis = |AdamKind { curvature, scale, q, variance, reach }: AdamKind| {
            let covariance = momentum_covariance(beta1, curvature, q, variance / (q * q));
            let (square, gradient_square) = (scale * scale, curvature * curvature * covariance[0]);
            let v = square + if moves { gradient_square } else { 0.0 };
            AdamAxis {
                curvature,
                square,
                gradient_square,
                settled: [v, v.sqrt() + adam.stabilizer()],
                root: lower_root(covariance),
                reach,
                q,
            }
        };
        AdamAxes {
            beta1,
            beta2: adam.beta2_rate(),
            stabilizer: adam.stabilizer(),
            moves,
            rate: fastest,
            memory: MEMORY / slowest,
            axes: kinds.map(axis).collect(),
        }
    }

    /// Mean square of the offset at rest.
    pub fn square_at_rest(&self, kind: usize) -> f64 {
        self.axes[kind].root[0].powi(2)
    }

    fn move_second_moment(&self, axis: &AdamAxis, y: f64, own: &mut Averaged, weight: f64) {
        let gradient = axis.curvature * y;
        own.v += weight * (gradient * gradient + axis.square - own.v);
        own.q = own.v.sqrt() + self.stabilizer;
    }

    /// `k y² + m²/(β q)`.
    fn energy(&self, axis: &AdamAxis, y: f64, own: &Averaged) -> f64 {
        axis.curvature * y * y + own.m * own.m / (self.beta1 * own.q)
    }

    /// The same rule as for all coordinates together: the swing stays well inside the basin, is too small to move `v̂`, and decays during the
    /// wait.
    fn forgets(&self, active: &Active<Averaged>, energy: f64, t: f64, wait: f64) -> bool {
        let (axis, own) = (&self.axes[active.kind as usize], &active.own);
        if self.beta1 * t < 10.0 {
            return false;
        }
        let lasting = (0.5 * self.beta2 * self.memory / MEMORY).min(1.0);
        if self.moves && lasting * energy * axis.curvature > AT_REST * own.v {
            return false;
        }
        let swing = (energy / axis.curvature).sqrt() / axis.reach;
        let slowdown = (own.q / axis.q).max(1.0);
        let lapse = wait * MEMORY / (self.memory * slowdown);
        swing < 1.0 && (lapse > LONG || swing * (-lapse).exp() < FORGOTTEN)
    }

    /// Longest step for the bias correction at the start and for `v̂`.
    fn limit(&self, active: &Active<Averaged>, energy: f64, t: f64) -> f64 {
        let (axis, own) = (&self.axes[active.kind as usize], &active.own);
        let mut limit = if self.beta1 * t < 8.0 { (0.25 * t).max(0.05 / self.beta1) } else { f64::INFINITY };
        if self.moves {
            let gradient = axis.curvature * active.y;
            let off = (gradient * gradient + axis.square - own.v).abs();
            if off > AT_REST * own.v {
                limit = limit.min(0.2 * own.v / (self.beta2 * off));
            }
            let added = self.beta2 / self.rate * axis.curvature * energy / own.v;
            if added > AT_REST {
                limit = limit.min(FAR_STEP / (self.rate * added.min(1.0).sqrt()));
            }
        }
        limit
    }

    fn draw_at_rest(axis: &AdamAxis, rng: &mut Stream) -> [f64; 2] {
        let normals: [f64; 2] = [rng.sample(StandardNormal), rng.sample(StandardNormal)];
        [axis.root[0] * normals[0], axis.root[1] * normals[0] + axis.root[2] * normals[1]]
    }
}

impl AxisMotions for AdamAxes {
    type Own = Averaged;

    fn start(&self, kind: u32, y: f64) -> Averaged {
        let axis = &self.axes[kind as usize];
        let m = axis.curvature * y;
        let v = if self.moves { m * m + axis.square } else { axis.square };
        Averaged { m, v, q: v.sqrt() + self.stabilizer }
    }

    fn wake(&self, kind: u32, settled: f64, rng: &mut Stream) -> (f64, Averaged) {
        let axis = &self.axes[kind as usize];
        let [y, m] = Self::draw_at_rest(axis, rng);
        if settled >= 1.0 {
            return (y, Averaged { m, v: axis.settled[0], q: axis.settled[1] });
        }
        let v = axis.square + if self.moves { settled * axis.gradient_square } else { 0.0 };
        (y * settled.sqrt(), Averaged { m: m * settled.sqrt(), v, q: v.sqrt() + self.stabilizer })
    }

    fn least_growth(&self, kinds: &[AxisEdge]) -> f64 {
        let least = |axis: &AdamAxis| axis.square.sqrt() + self.stabilizer;
        self.axes.iter().zip(kinds).map(|(axis, edge)| least(axis) / edge.q).fold(f64::INFINITY, f64::min)
    }

    fn inverse_q(&self, own: &Averaged) -> f64 {
        1.0 / own.q
    }

    fn swing(&self, active: &Active<Averaged>) -> f64 {
        let axis = &self.axes[active.kind as usize];
        self.energy(axis, active.y, &active.own) / (axis.curvature * axis.reach * axis.reach)
    }

    fn wide_step(&self) -> f64 {
        2.0 * FAR_STEP / self.rate
    }

    fn step(&self, active: &mut Active<Averaged>, t: f64, tau: f64, rng: &mut Stream) {
        let axis = &self.axes[active.kind as usize];
        let (k, half, own) = (axis.curvature, 0.5 * tau, &mut active.own);
        let present = if self.moves { Adam::present(self.beta2, half) } else { 0.0 };
        if self.moves {
            self.move_second_moment(axis, active.y, own, Adam::corrected(present, self.beta2, t, half));
        }
        // `β1 μ` in the middle of the step.
        let rate = Adam::corrected_rate(self.beta1, t + half);
        let variance = active.cut.variance / (own.q * own.q);
        let (flow, gathered) = momentum_step(rate, k, own.q, variance, tau);
        let root = lower_root(gathered);
        let normals: [f64; 2] = [rng.sample(StandardNormal), rng.sample(StandardNormal)];
        let (y, m) = (active.y, own.m);
        active.y = flow[0][0] * y + flow[0][1] * m + root[0] * normals[0];
        own.m = flow[1][0] * y + flow[1][1] * m + root[1] * normals[0] + root[2] * normals[1];
        if self.moves {
            self.move_second_moment(axis, active.y, own, Adam::corrected(present, self.beta2, t + half, half));
        }
    }

    fn step_limit(&self, active: &Active<Averaged>, t: f64) -> f64 {
        self.limit(active, self.energy(&self.axes[active.kind as usize], active.y, &active.own), t)
    }

    fn rest(
        &self,
        active: &mut Active<Averaged>,
        t: f64,
        wait: f64,
        _crowd: usize,
        steps: &mut u64,
        rng: &mut Stream,
    ) -> After {
        let axis = &self.axes[active.kind as usize];
        let mut gone = 0.0;
        while gone < wait {
            let (now, left) = (t + gone, wait - gone);
            let energy = self.energy(axis, active.y, &active.own);
            if self.forgets(active, energy, now, left) {
                let at_rest = axis.settled[0];
                if self.moves {
                    active.own.v += Adam::weight(self.beta2, now, left) * (at_rest - active.own.v);
                    active.own.q = active.own.v.sqrt() + self.stabilizer;
                }
                if (active.own.v / at_rest - 1.0).abs() < FORGOTTEN {
                    return After::AtRest;
                }
                [active.y, active.own.m] = Self::draw_at_rest(axis, rng);
                return After::Moved;
            }
            let tau = self.limit(active, energy, now).min(left);
            self.step(active, now, tau, rng);
            *steps += u64::from(gone > 0.0);
            gone += tau;
        }
        After::Moved
    }

    fn speed(&self, active: &Active<Averaged>) -> f64 {
        -active.own.m * self.inverse_q(&active.own)
    }
}
