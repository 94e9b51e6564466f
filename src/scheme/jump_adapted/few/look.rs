//! Before a step: the distances to the edge, the cuts, and the length of the step.

use pulp::Simd;

use super::super::barrier::{STEP_DRIFT, STEP_SPREAD};
use super::super::cut::Ladder;
use super::super::path_events::WITHIN_ROUNDING;
use super::axes::{FewAxes, Shape};
use super::lanes::FewLanes;
use super::round::Round;
use crate::scheme::Limits;
use crate::scheme::vector::Vector;

impl<const D: usize> FewAxes<D> {
    /// Looks around in vector `g` of the lanes.
    #[inline(always)]
    pub fn look<S: Simd, const N: usize>(&self, simd: S, lanes: &mut FewLanes<D, N>, g: usize, limits: Limits<'_>) {
        let zero = Vector::splat(simd, 0.0);
        let mut offsets = [zero; D];
        for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
            let x = Vector::load(simd, &lanes.x[j], g);
            x.store(&mut lanes.before[j], g);
            offsets[j] = x - axis.minimum;
        }
        let round = (self.shape != Shape::Box).then(|| Round::of(self, &offsets));
        let mut ways = [zero; D];
        let load = self.load(simd, lanes, g, &round, &mut ways);
        let near = if self.always_near { load.below_or_at(load) } else { !load.below_number(1.0) };
        let (mut rate, mut step) = (zero.all(self.far_rate), zero.all(f64::INFINITY));
        if near.any() {
            let [rate_near, step_near] = self.cut(simd, lanes, g, &ways, &offsets, &round);
            rate = near.select(rate_near, rate);
            step = near.select(step_near, step);
        }
        let (t, clock) = (Vector::load(simd, &lanes.t, g), Vector::load(simd, &lanes.clock, g));
        let wait = clock / rate;
        let left = limits.max_time - t;
        near.choose(1.0, 0.0).store(&mut lanes.near, g);
        rate.store(&mut lanes.rate, g);
        wait.store(&mut lanes.wait, g);
        left.store(&mut lanes.left, g);
        wait.min(left).min(step).store(&mut lanes.tau, g);
        if let Some(adam) = &self.adam {
            adam.limit(simd, lanes, g, &offsets, near);
        }
    }

    /// The distances to the edge along the noise coordinates in units of `L`, and how near it is compared with the fluctuations.
    #[inline(always)]
    fn load<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &FewLanes<D, N>,
        g: usize,
        round: &Option<Round<S, D>>,
        ways: &mut [Vector<S>; D],
    ) -> Vector<S> {
        let mut load = Vector::splat(simd, 0.0);
        for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
            let both = match (&self.dense, round) {
                (Some(_), _) => [self.dense_way(simd, lanes, g, round, j); 2],
                _ if axis.amplitude == 0.0 => [load.all(f64::INFINITY); 2],
                (None, None) => {
                    let v = self.speed(simd, lanes, g, j);
                    let x = Vector::load(simd, &lanes.before[j], g);
                    [x - axis.ends[0], axis.ends[1] - x].map(|way| (way / v).at_least(0.0))
                }
                (None, Some(round)) if self.adam.is_none() => {
                    let step = axis.amplitude.abs() / axis.semi_axis;
                    exits(load.all(step * step), round.parts[j] * step, round.square)
                }
                (None, Some(round)) => {
                    let step = self.speed(simd, lanes, g, j) / load.all(axis.semi_axis);
                    exits(step * step, round.parts[j] * step, round.square)
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

    /// The velocity of axis `j` without the noise.
    #[inline(always)]
    fn drift<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &FewLanes<D, N>,
        g: usize,
        j: usize,
        offset: Vector<S>,
    ) -> Vector<S> {
        match &self.adam {
            None => -self.axes[j].curvature * offset,
            Some(_) => -Vector::load(simd, &lanes.own[0][j], g) / Vector::load(simd, &lanes.own[2][j], g),
        }
    }

    /// The displacement of the parameter by a unit of its noise coordinate.
    #[inline(always)]
    fn speed<S: Simd, const N: usize>(&self, simd: S, lanes: &FewLanes<D, N>, g: usize, j: usize) -> Vector<S> {
        let amplitude = self.axes[j].amplitude;
        match &self.adam {
            None => Vector::splat(simd, amplitude.abs()),
            Some(_) => (amplitude * (1.0 / Vector::load(simd, &lanes.own[2][j], g))).abs(),
        }
    }

    /// The shorter of the distances along a noise coordinate that moves several parameters.
    #[inline(always)]
    fn dense_way<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &FewLanes<D, N>,
        g: usize,
        round: &Option<Round<S, D>>,
        j: usize,
    ) -> Vector<S> {
        let zero = Vector::splat(simd, 0.0);
        let Some(dense) = &self.dense else { return zero };
        let direction = &dense.displaced[j];
        let Some(round) = round else {
            let mut nearest = zero.all(f64::INFINITY);
            for (i, axis) in self.axes.iter().enumerate().take(self.dim) {
                if direction[i] != 0.0 {
                    let x = Vector::load(simd, &lanes.before[i], g);
                    let way = (axis.ends[1] - x).min(x - axis.ends[0]);
                    nearest = nearest.min(way / way.all(direction[i].abs()));
                }
            }
            return nearest.at_least(0.0);
        };
        let (mut a, mut b) = (0.0, zero);
        for (i, axis) in self.axes.iter().enumerate().take(self.dim) {
            let step = direction[i] / axis.semi_axis;
            a += step * step;
            b = b + step * round.parts[i];
        }
        let [behind, ahead] = exits(zero.all(a), b, round.square);
        behind.min(ahead)
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
            variance.store(&mut lanes.variance[j], g);
            variance.sqrt().store(&mut lanes.root[j], g);
            rate_j.store(&mut lanes.rates[j], g);
        }
        let mut limit = (STEP_SPREAD * STEP_SPREAD / spread).at_most(self.longest);
        match round {
            None => {
                let mut least = zero.all(f64::INFINITY);
                for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
                    let x = Vector::load(simd, &lanes.before[j], g);
                    let way = (axis.ends[1] - x).min(x - axis.ends[0]).at_least(axis.floor);
                    least = least.min(STEP_DRIFT * way / self.drift(simd, lanes, g, j, offsets[j]).abs());
                }
                limit = limit.min(least);
            }
            Some(round) => {
                let (mut speed, normal) = (zero, round.normal(self));
                for (j, normal) in normal.into_iter().enumerate().take(self.dim) {
                    speed = speed + self.drift(simd, lanes, g, j, offsets[j]) * normal;
                }
                let depth = 1.0 - round.gauge;
                limit = limit.min(STEP_DRIFT * depth.at_least(Ladder::FLOOR) / speed.abs());
            }
        }
        [rate, limit]
    }
}

/// The two distances at which `(g² + a s² ± 2 b s)` is 1, the lower side first; infinite for `a = 0`.
#[inline(always)]
fn exits<S: Simd>(a: Vector<S>, b: Vector<S>, square: Vector<S>) -> [Vector<S>; 2] {
    let depth = (1.0 - square).at_least(0.0);
    let sum = b.abs() + (b * b + a * depth).sqrt();
    let (onward, back) = (depth / sum, sum / a);
    let (never, none, below) = (a.all(f64::INFINITY), a.is(0.0), b.below_number(0.0));
    [(onward, back), (back, onward)].map(|(one, other)| none.select(never, below.select(one, other)))
}
