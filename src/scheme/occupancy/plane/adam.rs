//! Adam's equation in the plane, without an edge.
//!
//! Jumps are divided by the `Q` before them. Near a minimum, with `v̂` at rest, the transition of the linear equation of `(θ, m̂)` is exact.
//! Elsewhere a step is half of the noise, half of the drift of `θ`, the averages with their exact weights, and the other halves; it is short beside the
//! local period, and moves `θ` by less than its distance from the minimum.
//!
//! The linear flow does not raise `½ y·Hy + m·Q⁻¹m/(2β)`: while this energy is below that of the edge of the zone, the path stays in the zone.

use nalgebra::{DMatrix, SVector};

use super::super::local_wells::Cuts;
use super::super::roam::{BridgedMover, Mover};
use super::linear::Ladder;
use super::local::{PlanarLocal, PlanarWell};
use crate::dynamics::{Adam, Problem};
use crate::landscape::{LandscapeError, PlanarWells};
use crate::noise::Stream;

/// Longest step in units of the inverse of the local frequency `√(β1 |∇²F|/Q)`.
const SHARE: f64 = 0.15;
/// Longest displacement by the drift in one step, in units of the distance from the minimum or of that of the boundary.
const MOVED: f64 = 0.1;
/// Relative distance of `v̂` from its value at rest up to which `Q` counts as constant.
const SETTLED: f64 = 0.02;
/// Times of the bias correction of `m̂` after which it is negligible.
const CORRECTED: f64 = 10.0;

/// Adam in a landscape in the plane.
pub(in crate::scheme::occupancy) struct PlanarAdam {
    pub local: PlanarLocal,
    ladders: Vec<Ladder<4>>,
    beta: [f64; 2],
    /// `s²` of each coordinate.
    squares: [f64; 2],
    stabilizer: f64,
    moves: bool,
}

impl PlanarAdam {
    /// # Errors
    /// Those of [`PlanarLocal::new`].
    pub fn new(problem: &Problem, cuts: Cuts<'_, PlanarWells, [f64; 2]>, adam: &Adam) -> Result<Self, LandscapeError> {
        let beta = [adam.beta1_rate(), adam.beta2_rate()];
        let scales = adam.noise_scales(problem.noise(), 2);
        let squares = [scales[0] * scales[0], scales[1] * scales[1]];
        let q = squares.map(|square| square.sqrt() + adam.stabilizer());
        let [lower, upper] = [q[0].min(q[1]), q[0].max(q[1])];
        // The variance of the softest mode, whose curvature over `Q` is at least that over the larger entry.
        let spread = |curvature: f64, variance: f64| {
            (upper / lower * variance * (0.5 * upper / curvature + 0.5 / beta[0])).sqrt()
        };
        let local = PlanarLocal::new(problem, cuts, q, spread)?;
        let ladder = |well: &PlanarWell| {
            let mut drift = DMatrix::zeros(4, 4);
            let mut diffusion = DMatrix::zeros(4, 4);
            for i in 0..2 {
                drift[(i, 2 + i)] = -1.0 / q[i];
                drift[(2 + i, 2 + i)] = -beta[0];
                for j in 0..2 {
                    drift[(2 + i, j)] = beta[0] * well.hessian[(i, j)];
                    diffusion[(i, j)] = well.covariance[(i, j)] / (q[i] * q[j]);
                }
            }
            let frequency = (beta[0] * well.curvatures[1] / lower).sqrt();
            Ladder::new(&drift, &diffusion, SHARE / frequency)
        };
        let ladders = local.wells.iter().map(ladder).collect();
        let moves = !adam.second_moment().is_constant();
        Ok(PlanarAdam { local, ladders, beta, squares, stabilizer: adam.stabilizer(), moves })
    }

    fn target(&self, gradient: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|i| if self.moves { gradient[i] * gradient[i] + self.squares[i] } else { self.squares[i] })
    }

    fn q(&self, v: [f64; 2]) -> [f64; 2] {
        v.map(|v| v.sqrt() + self.stabilizer)
    }
}

/// `θ` and the bias-corrected averages.
pub(in crate::scheme::occupancy) struct AdamMover<'e> {
    equation: &'e PlanarAdam,
    x: [f64; 2],
    m: [f64; 2],
    v: [f64; 2],
}

impl<'e> AdamMover<'e> {
    /// The limits at `t = 0`.
    pub fn start(equation: &'e PlanarAdam, x: [f64; 2]) -> Self {
        let gradient = equation.local.slope(x);
        AdamMover { equation, x, m: gradient, v: equation.target(gradient) }
    }

    fn offset(&self, well: &PlanarWell) -> [f64; 2] {
        [self.x[0] - well.minimum[0], self.x[1] - well.minimum[1]]
    }

    /// Whether the next step from time `t` is that of the linear equation.
    fn moves_linearly(&self, well: &PlanarWell, t: f64) -> bool {
        let PlanarAdam { beta, squares, moves, .. } = self.equation;
        let ([y0, y1], q) = (self.offset(well), self.equation.q(self.v));
        let rests = (0..2).all(|i| !moves || (self.v[i] - squares[i]).abs() <= SETTLED * squares[i]);
        let hessian = &well.hessian;
        let height = hessian[(0, 0)] * y0 * y0 + 2.0 * hessian[(0, 1)] * y0 * y1 + hessian[(1, 1)] * y1 * y1;
        let energy = height + (self.m[0] * self.m[0] / q[0] + self.m[1] * self.m[1] / q[1]) / beta[0];
        energy < well.curvatures[0] * well.zone * well.zone && rests && beta[0] * t > CORRECTED
    }

    fn kick(&mut self, well: &PlanarWell, tau: f64, rng: &mut Stream) {
        let displacement = self.equation.local.kick(well, tau, rng);
        self.displace(displacement);
    }

    fn displace(&mut self, displacement: [f64; 2]) {
        // `Q` is predictable: the one before the jump.
        let q = self.equation.q(self.v);
        self.x = [self.x[0] + displacement[0] / q[0], self.x[1] + displacement[1] / q[1]];
    }

    /// The drift of `θ` over a time `tau`.
    fn drift(&mut self, tau: f64) {
        let q = self.equation.q(self.v);
        self.x = [0, 1].map(|i| self.x[i] - tau * self.m[i] / q[i]);
    }
}

impl Mover<[f64; 2]> for AdamMover<'_> {
    fn x(&self) -> [f64; 2] {
        self.x
    }

    fn step(&mut self, number: usize, [t, most]: [f64; 2], rng: &mut Stream) -> f64 {
        let PlanarAdam { local, ladders, beta, squares, moves, .. } = self.equation;
        let well = &local.wells[number];
        let y = self.offset(well);
        if self.moves_linearly(well, t) {
            let mut z = SVector::from([y[0], y[1], self.m[0], self.m[1]]);
            if let Some(tau) = ladders[number].climb(&mut z, most, rng) {
                self.x = [well.minimum[0] + z[0], well.minimum[1] + z[1]];
                self.m = [z[2], z[3]];
                if *moves {
                    let weight = Adam::weight(beta[1], t, tau);
                    self.v = [0, 1].map(|i| self.v[i] + weight * (squares[i] - self.v[i]));
                }
                return tau;
            }
        }
        let q = self.equation.q(self.v);
        let frequency = (beta[0] * local.local_curvature(self.x, well) / q[0].min(q[1])).sqrt();
        let room = MOVED * y[0].hypot(y[1]).max(well.reach);
        let speed = (self.m[0] / q[0]).hypot(self.m[1] / q[1]);
        let h = most.min(SHARE / frequency).min(room / speed).min(local.longest_step(well, q));
        self.kick(well, 0.5 * h, rng);
        self.drift(0.5 * h);
        let gradient = local.slope(self.x);
        let weight = Adam::weight(beta[0], t, h);
        self.m = [0, 1].map(|i| self.m[i] + weight * (gradient[i] - self.m[i]));
        if *moves {
            let (weight, target) = (Adam::weight(beta[1], t, h), self.equation.target(gradient));
            self.v = [0, 1].map(|i| self.v[i] + weight * (target[i] - self.v[i]));
        }
        self.drift(0.5 * h);
        self.kick(well, 0.5 * h, rng);
        h
    }

    fn jump(&mut self, sizes: [f64; 2]) {
        self.displace(self.equation.local.displaced(sizes));
    }

    fn stays_in(&self, well: usize) -> bool {
        let PlanarAdam { local, beta, .. } = self.equation;
        let q = self.equation.q(self.v);
        let motion = 0.5 * (self.m[0] * self.m[0] / q[0] + self.m[1] * self.m[1] / q[1]) / beta[0];
        local.value(self.x) + motion < local.wells[well].top
    }
}

impl BridgedMover<[f64; 2]> for AdamMover<'_> {
    fn is_linear(&self, number: usize, [t, most]: [f64; 2]) -> bool {
        self.moves_linearly(&self.equation.local.wells[number], t) && self.equation.ladders[number].reaches(most)
    }

    fn variance(&self, well: usize, normal: [f64; 2]) -> f64 {
        let q = self.equation.q(self.v);
        self.equation.local.wells[well].variance([normal[0] / q[0], normal[1] / q[1]])
    }
}
