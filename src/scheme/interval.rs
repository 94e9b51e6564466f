//! A piecewise linear force on an interval, and one coordinate of noise.

use pulp::Simd;

use super::vector::Vector;
use crate::dynamics::Problem;

/// `F' = k± (x - θ*)` on an interval, and the noise.
#[derive(Clone, Copy, Debug)]
pub(super) struct IntervalProblem {
    pub minimum: f64,
    pub start: f64,
    pub lo: f64,
    pub hi: f64,
    /// `hi - lo`; on a half-line twice the distance from the minimum to its end.
    width: f64,
    /// Curvatures on the left and on the right.
    pub curvatures: [f64; 2],
    /// `Σ`.
    pub amplitude: f64,
}

impl IntervalProblem {
    /// The problem, if its domain is an interval.
    pub fn of(problem: &Problem) -> Option<Self> {
        let basin = problem.basin();
        // In one dimension all structures of the noise are the same.
        if basin.dim() != 1 {
            return None;
        }
        let (lo, hi) = basin.sides()?;
        Some(IntervalProblem {
            minimum: basin.minimum()[0],
            start: basin.start()[0],
            lo: lo[0],
            hi: hi[0],
            width: basin.width(0),
            curvatures: basin.potential().form().axis_curvatures(1)?.map(|k| k[0]),
            amplitude: problem.noise().amplitude().column(1, 0)[0],
        })
    }

    /// `kick` with the sign of the noise that made it.
    pub fn noise_of(&self, kick: f64) -> f64 {
        kick * self.amplitude.signum()
    }

    /// The distances to the lower and the upper edge, negative outside.
    #[inline(always)]
    pub fn distances<S: Simd>(&self, x: Vector<S>) -> [Vector<S>; 2] {
        [x - self.lo, self.hi - x]
    }

    /// The distances from the minimum to the edges.
    pub fn reaches(&self) -> [f64; 2] {
        [self.minimum - self.lo, self.hi - self.minimum]
    }

    /// `hi - lo`; on a half-line twice the distance from the minimum to its end.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// The distance from the minimum to the nearer edge.
    pub fn reach(&self) -> f64 {
        self.reaches().into_iter().fold(f64::INFINITY, f64::min)
    }

    /// `F'(x)`.
    pub fn gradient(&self, x: f64) -> f64 {
        let offset = x - self.minimum;
        self.curvatures[usize::from(offset >= 0.0)] * offset
    }

    /// `Σ ξ`, vector by vector.
    #[inline(always)]
    pub fn displacements<S: Simd>(&self, simd: S, xi: S::f64s) -> S::f64s {
        if self.amplitude == 1.0 { xi } else { simd.mul_f64s(simd.splat_f64s(self.amplitude), xi) }
    }

    /// `F'(x)`, vector by vector.
    #[inline(always)]
    pub fn gradients<S: Simd>(&self, simd: S, x: S::f64s) -> S::f64s {
        let offset = simd.sub_f64s(x, simd.splat_f64s(self.minimum));
        if self.curvatures[0] == self.curvatures[1] {
            return simd.mul_f64s(simd.splat_f64s(self.curvatures[0]), offset);
        }
        let right = simd.greater_than_or_equal_f64s(offset, simd.splat_f64s(0.0));
        let [left_curvature, right_curvature] = self.curvatures.map(|k| simd.splat_f64s(k));
        simd.mul_f64s(simd.select_f64s(right, right_curvature, left_curvature), offset)
    }
}
