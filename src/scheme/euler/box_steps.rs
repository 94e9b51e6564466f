//! Euler's step of SGD in a box with uncoupled coordinates, in one pass over them.

use pulp::{Arch, Scalar, Simd, WithSimd};

use crate::dynamics::{Dynamics, Problem};
use crate::noise::{Amplitude, Structure};

use super::monitoring::watched_shift;

/// Constants of every coordinate, each of length `d`.
pub(super) struct AxisSteps {
    minimum: Vec<f64>,
    left: Vec<f64>,
    right: Vec<f64>,
    /// The diagonal of `Σ`; ones where `Σ` couples the axes, whose noise is then `Σξ` in place of `ξ`.
    amplitude: Vec<f64>,
    is_coupled: bool,
    /// The faces, shifted for monitoring.
    lo: Vec<f64>,
    hi: Vec<f64>,
    step: f64,
    scale: f64,
}

impl AxisSteps {
    /// The axes of a problem; `None` if anything but a low-rank part of the noise couples its coordinates. `shift` is that of the
    /// edge before the amplitude, `row_scales` the local amplitude on every axis.
    pub fn of(problem: &Problem, step: f64, scale: f64, shift: f64, row_scales: &[f64]) -> Option<Self> {
        let (basin, noise) = (problem.basin(), problem.noise());
        let dim = basin.dim();
        if *problem.dynamics() != Dynamics::Sgd || noise.structure() != Structure::Independent {
            return None;
        }
        let [left, right] = basin.potential().form().axis_curvatures(dim)?;
        let (amplitude, is_coupled) = match noise.amplitude() {
            Amplitude::Scalar(s) => (vec![*s; dim], false),
            Amplitude::Diagonal(s) => (s.clone(), false),
            Amplitude::LowRank(_) => (vec![1.0; dim], true),
            Amplitude::Dense(_) => return None,
        };
        let (lo, hi) = basin.sides()?;
        let watched = |i: usize| {
            let scale = if is_coupled { row_scales[i] } else { amplitude[i].abs() };
            watched_shift(shift * scale, basin.width(i))
        };
        Some(AxisSteps {
            lo: (0..dim).map(|i| lo[i] + watched(i)).collect(),
            hi: (0..dim).map(|i| hi[i] - watched(i)).collect(),
            minimum: basin.minimum().to_vec(),
            left,
            right,
            amplitude,
            is_coupled,
            step,
            scale,
        })
    }

    /// Whether the noise of a step is `Σξ` and not `ξ`.
    pub fn is_coupled(&self) -> bool {
        self.is_coupled
    }

    /// Moves `x` by one step with the noise `xi`, SαS(1) in every coordinate or `Σ` times it; returns whether it is inside afterwards.
    pub fn step(&self, arch: Arch, x: &mut [f64], xi: &[f64]) -> bool {
        arch.dispatch(Move { axes: self, x, xi })
    }
}

struct Move<'a> {
    axes: &'a AxisSteps,
    x: &'a mut [f64],
    xi: &'a [f64],
}

impl WithSimd for Move<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let axes = self.axes;
        let (x, x_rest) = S::as_mut_simd_f64s(self.x);
        let split = |row| S::as_simd_f64s(row);
        let rows = [&axes.minimum, &axes.left, &axes.right, &axes.amplitude, &axes.lo, &axes.hi];
        let (xi, xi_rest) = split(self.xi);
        let inside = move_all(simd, axes, rows.map(|row| split(row).0), x, xi);
        inside & move_all(Scalar, axes, rows.map(|row| split(row).1), x_rest, xi_rest)
    }
}

#[inline(always)]
fn move_all<S: Simd>(simd: S, axes: &AxisSteps, rows: [&[S::f64s]; 6], x: &mut [S::f64s], xi: &[S::f64s]) -> bool {
    let n = x.len();
    let [minimum, left, right, amplitude, lo, hi] = rows.map(|row| &row[..n]);
    let xi = &xi[..n];
    let (step, scale) = (simd.splat_f64s(axes.step), simd.splat_f64s(axes.scale));
    let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
    let mut outside = zero;
    for i in 0..n {
        let y = simd.sub_f64s(x[i], minimum[i]);
        let k = simd.select_f64s(simd.less_than_f64s(y, zero), left[i], right[i]);
        let kick = simd.mul_f64s(simd.mul_f64s(amplitude[i], xi[i]), scale);
        x[i] = simd.add_f64s(x[i], simd.sub_f64s(kick, simd.mul_f64s(simd.mul_f64s(k, y), step)));
        let inside = simd.and_m64s(simd.less_than_f64s(lo[i], x[i]), simd.less_than_f64s(x[i], hi[i]));
        outside = simd.select_f64s(inside, outside, one);
    }
    simd.reduce_sum_f64s(outside) == 0.0
}
