//! One step of many paths: the distances to the edge, the cuts, the flow with the small jumps, and the bridge.

use pulp::Simd;

use super::super::barrier::{FAR, STEP_DRIFT};
use super::super::cut::Ladder;
use super::super::path_events::WITHIN_ROUNDING;
use super::axes::{FewAxes, FewAxis, Shape};
use super::lanes::{BRIDGE, FewLanes, LOOK};
use crate::scheme::Limits;
use crate::scheme::vector::{Mask, Vector};

/// The place of a path beside a round edge.
struct Round<S: Simd, const D: usize> {
    /// Offsets in units of the semi-axes, the sum of their squares, and its root.
    parts: [Vector<S>; D],
    square: Vector<S>,
    gauge: Vector<S>,
}

impl<S: Simd, const D: usize> Round<S, D> {
    #[inline(always)]
    fn of(axes: &FewAxes<D>, offsets: &[Vector<S>; D]) -> Self {
        let zero = offsets[0].all(0.0);
        let (mut parts, mut square) = ([zero; D], zero);
        for (j, axis) in axes.axes.iter().enumerate().take(axes.dim) {
            parts[j] = over(offsets[j], axis.semi_axis);
            square = square + parts[j] * parts[j];
        }
        Round { parts, square, gauge: square.sqrt() }
    }

    /// The gradient of the gauge.
    #[inline(always)]
    fn normal(&self, axes: &FewAxes<D>) -> [Vector<S>; D] {
        let scale = self.gauge.above_number(0.0).select(1.0 / self.gauge, self.gauge.all(0.0));
        let mut normal = self.parts;
        for (n, axis) in normal.iter_mut().zip(&axes.axes).take(axes.dim) {
            *n = over(*n, axis.semi_axis) * scale;
        }
        normal
    }
}

/// Division by a number that is often 1.
#[inline(always)]
fn over<S: Simd>(vector: Vector<S>, number: f64) -> Vector<S> {
    if number == 1.0 { vector } else { vector / vector.all(number) }
}

impl<const D: usize> FewAxes<D> {
    /// Advances vector `g` of the lanes by one step, and marks the lanes in which more happens than a step.
    #[inline(always)]
    pub fn step<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &mut FewLanes<D, N>,
        g: usize,
        limits: Limits<'_>,
    ) -> Vector<S> {
        let zero = Vector::splat(simd, 0.0);
        let mut offsets = [zero; D];
        for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
            let x = Vector::load(simd, &lanes.x[j], g);
            x.store(&mut lanes.before[j], g);
            offsets[j] = x - axis.minimum;
        }
        let round = (self.shape != Shape::Box).then(|| Round::of(self, &offsets));
        let mut ways = [zero; D];
        let load = self.look(simd, lanes, g, &round, &mut ways);
        let near = if self.always_near { load.below_or_at(load) } else { !load.below_number(1.0) };
        let is_near = near.any();
        let (mut rate, mut step) = (zero.all(self.far_rate), zero.all(f64::INFINITY));
        if is_near {
            let [rate_near, step_near] = self.cut(simd, lanes, g, &ways, &offsets, &round);
            rate = near.select(rate_near, rate);
            step = near.select(step_near, step);
        }
        let (t, clock) = (Vector::load(simd, &lanes.t, g), Vector::load(simd, &lanes.clock, g));
        let wait = clock / rate;
        let left = limits.max_time - t;
        let tau = wait.min(left).min(step);

        let mut finite = tau.below_or_at(tau);
        for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
            let mut variance = zero.all(axis.far_variance);
            if is_near {
                let deviation = axis.amplitude * Vector::load(simd, &lanes.root[j], g);
                variance = near.select(deviation * deviation, variance);
            }
            let normal = Vector::load(simd, &lanes.normals[j], g);
            let x = axis.minimum + axis.flow.step(offsets[j], variance, tau, normal);
            finite = finite & x.abs().below_number(f64::INFINITY);
            x.store(&mut lanes.x[j], g);
            offsets[j] = x - axis.minimum;
        }
        let (inside, bridges) = self.end(simd, lanes, g, &offsets, round, tau, is_near.then_some(near));

        let since = t;
        let t = t + tau;
        let events = Vector::load(simd, &lanes.events, g) + 1.0;
        // Lanes in which the step neither ends the wait nor meets anything go on.
        let goes_on =
            tau.below(wait) & tau.below(left) & finite & inside & events.below_number(limits.max_events as f64);
        let spent = (clock - tau * rate).at_least(f64::MIN_POSITIVE);
        let marks = goes_on.choose(0.0, LOOK) + bridges.choose(BRIDGE, 0.0);
        since.store(&mut lanes.since, g);
        t.store(&mut lanes.t, g);
        spent.store(&mut lanes.clock, g);
        events.store(&mut lanes.events, g);
        near.choose(1.0, 0.0).store(&mut lanes.near, g);
        rate.store(&mut lanes.rate, g);
        tau.store(&mut lanes.tau, g);
        wait.store(&mut lanes.wait, g);
        left.store(&mut lanes.left, g);
        marks.store(&mut lanes.marks, g);
        marks
    }

    /// The distances to the edge in units of `L`, and how near it is compared with the fluctuations.
    #[inline(always)]
    fn look<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &FewLanes<D, N>,
        g: usize,
        round: &Option<Round<S, D>>,
        ways: &mut [Vector<S>; D],
    ) -> Vector<S> {
        let mut load = Vector::splat(simd, 0.0);
        for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
            let v = axis.amplitude.abs();
            let step = v / axis.semi_axis;
            let a = step * step;
            let both = match round {
                _ if v == 0.0 => [load.all(f64::INFINITY); 2],
                None => {
                    let x = Vector::load(simd, &lanes.before[j], g);
                    [x - axis.ends[0], axis.ends[1] - x].map(|way| (way / way.all(v)).at_least(0.0))
                }
                Some(_) if a == 0.0 => [load.all(f64::INFINITY); 2],
                Some(round) => {
                    let depth = (1.0 - round.square).at_least(0.0);
                    let b = round.parts[j] * step;
                    let sum = b.abs() + (b * b + a * depth).sqrt();
                    let (onward, back) = (depth / sum, sum / sum.all(a));
                    let below = b.below_number(0.0);
                    [below.select(onward, back), below.select(back, onward)]
                }
            };
            let part = |side: usize| {
                let at_rest = axis.at_rest[side];
                if at_rest > 0.0 { both[side].all(at_rest) / both[side] } else { both[side].all(0.0) }
            };
            let larger = part(0).max(part(1));
            load = load + larger * larger;
            ways[j] = both[0].min(both[1]);
        }
        load
    }

    /// Sets the cuts near the edge; returns the rate of the jumps and the longest step.
    #[inline(always)]
    fn cut<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &mut FewLanes<D, N>,
        g: usize,
        ways: &[Vector<S>; D],
        offsets: &[Vector<S>; D],
        round: &Option<Round<S, D>>,
    ) -> [Vector<S>; 2] {
        let zero = Vector::splat(simd, 0.0);
        let (mut rate, mut spread) = (zero, zero);
        for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
            let near = &axis.near;
            let [share, power] = self.ladder.step(WITHIN_ROUNDING * ways[j] / zero.all(axis.cut_reach));
            let variance = near.variance * share * share * power;
            let rate_j = near.rate * power;
            rate = rate + rate_j;
            let deviation = (self.whole * variance).sqrt();
            let part = deviation / ways[j].at_least(Ladder::FLOOR * axis.reach);
            spread = spread + deviation.above_number(0.0).select(part * part, zero);
            (near.size * share).store(&mut lanes.size[j], g);
            variance.sqrt().store(&mut lanes.root[j], g);
            rate_j.store(&mut lanes.rates[j], g);
        }
        let mut limit = (self.spread / spread).at_most(self.longest);
        match round {
            None => {
                let mut drift = zero.all(f64::INFINITY);
                for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
                    let x = Vector::load(simd, &lanes.before[j], g);
                    let way = (axis.ends[1] - x).min(x - axis.ends[0]).at_least(axis.floor);
                    drift = drift.min(STEP_DRIFT * way / (-axis.curvature * offsets[j]).abs());
                }
                limit = limit.min(drift);
            }
            Some(round) => {
                let (mut speed, normal) = (zero, round.normal(self));
                for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
                    speed = speed + -axis.curvature * offsets[j] * normal[j];
                }
                let depth = 1.0 - round.gauge;
                limit = limit.min(STEP_DRIFT * depth.at_least(Ladder::FLOOR) / speed.abs());
            }
        }
        [rate, limit]
    }

    /// Whether the end of a step is inside, near the edge in any case; and the lanes near the edge whose bridge may cross it.
    #[inline(always)]
    fn end<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &mut FewLanes<D, N>,
        g: usize,
        offsets: &[Vector<S>; D],
        from: Option<Round<S, D>>,
        tau: Vector<S>,
        near: Option<Mask<S>>,
    ) -> (Mask<S>, Mask<S>) {
        let zero = Vector::splat(simd, 0.0);
        let none = zero.below(zero);
        let to = from.as_ref().map(|_| Round::of(self, offsets));
        let mut inside = !none;
        match (&to, self.shape) {
            (Some(to), Shape::Ellipsoid) => inside = to.square.below_number(1.0),
            (Some(_), _) => {
                let mut square = zero;
                for offset in offsets.iter().take(self.dim) {
                    square = square + *offset * *offset;
                }
                let radius = self.axes[0].semi_axis;
                inside = square.below_number(radius * radius);
            }
            (None, _) => {
                for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
                    let x = Vector::load(simd, &lanes.x[j], g);
                    inside = inside & x.above_number(axis.ends[0]) & x.below_number(axis.ends[1]);
                }
            }
        }
        let Some(near) = near else { return (inside, none) };
        let mut least = zero.all(f64::INFINITY);
        if let (Some(from), Some(to)) = (&from, &to) {
            let [start, end] = [from, to].map(|round| 1.0 - round.gauge);
            let nearer = end.below(start);
            let (mut variance, mut weighted) = (zero, zero);
            let (at_start, at_end) = (from.normal(self), to.normal(self));
            for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
                let normal = nearer.select(at_end[j], at_start[j]);
                let w = axis.factors[0] * (normal * axis.factors[1]);
                let deviation = w * Vector::load(simd, &lanes.root[j], g);
                let square = deviation * deviation;
                variance = variance + square;
                let size = Vector::load(simd, &lanes.size[j], g);
                weighted = square.above_number(0.0).select(weighted + w.abs() * square * size, weighted);
            }
            let shift = self.shift * variance.above_number(0.0).select(weighted / variance, zero);
            let (start, end) = (start + shift, end + shift);
            least = exponent(start, end, variance * tau);
            start.store(&mut lanes.bridge[0], g);
            end.store(&mut lanes.bridge[1], g);
            variance.store(&mut lanes.bridge[2], g);
        } else {
            for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
                let row = |rows: &[[f64; N]; D]| Vector::load(simd, &rows[j], g);
                let [variance, shift] = axis.at_face(row(&lanes.size), row(&lanes.root), self.shift);
                let ends = axis.to_faces(row(&lanes.before), row(&lanes.x), shift);
                for (side, [start, end]) in ends.into_iter().enumerate() {
                    let moves = variance.above_number(0.0) | end.at_or_below_number(0.0);
                    let exponent = moves.select(exponent(start, end, variance * tau), zero.all(f64::INFINITY));
                    exponent.store(&mut lanes.exponents[j][side], g);
                    least = least.min(exponent);
                }
            }
        }
        least.store(&mut lanes.least, g);
        (inside | near, near & !least.above_number(FAR))
    }
}

impl FewAxis {
    /// Variance per unit time of the small jumps and shift of the barrier at the faces of the axis.
    #[inline(always)]
    pub fn at_face<S: Simd>(&self, size: Vector<S>, root: Vector<S>, shift: f64) -> [Vector<S>; 2] {
        let w = self.amplitude;
        let deviation = w * root;
        let square = deviation * deviation;
        let cut = square.above_number(0.0).select(w.abs() * square * size / square, square.all(0.0));
        [square, shift * cut]
    }

    /// The distances of both ends of a step from the barriers of the lower and the upper face.
    #[inline(always)]
    pub fn to_faces<S: Simd>(&self, before: Vector<S>, x: Vector<S>, shift: Vector<S>) -> [[Vector<S>; 2]; 2] {
        [
            [before - self.ends[0] + shift, x - self.ends[0] + shift],
            [self.ends[1] - before + shift, self.ends[1] - x + shift],
        ]
    }
}

/// [`Bridge::exponent`](super::super::barrier::Bridge::exponent).
#[inline(always)]
fn exponent<S: Simd>(from: Vector<S>, to: Vector<S>, variance: Vector<S>) -> Vector<S> {
    let certain = from.at_or_below_number(0.0) | to.at_or_below_number(0.0);
    certain.select(from.all(-1.0), 2.0 * from * to / variance)
}
