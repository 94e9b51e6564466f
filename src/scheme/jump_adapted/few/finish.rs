//! After a step: the new place, the bridge, and the lanes in which more happens.

use pulp::Simd;

use super::super::barrier::FAR;
use super::axes::{FewAxes, FewAxis, Shape};
use super::lanes::{BRIDGE, FewLanes, LOOK};
use super::round::Round;
use crate::scheme::Limits;
use crate::scheme::vector::{Mask, Vector};

impl<const D: usize> FewAxes<D> {
    /// Moves vector `g` of the lanes to the end of the step, and marks the lanes in which more happens than a step.
    #[inline(always)]
    pub fn finish<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &mut FewLanes<D, N>,
        g: usize,
        limits: Limits<'_>,
    ) -> Vector<S> {
        let near = Vector::load(simd, &lanes.near, g).above_number(0.0);
        let is_near = near.any();
        let [t, clock, rate] = [&lanes.t, &lanes.clock, &lanes.rate].map(|row| Vector::load(simd, row, g));
        let [tau, wait, left] = [&lanes.tau, &lanes.wait, &lanes.left].map(|row| Vector::load(simd, row, g));
        let mut offsets = [tau; D];
        let mut from = None;
        if is_near && self.shape != Shape::Box {
            for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
                offsets[j] = Vector::load(simd, &lanes.before[j], g) - axis.minimum;
            }
            from = Some(Round::of(self, &offsets));
        }
        let watched = is_near.then_some(near);
        match (&self.dense, &self.adam) {
            (Some(_), _) => self.split(simd, lanes, g, tau, watched),
            // Adam has already moved.
            (_, Some(_)) => {}
            (None, None) => self.flow(simd, lanes, g, tau, watched),
        }
        let mut finite = tau.below_or_at(tau);
        for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
            let x = Vector::load(simd, &lanes.x[j], g);
            finite = finite & x.abs().below_number(f64::INFINITY);
            offsets[j] = x - axis.minimum;
        }
        let to = (self.shape != Shape::Box).then(|| Round::of(self, &offsets));
        let mut inside = self.contains(simd, lanes, g, &offsets, &to);
        let mut marks = tau * 0.0;
        if is_near {
            let least = match (from, to) {
                (Some(from), Some(to)) => self.round_bridge(simd, lanes, g, from, to, tau),
                _ => self.face_bridges(simd, lanes, g, tau),
            };
            least.store(&mut lanes.least, g);
            // Near the edge the bridge decides.
            inside = inside | near;
            marks = (near & !least.above_number(FAR)).choose(BRIDGE, 0.0);
        }
        t.store(&mut lanes.since, g);
        (t + tau).store(&mut lanes.t, g);
        (clock - tau * rate).at_least(f64::MIN_POSITIVE).store(&mut lanes.clock, g);
        let events = Vector::load(simd, &lanes.events, g) + 1.0;
        events.store(&mut lanes.events, g);
        let more = events.below_number(limits.max_events as f64);
        let goes_on = tau.below(wait) & tau.below(left) & finite & inside & more;
        // An idle lane counts no events.
        let marks = events.above_number(0.0).select(marks + goes_on.choose(0.0, LOOK), tau * 0.0);
        marks.store(&mut lanes.marks, g);
        marks
    }

    /// The exact transition of separate axes.
    #[inline(always)]
    fn flow<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &mut FewLanes<D, N>,
        g: usize,
        tau: Vector<S>,
        near: Option<Mask<S>>,
    ) {
        for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
            let mut variance = tau.all(axis.far_variance);
            if let Some(near) = near {
                let deviation = axis.amplitude * Vector::load(simd, &lanes.root[j], g);
                variance = near.select(deviation * deviation, variance);
            }
            let normal = Vector::load(simd, &lanes.normals[j], g);
            let offset = Vector::load(simd, &lanes.before[j], g) - axis.minimum;
            let x = axis.minimum + axis.flow.step(offset, variance, tau, normal);
            x.store(&mut lanes.x[j], g);
        }
    }

    /// Noise in several directions: half of it, the exact flow, and the other half near the edge; the flow and the whole noise far from it.
    #[inline(always)]
    fn split<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &mut FewLanes<D, N>,
        g: usize,
        tau: Vector<S>,
        near: Option<Mask<S>>,
    ) {
        let mut kicks = [[tau * 0.0; D]; 2];
        if near.is_some() {
            self.kick(simd, lanes, &lanes.normals, g, tau, &mut kicks[0]);
            self.kick(simd, lanes, &lanes.more_normals, g, tau, &mut kicks[1]);
        }
        for (i, axis) in self.axes.iter().enumerate().take(self.dim) {
            let before = Vector::load(simd, &lanes.before[i], g);
            let fade = Vector::load(simd, &lanes.fades[i], g);
            // Far from the edge the draws are those of the whole noise.
            let mut noise = Vector::load(simd, &lanes.normals[i], g);
            let mut x = before;
            if let Some(near) = near {
                x = near.select(before + kicks[0][i], before);
                noise = near.select(kicks[1][i], noise);
            }
            (axis.minimum + (x - axis.minimum) * fade + noise).store(&mut lanes.x[i], g);
        }
    }

    /// The displacement by the small jumps of half a step.
    #[inline(always)]
    fn kick<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &FewLanes<D, N>,
        normals: &[[f64; N]; D],
        g: usize,
        tau: Vector<S>,
        kick: &mut [Vector<S>; D],
    ) {
        let Some(dense) = &self.dense else { return };
        for (j, column) in dense.columns.iter().enumerate().take(self.dim) {
            let variance = Vector::load(simd, &lanes.variance[j], g);
            let along = self.axes[j].factors[0] * (0.5 * tau * variance).sqrt() * Vector::load(simd, &normals[j], g);
            for (kick, sigma) in kick.iter_mut().zip(column).take(self.dim) {
                *kick = *kick + *sigma * along;
            }
        }
    }

    /// Whether the end of the step is inside.
    #[inline(always)]
    fn contains<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &FewLanes<D, N>,
        g: usize,
        offsets: &[Vector<S>; D],
        to: &Option<Round<S, D>>,
    ) -> Mask<S> {
        let zero = Vector::splat(simd, 0.0);
        match (to, self.shape) {
            (Some(to), Shape::Ellipsoid) => to.square.below_number(1.0),
            (Some(_), _) => {
                let mut square = zero;
                for offset in offsets.iter().take(self.dim) {
                    square = square + *offset * *offset;
                }
                let radius = self.axes[0].semi_axis;
                square.below_number(radius * radius)
            }
            (None, _) => {
                let mut inside = zero.is(0.0);
                for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
                    let x = Vector::load(simd, &lanes.x[j], g);
                    inside = inside & x.above_number(axis.ends[0]) & x.below_number(axis.ends[1]);
                }
                inside
            }
        }
    }

    /// The bridge of a step beside a round edge, along the normal at the end that is nearer to the edge; returns its exponent.
    #[inline(always)]
    fn round_bridge<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &mut FewLanes<D, N>,
        g: usize,
        from: Round<S, D>,
        to: Round<S, D>,
        tau: Vector<S>,
    ) -> Vector<S> {
        let zero = Vector::splat(simd, 0.0);
        let [start, end] = [&from, &to].map(|round| 1.0 - round.gauge);
        let nearer = end.below(start);
        let (at_start, at_end) = (from.normal(self), to.normal(self));
        let mut normal = at_start;
        for i in 0..self.dim {
            normal[i] = nearer.select(at_end[i], at_start[i]);
            if self.adam.is_some() {
                normal[i] = normal[i] / Vector::load(simd, &lanes.own[2][i], g);
            }
        }
        let mut noise = EdgeNoise { variance: zero, weighted: zero };
        for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
            let along = match &self.dense {
                None => normal[j] * axis.factors[1],
                Some(dense) => {
                    let mut along = zero;
                    for (n, sigma) in normal.iter().zip(&dense.columns[j]).take(self.dim) {
                        along = along + *sigma * *n;
                    }
                    along
                }
            };
            noise.add(simd, lanes, g, j, axis.factors[0] * along);
        }
        let shift = noise.shift(self.shift);
        let (start, end) = (start + shift, end + shift);
        start.store(&mut lanes.bridge[0], g);
        end.store(&mut lanes.bridge[1], g);
        noise.variance.store(&mut lanes.bridge[2], g);
        exponent(start, end, noise.variance * tau)
    }

    /// The bridges of a step at all faces; returns the least exponent.
    #[inline(always)]
    fn face_bridges<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &mut FewLanes<D, N>,
        g: usize,
        tau: Vector<S>,
    ) -> Vector<S> {
        let mut least = tau.all(f64::INFINITY);
        for (j, axis) in self.axes.iter().enumerate().take(self.dim) {
            let [variance, shift] = self.at_face(simd, lanes, g, j);
            let [before, x] = [&lanes.before[j], &lanes.x[j]].map(|row| Vector::load(simd, row, g));
            for (side, [start, end]) in axis.face_distances(before, x, shift).into_iter().enumerate() {
                let moves = variance.above_number(0.0) | end.at_or_below_number(0.0);
                let exponent = moves.select(exponent(start, end, variance * tau), tau.all(f64::INFINITY));
                exponent.store(&mut lanes.exponents[j][side], g);
                least = least.min(exponent);
            }
        }
        least
    }

    /// Variance per unit time of the small jumps and shift of the barrier at the faces of axis `i`.
    #[inline(always)]
    pub fn at_face<S: Simd, const N: usize>(
        &self,
        simd: S,
        lanes: &FewLanes<D, N>,
        g: usize,
        i: usize,
    ) -> [Vector<S>; 2] {
        let zero = Vector::splat(simd, 0.0);
        let mut noise = EdgeNoise { variance: zero, weighted: zero };
        match &self.dense {
            None => noise.add(simd, lanes, g, i, zero.all(self.axes[i].amplitude)),
            Some(dense) => {
                for (j, column) in dense.displaced.iter().enumerate().take(self.dim) {
                    noise.add(simd, lanes, g, j, zero.all(column[i]));
                }
            }
        }
        let (variance, shift) = (noise.variance, noise.shift(self.shift));
        if self.adam.is_none() {
            return [variance, shift];
        }
        let inverse_q = 1.0 / Vector::load(simd, &lanes.own[2][i], g);
        [variance * inverse_q * inverse_q, shift * inverse_q]
    }
}

/// Noise of the small jumps along the normal of the edge: variance per unit time, and the cuts weighted by it.
struct EdgeNoise<S: Simd> {
    variance: Vector<S>,
    weighted: Vector<S>,
}

impl<S: Simd> EdgeNoise<S> {
    /// Adds a noise coordinate that moves the parameters by `w` along the normal.
    #[inline(always)]
    fn add<const D: usize, const N: usize>(
        &mut self,
        simd: S,
        lanes: &FewLanes<D, N>,
        g: usize,
        j: usize,
        w: Vector<S>,
    ) {
        let deviation = w * Vector::load(simd, &lanes.root[j], g);
        let square = deviation * deviation;
        self.variance = self.variance + square;
        let weighted = self.weighted + w.abs() * square * Vector::load(simd, &lanes.size[j], g);
        self.weighted = square.above_number(0.0).select(weighted, self.weighted);
    }

    #[inline(always)]
    fn shift(&self, shift: f64) -> Vector<S> {
        let cut = self.weighted / self.variance;
        shift * self.variance.above_number(0.0).select(cut, cut.all(0.0))
    }
}

impl FewAxis {
    /// The distances of both ends of a step from the barriers of the lower and the upper face.
    #[inline(always)]
    pub fn face_distances<S: Simd>(&self, before: Vector<S>, x: Vector<S>, shift: Vector<S>) -> [[Vector<S>; 2]; 2] {
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
